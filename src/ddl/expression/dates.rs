//! Dates as texts and names, and counts between them: what a query may ask for, and the
//! expressions of a table may not, because PostgreSQL calls `to_char` stable.

use migrator_model::{ident::literal, reject::shown};

use super::{
    Untranslatable,
    class::Class,
    division::once,
    functions::{
        Call, Function,
        Stability::{Immutable, Queried},
        line, one, pair,
    },
    parts, refuse,
    value::Value,
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["strftime"], 2..=2, Queried, strftime),
    line(&["dayname", "monthname"], 1..=1, Queried, name),
    line(&["last_day"], 1..=1, Queried, last_day),
    line(&["isfinite", "isinf"], 1..=1, Immutable, finiteness),
];

pub(super) fn datetime(value: &Value, place: &str) -> Result<(), Untranslatable> {
    match value.class.datetime() {
        true => once(value),
        false => refuse(format!("{place} of {} is not supported", value.class.name())),
    }
}

pub(super) fn stamp(value: &Value) -> String {
    match value.class {
        Class::Date => format!("({})::timestamp without time zone", value.sql),
        _ => value.sql.clone(),
    }
}

fn year(sql: &str) -> String {
    format!("{}::integer", parts::year(sql))
}

/// A date or a timestamp as DuckDB's text.
pub(super) fn text(value: Value) -> Out {
    datetime(&value, "a cast to VARCHAR")?;
    let (sql, at) = (&value.sql, stamp(&value));
    let time = match value.class {
        Class::Date => String::new(),
        // As many decimals as are needed.
        _ => format!(
            " || pg_catalog.to_char({at}, ' HH24:MI:SS') || CASE WHEN EXTRACT(MICROSECONDS FROM {at}) \
             % 1000000 <> 0 THEN pg_catalog.rtrim(pg_catalog.to_char({at}, '.US'), '0') ELSE '' END"
        ),
    };
    let era = format!("CASE WHEN EXTRACT(YEAR FROM {sql}) < 0 THEN ' (BC)' ELSE '' END");
    let years = format!("pg_catalog.abs(EXTRACT(YEAR FROM {sql}))::integer");
    let day = format!("{} || pg_catalog.to_char({at}, '-MM-DD') || {era}", padded(&years));
    Ok(finite(sql, &format!("{day}{time}"), &format!("({sql})::text")))
}

fn padded(year: &str) -> String {
    format!("pg_catalog.lpad(({year})::text, GREATEST(4, pg_catalog.length(({year})::text)), '0')")
}

fn finite(sql: &str, then: &str, otherwise: &str) -> Value {
    let sql = format!("(CASE WHEN pg_catalog.isfinite({sql}) THEN {then} ELSE {otherwise} END)");
    Value::settled(sql, Class::Text)
}

/// `strftime` with a literal format, in either order of its arguments.
fn strftime(call: Call<'_>) -> Out {
    let (first, second) = pair(call)?;
    let (value, format) = if first.class.datetime() { (first, second) } else { (second, first) };
    datetime(&value, "strftime")?;
    let mut parts = Vec::new();
    let mut plain = String::new();
    let format = parts::spelled(format.string("the format of strftime")?);
    let mut rest = format.chars();
    while let Some(next) = rest.next() {
        if next != '%' {
            plain.push(next);
            continue;
        }
        let mut code = rest.next().into_iter().collect::<String>();
        if code == "-" {
            code.extend(rest.next());
        }
        if code == "%" {
            plain.push('%');
            continue;
        }
        if !plain.is_empty() {
            parts.push(format!("{}::text", literal(&std::mem::take(&mut plain))));
        }
        parts.push(specifier(&code, &value)?);
    }
    if !plain.is_empty() || parts.is_empty() {
        parts.push(format!("{}::text", literal(&plain)));
    }
    Ok(finite(&value.sql, &parts.join(" || "), &format!("({})::text", value.sql)))
}

/// One part of a format; names are English in both systems.
fn specifier(code: &str, value: &Value) -> Result<String, Untranslatable> {
    let (sql, year) = (&value.sql, || year(&value.sql));
    let number = |field: &str| format!("EXTRACT({field} FROM {sql})::integer");
    let two = |number: String| format!("pg_catalog.lpad(({number})::text, 2, '0')");
    let pattern = match code {
        "Y" => return Ok(long_year(&year())),
        "G" => return Ok(long_year(&format!("{}::integer", parts::iso_year(sql)))),
        "y" => return Ok(two(format!("pg_catalog.abs({}) % 100", year()))),
        "-y" => return Ok(format!("(pg_catalog.abs({}) % 100)::text", year())),
        "w" => return Ok(format!("({})::text", number("DOW"))),
        // Weeks of the year that start with a Sunday or a Monday.
        "U" => return Ok(two(format!("({} + 6 - {}) / 7", number("DOY"), number("DOW")))),
        "W" => return Ok(two(format!("({} + 7 - {}) / 7", number("DOY"), number("ISODOW")))),
        "z" => return Ok("'+00'::text".to_owned()),
        "Z" => return Ok("''::text".to_owned()),
        // Its zeros stand at the end of the whole text, as bytes.
        "n" => return refuse("strftime with %n: DuckDB's text has NUL bytes"),
        "g" => "MS",
        "m" => "MM",
        "-m" => "FMMM",
        "d" => "DD",
        "-d" => "FMDD",
        "j" => "DDD",
        "-j" => "FMDDD",
        "B" => "FMMonth",
        "b" | "h" => "Mon",
        "A" => "FMDay",
        "a" => "Dy",
        "H" => "HH24",
        "-H" => "FMHH24",
        "I" => "HH12",
        "-I" => "FMHH12",
        "M" => "MI",
        "-M" => "FMMI",
        "S" => "SS",
        "-S" => "FMSS",
        "f" => "US",
        "p" => "AM",
        "u" => "ID",
        "V" => "IW",
        _ => return refuse(format!("strftime with %{} is not supported", shown(code))),
    };
    Ok(format!("pg_catalog.to_char({}, '{pattern}')", stamp(value)))
}

/// A year with four digits at least, and its sign.
fn long_year(year: &str) -> String {
    format!("(CASE WHEN {year} < 0 THEN ({year})::text ELSE {} END)", padded(year))
}

/// `dayname` and `monthname`: NULL for infinity.
fn name(call: Call<'_>) -> Out {
    let pattern = if call.name == "dayname" { "FMDay" } else { "FMMonth" };
    let place = call.name;
    let value = one(call)?;
    datetime(&value, place)?;
    let name = format!("pg_catalog.to_char({}, '{pattern}')", stamp(&value));
    Ok(finite(&value.sql, &name, "NULL"))
}

fn last_day(call: Call<'_>) -> Out {
    let value = one(call)?;
    datetime(&value, "last_day")?;
    let month = format!("pg_catalog.date_trunc('month', {})", stamp(&value));
    let sql = format!(
        "(CASE WHEN pg_catalog.isfinite({}) THEN ({month} + '1 month -1 day'::interval)::date END)",
        value.sql
    );
    Ok(Value::settled(sql, Class::Date))
}

fn finiteness(call: Call<'_>) -> Out {
    let (name, not) = (call.name, if call.name == "isinf" { "NOT " } else { "" });
    let value = one(call)?;
    match value.class.datetime() {
        true => {
            let sql = format!("({not}pg_catalog.isfinite({}))", value.sql);
            Ok(Value::settled(sql, Class::Boolean))
        }
        false => refuse(format!("function {name} of {} is not supported", value.class.name())),
    }
}
