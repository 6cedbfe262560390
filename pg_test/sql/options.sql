-- Every argument, option and setting with values that are good and bad.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
SET client_min_messages = warning;
\set result 'rows_read, rows_loaded, rows_rejected, method, warnings'

-- options
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"nul_bytes": "x"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"nul_bytes": 5}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"nul_bytes": "replace"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"struct": "row"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"method": "copy"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"strict": "yes"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"analyze": 1}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"rename": ["id"]}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"rename": {"nosuch": "x"}}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"rename": {"id": ""}}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"rename": {"id": "v"}}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"rename": {"id": "ctid"}}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '{"Method": "auto"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', options => '"strip"');
SELECT to_regclass('o');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'good',
    options => '{"nul_bytes": "replace:", "struct": "columns", "method": "insert", "strict": true, "analyze": false, "rename": {"id": "v", "v": "id"}}');
SELECT v, id FROM good ORDER BY v LIMIT 1;
SELECT reltuples FROM pg_class WHERE oid = 'good'::regclass;

-- mode, on_lossy, on_error, reject_limit
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', mode => 'CREATE');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', mode => 'append');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', on_lossy => 'yes');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', on_error => 'ignore');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', reject_limit => -1);
SELECT :result FROM migrate_table(:'f', 'dated', target => 'o', reject_limit => 100);
SELECT :result FROM migrate_table(:'f', 'dated', target => 'o', on_error => 'reject', reject_limit => 9);
SELECT :result FROM migrate_table(:'f', 'dated', target => 'ten', on_error => 'reject', reject_limit => 10);
SELECT :result FROM migrate_table(:'f', 'dated', target => 'six', on_error => 'reject', filter => 'id < 60', reject_limit => 6);
SELECT :result FROM migrate_table(:'f', 'dated', target => 'all_bad', on_error => 'reject', filter => 'id % 10 = 3');
SELECT count(*), min(id), max(id) FROM ten;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'narrow', column_types => '{"id": "numeric(1)"}', on_error => 'reject', filter => 'id < 20');
SELECT max(id) FROM narrow;
SELECT r.source_table, count(*), min(row_number), max(row_number), min(column_name), min(sqlstate) FROM migrator.rejects r
 WHERE run_id IN (SELECT run_id FROM migrator.runs WHERE source LIKE '%strange%') GROUP BY run_id, 1 ORDER BY run_id;

-- columns and column_types
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', columns => '{nosuch,neither}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', columns => '{id,ID}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '[]');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"id": 5}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"nosuch": "text"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"id": "nosuch"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"id": "integer[]"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"id": "integer); DROP TABLE good"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"id": "setof integer"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"id": "oid"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', column_types => '{"v": "record"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'no_columns', columns => '{}');
SELECT count(*) FROM no_columns;

-- filter
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'nosuch > 3');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'id < 5;');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'id < 5 /* not closed');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'count(*) > 1');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'row_number() OVER () < 5');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'true ORDER BY id');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'id < 5 UNION SELECT 1, ''x''');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'v');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'id = $1');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o', filter => 'error(''my words'')');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'commented', filter => 'id < 5 -- the first five');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'none', filter => 'NULL');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'largest', filter => 'id = (SELECT max(id) FROM plain)');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'long', filter => 'id IN (' || (SELECT string_agg(g::text, ',') FROM generate_series(1, 50000) g) || ')');

-- Names
SELECT :result FROM migrate_table(:'f', '', target => 'o');
SELECT :result FROM migrate_table(:'f', 'a.b.c', target => 'o');
SELECT :result FROM migrate_table(:'f', 'nosuch', target => 'o');
SELECT :result FROM migrate_table(:'f', 'plain', target => '');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'a.b.c');
SELECT :result FROM migrate_table(:'f', 'plain', target => '"open');
SELECT :result FROM migrate_table(:'f', 'system_names');
SELECT :result FROM migrate_table(:'f', 'system_names', options => '{"rename": {"ctid": "c", "xmin": "x", "tableoid": "t"}}');
SELECT * FROM system_names;
SELECT :result FROM migrate_table(:'f', 'too_long');
SELECT :result FROM migrate_table(:'f', '"sel""ect
x"');
SELECT * FROM "sel""ect
x";
SELECT :result FROM migrate_table(:'f', 'labels');
SELECT :result FROM migrate_table(:'f', 'labels', column_types => '{"l": "text"}');
SELECT e, e IS NULL AS e_is_null, l FROM labels ORDER BY e;
SELECT :result FROM migrate_table(:'f', 'PLAIN', target => 'Folded');
SELECT count(*) FROM folded;

-- Settings
\set VERBOSITY sqlstate
SET migrator.reader_memory = '1MB';
SET migrator.reader_memory = 'much';
SET migrator.slot_memory = '1MB';
SET migrator.slot_memory = '2GB';
SET migrator.reader_threads = 65;
SET migrator.progress_interval = '-1s';
SET migrator.no_such = 1;
\set VERBOSITY default
SET migrator.reader_memory = '64MB';
SET migrator.slot_memory = '2500kB';
SET migrator.reader_threads = 64;
SET migrator.progress_interval = 0;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'small_settings');
SET migrator.temp_directory = '/nonexistent/folder';
\set VERBOSITY sqlstate
SELECT :result FROM migrate_table(:'f', 'plain', target => 'o');
RESET migrator.temp_directory;
\set VERBOSITY default
SELECT to_regclass('o');
DROP TABLE IF EXISTS good, ten, six, all_bad, narrow, no_columns, commented, none, largest, long, system_names, labels, folded, small_settings;
