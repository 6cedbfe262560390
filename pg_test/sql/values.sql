-- Values that are hard to carry.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set traps :data '/traps.duckdb'
SET client_min_messages = warning;
\set result 'target_table, rows_read, rows_loaded, rows_rejected, method, warnings'

-- What some values would lose is told before a row moves, for all columns at once.
SELECT :result FROM migrate_table(:'traps', 'lossy');
SELECT column_name, postgres_type, fidelity, note FROM source_columns(:'traps', 'lossy');
SELECT :result FROM migrate_table(:'traps', 'lossy', on_lossy => 'accept');
SELECT * FROM lossy ORDER BY id;
SELECT :result FROM migrate_table(:'traps', 'lossy', target => 'exact',
    column_types => '{"ns": "bigint", "js": "json"}');
SELECT * FROM exact ORDER BY id;

-- NUL bytes, by every policy.
SELECT :result FROM migrate_table(:'traps', 'nul');
SELECT :result FROM migrate_table(:'traps', 'nul', target => 'n1', options => '{"nul_bytes": "strip"}');
SELECT :result FROM migrate_table(:'traps', 'nul', target => 'n2', options => '{"nul_bytes": "replace:?"}');
SELECT :result FROM migrate_table(:'traps', 'nul', target => 'n3', options => '{"nul_bytes": "reject"}');
SELECT n1.id, n1.t, n2.t, n3.t FROM n1 JOIN n2 USING (id) LEFT JOIN n3 USING (id) ORDER BY 1;

-- Dates that PostgreSQL does not have.
SELECT :result FROM migrate_table(:'traps', 'far');
SELECT :result FROM migrate_table(:'traps', 'far', on_error => 'reject');
SELECT * FROM far ORDER BY id;
SELECT source_table, source_row, row_number, column_name, sqlstate, reason, row_data FROM migrator.rejects ORDER BY run_id;
SELECT :result FROM migrate_table(:'traps', 'far', target => 'f2', on_error => 'reject', reject_limit => 0);

-- Lists: rectangles are arrays, others are not.
SELECT column_name, postgres_type, fidelity, note FROM source_columns(:'traps', 'ragged');
SELECT :result FROM migrate_table(:'traps', 'ragged');
SELECT * FROM ragged ORDER BY id;

-- Numbers of every size.
SELECT :result FROM migrate_table(:'traps', 'numbers');
SELECT * FROM numbers ORDER BY id;
SELECT :result FROM migrate_table(:'traps', 'numbers', target => 'narrow', columns => '{id,ub}', column_types => '{"ub": "integer"}');

-- Structs, maps, unions.
SELECT :result FROM migrate_table(:'traps', 'nested');
SELECT * FROM nested ORDER BY id;
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'flat', columns => '{id,s}', options => '{"struct": "columns"}');
SELECT * FROM flat ORDER BY id;

-- Rows larger than a slot, in memory and out of line.
SELECT :result FROM migrate_table(:'traps', 'large');
SELECT id, length(t), octet_length(t), md5(t) = md5(CASE id WHEN 2 THEN repeat('0123456789', 500000) WHEN 3 THEN repeat('é', 3000000) ELSE t END) FROM large ORDER BY id;
