-- STRUCT as a row type, other names for columns, domains, character(n).
SET DateStyle = ISO; SET TimeZone = UTC;
\getenv data MIGRATOR_TEST_DATA
\set traps :data '/traps.duckdb'
SET client_min_messages = warning;
CREATE SCHEMA row_types;
SET search_path = row_types, public;
\set result 'target_table, rows_loaded, method, warnings'

SELECT :result FROM migrate_table(:'traps', 'nested', target => 'rows', options => '{"struct": "composite"}');
\d rows
\d rows_s
\d rows_s_b
SELECT * FROM rows ORDER BY id;
-- The values are the server's own: they can be taken apart, put together, rewritten, compared.
SELECT id, (s).b.c, (l[1]).x FROM rows ORDER BY id;
CREATE TABLE copied AS SELECT * FROM rows;
SELECT count(*) FROM rows r JOIN copied c ON r.s *= c.s AND r.l IS NOT DISTINCT FROM c.l;
UPDATE rows SET s.b = ROW('new', 1), l = l || ROW('2021-01-01')::rows_l WHERE id = 1;
ALTER TYPE rows_s ADD ATTRIBUTE z integer;
SELECT * FROM rows ORDER BY id;
VACUUM FULL rows;
SELECT count(*) FROM rows;

-- A second load finds the types that are there, or makes others.
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'rows', mode => 'append', columns => '{id,s}');
ALTER TYPE rows_s DROP ATTRIBUTE z;
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'rows', mode => 'append', columns => '{id,s}');
SELECT s FROM rows ORDER BY id, s::text;
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'one.rows', columns => '{s}', options => '{"struct": "composite"}');
DROP TABLE one.rows;
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'one.rows', columns => '{s}', options => '{"struct": "composite"}');
\dT one.*
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'parts', columns => '{id,s}', options => '{"struct": "columns"}');
SELECT * FROM parts ORDER BY id;

-- Columns by other names; two can swap theirs.
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'renamed', columns => '{id,m,mi}', options => '{"rename": {"id": "Key", "m": "mi", "mi": "m"}}');
SELECT * FROM renamed ORDER BY "Key";
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'x', options => '{"rename": {"nothing": "y"}}');
SELECT :result FROM migrate_table(:'traps', 'nested', target => 'x', options => '{"rename": {"id": "m"}}');

-- A domain's constraints are checked; one without any is as good as its base type.
CREATE DOMAIN free AS integer;
CREATE DOMAIN small AS free CHECK (VALUE < 6);
CREATE DOMAIN picky AS small NOT NULL;
CREATE TABLE plain_domain (id free, v integer);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'plain_domain', mode => 'append');
CREATE TABLE checked_domain (id integer, v picky);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'checked_domain', mode => 'append');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'checked_domain', mode => 'append', filter => 'v < 6');
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'checked_domain', mode => 'append', options => '{"method": "multi_insert"}');
CREATE TABLE inside_domain (fixed picky[]);
SELECT :result FROM migrate_table(:'traps', 'ragged', columns => '{fixed}', target => 'inside_domain', mode => 'append');

-- character(n) is filled with blanks, and takes no more than it has room for.
CREATE TABLE filled (id integer, t character(7));
SELECT :result FROM migrate_table(:'traps', 'large', target => 'filled', mode => 'append', filter => 'id IN (1, 4)');
SELECT *, octet_length(t), t = 'small' AS same FROM filled ORDER BY id;
CREATE TABLE narrow (t character(3));
SELECT :result FROM migrate_table(:'traps', 'large', target => 'narrow', mode => 'append', columns => '{t}', filter => 'id IN (1, 4)');

-- Triggers see the caller's own settings, and may drop rows, but not read along.
CREATE TABLE guarded (id integer, v integer);
CREATE TABLE seen (id integer, v integer);
CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO seen VALUES (NEW.id, NEW.v);
    IF NEW.id = 2 THEN RETURN NULL; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION guard();
SELECT rows_read, :result FROM migrate_table(:'traps', 'twice', target => 'guarded', mode => 'append');
SELECT count(*) FROM seen;
CREATE OR REPLACE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM * FROM migrator.scan_rows(NULL::guarded);
    RETURN NEW;
END $$;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'guarded', mode => 'append');
CREATE OR REPLACE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM * FROM migrator.scan_rows(NULL::plain_domain);
    RETURN NEW;
END $$;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'guarded', mode => 'append');

-- Rules that take rows elsewhere, twice, or nowhere.
CREATE TABLE ruled (id integer, v integer);
CREATE RULE ruled AS ON INSERT TO ruled DO INSTEAD INSERT INTO seen VALUES (NEW.id, NEW.v);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'ruled', mode => 'append');
CREATE OR REPLACE RULE ruled AS ON INSERT TO ruled DO ALSO INSERT INTO seen VALUES (NEW.id, NEW.v);
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'ruled', mode => 'append');
CREATE OR REPLACE RULE ruled AS ON INSERT TO ruled DO INSTEAD NOTHING;
SELECT :result FROM migrate_table(:'traps', 'twice', target => 'ruled', mode => 'append');
