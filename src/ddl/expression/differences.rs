//! What lies between two points in time: boundaries crossed (`date_diff`), whole units
//! (`date_sub`), and years, months and days (`age`).

use super::{
    Untranslatable,
    class::{BIGINT, Class},
    dates::{datetime, stamp},
    division::once,
    functions::{Call, Function, Stability::Queried, line, pair},
    parts, refuse,
    value::Value,
};
use crate::ddl::helper::{self, Helper, helper};

type Out = Result<Value, Untranslatable>;

#[rustfmt::skip] // One line a function reads as the table it is.
pub(super) static FUNCTIONS: &[Function] = &[
    line(&["date_sub", "datesub"], 3..=3, Queried, whole),
    line(&["age"], 2..=2, Queried, age),
];

/// Whole months from one point in time to another, the end of a shorter month counted as a whole.
static MONTHS: Helper = helper(
    "duckdb_months_between",
    "timestamp without time zone, timestamp without time zone",
    "RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    early timestamp := LEAST($1, $2);
    late timestamp := GREATEST($1, $2);
    early_day integer := EXTRACT(DAY FROM early);
    late_day integer := EXTRACT(DAY FROM late);
    last_day integer := EXTRACT(DAY FROM pg_catalog.date_trunc('month', late) + '1 month -1 day'::interval);
    months bigint;
BEGIN
    months := (EXTRACT(YEAR FROM late) - EXTRACT(YEAR FROM early)) * 12
        + EXTRACT(MONTH FROM late) - EXTRACT(MONTH FROM early);
    IF EXTRACT(YEAR FROM early) < 0 AND EXTRACT(YEAR FROM late) > 0 THEN
        months := months - 12;
    END IF;
    IF late_day = last_day THEN
        early_day := LEAST(early_day, last_day);
    END IF;
    IF early_day > late_day OR early_day = late_day AND early::time > late::time THEN
        months := months - 1;
    END IF;
    RETURN CASE WHEN $1 > $2 THEN -months ELSE months END;
END $$",
    "DuckDB's date_sub in months",
);

/// Microseconds of the units that have a fixed length.
fn length(unit: &str) -> Option<u64> {
    Some(match unit {
        "week" => 604_800_000_000,
        "day" => 86_400_000_000,
        "hour" => 3_600_000_000,
        "minute" => 60_000_000,
        "second" => 1_000_000,
        "millisecond" => 1_000,
        "microsecond" => 1,
        _ => return None,
    })
}

/// How many boundaries of a unit lie between two points in time.
pub(super) fn boundaries(unit: &str, from: &Value, to: &Value) -> Out {
    let unit = parts::unit(unit)?;
    if from.class == Class::Time && to.class == Class::Time {
        return of_times(unit, from, to, "floor");
    }
    let between =
        |number: &dyn Fn(&Value) -> String| format!("({} - {})", number(to), number(from));
    let years =
        |size: u32| between(&|value| format!("({}::integer / {size})", parts::year(&value.sql)));
    // Cut towards the year 0, as DuckDB's division does.
    let months = |value: &Value, size: u32| {
        let sql = &value.sql;
        let month = format!("EXTRACT(MONTH FROM {sql})::integer - 1");
        format!("(({}::integer * 12 + {month}) / {size})", parts::year(sql))
    };
    let seconds = |unit: &str, size: u32| {
        let at = |value: &Value| {
            format!("EXTRACT(EPOCH FROM pg_catalog.date_trunc('{unit}', {}))", stamp(value))
        };
        format!("({} / {size})", between(&at))
    };
    let count = match unit {
        "millennium" => years(1000),
        "century" => years(100),
        "decade" => years(10),
        "year" => years(1),
        "isoyear" => between(&|value| parts::iso_year(&value.sql)),
        "quarter" => between(&|value| months(value, 3)),
        "month" => between(&|value| months(value, 1)),
        // Weeks are seven days from the start, wherever Monday is.
        "week" | "yearweek" => format!("pg_catalog.div({}, 7)", seconds("day", 86_400)),
        "day" => seconds(unit, 86_400),
        "hour" => seconds(unit, 3_600),
        "minute" => seconds(unit, 60),
        "second" => seconds(unit, 1),
        "millisecond" => between(&|value| {
            format!("pg_catalog.floor(EXTRACT(EPOCH FROM {}) * 1000)", stamp(value))
        }),
        "microsecond" => {
            between(&|value| format!("EXTRACT(EPOCH FROM {}) * 1000000", stamp(value)))
        }
        _ => return refuse(format!("date_diff in {unit} is not supported")),
    };
    finite(from, to, "date_diff", &count, BIGINT)
}

/// NULL where an end is infinite.
fn finite(from: &Value, to: &Value, place: &str, count: &str, class: Class) -> Out {
    datetime(from, place)?;
    datetime(to, place)?;
    let pg = if class == BIGINT { "::bigint" } else { "" };
    let sql = format!(
        "(CASE WHEN pg_catalog.isfinite({}) AND pg_catalog.isfinite({}) THEN ({count}){pg} END)",
        from.sql, to.sql
    );
    Ok(Value::settled(sql, class))
}

fn of_times(unit: &str, from: &Value, to: &Value, rounding: &str) -> Out {
    once(from)?;
    once(to)?;
    let Some(micros @ ..=3_600_000_000) = length(unit) else {
        return refuse(format!("a difference of TIME in {unit} is not supported"));
    };
    let at = |value: &Value| format!("EXTRACT(EPOCH FROM {}) * 1000000 ", value.sql);
    let count = match rounding {
        "floor" => {
            let count = |value: &Value| format!("pg_catalog.floor({}/ {micros})", at(value));
            format!("{} - {}", count(to), count(from))
        }
        _ => format!("pg_catalog.div({}- {}, {micros})", at(to), at(from)),
    };
    Ok(Value::settled(format!("({count})::bigint"), BIGINT))
}

/// `date_sub`: how many whole units lie between two points in time.
fn whole(call: Call<'_>) -> Out {
    let [unit, from, to] = call.args.as_slice() else {
        return refuse("date_sub has three arguments");
    };
    let unit = parts::unit(unit.string("the unit of date_sub")?)?;
    if from.class == Class::Time && to.class == Class::Time {
        return of_times(unit, from, to, "trunc");
    }
    datetime(from, "date_sub")?;
    datetime(to, "date_sub")?;
    let months = match unit {
        "millennium" => 12_000,
        "century" => 1_200,
        "decade" => 120,
        "year" | "isoyear" => 12,
        "quarter" => 3,
        _ => 1,
    };
    let count = match length(unit) {
        Some(micros) => {
            let at = |value: &Value| format!("EXTRACT(EPOCH FROM {})", stamp(value));
            format!("pg_catalog.div(({} - {}) * 1000000, {micros})", at(to), at(from))
        }
        None if months > 1 || unit == "month" => {
            let args = format!("{}, {}", stamp(from), stamp(to));
            format!("{} / {months}", helper::call(call.context.helpers, &MONTHS, &args)?)
        }
        None => return refuse(format!("date_sub in {unit} is not supported")),
    };
    finite(from, to, "date_sub", &count, BIGINT)
}

/// DuckDB and PostgreSQL count days in the month of the earlier one alike.
fn age(call: Call<'_>) -> Out {
    let (to, from) = pair(call)?;
    let sql = format!("pg_catalog.age({}, {})", stamp(&to), stamp(&from));
    finite(&from, &to, "age", &sql, Class::Interval)
}
