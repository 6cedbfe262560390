-- Files that cannot be read, and who may read which.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set VERBOSITY default
\set missing :data '/missing.duckdb'
\set text :data '/text.duckdb'
\set empty :data '/empty.duckdb'
\set folder :data '/folder.duckdb'
\set truncated :data '/truncated.duckdb'
\set shop :data '/shop.duckdb'
SELECT * FROM source_tables(:'missing');
SELECT * FROM source_tables(:'text');
SELECT * FROM source_info(:'empty');
SELECT * FROM source_tables(:'folder');
SELECT * FROM source_tables('shop.duckdb');
SELECT * FROM source_tables('/dev/null');
SELECT rows_loaded FROM migrate_table(:'truncated', 'products');

-- The sandbox, by every route that a filter opens.
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => '(SELECT count(*) FROM read_csv(''/etc/passwd'')) > 0');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => '(SELECT count(*) FROM glob(''/etc/*'')) > 0');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => '(SELECT count(*) FROM read_parquet(''https://localhost/x'')) > 0');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => 'true); ATTACH ''/tmp/x'' AS x; SELECT (true');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => 'true); COPY orders TO ''/tmp/x''; SELECT (true');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => 'true); INSTALL httpfs; SELECT (true');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => 'true); SET threads = 100; SELECT (true');

-- A plain role reads nothing, and does not learn what there is.
CREATE ROLE plain;
SET ROLE plain;
SELECT * FROM source_tables(:'shop');
SELECT * FROM source_tables(:'missing');
SET migrator.allowed_directories = '/';
RESET ROLE;

-- But for the folders that it may.
SET migrator.allowed_directories = :'data';
SET ROLE plain;
SELECT count(*) FROM source_tables(:'shop');
SELECT * FROM source_tables(:'missing');
\set escape :data '/../../../etc/passwd'
SELECT * FROM source_tables(:'escape');
SELECT * FROM migrate_table(:'shop', '"Refunds"', target => 'public.refused');
RESET ROLE;
RESET migrator.allowed_directories;

-- Its runs are its own.
CREATE SCHEMA plain AUTHORIZATION plain;
GRANT pg_read_server_files TO plain;
SET ROLE plain;
SELECT rows_loaded FROM migrate_table(:'shop', '"Refunds"', target => 'plain.refunds', constraints => false);
SELECT role_name, source_table, target, rows_loaded FROM migrator.runs;
INSERT INTO migrator.runs DEFAULT VALUES;
SELECT * FROM migrator.scan_rows(NULL::plain.refunds);
RESET ROLE;
DROP SCHEMA plain CASCADE;
REVOKE pg_read_server_files FROM plain;
DROP ROLE plain;
