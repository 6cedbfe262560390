-- Rows of a source without loading them: read_table, read_query, read_describe.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set shop :data '/shop.duckdb'
\set objects :data '/objects.duckdb'
\set traps :data '/traps.duckdb'
\set imports :data '/imports.duckdb'
\set strange :data '/strange.duckdb'
\set all_types :data '/all_types_2.0.0.duckdb'
CREATE SCHEMA reading;
SET search_path = reading, public;
-- Enum types that other scripts have left would be used.
DO $$
DECLARE
    left_over regtype;
BEGIN
    SET LOCAL client_min_messages = warning;
    FOR left_over IN SELECT oid FROM pg_type WHERE typtype = 'e' AND typnamespace = 'public'::regnamespace LOOP
        EXECUTE format('DROP TYPE %s CASCADE', left_over);
    END LOOP;
END $$;

-- The list that fits, and what it reads.
SELECT read_describe(:'shop', 'orders') AS list \gset
\echo :list
SELECT count(*), min(order_no), max(ordered_at) FROM read_table(:'shop', 'orders') AS t (:list);
SELECT * FROM read_table(:'shop', 'orders', columns => '{STATUS,order_no}', filter => 'order_no % 5000 = 1') AS t (state text, no bigint);
SELECT * FROM read_table(:'objects', 'plain_view', filter => 'id % 4 = 1') AS t (id integer);
SELECT count(*) FROM read_table(:'shop', 'audit."Login Attempts"', columns => '{when,"Ok?"}') AS t (at timestamptz, ok boolean);
SELECT * FROM read_query(:'objects', 'SELECT m, count(*), max(price) FROM moods GROUP BY ALL ORDER BY ALL') AS t (m text, n bigint, most numeric);
SELECT * FROM read_query(:'objects', 'FROM range(3) r(i) SELECT i, i * 2, [i], {''i'': i}') AS t (a bigint, b bigint, c bigint[], d jsonb);
SELECT * FROM read_query(:'objects', 'VALUES (1, ''a''), (2, NULL) -- a comment') AS t (a integer, b text);
SELECT * FROM read_query(:'objects', '(SELECT 1 AS a UNION ALL SELECT 2) ORDER BY a DESC LIMIT 1') AS t (a numeric);
WITH t AS MATERIALIZED (SELECT * FROM read_query(:'objects', 'SELECT id FROM plain ORDER BY id DESC') AS t (id integer))
    SELECT array_agg(id) FROM (SELECT id FROM t LIMIT 3) s;

-- Names: quoted where they need it, cut, numbered.
SELECT read_describe(:'objects', '"order"');
SELECT read_describe(:'objects', 'audit.pairs');
SELECT read_describe(:'objects', 'SELECT 1 AS a, 2 AS a, 3 AS "A b", 4 AS "user", 5 AS "Ünï", 6, NULL AS n');
SELECT read_describe(:'strange', '"sel""ect
x"');

-- Enums: a type that is here, or text.
SELECT read_describe(:'objects', 'moods');
CREATE TYPE public.feeling AS ENUM ('sad', 'ok', 'happy');
SELECT read_describe(:'objects', 'moods');
CREATE TYPE reading."My mood" AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE other AS ENUM ('ok', 'sad', 'happy');
SELECT read_describe(:'objects', 'moods');
SELECT * FROM read_table(:'objects', 'moods', columns => '{m,ms}') AS t (m reading."My mood", ms public.feeling[]);
SELECT * FROM read_table(:'objects', 'moods', columns => '{m}') AS t (m other) ORDER BY m;
SELECT read_describe(:'strange', 'labels');

-- Where the default type would lose something the list has another; the data decides.
SELECT read_describe(:'traps', 'lossy');
SELECT read_describe(:'traps', 'SELECT ns, js, ok FROM lossy');
SELECT read_describe(:'traps', 'SELECT ns, js, ok FROM lossy WHERE id = 2');
SELECT read_describe(:'traps', 'ragged');
SELECT read_describe(:'traps', 'lossy') AS list \gset
SELECT * FROM read_table(:'traps', 'lossy') AS t (:list);

-- All types, as a load has them.
SELECT read_describe(:'all_types', 'all_types') AS list \gset
\echo :list
SELECT rows_loaded FROM migrate_table(:'all_types', 'all_types', filter => 'bool IS DISTINCT FROM true',
    column_types => '{"date": "text", "timestamp": "text", "timestamp_s": "text", "timestamp_ms": "text", "timestamp_tz": "text", "timestamp_ns": "text", "timestamp_tz_ns": "text"}');
SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum) AS list
  FROM pg_attribute WHERE attrelid = 'all_types'::regclass AND attnum > 0 \gset
SELECT count(*) FROM (SELECT l::text FROM all_types l EXCEPT ALL SELECT t::text FROM read_table(:'all_types', 'all_types', filter => 'bool IS DISTINCT FROM true') AS t (:list)) d;
SELECT count(*) FROM (SELECT t::text FROM read_query(:'all_types', 'FROM all_types WHERE bool IS DISTINCT FROM true') AS t (:list) EXCEPT ALL SELECT l::text FROM all_types l) d;

