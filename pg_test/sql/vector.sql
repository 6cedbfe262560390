-- Indexes of vectors: which, how they are built, what they find, what must hold for them.
\getenv data MIGRATOR_TEST_DATA
\set passages :data '/passages.duckdb'
\set hnsw :data '/hnsw.duckdb'
-- Versions of pgvector have warnings of their own.
SET client_min_messages = error;
CREATE SCHEMA vectors;
SET search_path = vectors, public;
CREATE TABLE words (id integer PRIMARY KEY, word text);
SELECT am FROM vector_advice('words', 'word');
SELECT warnings FROM migrate_table(:'hnsw', 'passages', 'plain', options => '{"vector_index": true}');
CREATE EXTENSION vector;
CREATE FUNCTION wave(i integer, n integer) RETURNS real[] LANGUAGE sql IMMUTABLE AS
    $$SELECT array_agg(sin(i * (k * 0.37 + 0.11))::real ORDER BY k) FROM generate_series(1, n) k$$;
CREATE TABLE docs (id integer PRIMARY KEY, e vector(16));
INSERT INTO docs SELECT i, wave(i, 16) FROM generate_series(1, 2000) i;

-- What there is no index for.
SELECT am FROM vector_advice('words', 'word');
SELECT am FROM vector_advice('words', 'none');
SELECT am FROM vector_advice('docs', 'e', 'hamming');
SELECT am FROM vector_advice('docs', 'e', target_recall => 0);
SELECT am FROM vector_advice('docs', 'e', k => 0);
SELECT am FROM vector_advice('docs', 'e', p95_ms => 'NaN');
SELECT am FROM vector_advice('docs', NULL);
SELECT am FROM vector_advice('docs_pkey', 'e');

-- No index where exact searches are quick enough: measured, and said.
SELECT am, operator_class, m, exact_p95_ms > 0 AS measured, index_sql, rationale ~ '^Exact searches of 2000 vectors took [0-9.]+ ms at the 95th percentile of 10, measured here just now; up to 60000 ms they need no index' AS says_so,
       rationale ~ 'Otherwise it would be hnsw' AS otherwise
  FROM vector_advice('docs', 'e', p95_ms => 60000);
-- Else a graph, or what its dimensions allow.
\x
SELECT am, operator_class, expression, m, ef_construction, ef_search, lists, probes, build_memory, shared_memory_fits, index_size, build_seconds > 0 AS seconds, index_sql
  FROM vector_advice('docs', 'e', p95_ms => 0);
\x
CREATE TABLE shapes (half halfvec(3), long vector(3072), longer vector(5000), free vector, mixed vector, sparse sparsevec(100), bits bit(64), none vector(3));
INSERT INTO shapes (half, long, longer, free, mixed, sparse, bits)
SELECT ARRAY[i, 1, 0.5]::vector::halfvec, wave(i, 3072), wave(i, 5000), wave(i, 3), wave(i, 2 + i % 2), '{1:1,7:2.5}/100', i::bit(64) FROM generate_series(1, 20) i;
SELECT c AS column, a.am, a.index_sql, a.ef_search
  FROM unnest('{half,long,longer,free,sparse}'::name[]) c, vector_advice('shapes', c, 'l2', 0.99, 0, 300) a;
SELECT am, index_sql FROM vector_advice('shapes', 'bits', 'hamming', p95_ms => 0);
SELECT am, rationale FROM vector_advice('shapes', 'longer', 'l1', p95_ms => 0);
SELECT am, rationale FROM vector_advice('shapes', 'mixed', p95_ms => 0);
SELECT am, rationale FROM vector_advice('shapes', 'none', p95_ms => 0);

-- Builds. What was set for them is as before, also after an error.
SET maintenance_work_mem = '2MB';
SET max_parallel_maintenance_workers = 1;
SELECT index, sql, seconds > 0 AS seconds, settings - '{expected_seconds,max_parallel_maintenance_workers}'::text[] AS settings FROM vector_index('docs', 'e');
SELECT index FROM vector_index('docs', 'e', options => '{"name": "docs_pkey"}');
SELECT current_setting('maintenance_work_mem'), current_setting('max_parallel_maintenance_workers');
SELECT index, settings->>'m' AS m, settings->>'ef_construction' AS ef FROM vector_index('docs', 'e', 'l2', '{"m": 40, "name": "Docs l2", "memory": "1MB", "parallel_workers": 0}');
SELECT sql, settings->'ivfflat.probes' AS probes FROM vector_index('docs', 'e', 'ip', '{"am": "ivfflat", "lists": 9}');
SELECT sql FROM vector_index('shapes', 'long', 'l2');
SELECT sql FROM vector_index('shapes', 'longer');
SELECT sql FROM vector_index('shapes', 'free');
SELECT sql FROM vector_index('shapes', 'bits', 'jaccard');
SELECT sql FROM vector_index('shapes', 'sparse', 'l1');
SELECT sql FROM vector_index('shapes', 'mixed');
SELECT sql FROM vector_index('docs', 'e', options => '{"am": "btree"}');
SELECT sql FROM vector_index('docs', 'e', options => '{"am": "ivfflat", "m": 4}');
SELECT sql FROM vector_index('docs', 'e', options => '{"m": 1}');
SELECT sql FROM vector_index('docs', 'e', options => '{"memory": "lots"}');
SELECT sql FROM vector_index('docs', 'e', options => '{"speed": 1}');
RESET maintenance_work_mem;
RESET max_parallel_maintenance_workers;

