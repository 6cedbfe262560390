-- GEOMETRY with PostGIS: the same values as through PostGIS' own functions.
\getenv data MIGRATOR_TEST_DATA
\set traps :data '/traps.duckdb'
SET client_min_messages = warning;
\set result 'target_table, rows_loaded, method, warnings'
CREATE SCHEMA gis;
SET search_path = gis, public;
SELECT column_name, left(source_type, 24) AS source_type, postgres_type, fidelity FROM source_columns(:'traps', 'places');
SELECT :result FROM migrate_table(:'traps', 'places', target => 'wkb');
CREATE EXTENSION postgis SCHEMA gis;
SELECT column_name, left(source_type, 24) AS source_type, postgres_type, fidelity, note FROM source_columns(:'traps', 'places');
SELECT :result FROM migrate_table(:'traps', 'places');
\d places
SELECT id, ST_AsEWKT(g) AS g, ST_AsEWKT(w) AS w, ST_AsEWKT(m) AS m, ST_AsEWKT(l[1]) AS l FROM places ORDER BY id;
-- Bit for bit what PostGIS makes of the same WKB.
SELECT count(*) FROM places p JOIN wkb b USING (id)
 WHERE p.g IS DISTINCT FROM ST_GeomFromWKB(b.g) OR p.w IS DISTINCT FROM ST_GeomFromWKB(b.w, 4326)
    OR p.m IS DISTINCT FROM ST_GeomFromWKB(b.m, 3857)
    OR ST_MemSize(p.g) <> ST_MemSize(ST_GeomFromWKB(b.g)) OR p.l[1] IS DISTINCT FROM ST_GeomFromWKB(b.l[1]);
CREATE INDEX ON places USING gist (m);
SET enable_seqscan = off;
SELECT id FROM places WHERE m && ST_MakeEnvelope(0, 0, 5, 5, 3857) ORDER BY id;
RESET enable_seqscan;
SELECT ST_IsValid(w), ST_Area(w) FROM places WHERE id = 1;

-- Columns that restrict what they take.
CREATE TABLE points (id integer, g geometry(Point));
SELECT :result FROM migrate_table(:'traps', 'places', target => 'points', mode => 'append', columns => '{id,g}', filter => 'id < 3');
SELECT :result FROM migrate_table(:'traps', 'places', target => 'points', mode => 'append', columns => '{id,g}');
SELECT id, ST_AsEWKT(g) FROM points ORDER BY id;
CREATE TABLE elsewhere (id integer, w geometry(Geometry, 25832));
SELECT :result FROM migrate_table(:'traps', 'places', target => 'elsewhere', mode => 'append', columns => '{id,w}');
CREATE TABLE flat (id integer, m geometry(Geometry, 3857));
SELECT :result FROM migrate_table(:'traps', 'places', target => 'flat', mode => 'append', columns => '{id,m}', on_error => 'reject');
SELECT id, ST_AsEWKT(m) FROM flat;
SELECT :result FROM migrate_table(:'traps', 'places', target => 'as_bytes', columns => '{id,g}', column_types => '{"g": "bytea"}');
SELECT * FROM as_bytes ORDER BY id;

-- Bytes do not tell where a geometry is.
\set srids 'SELECT check_name, column_name, status, expected, actual, note FROM validate_table(:''traps'', ''places'', level => ''full'') WHERE check_name = ''srid_match'' OR category = ''content'' AND status <> ''pass'''
:srids;
UPDATE places SET m = ST_SetSRID(m, 4326) WHERE id = 1;
:srids;
SELECT op, key_values, column_name FROM validate_diff(:'traps', 'places', key => '{id}');
DROP EXTENSION postgis CASCADE;
