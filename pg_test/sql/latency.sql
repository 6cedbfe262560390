-- How long queries take: what is measured, what is refused, what is kept, and what a run's gates make of it.
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
SET client_min_messages = warning;
CREATE SCHEMA latency;
SET search_path = latency, public;
CREATE TABLE wards (id integer PRIMARY KEY, ward text NOT NULL, beds integer, opened date, tags text[]);
INSERT INTO wards SELECT i, 'ward ' || i % 100, i % 40, DATE '2020-01-01' + i % 1000, ARRAY['a', 'b ' || i % 3] FROM generate_series(1, 5000) i;
CREATE INDEX wards_ward_idx ON wards (ward);
ANALYZE wards;

-- One row: percentiles in order, and rows of the query.
SELECT min_ms <= p50_ms AND p50_ms <= p95_ms AND p95_ms <= p99_ms AND p99_ms <= max_ms AND min_ms <= mean_ms AND mean_ms <= max_ms AS in_order,
       min_ms > 0 AS positive, rows, length(plan_hash) AS hash, plans, verdict, measurement_id IS NOT NULL AS recorded
  FROM latency_check('SELECT * FROM wards WHERE beds < 4', p95_ms => 60000);
SELECT p50_ms = max_ms AS one_run, rows, verdict FROM latency_check('SELECT pg_sleep(0.02)', runs => 1, p95_ms => 15);
SELECT p50_ms BETWEEN 10 AND 1000 AS in_milliseconds, verdict FROM latency_check('SELECT pg_sleep(0.01)', runs => 5, p95_ms => 60000);
SELECT rows, verdict FROM latency_check('VALUES (1), (2)', runs => 3, p95_ms => 60000);
SELECT rows, verdict FROM latency_check('TABLE wards', runs => 3, p95_ms => 60000);
SELECT rows, verdict FROM latency_check('WITH w AS (SELECT * FROM wards) SELECT count(*) FROM w;', runs => 3, p95_ms => 60000);
SELECT rows FROM latency_check('SELECT FROM wards WHERE false', runs => 3);

-- Parameters get the types that the parser infers for them.
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id = $1', '[42]', runs => 3);
SELECT rows FROM latency_check('SELECT * FROM wards WHERE ward = $1 AND opened >= $2 AND beds IS NOT DISTINCT FROM $3', '["ward 7", "2020-01-01", null]', runs => 3);
SELECT rows FROM latency_check('SELECT * FROM wards WHERE tags = $1', '["{a,b 2}"]', runs => 3);
SELECT rows FROM latency_check('SELECT * FROM wards WHERE tags = $1 AND id > $2', '[["a", "b 2"], 0]', runs => 3);
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id = ANY ($1::int[])', '[[[1, 2, 3, -4]]]', runs => 3);
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id = ANY ($1::int[])', '[[[]]]', runs => 3);
SELECT rows FROM latency_check('SELECT $1::jsonb ->> ''a'' FROM wards WHERE $1 = ''{"a": 1.50}''', '[{"a": 1.50}]', runs => 3);
-- Digits stay as they are.
SELECT rows FROM latency_check('SELECT 1 WHERE $1::numeric::text = ''12345678901234567890.1234567890''', '[12345678901234567890.1234567890]', runs => 3);
-- Sets are used in turn; the most rows count.
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id <= $1', '[[1], [4], [2]]', runs => 3);
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id <= $1', '[[1], [4], [2]]', runs => 1);
SELECT rows FROM latency_check('SELECT 1', '[]', runs => 3);
SELECT rows FROM latency_check('SELECT 1', '[[], []]', runs => 3);
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $1');
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $1', '[1, 2]');
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $1', '[[1], [2, 3]]');
SELECT * FROM latency_check('SELECT 1', '[1]');
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $1', '["x"]');
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $1', '{"id": 1}');
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $1', '7');
SELECT * FROM latency_check('SELECT $1', '[1]', runs => 1) WHERE rows <> 1;
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = $2', '[1, 2]');

