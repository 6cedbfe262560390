-- What a tester found: each was wrong once.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
\set traps :data '/traps.duckdb'
SET client_min_messages = warning;
CREATE SCHEMA corners;
SET search_path = corners, public;
\set result 'target_table, rows_read, rows_loaded, method, warnings'

-- A filter is a predicate and nothing else.
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', filter => 'true) UNION ALL SELECT id, v, 1 FROM plain WHERE (true');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', filter => 'true) LIMIT (5');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', filter => 'true) GROUP BY (id');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', filter => '  ');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'few', filter => 'id < 5 -- and a comment');

-- A load inside a trigger of a load.
CREATE TABLE inner_target (id integer, v text);
CREATE TABLE outer_target (id integer, v integer);
CREATE FUNCTION load_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.v = 1 THEN
        PERFORM migrate_table(TG_ARGV[0], 'plain', target => 'inner_target', mode => 'append', options => '{"method": "insert"}');
    END IF;
    RETURN NEW;
END $$;
SELECT format('CREATE TRIGGER load_more BEFORE INSERT ON outer_target FOR EACH ROW EXECUTE FUNCTION load_more(%L)', :'f') \gexec
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'outer_target', mode => 'append');
SELECT count(*) FROM inner_target;
SELECT * FROM outer_target ORDER BY v;

-- This session's own schema.
SELECT :result FROM migrate_table(:'f', 'plain', target => 'pg_temp.mine');
SELECT count(*) FROM pg_temp.mine;

-- DuckDB folds ASCII letters only.
SELECT :result FROM migrate_table(:'f', 'cases');
\d cases

-- Names that mean the same column.
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', column_types => '{"id": "bigint", "ID": "text"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', options => '{"rename": {"id": "a", "ID": "b"}}');

-- In a read-only transaction files can be looked at, and nothing loaded.
BEGIN READ ONLY;
SELECT count(*) FROM source_columns(:'f', 'plain');
SELECT pg_current_xact_id_if_assigned() IS NULL AS no_xid;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x');
ROLLBACK;
BEGIN READ ONLY;
SELECT * FROM migrate_database(:'f');
ROLLBACK;

-- The limit for temporary files holds for the reader.
SET temp_file_limit = '1MB';
SET migrator.reader_memory = '64MB';
\set VERBOSITY terse
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x', filter => 'id IN (SELECT a.id FROM (SELECT id, repeat(v, 1000) AS r, random() AS o FROM plain, range(3000)) a ORDER BY o, r LIMIT 200000)');
\set VERBOSITY default
RESET temp_file_limit;
RESET migrator.reader_memory;
SET migrator.temp_directory = 'relative';
SELECT :result FROM migrate_table(:'f', 'plain', target => 'x');
RESET migrator.temp_directory;
