-- Proof that every value has arrived: it holds after a load, and each check notices the smallest damage.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set strange :data '/strange.duckdb'
\set traps :data '/traps.duckdb'
\set objects :data '/objects.duckdb'
\set shop :data '/shop.duckdb'
SET client_min_messages = warning;
\pset format unaligned
\pset null '-'
CREATE EXTENSION vector;
CREATE EXTENSION IF NOT EXISTS amcheck;
CREATE SCHEMA proof;
SET search_path = proof, public;
-- Numbers of runs are other ones each time.
CREATE FUNCTION steady(note text) RETURNS text IMMUTABLE LANGUAGE sql RETURN regexp_replace(note, '\m(run|validation) \d+', '\1 N', 'g');
\set all 'SELECT check_name, column_name, category, status, expected, actual, rows_checked, steady(note) AS note FROM validate_table'
\set sums 'SELECT status, count(*), count(*) FILTER (WHERE rows_checked > 0) AS with_rows, string_agg(DISTINCT check_name, '', '') FILTER (WHERE status <> ''pass'') AS which FROM validate_table'
\set of 'WHERE status <> ''pass'''
\set broken 'SELECT check_name, column_name, status, CASE WHEN check_name LIKE ''%checksum'' THEN ''a sum'' ELSE expected END AS expected, CASE WHEN check_name LIKE ''%checksum'' THEN ''another'' ELSE actual END AS actual, difference, unexpected_count AS count, failing_keys AS keys, steady(note) AS note, remedy FROM validate_table'
\set named 'SELECT check_name, column_name, status, difference, unexpected_count AS count, failing_keys AS keys FROM validate_table'
\set diff 'SELECT * FROM validate_diff'
\set repair 'SELECT op, key_values, regexp_replace(sql, ''([0-9a-f]{32})\1+'', ''\1…'', ''g'') AS sql, rows FROM validate_repair'

-- Every level, after loads that were correct.
SELECT rows_loaded FROM migrate_table(:'strange', 'values_of_all', target => 'v', filter => 'id <= 13');
:all (:'strange', 'values_of_all', target => 'v', level => 'quick');
:sums (:'strange', 'values_of_all', target => 'v') GROUP BY status;
:sums (:'strange', 'values_of_all', target => 'v', level => 'full') GROUP BY status;
SELECT check_name, column_name, status, expected, actual, steady(note) AS note FROM validate_table(:'strange', 'values_of_all', target => 'v', level => 'paranoid')
 WHERE category IN ('fidelity', 'integrity', 'physical', 'vector') OR status <> 'pass';
SELECT check_name, column_name, expected, actual FROM validate_table(:'strange', 'values_of_all', target => 'v')
 WHERE category = 'profile' AND column_name IN ('id', 'n', 'h', 'e', 'b', 'bl', 'u', 'f', 'long', 'bo');
:diff (:'strange', 'values_of_all', target => 'v');
-- The sums are those of these values wherever they lie.
SELECT check_name, expected, actual FROM validate_table(:'strange', 'values_of_all', target => 'v') WHERE check_name = 'row_checksum';

