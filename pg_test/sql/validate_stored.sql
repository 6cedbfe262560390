-- How the target is stored, and which views are there: each check passes, and is broken once.
\getenv data MIGRATOR_TEST_DATA
\set objects :data '/objects.duckdb'
SET client_min_messages = warning;
\pset format unaligned
\pset null '-'
\set physical 'SELECT check_name, status, note, remedy FROM validate_table(:''objects'', ''plain'', level => ''paranoid'', checks => ''{heap_verify,btree_verify}'')'
CREATE SCHEMA stored;
SET search_path = stored, public;
SELECT rows_loaded FROM migrate_table(:'objects', 'plain', options => '{"method": "multi_insert"}');
CREATE FUNCTION stored.same(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN i; END';
CREATE INDEX plain_same ON plain (stored.same(id::integer));
-- Without amcheck nobody can say.
:physical;
CREATE EXTENSION amcheck WITH SCHEMA public;
:physical;
-- An index whose function means something else now.
CREATE OR REPLACE FUNCTION stored.same(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN i + 1; END';
:physical;
CREATE OR REPLACE FUNCTION stored.same(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN i; END';
-- Rows that are older than the table says.
BEGIN;
UPDATE pg_class SET relfrozenxid = pg_current_xact_id()::xid WHERE oid = 'plain'::regclass;
:physical;
ROLLBACK;
:physical;
-- Views are carried as their queries.
SELECT DISTINCT check_name, status FROM validate_database(:'objects', schemas => '{"main": "stored", "audit": "stored_audit"}', checks => '{view_parity}');
DROP SCHEMA IF EXISTS stored, stored_audit CASCADE;
SELECT count(*) FILTER (WHERE verdict = 'failed') AS failed FROM migrate_database(:'objects', schemas => '{"main": "stored", "audit": "stored_audit"}');
SELECT DISTINCT check_name, status FROM validate_database(:'objects', schemas => '{"main": "stored", "audit": "stored_audit"}', checks => '{view_parity}');
DROP SCHEMA IF EXISTS stored, stored_audit CASCADE;
DROP EXTENSION amcheck;
