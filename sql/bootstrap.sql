CREATE SCHEMA migrator;
COMMENT ON SCHEMA migrator IS 'What migrator has done: runs, rejected rows, validations, measurements.';
GRANT USAGE ON SCHEMA migrator TO PUBLIC;

CREATE TABLE migrator.runs (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    role_name name NOT NULL DEFAULT current_user,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    source text NOT NULL,
    fingerprint text NOT NULL,
    source_table text NOT NULL,
    target text NOT NULL,
    mode text NOT NULL,
    method text NOT NULL,
    options jsonb NOT NULL,
    rows_read bigint NOT NULL,
    rows_loaded bigint NOT NULL,
    rows_rejected bigint NOT NULL,
    heap_bytes bigint NOT NULL,
    wal_bytes bigint NOT NULL,
    reader_peak_memory bigint NOT NULL,
    phases jsonb NOT NULL,
    warnings text[] NOT NULL,
    migrator_version text NOT NULL,
    duckdb_version text NOT NULL
);
COMMENT ON TABLE migrator.runs IS 'One row for each load that was committed.';
COMMENT ON COLUMN migrator.runs.run_id IS 'Names the run in every other table.';
COMMENT ON COLUMN migrator.runs.role_name IS 'Who ran it; may read this row and its rejects.';
COMMENT ON COLUMN migrator.runs.started_at IS 'When the function was called.';
COMMENT ON COLUMN migrator.runs.finished_at IS 'When everything was in place, before the commit.';
COMMENT ON COLUMN migrator.runs.source IS 'The file, or the pattern for several, resolved.';
COMMENT ON COLUMN migrator.runs.fingerprint IS 'Changes when the content of the file does: see source_info().';
COMMENT ON COLUMN migrator.runs.source_table IS 'The table or view in the source; * for a whole file.';
COMMENT ON COLUMN migrator.runs.target IS 'The table, qualified; * for a whole file: see migrator.steps.';
COMMENT ON COLUMN migrator.runs.mode IS 'create, append, truncate or database.';
COMMENT ON COLUMN migrator.runs.method IS 'How rows were written: pages, multi_insert or insert; database for a whole file.';
COMMENT ON COLUMN migrator.runs.options IS 'The arguments as they were understood.';
COMMENT ON COLUMN migrator.runs.rows_read IS 'Rows that the source gave.';
COMMENT ON COLUMN migrator.runs.rows_loaded IS 'Rows that were written.';
COMMENT ON COLUMN migrator.runs.rows_rejected IS 'Rows in migrator.rejects.';
COMMENT ON COLUMN migrator.runs.heap_bytes IS 'The size of the table with its TOAST, without indexes.';
COMMENT ON COLUMN migrator.runs.wal_bytes IS 'WAL written by this backend for the run.';
COMMENT ON COLUMN migrator.runs.reader_peak_memory IS 'The most memory the reader process held, in bytes.';
COMMENT ON COLUMN migrator.runs.phases IS 'Seconds spent in each phase.';
COMMENT ON COLUMN migrator.runs.warnings IS 'What was not carried, and what was lost with consent.';
COMMENT ON COLUMN migrator.runs.migrator_version IS 'The version of the extension.';
COMMENT ON COLUMN migrator.runs.duckdb_version IS 'The DuckDB that read the file.';

CREATE TABLE migrator.rejects (
    run_id bigint NOT NULL,
    source_table text NOT NULL,
    source_row bigint NOT NULL,
    row_number bigint NOT NULL,
    column_name text NOT NULL,
    sqlstate text NOT NULL,
    reason text NOT NULL,
    row_data jsonb
);
CREATE INDEX rejects_run_id_idx ON migrator.rejects (run_id);
COMMENT ON TABLE migrator.rejects IS 'Rows that were not carried, and why.';
COMMENT ON COLUMN migrator.rejects.run_id IS 'The run.';
COMMENT ON COLUMN migrator.rejects.source_table IS 'The table or view in the source.';
COMMENT ON COLUMN migrator.rejects.source_row IS 'DuckDB''s rowid for a table, the row''s number in the scan for a view.';
COMMENT ON COLUMN migrator.rejects.row_number IS 'The row''s number in the scan, from 1.';
COMMENT ON COLUMN migrator.rejects.column_name IS 'The column whose value cannot be carried.';
COMMENT ON COLUMN migrator.rejects.sqlstate IS 'The SQLSTATE that a plain load would have failed with.';
COMMENT ON COLUMN migrator.rejects.reason IS 'Why, in one line.';
COMMENT ON COLUMN migrator.rejects.row_data IS 'The row''s values as texts, clipped.';

