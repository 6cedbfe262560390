//! Dates and times: arithmetic, parts and truncation.

use migrator_model::reject::shown;

use super::{
    Untranslatable, dates,
    functions::{
        Call, Function,
        Stability::{Immutable, Stable},
        line, one, pair,
    },
    refuse,
    value::{BIGINT, Class, Value},
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["year", "month", "day", "dayofmonth", "quarter", "dayofweek", "weekday", "isodow",
           "dayofyear", "week", "weekofyear", "hour", "minute", "second"], 1..=1, Immutable, part_call),
    line(&["date_part", "datepart"], 2..=2, Immutable, date_part),
    line(&["date_trunc", "datetrunc"], 2..=2, Immutable, date_trunc),
    line(&["date_diff", "datediff"], 3..=3, Immutable, date_diff),
    line(&["to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"],
         1..=1, Immutable, interval_call),
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

/// A part of a date or timestamp as DuckDB numbers it: BIGINT, NULL for infinity.
fn part(name: &str, value: Value) -> Out {
    if !value.class.datetime() {
        return refuse(format!("{name} of {} is not supported", value.class.name()));
    }
    let sql = &value.sql;
    let field = |field: &str| format!("EXTRACT({field} FROM {sql})");
    let number = match name {
        // DuckDB counts 1 BC as year 0, PostgreSQL as year -1.
        "year" | "years" | "y" => {
            let year = field("YEAR");
            format!("({year} + CASE WHEN {year} < 0 THEN 1 ELSE 0 END)")
        }
        "month" | "months" | "mon" => field("MONTH"),
        "day" | "days" | "dayofmonth" => field("DAY"),
        "quarter" | "quarters" => field("QUARTER"),
        "dow" | "dayofweek" | "weekday" => field("DOW"),
        "isodow" => field("ISODOW"),
        "doy" | "dayofyear" => field("DOY"),
        "week" | "weeks" | "weekofyear" => field("WEEK"),
        "hour" | "hours" | "minute" | "minutes" | "second" | "seconds" => clock(name, &value)?,
        other => return refuse(format!("date part {other} is not supported")),
    };
    let sql = format!("(CASE WHEN pg_catalog.isfinite({sql}) THEN {number}::bigint END)");
    Ok(Value::new(sql, BIGINT))
}

fn clock(name: &str, value: &Value) -> Result<String, Untranslatable> {
    let sql = &value.sql;
    match (&value.class, name.strip_suffix('s').unwrap_or(name)) {
        (Class::Date, _) => Ok("0".into()),
        (_, "hour") => Ok(format!("EXTRACT(HOUR FROM {sql})")),
        (_, "minute") => Ok(format!("EXTRACT(MINUTE FROM {sql})")),
        // DuckDB's seconds are whole.
        _ => Ok(format!("pg_catalog.floor(EXTRACT(SECOND FROM {sql}))")),
    }
}

/// `date_trunc`: a TIMESTAMP also for a DATE; PostgreSQL would take a zone into account.
fn truncate(unit: &str, value: Value) -> Out {
    const UNITS: [&str; 7] = ["year", "quarter", "month", "week", "day", "hour", "minute"];
    let unit = unit.to_ascii_lowercase();
    if !value.class.datetime() || !(UNITS.contains(&unit.as_str()) || unit == "second") {
        return refuse(format!("date_trunc to {unit} of {}", value.class.name()));
    }
    let stamp = format!("({})::timestamp without time zone", value.sql);
    Ok(Value::new(format!("pg_catalog.date_trunc('{unit}', {stamp})"), Class::Timestamp(6)))
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

fn part_call(call: Call<'_>) -> Out {
    let name = call.name;
    part(name, one(call)?)
}

fn date_part(call: Call<'_>) -> Out {
    let (unit, value) = pair(call)?;
    part(&unit.string("the part of date_part")?.to_ascii_lowercase(), value)
}

fn date_trunc(call: Call<'_>) -> Out {
    let (unit, value) = pair(call)?;
    truncate(unit.string("the unit of date_trunc")?, value)
}

/// Whole days between dates; other units count the boundaries crossed.
fn date_diff(call: Call<'_>) -> Out {
    match call.args.as_slice() {
        [unit, from, to] if call.context.purpose.view() => {
            dates::boundaries(unit.string("the unit of date_diff")?, from, to)
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

fn interval_call(call: Call<'_>) -> Out {
    let name = call.name;
    interval(name, one(call)?)
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
