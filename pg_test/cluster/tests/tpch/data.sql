CREATE TEMP MACRO h(i, salt) AS (hash(i * 8191 + salt) >> 1)::BIGINT;
CREATE TEMP MACRO money(cents) AS (cents / 100)::DECIMAL(15,2);
CREATE TEMP MACRO phone(nation, i) AS format('{}-{:03d}-{:03d}-{:04d}', 10 + nation, h(i, 900) % 900 + 100, h(i, 901) % 900 + 100, h(i, 902) % 9000 + 1000);
CREATE TEMP MACRO one_of(list, number) AS list[number % len(list) + 1];
CREATE TEMP MACRO words(i, salt) AS concat_ws(' ',
    one_of(['carefully', 'furiously', 'quickly', 'slyly', 'blithely'], h(i, salt)),
    one_of(['final', 'special', 'regular', 'express', 'pending', 'unusual'], h(i, salt + 1)),
    one_of(['deposits', 'requests', 'accounts', 'packages', 'foxes'], h(i, salt + 2)),
    one_of(['sleep', 'nag', 'haggle', 'wake', 'boost'], h(i, salt + 3)),
    one_of(['along', 'above', 'about', 'against', 'among'], h(i, salt + 4)),
    one_of(['the ideas', 'the requests', 'even theodolites', 'ironic dolphins'], h(i, salt + 5)));
