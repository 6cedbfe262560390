-- Which indexes a table needs, and which it does not. Costs and times are another matter.
SET client_min_messages = warning;
CREATE SCHEMA advised;
SET search_path = advised, public;
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, customer integer, status text, price bigint, code text COLLATE "C", doc jsonb, parent integer REFERENCES parent, filler text);
INSERT INTO parent SELECT generate_series(1, 10);
INSERT INTO orders SELECT i, i % 500, CASE WHEN i % 100 = 0 THEN 'open' ELSE 'done' END, i * 7919::bigint % 10007, md5(i::text), jsonb_build_object('k', i % 500, md5((i % 900)::text), 1), 1 + i % 10, repeat('x', 100) FROM generate_series(1, 20000) i;
CREATE TABLE small AS SELECT i AS a FROM generate_series(1, 10) i;
CREATE VIEW dear AS SELECT * FROM orders WHERE price > 5;
CREATE FOREIGN DATA WRAPPER advised_nowhere;
CREATE SERVER advised_nowhere FOREIGN DATA WRAPPER advised_nowhere;
CREATE FOREIGN TABLE elsewhere (a integer) SERVER advised_nowhere;
ANALYZE;

-- Arguments.
SELECT kind FROM index_advice(NULL);
SELECT kind FROM index_advice('orders', options => NULL);
SELECT kind FROM index_advice('orders', ARRAY['SELECT 1', NULL]);
SELECT kind FROM index_advice('orders', '{}', '{"tops": 1}');
SELECT kind FROM index_advice('orders', '{}', '[]');
SELECT kind FROM index_advice('orders', '{}', '{"top": -1}');
SELECT kind FROM index_advice('orders', '{}', '{"min_gain": 2}');
SELECT kind FROM index_advice('orders', '{}', '{"source_table": "orders"}');
SELECT kind FROM index_advice(0);
-- What has no indexes.
SELECT kind FROM index_advice('dear');
SELECT kind FROM index_advice('elsewhere');
SELECT kind FROM index_advice('orders_pkey');
-- Queries that cannot be used: which one, and why.
SELECT kind FROM index_advice('orders', ARRAY['SELECT * FROM orders', 'SELECT * FROM small']);
SELECT kind FROM index_advice('orders', ARRAY['SELECT none FROM orders']);
SELECT kind FROM index_advice('orders', ARRAY['SELECT FROM']);
SELECT kind FROM index_advice('orders', ARRAY['']);
SELECT kind FROM index_advice('orders', ARRAY['SELECT 1; SELECT 2']);
SELECT kind FROM index_advice('orders', ARRAY['TRUNCATE orders']);
SELECT kind FROM index_advice('orders', ARRAY['CREATE TABLE x AS SELECT * FROM orders']);

-- A foreign key, whatever is asked.
SELECT index_sql, kind, columns, expected_size > 0 AS size, expected_build_seconds >= 0 AS seconds, expected_gain->>'method' AS method, split_part(risk, ':', 1) AS risk FROM index_advice('orders', '{}');
CREATE INDEX ON orders (parent);
SELECT count(*) FROM index_advice('orders', '{}');
-- One query each.
\set advice 'kind, columns, index_sql FROM index_advice'
SELECT :advice('orders', ARRAY['SELECT * FROM orders WHERE customer = $1']);
SELECT :advice('orders', ARRAY['SELECT * FROM orders WHERE price BETWEEN 10 AND 200 AND customer = 7']);
SELECT :advice('orders', ARRAY['SELECT sum(price) FROM orders WHERE price > 5 AND status = ''open''']);
SELECT :advice('orders', ARRAY['SELECT id FROM orders WHERE doc @> ''{"k": 7}''']);
SELECT :advice('orders', ARRAY['SELECT id FROM orders WHERE code LIKE ''abc%''']);
SELECT :advice('orders', ARRAY['SELECT * FROM orders WHERE lower(code) = $1']);
SELECT :advice('orders', ARRAY['SELECT * FROM orders ORDER BY price DESC LIMIT 5']);
-- And what needs none.
\set none 'kind, columns, rationale FROM index_advice'
SELECT :none('orders', ARRAY['SELECT * FROM orders WHERE id = 7', 'SELECT * FROM orders WHERE parent = $1 AND id = $2']);
SELECT :none('orders', ARRAY['SELECT count(*) FROM orders', 'INSERT INTO orders (id) VALUES (0)']);
SELECT :none('small', ARRAY['SELECT * FROM small WHERE a = 1']);
-- What should go.
CREATE INDEX again ON orders (parent);
CREATE INDEX longer ON orders (parent, customer);
SELECT kind, columns, rationale, index_sql, expected_size < 0 AS frees, risk FROM index_advice('orders', '{}');
-- What was advised is kept.
SELECT DISTINCT kind, target, metric, details->>'kind' AS advised FROM migrator.measurements WHERE target = '"advised"."orders"' AND details->>'kind' IN ('drop', 'covering', 'gin') ORDER BY 4;
BEGIN READ ONLY;
SELECT kind, columns FROM index_advice('orders', ARRAY['SELECT * FROM orders WHERE customer = $1']) WHERE kind <> 'drop';
ROLLBACK;

DELETE FROM migrator.measurements WHERE target LIKE '"advised"%';
DROP SERVER advised_nowhere CASCADE;
DROP FOREIGN DATA WRAPPER advised_nowhere;
DROP SCHEMA advised CASCADE;
