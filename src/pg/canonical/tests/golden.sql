-- Makes golden.txt: psql -Xq -f golden.sql, in a new database with pageinspect and vector.
\set QUIET on
\pset format unaligned
\pset tuples_only on
CREATE TYPE mood AS ENUM ('low','high');
CREATE TYPE gone AS (a int2, x int4, b text, c numeric, d int8);
CREATE TYPE pair AS (a int2, b text);
CREATE FUNCTION golden(name text, type text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE h text;
BEGIN
  EXECUTE format('CREATE TEMP TABLE g (v %s)', type);
  EXECUTE format('ALTER TABLE g ALTER v SET STORAGE %s', CASE WHEN (SELECT attlen FROM pg_attribute WHERE attrelid='g'::regclass AND attname='v') = -1 THEN 'MAIN' ELSE 'PLAIN' END);
  EXECUTE format('INSERT INTO g VALUES (%s)', value);
  SELECT encode(t_attrs[1], 'hex') INTO h FROM heap_page_item_attrs(get_raw_page('g', 0), 'g'::regclass, false);
  DROP TABLE g;
  RETURN name || ' ' || h;
END $$;
SELECT golden(n, t, v) FROM (VALUES
 ('bool','bool','true'), ('int2','int2','-2'), ('int4','int4','-70000'), ('int8','int8','-9007199254740993'),
 ('numeric_zero','numeric','0'), ('numeric_one','numeric','1'), ('numeric_one_00','numeric','1.00'), ('numeric_mixed','numeric','-12345.678'),
 ('numeric_tiny','numeric','1e-20'), ('numeric_tiny_long','numeric','-1e-300'), ('numeric_huge','numeric','12e200'), ('numeric_10000','numeric','10000'),
 ('numeric_38','numeric(38,10)','1234567890123456789012345678.0123456789'),
 ('numeric_nan','numeric','''NaN'''), ('numeric_inf','numeric','''Infinity'''), ('numeric_ninf','numeric','''-Infinity'''),
 ('float4','float4','''-0'''), ('float8','float8','''NaN'''), ('float8_third','float8','1.0/3'),
 ('text','text','''é b '''), ('text_empty','text',''''''), ('text_long','text','repeat(''0123456789'',13)'), ('varchar','varchar(9)','''v'''), ('json','json','''{"b" : 1}'''), ('name','name','''some'''),
 ('char','char(5)','''ab'''), ('bytea','bytea','''\x00ff'''), ('varbit','varbit','B''101100111'''), ('bit','bit(3)','B''101'''), ('varbit_empty','varbit','B'''''),
 ('date','date','''1999-12-31'''), ('date_inf','date','''infinity'''), ('time','time','''23:59:59.999999'''), ('timetz','timetz','''01:02:03+05:30'''),
 ('timestamp','timestamp','''1999-12-31 23:59:59.999999'''), ('timestamptz','timestamptz','''2000-01-01 01:00:00+01'''),
 ('interval','interval','''1 year 2 mons -3 days 04:05:06.000007'''), ('uuid','uuid','''00112233-4455-6677-8899-aabbccddeeff'''),
 ('enum','mood','''high'''),
 ('jsonb','jsonb','''{"bb": 1, "c": [1, 2.50, null, true, false, "x", {}, []], "a": {"é": -1e3}}'''),
 ('jsonb_text','jsonb','''"s"'''), ('jsonb_number','jsonb','''30000'''), ('jsonb_null','jsonb','''null'''), ('jsonb_empty','jsonb','''{}'''),
 ('jsonb_many','jsonb','(SELECT jsonb_agg(CASE WHEN i % 3 = 0 THEN to_jsonb(i) ELSE to_jsonb(i::text) END ORDER BY i) FROM generate_series(1,70) i)'),
 ('jsonb_keys','jsonb','(SELECT jsonb_object_agg(i::text, i) FROM generate_series(1,70) i)'),
 ('array','int4[]','''{1,NULL,3}'''), ('array_plain','int4[]','''{1,2}'''), ('array_bounds','int4[]','''[5:6]={1,2}'''), ('array_2d','int2[]','''{{1,2,3},{4,5,6}}'''), ('array_empty','int4[]','''{}'''),
 ('array_text','text[]','ARRAY[''a'','''',NULL,''bcdef'',''gh'']'), ('array_numeric','numeric[]','''{1.0,-2,NaN}'''), ('array_8','int8[]','''{NULL,8}'''), ('array_rows','pair[]','ARRAY[ROW(1,''a''),NULL,ROW(NULL,''b'')]::pair[]'),
 ('row','gone','ROW(7,1,''text'',1.5,9)::gone'), ('row_null','gone','ROW(NULL,1,NULL,NULL,9)::gone'), ('row_array','pair','ROW(1,repeat(''x'',200))::pair'),
 ('vector','vector(3)','''[1,2.5,-3]'''), ('halfvec','halfvec(2)','''[1,-2.5]'''), ('sparsevec','sparsevec(100)','''{1:1.5,7:2}/100''')
) x(n,t,v);
