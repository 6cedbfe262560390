-- What a source may be called, and who may read it.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set VERBOSITY default
SET client_min_messages = warning;
\set shop :data '/shop.duckdb'
\set plain :data '/strange.duckdb'
\set link :data '/link.duckdb'
\set encrypted :data '/encrypted.duckdb'
\set allowed :data '/allowed'
\set allowed_file :data '/allowed/a.duckdb'
\set allowed_link :data '/allowed/link.duckdb'
\set allowed_missing :data '/allowed/missing.duckdb'
\set allowed_none :data '/allowed/*.csv'
\set allowed_pattern :data '/allowed/*.parquet'
\set towns :data '/allowed/towns.parquet'
\set secret_file :data '/secret/s.duckdb'
\set secret_pattern :data '/secret/*.parquet'
\set result 'rows_read, rows_loaded, rows_rejected, method, warnings'

-- Servers and their options.
CREATE SERVER shop FOREIGN DATA WRAPPER migrator;
CREATE SERVER shop FOREIGN DATA WRAPPER migrator OPTIONS (path '');
CREATE SERVER shop FOREIGN DATA WRAPPER migrator OPTIONS (path 'shop.duckdb');
CREATE SERVER shop FOREIGN DATA WRAPPER migrator OPTIONS (path '/data/[.csv');
CREATE SERVER shop FOREIGN DATA WRAPPER migrator OPTIONS (path '/data/shop.duckdb', encryption_key 'k');
CREATE SERVER shop FOREIGN DATA WRAPPER migrator OPTIONS (path :'shop');
ALTER SERVER shop OPTIONS (DROP path);
ALTER SERVER shop OPTIONS (SET path 'elsewhere');
CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (password 'k');
CREATE USER MAPPING FOR CURRENT_USER SERVER shop OPTIONS (encryption_key '');
CREATE FOREIGN TABLE t (id integer) SERVER shop OPTIONS (relation 'orders');
CREATE FOREIGN TABLE t (id integer) SERVER shop OPTIONS (query 'FROM orders', table_name 'orders');
CREATE FOREIGN TABLE t (id integer) SERVER shop OPTIONS (schema_name 'main', query 'FROM orders');
CREATE FOREIGN TABLE t (id integer) SERVER shop OPTIONS (table_name '');
CREATE FOREIGN TABLE t (id integer) SERVER shop OPTIONS (on_lossy 'perhaps');
CREATE FOREIGN TABLE t (id integer) SERVER shop OPTIONS (nul_bytes 'reject');
CREATE FOREIGN TABLE t (id integer OPTIONS (name 'a')) SERVER shop;
CREATE FOREIGN TABLE t (id integer OPTIONS (column_name '')) SERVER shop;
CREATE FOREIGN TABLE t (id integer OPTIONS (column_name 'a=b'))
    SERVER shop OPTIONS (schema_name 'main', table_name 'orders', on_lossy 'accept', nul_bytes 'replace:=');
SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = 't'::regclass;
ALTER FOREIGN TABLE t OPTIONS (SET on_lossy 'no');
DROP FOREIGN TABLE t;
CREATE FOREIGN DATA WRAPPER alike HANDLER migrator.fdw_handler VALIDATOR migrator.fdw_validator OPTIONS (debug 'true');

-- A server's name stands for its path wherever a source is wanted.
SELECT count(*) FROM source_tables('shop');
SELECT column_name, source_type FROM source_columns('shop', 'orders') ORDER BY ordinal LIMIT 2;
SELECT encrypted, tables FROM source_info('shop');
SELECT :result FROM migrate_table('shop', '"Refunds"', target => 'public.refunds', constraints => false);
SELECT source = :'shop' AS is_path, options -> 'source' AS server FROM migrator.runs ORDER BY run_id DESC LIMIT 1 \gset
\echo :is_path :server