-- One value, by the least there is.
BEGIN;
UPDATE v SET f = '[1.5,2.5000002,3.5]' WHERE id = 1;
:broken (:'strange', 'values_of_all', target => 'v', level => 'full') :of;
:diff (:'strange', 'values_of_all', target => 'v');
ROLLBACK;
BEGIN;
UPDATE v SET f = '[-0,1e30,-1e-30]' WHERE id = 2;
UPDATE v SET i[3] = 0 WHERE id = 1;
UPDATE v SET t[2] = '' WHERE id = 1;
UPDATE v SET t2[2][2] = 'd' WHERE id = 1;
UPDATE v SET d[1] = 1.50001 WHERE id = 1;
UPDATE v SET n = 0 WHERE id = 2;
UPDATE v SET h = h - 1 WHERE id = 1;
UPDATE v SET big = big::float8::numeric WHERE id = 2;
UPDATE v SET e = 'mid' WHERE id = 2;
UPDATE v SET es[1] = 'mid' WHERE id = 1;
UPDATE v SET b = B'010110' WHERE id = 1;
UPDATE v SET bs[2] = B'0010' WHERE id = 1;
UPDATE v SET bl = '\x' WHERE id = 3;
UPDATE v SET s = jsonb_set(s, '{a}', '"1"') WHERE id = 1;
UPDATE v SET m = m - 'l' WHERE id = 1;
UPDATE v SET u = '00000000-0000-0000-0000-000000000002' WHERE id = 1;
UPDATE v SET us = '{NULL}' WHERE id = 2;
UPDATE v SET iv = interval '-150 days' WHERE id = 2;
UPDATE v SET ts[1] = '2020-01-01 00:00:00.000001' WHERE id = 1;
UPDATE v SET long = long || ' ' WHERE id = 4;
UPDATE v SET long = 'a' || substr(long, 2) WHERE id = 5;
UPDATE v SET long = NULL WHERE id = 2;
UPDATE v SET bo[2] = false WHERE id = 1;
:diff (:'strange', 'values_of_all', target => 'v');
:broken (:'strange', 'values_of_all', target => 'v', level => 'full') :of AND category NOT IN ('schema', 'integrity', 'fidelity');
:named (:'strange', 'values_of_all', target => 'v', level => 'full', checks => '{null_for_empty, numeric_precision_loss}');
SELECT max(run_id) AS run FROM migrator.validations \gset
:repair (:run);
:repair (:run, dry_run => false);
:sums (:'strange', 'values_of_all', target => 'v', level => 'full') GROUP BY status;
:repair (:run, dry_run => false);
ROLLBACK;

-- Rows: one that is gone, one too many, another key, and values that have changed places, which no
-- sum of a column tells.
BEGIN;
DELETE FROM v WHERE id = 3;
INSERT INTO v (id, long) VALUES (-1, 'it''s');
UPDATE v SET id = 100 WHERE id = 6;
:broken (:'strange', 'values_of_all', target => 'v', level => 'full') :of AND category NOT IN ('schema', 'integrity', 'profile') AND check_name <> 'column_checksum';
SELECT op, key_values, column_name, left(source_value, 60) AS source_value, left(target_value, 60) AS target_value FROM validate_diff(:'strange', 'values_of_all', target => 'v');
:broken (:'strange', 'values_of_all', target => 'v', level => 'quick') :of AND category <> 'schema';
:broken (:'strange', 'values_of_all', target => 'v', checks => '{row_count_match, row_checksum}');
SELECT max(run_id) AS run FROM migrator.validations \gset
SELECT op, key_values, left(sql, 120) AS sql, rows FROM validate_repair(:run, dry_run => false);
:sums (:'strange', 'values_of_all', target => 'v', level => 'full') GROUP BY status;
ROLLBACK;
BEGIN;
UPDATE v SET us = CASE id WHEN 1 THEN '{}' ELSE ARRAY['ffffffff-ffff-ffff-ffff-ffffffffffff', NULL]::uuid[] END WHERE id IN (1, 2);
:broken (:'strange', 'values_of_all', target => 'v') :of AND category <> 'schema';
:diff (:'strange', 'values_of_all', target => 'v');
ROLLBACK;
-- How many are told, and what remains then.
BEGIN;
UPDATE v SET long = long || '!' WHERE id > 3;
SELECT count(*) FROM validate_diff(:'strange', 'values_of_all', target => 'v');
SELECT count(*) FROM validate_diff(:'strange', 'values_of_all', target => 'v', "limit" => 4);
SELECT count(*) FROM validate_diff(:'strange', 'values_of_all', target => 'v', "limit" => 0);
:broken (:'strange', 'values_of_all', target => 'v', level => 'full', options => '{"difference_limit": 4}') :of AND check_name = 'value_mismatch';
-- What is not known of long texts is not said of them: nothing but an exclamation mark has come.
SELECT check_name FROM validate_table(:'strange', 'values_of_all', target => 'v', level => 'full') WHERE category = 'fidelity' AND status = 'fail';
ROLLBACK;

