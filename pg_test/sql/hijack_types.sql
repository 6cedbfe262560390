-- A role puts types into the search path of somebody who calls migrate_table for it: into
-- pg_temp, where types are looked for first, or into a schema in front of pg_catalog.
-- Nothing of it may run as somebody else: hits must be empty.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
SET client_min_messages = warning;
\set f :data '/strange.duckdb'
CREATE ROLE reader;
GRANT pg_read_server_files TO reader;
CREATE ROLE attacker;
CREATE SCHEMA lab AUTHORIZATION reader;
GRANT USAGE ON SCHEMA lab TO attacker;
CREATE TABLE lab.hits (who name, what text);
GRANT INSERT, SELECT ON lab.hits TO PUBLIC;
CREATE FUNCTION lab.load(source text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = lab
    AS 'BEGIN RETURN (SELECT rows_loaded FROM public.migrate_table(source, ''plain'')); END';
ALTER FUNCTION lab.load OWNER TO reader;
SET ROLE attacker;
CREATE FUNCTION pg_temp.hit(anyelement, text) RETURNS boolean LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO lab.hits VALUES (current_user, $2); RETURN true; END';
CREATE DOMAIN pg_temp.int8 AS pg_catalog.int8 CHECK (pg_temp.hit(VALUE, 'int8'));
CREATE DOMAIN pg_temp.oid AS pg_catalog.oid CHECK (pg_temp.hit(VALUE, 'oid'));
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.hit(VALUE, 'text'));
SELECT lab.load(:'f');
SELECT DISTINCT * FROM lab.hits;
RESET ROLE;
DROP SCHEMA lab CASCADE;
DROP DOMAIN pg_temp.int8, pg_temp.oid, pg_temp.text;
DROP FUNCTION pg_temp.hit;
DROP ROLE reader, attacker;