-- What is neither.
SELECT * FROM source_tables('');
SELECT * FROM source_tables('shop.duckdb');
SELECT * FROM source_tables('data/shop.duckdb');
SELECT * FROM source_tables('Shop');
CREATE FOREIGN DATA WRAPPER another;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER another;
SELECT * FROM source_tables('elsewhere');
DROP FOREIGN DATA WRAPPER another CASCADE;

-- USAGE is enough to read, also to prove what was loaded.
CREATE ROLE guest;
CREATE SCHEMA guest AUTHORIZATION guest;
SET ROLE guest;
SELECT count(*) FROM source_tables('shop');
SELECT count(*) FROM source_tables(:'shop');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER shop TO guest;
SET ROLE guest;
SELECT count(*) FROM source_tables('shop');
SELECT count(*) FROM source_tables(:'shop');
SELECT run_id FROM migrate_table('shop', 'customers', target => 'guest.customers') \gset
SELECT check_name, status FROM validate_run(:run_id) WHERE status <> 'pass';
DELETE FROM guest.customers WHERE customer_id = (SELECT max(customer_id) FROM guest.customers);
SELECT check_name, status FROM validate_run(:run_id) WHERE check_name = 'row_checksum';
SELECT max(run_id) AS validation FROM migrator.validations \gset
SELECT source = :'shop' AS is_path, options -> 'source' AS server FROM migrator.validations WHERE run_id = :validation;
SELECT op, rows FROM validate_repair(:validation, dry_run => false);
SELECT check_name, status FROM validate_table('shop', 'customers', target => 'guest.customers') WHERE status <> 'pass';
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER shop FROM guest;
SET ROLE guest;
SELECT count(*) FROM validate_run(:run_id);
RESET ROLE;

-- The right to give a path.
CREATE ROLE maker;
GRANT USAGE ON FOREIGN DATA WRAPPER migrator TO maker;
SET ROLE maker;
CREATE SERVER made FOREIGN DATA WRAPPER migrator OPTIONS (path :'shop');
CREATE SERVER made FOREIGN DATA WRAPPER migrator OPTIONS (path :'secret_file');
CREATE SERVER made FOREIGN DATA WRAPPER migrator OPTIONS (path '/no/such/folder/x.duckdb');
RESET ROLE;
SET migrator.allowed_directories = :'allowed';
SET ROLE maker;
CREATE SERVER made FOREIGN DATA WRAPPER migrator OPTIONS (path :'allowed_link');
CREATE SERVER made FOREIGN DATA WRAPPER migrator OPTIONS (path :'secret_pattern');
CREATE SERVER made FOREIGN DATA WRAPPER migrator OPTIONS (path :'allowed_file');
ALTER SERVER made OPTIONS (SET path :'secret_file');
ALTER SERVER made OPTIONS (SET path :'allowed_missing');
SELECT * FROM source_tables('made');
ALTER SERVER made OPTIONS (SET path :'allowed_none');
SELECT * FROM source_tables('made');
ALTER SERVER made OPTIONS (SET path :'allowed_pattern');
SELECT * FROM source_tables('made');
ALTER SERVER made OPTIONS (SET path :'allowed_file');
RESET ROLE;
RESET migrator.allowed_directories;
-- Who has it is not asked again, but whoever changes anything is.
SET ROLE maker;
SELECT count(*) > 0 AS read FROM source_tables('made');
ALTER SERVER made OPTIONS (SET path :'allowed_file');
RESET ROLE;

-- A symbolic link leads on with the owner's right only.
CREATE SERVER linked FOREIGN DATA WRAPPER migrator OPTIONS (path :'link');
GRANT USAGE ON FOREIGN SERVER linked TO guest;
SET ROLE guest;
SELECT count(*) > 0 AS read FROM source_tables('linked');
RESET ROLE;
ALTER SERVER linked OWNER TO maker;
SET ROLE guest;
SELECT count(*) > 0 AS read FROM source_tables('linked');
RESET ROLE;
SELECT count(*) > 0 AS read FROM source_tables('linked');
GRANT pg_read_server_files TO maker;
SET ROLE guest;
SELECT count(*) > 0 AS read FROM source_tables('linked');
RESET ROLE;
REVOKE pg_read_server_files FROM maker;

