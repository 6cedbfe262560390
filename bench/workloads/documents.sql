-- JSON of about 3 kB: orders of 25 lines, which PostgreSQL keeps compressed.
-- 1. In DuckDB; SET VARIABLE rows comes first.
CREATE TABLE documents AS
SELECT id,
       to_json({
           'order': id,
           'total': (hash(id) % 1000000) / 100,
           'customer': {'name': 'Customer ' || hash(id + 1) % 100000, 'email': left(md5(id::VARCHAR), 12) || '@example.org',
                        'city': ['Berlin', 'Lisboa', 'Montréal', 'Zürich', '東京'][(hash(id + 2) % 5)::BIGINT + 1]},
           'paid': hash(id + 3) % 2 = 0,
           'lines': list_transform(range(25), i -> {
               'sku': left(md5((id * 25 + i)::VARCHAR), 16),
               'quantity': hash(id + i) % 12 + 1,
               'price': (hash(id * 3 + i) % 100000) / 100,
               'comment': left('packed by hand, furiously final deposits sleep slyly', 10 + (hash(id * 5 + i) % 42)::INTEGER),
               'returned': NULL})
       }) AS doc
  FROM range(getvariable('rows')::BIGINT) AS numbers(id);

-- 2. In PostgreSQL.
CREATE TABLE documents (id bigint, doc jsonb);

-- 3. In both, with the same result.
SELECT count(*), sum(id), sum((doc->>'order')::bigint), sum((doc->>'total')::decimal(18,2)),
       sum(((doc->'lines'->7)->>'quantity')::integer) FILTER (WHERE id % 10 = 0),
       md5(string_agg(((doc->'lines'->24)->>'comment') || ((doc->'lines'->3)->>'sku') || ((doc->'customer')->>'city'), ','
                      ORDER BY id) FILTER (WHERE id % 100 = 0))
  FROM documents;