CREATE TABLE migrator.steps (
    run_id bigint NOT NULL,
    step integer NOT NULL,
    kind text NOT NULL,
    source_name text NOT NULL,
    target_name text,
    verdict text NOT NULL,
    sql text,
    rows bigint,
    seconds double precision NOT NULL,
    note text,
    PRIMARY KEY (run_id, step)
);
COMMENT ON TABLE migrator.steps IS 'What became of each object in a run of migrate_database().';
COMMENT ON COLUMN migrator.steps.run_id IS 'The run.';
COMMENT ON COLUMN migrator.steps.step IS 'The order in which things were done, from 1.';
COMMENT ON COLUMN migrator.steps.kind IS 'schema, type, sequence, table, data, primary_key, unique, index, check, default, generated, foreign_key, view, macro, trigger or comment.';
COMMENT ON COLUMN migrator.steps.source_name IS 'What it is called in the source.';
COMMENT ON COLUMN migrator.steps.target_name IS 'What it is called here, qualified; NULL where it is not here.';
COMMENT ON COLUMN migrator.steps.verdict IS 'done, translated, shimmed, skipped, manual or failed.';
COMMENT ON COLUMN migrator.steps.sql IS 'The statement that ran or, where none could be made, the source''s own text.';
COMMENT ON COLUMN migrator.steps.rows IS 'Rows that were loaded.';
COMMENT ON COLUMN migrator.steps.seconds IS 'How long it took.';
COMMENT ON COLUMN migrator.steps.note IS 'Why, and what is different.';

CREATE TABLE migrator.validations (
    run_id bigint PRIMARY KEY,
    role_name name NOT NULL DEFAULT current_user,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    source text NOT NULL,
    fingerprint text NOT NULL,
    source_table text,
    target text NOT NULL,
    level text NOT NULL,
    loaded_by bigint,
    options jsonb NOT NULL,
    passed integer NOT NULL,
    failed integer NOT NULL,
    warned integer NOT NULL,
    skipped integer NOT NULL,
    errors integer NOT NULL
);
COMMENT ON TABLE migrator.validations IS 'One row for each validation that was committed.';
COMMENT ON COLUMN migrator.validations.run_id IS 'Names the validation; from the same sequence as the runs of loads.';
COMMENT ON COLUMN migrator.validations.role_name IS 'Who ran it; may read this row, its checks and its differences.';
COMMENT ON COLUMN migrator.validations.started_at IS 'When the function was called.';
COMMENT ON COLUMN migrator.validations.finished_at IS 'When the last check was made.';
COMMENT ON COLUMN migrator.validations.source IS 'The file, or the pattern for several, resolved.';
COMMENT ON COLUMN migrator.validations.fingerprint IS 'Changes when the content of the file does: see source_info().';
COMMENT ON COLUMN migrator.validations.source_table IS 'The table or view in the source; * for a whole file.';
COMMENT ON COLUMN migrator.validations.target IS 'The table, qualified; * for a whole file.';
COMMENT ON COLUMN migrator.validations.level IS 'quick, standard, full or paranoid.';
COMMENT ON COLUMN migrator.validations.loaded_by IS 'The run of migrator.runs whose options and rejects counted.';
COMMENT ON COLUMN migrator.validations.options IS 'The arguments.';
COMMENT ON COLUMN migrator.validations.passed IS 'Checks that hold.';
COMMENT ON COLUMN migrator.validations.failed IS 'Checks that do not hold.';
COMMENT ON COLUMN migrator.validations.warned IS 'Checks of severity warn that do not hold.';
COMMENT ON COLUMN migrator.validations.skipped IS 'Checks that were not made, as their notes say.';
COMMENT ON COLUMN migrator.validations.errors IS 'Checks that could not be made.';

