//! Parts of texts by position. DuckDB counts from the end where a position is negative.

use super::{
    Context, Untranslatable,
    class::Class,
    division::once,
    functions::{Call, Function, Stability::Immutable, line, pair},
    value::{Literal, Value},
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["substring", "substr"], 2..=3, Immutable, substring),
    line(&["left", "right"], 2..=2, Immutable, edge),
];

static SUBSTRING: Helper = helper(
    "duckdb_substring",
    "text, bigint, bigint",
    "RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.substr($1, (CASE WHEN $2 < 0 THEN pg_catalog.char_length($1) + $2 + 1 ELSE $2 END
    + LEAST($3, 0))::integer, pg_catalog.abs($3)::integer)",
    "DuckDB's substring: a negative start counts from the end, a negative length goes back",
);

static SLICE: Helper = helper(
    "duckdb_text_slice",
    "text, bigint, bigint",
    "RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    size bigint := pg_catalog.char_length($1);
    first bigint := GREATEST(CASE WHEN $2 < 0 THEN size + $2 + 1 ELSE $2 END, 1);
    last bigint := LEAST(CASE WHEN $3 < 0 THEN size + $3 + 1 ELSE $3 END, size);
BEGIN
    RETURN CASE WHEN first > last THEN ''
        ELSE pg_catalog.substr($1, first::integer, (last - first + 1)::integer) END;
END $$",
    "DuckDB's text[first:last]: a negative position counts from the end",
);

/// A literal position, as far as PostgreSQL's functions take it.
fn literal(value: &Value) -> Option<i128> {
    match value.literal {
        Some(Literal::Integer(place @ -0x7fff_ffff..=0x7fff_ffff)) => Some(place),
        _ => None,
    }
}

/// `substring(text, start)` and `substring(text, start, length)`.
fn substring(call: Call<'_>) -> Out {
    let (name, context) = (call.name, call.context);
    let length = call.args.get(2).cloned();
    let (text, start) = pair(call)?;
    let (text, start) = (text.text(name)?, start.integer(name)?);
    let sql = match (literal(&start), length) {
        (Some(place @ 0..), None) => format!("pg_catalog.substr({}, {place})", text.sql),
        (Some(place), None) => format!("pg_catalog.right({}, {})", text.sql, -place),
        (None, None) => from_either_end(&text, &start, "")?,
        (place, Some(length)) => {
            let length = length.integer(name)?;
            match (place, literal(&length)) {
                (Some(place @ 0..), Some(length @ 0..)) => {
                    format!("pg_catalog.substr({}, {place}, {length})", text.sql)
                }
                (Some(..0), Some(length @ 0..)) => {
                    from_either_end(&text, &start, &format!(", {length}"))?
                }
                _ => {
                    let arguments = format!("{}, {}, {}", text.sql, start.sql, length.sql);
                    helper::call(context.helpers, &SUBSTRING, &arguments)?
                }
            }
        }
    };
    Ok(Value::new(sql, Class::Text))
}

/// From a place that is counted from the end if it is negative.
fn from_either_end(text: &Value, place: &Value, length: &str) -> Result<String, Untranslatable> {
    once(text)?;
    once(place)?;
    let (text, sql) = (&text.sql, &place.sql);
    let back = format!("pg_catalog.char_length({text}) + {sql} + 1");
    let start = match literal(place) {
        Some(_) => back,
        None => format!("(CASE WHEN {sql} < 0 THEN {back} ELSE {sql} END)::integer"),
    };
    Ok(format!("pg_catalog.substr({text}, {start}{length})"))
}

/// `left` and `right`: all but so many characters where the number is negative, in both systems.
fn edge(call: Call<'_>) -> Out {
    let name = call.name;
    let (text, count) = pair(call)?;
    let (text, count) = (text.text(name)?.sql, count.integer(name)?);
    let count = match literal(&count) {
        Some(count) => count.to_string(),
        None => format!("GREATEST({}, -2147483647)::integer", count.sql),
    };
    Ok(Value::new(format!("pg_catalog.{name}({text}, {count})"), Class::Text))
}

/// `text[place]`: one character, or none.
pub(super) fn character(text: Value, place: Value) -> Out {
    let place = place.integer("a subscript")?;
    let sql = match literal(&place) {
        Some(place @ 0..) => format!("pg_catalog.substr({}, {place}, 1)", text.sql),
        _ => from_either_end(&text, &place, ", 1")?,
    };
    Ok(Value::settled(sql, Class::Text))
}

/// `text[first:last]`, both of which may be missing.
pub(super) fn slice(
    text: Value,
    first: Option<Value>,
    last: Option<Value>,
    context: &Context<'_>,
) -> Out {
    let bound = |value: Option<Value>| value.map(|value| value.integer("a slice")).transpose();
    let (first, last) = (bound(first)?, bound(last)?);
    let (from, to) = (first.as_ref().map(literal), last.as_ref().map(literal));
    let sql = match (from.unwrap_or(Some(1)), to.unwrap_or(Some(-1))) {
        (Some(1), Some(-1)) => text.sql.clone(),
        (Some(from @ 0..), Some(-1)) => format!("pg_catalog.substr({}, {from})", text.sql),
        (Some(from), Some(-1)) => format!("pg_catalog.right({}, {})", text.sql, -from),
        (Some(0 | 1), Some(to @ 0..)) => format!("pg_catalog.left({}, {to})", text.sql),
        (Some(0 | 1), Some(to)) => format!("pg_catalog.left({}, {})", text.sql, to + 1),
        (Some(from @ 2..), Some(to @ 0..)) => {
            let length = (to - from + 1).max(0);
            format!("pg_catalog.substr({}, {from}, {length})", text.sql)
        }
        _ => {
            let part = |value: Option<Value>, missing: &str| {
                value.map_or_else(|| missing.to_owned(), |value| value.sql)
            };
            let (first, last) = (part(first, "1"), part(last, "-1"));
            helper::call(context.helpers, &SLICE, &format!("{}, {first}, {last}", text.sql))?
        }
    };
    Ok(Value::settled(sql, Class::Text))
}