-- Without a key: duplicates count, and a row is all of its values.
SELECT rows_loaded FROM migrate_table(:'traps', 'twice', target => 'w');
:sums (:'traps', 'twice', target => 'w', level => 'full') GROUP BY status;
BEGIN;
DELETE FROM w WHERE (id, v) = (2, 5);
INSERT INTO w VALUES (1, 1);
:broken (:'traps', 'twice', target => 'w', level => 'full') :of AND category = 'content';
:diff (:'traps', 'twice', target => 'w');
-- By a key that is none; then by one that is.
:diff (:'traps', 'twice', target => 'w', key => '{id}');
:diff (:'traps', 'twice', target => 'w', key => '{v,id}');
SELECT max(run_id) AS run FROM migrator.validations \gset
:repair (:run);
:repair (:run, dry_run => false);
:sums (:'traps', 'twice', target => 'w', level => 'full') GROUP BY status;
TABLE w ORDER BY 1, 2;
ROLLBACK;

-- Numbers at their ends: what a double cannot tell apart, signs of zero, what is no number.
SELECT rows_loaded FROM migrate_table(:'traps', 'numbers', target => 'n');
:sums (:'traps', 'numbers', target => 'n', level => 'full') GROUP BY status;
BEGIN;
UPDATE n SET ub = ub::float8::numeric, f = NULL, dd = '-Infinity' WHERE id = 1;
UPDATE n SET dd = 0 WHERE id = 2;
UPDATE n SET dd = 1e-320::float8 + 5e-324::float8, f = '3.4028233e38' WHERE id = 3;
:broken (:'traps', 'numbers', target => 'n', level => 'full', key => '{id}') :of AND category <> 'schema' AND check_name <> 'missing_primary_key';
:diff (:'traps', 'numbers', target => 'n', key => '{id}');
-- Tolerances: each has its own measure, and nothing is near to what is no number.
:broken (:'traps', 'numbers', target => 'n', key => '{id}', tolerance => '{"dd": {"ulp": 1}, "f": {"relative": 1e-6}, "ub": {"absolute": 1}}') :of;
UPDATE n SET f = 'NaN', dd = 'Infinity' WHERE id = 1;
:broken (:'traps', 'numbers', target => 'n', key => '{id}', tolerance => '{"dd": {"ulp": 1}, "f": {"relative": 1e-6}, "ub": {"absolute": 1}}') :of;
:broken (:'traps', 'numbers', target => 'n', key => '{id}', tolerance => '{"dd": {"ulp": 1}, "f": {"relative": 1e-8}, "ub": {"absolute": 0.5}}') :of AND category = 'content';
SELECT check_name, status, column_name, note FROM validate_table(:'traps', 'numbers', target => 'n', key => '{id}', tolerance => '{"dd": {"ulp": 1}, "f": {"relative": 1e-6}, "ub": {"absolute": 1}}') WHERE note IS NOT NULL;
UPDATE n SET dd = 5 WHERE id = 1;
:diff (:'traps', 'numbers', target => 'n', key => '{id}', tolerance => '{"dd": {"relative": 0.5}, "f": {"ulp": 1}, "ub": {"relative": 1e-15}}');
UPDATE n SET dd = '-Infinity' WHERE id = 1;
SELECT check_name, column_name, failing_keys FROM validate_table(:'traps', 'numbers', target => 'n', key => '{id}', level => 'full', checks => '{float_precision_loss}');
ROLLBACK;
-- Within a tolerance lie more rows than are told; a hundredth is one to all numbers with two digits.
SELECT rows_loaded FROM migrate_table(:'shop', 'order_lines', target => 'l', filter => 'order_no % 20 = 0');
BEGIN;
UPDATE l SET unit_price = unit_price + 0.01;
SELECT check_name, column_name, status FROM validate_table(:'shop', 'order_lines', target => 'l', tolerance => '{"unit_price": {"absolute": 0.01}}') WHERE status = 'fail' OR column_name = 'unit_price' OR check_name = 'row_checksum';
SELECT count(*) FROM validate_diff(:'shop', 'order_lines', target => 'l', tolerance => '{"unit_price": {"absolute": 0.01}}', "limit" => 5);
SELECT count(*) FROM validate_diff(:'shop', 'order_lines', target => 'l', tolerance => '{"unit_price": {"absolute": 0.009}}', "limit" => 5);
UPDATE l SET quantity = quantity + 1 WHERE (order_no, line_no) = (119980, 1);
SELECT op, key_values, column_name FROM validate_diff(:'shop', 'order_lines', target => 'l', tolerance => '{"unit_price": {"absolute": 0.01}}', "limit" => 5);
ROLLBACK;
BEGIN;
SELECT rows_loaded FROM migrate_table(:'traps', 'embeddings', target => 'x', columns => '{id,e}');
UPDATE x SET e = '[1.5,-2,0.2500001]' WHERE id = 1;
:broken (:'traps', 'embeddings', target => 'x', key => '{id}', checks => '{row_checksum, value_mismatch}', tolerance => '{"e": {"absolute": 0.000001}}');
:broken (:'traps', 'embeddings', target => 'x', key => '{id}', checks => '{row_checksum, value_mismatch}', tolerance => '{"e": {"absolute": 0.00000001}}');
ROLLBACK;

