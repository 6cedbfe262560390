-- What was loaded is the server's own: it can be changed, indexed, packed, dumped and restored.
SET DateStyle = ISO; SET TimeZone = UTC; SET IntervalStyle = postgres;
\getenv data MIGRATOR_TEST_DATA
\set f :data '/strange.duckdb'
\set all_10 :data '/all_types_0.10.3.duckdb'
\set all_20 :data '/all_types_2.0.0.duckdb'
SET client_min_messages = warning;
\set result 'rows_read, rows_loaded, rows_rejected, method, warnings'
SELECT :result FROM migrate_table(:'f', 'values_of_all', target => 'v', column_types => '{"f": "real[]"}');
SELECT format_type(atttypid, atttypmod) AS type, attname, attndims FROM pg_attribute
 WHERE attrelid = 'v'::regclass AND attnum > 0 ORDER BY attnum;
CREATE FUNCTION digest(t regclass, OUT rows bigint, OUT hash text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT count(*), md5(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C")) FROM %s t', t) INTO rows, hash;
END $$;
CREATE TABLE before AS SELECT * FROM digest('v');

-- Arrays: elements, slices, dimensions, operators.
SELECT id, i[1], i[2:3], array_length(i, 1), array_ndims(t2), t2[2][1], t2[1:2][2:2], array_dims(t2), cardinality(es) FROM v WHERE id < 5 ORDER BY id;
SELECT id, i || 7, array_append(t, 'new'), array_prepend('high'::v_e, es), array_cat(i, i), i || NULL FROM v WHERE id < 4 ORDER BY id;
SELECT id, array_position(i, 2), array_remove(t, NULL), array_replace(bo, NULL, true), i = ARRAY[1, 2, NULL], i @> ARRAY[1] FROM v WHERE id < 4 ORDER BY id;
SELECT id, element, nr FROM v, unnest(t) WITH ORDINALITY AS u (element, nr) WHERE id < 6 ORDER BY id, nr;
SELECT id, unnest(d), unnest(us), unnest(bs), unnest(ts) FROM v WHERE id = 1;
SELECT sum(x), count(*), count(x) FROM v, unnest(i) x;
SELECT id, n + 1, h / 3, big * 2, abs(n), round(d[2], 1), n::float8 FROM v WHERE id < 6 ORDER BY id;
SELECT id, b, b || B'1', ~b, length(b), bs[2] | B'1100', get_bit(b, 0) FROM v WHERE id = 1;
SELECT id, e, e > 'low', enum_range(e), es[1] FROM v WHERE id < 5 ORDER BY id;
SELECT id, s, s->'b'->0, s || '{"c": 2}', m, m ? 'k', jsonb_typeof(s->'a'), s #>> '{b,0}' FROM v WHERE id < 5 ORDER BY id;
SELECT id, bl, length(bl), bl || '\x01', encode(bl, 'base64'), u, iv, iv * 2, f, f[1] + 1 FROM v WHERE id < 5 ORDER BY id;
SELECT id, length(long), md5(long), substr(long, 5, 3) FROM v WHERE id < 6 ORDER BY id;

-- Changes.
BEGIN;
UPDATE v SET i[2] = 42, t = t || 'x'::text, t2[1][1] = 'changed', es[5] = 'low', s = jsonb_set(s, '{b}', '[1]'), long = long || 'end', f[2] = -0.0, bs[1] = B'0' WHERE id IN (1, 3, 7);
SELECT i, t, t2, es, s, length(long), f, bs FROM v WHERE id IN (1, 3) ORDER BY id;
UPDATE v SET i = i || i, t = t || t, d = d || d, es = es || es, us = us || us, ts = ts || ts, bo = bo || bo, n = n * 2, h = h / 2, big = big * big, b = b || b, bl = bl || bl;
SELECT count(*), sum(cardinality(i)), sum(n) FROM v;
ROLLBACK;
ALTER TABLE v ADD COLUMN added integer DEFAULT 5;
ALTER TABLE v DROP COLUMN added;

-- Statistics, indexes of every kind, packing.
ANALYZE v;
SELECT attname, n_distinct <> 0 AS distinct_values, most_common_vals IS NOT NULL OR histogram_bounds IS NOT NULL OR most_common_elems IS NOT NULL AS has_values
  FROM pg_stats WHERE tablename = 'v' ORDER BY attname;
CREATE INDEX ON v USING gin (i); CREATE INDEX ON v USING gin (t); CREATE INDEX ON v USING gin (s); CREATE INDEX ON v USING gin (m jsonb_path_ops);
CREATE INDEX ON v (n, h, big); CREATE INDEX ON v (e, es); CREATE INDEX ON v (b); CREATE INDEX ON v (bl); CREATE INDEX ON v (u, iv); CREATE INDEX ON v USING hash (md5(long));
CREATE INDEX ON v USING brin (id); CREATE INDEX ON v (ts, bo, d);
SET enable_seqscan = off;
SELECT id FROM v WHERE i @> ARRAY[7] ORDER BY id;
SELECT id FROM v WHERE t @> ARRAY['t9'];
SELECT id FROM v WHERE s @> '{"a": 17}';
SELECT id FROM v WHERE m @> '{"k18": 18}';
SELECT id FROM v WHERE n = 1234567890123456789012345678.0123456789;
SELECT id FROM v WHERE h = -170141183460469231731687303715884105728;
SELECT id FROM v WHERE bl = 'b19';
SELECT id FROM v WHERE es = '{high,NULL,low}';
SELECT id FROM v WHERE md5(long) = md5(repeat(md5('20'), 200));
RESET enable_seqscan;
VACUUM (FULL, ANALYZE) v;
CLUSTER v USING v_pkey;
SELECT (SELECT hash FROM digest('v')) = hash AS same FROM before;
REINDEX TABLE v;

-- Text and binary COPY read what is there.
COPY v TO PROGRAM 'cat >/dev/null' (FORMAT binary);
SELECT count(*), count(t2), max(length(v::text)) FROM v;
SELECT bool_and(a IS NOT DISTINCT FROM b) FROM (SELECT v AS a, (v::text)::v AS b FROM v) x;

-- Every type there is, dumped and restored: the same rows.
SELECT :result FROM migrate_table(:'all_10', 'all_types', target => 'types_10', on_lossy => 'accept', on_error => 'reject',
    column_types => '{"date": "text", "timestamp": "text", "timestamp_s": "text", "timestamp_ms": "text", "timestamp_tz": "text", "fixed_nested_varchar_array": "jsonb", "fixed_array_of_int_list": "jsonb", "list_of_fixed_int_array": "jsonb"}', options => '{"nul_bytes": "replace:?"}');
SELECT :result FROM migrate_table(:'all_20', 'all_types', target => 'types_20', on_lossy => 'accept', on_error => 'reject',
    column_types => '{"date": "text", "timestamp": "text", "timestamp_s": "text", "timestamp_ms": "text", "timestamp_tz": "text", "fixed_nested_varchar_array": "jsonb", "fixed_array_of_int_list": "jsonb", "list_of_fixed_int_array": "jsonb"}', options => '{"nul_bytes": "replace:?"}');
SELECT :result FROM migrate_table(:'all_10', 'edge_cases', target => 'edges_10', on_lossy => 'accept', on_error => 'reject',
    options => '{"rename": {"a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_a": "a", "a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_b": "b"}, "nul_bytes": "strip"}');
SELECT :result FROM migrate_table(:'all_20', 'edge_cases', target => 'edges_20', on_lossy => 'accept', on_error => 'reject',
    options => '{"rename": {"a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_a": "a", "a_column_name_of_seventy_characters_which_postgresql_truncates_at_63_b": "b"}, "nul_bytes": "strip", "struct": "composite"}');
CREATE TABLE digests AS
    SELECT name, d.* FROM (VALUES ('v'), ('types_10'), ('types_20'), ('edges_10'), ('edges_20')) n (name), digest(name::regclass) d;
SELECT count(*) FROM digests WHERE rows > 0;
\! psql -Xqc "CREATE DATABASE regress_restored" && pg_dump regress | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null regress_restored
\c regress_restored
SET DateStyle = ISO; SET TimeZone = UTC; SET IntervalStyle = postgres;
SELECT name, d.rows = g.rows AND d.hash = g.hash AS same FROM digests g, digest(name::regclass) d ORDER BY name;
\c regress
\! dropdb regress_restored
SET client_min_messages = warning;
DROP TABLE v, types_10, types_20, edges_10, edges_20, before, digests;
DROP FUNCTION digest;
