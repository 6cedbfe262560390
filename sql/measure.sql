CREATE TABLE migrator.measurements (
    measurement_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('latency', 'recall', 'build', 'vector_checks', 'advice')),
    target text,
    target_tables text[] NOT NULL DEFAULT '{}',
    column_name name,
    metric text NOT NULL,
    value double precision,
    details jsonb NOT NULL DEFAULT '{}',
    role_name name NOT NULL DEFAULT current_user,
    measured_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE INDEX measurements_kind_idx ON migrator.measurements (kind, metric, measured_at);
COMMENT ON TABLE migrator.measurements IS 'What was measured: how long queries and builds of indexes take, and what indexes find.';
COMMENT ON COLUMN migrator.measurements.measurement_id IS 'Names the measurement.';
COMMENT ON COLUMN migrator.measurements.kind IS 'latency, recall, build, vector_checks or advice.';
COMMENT ON COLUMN migrator.measurements.target IS 'The table, qualified, where it is of one.';
COMMENT ON COLUMN migrator.measurements.target_tables IS 'All tables that it is about, qualified.';
COMMENT ON COLUMN migrator.measurements.column_name IS 'The column, where it is of one.';
COMMENT ON COLUMN migrator.measurements.metric IS 'What the value is: p95_ms, recall, build_seconds and the like.';
COMMENT ON COLUMN migrator.measurements.value IS 'The value.';
COMMENT ON COLUMN migrator.measurements.details IS 'What is to be known beside it: the query, the setting, the plan.';
COMMENT ON COLUMN migrator.measurements.role_name IS 'Who measured it; may read this row.';
COMMENT ON COLUMN migrator.measurements.measured_at IS 'When it was written; the same for all that one call has measured.';

-- Its role and pg_read_all_data read it; only the extension writes.
ALTER TABLE migrator.measurements ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_measurements ON migrator.measurements FOR SELECT
    USING (role_name = current_user OR pg_catalog.pg_has_role('pg_read_all_data', 'USAGE'));
GRANT SELECT ON migrator.measurements TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('migrator.measurements', '');
SELECT pg_catalog.pg_extension_config_dump('migrator.measurements_measurement_id_seq', '');
