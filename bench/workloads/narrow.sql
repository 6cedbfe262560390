-- Many short rows: here the tuple headers weigh most.
-- 1. In DuckDB; SET VARIABLE rows comes first.
CREATE TABLE narrow AS
SELECT range AS id, (hash(range) % 5000)::INTEGER AS sensor, (hash(range + 1) % 100000) / 100 AS reading
  FROM range(getvariable('rows')::BIGINT);

-- 2. In PostgreSQL.
CREATE TABLE narrow (id bigint, sensor integer, reading double precision);

-- 3. In both, with the same result.
SELECT count(*), sum(id), sum(sensor), sum(id % 1000 * sensor),
       sum(round(reading * 100)::bigint), sum(round(reading * 100)::bigint * (id % 7))
  FROM narrow;