-- One statement that reads, and nothing else.
SELECT * FROM latency_check('');
SELECT * FROM latency_check(' -- nothing');
SELECT * FROM latency_check('SELECT 1; SELECT 2');
SELECT * FROM latency_check('SELEC 1');
SELECT * FROM latency_check('SELECT * FROM nosuch');
SELECT * FROM latency_check('INSERT INTO wards VALUES (-1, ''x'')');
SELECT * FROM latency_check('UPDATE wards SET beds = 0 RETURNING *');
SELECT * FROM latency_check('WITH gone AS (DELETE FROM wards RETURNING *) SELECT * FROM gone');
SELECT * FROM latency_check('SELECT * INTO copy FROM wards');
SELECT * FROM latency_check('CREATE TABLE copy AS SELECT * FROM wards');
SELECT * FROM latency_check('EXPLAIN ANALYZE SELECT 1');
SELECT * FROM latency_check('VACUUM wards');
SELECT * FROM latency_check('DECLARE c CURSOR FOR SELECT 1');
SELECT * FROM latency_check('SELECT * FROM wards WHERE id = 1 FOR UPDATE');
CREATE FUNCTION writes() RETURNS integer LANGUAGE sql AS 'INSERT INTO latency.wards VALUES (-1, ''x'') RETURNING id';
CREATE SEQUENCE numbers;
SELECT * FROM latency_check('SELECT writes()');
SELECT * FROM latency_check('SELECT nextval(''numbers'')');
SELECT * FROM latency_check('SELECT set_config(''transaction_read_only'', ''off'', false)');
SELECT * FROM latency_check('SELECT 1 / (id - 17) FROM wards');
SELECT * FROM latency_check('SELECT 1', runs => 0);
SELECT * FROM latency_check('SELECT 1', runs => 100001);
SELECT * FROM latency_check('SELECT 1', p95_ms => 0);
SELECT * FROM latency_check('SELECT 1', p95_ms => 'NaN');
SELECT * FROM latency_check(NULL);
SELECT * FROM latency_check('SELECT 1', runs => NULL);
SELECT * FROM latency_check('SELECT 1', p95_ms => NULL);
SELECT count(*), min(id), is_called FROM wards, numbers GROUP BY is_called;

-- The transaction can write after it, also where an error was caught.
BEGIN;
SELECT verdict FROM latency_check('SELECT 1', runs => 3, p95_ms => 60000);
SHOW transaction_read_only;
INSERT INTO wards VALUES (5001, 'new');
-- What it has written is seen.
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id > 5000', runs => 3);
DO $$
BEGIN
    PERFORM latency_check('SELECT writes()');
EXCEPTION WHEN read_only_sql_transaction THEN
    RAISE WARNING '%', SQLERRM;
END $$;
SHOW transaction_read_only;
INSERT INTO wards VALUES (5002, 'new');
SAVEPOINT s;
SELECT * FROM latency_check('SELECT writes()');
ROLLBACK TO s;
INSERT INTO wards VALUES (5003, 'new');
ROLLBACK;

-- In a read-only transaction it works, and is not kept.
SET client_min_messages = notice;
SELECT count(*) AS before FROM migrator.measurements \gset
BEGIN READ ONLY;
SELECT rows, measurement_id FROM latency_check('SELECT * FROM wards WHERE id = $1', '[42]', runs => 3);
SELECT latency_tap('SELECT 1', runs => 3, p95_ms => 60000, description => 'read-only');
SHOW transaction_read_only;
COMMIT;
SELECT count(*) = :before AS same FROM migrator.measurements;
SET client_min_messages = warning;

-- The plan's hash is that of its shape: whatever the values, another with another index.
SELECT plan_hash AS by_index FROM latency_check('SELECT * FROM wards WHERE ward = ''ward 7''', runs => 3) \gset
SELECT plan_hash = :'by_index' AS same FROM latency_check('SELECT * FROM wards WHERE ward = $1', '["ward 8"]', runs => 20);
SELECT plan_hash = :'by_index' AS same, plans FROM latency_check('SELECT * FROM wards WHERE ward = $1', '[["ward 8"], ["ward 9"]]', runs => 20);
BEGIN;
DROP INDEX wards_ward_idx;
SELECT plan_hash = :'by_index' AS same FROM latency_check('SELECT * FROM wards WHERE ward = ''ward 7''', runs => 3);
ROLLBACK;
SET plan_cache_mode = force_custom_plan;
SELECT plans FROM latency_check('SELECT * FROM wards WHERE id = $1 OR $2', '[[1, false], [1, true]]', runs => 4);
RESET plan_cache_mode;

