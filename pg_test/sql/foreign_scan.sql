-- Foreign tables: what the executor does with them.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set VERBOSITY default
SET client_min_messages = warning;
CREATE SCHEMA foreign_scan;
SET search_path = foreign_scan, public;
CREATE FUNCTION make_server(name text, path text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER migrator OPTIONS (path %L)', name, path);
END $$;
-- A foreign table with the columns of a loaded one.
CREATE FUNCTION make_foreign(name text, loaded regclass, server text, options text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
      INTO columns FROM pg_attribute WHERE attrelid = loaded AND attnum > 0 AND NOT attisdropped;
    EXECUTE format('CREATE FOREIGN TABLE %I (%s) SERVER %I OPTIONS (%s)', name, columns, server, options);
END $$;
-- How many rows one of them has and the other has not.
CREATE FUNCTION differences(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    EXECUTE format('SELECT (SELECT count(*) FROM (SELECT one_row::text FROM %1$I one_row EXCEPT ALL SELECT other_row::text FROM %2$I other_row) q)
                         + (SELECT count(*) FROM (SELECT other_row::text FROM %2$I other_row EXCEPT ALL SELECT one_row::text FROM %1$I one_row) q)', a, b) INTO n;
    RETURN n;
END $$;
SELECT make_server('types_old', :'data' || '/all_types_0.10.3.duckdb'), make_server('types_new', :'data' || '/all_types_2.0.0.duckdb'),
       make_server('traps', :'data' || '/traps.duckdb'), make_server('strange', :'data' || '/strange.duckdb'),
       make_server('big', :'data' || '/big.duckdb'), make_server('shop', :'data' || '/shop.duckdb');

-- Every type comes as a load brings it.
\set types '{"date": "text", "timestamp": "text", "timestamp_s": "text", "timestamp_ms": "text", "timestamp_tz": "text", "fixed_nested_varchar_array": "jsonb", "fixed_array_of_int_list": "jsonb", "list_of_fixed_int_array": "jsonb"}'
\set rename '{"rename": {"a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_a": "a", "a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_b": "b"}, "nul_bytes": "strip", "struct": "composite"}'
\set old :data '/all_types_0.10.3.duckdb'
\set new :data '/all_types_2.0.0.duckdb'
\set strange :data '/strange.duckdb'
\set shop :data '/shop.duckdb'
SELECT rows_loaded FROM migrate_table(:'old', 'all_types', target => 'types_10', on_lossy => 'accept', column_types => :'types', options => '{"nul_bytes": "replace:?"}');
SELECT rows_loaded FROM migrate_table(:'new', 'all_types', target => 'types_20', on_lossy => 'accept', column_types => :'types', options => '{"nul_bytes": "replace:?", "struct": "composite"}');
SELECT rows_loaded FROM migrate_table(:'old', 'edge_cases', target => 'edges_10', on_lossy => 'accept', on_error => 'reject', options => :'rename');
SELECT rows_loaded FROM migrate_table(:'new', 'edge_cases', target => 'edges_20', on_lossy => 'accept', on_error => 'reject', options => :'rename');
SELECT rows_loaded FROM migrate_table(:'strange', 'values_of_all', target => 'v');
SELECT $$table_name 'all_types', on_lossy 'accept', nul_bytes 'replace:?'$$ AS all_types,
       $$query 'SELECT * RENAME (a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_a AS a, a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_b AS b) FROM edge_cases WHERE d IS NULL OR NOT isfinite(d) OR d BETWEEN ''4714-11-24 (BC)'' AND ''5874897-12-31''', on_lossy 'accept', nul_bytes 'strip'$$ AS edge_cases \gset
SELECT make_foreign('types_10_there', 'types_10', 'types_old', :'all_types'), make_foreign('types_20_there', 'types_20', 'types_new', :'all_types'),
       make_foreign('edges_10_there', 'edges_10', 'types_old', :'edge_cases'), make_foreign('edges_20_there', 'edges_20', 'types_new', :'edge_cases'),
       make_foreign('v_there', 'v', 'strange', 'table_name ''values_of_all''');
SELECT name, differences(name, name || '_there') FROM (VALUES ('types_10'), ('types_20'), ('edges_10'), ('edges_20'), ('v')) n (name);
SET migrator.pushdown = off;
SELECT name, differences(name, name || '_there') FROM (VALUES ('types_10'), ('types_20'), ('edges_10'), ('edges_20'), ('v')) n (name);
RESET migrator.pushdown;
CREATE FUNCTION compare(server text, path text) RETURNS TABLE (source_table text, row_count bigint, differing bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR source_table IN SELECT s.table_name FROM source_tables(path) s WHERE s.kind = 'table' AND s.schema_name = 'main' ORDER BY 1 LOOP
        SELECT rows_loaded INTO row_count FROM migrate_table(path, format('%I', source_table), target => format('%I', server || source_table));
        PERFORM make_foreign(server || source_table || '_there', format('%I', server || source_table)::regclass, server, format('table_name %L', source_table));
        differing := differences(server || source_table, server || source_table || '_there');
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM compare('shop', :'shop');

-- One column, none, all of them as one value, and what every row of a relation has.
CREATE FOREIGN TABLE plain (id integer, v text) SERVER strange;
SELECT v FROM plain WHERE id = 7;
SELECT count(*) FROM plain;
SELECT 1 FROM plain LIMIT 2;
SELECT p FROM plain p WHERE id < 2;
SELECT tableoid::regclass, ctid, xmin, id FROM plain WHERE id = 3;
SELECT id FROM plain p WHERE p = ROW(5, 'v5'::text);
SELECT (SELECT max(p.v) FROM plain p WHERE p.id < g) FROM generate_series(1, 3) g;
ALTER FOREIGN TABLE plain ADD COLUMN gone integer;
ALTER FOREIGN TABLE plain DROP COLUMN gone;
SELECT * FROM plain WHERE id = 9;
CREATE FOREIGN TABLE renamed (number integer OPTIONS (column_name 'id'), "V" text) SERVER strange OPTIONS (table_name 'plain');
SELECT * FROM renamed WHERE number = 9;
CREATE FOREIGN TABLE queried (id integer, twice bigint) SERVER strange OPTIONS (query 'SELECT id, id * 2::BIGINT AS twice FROM plain -- all');
SELECT * FROM queried WHERE id = 9;

-- Values far larger than a slot.
CREATE FOREIGN TABLE large (id integer, t text) SERVER traps;
SELECT id, length(t), md5(t) FROM large ORDER BY id;

-- A local table to join with, so that joins stay here.
CREATE TABLE numbers AS SELECT g AS n FROM generate_series(1, 5) g;
ANALYZE numbers;
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off;
SELECT n, count(p.id) FROM numbers LEFT JOIN plain p ON p.id < n GROUP BY n ORDER BY n;
SELECT n, p.v FROM numbers, LATERAL (SELECT * FROM plain WHERE id > n * 10 ORDER BY id LIMIT 2) p ORDER BY n, p.id;
SELECT n, (SELECT v FROM plain WHERE id = n) FROM numbers ORDER BY n;
SELECT n FROM numbers WHERE EXISTS (SELECT FROM plain WHERE id = n * 25) ORDER BY n;
-- Rows that come in many pieces, read again and again, and not to the end.
CREATE FOREIGN TABLE big_view (id bigint, twice bigint, label text) SERVER big;
SET migrator.pushdown = off;
SELECT n, (SELECT count(*) FROM big_view b WHERE b.id % 5 = n - 1) FROM numbers WHERE n < 4 ORDER BY n;
SELECT n, (SELECT id FROM big_view b WHERE b.id > n * 100000 LIMIT 1) FROM numbers ORDER BY n;
RESET migrator.pushdown;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material; RESET enable_memoize;

-- Several at once.
SELECT count(*) FROM plain a, plain b, numbers WHERE a.id = b.id AND a.id = n;
SELECT id FROM plain WHERE id < 2 UNION ALL SELECT id FROM renamed r(id) WHERE id > 97 UNION ALL SELECT twice FROM queried WHERE id = 1 ORDER BY 1;
WITH a AS MATERIALIZED (SELECT * FROM plain), b AS (SELECT * FROM plain) SELECT count(*) FROM a JOIN b USING (id) JOIN numbers ON n = id;
WITH RECURSIVE r AS (SELECT 0 AS id UNION ALL SELECT p.id FROM r JOIN plain p ON p.id = r.id + 30) SELECT * FROM r;

-- Cursors: one that is left open, one that goes back, one that outlives its transaction.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM big_view;
DECLARE s SCROLL CURSOR FOR SELECT id FROM plain ORDER BY id;
FETCH 2 FROM c;
FETCH 2 FROM s;
FETCH BACKWARD 1 FROM s;
MOVE 500000 FROM c;
FETCH 1 FROM c;
SAVEPOINT a;
DECLARE d CURSOR FOR SELECT id FROM big_view;
FETCH 1 FROM d;
FETCH BACKWARD 1 FROM d;
ROLLBACK TO a;
FETCH 1 FROM c;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM plain WHERE id > 97 ORDER BY id;
COMMIT;
FETCH ALL FROM h;
CLOSE h;

-- Prepared statements, with plans made once and for all.
SET plan_cache_mode = force_generic_plan;
PREPARE by_id(integer) AS SELECT * FROM plain WHERE id = $1;
EXECUTE by_id(1);
EXECUTE by_id(2);
EXECUTE by_id(NULL);
RESET plan_cache_mode;
DEALLOCATE by_id;

-- Where rows go to.
COPY (SELECT * FROM plain WHERE id < 3 ORDER BY id) TO STDOUT;
CREATE TABLE copied AS SELECT * FROM plain;
INSERT INTO copied SELECT id + 100, v FROM plain;
SELECT count(*), count(DISTINCT id) FROM copied;
CREATE MATERIALIZED VIEW kept AS SELECT id, v FROM plain WHERE id % 10 = 0;
REFRESH MATERIALIZED VIEW kept;
SELECT count(*) FROM kept;
UPDATE copied SET v = p.v || '!' FROM plain p WHERE p.id = copied.id AND p.id < 2;
DELETE FROM copied USING plain p WHERE copied.id = p.id + 100;
SELECT count(*), max(v) FROM copied;
SELECT * FROM copied JOIN plain USING (id) WHERE id < 2 ORDER BY id FOR UPDATE;

-- As partitions, beside one that lies here.
CREATE TABLE parted (id bigint, label text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE parted_low PARTITION OF parted FOR VALUES FROM (0) TO (100) SERVER strange OPTIONS (query 'SELECT id::BIGINT AS id, v AS label FROM plain');
CREATE TABLE parted_mid PARTITION OF parted FOR VALUES FROM (100) TO (200);
CREATE FOREIGN TABLE parted_high PARTITION OF parted FOR VALUES FROM (200) TO (300) SERVER big OPTIONS (query 'SELECT id, label FROM big_view WHERE id BETWEEN 200 AND 299');
INSERT INTO parted VALUES (150, 'here');
SELECT count(*), min(id), max(id) FROM parted;
SELECT * FROM parted WHERE id IN (5, 150, 250) ORDER BY id;

-- Nothing is written to.
INSERT INTO plain VALUES (1, 'x');
UPDATE plain SET v = 'x' WHERE id = 1;
DELETE FROM plain WHERE id = 1;
TRUNCATE plain;
COPY plain FROM STDIN;
\.
INSERT INTO parted VALUES (1, 'x');
MERGE INTO plain p USING numbers ON p.id = n WHEN MATCHED THEN DELETE;

-- A value that cannot be carried ends the query, wherever it stands, and nothing else.
CREATE FOREIGN TABLE dated (id integer, d date) SERVER strange;
SELECT id, d FROM dated ORDER BY id;
SELECT sum(id) FROM dated;
CREATE FOREIGN TABLE nul (id integer, t text) SERVER traps;
SELECT * FROM nul ORDER BY id;
ALTER FOREIGN TABLE nul OPTIONS (ADD nul_bytes 'strip');
SELECT * FROM nul ORDER BY id;
CREATE FOREIGN TABLE lossy (id integer, ns timestamp, js json) SERVER traps;
SELECT * FROM lossy ORDER BY id;
ALTER FOREIGN TABLE lossy OPTIONS (ADD on_lossy 'accept');
SELECT * FROM lossy ORDER BY id;
DO $$
DECLARE
    t date;
    n integer := 0;
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            FOR t IN SELECT d FROM dated LOOP
                n := n + 1;
            END LOOP;
        EXCEPTION WHEN others THEN
            RAISE WARNING '% after % rows', SQLERRM, n > 0;
        END;
    END LOOP;
END $$;
BEGIN;
SAVEPOINT a;
SELECT max(d) FROM dated;
ROLLBACK TO a;
SELECT count(*) FROM plain;
COMMIT;

-- Domains keep their promises.
CREATE DOMAIN small AS integer CHECK (VALUE < 50);
CREATE DOMAIN word AS varchar(3);
CREATE FOREIGN TABLE of_domains (id small, v word) SERVER strange OPTIONS (table_name 'plain');
SELECT * FROM of_domains WHERE id = 7;
SELECT max(v) FROM of_domains WHERE v < 'v2';
SELECT id FROM of_domains ORDER BY id;

-- What does not fit is told of all columns at once, when the table is read.
CREATE FOREIGN TABLE misfit (id uuid, v box, missing integer, "V" text) SERVER strange OPTIONS (table_name 'plain');
SELECT count(*) FROM misfit;
CREATE FOREIGN TABLE unfit (id date, v text) SERVER strange OPTIONS (table_name 'plain');
EXPLAIN SELECT * FROM unfit;
CREATE FOREIGN TABLE nowhere (id integer) SERVER strange;
SELECT * FROM nowhere;
CREATE FOREIGN TABLE broken (id integer) SERVER strange OPTIONS (query 'SELECT * FROM nowhere');
SELECT * FROM broken;
CREATE FOREIGN TABLE cases (é integer, "É" integer) SERVER strange;
SELECT * FROM cases;

-- Statistics.
SET default_statistics_target = 10;
ANALYZE plain, large, big_view, nul, dated;
SELECT relname, reltuples, relpages > 0 AS has_pages FROM pg_class WHERE oid IN ('plain'::regclass, 'large'::regclass, 'big_view'::regclass, 'dated'::regclass) ORDER BY 1;
SELECT tablename, attname, null_frac, n_distinct, cardinality(histogram_bounds) FROM pg_stats WHERE schemaname = 'foreign_scan' AND tablename IN ('plain', 'large') ORDER BY 1, 2;
SELECT attname, n_distinct < 0 AS many, cardinality(histogram_bounds) AS bounds FROM pg_stats WHERE schemaname = 'foreign_scan' AND tablename = 'big_view' ORDER BY 1;
ANALYZE parted;
SELECT reltuples FROM pg_class WHERE oid = 'parted'::regclass;
RESET default_statistics_target;

-- EXPLAIN.
CREATE FUNCTION explained(options text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, query) LOOP
        RETURN NEXT regexp_replace(regexp_replace(line, 'Bytes: \d+', 'Bytes: N'), 'Time: [\d.]+', 'Time: N');
    END LOOP;
END $$;
SELECT explained('COSTS OFF', 'SELECT id FROM plain');
SELECT explained('COSTS OFF, VERBOSE', 'SELECT id FROM plain');
SELECT explained('COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF', 'SELECT v FROM plain LIMIT 1');
SELECT line->'Plan'->'Reader Rows' AS "rows", (line->'Plan'->'Reader Bytes')::text::bigint > 0 AS bytes, line->'Plan' ? 'Reader Time' AS "time"
  FROM (SELECT replace(string_agg(l, ''), E'\n', '')::jsonb->0 AS line FROM explained('COSTS OFF, ANALYZE, FORMAT JSON', 'SELECT v FROM plain') l) q;

DROP SCHEMA foreign_scan CASCADE;
DROP SERVER types_old, types_new, traps, strange, big, shop;