CREATE TEMP MACRO supplier_of(part, number) AS (part + number * (25 + (part - 1) // 100)) % 100 + 1;
CREATE TEMP MACRO retail_cents(part) AS 90000 + (part // 10) % 20001 + 100 * (part % 1000);

CREATE TABLE region AS
SELECT k::INTEGER AS r_regionkey, n AS r_name, words(k, 10) AS r_comment
  FROM (VALUES (0, 'AFRICA'), (1, 'AMERICA'), (2, 'ASIA'), (3, 'EUROPE'), (4, 'MIDDLE EAST')) r(k, n);

CREATE TABLE nation AS
SELECT k::INTEGER AS n_nationkey, n AS n_name, r::INTEGER AS n_regionkey, words(k, 20) AS n_comment
  FROM (VALUES (0, 'ALGERIA', 0), (1, 'ARGENTINA', 1), (2, 'BRAZIL', 1), (3, 'CANADA', 1), (4, 'EGYPT', 4),
               (5, 'ETHIOPIA', 0), (6, 'FRANCE', 3), (7, 'GERMANY', 3), (8, 'INDIA', 2), (9, 'INDONESIA', 2),
               (10, 'IRAN', 4), (11, 'IRAQ', 4), (12, 'JAPAN', 2), (13, 'JORDAN', 4), (14, 'KENYA', 0),
               (15, 'MOROCCO', 0), (16, 'MOZAMBIQUE', 0), (17, 'PERU', 1), (18, 'CHINA', 2), (19, 'ROMANIA', 3),
               (20, 'SAUDI ARABIA', 4), (21, 'VIETNAM', 2), (22, 'RUSSIA', 3), (23, 'UNITED KINGDOM', 3),
               (24, 'UNITED STATES', 1)) n(k, n, r);

CREATE TABLE supplier AS
SELECT k AS s_suppkey, format('Supplier#{:09d}', k) AS s_name, 'street ' || h(k, 30) % 1000 AS s_address,
       nation AS s_nationkey, phone(nation, k) AS s_phone, money(h(k, 31) % 1099999 - 99999) AS s_acctbal,
       CASE WHEN k % 17 = 0 THEN 'a Customer with many Complaints' ELSE words(k, 32) END AS s_comment
  FROM (SELECT (i + 1)::INTEGER AS k, (i % 25)::INTEGER AS nation FROM range(100) r(i));

CREATE TABLE customer AS
SELECT k AS c_custkey, format('Customer#{:09d}', k) AS c_name, 'road ' || h(k, 40) % 1000 AS c_address,
       nation AS c_nationkey, phone(nation, k) AS c_phone, money(h(k, 41) % 1099999 - 99999) AS c_acctbal,
       one_of(['AUTOMOBILE', 'BUILDING', 'FURNITURE', 'MACHINERY', 'HOUSEHOLD'], h(k, 42)) AS c_mktsegment,
       words(k, 43) AS c_comment
  FROM (SELECT (i + 1)::INTEGER AS k, (h(i, 44) % 25)::INTEGER AS nation FROM range(1500) r(i));

CREATE TABLE part AS
SELECT k AS p_partkey,
       one_of(['forest', 'green', 'almond', 'azure', 'beige', 'blue'], h(k, 50)) || ' ' ||
       one_of(['red', 'green', 'navy', 'olive', 'peach'], h(k, 51)) || ' ' ||
       one_of(['plum', 'rose', 'snow', 'steel'], h(k, 52)) AS p_name,
       'Manufacturer#' || maker AS p_mfgr,
       'Brand#' || maker || (h(k, 53) % 3 + 2) AS p_brand,
       one_of(['STANDARD', 'SMALL', 'MEDIUM', 'LARGE', 'ECONOMY', 'PROMO'], h(k, 54)) || ' ' ||
       one_of(['ANODIZED', 'BURNISHED', 'PLATED', 'POLISHED', 'BRUSHED'], h(k, 55)) || ' ' ||
       one_of(['TIN', 'NICKEL', 'BRASS', 'STEEL', 'COPPER'], h(k, 56)) AS p_type,
       (h(k, 57) % 50 + 1)::INTEGER AS p_size,
       one_of(['SM', 'MED', 'LG'], h(k, 58)) || ' ' || one_of(['CASE', 'BOX', 'PACK', 'PKG', 'BAG'], h(k, 59)) AS p_container,
       money(retail_cents(k)) AS p_retailprice, words(k, 60) AS p_comment
  FROM (SELECT (i + 1)::INTEGER AS k, h(i, 61) % 3 + 1 AS maker FROM range(1000) r(i));

CREATE TABLE partsupp AS
SELECT p_partkey AS ps_partkey, supplier_of(p_partkey, n)::INTEGER AS ps_suppkey,
       (h(p_partkey * 4 + n, 70) % 999 + 1)::INTEGER AS ps_availqty,
       money(h(p_partkey * 4 + n, 71) % 99900 + 100) AS ps_supplycost, words(p_partkey * 4 + n, 72) AS ps_comment
  FROM part, range(4) r(n);

CREATE TEMP TABLE ordered AS
SELECT (i // 8 * 32 + i % 8 + 1)::BIGINT AS o, ((h(i, 80) % 1000) // 2 * 3 + h(i, 80) % 2 + 1)::INTEGER AS customer,
       DATE '1992-01-01' + (h(i, 81) % 2406)::INTEGER AS date, h(i, 82) % 7 + 1 AS lines
  FROM range(7500) r(i);

CREATE TABLE lineitem AS
SELECT o AS l_orderkey, part AS l_partkey, supplier_of(part, h(k, 90) % 4)::INTEGER AS l_suppkey,
       line AS l_linenumber, quantity::DECIMAL(15,2) AS l_quantity,
       money(retail_cents(part) * quantity) AS l_extendedprice,
       money(h(k, 91) % 11) AS l_discount, money(h(k, 92) % 9) AS l_tax,
       CASE WHEN shipped + receipt > DATE '1995-06-17' THEN 'N' WHEN h(k, 93) % 2 = 0 THEN 'R' ELSE 'A' END AS l_returnflag,
       CASE WHEN shipped > DATE '1995-06-17' THEN 'O' ELSE 'F' END AS l_linestatus,
       shipped AS l_shipdate, date + (30 + h(k, 94) % 61)::INTEGER AS l_commitdate, shipped + receipt AS l_receiptdate,
       one_of(['DELIVER IN PERSON', 'COLLECT COD', 'NONE', 'TAKE BACK RETURN'], h(k, 95)) AS l_shipinstruct,
       one_of(['AIR', 'AIR REG', 'FOB', 'MAIL', 'RAIL', 'SHIP', 'TRUCK'], h(k, 96)) AS l_shipmode,
       words(k, 97) AS l_comment
  FROM (SELECT o, n::INTEGER AS line, date, o * 8 + n AS k, (h(o * 8 + n, 98) % 1000 + 1)::INTEGER AS part,
               h(o * 8 + n, 99) % 50 + 1 AS quantity, date + (1 + h(o * 8 + n, 100) % 121)::INTEGER AS shipped,
               (1 + h(o * 8 + n, 101) % 30)::INTEGER AS receipt
          FROM ordered, range(1, 8) r(n) WHERE n <= lines)
 ORDER BY o, line;

CREATE TABLE orders AS
SELECT o AS o_orderkey, customer AS o_custkey,
       CASE WHEN bool_and(l_linestatus = 'F') THEN 'F' WHEN bool_and(l_linestatus = 'O') THEN 'O' ELSE 'P' END AS o_orderstatus,
       sum(l_extendedprice * (1 + l_tax) * (1 - l_discount))::DECIMAL(15,2) AS o_totalprice, date AS o_orderdate,
       one_of(['1-URGENT', '2-HIGH', '3-MEDIUM', '4-NOT SPECIFIED', '5-LOW'], h(o, 110)) AS o_orderpriority,
       format('Clerk#{:09d}', h(o, 111) % 10 + 1) AS o_clerk, 0 AS o_shippriority, words(o, 112) AS o_comment
  FROM ordered JOIN lineitem ON l_orderkey = o
 GROUP BY o, customer, date ORDER BY o;
