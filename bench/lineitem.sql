CREATE TABLE lineitem AS
SELECT (range // 4 + 1)::BIGINT AS l_orderkey,
       (hash(range) % 200000 + 1)::BIGINT AS l_partkey,
       (hash(range + 1) % 10000 + 1)::BIGINT AS l_suppkey,
       (range % 4 + 1)::INTEGER AS l_linenumber,
       (hash(range + 2) % 50 + 1)::DECIMAL(15,2) AS l_quantity,
       ((hash(range + 3) % 10000000) / 100)::DECIMAL(15,2) AS l_extendedprice,
       ((hash(range + 4) % 11) / 100)::DECIMAL(15,2) AS l_discount,
       ((hash(range + 5) % 9) / 100)::DECIMAL(15,2) AS l_tax,
       ['A', 'N', 'R'][(hash(range + 6) % 3)::BIGINT + 1] AS l_returnflag,
       ['F', 'O'][(hash(range + 7) % 2)::BIGINT + 1] AS l_linestatus,
       DATE '1992-01-01' + (hash(range + 8) % 2500)::INTEGER AS l_shipdate,
       DATE '1992-01-01' + (hash(range + 9) % 2500)::INTEGER AS l_commitdate,
       DATE '1992-01-01' + (hash(range + 10) % 2500)::INTEGER AS l_receiptdate,
       ['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'][(hash(range + 11) % 4)::BIGINT + 1] AS l_shipinstruct,
       ['AIR', 'FOB', 'MAIL', 'RAIL', 'REG AIR', 'SHIP', 'TRUCK'][(hash(range + 12) % 7)::BIGINT + 1] AS l_shipmode,
       left('carefully final deposits detect slyly again', 10 + (hash(range + 13) % 33)::INTEGER) AS l_comment
  FROM range(6000000);