-- What is kept: four percentiles of each, with the tables behind a view, and partitions.
CREATE TABLE visits (id integer, day date) PARTITION BY RANGE (day);
CREATE TABLE "Visits 2020" PARTITION OF visits FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE VIEW full_wards AS SELECT w.* FROM wards w JOIN visits v USING (id) WHERE beds > 30;
SELECT verdict, measurement_id AS kept FROM latency_check('SELECT * FROM full_wards WHERE id = $1', '[[1], [2]]', runs => 7, p95_ms => 60000) \gset
SELECT :'verdict' AS verdict, measurement_id - :kept AS number, kind, metric, value > 0 AS has_value, target, column_name, details - 'plan_hash' AS details
  FROM migrator.measurements WHERE measurement_id >= :kept - 1 ORDER BY measurement_id;
SELECT DISTINCT target_tables, details->>'plan_hash' ~ '^[0-9a-f]{16}$' AS has_hash, role_name = current_user AS is_mine, count(*) OVER (PARTITION BY measured_at) AS together
  FROM migrator.measurements WHERE measurement_id >= :kept - 1;
SELECT measurement_id AS kept FROM latency_check('SELECT length($1)', jsonb_build_array(repeat('x', 9000)), runs => 3) \gset
SELECT details->>'params' AS params, target_tables FROM migrator.measurements WHERE measurement_id = :kept;
-- Of what is rolled back nothing is kept.
BEGIN;
SELECT measurement_id AS kept FROM latency_check('SELECT 1', runs => 3) \gset
ROLLBACK;
SELECT count(*) FROM migrator.measurements WHERE measurement_id = :kept;
-- Parallel workers work.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT rows, plans FROM latency_check('SELECT id FROM wards WHERE beds = $1', '[7]', runs => 5);
SELECT * FROM latency_check('SELECT 1 / (id - 4999) FROM wards', runs => 5);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- As the caller: search path, privileges, policies; and only their own measurements.
CREATE ROLE latency_nurse;
GRANT USAGE ON SCHEMA latency TO latency_nurse;
CREATE FUNCTION latency.whoami() RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
SET ROLE latency_nurse;
SELECT * FROM latency_check('SELECT * FROM wards');
SELECT rows FROM latency_check('SELECT 1 WHERE whoami() = ''latency_nurse''', runs => 3);
SELECT count(*) FROM migrator.measurements;
INSERT INTO migrator.measurements (kind, metric) VALUES ('latency', 'p95_ms');
DELETE FROM migrator.measurements;
SELECT nextval('migrator.measurements_measurement_id_seq');
RESET ROLE;
GRANT SELECT ON wards TO latency_nurse;
ALTER TABLE wards ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON wards USING (id < 11);
SET ROLE latency_nurse;
SELECT rows FROM latency_check('SELECT * FROM wards', runs => 3);
SELECT DISTINCT role_name FROM migrator.measurements;
RESET ROLE;
SELECT count(DISTINCT role_name) FROM migrator.measurements;
ALTER TABLE wards DISABLE ROW LEVEL SECURITY;
CREATE FUNCTION as_owner(query text) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = latency, public AS 'SELECT rows FROM latency_check(query, runs => 3)';
SET ROLE latency_nurse;
SELECT as_owner('SELECT 1 WHERE whoami() = ''latency_nurse''');
RESET ROLE;

-- A timeout ends it, and a stream of TAP, too.
SET statement_timeout = '200ms';
SELECT * FROM latency_check('SELECT pg_sleep(0.001)', runs => 100000);
SELECT latency_tap('SELECT pg_sleep(10)');
RESET statement_timeout;

