//! Dates as texts and names, and counts between them: what a query may ask for, and the
//! expressions of a table may not, because PostgreSQL calls `to_char` stable.

use migrator_model::{ident::literal, reject::shown};

use super::{
    Untranslatable,
    division::once,
    functions::{Call, Function, Stability::Queried, line, one, pair},
    refuse,
    value::{BIGINT, Class, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["strftime"], 2..=2, Queried, strftime),
    line(&["dayname", "monthname"], 1..=1, Queried, name),
    line(&["last_day"], 1..=1, Queried, last_day),
    line(&["epoch"], 1..=1, Queried, epoch),
];

fn datetime(value: &Value, place: &str) -> Result<(), Untranslatable> {
    match value.class.datetime() {
        true => once(value),
        false => refuse(format!("{place} of {} is not supported", value.class.name())),
    }
}

fn stamp(value: &Value) -> String {
    match value.class {
        Class::Date => format!("({})::timestamp without time zone", value.sql),
        _ => value.sql.clone(),
    }
}

/// DuckDB counts 1 BC as year 0, PostgreSQL as year -1.
fn year(sql: &str) -> String {
    let year = format!("EXTRACT(YEAR FROM {sql})");
    format!("({year} + CASE WHEN {year} < 0 THEN 1 ELSE 0 END)::integer")
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
    let mut rest = format.string("the format of strftime")?.chars();
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
    let pattern = match code {
        "Y" => {
            let year = year(&value.sql);
            let padded = padded(&year);
            return Ok(format!("(CASE WHEN {year} < 0 THEN ({year})::text ELSE {padded} END)"));
        }
        "y" => {
            let year = year(&value.sql);
            return Ok(format!("pg_catalog.lpad((pg_catalog.abs({year}) % 100)::text, 2, '0')"));
        }
        "m" => "MM",
        "-m" => "FMMM",
        "d" => "DD",
        "-d" => "FMDD",
        "j" => "DDD",
        "B" => "FMMonth",
        "b" => "Mon",
        "A" => "FMDay",
        "a" => "Dy",
        "H" => "HH24",
        "-H" => "FMHH24",
        "I" => "HH12",
        "M" => "MI",
        "S" => "SS",
        "f" => "US",
        "p" => "AM",
        "u" => "ID",
        "V" => "IW",
        _ => return refuse(format!("strftime with %{} is not supported", shown(code))),
    };
    Ok(format!("pg_catalog.to_char({}, '{pattern}')", stamp(value)))
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

/// Seconds since 1970, with decimals.
fn epoch(call: Call<'_>) -> Out {
    let value = one(call)?;
    datetime(&value, "epoch")?;
    let sql = format!(
        "(CASE WHEN pg_catalog.isfinite({}) THEN EXTRACT(EPOCH FROM {})::double precision END)",
        value.sql,
        stamp(&value)
    );
    Ok(Value::settled(sql, Class::Double))
}

/// How many boundaries of a unit lie between two points in time.
pub(super) fn boundaries(unit: &str, from: &Value, to: &Value) -> Out {
    datetime(from, "date_diff")?;
    datetime(to, "date_diff")?;
    let unit = unit.to_ascii_lowercase();
    let seconds = |size: u32, unit: &str| {
        let at = |value: &Value| {
            format!("EXTRACT(EPOCH FROM pg_catalog.date_trunc('{unit}', {}))", stamp(value))
        };
        format!("(({} - {}) / {size})", at(to), at(from))
    };
    let months = |value: &Value, size: u32| {
        let month = format!("(EXTRACT(MONTH FROM {})::integer - 1) / {size}", value.sql);
        format!("({} * {} + {month})", year(&value.sql), 12 / size)
    };
    let count = match unit.strip_suffix('s').unwrap_or(&unit) {
        "year" => format!("({} - {})", year(&to.sql), year(&from.sql)),
        "quarter" => format!("({} - {})", months(to, 3), months(from, 3)),
        "month" => format!("({} - {})", months(to, 1), months(from, 1)),
        "day" => seconds(86400, "day"),
        "hour" => seconds(3600, "hour"),
        "minute" => seconds(60, "minute"),
        "second" => seconds(1, "second"),
        other => return refuse(format!("date_diff in {} is not supported", shown(other))),
    };
    let finite = format!("pg_catalog.isfinite({}) AND pg_catalog.isfinite({})", from.sql, to.sql);
    Ok(Value::settled(format!("(CASE WHEN {finite} THEN ({count})::bigint END)"), BIGINT))
}
