-- IMPORT FOREIGN SCHEMA, and foreign tables without columns.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set objects :data '/objects.duckdb'
\set traps :data '/traps.duckdb'
\set strange :data '/strange.duckdb'
\set manual :data '/manual.duckdb'
\set imports :data '/imports.duckdb'
SET client_min_messages = warning;
CREATE SERVER import_objects FOREIGN DATA WRAPPER migrator OPTIONS (path :'objects');
CREATE SERVER import_traps FOREIGN DATA WRAPPER migrator OPTIONS (path :'traps');
CREATE SERVER import_strange FOREIGN DATA WRAPPER migrator OPTIONS (path :'strange');
CREATE SERVER import_manual FOREIGN DATA WRAPPER migrator OPTIONS (path :'manual');
CREATE SERVER import_imports FOREIGN DATA WRAPPER migrator OPTIONS (path :'imports');
CREATE VIEW imported AS
    SELECT c.relnamespace::regnamespace AS schema, c.relname AS name, array_to_string(t.ftoptions, ' ') AS options, obj_description(c.oid, 'pg_class') AS comment
      FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid;
CREATE VIEW imported_columns AS
    SELECT c.relname AS name, a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
           array_to_string(a.attfdwoptions, ' ') AS options, col_description(c.oid, a.attnum) AS comment, a.attnum
      FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0;

-- Everything of a schema: tables and views, NOT NULL, comments, enum types, names that are too long.
CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA main FROM SERVER import_objects INTO imp;
SELECT * FROM imported WHERE schema = 'imp'::regnamespace ORDER BY name;
SELECT name, column_name, type, not_null, options, comment FROM imported_columns ORDER BY name, attnum;
SELECT typname, array_agg(enumlabel ORDER BY enumsortorder) FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid WHERE typnamespace = 'imp'::regnamespace GROUP BY 1;
SELECT count(*) FROM imp.plain;
SELECT * FROM imp.moods;
SELECT * FROM imp."order";
SELECT * FROM imp.plain_view WHERE id > 7;
-- A name that is taken is the server's own error, and undoes all of it.
IMPORT FOREIGN SCHEMA main FROM SERVER import_objects INTO imp;
DROP SCHEMA imp CASCADE;

-- LIMIT TO and EXCEPT; the case of a name is DuckDB's business.
CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA "Main" LIMIT TO ("PLAIN", keyed, "A name that is not there") FROM SERVER import_objects INTO imp;
IMPORT FOREIGN SCHEMA "Main" LIMIT TO ("PLAIN", keyed, plain) FROM SERVER import_objects INTO imp;
IMPORT FOREIGN SCHEMA audit EXCEPT (pairs) FROM SERVER import_objects INTO imp OPTIONS (import_not_null 'false', import_comments 'off');
SELECT name, options, comment FROM imported ORDER BY name;
IMPORT FOREIGN SCHEMA audit EXCEPT (pairs, uses_pairs) FROM SERVER import_objects INTO imp;
IMPORT FOREIGN SCHEMA audit EXCEPT (nothing, none) FROM SERVER import_objects INTO imp;
IMPORT FOREIGN SCHEMA public FROM SERVER import_objects INTO imp;
IMPORT FOREIGN SCHEMA empty_one FROM SERVER import_objects INTO imp;
IMPORT FOREIGN SCHEMA main FROM SERVER import_objects INTO nowhere;
IMPORT FOREIGN SCHEMA main FROM SERVER import_nowhere INTO imp;
DROP SCHEMA imp CASCADE;

-- Options.
CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA main LIMIT TO (plain, keyed) FROM SERVER import_objects INTO imp OPTIONS (import_not_null 'false', import_comments 'off');
SELECT name, column_name, not_null, comment FROM imported_columns ORDER BY name, attnum;
IMPORT FOREIGN SCHEMA main FROM SERVER import_objects INTO imp OPTIONS (import_collate 'true');
IMPORT FOREIGN SCHEMA main FROM SERVER import_objects INTO imp OPTIONS (import_comments 'perhaps');
IMPORT FOREIGN SCHEMA main FROM SERVER import_objects INTO imp OPTIONS (on_lossy 'ignore');
DROP SCHEMA imp CASCADE;

-- What would lose something is told of all tables at once.
CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA main LIMIT TO (lossy) FROM SERVER import_traps INTO imp;
IMPORT FOREIGN SCHEMA main FROM SERVER import_traps INTO imp;
IMPORT FOREIGN SCHEMA main LIMIT TO (lossy, ragged) FROM SERVER import_traps INTO imp OPTIONS (on_lossy 'accept');
SELECT name, options FROM imported ORDER BY name;
SELECT * FROM imp.lossy;
SELECT name, column_name, type FROM imported_columns WHERE name = 'ragged' ORDER BY attnum;
DROP FOREIGN TABLE imp.lossy, imp.ragged;
IMPORT FOREIGN SCHEMA main LIMIT TO (lossy, ragged) FROM SERVER import_traps INTO imp OPTIONS (look_at_data 'false');
SELECT name, column_name, type FROM imported_columns ORDER BY name, attnum;
SELECT * FROM imp.lossy;
DROP SCHEMA imp CASCADE;

-- Strange names; labels that are too long; nested schemas; views that cannot be read.
CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA main EXCEPT (two_losses) FROM SERVER import_strange INTO imp;
SELECT name, options FROM imported WHERE name NOT IN ('plain', 'dated') ORDER BY name;
SELECT name, column_name, type, options FROM imported_columns WHERE name IN ('system_names', 'labels', 'too_long', 'cases') OR name LIKE 'sel%' ORDER BY name, attnum;
SELECT * FROM imp.system_names;
SELECT * FROM imp.too_long;
SELECT * FROM imp.labels;
SELECT * FROM imp.cases;
DROP SCHEMA imp CASCADE;
CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA "outer_one.inner_one" FROM SERVER import_manual INTO imp;
SELECT name, options FROM imported ORDER BY name;
SELECT * FROM imp.leaves;
DROP SCHEMA imp CASCADE;

