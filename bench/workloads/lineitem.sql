-- 16 columns like TPC-H's lineitem: numbers, decimals, dates, short texts.
-- 1. In DuckDB; SET VARIABLE rows comes first.
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
  FROM range(getvariable('rows')::BIGINT);

-- 2. In PostgreSQL.
CREATE TABLE lineitem (
    l_orderkey bigint, l_partkey bigint, l_suppkey bigint, l_linenumber integer,
    l_quantity numeric(15,2), l_extendedprice numeric(15,2), l_discount numeric(15,2), l_tax numeric(15,2),
    l_returnflag text, l_linestatus text, l_shipdate date, l_commitdate date, l_receiptdate date,
    l_shipinstruct text, l_shipmode text, l_comment text);

-- 3. In both, with the same result.
SELECT count(*), sum(l_orderkey), sum(l_partkey * l_linenumber), sum(l_suppkey),
       sum(l_quantity), sum(l_extendedprice), sum(l_discount), sum(l_tax),
       sum(ascii(l_returnflag)), sum(ascii(l_linestatus)), sum(l_shipdate - DATE '1992-01-01'),
       sum(l_commitdate - l_shipdate), sum(l_receiptdate - l_commitdate),
       sum(length(l_shipinstruct)), sum(length(l_shipmode) * l_linenumber), sum(length(l_comment)),
       md5(string_agg(l_returnflag || l_linestatus || l_shipinstruct || l_shipmode || l_comment, ','
                      ORDER BY l_orderkey, l_linenumber) FILTER (WHERE l_partkey % 100 = 0))
  FROM lineitem;
