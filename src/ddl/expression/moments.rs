//! Dates and times made of numbers, and the buckets that they fall into.

use super::{
    Untranslatable,
    class::Class,
    dates::stamp,
    division::{double, once, rounded},
    functions::{Call, Function, Stability::Queried, joined, line, one, pair},
    refuse,
    value::Value,
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["make_date"], 3..=3, Queried, make_date),
    line(&["make_time"], 3..=3, Queried, make_time),
    line(&["make_timestamp"], 6..=6, Queried, make_timestamp),
    line(&["make_timestamp", "make_timestamp_ms", "epoch_ms"], 1..=1, Queried, since_1970),
    line(&["to_timestamp"], 1..=1, Queried, to_timestamp),
    line(&["time_bucket"], 2..=2, Queried, time_bucket),
];

/// Buckets of a fixed length start with a Monday, those of months with a year.
static BUCKET: Helper = helper(
    "duckdb_time_bucket",
    "interval, timestamp without time zone",
    "RETURNS timestamp without time zone LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    months integer := EXTRACT(YEAR FROM $1) * 12 + EXTRACT(MONTH FROM $1);
    clock numeric := EXTRACT(HOUR FROM $1) * 3600000000 + EXTRACT(MINUTE FROM $1) * 60000000
        + EXTRACT(MICROSECONDS FROM $1);
    micros numeric := EXTRACT(DAY FROM $1) * 86400000000 + clock;
    over numeric;
    place integer;
BEGIN
    IF months <> 0 AND (EXTRACT(DAY FROM $1) <> 0 OR clock <> 0) THEN
        RAISE EXCEPTION 'month intervals cannot have day or time component'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF months < 0 OR months = 0 AND micros <= 0 THEN
        RAISE EXCEPTION 'period must be greater than 0' USING ERRCODE = 'invalid_parameter_value';
    ELSIF NOT pg_catalog.isfinite($2) THEN
        RETURN $2;
    ELSIF months = 0 THEN
        over := pg_catalog.mod(EXTRACT(EPOCH FROM $2 - '2000-01-03'::timestamp) * 1000000, micros);
        over := over + CASE WHEN over < 0 THEN micros ELSE 0 END;
        RETURN $2 - pg_catalog.make_interval(
            hours => pg_catalog.div(over, 3600000000)::integer,
            secs => pg_catalog.mod(over, 3600000000)::double precision / 1000000);
    END IF;
    place := EXTRACT(YEAR FROM $2) * 12 + EXTRACT(MONTH FROM $2) - 1
        + CASE WHEN EXTRACT(YEAR FROM $2) < 0 THEN 12 ELSE 0 END;
    place := place - ((place - 24000) % months + months) % months;
    months := (place % 12 + 12) % 12;
    place := (place - months) / 12;
    RETURN pg_catalog.make_timestamp(
        place - CASE WHEN place > 0 THEN 0 ELSE 1 END, months + 1, 1, 0, 0, 0);
END $$",
    "DuckDB's time_bucket",
);

/// Whole numbers as INTEGER; those out of its range are out of the calendar's, too.
fn fields<const N: usize>(call: &Call<'_>) -> Result<[String; N], Untranslatable> {
    let mut fields = Vec::new();
    for arg in call.args.iter().take(N) {
        fields.push(format!("({})::integer", arg.clone().integer(call.name)?.sql));
    }
    fields.try_into().or_else(|_| refuse(format!("function {} needs more numbers", call.name)))
}

/// DuckDB counts 1 BC as year 0, PostgreSQL as year -1.
fn year(call: &Call<'_>, year: &str) -> Result<String, Untranslatable> {
    call.args.first().map_or(Ok(()), once)?;
    Ok(format!("{year} - CASE WHEN {year} > 0 THEN 0 ELSE 1 END"))
}

fn make_date(call: Call<'_>) -> Out {
    let [first, month, day] = fields(&call)?;
    let year = year(&call, &first)?;
    Ok(Value::settled(format!("pg_catalog.make_date({year}, {month}, {day})"), Class::Date))
}

fn make_time(call: Call<'_>) -> Out {
    let [hour, minute] = fields(&call)?;
    let second = seconds(call.args.get(2))?;
    Ok(Value::settled(format!("pg_catalog.make_time({hour}, {minute}, {second})"), Class::Time))
}

fn make_timestamp(call: Call<'_>) -> Out {
    let [first, month, day, hour, minute] = fields(&call)?;
    let (year, second) = (year(&call, &first)?, seconds(call.args.get(5))?);
    let sql =
        format!("pg_catalog.make_timestamp({year}, {month}, {day}, {hour}, {minute}, {second})");
    Ok(Value::settled(sql, Class::Timestamp(6)))
}

/// Seconds with at most six decimals: DuckDB rounds halves away from zero, PostgreSQL to even.
fn seconds(value: Option<&Value>) -> Result<String, Untranslatable> {
    let value = match value {
        Some(value) if value.class.number() => value,
        _ => return refuse("seconds that are no number"),
    };
    let seconds = double(value.clone())?;
    if value.class.decimal().is_some_and(|(_, scale)| scale <= 6) {
        return Ok(seconds.sql);
    }
    once(&seconds)?;
    let sql = &seconds.sql;
    let (whole, million) = (format!("pg_catalog.trunc({sql})"), "1000000::double precision");
    let rest = Value::settled(format!("(({sql} - {whole}) * {million})"), Class::Double);
    Ok(format!("({whole} * {million} + {}) / {million}", rounded(&rest, 0)?.sql))
}

/// A timestamp so many milliseconds or microseconds after 1970.
fn since_1970(call: Call<'_>) -> Out {
    let (name, size) = (call.name, if call.name == "make_timestamp" { 1 } else { 1_000 });
    let value = one(call)?.integer(name)?;
    once(&value)?;
    let elapsed = elapsed(&value.sql, size);
    let sql = format!("('1970-01-01'::timestamp without time zone + {elapsed})");
    Ok(Value::settled(sql, Class::Timestamp(6)))
}

/// An interval of a whole number of units of a size in microseconds, in days and seconds: hours
/// alone would not hold them all.
fn elapsed(number: &str, size: u64) -> String {
    let (number, day) = (format!("({number})::bigint"), 86_400_000_000 / size);
    format!(
        "pg_catalog.make_interval(days => ({number} / {day})::integer, \
         secs => ({number} % {day})::double precision / {})",
        1_000_000 / size
    )
}

/// To the nearest microsecond, halves to even as the cast to an integer rounds.
fn to_timestamp(call: Call<'_>) -> Out {
    let seconds = double(one(call)?)?;
    once(&seconds)?;
    let elapsed = elapsed(&format!("{} * 1000000::double precision", seconds.sql), 1);
    // Days are counted in UTC: a day of the session's time zone may have 23 hours.
    let sql = format!(
        "pg_catalog.timezone('UTC', '1970-01-01'::timestamp without time zone + {elapsed})"
    );
    Ok(Value::settled(sql, Class::TimestampTz))
}

fn time_bucket(call: Call<'_>) -> Out {
    let helpers = call.context.helpers;
    let (width, value) = pair(call)?;
    if width.class != Class::Interval || !value.class.datetime() {
        return refuse(format!("time_bucket of {} is not supported", value.class.name()));
    }
    let date = value.class == Class::Date;
    let at = Value::settled(stamp(&value), Class::Timestamp(6));
    let sql = helper::call(helpers, &BUCKET, &joined(&[width, at]))?;
    Ok(match date {
        true => Value::settled(format!("({sql})::date"), Class::Date),
        false => Value::settled(sql, Class::Timestamp(6)),
    })
}
