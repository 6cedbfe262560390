-- NULL for every argument.
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
\set SHOW_CONTEXT never
SELECT rows_loaded FROM migrate_table(NULL, 'plain');
SELECT rows_loaded FROM migrate_table(:'f', NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', mode => NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', columns => '{id,NULL}');
SELECT rows_loaded FROM migrate_table(:'f', 'plain', column_types => NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', on_lossy => NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', on_error => NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', constraints => NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', indexes => NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', options => NULL);
SELECT count(*) FROM source_columns(NULL);
SELECT count(*) FROM source_tables(NULL);
SELECT count(*) FROM source_info(NULL);
SELECT rows_loaded FROM migrate_table(:'f', 'plain', target => NULL, columns => NULL, filter => NULL, reject_limit => NULL);
DROP TABLE plain;
