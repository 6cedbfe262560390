//! Values that are read out of texts, as DuckDB reads them. What is surely no value is an error for
//! CAST and NULL for TRY_CAST; a rare spelling that one may take for a value or not is an error.

use super::{Context, Untranslatable, class::Class, refuse, value::Value};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

static NUMBER: Helper = helper(
    "duckdb_read_number",
    "text, text, numeric, numeric, integer, boolean",
    r#"RETURNS numeric LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text COLLATE pg_catalog."C" := pg_catalog.btrim($1, E' \t\n\013\f\r');
    digits constant text := '[0-9]+(_[0-9]+)*';
    pattern constant text := '^[+-]?(' || digits || '(\.(' || digits || ')?)?|\.' || digits || ')([eE][+-]?' || digits || ')?$';
    number numeric;
BEGIN
    IF plain ~ '^-?0([xX][0-9a-fA-F_]+|[bB][01_]+)$' OR plain ~ '^[+-]?[0-9_.]+[eE][+-]?[0-9_]+\.'
        OR (plain ~ pattern AND (plain ~ '[eE][+-]?[0-9_]{4}' OR $3 = 0 AND plain ~ '^-[0._]*$'
            OR $2 LIKE 'numeric%' AND plain ~ '[eE]')) THEN
        RAISE EXCEPTION 'it is not decided what "%" is as a %', $1, $2 USING ERRCODE = '0A000';
    ELSIF plain !~ pattern OR $3 = 0 AND plain LIKE '-%' THEN
        IF $6 THEN
            RAISE EXCEPTION 'invalid input syntax for type %: "%"', $2, $1 USING ERRCODE = '22P02';
        END IF;
        RETURN NULL;
    END IF;
    number := pg_catalog.round(pg_catalog.replace(plain, '_', '')::numeric, $5);
    IF number BETWEEN $3 AND $4 THEN
        RETURN number;
    ELSIF $6 THEN
        RAISE EXCEPTION 'value "%" is out of range for type %', $1, $2 USING ERRCODE = '22003';
    END IF;
    RETURN NULL;
END $$"#,
    "An exact number of a type between two others, read out of a text as DuckDB does",
);

static DOUBLE: Helper = helper(
    "duckdb_read_double",
    "text, boolean",
    r#"RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text COLLATE pg_catalog."C" := pg_catalog.btrim($1, E' \t\n\013\f\r');
    digits constant text := '[0-9]+(_[0-9]+)*';
    number numeric;
BEGIN
    IF plain ~ ('^[+-]?(' || digits || '(\.(' || digits || ')?)?|\.' || digits || ')([eE][+-]?' || digits || ')?$')
        AND plain !~ '[eE][+-]?[0-9_]{5}' AND (plain !~ '_' OR pg_catalog.length(plain) <= 16) THEN
        plain := pg_catalog.replace(plain, '_', '');
        number := pg_catalog.abs(plain::numeric);
        RETURN CASE WHEN number > 1.797693134862315808e308 THEN
            CASE WHEN plain LIKE '-%' THEN '-Infinity'::double precision ELSE 'Infinity' END
        WHEN number < 2.47e-324 THEN
            CASE WHEN plain LIKE '-%' THEN '-0'::double precision ELSE 0 END
        ELSE plain::double precision END;
    ELSIF plain ~* '^[+-]?inf(inity)?$' OR plain ~* '^[+]?nan$' THEN
        RETURN plain::double precision;
    ELSIF plain ~* '^([+-]?nan(\(.*)?$|\+-([0-9.]|inf|nan)|[+-]?[0-9_.]+e[+-]?[0-9_]+\.?[0-9_]*$)'
        OR plain ~ '^[+-]?[0-9._]*_[0-9._]*$' AND pg_catalog.length(plain) > 16 THEN
        RAISE EXCEPTION 'it is not decided what "%" is as a double precision', $1
            USING ERRCODE = '0A000';
    ELSIF $2 THEN
        RAISE EXCEPTION 'invalid input syntax for type double precision: "%"', $1
            USING ERRCODE = '22P02';
    END IF;
    RETURN NULL;
END $$"#,
    "A DOUBLE, read out of a text as DuckDB does",
);

static BOOLEAN: Helper = helper(
    "duckdb_read_boolean",
    "text, boolean",
    r#"RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF $1 ~ '^([tT]([rR][uU][eE])?|[yY]([eE][sS])?|1)$' THEN
        RETURN true;
    ELSIF $1 ~ '^([fF]([aA][lL][sS][eE])?|[nN][oO]?|0)$' THEN
        RETURN false;
    ELSIF $2 THEN
        RAISE EXCEPTION 'invalid input syntax for type boolean: "%"', $1 USING ERRCODE = '22P02';
    END IF;
    RETURN NULL;
END $$"#,
    "A BOOLEAN, read out of a text as DuckDB does",
);