-- What is found, by the index that the plan names.
SELECT ef_search, probes, recall BETWEEN 0.7 AND 1 AS recall, recall_low <= recall AND recall <= recall_high AS bounds, p50_ms <= p95_ms AND p95_ms <= p99_ms AS times, index_used, queries, measurement_id IS NOT NULL AS recorded
  FROM vector_recall('docs', 'e', ef_search => '{40,400,40}', samples => 50);
SELECT count(*) AS settings, count(*) FILTER (WHERE recommended) AS recommended, bool_or(pareto) AS pareto FROM vector_recall('docs', 'e', samples => 20);
-- Few candidates find few: with its own row left out, one less than there are.
SELECT ef_search, recall < 0.55 AS half, recommended FROM vector_recall('docs', 'e', k => 20, ef_search => '{10}', samples => 20);
SELECT ef_search, probes, recall = 1 AS all_lists_find_all, index_used FROM vector_recall('docs', 'e', ef_search => '{9}', samples => 20, metric => 'ip');
CREATE TABLE asked (id integer, q real[]);
INSERT INTO asked SELECT i, wave(i * 7919, 16) FROM generate_series(1, 30) i;
SELECT ef_search, recall > 0.9 AS recall, queries, index_used FROM vector_recall('docs', 'e', 'asked', 'q', ef_search => '{200}', metric => 'l2');
SELECT queries FROM vector_recall('docs', 'e', 'asked', ef_search => '{200}', samples => 3);
SELECT c AS column, r.recall = 1 AS recall, r.index_used FROM (VALUES ('long', 'l2'), ('free', 'cosine'), ('bits', 'jaccard'), ('sparse', 'l1')) v (c, m), vector_recall('shapes', c::name, k => 3, ef_search => '{100}', samples => 5, metric => m) r;
SELECT r.recall > 0.9 AS ranked_again, r.index_used FROM vector_recall('shapes', 'longer', k => 3, ef_search => '{100}', samples => 5) r;
-- Ties: thousand equal rows are equally near, whichever of them the index finds.
CREATE TABLE same (id integer, e vector(2));
INSERT INTO same SELECT i, '[1,2]' FROM generate_series(1, 1000) i;
INSERT INTO same SELECT i, ARRAY[i, 3] FROM generate_series(1, 10) i;
SELECT index FROM vector_index('same', 'e', 'l2');
SELECT recall FROM vector_recall('same', 'e', ef_search => '{20}', samples => 30, metric => 'l2');
SELECT recall FROM vector_recall('same', 'e', ef_search => '{20}', metric => 'l1');
SELECT recall FROM vector_recall('same', 'e', ef_search => '{0}');
SELECT recall FROM vector_recall('same', 'e', ef_search => '{}');
SELECT recall FROM vector_recall('same', 'e', 'words', metric => 'l2');
SELECT recall FROM vector_recall('shapes', 'none', metric => 'l2');

-- What must hold.
SELECT check_name, replace(status, 'warn', 'pass') AS status, expected, CASE check_name WHEN 'index_reachability' THEN 'nearly all' ELSE actual END AS actual FROM vector_checks('docs', 'e', 'cosine');
UPDATE docs SET e = NULL WHERE id = 5;
UPDATE docs SET e = array_fill(0::real, '{16}') WHERE id IN (6, 7);
SELECT * FROM vector_checks('docs', 'e', 'l1', checks => '{null_count,zero_count,unit_norm,operator_class}');
REINDEX TABLE docs;
SELECT * FROM vector_checks('docs', 'e', checks => '{index_coverage}');
SELECT check_name, status <> 'fail' AS reached, expected, detail FROM vector_checks('docs', 'e', checks => '{index_reachability}');
ANALYZE docs;
SELECT status, expected, actual, detail FROM vector_checks('docs', 'e', checks => '{index_coverage}');
SELECT check_name, status, expected, actual FROM vector_checks('shapes', 'mixed');
SELECT check_name, status, actual FROM vector_checks('shapes', 'bits', 'hamming', checks => '{dimension_uniform,unit_norm,operator_class}');
SELECT status FROM vector_checks('docs', 'e', checks => '{recall}');

