-- Lists and bits as pgvector's types and as bit(n): how long they are, what is refused, what is scaled.
\getenv data MIGRATOR_TEST_DATA
\set f :data '/vector_types.duckdb'
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
\pset null '-'
CREATE SCHEMA kinds;
SET search_path = kinds, public;
CREATE EXTENSION vector;
CREATE FUNCTION types(t regclass) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = t AND attnum > 1 AND NOT attisdropped $$;
CREATE FUNCTION rejects() RETURNS TABLE (line text) LANGUAGE sql AS $$
    SELECT concat_ws(' ', row_number, column_name, sqlstate, reason) FROM migrator.rejects
     WHERE run_id = (SELECT max(run_id) FROM migrator.runs) ORDER BY row_number $$;
\set result 'rows_loaded, rows_rejected, method, warnings'

-- The number of dimensions that all have is the type's.
SELECT :result FROM migrate_table(:'f', 'good', column_types => '{"f": "vector", "l": "vector", "d": "halfvec", "t": "vector", "u": "halfvec", "b": "bit", "digits": "BIT", "flags": "bit"}');
SELECT types('good');
SELECT * FROM good ORDER BY id;
SELECT :result FROM migrate_table(:'f', 'good', target => 'sparse', columns => '{id,f,l,d,t}', column_types => '{"f": "sparsevec", "l": "sparsevec(4)", "d": "sparsevec", "t": "sparsevec"}');
SELECT types('sparse');
SELECT * FROM sparse ORDER BY id;
-- Only of the rows that are wanted.
SELECT :result FROM migrate_table(:'f', 'mixed', target => 'two', filter => 'id = 2 -- these', column_types => '{"l": "vector", "b": "bit", "digits": "bit"}');
SELECT types('two');
SELECT :result FROM migrate_table(:'f', 'nothing', column_types => '{"l": "sparsevec", "b": "bit"}');
SELECT types('nothing');
-- Vectors that differ have a type without one, bits that differ none.
SELECT :result FROM migrate_table(:'f', 'mixed', columns => '{id,l}', column_types => '{"l": "halfvec"}');
SELECT types('mixed');
SELECT id, l FROM mixed ORDER BY id;
SELECT kind, verdict, note FROM migrate_preview(:'f', schemas => '{"main": "planned"}', include => '{mixed}', options => '{"tables": {"main.mixed": {"column_types": {"l": "vector"}}}}') WHERE kind = 'table';
SELECT kind, verdict, rows, note FROM migrate_database(:'f', schemas => '{"main": "planned"}', include => '{mixed}', options => '{"tables": {"main.mixed": {"column_types": {"l": "vector"}}}}') WHERE kind IN ('table', 'data');
DROP SCHEMA planned CASCADE;
SELECT :result FROM migrate_table(:'f', 'mixed', target => 'no', columns => '{id,b}', column_types => '{"b": "bit"}');
SELECT :result FROM migrate_table(:'f', 'mixed', target => 'no', columns => '{id,digits}', column_types => '{"digits": "bit"}');
SELECT :result FROM migrate_table(:'f', 'mixed', target => 'varying', columns => '{id,b,digits}', column_types => '{"b": "bit varying", "digits": "bit varying(3)"}');
SELECT * FROM varying ORDER BY id;
-- The same in an array, each of its own length.
SELECT :result FROM migrate_table(:'f', 'bit_lists', column_types => '{"b": "bit[]"}');
SELECT types('bit_lists');
SELECT * FROM bit_lists ORDER BY id;

-- What is no vector and what is no bit.
SELECT :result FROM migrate_table(:'f', 'odd', target => 'no', columns => '{id,e}', column_types => '{"e": "sparsevec(3)"}');
SELECT :result FROM migrate_table(:'f', 'odd', on_error => 'reject', column_types => '{"e": "sparsevec(3)", "digits": "bit(2)", "b": "bit(2)"}');
SELECT rejects();
SELECT * FROM odd;
SELECT :result FROM migrate_table(:'f', 'good', target => 'no', column_types => '{"b": "vector"}');
SELECT :result FROM migrate_table(:'f', 'good', target => 'no', column_types => '{"l": "bit"}');
-- Sparse vectors have no zeros, and so no sign of one.
SELECT :result FROM migrate_table(:'f', 'zeros', target => 'no', columns => '{id,z}', column_types => '{"z": "sparsevec"}');
SELECT :result FROM migrate_table(:'f', 'zeros', on_lossy => 'accept', column_types => '{"z": "sparsevec", "d": "vector"}');
SELECT * FROM zeros ORDER BY id;

-- Existing columns keep their types.
CREATE TABLE kept (id integer, l vector, b bit(3), digits "bit");
SELECT :result FROM migrate_table(:'f', 'mixed', target => 'kept', mode => 'append', on_error => 'reject');
SELECT rejects();
SELECT types('kept');
SELECT * FROM kept ORDER BY id;
-- A repair does not cut what does not fit.
SELECT status, expected, actual FROM validate_table(:'f', 'mixed', target => 'kept', key => '{id}', checks => '{row_count_match}', options => '{"run": 0}');
SELECT op, rows, sql LIKE '%''1011''::pg_catalog."bit"%' AS has_bits FROM validate_repair((SELECT max(run_id) FROM migrator.validations));
\set SHOW_CONTEXT never
SELECT rows FROM validate_repair((SELECT max(run_id) FROM migrator.validations), dry_run => false);
\set SHOW_CONTEXT errors

