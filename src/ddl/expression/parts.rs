//! Parts of dates, times and intervals. DuckDB numbers them as BIGINT, in whole units, and yields
//! NULL for infinity; it counts 1 BC as year 0, PostgreSQL as year -1.

use migrator_model::reject::shown;

use super::{
    Untranslatable,
    class::{BIGINT, Class},
    division::once,
    functions::{Call, Function, Stability::Immutable, line, one, pair},
    refuse,
    value::Value,
};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["year", "month", "day", "dayofmonth", "quarter", "dayofweek", "weekday", "isodow",
           "dayofyear", "week", "weekofyear", "yearweek", "isoyear", "era", "century", "decade",
           "millennium", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond",
           "julian", "epoch", "timezone", "timezone_hour", "timezone_minute"], 1..=1, Immutable, part_call),
    line(&["epoch_ms", "epoch_us", "epoch_ns"], 1..=1, Immutable, part_call),
    line(&["date_part", "datepart"], 2..=2, Immutable, date_part),
];

/// DuckDB's words for parts and units, the first of each the one that is used here.
const WORDS: [&[&str]; 26] = [
    &["millennium", "mil", "millenniums", "millennia", "mils", "millenium"],
    &["century", "cent", "centuries", "c"],
    &["decade", "dec", "decades", "decs"],
    &["year", "yr", "y", "yrs", "years"],
    &["isoyear"],
    &["quarter", "quarters"],
    &["month", "mon", "months", "mons"],
    &["week", "weeks", "w", "weekofyear"],
    &["yearweek"],
    &["day", "days", "d", "dayofmonth"],
    &["hour", "hr", "hours", "hrs", "h"],
    &["minute", "min", "minutes", "mins", "m"],
    &["second", "sec", "seconds", "secs", "s"],
    &["millisecond", "milliseconds", "ms", "msec", "msecs"],
    &["microsecond", "microseconds", "us", "usec", "usecs"],
    &["nanosecond"],
    &["dow", "dayofweek", "weekday"],
    &["isodow"],
    &["doy", "dayofyear"],
    &["era"],
    &["julian"],
    &["epoch"],
    &["epoch_ms"],
    &["epoch_us"],
    &["epoch_ns"],
    &["timezone", "timezone_hour", "timezone_minute"],
];

/// The one word for a unit.
pub(super) fn unit(word: &str) -> Result<&'static str, Untranslatable> {
    let word = word.to_ascii_lowercase();
    let same = WORDS.iter().find(|words| words.contains(&word.as_str()));
    match same.and_then(|words| words.first()) {
        Some(unit) => Ok(unit),
        None => refuse(format!("date part {} is not supported", shown(&word))),
    }
}

/// A format with the codes that stand for several others written out.
pub(super) fn spelled(format: &str) -> String {
    let mut out = String::new();
    let mut rest = format.chars();
    while let Some(next) = rest.next() {
        match (next, if next == '%' { rest.next() } else { None }) {
            ('%', Some('c')) => out.push_str("%Y-%m-%d %H:%M:%S"),
            ('%', Some('x')) => out.push_str("%Y-%m-%d"),
            ('%', Some('X' | 'T')) => out.push_str("%H:%M:%S"),
            (plain, code) => out.extend([Some(plain), code].into_iter().flatten()),
        }
    }
    out
}

/// DuckDB's number of a year, as a numeric.
pub(super) fn year(sql: &str) -> String {
    counted(&format!("EXTRACT(YEAR FROM {sql})"))
}

/// A year of PostgreSQL's, in which there is no year 0, as DuckDB counts.
fn counted(year: &str) -> String {
    format!("({year} + CASE WHEN {year} < 0 THEN 1 ELSE 0 END)")
}

/// DuckDB's number of the year that a week belongs to, as a numeric.
pub(super) fn iso_year(sql: &str) -> String {
    counted(&format!("EXTRACT(ISOYEAR FROM {sql})"))
}

fn part_call(call: Call<'_>) -> Out {
    let unit = unit(call.name)?;
    part(unit, one(call)?)
}

fn date_part(call: Call<'_>) -> Out {
    let (word, value) = pair(call)?;
    let unit = unit(word.string("the part of date_part")?)?;
    match unit.starts_with("epoch_") {
        true => refuse(format!("date part {unit} is not supported")),
        false => part(unit, value),
    }
}

fn part(unit: &str, value: Value) -> Out {
    once(&value)?;
    let sql = &value.sql;
    let number = match value.class {
        Class::Date | Class::Timestamp(_) => {
            let number = of_day(unit, &value)?;
            format!("CASE WHEN pg_catalog.isfinite({sql}) THEN {number} END")
        }
        Class::Time => of_time(unit, sql)?,
        Class::Interval => of_interval(unit, sql)?,
        _ => return refuse(format!("{unit} of {} is not supported", value.class.name())),
    };
    Ok(match unit {
        "epoch" | "julian" => Value::settled(format!("({number})"), Class::Double),
        _ => Value::settled(format!("({number})"), BIGINT),
    })
}