-- Ways in which migrations damage values, each by its name: a time zone, the case, the form of a
-- letter, a float that was a real, blanks, an empty text.
SELECT rows_loaded FROM migrate_table(:'shop', 'orders', target => 'o', filter => 'order_no % 1000 = 0', constraints => true);
:sums (:'shop', 'orders', target => 'o', level => 'full') GROUP BY status;
BEGIN;
UPDATE o SET ordered_at = ordered_at + interval '1 hour' WHERE order_no = (SELECT min(order_no) FROM o);
UPDATE o SET ordered_at = date_trunc('second', ordered_at) + interval '1 microsecond' WHERE order_no = (SELECT max(order_no) FROM o);
UPDATE o SET discount_pct = discount_pct + 1e-15 WHERE order_no = (SELECT min(order_no) FROM o WHERE discount_pct <> 0);
UPDATE o SET status = 'it''s complicated' WHERE order_no = (SELECT min(order_no) FROM o WHERE status <> 'it''s complicated');
UPDATE o SET shipped_on = shipped_on + 1 WHERE order_no = (SELECT min(order_no) FROM o WHERE shipped_on IS NOT NULL);
UPDATE o SET note = coalesce(upper(note), '') WHERE order_no = (SELECT max(order_no) FROM o);
:broken (:'shop', 'orders', target => 'o', level => 'full') :of AND category IN ('fidelity', 'profile', 'content');
:diff (:'shop', 'orders', target => 'o');
-- A part of both sides.
:named (:'shop', 'orders', target => 'o', filter => 'order_no % 5000 = 0', options => '{"target_filter": "order_no % 5000 = 0"}') :of AND category = 'content';
:diff (:'shop', 'orders', target => 'o', filter => 'order_no % 1000 = 0 AND status = ''shipped''', options => '{"target_filter": "status = ''shipped''"}', "limit" => 3);
:named (:'shop', 'orders', target => 'o', checks => '{column_checksum}', options => '{"columns": ["order_no", "till", "status"]}');
ROLLBACK;

-- The catalog: what a load makes of it, and each thing missing or other.
SELECT count(*) FROM migrate_database(:'objects', schemas => '{"main": "proof", "audit": "proof_audit", "empty_one": "proof_empty"}');
:all (:'objects', 'keyed', level => 'quick');
SELECT check_name, column_name, status, note FROM validate_database(:'objects', schemas => '{"main": "proof", "audit": "proof_audit", "empty_one": "proof_empty"}', level => 'full')
 WHERE status NOT IN ('pass', 'skip') OR source_name IS NULL;
