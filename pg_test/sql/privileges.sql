-- Who may do what, and who sees what.
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
SET client_min_messages = warning;
\set f :data '/strange.duckdb'
\set allowed :data '/allowed'
\set secret :data '/secret'
\set allowed_file :data '/allowed/a.duckdb'
\set allowed_link :data '/allowed/link.duckdb'
\set allowed_folder_link :data '/allowed/folder/s.duckdb'
\set allowed_up :data '/allowed/../secret/s.duckdb'
\set allowed_round :data '/secret/../allowed/a.duckdb'
\set secret_file :data '/secret/s.duckdb'
\set secret_missing :data '/secret/missing.duckdb'
\set allowed_missing :data '/allowed/missing.duckdb'
\set link_missing :data '/allowed/folder/missing.duckdb'
\set two :allowed '-no-such, ' :secret '/ ,,'
\set result 'rows_read, rows_loaded, rows_rejected, method, warnings'
CREATE ROLE reader;
GRANT pg_read_server_files TO reader;
CREATE ROLE stranger;
CREATE ROLE bypasser BYPASSRLS;
CREATE ROLE allreader;
GRANT pg_read_all_data TO allreader;
CREATE SCHEMA lab AUTHORIZATION reader;
GRANT USAGE ON SCHEMA lab TO stranger, bypasser;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- allowed_directories: links and .. are resolved, empty and missing entries are nothing.
SET migrator.allowed_directories = :'allowed';
SET ROLE stranger;
\set VERBOSITY terse
SELECT count(*) FROM source_tables(:'allowed_file');
SELECT count(*) FROM source_tables(:'allowed_round');
SELECT count(*) FROM source_tables(:'allowed_link');
SELECT count(*) FROM source_tables(:'allowed_folder_link');
SELECT count(*) FROM source_tables(:'allowed_up');
SELECT count(*) FROM source_tables(:'secret_file');
SELECT count(*) FROM source_tables(:'secret_missing');
SELECT count(*) FROM source_tables(:'link_missing');
SELECT count(*) FROM source_tables(:'allowed_missing');
SELECT count(*) FROM source_columns(:'secret_file', 'plain');
SELECT count(*) FROM source_info(:'secret_file');
SELECT rows_loaded FROM migrate_table(:'secret_file', 'plain');
\set VERBOSITY sqlstate
SHOW migrator.allowed_directories;
\set VERBOSITY terse
SET migrator.allowed_directories = '/';
SET migrator.temp_directory = '/';
RESET ROLE;
SET migrator.allowed_directories = ' , ,,';
SET ROLE stranger;
SELECT count(*) FROM source_tables(:'allowed_file');
RESET ROLE;
SET migrator.allowed_directories = :'two';
SET ROLE stranger;
SELECT count(*) FROM source_tables(:'allowed_file');
SELECT count(*) FROM source_tables(:'secret_file');
RESET ROLE;
RESET migrator.allowed_directories;
SET ROLE stranger;
SELECT count(*) FROM source_tables(:'allowed_file');
RESET ROLE;

-- A role needs a place to create in.
GRANT reader TO stranger;
SET ROLE stranger;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'public.plain');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'nowhere.plain');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'pg_catalog.plain');
RESET ROLE;
REVOKE reader FROM stranger;
GRANT pg_read_server_files TO stranger, bypasser;

-- Privileges on columns.
CREATE TABLE lab.columns_only (id integer, v text, secret text DEFAULT 'kept');
GRANT INSERT (id) ON lab.columns_only TO stranger;
SET ROLE stranger;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.columns_only', mode => 'append', columns => '{id}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.columns_only', mode => 'append');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.columns_only', mode => 'append', options => '{"method": "insert"}');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.columns_only', mode => 'truncate', columns => '{id}');
RESET ROLE;
SELECT count(*), count(v), count(secret) FROM lab.columns_only;
TRUNCATE lab.columns_only;
ALTER TABLE lab.columns_only ALTER secret DROP DEFAULT, ADD CHECK (id < 50);
SET ROLE stranger;
\set VERBOSITY default
-- An error does not show what the role may not read.
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.columns_only', mode => 'append', columns => '{id}');
\set VERBOSITY terse
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.columns_only', mode => 'append', columns => '{id}', filter => 'id < 50');
RESET ROLE;

-- Row-level security applies to whom it applies.
CREATE TABLE lab.secured (id integer, v text);
GRANT INSERT, SELECT ON lab.secured TO stranger, bypasser;
ALTER TABLE lab.secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON lab.secured FOR INSERT WITH CHECK (id < 50);
SET ROLE stranger;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append', filter => 'id < 50');
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append', options => '{"method": "multi_insert"}');
SET row_security = off;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append', filter => 'id < 50');
RESET row_security;
SET ROLE bypasser;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append');
RESET ROLE;
ALTER TABLE lab.secured OWNER TO stranger;
SET ROLE stranger;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append');
ALTER TABLE lab.secured FORCE ROW LEVEL SECURITY;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.secured', mode => 'append');
RESET ROLE;
SELECT count(*) FROM lab.secured;

