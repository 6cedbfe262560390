//! Dates and times: arithmetic, parts and truncation.

use super::{
    Untranslatable, refuse,
    value::{BIGINT, Class, Value},
};

type Out = Result<Value, Untranslatable>;

/// Whether `+` or `-` between these is about time.
pub(super) fn involved(left: &Value, right: &Value) -> bool {
    let temporal = |value: &Value| {
        value.class.datetime()
            || matches!(value.class, Class::TimestampTz | Class::Time | Class::Interval)
    };
    temporal(left) || temporal(right)
}

/// `+` and `-` with a date, a time or an interval.
pub(super) fn arithmetic(left: Value, plus: bool, right: Value) -> Out {
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
pub(super) fn part(name: &str, value: Value) -> Out {
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
pub(super) fn truncate(unit: &str, value: Value) -> Out {
    const UNITS: [&str; 7] = ["year", "quarter", "month", "week", "day", "hour", "minute"];
    let unit = unit.to_ascii_lowercase();
    if !value.class.datetime() || !(UNITS.contains(&unit.as_str()) || unit == "second") {
        return refuse(format!("date_trunc to {unit} of {}", value.class.name()));
    }
    let stamp = format!("({})::timestamp without time zone", value.sql);
    Ok(Value::new(format!("pg_catalog.date_trunc('{unit}', {stamp})"), Class::Timestamp(6)))
}

/// `to_days(n)` and its like, which DuckDB's catalog prints for INTERVAL n DAY.
pub(super) fn interval(name: &str, value: Value) -> Out {
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

