-- How rows are written: the method that is taken, the one that is asked for, and why not.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set traps :data '/traps.duckdb'
SET client_min_messages = warning;
\set result 'target_table, rows_loaded, method, warnings'
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE EXTENSION IF NOT EXISTS pg_visibility;

-- A new table gets pages; each other method can be asked for, with the same rows.
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'by_default');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'by_pages', options => '{"method": "pages"}');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'by_multi_insert', options => '{"method": "multi_insert"}');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'by_insert', options => '{"method": "insert"}');
SELECT (SELECT array_agg(t ORDER BY ctid) FROM by_pages t) = (SELECT array_agg(t::text::by_pages ORDER BY ctid) FROM by_multi_insert t) AS multi_insert,
       (SELECT array_agg(t ORDER BY ctid) FROM by_pages t) = (SELECT array_agg(t::text::by_pages ORDER BY ctid) FROM by_insert t) AS insert;

-- Its pages are frozen and visible to all, its size is known.
SELECT * FROM verify_heapam('by_pages');
SELECT * FROM pg_visibility_map_summary('by_pages');
SELECT * FROM pg_check_visible('by_pages');
SELECT * FROM pg_check_frozen('by_pages');
SELECT relpages, reltuples, relallvisible FROM pg_class WHERE relname = 'by_pages';
SELECT count(*) FROM migrate_table(:'traps', 'twice', target => 'unanalyzed', options => '{"analyze": false}');
SELECT relpages, reltuples, relallvisible FROM pg_class WHERE relname = 'unanalyzed';

-- What was emptied gets pages, and its indexes are built after them.
CREATE TABLE emptied (id integer, v integer);
INSERT INTO emptied SELECT n, n FROM generate_series(1, 1000) n;
CREATE INDEX emptied_v ON emptied (v);
CREATE UNIQUE INDEX emptied_half ON emptied ((id + v)) WHERE v < 2;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'emptied', mode => 'truncate');
SELECT bt_index_check('emptied_v', true), bt_index_check('emptied_half', true);
TRUNCATE emptied;
CREATE UNIQUE INDEX emptied_once ON emptied (id);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'emptied', mode => 'truncate');
SELECT count(*) FROM emptied;

-- A table of this transaction that is still empty may be appended to by pages.
BEGIN;
CREATE TABLE of_this_transaction (id integer, v integer);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'of_this_transaction', mode => 'append');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'of_this_transaction', mode => 'append');
SAVEPOINT s;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'of_this_transaction', mode => 'truncate');
ROLLBACK TO s;
SELECT count(*) FROM of_this_transaction;
COMMIT;
SELECT count(*) FROM of_this_transaction;

-- In a subtransaction, only what belongs to it.
BEGIN;
CREATE TABLE outer_one (id integer, v integer);
SAVEPOINT s;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'outer_one', mode => 'append');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'inner_one');
ROLLBACK TO s;
SELECT count(*) FROM outer_one;
SELECT to_regclass('inner_one');
ROLLBACK;

-- What stands against pages is told all at once.
CREATE TABLE full_one (id integer, v integer);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'full_one', mode => 'append', options => '{"method": "pages"}');
CREATE TABLE checked_one (id integer, v integer CHECK (v < 100));
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'checked_one', mode => 'truncate', options => '{"method": "pages"}');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'checked_one', mode => 'truncate');
CREATE TABLE parted (id integer, v integer) PARTITION BY RANGE (v);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'parted', mode => 'append', options => '{"method": "pages"}');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'pg_temp.temporary', options => '{"method": "pages"}');
SELECT rows_loaded, method FROM migrate_table(:'traps', 'twice', target => 'pg_temp.temporary');
SET migrator.direct_pages = off;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'not_direct');
DROP TABLE not_direct;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'not_direct', options => '{"method": "pages"}');
CREATE ROLE cautious;
SET ROLE cautious;
SET migrator.direct_pages = on;
RESET ROLE;
RESET migrator.direct_pages;
DROP ROLE cautious;

-- An unlogged table, with room on its pages.
CREATE UNLOGGED TABLE roomy (id integer, v integer) WITH (fillfactor = 10);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'roomy', mode => 'truncate');
SELECT * FROM verify_heapam('roomy');

-- Nothing is a table, too.
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'nothing', filter => 'false');
SELECT pg_relation_size('nothing'), relpages, reltuples FROM pg_class WHERE relname = 'nothing';

-- Values out of line: as large as the server would have made them.
SET migrator.reader_threads = 3;
SELECT :result FROM migrate_table(:'traps', 'large', target => 'large_by_pages');
SELECT :result FROM migrate_table(:'traps', 'large', target => 'large_by_insert', options => '{"method": "insert"}');
SELECT p.id, length(p.t), p.t = i.t AS equal, pg_column_size(p.t) = pg_column_size(i.t) AS same_size
  FROM large_by_pages p JOIN large_by_insert i USING (id) ORDER BY id;
SELECT * FROM verify_heapam('large_by_pages', check_toast => true);
SELECT bt_index_check(indexrelid, true) FROM pg_index
 WHERE indrelid = (SELECT reltoastrelid FROM pg_class WHERE relname = 'large_by_pages');
RESET migrator.reader_threads;

-- wal_compression is for who may set it, and only for the load.
SHOW wal_compression;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'compressed', options => '{"wal_compression": "pglz", "keep_order": false}');
SHOW wal_compression;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'compressed_more', options => '{"wal_compression": "best"}');
CREATE ROLE modest;
GRANT pg_read_server_files TO modest;
CREATE SCHEMA modest AUTHORIZATION modest;
SET ROLE modest;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'modest.t', options => '{"wal_compression": "pglz"}');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'modest.t');
RESET ROLE;
DROP SCHEMA modest CASCADE;
DROP ROLE modest;

-- The whole file at once, also where each table has a subtransaction of its own.
CREATE SCHEMA whole;
SELECT count(*) > 0 AS some FROM migrate_database(:'traps', schemas => '{"main": "whole"}', options => '{"keep_going": true}') WHERE kind = 'data' AND verdict = 'done';
SELECT count(*) AS not_frozen FROM pg_class c, pg_check_frozen(c.oid) WHERE relnamespace = 'whole'::regnamespace AND relkind = 'r';
SELECT count(*) AS tables, count(*) FILTER (WHERE s.all_frozen = pg_relation_size(c.oid) / 8192) AS frozen
  FROM pg_class c, pg_visibility_map_summary(c.oid) s WHERE relnamespace = 'whole'::regnamespace AND relkind = 'r';
DROP SCHEMA whole CASCADE;
