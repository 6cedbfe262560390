-- index_apply in the caller's transaction: what it builds, drops and refuses, and what is kept.
\set SHOW_CONTEXT never
CREATE SCHEMA applied;
SET search_path = applied, public;
CREATE TABLE wards (id integer PRIMARY KEY, ward text NOT NULL, beds integer);
INSERT INTO wards SELECT i, 'ward ' || i % 100, i % 40 FROM generate_series(1, 2000) i;
CREATE TABLE "Other" (id integer PRIMARY KEY);
CREATE VIEW seen AS TABLE wards;
CREATE TABLE parts (id integer) PARTITION BY RANGE (id);
SELECT coalesce(max(job_id), 0) AS before FROM migrator.index_jobs \gset
-- What is built, under which name.
SELECT index, sql, state, seconds > 0 AS timed FROM index_apply('wards', 'CREATE INDEX ON wards (ward)');
SELECT index, sql FROM index_apply('wards', 'create unique index concurrently if not exists "By bed" on only applied.wards using btree (id desc, ward collate "C") include (beds) with (fillfactor = 70) where beds > 3 ; ');
SELECT index, sql FROM index_apply('wards', 'CREATE INDEX ON wards (lower(ward), beds)');
SELECT index, sql FROM index_apply('"Other"', 'CREATE INDEX ON "Other" (id) -- twice');
SELECT index, sql FROM index_apply('parts', 'CREATE INDEX ON parts (id)');
SELECT index, state FROM index_apply('wards', 'CREATE INDEX ON wards USING hash (ward)', options => '{"maintenance_work_mem": "2MB", "parallel_workers": 0, "lock_timeout": 1000, "statement_timeout": "1min"}');
-- What is there already.
SELECT job_id, index, state, seconds FROM index_apply('wards', 'CREATE INDEX IF NOT EXISTS "By bed" ON wards (beds)');
SELECT index_apply('wards', 'CREATE INDEX "By bed" ON wards (beds)');
SELECT index_apply('wards', 'CREATE INDEX IF NOT EXISTS seen ON wards (beds)');
-- What is dropped.
SELECT index, sql, state FROM index_apply('wards', 'DROP INDEX CONCURRENTLY applied."By bed"');
SELECT job_id, index, sql, state FROM index_apply('wards', 'DROP INDEX IF EXISTS "By bed"');
SELECT index_apply('wards', 'DROP INDEX "By bed"');
SELECT index_apply('wards', 'DROP INDEX wards_pkey');
-- Nothing else, and nothing of another table.
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds); DROP TABLE wards');
SELECT index_apply('wards', ' -- nothing');
SELECT index_apply('wards', 'CREATE INDEX ON wards beds');
SELECT index_apply('wards', 'DROP TABLE wards');
SELECT index_apply('wards', 'REINDEX TABLE wards');
SELECT index_apply('wards', 'CREATE INDEX ON "Other" (id)');
SELECT index_apply('wards', 'CREATE INDEX ON nowhere (id)');
SELECT index_apply('wards', 'CREATE INDEX ON regress.applied.wards (id)');
SELECT index_apply('wards', 'CREATE INDEX ON ONLY (wards) (id)');
SELECT index_apply('wards', 'DROP INDEX "Other_pkey"');
SELECT index_apply('wards', 'DROP INDEX wards_ward_idx, wards_ward_idx1');
SELECT index_apply('wards', 'DROP INDEX wards_ward_idx CASCADE');
SELECT index_apply('wards', 'DROP INDEX wards');
SELECT index_apply('wards', 'CREATE INDEX ON wards (nosuch)');
SELECT index_apply('seen', 'CREATE INDEX ON seen (id)', true);
SELECT index_apply('parts', 'CREATE INDEX ON parts (id)', true);
-- Arguments.
SELECT index_apply(NULL, 'CREATE INDEX ON wards (beds)');
SELECT index_apply('wards', NULL);
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', NULL);
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', options => NULL);
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', options => '[]');
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', options => '{"attempts": 2}');
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', true, '{"attempts": 0}');
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', true, '{"lock_timeout": "soon"}');
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', options => '{"lock_timeout": true}');
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', options => '{"parallel_workers": 1025}');
-- In a transaction that can only read.
BEGIN READ ONLY;
SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)');
ROLLBACK;
-- What is kept of what was done.
SELECT row_number() OVER (ORDER BY job_id) AS job, target_name, index_name, state, index IS NOT NULL AS there, options->'settings' AS settings
  FROM migrator.index_jobs WHERE job_id > :before ORDER BY job_id;
SELECT DISTINCT m.metric, m.target, m.value > 0 AS positive FROM migrator.measurements m
  JOIN migrator.index_jobs j ON m.details->>'sql' = j.sql AND m.target = j.target_name
 WHERE m.kind = 'build' AND j.job_id > :before ORDER BY m.target;
INSERT INTO migrator.index_job_log (role_name, target, target_name, index_name, sql, options, state) VALUES ('x', 0, 'x', 'x', 'x', '{}', 'done');
CREATE ROLE regress_apply;
SET ROLE regress_apply;
SELECT count(*) FROM migrator.index_jobs;
INSERT INTO migrator.index_job_log (role_name, target, target_name, index_name, sql, options, state) VALUES ('x', 0, 'x', 'x', 'x', '{}', 'done');
RESET ROLE;
DROP ROLE regress_apply;
DELETE FROM migrator.index_job_log WHERE role_name = 'x';
SELECT obj_description('index_apply(regclass, text, boolean, jsonb)'::regprocedure, 'pg_proc') IS NOT NULL AS commented;
SET client_min_messages = warning;
DROP SCHEMA applied CASCADE;