BEGIN;
ALTER TABLE keyed ALTER n DROP DEFAULT, ALTER d SET DEFAULT '2020-02-28', ALTER code DROP NOT NULL, DROP CONSTRAINT keyed_pkey;
ALTER TABLE keyed ALTER n TYPE bigint, ADD more integer;
DELETE FROM keyed WHERE code = 'a';
SELECT 'ALTER TABLE keyed DROP CONSTRAINT ' || quote_ident(conname) FROM pg_constraint WHERE conrelid = 'keyed'::regclass AND contype IN ('c', 'u') ORDER BY conname \gexec
:broken (:'objects', 'keyed') :of;
SELECT remedy FROM validate_table(:'objects', 'keyed') WHERE remedy IS NOT NULL AND status <> 'pass' \gexec
:broken (:'objects', 'keyed', level => 'quick') :of;
ROLLBACK;
BEGIN;
ALTER TABLE plain DROP COLUMN t CASCADE;
DELETE FROM plain WHERE id = 0;
COMMENT ON TABLE plain IS 'A plain table ';
:broken (:'objects', 'plain') :of;
:diff (:'objects', 'plain', "limit" => 1);
SELECT max(run_id) AS run FROM migrator.validations \gset
:repair (:run);
ROLLBACK;
BEGIN;
DROP VIEW grouped;
ALTER TABLE plain ALTER t TYPE integer USING length(t);
COMMENT ON COLUMN plain.t IS NULL;
:broken (:'objects', 'plain') :of;
ROLLBACK;
BEGIN;
ALTER TABLE achild DROP CONSTRAINT achild_pid_fkey;
DROP INDEX indexed_i, indexed_lower;
ALTER TYPE mood RENAME VALUE 'happy' TO 'glad';
ALTER TABLE moods DROP twice;
ALTER TABLE moods ADD twice integer;
:broken (:'objects', 'achild') :of;
:broken (:'objects', 'indexed') :of;
:broken (:'objects', 'moods') :of;
ROLLBACK;
BEGIN;
ALTER TABLE tree ALTER id TYPE text, DROP CONSTRAINT tree_up_fkey;
ALTER TABLE tree RENAME up TO above;
:broken (:'objects', 'tree') :of;
SELECT check_name, status, expected, actual FROM validate_table(:'objects', 'tree', options => '{"rename": {"up": "above"}, "column_types": {"id": "text"}}') WHERE status <> 'pass';
ROLLBACK;
DROP TABLE zparent CASCADE;
:broken (:'objects', 'zparent');
SELECT target_name, check_name, status FROM validate_database(:'objects', schemas => '{"main": "proof", "audit": "proof_audit", "empty_one": "proof_empty"}') WHERE status = 'fail';

-- What was set aside, and lost with consent, is accounted for.
SELECT rows_read, rows_loaded, rows_rejected FROM migrate_table(:'strange', 'dated', target => 'ten', on_error => 'reject');
SELECT check_name, status, expected, actual, steady(note) AS note FROM validate_table(:'strange', 'dated', target => 'ten') WHERE category IN ('volume', 'content');
:broken (:'strange', 'dated', target => 'ten', options => '{"run": 0}') :of AND category IN ('volume', 'content');
BEGIN;
DELETE FROM ten WHERE id = 0;
INSERT INTO ten VALUES (3, '2020-01-04');
:broken (:'strange', 'dated', target => 'ten', key => '{id}', level => 'full') :of AND category IN ('volume', 'content') AND check_name <> 'column_checksum';
ROLLBACK;
SELECT rows_loaded, warnings FROM migrate_table(:'strange', 'two_losses', target => 'lost', on_lossy => 'accept');
SELECT check_name, status, column_name, steady(note) AS note FROM validate_table(:'strange', 'two_losses', target => 'lost', level => 'full') WHERE category = 'fidelity' OR status <> 'pass';
SELECT rows_loaded FROM migrate_table(:'traps', 'nul', target => 'stripped', options => '{"nul_bytes": "strip"}');
SELECT rows_loaded FROM migrate_table(:'traps', 'nul', target => 'replaced', options => '{"nul_bytes": "replace:␀"}');
:sums (:'traps', 'nul', target => 'stripped', level => 'full') GROUP BY status;
:sums (:'traps', 'nul', target => 'replaced', level => 'full') GROUP BY status;
:diff (:'traps', 'nul', target => 'replaced', options => '{"nul_bytes": "strip"}');
:broken (:'traps', 'nul', target => 'stripped', options => '{"run": 0}') :of AND category <> 'schema';
SELECT rows_loaded FROM migrate_table(:'traps', 'ragged', column_types => '{"rag": "jsonb"}');
SELECT rows_loaded FROM migrate_table(:'traps', 'nested', options => '{"struct": "columns"}');
SELECT rows_loaded FROM migrate_table(:'traps', 'large');
:sums (:'traps', 'ragged', level => 'full') GROUP BY status;
:sums (:'traps', 'nested', level => 'full') GROUP BY status;
:sums (:'traps', 'large', level => 'full') GROUP BY status;
BEGIN;
UPDATE large SET t = overlay(t PLACING 'x' FROM length(t)) WHERE id = 3;
SELECT op, key_values, column_name, length(source_value) < 300 AS clipped FROM validate_diff(:'traps', 'large', key => '{id}');
ROLLBACK;

