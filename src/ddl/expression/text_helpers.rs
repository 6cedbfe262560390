//! The helper functions of texts. What DuckDB counts in bytes is counted in bytes of UTF-8.

use crate::ddl::helper::{Helper, helper};

/// Characters that are one to whoever reads them, whatever stands beside them.
pub(super) static REVERSE: Helper = helper(
    "duckdb_reverse",
    "text",
    r"RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    joining constant text := '[^\x01-\x0c\x0e-\x7f\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482'
        '\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\u20c0\u2100-\u2bff'
        '\u3001-\u3029\u3030-\u3098\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3'
        '\uff01-\uff9d\U0001f300-\U0001f3fa\U0001f400-\U0001f64f\U0001f680-\U0001f6ff'
        '\U0001f900-\U0001f9ff]';
BEGIN
    IF pg_catalog.octet_length($1) <> pg_catalog.char_length($1) AND $1 ~ joining THEN
        RAISE EXCEPTION 'it is not decided how % is reversed', pg_catalog.quote_literal($1)
            USING ERRCODE = '0A000', DETAIL = 'Some of its characters may be parts of others.';
    END IF;
    RETURN pg_catalog.reverse($1);
END $$",
    "DuckDB's reverse, for characters that do not combine",
);

pub(super) static LEVENSHTEIN: Helper = helper(
    "duckdb_levenshtein",
    "text, text",
    "RETURNS bigint LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    one bytea := pg_catalog.convert_to($1, 'UTF8');
    two bytea := pg_catalog.convert_to($2, 'UTF8');
    width integer := pg_catalog.octet_length(two);
    costs bigint[] := ARRAY(SELECT pg_catalog.generate_series(0, width));
    before bigint;
    above bigint;
BEGIN
    FOR i IN 1 .. pg_catalog.octet_length(one) LOOP
        before := i - 1;
        costs[1] := i;
        FOR j IN 1 .. width LOOP
            above := costs[j + 1];
            costs[j + 1] := LEAST(above + 1, costs[j] + 1, before + CASE WHEN
                pg_catalog.get_byte(one, i - 1) = pg_catalog.get_byte(two, j - 1) THEN 0 ELSE 1 END);
            before := above;
        END LOOP;
    END LOOP;
    RETURN costs[width + 1];
END $$",
    "DuckDB's levenshtein, which counts bytes",
);

pub(super) static JACCARD: Helper = helper(
    "duckdb_jaccard",
    "text, text",
    "RETURNS double precision LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    one bytea := pg_catalog.convert_to($1, 'UTF8');
    two bytea := pg_catalog.convert_to($2, 'UTF8');
BEGIN
    IF $1 = '' OR $2 = '' THEN
        RAISE EXCEPTION 'jaccard needs texts that are not empty' USING ERRCODE = '22023';
    END IF;
    RETURN (SELECT pg_catalog.count(*) FILTER (WHERE sides = 3)::double precision / pg_catalog.count(*)
        FROM (SELECT pg_catalog.bit_or(side) AS sides FROM (
            SELECT pg_catalog.get_byte(one, i) AS byte, 1 AS side
            FROM pg_catalog.generate_series(0, pg_catalog.octet_length(one) - 1) AS i
            UNION ALL SELECT pg_catalog.get_byte(two, i), 2
            FROM pg_catalog.generate_series(0, pg_catalog.octet_length(two) - 1) AS i
        ) AS bytes GROUP BY byte) AS both_sides);
END $$",
    "DuckDB's jaccard: the share of bytes that two texts have in common",
);

pub(super) static SHA1: Helper = helper(
    "duckdb_sha1",
    "text",
    "RETURNS text LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE AS $$
DECLARE
    low bigint := 4294967295;
    source bytea := pg_catalog.convert_to($1, 'UTF8');
    bits bigint := pg_catalog.octet_length(source) * 8::bigint;
    h bigint[] := '{1732584193,4023233417,2562383102,271733878,3285377520}';
    s bigint[];
    w bigint[];
    f bigint;
BEGIN
    source := source || '\\x80'::bytea || pg_catalog.decode(pg_catalog.repeat('00',
        (119 - pg_catalog.octet_length(source) % 64) % 64), 'hex') || pg_catalog.int8send(bits);
    FOR block IN 0 .. pg_catalog.octet_length(source) / 64 - 1 LOOP
        FOR i IN 0 .. 79 LOOP
            IF i < 16 THEN
                w[i] := 0;
                FOR k IN 0 .. 3 LOOP
                    w[i] := (w[i] << 8) | pg_catalog.get_byte(source, block * 64 + i * 4 + k);
                END LOOP;
            ELSE
                f := w[i - 3] # w[i - 8] # w[i - 14] # w[i - 16];
                w[i] := ((f << 1) | (f >> 31)) & low;
            END IF;
        END LOOP;
        s := h;
        FOR i IN 0 .. 79 LOOP
            f := CASE i / 20
                WHEN 0 THEN ((s[2] & s[3]) | (~s[2] & s[4])) + 1518500249
                WHEN 1 THEN (s[2] # s[3] # s[4]) + 1859775393
                WHEN 2 THEN ((s[2] & s[3]) | (s[2] & s[4]) | (s[3] & s[4])) + 2400959708
                ELSE (s[2] # s[3] # s[4]) + 3395469782 END;
            f := (f + (((s[1] << 5) & low) | (s[1] >> 27)) + s[5] + w[i]) & low;
            s := ARRAY[f, s[1], ((s[2] << 30) & low) | (s[2] >> 2), s[3], s[4]];
        END LOOP;
        FOR i IN 1 .. 5 LOOP
            h[i] := (h[i] + s[i]) & low;
        END LOOP;
    END LOOP;
    RETURN (SELECT pg_catalog.string_agg(pg_catalog.lpad(pg_catalog.to_hex(part), 8, '0'), '' ORDER BY place)
        FROM pg_catalog.unnest(h) WITH ORDINALITY AS parts(part, place));
END $$",
    "SHA-1 of a text, in hexadecimal digits",
);

pub(super) static URL_ENCODE: Helper = helper(
    "duckdb_url_encode",
    "text",
    "RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
SELECT COALESCE(pg_catalog.string_agg(
    CASE WHEN pg_catalog.chr(byte) COLLATE pg_catalog.\"C\" ~ '^[0-9A-Za-z_.~-]$' THEN pg_catalog.chr(byte)
    ELSE '%' || pg_catalog.upper(pg_catalog.lpad(pg_catalog.to_hex(byte), 2, '0')) END, '' ORDER BY place), '')
FROM (SELECT place, pg_catalog.get_byte(pg_catalog.convert_to($1, 'UTF8'), place) AS byte
    FROM pg_catalog.generate_series(0, pg_catalog.octet_length(pg_catalog.convert_to($1, 'UTF8')) - 1) AS place) AS bytes
$$",
    "DuckDB's url_encode",
);