CREATE TABLE migrator.checks (
    run_id bigint NOT NULL,
    check_no integer NOT NULL,
    check_name text NOT NULL,
    category text NOT NULL,
    severity text NOT NULL,
    source_name text,
    target_name text,
    column_name text,
    status text NOT NULL,
    expected text,
    actual text,
    difference text,
    rows_checked bigint,
    unexpected_count bigint,
    failing_keys jsonb,
    note text,
    remedy text,
    seconds double precision NOT NULL,
    PRIMARY KEY (run_id, check_no)
);
CREATE INDEX checks_target_name_idx ON migrator.checks (target_name, run_id);
COMMENT ON TABLE migrator.checks IS 'The checks of each validation.';
COMMENT ON COLUMN migrator.checks.run_id IS 'The validation.';
COMMENT ON COLUMN migrator.checks.check_no IS 'The order of the checks, from 1.';
COMMENT ON COLUMN migrator.checks.check_name IS 'What was checked.';
COMMENT ON COLUMN migrator.checks.category IS 'schema, volume, profile, content, fidelity, integrity, vector or physical.';
COMMENT ON COLUMN migrator.checks.severity IS 'error or warn.';
COMMENT ON COLUMN migrator.checks.source_name IS 'The table or view in the source.';
COMMENT ON COLUMN migrator.checks.target_name IS 'The relation here, qualified.';
COMMENT ON COLUMN migrator.checks.column_name IS 'The column here, or several.';
COMMENT ON COLUMN migrator.checks.status IS 'pass, fail, warn, skip or error.';
COMMENT ON COLUMN migrator.checks.expected IS 'What should be.';
COMMENT ON COLUMN migrator.checks.actual IS 'What is.';
COMMENT ON COLUMN migrator.checks.difference IS 'Between the two, where that can be said.';
COMMENT ON COLUMN migrator.checks.rows_checked IS 'How many rows were looked at.';
COMMENT ON COLUMN migrator.checks.unexpected_count IS 'How many of them are not as they should be.';
COMMENT ON COLUMN migrator.checks.failing_keys IS 'Some of these, at most 20.';
COMMENT ON COLUMN migrator.checks.note IS 'Why it was skipped, what was consented to, and the like.';
COMMENT ON COLUMN migrator.checks.remedy IS 'What would mend it.';
COMMENT ON COLUMN migrator.checks.seconds IS 'How long it took; checks made together share their time.';

CREATE TABLE migrator.check_differences (
    run_id bigint NOT NULL,
    target_name text NOT NULL,
    op text NOT NULL,
    key jsonb,
    column_name text,
    source_value text,
    target_value text
);
CREATE INDEX check_differences_run_id_idx ON migrator.check_differences (run_id);
COMMENT ON TABLE migrator.check_differences IS 'Rows that a validation has found to differ: at most options.difference_limit.';
COMMENT ON COLUMN migrator.check_differences.run_id IS 'The validation.';
COMMENT ON COLUMN migrator.check_differences.target_name IS 'The relation here, qualified.';
COMMENT ON COLUMN migrator.check_differences.op IS 'missing, extra, changed or duplicate.';
COMMENT ON COLUMN migrator.check_differences.key IS 'The key''s columns; all columns where there is no key.';
COMMENT ON COLUMN migrator.check_differences.column_name IS 'The column whose value differs.';
COMMENT ON COLUMN migrator.check_differences.source_value IS 'What the source has, clipped.';
COMMENT ON COLUMN migrator.check_differences.target_value IS 'What the target has, clipped.';

-- The owner of a run and pg_read_all_data read it; only the extension writes.
ALTER TABLE migrator.runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE migrator.rejects ENABLE ROW LEVEL SECURITY;
ALTER TABLE migrator.steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE migrator.validations ENABLE ROW LEVEL SECURITY;
ALTER TABLE migrator.checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE migrator.check_differences ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_runs ON migrator.runs FOR SELECT
    USING (role_name = current_user OR pg_catalog.pg_has_role('pg_read_all_data', 'USAGE'));
CREATE POLICY own_rejects ON migrator.rejects FOR SELECT
    USING (EXISTS (SELECT FROM migrator.runs r WHERE r.run_id = rejects.run_id));
CREATE POLICY own_steps ON migrator.steps FOR SELECT
    USING (EXISTS (SELECT FROM migrator.runs r WHERE r.run_id = steps.run_id));
CREATE POLICY own_validations ON migrator.validations FOR SELECT
    USING (role_name = current_user OR pg_catalog.pg_has_role('pg_read_all_data', 'USAGE'));
CREATE POLICY own_checks ON migrator.checks FOR SELECT
    USING (EXISTS (SELECT FROM migrator.validations v WHERE v.run_id = checks.run_id));
CREATE POLICY own_differences ON migrator.check_differences FOR SELECT
    USING (EXISTS (SELECT FROM migrator.validations v WHERE v.run_id = check_differences.run_id));
GRANT SELECT ON migrator.runs, migrator.rejects, migrator.steps, migrator.validations,
                migrator.checks, migrator.check_differences TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('migrator.runs', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.runs_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.rejects', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.steps', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.validations', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.checks', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.check_differences', '');
