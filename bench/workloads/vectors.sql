-- Embeddings of 768 dimensions: every one is stored out of line, in two pieces.
-- 1. In DuckDB; SET VARIABLE rows comes first.
CREATE TABLE vectors AS
SELECT id, list_transform(range(768),
                          i -> (hash(id * 768 + i) & 16777215)::FLOAT / 8388608 - 1)::FLOAT[768] AS embedding
  FROM range(getvariable('rows')::BIGINT) AS numbers(id);

-- 2. In PostgreSQL.
CREATE TABLE vectors (id bigint, embedding vector(768));

-- 3. In both, with the same result.
SELECT count(*), sum(id), sum((embedding::real[])[(1 + id % 768)::integer]::double precision)::decimal(18,4),
       (SELECT sum(x::double precision)::decimal(18,4)
          FROM (SELECT unnest(embedding::real[]) AS x FROM vectors WHERE id % 50 = 0) AS sample)
  FROM vectors;
