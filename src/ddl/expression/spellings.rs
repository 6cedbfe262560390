//! Values written as texts, as DuckDB spells them.

use super::{Context, Untranslatable, class::Class, dates, operators, value::Value};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

/// The shortest digits that are read as the same number. PostgreSQL leaves out those that lie just
/// between two numbers, which only happens above 2^53; it takes an exponent for fewer of the large
/// numbers, and no point for whole ones. DuckDB 2.0 miswrites some large powers of two.
static DOUBLE: Helper = helper(
    "duckdb_spell_double",
    "double precision",
    r#"RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET extra_float_digits = 1 AS $$
DECLARE
    plain text := $1::text;
    size integer := COALESCE(pg_catalog.substring(plain, 'e\+([0-9]+)$')::integer, 0);
    shorter numeric;
BEGIN
    IF $1 = 'NaN' THEN
        RETURN 'nan';
    ELSIF pg_catalog.abs($1) = 'Infinity' THEN
        RETURN pg_catalog.replace(plain, 'Infinity', 'inf');
    ELSIF pg_catalog.abs($1) > 1e19 AND pg_catalog.abs($1)
        = pg_catalog.power(2::double precision, pg_catalog.round(pg_catalog.ln(pg_catalog.abs($1)) / 0.6931471805599453)) THEN
        RAISE EXCEPTION 'it is not decided how % is written', plain USING ERRCODE = '0A000';
    ELSIF size BETWEEN 15 AND 24 AND pg_catalog.abs($1) >= 9007199254740992 THEN
        FOR digits IN 0 .. 15 LOOP
            shorter := pg_catalog.round(plain::numeric, digits - size);
            IF shorter::double precision = $1 THEN
                plain := CASE WHEN $1 < 0 THEN '-' ELSE '' END || pg_catalog.rtrim(pg_catalog.rtrim(
                    pg_catalog.left(pg_catalog.abs(shorter)::text, 1) || '.'
                    || pg_catalog.substr(pg_catalog.abs(shorter)::text, 2), '0'), '.')
                    || 'e+' || pg_catalog.length(pg_catalog.abs(shorter)::text) - 1;
                EXIT;
            END IF;
        END LOOP;
    END IF;
    IF pg_catalog.abs($1) < 1e16 AND plain ~ 'e\+' THEN
        plain := plain::numeric::text;
    END IF;
    RETURN CASE WHEN plain ~ '[.e]' THEN plain ELSE plain || '.0' END;
END $$"#,
    "A DOUBLE as DuckDB writes it",
);

/// Here DuckDB takes all digits where the shortest ones are no nearer than others, or lie just
/// between two numbers.
static FLOAT: Helper = helper(
    "duckdb_spell_float",
    "real",
    r#"RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET extra_float_digits = 1 AS $$
DECLARE
    plain text := $1::text;
    exact numeric;
    shorter numeric;
    digits integer;
    size integer;
    unclear boolean := false;
BEGIN
    IF $1 = 'NaN' THEN
        RETURN 'nan';
    ELSIF pg_catalog.abs($1) = 'Infinity' THEN
        RETURN pg_catalog.replace(plain, 'Infinity', 'inf');
    ELSIF $1 <> 0 THEN
        exact := $1::double precision::text::numeric;
        size := pg_catalog.floor(pg_catalog.log(pg_catalog.abs(plain::numeric)));
        digits := pg_catalog.length(pg_catalog.rtrim(pg_catalog.ltrim(pg_catalog.translate(
            pg_catalog.regexp_replace(plain, 'e.*', ''), '-.', ''), '0'), '0'));
        unclear := pg_catalog.abs(plain::numeric - exact) = 0.5 * 10::numeric ^ (size - digits + 1);
        FOR fewer IN 1 .. digits - 1 LOOP
            EXIT WHEN unclear OR pg_catalog.abs($1) < 16777216;
            FOR step IN 0 .. 1 LOOP
                shorter := pg_catalog.trunc(exact, fewer - size - 1)
                    + step * pg_catalog.sign(exact) * 10::numeric ^ (size - fewer + 1);
                unclear := unclear OR shorter::real = $1
                    OR (shorter::real::double precision + $1::double precision) / 2 = shorter::double precision;
            END LOOP;
        END LOOP;
    END IF;
    IF unclear AND pg_catalog.abs(exact) > 1e15 THEN
        RAISE EXCEPTION 'it is not decided how % is written', exact USING ERRCODE = '0A000';
    ELSIF unclear THEN
        plain := pg_catalog.trim_scale(exact)::text;
    ELSIF pg_catalog.abs($1) < 1e16 AND plain ~ 'e\+' THEN
        plain := plain::numeric::text;
    END IF;
    RETURN CASE WHEN plain ~ '[.e]' THEN plain ELSE plain || '.0' END;
END $$"#,
    "A FLOAT as DuckDB writes it",
);