-- TAP: what passes, what does not, and what cannot be measured.
\pset format unaligned
\pset tuples_only on
SELECT latency_tap('SELECT 1', p95_ms => 60000);
SELECT latency_tap(E'SELECT *\n  FROM wards\n WHERE id = $1', '[1]', 10, 60000, 'a ward # by its id');
SELECT regexp_replace(line, '^(  (p50|p95|p99|max)_ms: |  plan_hash: )[^"]*("?)[0-9a-f.]*', '\1\3…') FROM latency_tap('SELECT pg_sleep($1)', '[0.003]', 5, 0.5) AS line;
SELECT latency_tap('SELECT * FROM nosuch');
SELECT latency_tap('INSERT INTO wards VALUES (1)', description => 'writes');
SELECT latency_tap('SELECT writes()');
SELECT latency_tap('SELECT 1', runs => 0);
SELECT latency_tap(NULL);
SELECT latency_tap('SELECT * FROM wards WHERE id = $1', '["x"]', description => 'bad');
BEGIN;
SELECT count(*) FROM latency_tap('SELECT 1 / 0');
SELECT count(*) FROM wards;
COMMIT;
\pset tuples_only off
\pset format aligned

-- Gates of a run: what was not measured is skipped, and no pass.
SELECT run_id AS run FROM migrate_table(:'f', 'plain', target => 'latency.plain') \gset
\set all '{"p50_ms": 60000, "p95_ms": 60000, "p99_ms": 60000, "max_ms": 60000, "recall": 0.95, "build_seconds": 60, "rows_rejected": 0, "validation": "pass"}'
SELECT gate, wanted, measured, verdict, regexp_replace(note, '^run \d+$', 'run N') AS note, measurement_id FROM migrate_gate(:run, :'all');
SELECT rows > 0 AS has_rows, measurement_id AS first_id FROM latency_check('SELECT count(*) FROM plain', runs => 3) \gset
SELECT rows > 0 AS has_rows, measurement_id AS second_id FROM latency_check('SELECT *, pg_sleep(0.05) FROM plain LIMIT 1', runs => 3) \gset
SELECT rows FROM latency_check('SELECT * FROM wards WHERE id = 1', runs => 3);
SELECT bool_and(status = 'pass') AS passes FROM validate_run(:run, level => 'quick', checks => '{row_count_match, table_exists}');
-- As vector_recall() and vector_index() keep them.
INSERT INTO migrator.measurements (kind, target, column_name, metric, value, details) VALUES
    ('recall', '"latency"."plain"', 'e', 'recall', 0.91, '{"setting": {"ef_search": 40}}'),
    ('recall', '"latency"."plain"', 'e', 'recall', 0.97, '{"setting": {"ef_search": 80}, "recommended": true}'),
    ('recall', '"latency"."plain"', 'e', 'recall', 0.99, '{"setting": {"ef_search": 200}}'),
    ('build', '"latency"."plain"', 'e', 'build_seconds', 12.5, '{"index": "latency.plain_e_idx"}'),
    ('build', '"latency"."plain"', 'f', 'build_seconds', 3, '{"index": "latency.plain_f_idx"}');
