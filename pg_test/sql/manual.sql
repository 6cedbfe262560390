-- Views and macros in PostgreSQL's words, and what cannot be said in them.
\getenv data MIGRATOR_TEST_DATA
\set f :data '/manual.duckdb'
\set zoned :data '/zoned.duckdb'
SET client_min_messages = warning;
CREATE SCHEMA words;
SET search_path = words, public;
SET DateStyle = ISO;
\pset format unaligned
SELECT kind, source_name, target_name, verdict, sql, note FROM migrate_database(:'f')
 WHERE kind NOT IN ('data', 'table', 'schema') ORDER BY step;
\pset format aligned
-- A nested schema is flat here.
SELECT * FROM outer_one_inner_one.leaf;
SELECT * FROM outer_one_inner_one.leaves;
-- What is not here is told where it should be.
\d+ odd
SELECT obj_description('odd'::regclass);
SELECT u FROM a_last;
SELECT * FROM named ORDER BY a;
SELECT * FROM chosen;
SELECT * FROM json_text;
-- The functions.
SELECT proname, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, provolatile, proparallel
  FROM pg_proc WHERE pronamespace IN ('words'::regnamespace, 'outer_one'::regnamespace) ORDER BY 1, 2;
SELECT add_up(1, 2), add_up(1, 2.5), add_up(1.0::float8, 2), add_up('2020-02-28'::date, 2), over(3), over(2.5), label(1), label(b => 'x', a => 2), outer_one.shout('a');
SELECT net(121), net(121, 0.1), net(121::float8);
SELECT * FROM of_id(1);
-- A helper function is made once, and taken again; one of another kind is in the way.
CREATE SCHEMA again;
SELECT kind, source_name, verdict, note FROM migrate_database(:'f', schemas => '{"main": "again"}', include => '{main.docs,main.json_text}') WHERE kind IN ('view', 'macro');
DROP TABLE again.docs CASCADE;
SELECT kind, source_name, verdict, note FROM migrate_database(:'f', schemas => '{"main": "again"}', include => '{main.docs,main.json_text}') WHERE kind IN ('view', 'macro');
DROP TABLE again.docs CASCADE;
COMMENT ON FUNCTION again.duckdb_json_text(jsonb) IS 'mine';
SELECT kind, source_name, verdict, note FROM migrate_database(:'f', schemas => '{"main": "again"}', include => '{main.docs,main.json_text}') WHERE kind IN ('view', 'macro');
DROP TABLE again.docs CASCADE;
-- A function of a macro's name is in the way, too.
SELECT count(*) FROM migrate_database(:'f', schemas => '{"main": "again"}', include => '{main.plain,main.over}');
DROP TABLE again.plain CASCADE;
SELECT count(*) FROM migrate_database(:'f', schemas => '{"main": "again"}', include => '{main.plain,main.over}');
SELECT kind, source_name, verdict, note FROM migrate_database(:'f', schemas => '{"main": "again"}', include => '{main.plain,main.over}', options => '{"keep_going": true}') WHERE kind = 'macro';
-- Views that this DuckDB cannot read, for want of its ICU extension.
CREATE SCHEMA zoned;
SELECT kind, source_name, verdict, sql, note FROM migrate_database(:'zoned', schemas => '{"main": "zoned"}') WHERE kind = 'view';
SET TimeZone = 'UTC';
SELECT * FROM zoned.in_utc;
SELECT * FROM zoned.of_them;
-- Strict: what PostgreSQL cannot say ends the run.
CREATE SCHEMA strict;
SELECT count(*) FROM migrate_database(:'f', schemas => '{"main": "strict", "outer_one": "strict", "outer_one.inner_one": "strict"}', options => '{"strict": true}');
-- Somebody else's function is not taken for a helper, whatever it calls itself.
CREATE ROLE words_other;
CREATE SCHEMA others;
GRANT ALL ON SCHEMA others TO words_other;
SET ROLE words_other;
CREATE FUNCTION others.duckdb_json_text(jsonb) RETURNS text LANGUAGE sql RETURN 'evil';
COMMENT ON FUNCTION others.duckdb_json_text(jsonb) IS 'The text of a part of a JSON document, as DuckDB''s ->> yields it (made by migrator)';
RESET ROLE;
SELECT kind, verdict, note FROM migrate_database(:'f', schemas => '{"main": "others"}', include => '{main.docs,main.json_text}') WHERE kind = 'view';
DROP SCHEMA others CASCADE;
DROP ROLE words_other;