static INTERVAL: Helper = helper(
    "duckdb_spell_interval",
    "interval",
    r#"RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    numbers numeric[] := ARRAY[EXTRACT(YEAR FROM $1), EXTRACT(MONTH FROM $1), EXTRACT(DAY FROM $1)];
    names text[] := '{year,month,day}';
    seconds numeric := EXTRACT(HOUR FROM $1) * 3600 + EXTRACT(MINUTE FROM $1) * 60 + EXTRACT(SECOND FROM $1);
    spelled text := '';
BEGIN
    FOR i IN 1 .. 3 LOOP
        IF numbers[i] <> 0 THEN
            spelled := spelled || numbers[i]::text || ' ' || names[i]
                || CASE WHEN pg_catalog.abs(numbers[i]) = 1 THEN ' ' ELSE 's ' END;
        END IF;
    END LOOP;
    IF seconds = 0 AND spelled <> '' THEN
        RETURN pg_catalog.rtrim(spelled);
    ELSIF seconds < 0 THEN
        spelled := spelled || '-';
        seconds := -seconds;
    END IF;
    RETURN spelled || pg_catalog.lpad(pg_catalog.div(seconds, 3600)::text,
            GREATEST(2, pg_catalog.length(pg_catalog.div(seconds, 3600)::text)), '0')
        || ':' || pg_catalog.lpad(pg_catalog.div(seconds % 3600, 60)::text, 2, '0')
        || ':' || CASE WHEN seconds % 60 < 10 THEN '0' ELSE '' END || pg_catalog.trim_scale(seconds % 60)::text;
END $$"#,
    "An INTERVAL as DuckDB writes it",
);

static BLOB: Helper = helper(
    "duckdb_spell_blob",
    "bytea",
    r#"RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT COALESCE(pg_catalog.string_agg(
    CASE WHEN byte BETWEEN 32 AND 126 AND byte NOT IN (34, 39, 92) THEN pg_catalog.chr(byte)
    ELSE '\x' || pg_catalog.upper(pg_catalog.lpad(pg_catalog.to_hex(byte), 2, '0')) END, '' ORDER BY place), '')
FROM (SELECT place, pg_catalog.get_byte($1, place) AS byte
    FROM pg_catalog.generate_series(0, pg_catalog.octet_length($1) - 1) AS place) AS bytes
$$"#,
    "A BLOB as DuckDB writes it",
);

/// A value of a query as a VARCHAR, where that is not what PostgreSQL writes; None for other types.
pub(super) fn spelled(value: &Value, context: &Context<'_>) -> Option<Out> {
    let by = |helper: &Helper| {
        let sql = helper::call(context.helpers, helper, &value.sql)?;
        Ok(Value::settled(sql, Class::Text))
    };
    Some(match &value.class {
        Class::Date | Class::Timestamp(_) => dates::text(value.clone()),
        Class::Double => by(&DOUBLE),
        Class::Float => by(&FLOAT),
        Class::Interval => by(&INTERVAL),
        Class::Blob => by(&BLOB),
        // No style of dates is about times.
        Class::Time => Ok(Value::settled(format!("({})::text", value.sql), Class::Text)),
        Class::List(element) if matches!(**element, Class::Integer { .. }) => list(value),
        Class::Decimal { .. } => operators::shown_as_text(value.clone()),
        _ => return None,
    })
}

/// A list of integers; the text of others has quotes.
fn list(value: &Value) -> Out {
    let sql = &value.sql;
    let text = format!("pg_catalog.array_to_string({sql}, ', ', 'NULL')");
    Ok(Value::settled(format!("('[' || {text} || ']')"), Class::Text))
}