-- Types that are asked for.
CREATE TYPE place AS (a integer, b text);
SELECT (place).b, * FROM read_table(:'imports', 'people') AS t (feels varchar(2), place place, code char(4));
SELECT * FROM read_query(:'imports', 'SELECT 1.5, TIMESTAMP ''2020-01-01 00:00:00.123000'', ''x'', [1.0, NULL]') AS t (n numeric(5,3), at timestamp(3), b bytea, l numeric[]);

-- What does not fit is told at once, with the list that does.
SELECT * FROM read_table(:'traps', 'twice') AS t (id integer);
SELECT * FROM read_table(:'traps', 'far') AS t (id uuid, d integer[], n bigint, more text);
SELECT * FROM read_query(:'traps', 'SELECT 1::DOUBLE AS d, ''x'' AS x') AS t (a numeric, b date);
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN plain_int AS integer;
SELECT * FROM read_query(:'traps', 'SELECT 1 AS a, 2 AS b') AS t (a positive, b plain_int);
SELECT * FROM read_query(:'traps', 'SELECT 1 AS a, 2 AS b') AS t (a plain_int, b smallint);
SELECT * FROM read_query(:'traps', 'SELECT 1 AS a') AS t (a record);

-- Values that cannot be carried.
SELECT * FROM read_query(:'traps', 'SELECT 100000 AS a') AS t (a smallint);
SELECT * FROM read_query(:'traps', 'SELECT 12.345 AS a') AS t (a numeric(4,2));
SELECT * FROM read_query(:'traps', 'SELECT ''abc'' AS a') AS t (a varchar(2));
SELECT * FROM read_table(:'traps', 'lossy', columns => '{id,ns}') AS t (id integer, ns timestamp);
SELECT * FROM read_table(:'traps', 'nul', columns => '{id,t}') AS t (id integer, t text);
SELECT * FROM read_query(:'traps', 'SELECT id, replace(t, chr(0), '''') FROM nul ORDER BY id') AS t (id integer, t text);
SELECT * FROM read_table(:'traps', 'far') AS t (id integer, d date, n bigint);
SELECT * FROM read_query(:'traps', 'SELECT 1 / (id - 2) AS a, CAST(id || ''x'' AS INTEGER) AS b FROM far') AS t (a double precision, b integer);

-- How it must be called.
SELECT * FROM read_table(:'shop', 'orders');
SELECT read_table(:'shop', 'orders');
SELECT read_query(:'shop', 'FROM orders');
SELECT * FROM read_table(NULL, 'orders') AS t (a integer);
SELECT * FROM read_table(:'shop', NULL) AS t (a integer);
SELECT * FROM read_query(:'shop', NULL) AS t (a integer);
SELECT * FROM read_table(:'shop', 'orders', columns => '{order_no,NULL}') AS t (a integer);
SELECT * FROM read_table(:'shop', 'orders', columns => '{}') AS t (a integer);
SELECT * FROM read_table(:'shop', 'orders', columns => '{order_no,order_no}') AS t (a integer, b integer);
SELECT * FROM read_table(:'shop', 'orders', columns => '{nothing,status,none}') AS t (a integer);
SELECT * FROM read_table(:'shop', 'ordes') AS t (a integer);
SELECT * FROM read_table(:'shop', 'a.b.c') AS t (a integer);
SELECT * FROM read_table(:'shop', 'orders', filter => 'nothing > 1', columns => '{order_no}') AS t (a bigint);
SELECT * FROM read_table(:'shop', 'orders', filter => 'true GROUP BY 1', columns => '{order_no}') AS t (a bigint);
SELECT * FROM read_table(:'objects', 'moods', filter => '', columns => '{m}') AS t (a text);
SELECT read_describe(NULL, 'orders') IS NULL, read_describe(:'shop', NULL) IS NULL;
SELECT read_describe(:'shop', 'ordes');
SELECT read_describe(:'shop', 'SELECT nothing FROM orders');

-- Queries only, one at a time, and nothing but the file.
SELECT * FROM read_query(:'shop', '') AS t (a integer);
SELECT * FROM read_query(:'shop', 'SELECT 1; SELECT 2') AS t (a integer);
SELECT * FROM read_query(:'shop', 'CREATE TABLE x (a INTEGER)') AS t (a integer);
SELECT * FROM read_query(:'shop', 'INSERT INTO orders SELECT * FROM orders') AS t (a integer);
SELECT * FROM read_query(:'shop', 'DELETE FROM orders') AS t (a integer);
SELECT * FROM read_query(:'shop', 'ATTACH ''/tmp/x.duckdb''') AS t (a integer);
SELECT * FROM read_query(:'shop', 'COPY orders TO ''/tmp/x.csv''') AS t (a integer);
SELECT * FROM read_query(:'shop', 'SET threads = 100') AS t (a integer);
SELECT * FROM read_query(:'shop', 'PRAGMA database_size') AS t (a integer);
SELECT * FROM read_query(:'shop', 'SELECT 1) AS q; SELECT (2') AS t (a integer);
SELECT * FROM read_query(:'shop', 'SELECT * FROM read_csv(''/etc/passwd'')') AS t (a text);
SELECT * FROM read_query(:'shop', 'SELECT * FROM read_text(''/etc/passwd'')') AS t (a text);
SELECT * FROM read_query(:'shop', 'SELECT * FROM glob(''/etc/*'')') AS t (a text);
SELECT * FROM read_query(:'shop', 'SELECT * FROM ''/etc/passwd''') AS t (a text);

