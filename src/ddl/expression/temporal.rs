//! Dates and times: arithmetic, parts and truncation.

use migrator_model::reject::shown;

use super::{
    Untranslatable,
    class::{BIGINT, Class},
    differences,
    division::once,
    functions::{
        Call, Function,
        Stability::{Immutable, Stable},
        line, one, pair,
    },
    parts, refuse,
    value::Value,
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["date_trunc", "datetrunc"], 2..=2, Immutable, date_trunc),
    line(&["date_diff", "datediff"], 3..=3, Immutable, date_diff),
    line(&["to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"],
         1..=1, Immutable, interval_call),
    line(&["to_millennia", "to_centuries", "to_decades", "to_quarters"], 1..=1, Immutable, months_call),
    line(&["to_milliseconds", "to_microseconds"], 1..=1, Immutable, micros_call),
    line(&["date_add"], 2..=2, Immutable, date_add),
    line(&["timezone"], 2..=2, Immutable, timezone),
    line(&["now", "get_current_timestamp", "transaction_timestamp", "current_timestamp"], 0..=0, Stable,
         |_| Ok(Value::new("pg_catalog.now()", Class::TimestampTz))),
    line(&["today", "current_date"], 0..=0, Stable, |_| Ok(Value::new("CURRENT_DATE", Class::Date))),
    line(&["localtimestamp", "current_localtimestamp"], 0..=0, Stable,
         |_| Ok(Value::new("LOCALTIMESTAMP", Class::Timestamp(6)))),
];

/// Whether `+` or `-` between these is about time.
pub(in crate::ddl) fn involved(left: &Value, right: &Value) -> bool {
    let temporal = |value: &Value| {
        value.class.datetime()
            || matches!(value.class, Class::TimestampTz | Class::Time | Class::Interval)
    };
    temporal(left) || temporal(right)
}

/// `+` and `-` with a date, a time or an interval.
pub(in crate::ddl) fn arithmetic(left: Value, plus: bool, right: Value) -> Out {
    let sign = if plus { '+' } else { '-' };
    let sql = format!("({} {sign} {})", left.sql, right.sql);
    match (&left.class, plus, &right.class) {
        // Both systems make a TIMESTAMP of a DATE here, and end a short month early.
        (Class::Date | Class::Timestamp(_), _, Class::Interval)
        | (Class::Interval, true, Class::Date | Class::Timestamp(_)) => {
            Ok(Value::new(sql, Class::Timestamp(6)))
        }
        (Class::Interval, _, Class::Interval) => Ok(Value::new(sql, Class::Interval)),
        (Class::Date, _, Class::Integer { digits: ..=10, unsigned: false }) => {
            Ok(Value::new(sql, Class::Date))
        }
        (Class::Integer { digits: ..=10, unsigned: false }, true, Class::Date) => {
            Ok(Value::new(sql, Class::Date))
        }
        (Class::Date, false, Class::Date) => {
            // DuckDB's result is BIGINT, so that a sum with it does not overflow.
            Ok(Value::new(format!("{sql}::bigint"), BIGINT))
        }
        (Class::Timestamp(_), false, Class::Timestamp(_)) => Ok(Value::new(sql, Class::Interval)),
        (from, _, to) => {
            let (from, to) = (from.name(), to.name());
            refuse(format!("operator {sign} on {from} and {to} is not supported"))
        }
    }
}

/// An interval, so many times: every part of it by itself. PostgreSQL's `*` takes a DOUBLE.
pub(in crate::ddl) fn times(left: Value, right: Value) -> Out {
    let (interval, number) = match (&left.class, &right.class) {
        (Class::Interval, Class::Integer { digits: ..=19, .. }) => (left, right),
        (Class::Integer { digits: ..=19, .. }, Class::Interval) => (right, left),
        (from, to) => {
            let (from, to) = (from.name(), to.name());
            return refuse(format!("operator * on {from} and {to} is not supported"));
        }
    };
    once(&interval)?;
    once(&number)?;
    let (iv, number) = (&interval.sql, format!("({})::numeric", number.sql));
    let micros = format!("{} * {number}", parts::clock(iv));
    let sql = format!(
        "pg_catalog.make_interval(\
         months => ((EXTRACT(YEAR FROM {iv}) * 12 + EXTRACT(MONTH FROM {iv})) * {number})::integer, \
         days => (EXTRACT(DAY FROM {iv}) * {number})::integer, \
         hours => pg_catalog.div({micros}, 3600000000)::integer, \
         secs => pg_catalog.mod({micros}, 3600000000)::double precision / 1000000)"
    );
    Ok(Value::settled(sql, Class::Interval))
}

/// `date_trunc`: a TIMESTAMP also for a DATE; PostgreSQL would take a zone into account.
fn truncate(unit: &str, value: Value) -> Out {
    const UNITS: [&str; 12] = [
        "millennium",
        "century",
        "decade",
        "year",
        "quarter",
        "month",
        "week",
        "day",
        "hour",
        "minute",
        "second",
        "millisecond",
    ];
    let unit = parts::unit(unit)?;
    let known = UNITS.contains(&unit) || unit == "microsecond";
    let sql = &value.sql;
    let stamp = format!("({sql})::timestamp without time zone");
    let pg = match unit {
        "millisecond" | "microsecond" => format!("{unit}s"),
        plain => plain.to_owned(),
    };
    match (unit, &value.class) {
        ("millennium", Class::Date | Class::Timestamp(_)) => turn(1000, &value),
        ("century", Class::Date | Class::Timestamp(_)) => turn(100, &value),
        ("decade", Class::Date | Class::Timestamp(_)) => turn(10, &value),
        (_, Class::Date | Class::Timestamp(_)) if known => {
            Ok(Value::new(format!("pg_catalog.date_trunc('{pg}', {stamp})"), Class::Timestamp(6)))
        }
        (_, Class::Interval) if known && unit != "week" => {
            Ok(Value::new(format!("pg_catalog.date_trunc('{pg}', {sql})"), Class::Interval))
        }
        (_, class) => refuse(format!("date_trunc to {unit} of {}", class.name())),
    }
}