/// A zone is read and left out; a day may have blanks behind it, a point in time without a clock
/// may not.
static MOMENT: Helper = helper(
    "duckdb_read_moment",
    "text, text, boolean",
    r#"RETURNS timestamp without time zone LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text := pg_catalog.ltrim($1, E' \t\n\013\f\r');
    part text[] := pg_catalog.regexp_match(plain, '^([0-9]{1,5})([-/\\ ])([0-9]{1,2})\2([0-9]{1,2})'
        '(?:([ \t\n\v\f\r]*)|(?:T|[ \t\n\v\f\r]+)([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]*))?)?'
        '(?: ?Z| ?[+-][0-9]{2}(?::?[0-9]{2})?)?[ \t\n\v\f\r]*)$');
    word text := pg_catalog.lower(pg_catalog.btrim($1 COLLATE pg_catalog."C", E' \t\n\013\f\r'));
    year integer := part[1];
    month integer := part[3];
    hour integer := COALESCE(part[6], '0');
    start date;
BEGIN
    IF word IN ('epoch', '-epoch') THEN
        RETURN 'epoch';
    ELSIF word IN ('infinity', 'inf', '-infinity', '-inf') THEN
        RETURN pg_catalog.replace(pg_catalog.replace(word, 'infinity', 'inf'), 'inf', 'infinity')::timestamp;
    ELSIF part IS NULL AND plain ~ '^-?[0-9]+([-/\\ ])[0-9]{1,2}\1[0-9]{1,2}([ \t\n\v\f\r]*\(|T?[ \t\n\v\f\r]*[0-9]+:)' OR hour = 24 THEN
        RAISE EXCEPTION 'it is not decided what "%" is as a %', $1, $2 USING ERRCODE = '0A000';
    ELSIF part IS NULL AND plain ~ '^(-[0-9]+|[0-9]{6,})([-/\\ ])[0-9]{1,2}\2[0-9]{1,2}' THEN
        RAISE EXCEPTION 'it is not decided what "%" is as a %', $1, $2 USING ERRCODE = '0A000';
    ELSIF month BETWEEN 1 AND 12 AND part[4]::integer > 0 AND hour < 24
        AND COALESCE(part[7], '0')::integer < 60 AND COALESCE(part[8], '0')::integer < 60
        AND ($2 = 'date' OR COALESCE(part[5], '') = '') THEN
        start := pg_catalog.make_date(CASE year WHEN 0 THEN -1 ELSE year END, month, 1);
        IF start + part[4]::integer <= (start + '1 month'::interval)::date THEN
            RETURN start + (part[4]::integer - 1) + pg_catalog.make_time(hour, COALESCE(part[7], '0')::integer,
                (COALESCE(part[8], '0') || '.' || pg_catalog.left(COALESCE(part[9], '') || '0', 6))::double precision);
        END IF;
    END IF;
    IF $3 THEN
        RAISE EXCEPTION 'invalid input syntax for type %: "%"', $2, $1 USING ERRCODE = '22007';
    END IF;
    RETURN NULL;
END $$"#,
    "A day or a point in time, read out of a text as DuckDB does",
);

/// A text as a value of another class, by CAST (which fails) or TRY_CAST.
pub(super) fn read(text: &Value, to: &Class, fails: bool, context: &Context<'_>) -> Out {
    let call = |helper: &Helper, arguments: String| {
        helper::call(context.helpers, helper, &format!("{}, {arguments}{fails}", text.sql))
    };
    let sql = match to {
        Class::Integer { .. } | Class::Decimal { .. } => {
            let Some((name, least, most, scale)) = range(to) else { return unread(to) };
            let arguments = format!("'{name}', {least}, {most}, {scale}, ");
            let pg = to.pg(context.environment).unwrap_or_else(|| "numeric".into());
            format!("({})::{pg}", call(&NUMBER, arguments)?)
        }
        Class::Double => call(&DOUBLE, String::new())?,
        Class::Boolean => call(&BOOLEAN, String::new())?,
        Class::Date => format!("({})::date", call(&MOMENT, "'date', ".into())?),
        Class::Timestamp(6) => call(&MOMENT, "'timestamp', ".into())?,
        other => return unread(other),
    };
    Ok(Value::settled(sql, to.clone()))
}

fn unread<T>(to: &Class) -> Result<T, Untranslatable> {
    refuse(format!("a cast of VARCHAR to {} is not supported", to.name()))
}

/// The name of an exact type, its least and its greatest number, and its decimals.
pub(super) fn range(class: &Class) -> Option<(String, String, String, u8)> {
    match class {
        Class::Integer { digits, unsigned } => {
            let bits = match digits {
                3 => 8,
                5 => 16,
                10 => 32,
                19 if !unsigned => 64,
                _ => return None,
            };
            let span = 1_i128 << bits;
            let (least, most) = if *unsigned { (0, span - 1) } else { (-span / 2, span / 2 - 1) };
            let name = class.name().to_ascii_lowercase();
            Some((name, least.to_string(), most.to_string(), 0))
        }
        Class::Decimal { width, scale } => {
            let (whole, decimals) = (usize::from(width - scale), usize::from(*scale));
            let whole = if whole == 0 { "0".into() } else { "9".repeat(whole) };
            let most = match decimals {
                0 => whole,
                decimals => format!("{whole}.{}", "9".repeat(decimals)),
            };
            Some((format!("numeric({width},{scale})"), format!("-{most}"), most, *scale))
        }
        _ => None,
    }
}
