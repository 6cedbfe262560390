-- Targets of every kind, and the method that each gets.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set traps :data '/traps.duckdb'
SET client_min_messages = warning;
\set result 'target_table, rows_loaded, method, warnings'

-- Keys and generated columns come over.
SELECT :result FROM migrate_table(:'traps', 'child');
SELECT :result FROM migrate_table(:'traps', 'parent');
DROP TABLE child;
SELECT :result FROM migrate_table(:'traps', 'child');
\d child
SELECT * FROM child ORDER BY id;

-- A key that the data contradicts.
SELECT :result FROM migrate_table(:'traps', 'twice');
CREATE TABLE keyed (id integer PRIMARY KEY, v integer CHECK (v < 100));
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'keyed', mode => 'append');
SELECT count(*) FROM keyed;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'keyed', mode => 'append', filter => 'v IN (1, 3, 6)');
ALTER TABLE keyed DROP CONSTRAINT keyed_v_check, ADD CHECK (v < 5) NOT VALID;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'keyed', mode => 'truncate', filter => 'v IN (1, 3, 6)');
SET enable_seqscan = off;
SELECT * FROM keyed WHERE id = 2;
RESET enable_seqscan;

-- A partitioned table, a trigger, a view, row-level security, a column with a default.
CREATE TABLE parts (id integer, v integer) PARTITION BY RANGE (v);
CREATE TABLE parts_low PARTITION OF parts FOR VALUES FROM (0) TO (4);
CREATE TABLE parts_high PARTITION OF parts FOR VALUES FROM (4) TO (100);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'parts', mode => 'append');
SELECT tableoid::regclass, count(*) FROM parts GROUP BY 1 ORDER BY 1;
CREATE TABLE triggered (id integer, v integer, seen boolean DEFAULT false);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.seen := true; RETURN NEW; END';
CREATE TRIGGER see BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION see();
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'triggered', mode => 'append');
SELECT count(*) FILTER (WHERE seen) FROM triggered;
CREATE VIEW through AS SELECT id, v FROM triggered;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'through', mode => 'append');
SELECT count(*) FROM triggered;
CREATE TABLE defaulted (a integer GENERATED ALWAYS AS IDENTITY, v integer, id integer, d text DEFAULT 'd');
ALTER TABLE defaulted DROP COLUMN d, ADD COLUMN e text DEFAULT 'e';
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'defaulted', mode => 'append');
SELECT * FROM defaulted ORDER BY v LIMIT 2;
CREATE TABLE plain_target (v bigint, "ID" integer, extra text);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'plain_target', mode => 'append');
SELECT * FROM plain_target ORDER BY v LIMIT 2;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'parts', mode => 'append', options => '{"method": "multi_insert"}');
\set VERBOSITY sqlstate
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'pg_class_oid_index', mode => 'append');
\set VERBOSITY default

-- What does not fit is told all at once.
CREATE TABLE misfit (id uuid, w integer);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'misfit', mode => 'append');

-- Row-level security applies to whom it applies.
CREATE ROLE limited;
GRANT pg_read_server_files TO limited;
CREATE TABLE secured (id integer, v integer);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY small ON secured USING (true) WITH CHECK (v < 4);
GRANT INSERT, SELECT ON secured TO limited;
SET ROLE limited;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'secured', mode => 'append');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'secured', mode => 'append', filter => 'v < 4');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'keyed', mode => 'append');
RESET ROLE;
DROP TABLE secured;
REVOKE pg_read_server_files FROM limited;
DROP ROLE limited;

-- Embeddings, with pgvector and without.
SELECT :result FROM migrate_table(:'traps', 'embeddings', target => 'without');
SELECT * FROM without ORDER BY id;
CREATE EXTENSION vector;
SELECT column_name, postgres_type, fidelity, note FROM source_columns(:'traps', 'embeddings');
SELECT :result FROM migrate_table(:'traps', 'embeddings');
SELECT * FROM embeddings ORDER BY id;
SELECT id, e <-> '[1,1,1]' < 4 AS near FROM embeddings ORDER BY id;
DROP TABLE embeddings;
DROP EXTENSION vector;

-- The extension goes and comes.
DROP EXTENSION migrator;
DROP SCHEMA IF EXISTS migrator;
CREATE EXTENSION migrator;
SELECT count(*) FROM migrator.runs;
