-- Files that are damaged, locked, or something else.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
SET client_min_messages = warning;
\set encrypted :data '/encrypted.duckdb'
\set newer :data '/newer.duckdb'
\set ancient :data '/ancient.duckdb'
\set damaged :data '/damaged.duckdb'
\set header :data '/header.duckdb'
\set forbidden :data '/forbidden.duckdb'
\set link :data '/link.duckdb'
\set fifo :data '/fifo.duckdb'
\set parquet :data '/parquet.duckdb'
\set wal :data '/wal.duckdb'
\set torn :data '/torn.duckdb'
\set no_wal :data '/no_wal.duckdb'
\set locked :data '/locked.duckdb'
SELECT encrypted, has_wal, tables FROM source_info(:'encrypted');
SELECT * FROM source_tables(:'encrypted');
SELECT * FROM source_info(:'newer');
SELECT * FROM source_info(:'ancient');
SELECT * FROM source_tables(:'forbidden');
SELECT * FROM source_tables(:'fifo');
SELECT * FROM source_tables(:'parquet');
SELECT count(*) FROM source_tables(:'link');
\set VERBOSITY terse
SELECT * FROM source_tables(:'header');
SELECT rows_loaded FROM migrate_table(:'damaged', 'values_of_all');
SELECT to_regclass('values_of_all');

-- A write-ahead log is read, and left as it is. One that is cut off ends with its last commit.
SELECT has_wal, tables FROM source_info(:'wal');
SELECT rows_loaded FROM migrate_table(:'wal', 'a', target => 'with_wal');
SELECT rows_loaded FROM migrate_table(:'wal', 'only_in_wal');
SELECT has_wal, tables FROM source_info(:'wal');
SELECT rows_loaded FROM migrate_table(:'torn', 'a', target => 'torn');
SELECT has_wal, tables FROM source_info(:'no_wal');
SELECT rows_loaded FROM migrate_table(:'no_wal', 'a', target => 'no_wal');

-- Another process writes to it.
\! echo 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3;' | "$MIGRATOR_TEST_DATA/../release/examples/duck" "$MIGRATOR_TEST_DATA/locked.duckdb" & echo $! >"$MIGRATOR_TEST_DATA/locked.pid"; sleep 1
SELECT * FROM source_tables(:'locked');
SELECT tables FROM source_info(:'locked');
SELECT rows_loaded FROM migrate_table(:'locked', 'plain');
\! kill "$(cat "$MIGRATOR_TEST_DATA/locked.pid")"; sleep 0.2
SELECT rows_loaded FROM migrate_table(:'locked', 'plain');
DROP TABLE with_wal, only_in_wal, torn, no_wal, plain;