-- Vectors of length 1.
SELECT :result FROM migrate_table(:'f', 'good', target => 'unit', columns => '{id,f,l,d}', on_error => 'reject', column_types => '{"l": "sparsevec", "d": "halfvec"}', options => '{"normalize": ["f", "L", "d"]}');
SELECT rejects();
SELECT types('unit');
SELECT * FROM unit ORDER BY id;
SELECT :result FROM migrate_table(:'f', 'good', target => 'no', options => '{"normalize": ["b"]}');
SELECT :result FROM migrate_table(:'f', 'good', target => 'no', options => '{"normalize": ["x"]}');
SELECT :result FROM migrate_table(:'f', 'good', target => 'no', options => '{"normalize": ["f", "F"]}');
SELECT :result FROM migrate_table(:'f', 'good', target => 'no', options => '{"normalize": true}');
SELECT kind FROM migrate_database(:'f', options => '{"normalize": ["f"]}');
SELECT kind FROM migrate_database(:'f', options => '{"rename": {"f": "g"}}');
SELECT to_regclass('no');

-- All of it is what it should be, until it is not.
\set bad 'status IN (''fail'', ''error'') ORDER BY check_name, column_name'
SELECT t.name, count(*) > 0 AS checked, count(*) FILTER (WHERE v.status IN ('fail', 'error')) AS bad
  FROM (VALUES ('good', 'good'), ('sparse', 'good'), ('mixed', 'mixed'), ('zeros', 'zeros'), ('unit', 'good')) t (name, source), LATERAL validate_table(:'f', t.source, target => t.name, level => 'paranoid') v GROUP BY 1 ORDER BY 1;
SELECT status, note ~ 'column "f": 1 values lost their length' AS told FROM validate_table(:'f', 'good', target => 'unit', level => 'full') WHERE check_name = 'consented_loss';
-- What the load has said of other columns does not count; what is no vector is not compared with a scaled one.
SELECT column_name, status FROM validate_table(:'f', 'good', target => 'unit', checks => '{column_checksum}', options => '{"columns": ["id", "F"]}') ORDER BY 1;
CREATE TABLE lists AS SELECT id, l::real[] AS l FROM good;
SELECT column_name, status, note FROM validate_table(:'f', 'good', target => 'lists', checks => '{column_checksum}', options => '{"columns": ["id", "l"], "normalize": ["l"]}') ORDER BY 1;
UPDATE unit SET f = '[3,0,-4]' WHERE id = 1;
SELECT check_name, column_name FROM validate_table(:'f', 'good', target => 'unit', checks => '{column_checksum}') WHERE :bad;
SELECT key_values, column_name, source_value, target_value FROM validate_diff(:'f', 'good', target => 'unit', key => '{id}');
UPDATE sparse SET l = '{1:1,4:2}/4' WHERE id = 1;
UPDATE good SET b = B'10111', digits = B'100' WHERE id = 1;
SELECT column_name, source_value, target_value FROM validate_diff(:'f', 'good', target => 'sparse', key => '{id}');
SELECT column_name, source_value, target_value FROM validate_diff(:'f', 'good', key => '{id}') ORDER BY 1;

-- The checks of embeddings know sparse ones.
CREATE TABLE loose (id integer, s sparsevec);
INSERT INTO loose VALUES (1, '{1:1}/3'), (2, '{}/3'), (3, '{2:5}/4');
SELECT check_name, column_name, status, expected, unexpected_count FROM validate_integrity('loose'::regclass) WHERE category = 'vector' ORDER BY 1;
SELECT am FROM vector_advice('sparse', 'l', 'l2', p95_ms => 0);
CREATE TABLE full_ones AS SELECT i AS id, array_fill(i::real, ARRAY[1001])::vector::sparsevec AS s FROM generate_series(1, 3) i;
SELECT am, rationale FROM vector_advice('full_ones', 's', 'l2', p95_ms => 0);
-- They are read as they are loaded.
SELECT * FROM read_table(:'f', 'good', columns => '{id,l,t,digits,b}') AS t (id integer, l sparsevec(4), t halfvec(2), digits bit(3), b bit(5)) ORDER BY id;
CREATE SERVER vector_types FOREIGN DATA WRAPPER migrator OPTIONS (path :'f');
CREATE FOREIGN TABLE far (id integer, l sparsevec, digits bit(3), b bit(5)) SERVER vector_types OPTIONS (table_name 'good');
SELECT id, l, digits, b FROM far WHERE l IS NOT NULL AND b = B'10110';
DROP SERVER vector_types CASCADE;
DROP SCHEMA kinds CASCADE;
