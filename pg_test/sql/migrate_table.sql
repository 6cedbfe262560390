-- The main job, in every mode.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set shop :data '/shop.duckdb'
SET client_min_messages = warning;
\set result 'target_table, rows_read, rows_loaded, rows_rejected, method'

SELECT :result, warnings FROM migrate_table(:'shop', 'customers');
SELECT count(*), count(DISTINCT customer_id), min(email), max(credit_limit) FROM customers;
SELECT format_type(atttypid, atttypmod), attname, attnotnull FROM pg_attribute
 WHERE attrelid = 'customers'::regclass AND attnum > 0 ORDER BY attnum;

-- Again: the table is there.
SELECT :result, warnings FROM migrate_table(:'shop', 'customers');
-- Into it, twice the rows; then once again.
SELECT :result FROM migrate_table(:'shop', 'products', target => 'p', constraints => false);
SELECT :result FROM migrate_table(:'shop', 'products', target => 'p', mode => 'append');
SELECT count(*) FROM p;
SELECT :result FROM migrate_table(:'shop', 'products', target => 'p', mode => 'truncate');
SELECT count(*) FROM p;

-- A view, a schema that is missing, names that need quotes.
SELECT :result FROM migrate_table(:'shop', '"Big Orders"');
SELECT count(*), sum("Total") FROM "Big Orders";
SELECT :result FROM migrate_table(:'shop', 'audit."Login Attempts"');
SELECT count(*) FROM audit."Login Attempts";

-- A subset, by columns and by a predicate, with types of one's own.
SELECT :result FROM migrate_table(:'shop', 'orders', target => 'few',
    columns => '{order_no,status,ordered_at}', filter => 'order_no % 1000 = 0',
    column_types => '{"status": "text", "order_no": "numeric(12,0)"}');
SELECT * FROM few ORDER BY order_no LIMIT 2;

-- Rollback undoes everything, also to a savepoint.
BEGIN;
SAVEPOINT here;
SELECT :result FROM migrate_table(:'shop', '"Refunds"', target => 'gone');
ROLLBACK TO here;
SELECT to_regclass('gone');
COMMIT;
SELECT count(*) FROM migrator.runs WHERE target LIKE '%gone%';

-- What cannot be understood is said.
SELECT * FROM migrate_table(:'shop', 'nothing');
SELECT * FROM migrate_table(:'shop', 'a.b.c');
SELECT * FROM migrate_table(:'shop', 'orders', mode => 'replace');
SELECT * FROM migrate_table(:'shop', 'orders', on_lossy => 'maybe');
SELECT * FROM migrate_table(:'shop', 'orders', on_error => 'ignore');
SELECT * FROM migrate_table(:'shop', 'orders', reject_limit => -1);
SELECT * FROM migrate_table(:'shop', 'orders', options => '{"nul_byte": "strip"}');
SELECT * FROM migrate_table(:'shop', 'orders', options => '{"nul_bytes": "drop"}');
SELECT * FROM migrate_table(:'shop', 'orders', columns => '{order_no,a,b}');
SELECT * FROM migrate_table(:'shop', 'orders', column_types => '{"a": "text"}');
SELECT * FROM migrate_table(:'shop', 'orders', column_types => '{"order_no": "uuid"}');
SELECT * FROM migrate_table(:'shop', 'orders', column_types => '{"order_no": "nonsense"}');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'x', filter => 'nosuch = 1');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'nowhere', mode => 'append');
SELECT * FROM migrate_table(:'shop', 'orders', target => 'p', mode => 'append');