-- A run, and a run of a whole file.
SELECT max(run_id) AS run FROM migrator.runs WHERE target LIKE '%stripped%' \gset
SELECT status, count(*) FROM validate_run(:run, level => 'full') GROUP BY status;
DELETE FROM stripped WHERE id = 1;
SELECT check_name, status, expected, actual FROM validate_run(:run, level => 'quick') WHERE status <> 'pass';
SELECT max(run_id) AS whole FROM migrator.runs WHERE mode = 'database' AND source LIKE '%objects%' \gset
SELECT target_name, check_name, status FROM validate_run(:whole, level => 'quick') WHERE status NOT IN ('pass', 'skip');
-- The latest, and what has changed.
SELECT check_name, column_name, status, previous_status, change FROM validate_last('stripped') WHERE change NOT IN ('same', 'gone') OR check_name = 'row_count_match';
SELECT change, count(*) FROM validate_last('stripped') GROUP BY change ORDER BY change;
SELECT count(*) FROM validate_last('v') WHERE previous_run_id IS NULL;
-- The log.
SELECT source_table, target, level, passed, failed, warned, skipped, errors, loaded_by = :run AS of_run FROM migrator.validations ORDER BY run_id DESC LIMIT 3;

-- Whole tables are written again by the repair's statements, exactly, whatever the session's settings
-- are: every type, identities and generated columns, several copies of a row, and partitions.
CREATE SCHEMA proof_all;
SET search_path = proof_all, public;
\set alltypes :data '/all_types_2.0.0.duckdb'
\set zoned :data '/zoned.duckdb'
SET TimeZone = 'America/New_York'; SET DateStyle = German; SET IntervalStyle = sql_standard; SET extra_float_digits = -5; SET bytea_output = escape;
SELECT count(*) FROM migrate_database(:'traps', schemas => '{"main": "proof_all"}', exclude => '{*.places}', on_lossy => 'accept', on_error => 'reject');
SELECT rows_loaded FROM migrate_table(:'alltypes', 'all_types', columns => (SELECT array_agg(column_name) FROM source_columns(:'alltypes', 'all_types') WHERE column_name <> 'geometry'), on_lossy => 'accept', on_error => 'reject', options => '{"nul_bytes": "strip"}');
SELECT rows_loaded FROM migrate_table(:'zoned', 't');
SELECT DISTINCT status FROM validate_database(:'traps', schemas => '{"main": "proof_all"}', exclude => '{*.places}', level => 'full', checks => '{row_count_match, column_checksum, row_checksum, missing_in_target, extra_in_target}');
SET session_replication_role = replica;
DELETE FROM child; DELETE FROM embeddings; DELETE FROM far; DELETE FROM large; DELETE FROM lossy; DELETE FROM nested; DELETE FROM nul; DELETE FROM numbers;
DELETE FROM parent; DELETE FROM ragged; DELETE FROM all_types; DELETE FROM t; DELETE FROM twice WHERE id > 1;
INSERT INTO twice SELECT 1, 1 FROM generate_series(1, 3);
SELECT status, count(*) FROM validate_database(:'traps', schemas => '{"main": "proof_all"}', exclude => '{*.places}', checks => '{row_checksum}') GROUP BY status;
SELECT max(run_id) AS run FROM migrator.validations \gset
SELECT target_name, op, count(*), sum(rows) FROM validate_repair(:run, dry_run => false) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT status FROM validate_table(:'alltypes', 'all_types', checks => '{row_checksum}');
SELECT max(run_id) AS run FROM migrator.validations \gset
SELECT op, rows FROM validate_repair(:run, dry_run => false);
SELECT status FROM validate_table(:'zoned', 't', checks => '{row_checksum}');
SELECT max(run_id) AS run FROM migrator.validations \gset
SELECT sql, rows FROM validate_repair(:run, dry_run => false);
RESET session_replication_role;
SELECT target_name, check_name, status FROM validate_database(:'traps', schemas => '{"main": "proof_all"}', exclude => '{*.places}', level => 'full') WHERE status IN ('fail', 'error');
SELECT check_name, status FROM validate_table(:'alltypes', 'all_types', level => 'full') WHERE status IN ('fail', 'error');
SELECT check_name, status FROM validate_table(:'zoned', 't', level => 'full') WHERE status IN ('fail', 'error');
CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, pid integer, twice integer GENERATED ALWAYS AS (id * 2) STORED);
CREATE TABLE parted (id integer, v integer) PARTITION BY LIST (id);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES IN (1, 2);
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted VALUES (1, 1), (1, 1), (7, 7);
SELECT status FROM validate_table(:'traps', 'child', target => 'numbered', checks => '{row_checksum}');
SELECT max(run_id) AS run FROM migrator.validations \gset
:repair (:run, dry_run => false);
SELECT status FROM validate_table(:'traps', 'twice', target => 'parted', checks => '{row_checksum}');
SELECT max(run_id) AS run FROM migrator.validations \gset
SELECT op, key_values, rows FROM validate_repair(:run, dry_run => false);
SELECT status FROM validate_table(:'traps', 'twice', target => 'parted', checks => '{row_checksum}');
RESET TimeZone; RESET DateStyle; RESET IntervalStyle; RESET extra_float_digits; RESET bytea_output;
SET TimeZone = UTC; SET DateStyle = ISO;
SET search_path = proof, public;

