CREATE TABLE migrator.index_job_log (
    job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role_name name NOT NULL,
    target oid NOT NULL,
    target_name text NOT NULL,
    index_name text NOT NULL,
    sql text NOT NULL,
    options jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'lost')),
    index oid,
    error_sqlstate text,
    error_message text,
    leftover text,
    queued_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    started_at timestamptz,
    ended_at timestamptz,
    pid integer
);
CREATE INDEX index_job_log_target_idx ON migrator.index_job_log (target);
COMMENT ON TABLE migrator.index_job_log IS 'One row for each call of index_apply() that was committed: see migrator.index_jobs.';
COMMENT ON COLUMN migrator.index_job_log.job_id IS 'Names the job.';
COMMENT ON COLUMN migrator.index_job_log.role_name IS 'Whose rights it has; may read this row.';
COMMENT ON COLUMN migrator.index_job_log.target IS 'The table''s OID.';
COMMENT ON COLUMN migrator.index_job_log.target_name IS 'The table, qualified.';
COMMENT ON COLUMN migrator.index_job_log.index_name IS 'The index, qualified.';
COMMENT ON COLUMN migrator.index_job_log.sql IS 'The statement.';
COMMENT ON COLUMN migrator.index_job_log.options IS 'How often it is tried, and the settings that it is run with.';
COMMENT ON COLUMN migrator.index_job_log.state IS 'queued, running, done, failed or lost.';
COMMENT ON COLUMN migrator.index_job_log.index IS 'The index''s OID, once it is built.';
COMMENT ON COLUMN migrator.index_job_log.error_sqlstate IS 'Why it has failed: the SQLSTATE.';
COMMENT ON COLUMN migrator.index_job_log.error_message IS 'Why it has failed, in one line.';
COMMENT ON COLUMN migrator.index_job_log.leftover IS 'What has become of the INVALID index of a job that did not come to its end.';
COMMENT ON COLUMN migrator.index_job_log.queued_at IS 'When index_apply() was called.';
COMMENT ON COLUMN migrator.index_job_log.started_at IS 'When its worker began with it.';
COMMENT ON COLUMN migrator.index_job_log.ended_at IS 'When it was done, or had failed, or was found to be lost.';
COMMENT ON COLUMN migrator.index_job_log.pid IS 'Its background worker.';

-- Its role and pg_read_all_data read it; only the extension writes.
ALTER TABLE migrator.index_job_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_index_jobs ON migrator.index_job_log FOR SELECT
    USING (role_name = current_user OR pg_catalog.pg_has_role('pg_read_all_data', 'USAGE'));
GRANT SELECT ON migrator.index_job_log TO PUBLIC;

-- A worker has an advisory lock for as long as it lives, one that no SQL function takes (theirs have
-- the objsubid 1 or 2). A standby does not see it.
CREATE VIEW migrator.index_jobs WITH (security_invoker = true) AS
SELECT j.job_id, j.role_name, j.target, j.target_name, j.index_name, j.sql, j.options,
       CASE WHEN j.state IN ('queued', 'running')
             -- A worker may need a moment to begin.
             AND (j.state = 'running'
                  OR j.queued_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(mins => 1))
             AND NOT pg_catalog.pg_is_in_recovery()
             AND NOT EXISTS (
                 SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
                  WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory'
                    AND l.classid = 1835624306 AND l.objid = (j.job_id & 2147483647)::oid
                    AND l.objsubid = 28007 AND l.granted)
            THEN 'lost' ELSE j.state END AS state,
       j.index, j.error_sqlstate, j.error_message, j.leftover, j.queued_at, j.started_at,
       j.ended_at, j.pid
  FROM migrator.index_job_log j;
COMMENT ON VIEW migrator.index_jobs IS 'The calls of index_apply(); those whose background worker is gone are lost.';
GRANT SELECT ON migrator.index_jobs TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('migrator.index_job_log', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.index_job_log_job_id_seq', '');
