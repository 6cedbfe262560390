//! Parts of JSON, which is jsonb here. As JSON they are the same in both systems; their texts are
//! written anew by a helper function: jsonb keeps neither the blanks of an object, nor the order of
//! its keys, nor the way a number is written.

use migrator_model::{ident::literal, reject::shown};

use super::{
    Context, Untranslatable,
    class::Class,
    division::once,
    functions::{
        ANY, Call, Function,
        Stability::{Immutable, Queried},
        line, one, pair,
    },
    nested::written,
    refuse,
    value::{Literal, Value},
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["json_extract", "json_extract_path"], 2..=2, Queried, extract),
    line(&["json_extract_string", "json_extract_path_text"], 2..=2, Queried, extract_string),
    line(&["json_array_length"], 1..=2, Queried, array_length),
    line(&["json_type"], 1..=2, Queried, json_type),
    line(&["json_exists"], 2..=2, Queried, exists),
    line(&["json_valid"], 1..=1, Immutable, json_valid),
    line(&["json_object"], 0..=ANY, Queried, object),
    line(&["json_array"], 0..=ANY, Queried, array),
    line(&["to_json"], 1..=1, Queried, to_json),
];

const UBIGINT: Class = Class::Integer { digits: 20, unsigned: true };

/// A document's compact text as DuckDB writes it: numbers with a fraction are the nearest DOUBLE.
static DOCUMENT: Helper = helper(
    "duckdb_json_document",
    "jsonb",
    r#"RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    kind text := pg_catalog.jsonb_typeof($1);
    digits text;
BEGIN
    IF kind = 'object' THEN
        RETURN (SELECT '{' || COALESCE(pg_catalog.string_agg(pg_catalog.to_json(e.k)::text || ':' ||
                       @schema@.duckdb_json_document(e.v), ',' ORDER BY e.n), '') || '}'
                  FROM pg_catalog.jsonb_each($1) WITH ORDINALITY AS e(k, v, n));
    ELSIF kind = 'array' THEN
        RETURN (SELECT '[' || COALESCE(pg_catalog.string_agg(
                       @schema@.duckdb_json_document(e.v), ',' ORDER BY e.n), '') || ']'
                  FROM pg_catalog.jsonb_array_elements($1) WITH ORDINALITY AS e(v, n));
    END IF;
    digits := $1::text;
    IF kind <> 'number' OR pg_catalog.strpos(digits, '.') = 0 THEN
        RETURN digits;
    END IF;
    digits := (digits::double precision)::text;
    IF pg_catalog.abs(digits::double precision) >= 1e21
       OR pg_catalog.abs(digits::double precision) < 1e-6 AND digits::double precision <> 0 THEN
        RETURN pg_catalog.regexp_replace(pg_catalog.replace(digits, 'e+', 'e'), 'e-0', 'e-');
    END IF;
    digits := digits::numeric::text;
    RETURN digits || CASE WHEN pg_catalog.strpos(digits, '.') = 0 THEN '.0' ELSE '' END;
END $$"#,
    "The compact text of a JSON document as DuckDB writes it",
);

/// What `->>` yields: a string without its quotes, NULL for null.
static TEXT: Helper = helper(
    "duckdb_json_text",
    "jsonb",
    "RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    RETURN CASE pg_catalog.jsonb_typeof($1)
        WHEN 'string' THEN $1 #>> '{}'
        WHEN 'null' THEN NULL
        ELSE @schema@.duckdb_json_document($1) END;
END $$",
    "The text of a part of a JSON document, as DuckDB's ->> yields it",
);

/// PostgreSQL before 16 has no test for JSON.
static VALID: Helper = helper(
    "duckdb_json_valid",
    "text",
    "RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    PERFORM $1::json;
    RETURN true;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
    RETURN false;
END $$",
    "Whether a text is JSON",
);

fn extract(call: Call<'_>) -> Out {
    let (value, path) = pair(call)?;
    arrow(value, &path)
}