-- Into a view, by other names.
CREATE VIEW seen AS SELECT id, v FROM w;
:sums (:'traps', 'twice', target => 'seen', checks => '{row_count_match, row_checksum, column_checksum}') GROUP BY status;
-- A whole file.
SELECT count(*) FROM migrate_database(:'shop', schemas => '{"main": "proof_shop", "audit": "proof_shop_audit"}');
SELECT target_name, status, count(*) FROM validate_database(:'shop', schemas => '{"main": "proof_shop", "audit": "proof_shop_audit"}') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT target_name, check_name, column_name, status, expected, actual, steady(note) AS note FROM validate_database(:'shop', schemas => '{"main": "proof_shop", "audit": "proof_shop_audit"}', level => 'full') WHERE status <> 'pass';
-- A few rows among many are found where they are, by keys of one and two columns, of texts, and by none.
BEGIN;
SET LOCAL session_replication_role = replica;
UPDATE proof_shop.customers SET full_name = full_name || ' ' WHERE customer_id = 2500;
DELETE FROM proof_shop.order_lines WHERE (order_no, line_no) = (110000, 1);
INSERT INTO proof_shop.order_lines SELECT order_no, 99, product_id, quantity, unit_price FROM proof_shop.order_lines WHERE (order_no, line_no) = (100000, 1);
UPDATE proof_shop.order_lines SET quantity = quantity + 1 WHERE (order_no, line_no) = (119999, 1);
UPDATE proof_shop_audit.events SET happened = happened + interval '1 millisecond' WHERE event_id = (SELECT max(event_id) FROM proof_shop_audit.events WHERE happened IS NOT NULL);
SELECT op, key_values, column_name FROM validate_diff(:'shop', 'customers', target => 'proof_shop.customers');
SELECT op, key_values, column_name FROM validate_diff(:'shop', 'customers', target => 'proof_shop.customers', key => '{email}');
SELECT op, key_values, column_name FROM validate_diff(:'shop', 'order_lines', target => 'proof_shop.order_lines') ORDER BY key_values;
SELECT op, key_values->>'event_id' IS NOT NULL AS has_key, column_name FROM validate_diff(:'shop', 'audit.events', target => 'proof_shop_audit.events');
SELECT target_name, check_name, column_name, difference, unexpected_count, failing_keys FROM validate_database(:'shop', schemas => '{"main": "proof_shop", "audit": "proof_shop_audit"}', level => 'full') WHERE status = 'fail' AND category IN ('volume', 'content', 'profile', 'fidelity');
SELECT max(run_id) AS run FROM migrator.validations \gset
SELECT target_name, op, count(*), sum(rows) FROM validate_repair(:run, dry_run => false) GROUP BY 1, 2 ORDER BY 1, 2;
SELECT target_name, check_name FROM validate_database(:'shop', schemas => '{"main": "proof_shop", "audit": "proof_shop_audit"}') WHERE status = 'fail';
ROLLBACK;
SELECT count(*) FROM validate_database(:'shop', schemas => '{"main": "proof_shop", "audit": "proof_shop_audit"}', include => '{*.orders}', level => 'quick', checks => '{row_count_match}');

