-- Parquet, CSV and JSON files, and patterns for several of them, through every door.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set parquet :data '/cities.parquet'
\set csv :data '/cities.csv'
\set json :data '/cities.json'
\set logs :data '/logs-2024-*.parquet'
\set one_log :data '/logs-2024-0[1].parquet'
\set no_log :data '/logs-2025-*.parquet'
\set mixed :data '/cities.*'
\set not_parquet :data '/parquet.duckdb'
SET client_min_messages = warning;
CREATE SCHEMA files;
SET search_path = files, public;

-- Each file is a table, named after it.
SELECT * FROM source_tables(:'parquet');
SELECT * FROM source_tables(:'csv');
SELECT * FROM source_tables(:'json');
SELECT table_name, kind, column_count FROM source_tables(:'logs');
SELECT table_name FROM source_tables(:'one_log');
SELECT column_name, source_type, postgres_type, fidelity, nullable FROM source_columns(:'parquet');
SELECT column_name, source_type, postgres_type FROM source_columns(:'csv', 'cities');
SELECT column_name, source_type, postgres_type FROM source_columns(:'json', 'CITIES');
SELECT storage_version, written_by, encrypted, has_wal, size_bytes > 0 AS has_bytes, tables, length(fingerprint) FROM source_info(:'parquet');
SELECT storage_version, encrypted, tables, length(fingerprint) FROM source_info(:'logs');
SELECT (SELECT fingerprint FROM source_info(:'logs')) = (SELECT fingerprint FROM source_info(:'one_log')) AS same;

-- Read.
SELECT read_describe(:'parquet', 'cities') AS list \gset
SELECT * FROM read_table(:'parquet', 'cities') AS t (:list);
SELECT read_describe(:'csv', 'cities') AS list \gset
SELECT * FROM read_table(:'csv', 'cities') AS t (:list);
SELECT read_describe(:'json', 'cities') AS list \gset
SELECT * FROM read_table(:'json', 'cities', columns => '{id,name,founded}', filter => 'country = ''CH''') AS t (id bigint, name text, founded date);
SELECT * FROM read_query(:'logs', 'SELECT level, count(*), sum(seconds) FROM (FROM "logs-2024-01" UNION ALL FROM "logs-2024-02") GROUP BY level ORDER BY level') AS t (level text, n bigint, seconds numeric);
SELECT count(*) FROM read_table(:'logs', '"logs-2024-02"', columns => '{id}') AS t (id bigint);
SELECT * FROM read_table(:'logs', 'logs-2024-02') AS t (id bigint);

-- Carried, and proved.
SELECT rows_loaded, method, warnings FROM migrate_table(:'parquet', 'cities', target => 'from_parquet');
SELECT rows_loaded, method, warnings FROM migrate_table(:'csv', 'cities', target => 'from_csv');
SELECT rows_loaded, method, warnings FROM migrate_table(:'json', 'cities', target => 'from_json');
SELECT * FROM from_parquet;
SELECT count(*) FROM (SELECT id, name, country, latitude, inhabitants, founded FROM from_parquet EXCEPT SELECT id, name, country, latitude, inhabitants, founded FROM from_csv) d;
SELECT count(*) FROM (SELECT id, name, country, latitude, inhabitants, founded FROM from_parquet EXCEPT SELECT id, name, country, latitude, inhabitants, founded FROM from_json) d;
SELECT check_name, status, note FROM validate_table(:'parquet', 'cities', 'from_parquet') WHERE status <> 'pass';
SELECT check_name, column_name, status, note FROM validate_table(:'csv', 'cities', 'from_csv', level => 'full') WHERE status <> 'pass';
UPDATE from_csv SET inhabitants = inhabitants + 1 WHERE id = 2;
SELECT * FROM validate_diff(:'csv', 'cities', 'from_csv', key => '{id}');
SELECT kind, source_name, target_name, verdict, rows FROM migrate_database(:'logs', schemas => '{"main": "files"}');
SELECT count(*), min(at), max(at) FROM "logs-2024-02";
SELECT status, count(*) FROM validate_database(:'logs', schemas => '{"main": "files"}') GROUP BY status ORDER BY status;
SELECT source, source_table, target, mode FROM migrator.runs WHERE source LIKE '%/logs-%' OR source LIKE '%/cities%' ORDER BY run_id;