fn extract_string(call: Call<'_>) -> Out {
    let context = call.context;
    let (value, path) = pair(call)?;
    long_arrow(value, &path, context)
}

/// `->` with a key, a place or a plain path.
pub(super) fn arrow(value: Value, path: &Value) -> Out {
    if value.class != Class::Json {
        return refuse(format!("operator -> of {} is not supported", value.class.name()));
    }
    match &path.literal {
        Some(Literal::Integer(place @ -0x7fff_ffff..=0x7fff_ffff)) => item(value, *place),
        Some(Literal::Text(text)) => follow(value, text),
        _ => refuse("operator -> with a computed path is not supported"),
    }
}

/// `->>`
pub(super) fn long_arrow(value: Value, path: &Value, context: &Context<'_>) -> Out {
    text_of(&arrow(value, path)?, context)
}

fn text_of(value: &Value, context: &Context<'_>) -> Out {
    helper::call(context.helpers, &DOCUMENT, "")?;
    let sql = helper::call(context.helpers, &TEXT, &value.sql)?;
    Ok(Value::settled(sql, Class::Text))
}

fn key(value: &Value, name: &str) -> Value {
    Value::settled(format!("({} -> {}::text)", value.sql, literal(name)), Class::Json)
}

/// An element of an array. PostgreSQL takes a scalar for an array of one.
fn item(value: Value, place: i128) -> Out {
    once(&value)?;
    let sql = &value.sql;
    let sql =
        format!("(CASE WHEN pg_catalog.jsonb_typeof({sql}) = 'array' THEN {sql} -> ({place}) END)");
    Ok(Value::settled(sql, Class::Json))
}

fn follow(mut value: Value, path: &str) -> Out {
    if path.is_empty() || path.starts_with('/') {
        return unknown(path);
    }
    let Some(mut rest) = path.strip_prefix('$') else { return Ok(key(&value, path)) };
    while !rest.is_empty() {
        (value, rest) = match step(&value, rest)? {
            Some(next) => next,
            None => return unknown(path),
        };
    }
    Ok(value)
}

fn unknown<T>(path: &str) -> Result<T, Untranslatable> {
    refuse(format!("the JSON path {} is not supported", shown(path)))
}