-- SECURITY DEFINER: the owner's rights, the owner's run.
CREATE FUNCTION lab.load(source text, target text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'BEGIN RETURN (SELECT rows_loaded FROM public.migrate_table(source, ''plain'', target => target)); END';
ALTER FUNCTION lab.load OWNER TO reader;
REVOKE pg_read_server_files FROM stranger;
SET ROLE stranger;
SELECT :result FROM migrate_table(:'f', 'plain', target => 'lab.mine');
SELECT lab.load(:'f', 'lab.theirs');
SELECT lab.load(:'f', 'public.theirs');
SELECT count(*) FROM lab.theirs;
SELECT role_name, target FROM migrator.runs WHERE target LIKE '%theirs%';
RESET ROLE;
SELECT relowner::regrole FROM pg_class WHERE oid = 'lab.theirs'::regclass;
SELECT role_name FROM migrator.runs WHERE target LIKE '%theirs%';

-- Rejects and runs are seen by their role, by pg_read_all_data and by superusers, and written by nobody.
SET ROLE reader;
SELECT :result FROM migrate_table(:'f', 'dated', target => 'lab.dated', on_error => 'reject');
SELECT count(*) FROM migrator.rejects;
SET ROLE stranger;
SELECT count(*) FROM migrator.rejects;
SELECT DISTINCT role_name FROM migrator.runs;
INSERT INTO migrator.rejects SELECT * FROM migrator.rejects;
UPDATE migrator.runs SET role_name = 'stranger';
DELETE FROM migrator.runs;
TRUNCATE migrator.runs;
SELECT nextval('migrator.runs_run_id_seq');
SET ROLE allreader;
SELECT count(*) >= 10 AS all_of_them FROM migrator.rejects;
SELECT DISTINCT role_name FROM migrator.runs WHERE role_name IN ('reader', 'stranger', 'bypasser') ORDER BY 1;
RESET ROLE;

-- What a role puts into the search path takes nothing over.
CREATE TABLE lab.hits (who name, what text);
GRANT INSERT, SELECT ON lab.hits TO PUBLIC;
GRANT CREATE ON SCHEMA lab TO stranger;
GRANT USAGE ON SCHEMA lab TO PUBLIC;
SET ROLE stranger;
CREATE TABLE lab.pg_class (a integer);
CREATE TABLE lab.pg_type (a integer);
CREATE TABLE lab.pg_attribute (a integer);
CREATE TABLE lab.pg_namespace (a integer);
CREATE FUNCTION lab.hit(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN INSERT INTO lab.hits VALUES (current_user, 'operator'); RETURN false; END$$;
CREATE FUNCTION lab.hit(name, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN INSERT INTO lab.hits VALUES (current_user, 'operator'); RETURN false; END$$;
CREATE FUNCTION lab.hit(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN INSERT INTO lab.hits VALUES (current_user, 'operator'); RETURN false; END$$;
CREATE OPERATOR lab.= (LEFTARG = text, RIGHTARG = text, FUNCTION = lab.hit);
CREATE OPERATOR lab.= (LEFTARG = name, RIGHTARG = text, FUNCTION = lab.hit);
CREATE OPERATOR lab.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = lab.hit);
CREATE FUNCTION lab.current_schema() RETURNS name LANGUAGE plpgsql AS $$BEGIN INSERT INTO lab.hits VALUES (current_user, 'current_schema'); RETURN 'lab'; END$$;
CREATE FUNCTION lab.format_type(oid, integer) RETURNS text LANGUAGE plpgsql AS $$BEGIN INSERT INTO lab.hits VALUES (current_user, 'format_type'); RETURN 'text'; END$$;
CREATE FUNCTION lab.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN INSERT INTO lab.hits VALUES (current_user, 'nextval'); RETURN 1; END$$;
SET ROLE reader;
SET search_path = lab, pg_catalog, public;
SELECT :result FROM public.migrate_table(:'f', 'plain', target => 'lab.hijack');
SELECT :result FROM public.migrate_table(:'f', 'plain', target => 'hijack', mode => 'append', options => '{"method": "insert"}');
SELECT :result FROM public.migrate_table(:'f', 'values_of_all', target => 'lab.hijacked_all');
RESET search_path;
RESET ROLE;
SELECT * FROM lab.hits;
DROP FUNCTION lab.current_schema, lab.format_type, lab.nextval;

-- An event trigger sees what is made.
CREATE TABLE lab.made (tag text, what text);
CREATE FUNCTION lab.see() RETURNS event_trigger LANGUAGE plpgsql
    AS 'BEGIN INSERT INTO lab.made SELECT command_tag, object_identity FROM pg_event_trigger_ddl_commands(); END';
CREATE EVENT TRIGGER see ON ddl_command_end EXECUTE FUNCTION lab.see();
SELECT :result FROM migrate_table(:'f', 'labels', target => 'lab.labels', column_types => '{"l": "text"}');
DROP EVENT TRIGGER see;
SELECT * FROM lab.made WHERE tag LIKE 'CREATE%';

DROP SCHEMA lab CASCADE;
DROP ROLE reader, stranger, bypasser, allreader;