/// A part of a date or timestamp.
fn of_day(unit: &str, value: &Value) -> Result<String, Untranslatable> {
    let sql = &value.sql;
    let field = |field: &str| format!("EXTRACT({field} FROM {sql})");
    let number = match unit {
        "year" => year(sql),
        // DuckDB's decades are cut towards the year 0.
        "decade" => format!("({}::integer / 10)", year(sql)),
        "century" | "millennium" | "month" | "day" | "quarter" | "dow" | "isodow" | "doy"
        | "week" => field(&unit.to_ascii_uppercase()),
        "isoyear" => iso_year(sql),
        "yearweek" => {
            let (year, week) = (iso_year(sql), field("WEEK"));
            format!("({year} * 100 + CASE WHEN {year} > 0 THEN {week} ELSE -{week} END)")
        }
        "era" => format!("CASE WHEN {} > 0 THEN 1 ELSE 0 END", field("YEAR")),
        "timezone" => "0".to_owned(),
        "julian" => return Ok(julian(value)),
        "epoch" => return Ok(format!("({}::double precision / 1000000)", micros(sql))),
        // Rounded, halves away from zero.
        "epoch_ms" => format!("pg_catalog.round({} * 1000)", field("EPOCH")),
        "epoch_us" => micros(sql),
        "epoch_ns" => format!("{} * 1000", micros(sql)),
        clock if value.class == Class::Date && in_minute(clock) => "0".to_owned(),
        clock => within_day(clock, sql)?,
    };
    Ok(format!("({number})::bigint"))
}

fn in_minute(unit: &str) -> bool {
    let units = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"];
    units.contains(&unit)
}

/// Microseconds since 1970, or since midnight.
fn micros(sql: &str) -> String {
    format!("(EXTRACT(EPOCH FROM {sql}) * 1000000)")
}

/// The day, and the part of it that is over.
fn julian(value: &Value) -> String {
    let sql = &value.sql;
    let day = format!("EXTRACT(JULIAN FROM ({sql})::date)::double precision");
    match value.class {
        Class::Date => day,
        _ => {
            let micros = micros(&format!("({sql})::time without time zone"));
            format!("({micros}::double precision / 86400000000 + {day})")
        }
    }
}

/// Hours, minutes and what is in a minute, which may be below zero in an interval.
fn within_day(unit: &str, sql: &str) -> Result<String, Untranslatable> {
    let micros = format!("EXTRACT(MICROSECONDS FROM {sql})");
    Ok(match unit {
        "hour" => format!("EXTRACT(HOUR FROM {sql})"),
        "minute" => format!("EXTRACT(MINUTE FROM {sql})"),
        "second" => format!("pg_catalog.trunc({micros} / 1000000)"),
        "millisecond" => format!("pg_catalog.trunc({micros} / 1000)"),
        "microsecond" => micros,
        "nanosecond" => format!("({micros} * 1000)"),
        other => return refuse(format!("date part {other} is not supported")),
    })
}

/// Microseconds of an interval without its months and days.
pub(super) fn clock(sql: &str) -> String {
    format!(
        "(EXTRACT(HOUR FROM {sql}) * 3600000000 + EXTRACT(MINUTE FROM {sql}) * 60000000 \
         + EXTRACT(MICROSECONDS FROM {sql}))"
    )
}

fn of_time(unit: &str, sql: &str) -> Result<String, Untranslatable> {
    let number = match unit {
        "epoch" => return Ok(format!("{}::double precision / 1000000", micros(sql))),
        // Cut, and not rounded as that of a timestamp is.
        "epoch_ms" => format!("pg_catalog.trunc({} / 1000)", micros(sql)),
        "epoch_us" => micros(sql),
        "epoch_ns" => format!("{} * 1000", micros(sql)),
        clock => within_day(clock, sql)?,
    };
    Ok(format!("({number})::bigint"))
}

/// A month has 30 days, and a year 365.25 for `epoch` only.
fn of_interval(unit: &str, sql: &str) -> Result<String, Untranslatable> {
    let field = |field: &str| format!("EXTRACT({field} FROM {sql})");
    let clock = clock(sql);
    let days = |size: &str, rest: &str| {
        let (year, month, day) = (field("YEAR"), field("MONTH"), field("DAY"));
        format!("((({year} * 12 + {month}) * 30 + {day}) * {size} + {rest})")
    };
    let number = match unit {
        "millennium" | "century" | "decade" | "year" | "month" | "day" => {
            field(&unit.to_ascii_uppercase())
        }
        "quarter" => format!("{}::integer / 3 + 1", field("MONTH")),
        "epoch" => {
            let whole = format!("({} - {clock} / 1000000)", field("EPOCH"));
            return Ok(format!("{whole}::double precision + {clock}::double precision / 1000000"));
        }
        "epoch_ms" => days("86400000", &format!("pg_catalog.trunc({clock} / 1000)")),
        "epoch_us" => days("86400000000", &clock),
        "epoch_ns" => format!("{} * 1000", days("86400000000", &clock)),
        clock => within_day(clock, sql)?,
    };
    Ok(format!("({number})::bigint"))
}