-- Kept, as the gates look for it.
SELECT kind, target, column_name, metric, count(*), bool_and(value IS NOT NULL) AS valued FROM migrator.measurements WHERE target IN ('"vectors"."docs"', '"vectors"."same"') AND kind <> 'vector_checks' GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT details->'setting' AS setting, details ? 'recommended' AS recommended, details->>'index' AS index, details->'k' AS k FROM migrator.measurements WHERE kind = 'recall' AND target = '"vectors"."docs"' ORDER BY measurement_id LIMIT 2;
SELECT details->>'index' AS index, details->>'sql' AS sql FROM migrator.measurements WHERE kind = 'build' AND target = '"vectors"."docs"' ORDER BY measurement_id LIMIT 1;
-- Where nothing can be written: measured, and not recorded.
SET client_min_messages = notice;
BEGIN READ ONLY;
SET LOCAL enable_seqscan = off;
SELECT am FROM vector_advice('docs', 'e', p95_ms => 0);
SELECT recall > 0.9 AS recall, measurement_id FROM vector_recall('docs', 'e', ef_search => '{200}', samples => 5);
SELECT check_name, status <> 'fail' AS good FROM vector_checks('docs', 'e', 'cosine', checks => '{zero_count,index_reachability}');
SELECT index FROM vector_index('docs', 'e');
ROLLBACK;
SET client_min_messages = error;

-- With a load: embeddings get an index, and have the source's neighbours.
SELECT warnings FROM migrate_table(:'passages', 'passages', 'pg_docs', options => '{"vector_index": true}');
SELECT indexdef FROM pg_indexes WHERE schemaname = 'vectors' AND tablename = 'pg_docs' AND indexdef ~ 'hnsw';
SELECT warnings FROM migrate_table(:'passages', 'queries', 'pg_queries', options => '{"vector_index": false}');
SELECT count(*) AS recommended, min(recall) >= 0.95 AS recall FROM vector_recall('pg_docs', 'embedding', 'pg_queries') WHERE recommended;
SELECT check_name, status, expected, actual FROM vector_checks('pg_docs', 'embedding', 'cosine', :'passages', 'passages') WHERE check_name <> 'index_reachability';
SELECT status, expected = actual AS equal FROM vector_checks('pg_docs', 'embedding', 'l2', :'passages', 'passages', '{knn_overlap}');
DELETE FROM pg_docs WHERE passage_id % 2 = 0;
SELECT status, expected, actual::int < expected::int AS fewer FROM vector_checks('pg_docs', 'embedding', 'cosine', :'passages', 'passages', '{knn_overlap}');
SELECT status, detail FROM vector_checks('pg_docs', 'embedding', 'cosine', :'passages', 'nothing', '{knn_overlap}');
SELECT warnings FROM migrate_table(:'passages', 'passages', 'bad_docs', options => '{"vector_index": {"m": 1}}');
SELECT warnings FROM migrate_table(:'passages', 'passages', 'bad_docs', options => '{"vector_index": 7}');
SELECT warnings FROM migrate_table(:'passages', 'passages', 'm_docs', options => '{"vector_index": {"metric": "ip", "m": 8, "ef_construction": 40}}');
SELECT indexdef FROM pg_indexes WHERE schemaname = 'vectors' AND tablename = 'm_docs' AND indexdef ~ 'hnsw';
SELECT warnings FROM migrate_table(:'passages', 'passages', 'l_docs', options => '{"vector_index": {"metric": "hamming"}}');
-- What vss has made. DuckDB without it prints no parameters: what is not known is asked for.
SELECT warnings FROM migrate_table(:'hnsw', 'passages', 'h_none');
SELECT obj_description('h_none'::regclass);
SELECT warnings FROM migrate_table(:'hnsw', 'passages', 'h_cosine', options => '{"vector_index": {"m": 12}}');
SELECT indexdef FROM pg_indexes WHERE schemaname = 'vectors' AND tablename = 'h_cosine' AND indexdef ~ 'hnsw' ORDER BY 1;

-- As somebody else: reading is enough to measure, building is for the owner.
CREATE ROLE vectors_reader;
GRANT USAGE ON SCHEMA vectors TO vectors_reader;
GRANT SELECT ON docs TO vectors_reader;
SET ROLE vectors_reader;
SELECT recall > 0.9 AS recall FROM vector_recall('docs', 'e', ef_search => '{200}', samples => 5);
SELECT index FROM vector_index('docs', 'e');
SELECT recall FROM vector_recall('same', 'e', ef_search => '{200}', samples => 5, metric => 'l2');
RESET ROLE;
SELECT DISTINCT role_name FROM migrator.measurements WHERE kind = 'recall' AND target = '"vectors"."docs"' ORDER BY 1;
-- Partitions: one index over all.
CREATE TABLE parted (id integer, e vector(4)) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (500);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (500) TO (2000);
INSERT INTO parted SELECT i, wave(i, 4) FROM generate_series(1, 1000) i;
SELECT index FROM vector_index('parted', 'e', 'l2');
SELECT recall > 0.95 AS recall, index_used FROM vector_recall('parted', 'e', ef_search => '{100}', samples => 20, metric => 'l2');
SELECT check_name, replace(status, 'warn', 'pass') AS status FROM vector_checks('parted', 'e', 'l2', checks => '{dimension_uniform,index_coverage,index_reachability,operator_class}');

SET client_min_messages = warning;
DROP OWNED BY vectors_reader;
DROP ROLE vectors_reader;
DROP SCHEMA vectors CASCADE;
