-- Verdicts for pg_prove and for JUnit's readers: the same checks, and streams that nothing breaks.
\getenv data MIGRATOR_TEST_DATA
\set objects :data '/objects.duckdb'
\set traps :data '/traps.duckdb'
\set missing :data '/no_such.duckdb'
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA tap;
SET search_path = tap, public;
SELECT rows_loaded FROM migrate_table(:'objects', 'keyed');
SELECT rows_loaded FROM migrate_table(:'traps', 'child', target => 'child');
CREATE FUNCTION timeless(report xml) RETURNS text LANGUAGE sql RETURN regexp_replace(replace(report::text, '><', E'>\n<'), ' time="[0-9.]+"', '', 'g');

-- All pass; none was made; one is skipped.
SELECT validate_table_tap(:'objects', 'keyed', level => 'quick');
SELECT validate_table_tap(:'objects', 'keyed', checks => '{}');
SELECT validate_table_tap(:'traps', 'child', checks => '{foreign_key_match, row_count_match}');
SELECT timeless(validate_junit(:'objects', 'keyed', checks => '{row_count_match, column_checksum}'));

-- Fail, warn, and an error within a check, which ends no other.
UPDATE keyed SET code = 'a # SKIP' || E'\n' || 'ok 1' WHERE code = 'a';
DELETE FROM keyed WHERE code = 'b';
ALTER TABLE keyed ALTER n SET DEFAULT 8, ADD CONSTRAINT never CHECK (1 / (id - 100) > 0) NOT VALID;
\set some '{row_count_match, default_match, column_checksum, value_mismatch, missing_in_target, check_violation, not_null}'
SELECT regexp_replace(line, '"[0-9a-f]{32}"', '"a sum"') FROM validate_table_tap(:'objects', 'keyed', level => 'full', checks => :'some') AS line;
SELECT regexp_replace(timeless(validate_junit(:'objects', 'keyed', level => 'full', checks => :'some')), '[0-9a-f]{32}', 'a sum', 'g');
SELECT line FROM validate_table_tap(:'objects', 'keyed', target => 'not_there', level => 'full') AS line WHERE line !~ '^ok';
SELECT timeless(validate_junit(:'traps', 'child', checks => '{foreign_key_match}'));

-- Errors before any check: a stream all the same, with one test that fails.
SELECT validate_table_tap(:'objects', 'nosuch');
SELECT validate_table_tap(:'missing', 'nosuch');
SELECT validate_table_tap(:'objects', 'keyed', level => 'deep');
SELECT validate_table_tap(NULL, 'keyed');
SELECT validate_table_tap(:'objects', 'keyed', filter => 'nosuch = 1 # or so');
SELECT validate_run_tap(-1);
SELECT validate_run_tap(NULL);
SELECT validate_database_tap(:'objects', include => '{nosuch.*}');
SELECT timeless(validate_junit(:'objects', 'nosuch'));
-- The transaction goes on.
BEGIN;
CREATE TABLE kept (id integer);
SELECT count(*) FROM validate_table_tap(:'objects', 'nosuch');
SELECT count(*) FROM kept;
COMMIT;

-- A run, and a whole file.
SELECT max(run_id) AS run FROM migrator.runs WHERE target LIKE '%child%' \gset
SELECT validate_run_tap(:run, level => 'quick', checks => '{row_count_match, primary_key_match}');
SELECT validate_database_tap(:'objects', schemas => '{"main": "tap"}', include => '{main.keyed, main.tree}', checks => '{table_exists}');
DROP SCHEMA tap CASCADE;