-- Encrypted files. The key is for the mapped user, and nobody sees it.
CREATE SERVER vault FOREIGN DATA WRAPPER migrator OPTIONS (path :'encrypted');
GRANT USAGE ON FOREIGN SERVER vault TO guest;
SELECT encrypted, tables FROM source_info('vault');
SELECT * FROM source_tables('vault');
CREATE USER MAPPING FOR CURRENT_USER SERVER vault OPTIONS (encryption_key 'wrong one');
SELECT * FROM source_tables('vault');
ALTER USER MAPPING FOR CURRENT_USER SERVER vault OPTIONS (SET encryption_key 'open sesame');
SELECT encrypted, tables FROM source_info('vault');
SELECT table_name FROM source_tables('vault');
SELECT rows_loaded FROM migrate_table('vault', 'notes', target => 'public.notes');
SELECT run_id, source = :'encrypted' AS is_path, options -> 'source' AS server FROM migrator.runs ORDER BY run_id DESC LIMIT 1 \gset
\echo :is_path :server
SELECT DISTINCT status FROM validate_run(:run_id) WHERE status NOT IN ('pass', 'skip');
SET ROLE guest;
SELECT * FROM source_tables('vault');
SELECT srvname, usename = 'guest' AS is_mine, umoptions FROM pg_user_mappings WHERE srvname = 'vault';
SELECT umoptions FROM pg_user_mapping;
RESET ROLE;
CREATE USER MAPPING FOR PUBLIC SERVER vault OPTIONS (encryption_key 'open sesame');
SET ROLE guest;
SELECT table_name FROM source_tables('vault');
SELECT umoptions FROM pg_user_mappings WHERE srvname = 'vault';
RESET ROLE;
DROP TABLE notes;

-- Patterns.
\set logs :data '/logs-2024-*.parquet'
\set one_log :data '/logs-2024-0[2-9].parquet'
\set nothing :data '/nothing-*.parquet'
\set kinds :data '/cities.*'
\set databases :data '/sho*'
\set broken :data '/cities.[csv'
\set folders :data '/f*/x.csv'
\set hidden :data '/*.hidden.csv'
SELECT table_name, kind FROM source_tables(:'logs') ORDER BY 1;
SELECT table_name FROM source_tables(:'one_log');
SELECT * FROM source_tables(:'nothing');
SELECT * FROM source_tables(:'kinds');
SELECT * FROM source_tables(:'databases');
SELECT * FROM source_tables(:'broken');
SELECT * FROM source_tables(:'folders');
SELECT * FROM source_tables(:'hidden');
-- The name that counts is a symbolic link's own.
SELECT table_name FROM source_tables(:'towns');
SELECT table_name FROM source_tables(:'allowed_pattern');
SELECT run_id FROM migrate_table(:'logs', '"logs-2024-01"', target => 'public.logs') \gset
SELECT source = :'logs' AS is_pattern, rows_loaded FROM migrator.runs WHERE run_id = :run_id;
SELECT check_name, status FROM validate_run(:run_id) WHERE status <> 'pass';
DROP TABLE logs;
SET ROLE guest;
SELECT * FROM source_tables(:'logs');
SELECT * FROM source_tables(:'nothing');
RESET ROLE;

-- A file whose name looks like a pattern is that file.
\set odd :data '/odd[1].duckdb'
SELECT count(*) > 0 AS read FROM source_tables(:'odd');

-- Nothing stays behind.
DROP SERVER shop, made, linked, vault CASCADE;
DROP TABLE refunds;
DROP SCHEMA guest CASCADE;
REVOKE USAGE ON FOREIGN DATA WRAPPER migrator FROM maker;
DROP ROLE guest, maker;