-- Enum types: one with the same labels serves; a table's name stays the table's.
CREATE SCHEMA imp;
CREATE TYPE imp.mood AS ENUM ('sad', 'ok', 'happy');
IMPORT FOREIGN SCHEMA main LIMIT TO (moods) FROM SERVER import_objects INTO imp;
SELECT column_name, type FROM imported_columns WHERE type LIKE '%mood%' ORDER BY attnum;
DROP FOREIGN TABLE imp.moods;
DROP TYPE imp.mood;
CREATE TYPE imp.mood AS ENUM ('other');
IMPORT FOREIGN SCHEMA main LIMIT TO (moods) FROM SERVER import_objects INTO imp;
SELECT column_name, type FROM imported_columns WHERE type LIKE '%mood%' ORDER BY attnum;
DROP SCHEMA imp CASCADE;

CREATE SCHEMA imp;
IMPORT FOREIGN SCHEMA main FROM SERVER import_imports INTO imp;
IMPORT FOREIGN SCHEMA main EXCEPT (broken) FROM SERVER import_imports INTO imp;
IMPORT FOREIGN SCHEMA main EXCEPT (broken, broken_too) FROM SERVER import_imports INTO imp;
SELECT name, column_name, type FROM imported_columns ORDER BY name, attnum;
SELECT * FROM imp.people;
DROP SCHEMA imp CASCADE;

-- Rights: USAGE on the server, CREATE in the schema.
CREATE SCHEMA imp;
CREATE ROLE import_somebody;
SET ROLE import_somebody;
IMPORT FOREIGN SCHEMA main LIMIT TO (plain) FROM SERVER import_objects INTO imp;
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER import_objects TO import_somebody;
SET ROLE import_somebody;
IMPORT FOREIGN SCHEMA main LIMIT TO (plain) FROM SERVER import_objects INTO imp;
RESET ROLE;
GRANT CREATE, USAGE ON SCHEMA imp TO import_somebody;
SET ROLE import_somebody;
IMPORT FOREIGN SCHEMA main LIMIT TO (plain, moods) FROM SERVER import_objects INTO imp;
SELECT count(*) FROM imp.plain;
RESET ROLE;
SELECT relname, relowner::regrole FROM pg_class WHERE relnamespace = 'imp'::regnamespace ORDER BY 1;
SELECT typname, typowner::regrole FROM pg_type WHERE typnamespace = 'imp'::regnamespace AND typtype = 'e';
DROP SCHEMA imp CASCADE;
REVOKE USAGE ON FOREIGN SERVER import_objects FROM import_somebody;
DROP ROLE import_somebody;

-- What stands in the search path takes nothing over.
CREATE SCHEMA imp;
CREATE TYPE imp.text AS ENUM ('mine');
CREATE TYPE imp.int4 AS ENUM ('mine');
SET search_path = imp, pg_catalog, public;
IMPORT FOREIGN SCHEMA main LIMIT TO (plain) FROM SERVER import_objects INTO imp;
RESET search_path;
SELECT column_name, type FROM imported_columns ORDER BY attnum;
DROP SCHEMA imp CASCADE;

-- A foreign table without columns is refused, with the columns that it needs.
CREATE FOREIGN TABLE plain () SERVER import_objects;
CREATE FOREIGN TABLE other () SERVER import_objects OPTIONS (schema_name 'audit', table_name 'PAIRS');
CREATE FOREIGN TABLE asked () SERVER import_objects OPTIONS (query 'SELECT id, t AS "A text", NULL AS "user" FROM plain');
CREATE FOREIGN TABLE nothing () SERVER import_objects;
CREATE FOREIGN TABLE IF NOT EXISTS wrong () SERVER import_objects OPTIONS (query 'SELECT nothing');
CREATE FOREIGN TABLE checked (CHECK (true)) SERVER import_objects OPTIONS (table_name 'plain');
SELECT count(*) FROM pg_foreign_table;
-- One with columns, a child or a partition is not.
CREATE FOREIGN TABLE plain (id integer, t text) SERVER import_objects;
CREATE FOREIGN TABLE IF NOT EXISTS plain () SERVER import_objects;
CREATE TABLE parent (id integer, t text);
CREATE FOREIGN TABLE child () INHERITS (parent) SERVER import_objects OPTIONS (table_name 'plain');
CREATE TABLE parts (id integer, t text) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (1000) SERVER import_objects OPTIONS (table_name 'plain');
SELECT count(*) FROM plain;
SELECT count(*) FROM parent;
SELECT count(*) FROM parts WHERE id >= 990;
-- Other wrappers' tables are theirs.
CREATE FOREIGN DATA WRAPPER nothing_else;
CREATE SERVER other_server FOREIGN DATA WRAPPER nothing_else;
CREATE FOREIGN TABLE others () SERVER other_server;
DROP FOREIGN DATA WRAPPER nothing_else CASCADE;
SELECT migrator.check_foreign_table();
SELECT evtname, evtevent, evttags, evtenabled, obj_description(oid, 'pg_event_trigger') FROM pg_event_trigger WHERE evtname LIKE 'migrator%';
DROP TABLE parts, parent CASCADE;
DROP VIEW imported, imported_columns;
DROP SERVER import_objects, import_traps, import_strange, import_manual, import_imports CASCADE;