/// `.name`, `."a name"` or `[0]`.
fn step<'p>(value: &Value, rest: &'p str) -> Result<Option<(Value, &'p str)>, Untranslatable> {
    if let Some(inside) = rest.strip_prefix('[') {
        let Some((place, after)) = inside.split_once(']') else { return Ok(None) };
        let digits = place.strip_prefix('-').unwrap_or(place).bytes().all(|b| b.is_ascii_digit());
        return match place.parse::<i32>() {
            Ok(place) if digits => Ok(Some((item(value.clone(), place.into())?, after))),
            _ => Ok(None),
        };
    }
    let Some(name) = rest.strip_prefix('.') else { return Ok(None) };
    if let Some((quoted, after)) = name.strip_prefix('"').and_then(|name| name.split_once('"')) {
        let plain = !quoted.is_empty() && !quoted.contains('\\');
        return Ok(plain.then(|| (key(value, quoted), after)));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = name.find(|c| !plain(c)).unwrap_or(name.len());
    let (own, after) = name.split_at(end);
    Ok((!own.is_empty()).then(|| (key(value, own), after)))
}

/// A document, or the part of it that a second argument names.
fn part(call: Call<'_>) -> Out {
    let mut args = call.args.into_iter();
    match (args.next(), args.next()) {
        (Some(value), Some(path)) => arrow(value, &path),
        (Some(value), None) if value.class == Class::Json => Ok(value),
        (value, _) => {
            let class = value.map(|value| value.class.name()).unwrap_or_default();
            refuse(format!("function {} of {class} is not supported", call.name))
        }
    }
}

/// 0 for what is no array.
fn array_length(call: Call<'_>) -> Out {
    let value = part(call)?;
    once(&value)?;
    let sql = &value.sql;
    let sql = format!(
        "(CASE WHEN pg_catalog.jsonb_typeof({sql}) = 'array' THEN pg_catalog.jsonb_array_length({sql}) \
         WHEN {sql} IS NOT NULL THEN 0 END)::numeric(20,0)"
    );
    Ok(Value::settled(sql, UBIGINT))
}

fn json_type(call: Call<'_>) -> Out {
    let value = part(call)?;
    once(&value)?;
    let sql = &value.sql;
    let sql = format!(
        "(CASE pg_catalog.jsonb_typeof({sql}) WHEN 'object' THEN 'OBJECT' WHEN 'array' THEN 'ARRAY' \
         WHEN 'string' THEN 'VARCHAR' WHEN 'boolean' THEN 'BOOLEAN' WHEN 'null' THEN 'NULL' \
         WHEN 'number' THEN CASE WHEN pg_catalog.strpos(({sql})::text, '.') > 0 THEN 'DOUBLE' \
         WHEN ({sql})::text LIKE '-%' THEN 'BIGINT' ELSE 'UBIGINT' END END)"
    );
    Ok(Value::settled(sql, Class::Text))
}

fn exists(call: Call<'_>) -> Out {
    let (value, path) = pair(call)?;
    once(&value)?;
    let found = arrow(value.clone(), &path)?;
    let sql = format!("(CASE WHEN {} IS NOT NULL THEN {} IS NOT NULL END)", value.sql, found.sql);
    Ok(Value::settled(sql, Class::Boolean))
}

/// A JSON column holds valid JSON only.
fn json_valid(call: Call<'_>) -> Out {
    let helpers = call.context.helpers;
    let value = one(call)?;
    match value.class {
        Class::Json => {
            let sql = format!("(CASE WHEN {} IS NOT NULL THEN true END)", value.sql);
            Ok(Value::new(sql, Class::Boolean))
        }
        Class::Text => {
            let sql = helper::call(helpers, &VALID, &value.sql)?;
            Ok(Value::settled(sql, Class::Boolean))
        }
        other => refuse(format!("function json_valid of {} has no counterpart", other.name())),
    }
}

/// Values that DuckDB and PostgreSQL write alike; a NULL is JSON's null.
fn plain(value: &Value, context: &Context<'_>) -> Result<String, Untranslatable> {
    match &value.class {
        Class::Boolean | Class::Integer { .. } | Class::Text | Class::Json | Class::Untyped => {
            written(value, context)
        }
        Class::List(element)
            if matches!(**element, Class::Boolean | Class::Integer { .. } | Class::Text) =>
        {
            written(value, context)
        }
        other => refuse(format!("{} in a new JSON document is not supported", other.name())),
    }
}

fn object(call: Call<'_>) -> Out {
    let mut parts = Vec::new();
    let mut known = Vec::new();
    for pair in call.args.chunks(2) {
        let [key, value] = pair else { return refuse("json_object has pairs of arguments") };
        let key = key.string("a key of json_object")?;
        if known.contains(&key) {
            return refuse("json_object with a key twice");
        }
        known.push(key);
        parts.push(format!("{}::text, {}", literal(key), plain(value, call.context)?));
    }
    let sql = format!("pg_catalog.jsonb_build_object({})", parts.join(", "));
    Ok(Value::settled(sql, Class::Json))
}

fn array(call: Call<'_>) -> Out {
    let mut parts = Vec::new();
    for value in &call.args {
        parts.push(plain(value, call.context)?);
    }
    let sql = format!("pg_catalog.jsonb_build_array({})", parts.join(", "));
    Ok(Value::settled(sql, Class::Json))
}

fn to_json(call: Call<'_>) -> Out {
    let context = call.context;
    let value = one(call)?;
    if value.literal == Some(Literal::Null) {
        return refuse("to_json of NULL is not supported");
    }
    let sql = format!("pg_catalog.to_jsonb({})", plain(&value, context)?);
    Ok(Value::settled(sql, Class::Json))
}