/// The first day of a decade and the like: DuckDB's start with the years 1990 and 2000, and those
/// before the year 0 are cut towards it.
fn turn(years: u32, value: &Value) -> Out {
    once(value)?;
    let sql = &value.sql;
    let year = format!("({}::integer / {years} * {years})", parts::year(sql));
    let day = format!(
        "pg_catalog.make_timestamp({year} - CASE WHEN {year} > 0 THEN 0 ELSE 1 END, 1, 1, 0, 0, 0)"
    );
    let sql = format!(
        "(CASE WHEN pg_catalog.isfinite({sql}) THEN {day} \
         ELSE ({sql})::timestamp without time zone END)"
    );
    Ok(Value::settled(sql, Class::Timestamp(6)))
}

/// `to_days(n)` and its like, which DuckDB's catalog prints for INTERVAL n DAY.
fn interval(name: &str, value: Value) -> Out {
    let value = match &value.class {
        Class::Double => value,
        _ => value.integer(name)?,
    };
    let unit = match name {
        "to_years" => "years",
        "to_months" => "months",
        "to_weeks" => "weeks",
        "to_days" => "days",
        "to_hours" => "hours",
        "to_minutes" => "mins",
        "to_seconds" => "secs",
        other => return refuse(format!("function {other} is not supported")),
    };
    let pg = match (unit, &value.class) {
        ("secs", _) => "double precision",
        (_, Class::Double) => return refuse(format!("{name} of DOUBLE is not supported")),
        _ => "integer",
    };
    let sql = format!("pg_catalog.make_interval({unit} => ({})::{pg})", value.sql);
    Ok(Value::new(sql, Class::Interval))
}

fn date_trunc(call: Call<'_>) -> Out {
    let (unit, value) = pair(call)?;
    truncate(unit.string("the unit of date_trunc")?, value)
}

/// Whole days between dates; other units count the boundaries crossed.
fn date_diff(call: Call<'_>) -> Out {
    match call.args.as_slice() {
        [unit, from, to] if call.context.purpose.view() => {
            differences::boundaries(unit.string("the unit of date_diff")?, from, to)
        }
        [unit, from, to] if from.class == Class::Date && to.class == Class::Date => {
            match unit.string("the unit of date_diff")?.to_ascii_lowercase().as_str() {
                "day" | "days" => {
                    let (from, to) = (&from.sql, &to.sql);
                    let finite =
                        format!("pg_catalog.isfinite({from}) AND pg_catalog.isfinite({to})");
                    let sql = format!("(CASE WHEN {finite} THEN ({to} - {from})::bigint END)");
                    Ok(Value::new(sql, BIGINT))
                }
                other => refuse(format!("date_diff in {} is not supported", shown(other))),
            }
        }
        _ => refuse("date_diff of other than DATE is not supported"),
    }
}

/// Longer units, as months: each fails where that many months do not fit.
fn months_call(call: Call<'_>) -> Out {
    let months = match call.name {
        "to_millennia" => 12_000,
        "to_centuries" => 1_200,
        "to_decades" => 120,
        _ => 3,
    };
    let name = call.name;
    let number = one(call)?.integer(name)?.sql;
    let sql = format!("pg_catalog.make_interval(months => (({number})::integer * {months}))");
    Ok(Value::new(sql, Class::Interval))
}

/// A DOUBLE is rounded to whole microseconds, halves to even.
fn micros_call(call: Call<'_>) -> Out {
    let (name, size) = (call.name, if call.name == "to_milliseconds" { 1_000 } else { 1 });
    let value = one(call)?;
    once(&value)?;
    let sql = match &value.class {
        Class::Double if size > 1 => elapsed(&format!("({} * {size})", value.sql), 1),
        _ => elapsed(&value.integer(name)?.sql, size),
    };
    Ok(Value::new(sql, Class::Interval))
}

/// An interval of a whole number of units of a size in microseconds; seconds alone would be a
/// DOUBLE that cannot hold them all.
pub(super) fn elapsed(number: &str, size: u64) -> String {
    let (number, hour) = (format!("({number})::bigint"), 3_600_000_000 / size);
    format!(
        "pg_catalog.make_interval(hours => ({number} / {hour})::integer, \
         secs => ({number} % {hour})::double precision / {})",
        1_000_000 / size
    )
}

fn interval_call(call: Call<'_>) -> Out {
    let name = call.name;
    interval(name, one(call)?)
}

fn date_add(call: Call<'_>) -> Out {
    let (value, interval) = pair(call)?;
    match (value.class.datetime(), &interval.class) {
        (true, Class::Interval) => arithmetic(value, true, interval),
        (_, other) => refuse(format!("date_add of {} is not supported", other.name())),
    }
}

/// AT TIME ZONE: names of zones are not the same everywhere, UTC is.
fn timezone(call: Call<'_>) -> Out {
    let (zone, value) = pair(call)?;
    let class = match value.class {
        Class::TimestampTz => Class::Timestamp(6),
        Class::Timestamp(_) => Class::TimestampTz,
        other => return refuse(format!("AT TIME ZONE of {} is not supported", other.name())),
    };
    if zone.string("the time zone")? != "UTC" {
        return refuse("AT TIME ZONE other than UTC is not supported");
    }
    Ok(Value::new(format!("pg_catalog.timezone('UTC', {})", value.sql), class))
}