-- What is not understood.
SELECT * FROM validate_table(NULL, 'plain');
SELECT * FROM validate_table(:'objects', 'plain', level => 'deep');
SELECT * FROM validate_table(:'objects', 'plain', checks => '{row_cuont}');
SELECT * FROM validate_table(:'objects', 'plain', checks => '{NULL}');
SELECT * FROM validate_table(:'objects', 'plain', options => '{"limit": 1}');
SELECT * FROM validate_table(:'objects', 'plain', options => '[]');
SELECT * FROM validate_table(:'objects', 'plain', tolerance => '{"id": {"absolute": -1}}');
SELECT * FROM validate_table(:'objects', 'plain', tolerance => '{"id": {"ulp": -1}}');
SELECT * FROM validate_table(:'objects', 'plain', tolerance => '{"id": {"absolute": 1}}');
SELECT * FROM validate_table(:'traps', 'numbers', target => 'n', tolerance => '{"dd": {"absolute": 1}}');
SELECT * FROM validate_table(:'traps', 'numbers', target => 'n', tolerance => '{"de": {"absolute": 1}}');
SELECT * FROM validate_table(:'objects', 'plain', key => '{id,nosuch}');
SELECT * FROM validate_table(:'objects', 'plain', filter => 'nosuch = 1');
SELECT * FROM validate_table(:'objects', 'plain', options => '{"target_filter": "nosuch = 1"}');
SELECT * FROM validate_table(:'objects', 'plain', options => '{"target_filter": "true); DROP TABLE plain; --"}');
SELECT * FROM validate_table(:'objects', 'plain', options => '{"run": -5}');
SELECT * FROM validate_table(:'objects', 'nosuch');
SELECT * FROM validate_table(:'objects', 'plain', target => 'a.b.c');
SELECT check_name, status, expected, actual FROM validate_table(:'objects', 'plain', target => 'nowhere') WHERE status <> 'pass';
SELECT * FROM validate_diff(:'objects', 'plain', target => 'nowhere');
SELECT * FROM validate_diff(:'objects', 'plain', "limit" => -1);
SELECT * FROM validate_diff(:'objects', 'plain', "limit" => NULL);
SELECT * FROM validate_diff(:'objects', 'plain', key => '{nosuch}');
SELECT * FROM validate_run(-1);
SELECT * FROM validate_run(NULL);
SELECT * FROM validate_repair(-1);
SELECT * FROM validate_repair(NULL);
SELECT * FROM validate_last('nowhere');
SELECT * FROM validate_last(NULL);
SELECT * FROM validate_last(1::oid::regclass);
BEGIN READ ONLY;
SELECT * FROM validate_table(:'objects', 'plain');
ROLLBACK;

DROP SCHEMA proof, proof_audit, proof_empty, proof_shop, proof_shop_audit, proof_all CASCADE;
DROP EXTENSION vector;
DROP EXTENSION amcheck;
DELETE FROM migrator.rejects;