UPDATE migrator.measurements SET measured_at = (SELECT clock_timestamp()) WHERE kind = 'recall';
SELECT gate, wanted, measured IS NOT NULL AS measured, verdict, regexp_replace(note, '(validation|run) \d+', '\1 N') AS note, measurement_id = :second_id AS is_second FROM migrate_gate(:run, :'all');
SELECT gate, wanted, verdict FROM migrate_gate(:run, '{"p95_ms": 40, "recall": 0.98, "build_seconds": 12}');
-- The last measurement of a query counts, and the worst of the queries.
SELECT rows FROM latency_check('SELECT *, pg_sleep(0.05) FROM plain LIMIT 1', runs => 3);
SELECT verdict, measurement_id > :second_id AS is_last FROM migrate_gate(:run, '{"p95_ms": 40}');
UPDATE migrator.measurements SET value = 1 WHERE details->>'query' LIKE '%pg_sleep(0.05)%' AND measurement_id > :second_id + 2;
UPDATE migrator.measurements SET value = 2 WHERE details->>'query' = 'SELECT count(*) FROM plain';
SELECT measured, verdict, note, measurement_id = :first_id AS is_first FROM migrate_gate(:run, '{"p95_ms": 40}');
-- Recall without a recommendation is the best; the worst column counts.
UPDATE migrator.measurements SET details = details - 'recommended' WHERE kind = 'recall';
SELECT measured, verdict, note FROM migrate_gate(:run, '{"recall": 0.98}');
INSERT INTO migrator.measurements (kind, target, column_name, metric, value, details) VALUES ('recall', '"latency"."plain"', 'Odd', 'recall', 0.5, '{}');
SELECT measured, verdict, note FROM migrate_gate(:run, '{"recall": 0.98}');
-- A validation that fails; one of before the next load says nothing of that.
DELETE FROM plain;
SELECT count(*) FROM validate_run(:run, level => 'quick', checks => '{row_count_match}') WHERE status = 'fail';
SELECT measured, verdict, regexp_replace(note, 'validation \d+', 'validation N') AS note FROM migrate_gate(:run, '{"validation": "pass"}');
SELECT run_id AS next FROM migrate_table(:'f', 'plain', target => 'latency.plain', mode => 'truncate') \gset
SELECT gate, measured, verdict FROM migrate_gate(:next, '{"validation": "pass", "p95_ms": 60000, "rows_rejected": 0}');
SELECT run_id AS bad FROM migrate_table(:'f', 'dated', target => 'latency.dated', on_error => 'reject') \gset
SELECT gate, wanted, measured, verdict FROM migrate_gate(:bad, '{"rows_rejected": 0}');
SELECT gate, wanted, measured, verdict FROM migrate_gate(:bad, '{"rows_rejected": 10}');
-- A whole file: every table counts.
CREATE SCHEMA latency_all;
SELECT DISTINCT run_id AS whole FROM migrate_database(:'f', schemas => '{"main": "latency_all"}', include => '{main.plain, main.ranges}') \gset
SELECT count(*) FROM validate_table(:'f', 'plain', target => 'latency_all.plain', level => 'quick', checks => '{row_count_match}');
SELECT gate, measured, verdict, note FROM migrate_gate(:whole, '{"validation": "pass", "p95_ms": 60000}');
SELECT count(*) FROM validate_table(:'f', 'ranges', target => 'latency_all.ranges', level => 'quick', checks => '{row_count_match}');
SELECT rows > 0 AS has_rows FROM latency_check('SELECT * FROM latency_all.ranges', runs => 3);
SELECT gate, measured IS NOT NULL AS measured, verdict, note FROM migrate_gate(:whole, '{"validation": "pass", "p95_ms": 60000}');
-- What is no gate, and no run of the caller's.
SELECT * FROM migrate_gate(:run, '{"p95": 100}');
SELECT * FROM migrate_gate(:run, '{"p95_ms": "100"}');
SELECT * FROM migrate_gate(:run, '{"recall": 95}');
SELECT * FROM migrate_gate(:run, '{"validation": "warn"}');
SELECT * FROM migrate_gate(:run, '{}');
SELECT * FROM migrate_gate(:run, '[]');
SELECT * FROM migrate_gate(-1, '{"p95_ms": 100}');
SELECT * FROM migrate_gate(NULL, '{"p95_ms": 100}');
SELECT * FROM migrate_gate(:run, NULL);
SELECT set_config('latency.run', :'run', false) = :'run' AS told;
SET ROLE latency_nurse;
DO $$
BEGIN
    PERFORM migrate_gate(current_setting('latency.run')::bigint, '{"p95_ms": 100}');
EXCEPTION WHEN no_data_found THEN
    RAISE WARNING 'no run of mine';
END $$;
RESET ROLE;
BEGIN READ ONLY;
SELECT gate, verdict FROM migrate_gate(:run, '{"p95_ms": 60000}');
COMMIT;

-- It is dumped with the extension.
SELECT c::regclass FROM pg_extension, unnest(extconfig) c WHERE extname = 'migrator' AND c::regclass::text LIKE '%measurements%' ORDER BY 1;
SELECT relrowsecurity FROM pg_class WHERE oid = 'migrator.measurements'::regclass;
SELECT proname, provolatile, proisstrict, proparallel, obj_description(oid) FROM pg_proc WHERE proname IN ('latency_check', 'latency_tap', 'migrate_gate') ORDER BY 1;
DELETE FROM migrator.rejects WHERE run_id = :bad;
DROP SCHEMA latency, latency_all CASCADE;
DROP ROLE latency_nurse;
