-- A whole file in one call.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set objects :data '/objects.duckdb'
\set traps :data '/traps.duckdb'
\set shop :data '/shop.duckdb'
SET client_min_messages = warning;
CREATE SCHEMA whole;
SET search_path = whole, public;
\set report 'step, kind, source_name, target_name, verdict, rows, note'

-- What would happen, and nothing made.
SELECT count(*), count(*) FILTER (WHERE run_id IS NULL) AS previews FROM migrate_preview(:'objects');
SELECT count(*) FROM pg_class WHERE relnamespace = 'whole'::regnamespace;
SELECT to_regnamespace('audit'), to_regnamespace('empty_one');
CREATE TEMP TABLE preview AS SELECT * FROM migrate_preview(:'objects');

SELECT :report FROM migrate_database(:'objects');
-- Exactly those statements, the data apart.
SELECT p.step, p.sql, s.sql FROM preview p FULL JOIN
    (SELECT row_number() OVER (ORDER BY step) AS step, sql FROM migrator.steps
      WHERE run_id = (SELECT max(run_id) FROM migrator.runs) AND kind <> 'data') s USING (step)
 WHERE p.sql IS DISTINCT FROM s.sql;
SELECT source_table, target, mode, rows_read, rows_loaded, warnings FROM migrator.runs ORDER BY run_id DESC LIMIT 1;
\d keyed
\d "order"
\d moods
\d audit.uses_pairs
SELECT * FROM keyed ORDER BY code;
SELECT * FROM moods ORDER BY base;
SELECT nextval('plain_seq'), nextval('shared_seq');
SELECT obj_description('plain'::regclass), col_description('plain'::regclass, 2),
       obj_description('indexed_i'::regclass), obj_description('mood'::regtype);
SELECT count(*) FROM pg_stats WHERE schemaname = 'whole' AND tablename = 'plain';

-- Again: all that is in the way, at once.
SELECT :report FROM migrate_database(:'objects');
-- A part of it, elsewhere.
SELECT :report FROM migrate_database(:'objects', schemas => '{"main": "part"}', include => '{main.*tree,zparent,achild}', exclude => '{*.tree}');
SELECT :report FROM migrate_database(:'objects', schemas => '{"main": "part"}', include => '{main.plane}');
SELECT :report FROM migrate_database(:'objects', schemas => '{"mian": "part"}');
SELECT :report FROM migrate_database(:'objects', schemas => '["part"]');
SELECT :report FROM migrate_database(:'objects', options => '{"keep_going": 1}');
SELECT :report FROM migrate_database(:'objects', options => '{"keep_on": true}');
-- Without its data, and undone.
BEGIN;
SELECT count(*) FILTER (WHERE kind = 'data') AS data, count(*) > 40 AS others FROM migrate_database(:'objects', schemas => '{"main": "gone", "audit": "gone", "empty_one": "gone"}', data => false);
SELECT count(*) FROM gone.plain;
ROLLBACK;
SELECT to_regnamespace('gone');
-- Every table that cannot be carried, at once; or what can be carried of the rest.
SELECT :report FROM migrate_database(:'traps', schemas => '{"main": "traps"}');
SELECT :report FROM migrate_database(:'traps', schemas => '{"main": "traps"}', options => '{"keep_going": true}');
SELECT count(*) FROM traps.far;
DROP SCHEMA traps CASCADE;
SELECT :report FROM migrate_database(:'traps', schemas => '{"main": "traps"}', on_lossy => 'accept', on_error => 'reject') WHERE kind IN ('data', 'foreign_key');
SELECT source_table, source_row, column_name, reason FROM migrator.rejects
 WHERE run_id = (SELECT max(run_id) FROM migrator.runs) ORDER BY 1, 2;
SELECT :report FROM migrate_database(:'traps', schemas => '{"main": "limited"}', on_lossy => 'accept', on_error => 'reject', reject_limit => 2);

-- A real one.
SELECT kind, verdict, count(*), sum(rows) AS rows
  FROM migrate_database(:'shop', schemas => '{"main": "shop", "audit": "shop_audit"}') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM shop.orders o JOIN shop.customers c USING (customer_id);

-- One table in its own way.
SELECT kind, source_name, target_name, verdict, rows FROM migrate_database(:'traps', schemas => '{"main": "own"}', include => '{lossy,twice}',
    options => '{"tables": {"main.lossy": {"column_types": {"ns": "text", "js": "json"}, "rename": {"ok": "fine"}, "filter": "id = 1"}}}');
SELECT * FROM own.lossy;
SELECT :report FROM migrate_database(:'traps', options => '{"tables": {"main.nothing": {}}}');
SELECT :report FROM migrate_database(:'traps', options => '{"tables": {"main.lossy": {"colums": []}}}');
