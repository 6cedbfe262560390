-- What a file holds: source_info, source_tables, source_columns.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set shop :data '/shop.duckdb'
\set all_types :data '/all_types_2.0.0.duckdb'

SELECT storage_version, written_by, encrypted, has_wal, size_bytes, tables,
       length(fingerprint) AS fingerprint, jsonb_array_length(sandbox) > 3 AS has_sandbox
  FROM source_info(:'shop');
SELECT storage_version, written_by FROM source_info(:'all_types');

SELECT * FROM source_tables(:'shop');

-- One table, by names of every kind.
SELECT column_name, ordinal, source_type, postgres_type, fidelity, note, nullable, column_default
  FROM source_columns(:'shop', 'customers');
SELECT count(*) FROM source_columns(:'shop', 'audit."Login Attempts"');
SELECT count(*) FROM source_columns(:'shop', 'AUDIT.events');
SELECT count(*) > 50 AS all_tables FROM source_columns(:'shop');

-- Every type, and what it becomes.
SELECT column_name, left(source_type, 40) AS source_type, postgres_type, fidelity, note
  FROM source_columns(:'all_types', 'all_types');

-- Every function has a comment, and says what it may do in parallel.
SELECT p.proname FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'migrator'
 WHERE obj_description(p.oid, 'pg_proc') IS NULL;
