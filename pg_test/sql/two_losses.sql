-- One row whose values would lose something in several columns: all of them are seen.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
SET client_min_messages = warning;
SELECT column_name, postgres_type, fidelity FROM source_columns(:'f', 'two_losses');
SELECT rows_loaded FROM migrate_table(:'f', 'two_losses', columns => '{id,a,b}');
SELECT rows_loaded FROM migrate_table(:'f', 'two_losses', target => 'lossy', columns => '{id,ns,j}');
SELECT rows_loaded, warnings FROM migrate_table(:'f', 'two_losses', target => 'accepted', on_lossy => 'accept');
DROP TABLE IF EXISTS two_losses, lossy, accepted;
