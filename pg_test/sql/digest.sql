-- The target's side of a comparison: sums of canonical hashes.
SET client_min_messages = warning; SET TimeZone = UTC; SET DateStyle = ISO;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 0;
\pset format unaligned

CREATE SCHEMA digests; SET search_path = digests, public;
-- A request for kinds, without parts.
CREATE FUNCTION request(VARIADIC kinds jsonb[]) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN jsonb_build_object('kinds', to_jsonb(kinds), 'partition', NULL)::text;
-- The hash sum of one value.
CREATE FUNCTION digest_of(type text, value text, kind jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE digested jsonb;
BEGIN
    EXECUTE format('SELECT migrator.digest($1, v::%s) FROM (SELECT %s::%s) t (v)', type, value, type)
        INTO digested USING request(kind);
    RETURN digested #>> '{columns,0,sum,sum}';
END $$;
-- Whether two values are the same to a comparison.
CREATE FUNCTION same(type text, one text, other text, kind text, other_type text DEFAULT NULL) RETURNS boolean LANGUAGE sql
    RETURN digest_of(type, one, to_jsonb(kind)) = digest_of(coalesce(other_type, type), other, to_jsonb(kind));

-- No rows, and NULL.
SELECT migrator.digest(request('"Bool"', '"Text"'), true, 'a'::text) WHERE false;
SELECT migrator.digest(request('"Bool"'), ROW(true)) WHERE false;
SELECT migrator.digest(request('"Bool"'), NULL::boolean);
SELECT migrator.digest(request('"Integer"', '"Text"'), i, t) FROM (VALUES (1, 'a'), (2, ''), (NULL, NULL)) v (i, t);

-- Values that are the same.
SELECT type, one, other, same(type, one, other, kind, other_type) FROM (VALUES
    ('numeric', '1.0', '1.00', 'Numeric', NULL),
    ('numeric(10,4)', '1.5', '1.5', 'Numeric', 'numeric'),
    ('numeric', '0', '-0.000', 'Numeric', NULL),
    ('int2', '7', '7', 'Integer', 'int8'),
    ('float8', '''NaN''', '''-NaN''', 'Float8', NULL),
    ('jsonb', '''{"a": 1, "bb": [1.0]}''', '''{"bb": [1.00], "a": 1}''', 'Json', NULL),
    ('char(5)', '''a''', '''a''', 'Char', 'char(9)'),
    ('text', '''a''', '''a''', 'Text', 'varchar(3)'),
    ('text', '''a''', '''a''', 'Text', 'name'),
    ('timestamptz', '''2020-01-01 01:00+01''', '''2020-01-01 00:00+00''', 'Timestamp', NULL)
) v (type, one, other, kind, other_type);

-- Values that differ.
SELECT type, one, other, same(type, one, other, kind) FROM (VALUES
    ('bool', 'true', 'false', 'Bool'),
    ('int8', '9007199254740993', '9007199254740992', 'Integer'),
    ('numeric', '1', '-1', 'Numeric'),
    ('numeric', '10000', '1', 'Numeric'),
    ('numeric', '''Infinity''', '''-Infinity''', 'Numeric'),
    ('numeric', '1e-200', '1e-201', 'Numeric'),
    ('float4', '1', '1.0000001', 'Float4'),
    ('float8', '0', '''-0''', 'Float8'),
    ('float8', '0.1', '0.10000000000000002', 'Float8'),
    ('text', '''a''', '''a ''', 'Text'),
    ('text', '''''', 'NULL', 'Text'),
    ('text', '''é''', 'U&''e\0301''', 'Text'),
    ('bytea', '''\x00''', '''\x0000''', 'Bytes'),
    ('varbit', 'B''0''', 'B''00''', 'Bits'),
    ('date', '''2020-01-01''', '''2020-01-02''', 'Date'),
    ('time', '''24:00''', '''00:00''', 'Time'),
    ('timetz', '''01:00+00''', '''02:00+01''', 'TimeTz'),
    ('timestamp', '''2020-01-01 00:00:00''', '''2020-01-01 00:00:00.000001''', 'Timestamp'),
    ('timestamp', '''infinity''', '''-infinity''', 'Timestamp'),
    ('interval', '''1 day''', '''24 hours''', 'Interval'),
    ('uuid', '''00112233-4455-6677-8899-aabbccddeeff''', '''00112233-4455-6677-8899-aabbccddeefe''', 'Uuid'),
    ('jsonb', '''{"a": 1}''', '''{"a": "1"}''', 'Json'),
    ('jsonb', '''null''', 'NULL', 'Json'),
    ('jsonb', '''[1, 2]''', '''[2, 1]''', 'Json'),
    ('jsonb', '''[]''', '''{}''', 'Json'),
    ('jsonb', '''[1]''', '''1''', 'Json')
) v (type, one, other, kind);

-- Domains, enums, composites, arrays.
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN more_positive AS positive;
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE DOMAIN good_mood AS mood;
CREATE TYPE pair AS (a integer, gone text, b text);
SELECT same('more_positive', '3', '3', 'Integer', 'int4') AS a_domain, same('good_mood', '''high''', '''high''', 'Text', 'text') AS an_enum,
       same('mood', '''high''', '''low''', 'Text') AS other_labels;
ALTER TYPE mood RENAME VALUE 'high' TO 'glad';
SELECT same('mood', '''glad''', '''glad''', 'Text', 'text') AS a_new_label;
CREATE FUNCTION same_arrays(type text, one text, other text, element text) RETURNS boolean LANGUAGE sql
    RETURN digest_of(type, one, jsonb_build_object('Array', element)) = digest_of(type, other, jsonb_build_object('Array', element));
SELECT type, one, other, same_arrays(type, one, other, element) FROM (VALUES
    ('int4[]', '''{1,2}''', '''[5:6]={1,2}''', 'Integer'),
    ('int4[]', '''{1,NULL,3}''', '''{1,NULL,3}''', 'Integer'),
    ('int4[]', '''{1,NULL}''', '''{1,0}''', 'Integer'),
    ('int4[]', '''{}''', 'NULL', 'Integer'),
    ('int4[]', '''{}''', '''{NULL}''', 'Integer'),
    ('int4[]', '''{1,2,3,4}''', '''{{1,2},{3,4}}''', 'Integer'),
    ('int4[]', '''{{1,2},{3,4}}''', '''{{1,3},{2,4}}''', 'Integer'),
    ('text[]', '''{a,""}''', '''{a,NULL}''', 'Text'),
    ('numeric[]', '''{1.0,2}''', '''{1,2.00}''', 'Numeric'),
    ('positive[]', '''{1}''', '''{1}''', 'Integer'),
    ('mood[]', '''{low,glad}''', '''{glad,low}''', 'Text')
) v (type, one, other, element);
CREATE TABLE pairs (id integer, p pair, ps pair[]);
INSERT INTO pairs VALUES (1, (1, 'x', 'one'), ARRAY[ROW(1, 'x', 'one')::pair, NULL, ROW(NULL, NULL, NULL)::pair]), (2, (NULL, 'x', repeat('long', 5000)), '{}'), (3, NULL, NULL);
\set pair '{"Row": [["a", "Integer"], ["b", "Text"]]}'
\set wider '{"Row": [["a", "Integer"], ["b", "Text"], ["c", "Date"]]}'
ALTER TYPE pair DROP ATTRIBUTE gone CASCADE;
CREATE TABLE pairs_again (LIKE pairs);
INSERT INTO pairs_again VALUES (1, (1, 'one'), ARRAY[ROW(1, 'one')::pair, NULL, ROW(NULL, NULL)::pair]), (2, (NULL, repeat('long', 5000)), '{}'), (3, NULL, NULL);
SELECT (SELECT migrator.digest(request('"Integer"', :'pair', jsonb_build_object('Array', :'pair'::jsonb)), id, p, ps) FROM pairs)
     = (SELECT migrator.digest(request('"Integer"', :'pair', jsonb_build_object('Array', :'pair'::jsonb)), id, p, ps) FROM pairs_again) AS without_what_was_dropped;
ALTER TYPE pair ADD ATTRIBUTE c date CASCADE;
SELECT (SELECT migrator.digest(request(:'wider'), p) FROM pairs) = (SELECT migrator.digest(request(:'wider'), (id % 2 || NULL, NULL, NULL)::pair) FROM pairs) AS something_else,
       (SELECT migrator.digest(request(:'wider'), p) FROM pairs WHERE id = 1) = migrator.digest(request(:'wider'), (1, 'one', NULL)::pair) AS with_what_was_added;
-- A row type of a table, and a record in an array.
CREATE TABLE holder (a integer); CREATE TABLE kept (h holder);
INSERT INTO kept VALUES (ROW(1));
ALTER TABLE holder ADD COLUMN b text;
\set holder '{"Row": [["a", "Integer"], ["b", "Text"]]}'
SELECT migrator.digest(request(:'holder'), h) = migrator.digest(request(:'holder'), ROW(1, NULL)::holder) AS a_tables_row,
       migrator.digest(request(jsonb_build_object('Array', :'holder'::jsonb)), ARRAY[h]) = migrator.digest(request(jsonb_build_object('Array', :'holder'::jsonb)), ARRAY[ROW(1, NULL::text)]) AS a_record FROM kept;

-- Toasted, compressed and plain values are the same.
CREATE TABLE plain (id integer, t text, b bytea, j jsonb, a text[], n numeric);
CREATE TABLE stored (LIKE plain);
ALTER TABLE stored ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
INSERT INTO plain SELECT i, repeat(i::text, i * 30), decode(repeat('00ff', i * 30), 'hex'), jsonb_build_object('k', repeat('v', i * 100), 'n', i),
       ARRAY(SELECT repeat('e', i) FROM generate_series(1, i)), ('1' || repeat('23', i))::numeric / 1000 FROM generate_series(1, 60) i;
INSERT INTO stored SELECT * FROM plain;
SELECT (SELECT migrator.digest(request('"Integer"', '"Text"', '"Bytes"', '"Json"', '{"Array": "Text"}', '"Numeric"'), id, t, b, j, a, n) FROM plain) AS plain,
       (SELECT migrator.digest(request('"Integer"', '"Text"', '"Bytes"', '"Json"', '{"Array": "Text"}', '"Numeric"'), id, t, b, j, a, n) FROM stored) AS stored \gset
SELECT :'plain' = :'stored' AS same;

-- The order of rows means nothing, the number of equal ones does.
SELECT (SELECT migrator.digest(request('"Integer"', '"Text"'), id, t) FROM (SELECT * FROM plain ORDER BY id) p)
     = (SELECT migrator.digest(request('"Integer"', '"Text"'), id, t) FROM (SELECT * FROM plain ORDER BY md5(t)) p) AS same,
       (SELECT migrator.digest(request('"Integer"', '"Text"'), id, t) FROM plain)
     = (SELECT migrator.digest(request('"Integer"', '"Text"'), id, t) FROM (SELECT * FROM plain UNION ALL (SELECT * FROM plain LIMIT 1)) p) AS one_more;
-- Values that have changed places: each column is the same, the rows are not.
WITH one AS (SELECT migrator.digest(request('"Integer"', '"Text"'), a, b)::jsonb AS d FROM (VALUES (1, 'x'), (2, 'y')) v (a, b)),
     other AS (SELECT migrator.digest(request('"Integer"', '"Text"'), a, b)::jsonb AS d FROM (VALUES (1, 'y'), (2, 'x')) v (a, b))
SELECT one.d->'columns' = other.d->'columns' AS columns, one.d->'rows' = other.d->'rows' AS rows FROM one, other;

-- Workers.
CREATE TABLE many AS SELECT i AS id, md5(i::text) AS t, i / 7.0 AS n, CASE i % 3 WHEN 0 THEN 'low' WHEN 1 THEN 'glad' END::mood AS m FROM generate_series(1, 20000) i;
ANALYZE many;
\set parts '{"kinds": ["Integer", "Text", "Numeric", "Text"], "partition": {"key": [0], "by": {"Hash": 16}}}'
SELECT migrator.digest(:'parts', id, t, n, m) AS serial, migrator.digest(:'parts', ROW(id, t, n, m)) AS serial_record FROM many \gset
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT migrator.digest(:'parts', id, t, n, m) FROM many;
SELECT migrator.digest(:'parts', id, t, n, m) AS parallel, migrator.digest(:'parts', ROW(id, t, n, m)) AS parallel_record FROM many \gset
SELECT :'serial'::jsonb = :'parallel'::jsonb AS same, :'serial'::jsonb = :'serial_record'::jsonb AS as_a_record, :'serial'::jsonb = :'parallel_record'::jsonb AS both,
       (SELECT sum((part->>'count')::bigint) FROM jsonb_array_elements(:'parallel'::jsonb->'parts') part) AS rows;
-- No rows at all, in workers, too.
SELECT migrator.digest(:'parts', id, t, n, m) FROM many WHERE id < 0;
-- In groups, and in a window.
SELECT count(*), count(DISTINCT d) FROM (SELECT migrator.digest(:'parts', id, t, n, m) AS d FROM many GROUP BY id % 100) g;
SELECT max(length(d)) = length(:'serial') AS whole FROM (SELECT migrator.digest(:'parts', id, t, n, m) OVER () AS d FROM many LIMIT 3) w;

-- Single rows: those of some parts, and the values of those with some keys.
\set some '{"kinds": ["Integer", "Text", "Numeric", "Text"], "partition": {"key": [0], "by": {"Hash": 16}}, "parts": [3, 11]}'
SELECT count(*) = (SELECT sum((part->>'count')::bigint) FROM jsonb_array_elements(:'serial'::jsonb->'parts') WITH ORDINALITY p (part, nr) WHERE nr IN (4, 12)) AS same,
       count(DISTINCT h) = count(*) AS distinct_rows, min(length(h)), max(length(h))
  FROM (SELECT migrator.row_hash(:'some', id, t, n, m) AS h FROM many) r WHERE h IS NOT NULL;
SELECT count(h) FROM (SELECT migrator.row_hash(:'some', ROW(id, t, n, m)) AS h FROM many) r;
-- The key of a row is the first half of its hash.
SELECT encode(substr(migrator.row_hash('{"kinds": ["Integer", "Text"], "partition": {"key": [0], "by": {"Hash": 1}}, "parts": [0]}', 7, 'seven'::text), 1, 16), 'hex') AS key \gset
SELECT '{"kinds": ["Integer", "Text"], "partition": {"key": [0], "by": {"Hash": 1}}, "keys": ["' || :'key' || '"]}' AS seven \gset
SELECT migrator.row_cells(:'seven', id, t) FROM (VALUES (6, 'six'), (7, 'other'), (7, 'seven'), (NULL, NULL)) v (id, t);
-- Long values are cut.
SELECT length(migrator.row_cells(:'seven', 7, repeat('0', 100000))) BETWEEN 12000 AND 13000 AS cut;
-- Cuts: NULL and what lies before the first are part 0. The cuts are the integers 10 and 20.
\set cuts '"partition": {"key": [0], "by": {"Cuts": [[[2,10,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]], [[2,20,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]]]}}'
SELECT array_agg(i) FILTER (WHERE migrator.row_hash('{"kinds": ["Integer"], ' || :'cuts' || ', "parts": [0]}', i) IS NOT NULL) AS first,
       array_agg(i) FILTER (WHERE migrator.row_hash('{"kinds": ["Integer"], ' || :'cuts' || ', "parts": [1]}', i) IS NOT NULL) AS second,
       array_agg(i) FILTER (WHERE migrator.row_hash('{"kinds": ["Integer"], ' || :'cuts' || ', "parts": [2, 0]}', i) IS NOT NULL) AS third_and_first
  FROM (VALUES (NULL), (-5), (9), (10), (19), (20), (21)) v (i);
SELECT jsonb_path_query_array(migrator.digest('{"kinds": ["Integer"], ' || :'cuts' || '}', i)::jsonb, '$.parts[*].count') FROM generate_series(1, 30) i;

-- 1,600 columns are a record.
DO $$BEGIN
    EXECUTE (SELECT 'CREATE TABLE wide (' || string_agg(format('c%s integer', i), ', ') || ')' FROM generate_series(1, 1600) i);
END$$;
INSERT INTO wide (c1, c800, c1600) VALUES (1, 2, 3), (4, 5, NULL);
CREATE FUNCTION digest_of_wide() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE digested jsonb;
BEGIN
    EXECUTE (SELECT format('SELECT migrator.digest(%L, ROW(%s)) FROM wide', jsonb_build_object('kinds', jsonb_agg('Integer'::text), 'partition', NULL),
                           string_agg('c' || i, ', ' ORDER BY i)) FROM generate_series(1, 1600) i) INTO digested;
    RETURN digested;
END$$;
SELECT jsonb_array_length(d->'columns') AS columns, d #> '{rows,count}' AS rows, d #> '{columns,1599,sum,count}' AS in_last,
       d #> '{columns,1599,profile,nulls}' AS nulls_in_last, d #> '{columns,1,profile,nulls}' AS nulls_in_second FROM digest_of_wide() d;
-- Without columns there are only rows.
SELECT migrator.digest('{"kinds": [], "partition": null}', ROW()) FROM generate_series(1, 3);

-- Errors.
SELECT migrator.digest(NULL, 1);
SELECT migrator.digest('{"kinds": [', 1);
SELECT migrator.digest('{"kinds": ["Color"], "partition": null}', 1);
SELECT migrator.digest('{"kinds": [], "partition": null, "more": 1}', 1);
SELECT migrator.digest(request('"Bool"', '"Bool"'), true);
SELECT migrator.digest(request('"Bool"'), 1);
SELECT migrator.digest(request('"Text"', '"Integer"'), 'a'::text, 'b'::text);
SELECT migrator.digest(request('"Text"'), 'a');
SELECT migrator.digest(request('"Json"'), '1'::json);
SELECT migrator.digest(request('"Vector"'), 1);
SELECT migrator.digest(request('{"Array": "Integer"}'), '{a}'::text[]);
SELECT migrator.digest(request('{"Array": "Integer"}'), 1);
SELECT migrator.digest(request('{"Row": [["a", "Integer"]]}'), ROW(1, 2, NULL)::pair);
SELECT migrator.digest(request('{"Row": [["a", "Text"], ["b", "Text"], ["c", "Date"]]}'), ROW(1, 2, NULL)::pair);
SELECT migrator.digest(request('"Integer"'), ROW(1, 2));
SELECT migrator.digest(request('"Integer"', '"Date"'), ROW(1, 2));
SELECT migrator.digest('{"kinds": ["Integer"], "partition": {"key": [1], "by": {"Hash": 4}}}', 1);
SELECT migrator.digest('{"kinds": ["Integer"], "partition": {"key": [0], "by": {"Hash": 4294967295}}}', 1);
SELECT migrator.digest('{"kinds": ["Text"], "partition": {"key": [0], "by": {"Cuts": [[[6]]]}}}', 'a'::text);
SELECT migrator.row_hash(request('"Integer"'), 1);
SELECT migrator.row_cells(request('"Integer"'), 1);
SELECT migrator.row_hash(r, 1) FROM (VALUES ('{}'), ('[]')) v (r);
SELECT migrator.digest_serialize(NULL);
SELECT migrator.digest_step(NULL, request('"Bool"'), true);
SELECT migrator.digest_deserialize('{"columns": [], "rows": {"count": 0, "sum": "0"}, "parts": []}'::bytea, NULL);

DROP SCHEMA digests CASCADE;
