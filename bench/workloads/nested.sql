-- Lists and lists of lists, which PostgreSQL keeps as arrays.
-- 1. In DuckDB; SET VARIABLE rows comes first.
CREATE TABLE nested AS
SELECT id,
       list_transform(range((hash(id) % 5)::BIGINT),
                      i -> ['red', 'green', 'blue', 'ultramarine', 'off white'][(hash(id + i) % 5)::BIGINT + 1]) AS tags,
       list_transform(range((hash(id + 1) % 3 + 1)::BIGINT),
                      i -> list_transform(range((hash(id + 2) % 4 + 1)::BIGINT),
                                          j -> (hash(id * 12 + i * 4 + j) % 1000)::INTEGER)) AS grid,
       list_transform(range(3), i -> (hash(id * 3 + i) % 10000) / 100) AS readings
  FROM range(getvariable('rows')::BIGINT) AS numbers(id);

-- 2. In PostgreSQL.
CREATE TABLE nested (id bigint, tags text[], grid integer[][], readings double precision[]);

-- 3. In both, with the same result.
SELECT count(*), sum(id), sum(length(tags[1])), sum(length(array_to_string(tags, ','))),
       sum(grid[1][1]), sum(grid[2][2] * (id % 7)), sum(grid[3][4]), sum(array_length(grid, 1)),
       sum(round(readings[1] * 100)::bigint), sum(round(readings[3] * 100)::bigint * (id % 7))
  FROM nested;