-- In a read-only transaction, and without a transaction number.
BEGIN READ ONLY;
SELECT count(*) FROM read_table(:'objects', 'plain') AS t (id integer, t text);
SELECT read_describe(:'objects', 'moods') IS NOT NULL AS described;
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_number;
COMMIT;

-- More rows than work_mem holds; a cursor that goes back; several at a time.
SET work_mem = '64kB';
SELECT count(*), sum(i), max(length(t)) FROM read_query(:'objects', 'SELECT range AS i, repeat(''x'', 100) AS t FROM range(100000)') AS t (i bigint, t text);
RESET work_mem;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT * FROM read_query(:'objects', 'SELECT range AS i FROM range(1000)') AS t (i bigint);
FETCH 2 FROM c;
FETCH LAST FROM c;
FETCH PRIOR FROM c;
FETCH FIRST FROM c;
COMMIT;
SELECT count(*) FROM read_table(:'objects', 'plain') AS a (id integer, t text)
  JOIN read_table(:'objects', 'plain') AS b (id integer, t text) USING (id)
  JOIN read_query(:'traps', 'SELECT id, v FROM twice') AS c (id integer, v integer) USING (id);
SELECT i, t.* FROM generate_series(1, 3) i, LATERAL read_query(:'objects', format('SELECT t FROM plain WHERE id = %s', i)) AS t (t text);
SELECT i, (SELECT sum(n) FROM read_query(:'objects', format('SELECT %s AS n', i)) AS t (n integer)) FROM generate_series(1, 2) i;
SELECT * FROM ROWS FROM (read_query(:'objects', 'SELECT 1') AS (a integer), read_query(:'objects', 'SELECT range FROM range(2)') AS (b bigint)) WITH ORDINALITY;
CREATE TABLE taken AS SELECT * FROM read_table(:'objects', 'plain', filter => 'id < 5') AS t (id integer, t text);
INSERT INTO taken SELECT * FROM read_table(:'objects', 'plain', filter => 'id BETWEEN 5 AND 7') AS t (id integer, t text);
SELECT count(*) FROM taken;
PREPARE p (text) AS SELECT count(*) FROM read_table(:'objects', 'plain', filter => $1) AS t (id integer, t text);
EXECUTE p ('id < 7');
EXECUTE p ('id < 70');

-- An error in a subtransaction leaves the rest standing.
SELECT set_config('reading.objects', :'objects', false) IS NOT NULL AS is_set;
DO $do$
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            PERFORM * FROM read_query(current_setting('reading.objects'), 'SELECT CASE WHEN range < 900 THEN 1 ELSE 100000 END FROM range(1000)') AS t (a smallint);
        EXCEPTION WHEN numeric_value_out_of_range THEN
            RAISE NOTICE '%', sqlerrm;
        END;
    END LOOP;
END $do$;
SELECT count(*) FROM read_table(:'objects', 'plain') AS t (id integer, t text);
SET statement_timeout = '1s';
SELECT count(*) FROM read_query(:'objects', 'SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b') AS t (n numeric);
RESET statement_timeout;
SELECT count(*) FROM read_table(:'objects', 'plain') AS t (id integer, t text);

-- Who may.
CREATE ROLE reading_nobody;
SET ROLE reading_nobody;
SELECT * FROM read_query(:'shop', 'SELECT 1') AS t (a integer);
SELECT read_describe(:'shop', 'orders');
RESET ROLE;
CREATE SERVER reading_objects FOREIGN DATA WRAPPER migrator OPTIONS (path :'objects');
GRANT USAGE ON FOREIGN SERVER reading_objects TO reading_nobody;
SET ROLE reading_nobody;
SELECT count(*) FROM read_table('reading_objects', 'plain') AS t (id integer, t text);
SELECT * FROM read_query('reading_objects', 'SELECT sum(id) FROM plain') AS t (n numeric);
SELECT read_describe('reading_objects', 'audit.pairs');
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER reading_objects FROM reading_nobody;
SET ROLE reading_nobody;
SELECT count(*) FROM read_table('reading_objects', 'plain') AS t (id integer, t text);
RESET ROLE;
DROP SERVER reading_objects;
DROP ROLE reading_nobody;

-- How they are declared.
SELECT proname, provolatile, proisstrict, proparallel, procost, prorows FROM pg_proc WHERE proname IN ('read_table', 'read_query', 'read_describe') ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA reading CASCADE;
DROP TYPE public.feeling;
