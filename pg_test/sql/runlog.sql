-- The run log: dumped, restored, dropped with the extension, one for each database.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
SET client_min_messages = warning;
\! psql -Xqc "CREATE DATABASE regress_log"
\c regress_log
SET DateStyle = ISO; SET TimeZone = UTC;
SET client_min_messages = warning;
CREATE EXTENSION migrator;
SELECT run_id, rows_loaded FROM migrate_table(:'f', 'plain');
SELECT run_id, rows_loaded, rows_rejected FROM migrate_table(:'f', 'dated', on_error => 'reject');
SELECT run_id, role_name, source_table, target, mode, method, rows_read, rows_loaded, rows_rejected, warnings,
       finished_at >= started_at AS in_order, heap_bytes > 0 AS has_bytes, wal_bytes > 0 AS has_wal, reader_peak_memory > 0 AS has_memory,
       source LIKE '/%/strange.duckdb' AS has_source, length(fingerprint) AS fingerprint FROM migrator.runs ORDER BY 1;
-- A run that fails leaves a gap and no row.
SELECT run_id FROM migrate_table(:'f', 'dated', target => 'd2');
BEGIN;
SELECT run_id FROM migrate_table(:'f', 'plain', target => 'p2');
ROLLBACK;
SELECT array_agg(run_id ORDER BY run_id) FROM migrator.runs;
CREATE TABLE log_before AS
    SELECT (SELECT md5(string_agg(r::text, '|' ORDER BY run_id)) FROM migrator.runs r) AS runs,
           (SELECT md5(string_agg(r::text, '|' ORDER BY run_id, row_number)) FROM migrator.rejects r) AS rejects,
           (SELECT last_value FROM migrator.runs_run_id_seq) AS last_id;

-- Dump and restore: the same rows, and the numbers go on.
\! psql -Xqc "CREATE DATABASE regress_log2" && pg_dump regress_log | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null regress_log2
\c regress_log2
SET DateStyle = ISO; SET TimeZone = UTC; SET client_min_messages = warning;
SELECT b.runs = (SELECT md5(string_agg(r::text, '|' ORDER BY run_id)) FROM migrator.runs r) AS runs,
       b.rejects = (SELECT md5(string_agg(r::text, '|' ORDER BY run_id, row_number)) FROM migrator.rejects r) AS rejects,
       b.last_id = (SELECT last_value FROM migrator.runs_run_id_seq) AS last_id FROM log_before b;
SELECT run_id = last_id + 1 AS goes_on FROM migrate_table(:'f', 'ranges'), log_before;
SELECT relname, relrowsecurity FROM pg_class WHERE oid IN ('migrator.runs'::regclass, 'migrator.rejects'::regclass) ORDER BY 1;

-- The other database has not seen that.
\c regress_log
SET DateStyle = ISO; SET TimeZone = UTC;
SET client_min_messages = warning;
SELECT max(run_id) = 2 AS untouched FROM migrator.runs;

-- Somebody who may read everything can dump, too.
CREATE ROLE dumper LOGIN;
GRANT pg_read_all_data TO dumper;
\! pg_dump -U dumper regress_log >/dev/null
DROP ROLE dumper;

-- Its tables belong to it.
ALTER EXTENSION migrator SET SCHEMA pg_catalog;
DROP SCHEMA migrator CASCADE;
DROP TABLE migrator.runs;
DROP EXTENSION migrator;
SELECT to_regnamespace('migrator'), to_regproc('migrate_table'), (SELECT count(*) FROM plain);
CREATE SCHEMA ext;
CREATE EXTENSION migrator SCHEMA ext;
SELECT run_id, rows_loaded FROM ext.migrate_table(:'f', 'plain', mode => 'append');
SELECT run_id, rows_loaded FROM ext.migrate_table(:'f', 'plain', target => 'inserted', options => '{"method": "insert"}');
SELECT count(*) FROM ext.source_tables(:'f');
DROP SCHEMA ext CASCADE;
SELECT to_regnamespace('migrator');
CREATE SCHEMA migrator;
CREATE EXTENSION migrator;
DROP SCHEMA migrator;
CREATE EXTENSION migrator;
SELECT run_id, rows_loaded FROM migrate_table(:'f', 'plain', mode => 'truncate');
\c regress
\! dropdb regress_log; dropdb regress_log2