-- As foreign tables.
CREATE SERVER file_logs FOREIGN DATA WRAPPER migrator OPTIONS (path :'logs');
CREATE SCHEMA logs;
IMPORT FOREIGN SCHEMA main FROM SERVER file_logs INTO logs;
SELECT relname, ftoptions FROM pg_foreign_table JOIN pg_class c ON c.oid = ftrelid WHERE relnamespace = 'logs'::regnamespace ORDER BY 1;
SELECT level, count(*) FROM (TABLE logs."logs-2024-01" UNION ALL TABLE logs."logs-2024-02") l GROUP BY 1 ORDER BY 1;
SELECT id, message FROM logs."logs-2024-02" WHERE id >= 478;
CREATE FOREIGN TABLE logs.errors (id bigint, at timestamp) SERVER file_logs OPTIONS (query 'SELECT id, "at" FROM "logs-2024-01" WHERE level = ''error''');
SELECT count(*), max(at) FROM logs.errors;
SELECT rows_loaded FROM migrate_table('file_logs', '"logs-2024-01"', target => 'by_server');
SELECT table_name FROM source_tables('file_logs');
DROP SERVER file_logs CASCADE;

-- An encrypted database, through a server.
\set encrypted :data '/encrypted.duckdb'
SELECT * FROM source_tables(:'encrypted');
CREATE SERVER file_encrypted FOREIGN DATA WRAPPER migrator OPTIONS (path :'encrypted');
SELECT * FROM source_tables('file_encrypted');
CREATE USER MAPPING FOR CURRENT_USER SERVER file_encrypted OPTIONS (encryption_key 'open simsim');
SELECT * FROM source_tables('file_encrypted');
ALTER USER MAPPING FOR CURRENT_USER SERVER file_encrypted OPTIONS (SET encryption_key 'open sesame');
SELECT table_name, estimated_rows FROM source_tables('file_encrypted');
SELECT encrypted, tables FROM source_info('file_encrypted');
SELECT * FROM read_query('file_encrypted', 'FROM notes ORDER BY id') AS t (id integer, body text);
SELECT rows_loaded FROM migrate_table('file_encrypted', 'notes');
SELECT status, count(*) FROM validate_table('file_encrypted', 'notes') GROUP BY 1 ORDER BY 1;
IMPORT FOREIGN SCHEMA main FROM SERVER file_encrypted INTO logs;
SELECT * FROM logs.notes WHERE id > 1 ORDER BY id;
-- The key is nowhere.
SELECT * FROM read_query('file_encrypted', 'SELECT count(*) FROM duckdb_settings() WHERE value LIKE ''%sesame%''') AS t (n bigint);
SELECT * FROM read_query('file_encrypted', 'SELECT count(*) FROM duckdb_databases() d WHERE d::VARCHAR LIKE ''%sesame%''') AS t (n bigint);
SELECT count(*) FROM migrator.runs WHERE runs::text LIKE '%sesame%';
DROP SERVER file_encrypted CASCADE;

-- What cannot be.
SELECT * FROM source_tables(:'no_log');
SELECT * FROM source_tables(:'mixed');
SELECT * FROM source_tables(:'not_parquet');
SELECT * FROM source_tables('cities.parquet');
SELECT * FROM read_query(:'parquet', 'SELECT * FROM read_csv(''/etc/passwd'')') AS t (a text);
\set other 'SELECT * FROM read_parquet(''' :logs ''')'
SELECT * FROM read_query(:'parquet', :'other') AS t (a text);
DROP SCHEMA files, logs CASCADE;
