//! Dates, times, timestamps and intervals. PostgreSQL counts from 2000-01-01, DuckDB from 1970.

use migrator_model::{
    BadValue, LogicalType, PgType,
    policy::{Loss, Lost},
};

use super::{
    Cells, Policy,
    bind::{ByRow, Column, each},
    display,
    numeric::{self, Decimal},
    varlena::fixed,
};
use crate::vector::{Data, Interval, Vector};

/// Days from 1970-01-01 to 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// IS_VALID_DATE (datetime.h): days since 2000 of 4714-11-24 BC, and of 5874898-01-01.
const DATES: std::ops::Range<i32> = -2_451_545..2_145_031_949;
/// MIN_TIMESTAMP (timestamp.h), in microseconds since 1970.
/// END_TIMESTAMP lies beyond the end of i64 when counted from 1970: only the start needs a look.
const TIMESTAMPS: std::ops::RangeFrom<i64> = -210_866_803_200_000_000..;
/// MIN_TIMESTAMP and END_TIMESTAMP, in microseconds since 2000.
const TIMESTAMPS_SINCE_2000: std::ops::Range<i64> =
    -211_813_488_000_000_000..9_223_371_331_200_000_000;
/// USECS_PER_DAY: 24:00:00 is a time, too.
const TIMES: std::ops::RangeInclusive<i64> = 0..=86_400_000_000;
/// TZDISP_LIMIT (timestamp.h), in seconds, exclusive.
const ZONE_LIMIT: u32 = 16 * 3600;
/// DuckDB's infinities of dates and timestamps.
const DATE_INFINITY: i32 = i32::MAX;
const INFINITY: i64 = i64::MAX;

/// Binds the temporal types; None for a pair that is none of them.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Box<dyn Cells + 'c>> {
    use LogicalType as L;
    use PgType as P;
    let validity = vector.validity;
    Some(match (column.logical, &column.target.pg, &vector.data) {
        (L::Date, P::Date, Data::I32(values)) => each(validity, values, |days, out, _| {
            fixed(out, 4, date(*days)?.to_le_bytes());
            Ok(())
        }),
        (L::Date, P::Timestamp(_), Data::I32(values)) => each(validity, values, |days, out, _| {
            fixed(out, 8, date_as_timestamp(*days)?.to_le_bytes());
            Ok(())
        }),
        (L::TimeTz, P::TimeTz(digits), Data::U64(values)) => {
            let policy = column.policy;
            each(validity, values, move |bits, out, lost| {
                let micros = time(rounded((bits >> 24) as i64, *digits, policy, lost)?)?;
                let east = zone_east(*bits);
                if east.unsigned_abs() >= ZONE_LIMIT {
                    return Err(BadValue::new("22009", "time zone displacement out of range"));
                }
                fixed(out, 8, micros.to_le_bytes());
                // PostgreSQL counts zones to the west.
                out.extend_from_slice(&(-east).to_le_bytes());
                Ok(())
            })
        }
        (L::Interval, P::Interval, Data::Interval(values)) => each(validity, values, interval),
        (_, P::Time(_) | P::Timestamp(_) | P::TimestampTz(_), Data::I64(values)) => {
            each(validity, values, moment(column)?)
        }
        (L::TimeNs | L::TimestampNs | L::TimestampTzNs, P::Int8, Data::I64(values)) => {
            each(validity, values, |nanos, out, _| {
                finite(*nanos)?;
                fixed(out, 8, nanos.to_le_bytes());
                Ok(())
            })
        }
        (L::TimeNs | L::TimestampNs | L::TimestampTzNs, P::Numeric(limit), Data::I64(values)) => {
            let (physical, limit) = (column.physical, *limit);
            let put = move |row: usize, out: &mut Vec<u8>, _: &mut Lost| {
                let nanos: i64 = values[row];
                finite(nanos)?;
                let number = Decimal::of(nanos < 0, nanos.unsigned_abs().into(), 0);
                numeric::put(out, &physical, &number.limited(limit)?)
            };
            Box::new(ByRow { validity, put })
        }
        _ => return None,
    })
}

/// How a time or timestamp is counted: per second, in DuckDB.
fn per_second(logical: &LogicalType) -> Option<i64> {
    use LogicalType as L;
    Some(match logical {
        L::TimestampS => 1,
        L::TimestampMs => 1_000,
        L::Time | L::Timestamp | L::TimestampTz => 1_000_000,
        L::TimeNs | L::TimestampNs | L::TimestampTzNs => 1_000_000_000,
        _ => return None,
    })
}

type Put<'c> = Box<dyn Fn(&'c i64, &mut Vec<u8>, &mut Lost) -> Result<(), BadValue> + 'c>;

/// What writes a time or timestamp of the column's unit.
fn moment<'c>(column: Column<'c>) -> Option<Put<'c>> {
    let (unit, policy) = (per_second(column.logical)?, column.policy);
    let (is_time, digits) = match &column.target.pg {
        PgType::Time(digits) => (true, *digits),
        PgType::Timestamp(digits) | PgType::TimestampTz(digits) => (false, *digits),
        _ => return None,
    };
    let logical = column.logical;
    Some(Box::new(move |stored, out, lost| {
        let micros = match (is_time, *stored) {
            (false, INFINITY) => i64::MAX,
            (false, stored) if stored == -INFINITY => i64::MIN,
            (_, stored) => {
                let micros = to_micros(stored, unit, policy, lost)
                    .ok_or_else(|| out_of_range(logical, stored))??;
                let micros = rounded(micros, digits, policy, lost)?;
                if is_time { time(micros)? } else { timestamp(micros, logical, stored)? }
            }
        };
        fixed(out, 8, micros.to_le_bytes());
        Ok(())
    }))
}

/// Only a damaged file has times of another day.
fn time(micros: i64) -> Result<i64, BadValue> {
    match TIMES.contains(&micros) {
        true => Ok(micros),
        false => Err(BadValue::new("22008", "time out of range")),
    }
}

/// Microseconds; digits below are a loss, and are cut off downwards. None: no such number.
fn to_micros(
    stored: i64,
    unit: i64,
    policy: &Policy,
    lost: &mut Lost,
) -> Option<Result<i64, BadValue>> {
    if unit <= 1_000_000 {
        return stored.checked_mul(1_000_000 / unit).map(Ok);
    }
    let micros = stored.div_euclid(unit / 1_000_000);
    if stored.rem_euclid(unit / 1_000_000) != 0
        && let Err(bad) = policy.lose(Loss::Nanoseconds, lost, "22008")
    {
        return Some(Err(bad));
    }
    Some(Ok(micros))
}

/// What a type with fewer than six digits keeps: fewer digits are a loss, too.
fn rounded(
    micros: i64,
    digits: Option<u8>,
    policy: &Policy,
    lost: &mut Lost,
) -> Result<i64, BadValue> {
    let unit = 10_i64.pow(6 - u32::from(digits.unwrap_or(6).min(6)));
    let rest = micros.rem_euclid(unit);
    if rest != 0 {
        policy.lose(Loss::Nanoseconds, lost, "22008")?;
    }
    Ok(micros - rest)
}

fn timestamp(micros: i64, logical: &LogicalType, stored: i64) -> Result<i64, BadValue> {
    match TIMESTAMPS.contains(&micros) {
        true => Ok(micros - EPOCH_MICROS),
        false => Err(out_of_range(logical, stored)),
    }
}

fn out_of_range(logical: &LogicalType, stored: i64) -> BadValue {
    BadValue::datetime_out_of_range(display::moment(logical, stored), "timestamp")
}

fn finite(nanos: i64) -> Result<(), BadValue> {
    match nanos {
        INFINITY => Err(BadValue::datetime_out_of_range("infinity", "number")),
        nanos if nanos == -INFINITY => Err(BadValue::datetime_out_of_range("-infinity", "number")),
        _ => Ok(()),
    }
}

fn date(days: i32) -> Result<i32, BadValue> {
    match days {
        DATE_INFINITY => return Ok(i32::MAX),
        days if days == -DATE_INFINITY => return Ok(i32::MIN),
        _ => {}
    }
    let since_2000 = i64::from(days) - i64::from(EPOCH_DAYS);
    let fits = i32::try_from(since_2000).ok().filter(|days| DATES.contains(days));
    fits.ok_or_else(|| BadValue::datetime_out_of_range(display::date(days), "date"))
}

fn date_as_timestamp(days: i32) -> Result<i64, BadValue> {
    match date(days)? {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        _ => {
            // Counted from 2000, where both ends of what PostgreSQL has are within i64.
            let days_since_2000 = i64::from(days) - i64::from(EPOCH_DAYS);
            let micros = days_since_2000.checked_mul(86_400_000_000);
            let fits = micros.filter(|micros| TIMESTAMPS_SINCE_2000.contains(micros));
            fits.ok_or_else(|| BadValue::datetime_out_of_range(display::date(days), "timestamp"))
        }
    }
}

/// The offset of a TIME WITH TIME ZONE in seconds to the east.
pub fn zone_east(bits: u64) -> i32 {
    57_599 - (bits & 0xff_ffff) as i32
}

/// PostgreSQL 17 reads a value with every field at its end as an infinity.
fn interval(value: &Interval, out: &mut Vec<u8>, _: &mut Lost) -> Result<(), BadValue> {
    let Interval { months, days, micros } = *value;
    let ends = |m, d, u| (months, days, micros) == (m, d, u);
    if ends(i32::MAX, i32::MAX, i64::MAX) || ends(i32::MIN, i32::MIN, i64::MIN) {
        return Err(BadValue::new("22008", "interval out of range"));
    }
    fixed(out, 8, micros.to_le_bytes());
    out.extend_from_slice(&days.to_le_bytes());
    out.extend_from_slice(&months.to_le_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use migrator_model::policy::NulBytes;

    use super::*;

    fn policy(accept_lossy: bool) -> Policy {
        Policy { nul_bytes: NulBytes::Error, accept_lossy, count_only: false }
    }

    #[test]
    fn a_date_becomes_a_timestamp_or_nothing_up_to_the_ends_of_both() {
        let (first, last) = (-2_451_545 + EPOCH_DAYS, 106_751_983 + EPOCH_DAYS);
        assert_eq!(date_as_timestamp(first).unwrap(), TIMESTAMPS_SINCE_2000.start);
        assert_eq!(date_as_timestamp(last - 1).unwrap(), 9_223_371_244_800_000_000);
        for days in [first - 1, last, last + 1, 220_000_000, 2_000_000_000] {
            assert!(date_as_timestamp(days).is_err(), "{days}");
        }
    }

    #[test]
    fn dates_count_from_2000() {
        assert_eq!(date(10_957).unwrap(), 0);
        assert_eq!(date(i32::MAX).unwrap(), i32::MAX);
        assert_eq!(date(-i32::MAX).unwrap(), i32::MIN);
        assert_eq!(date(-2_440_588).unwrap(), -2_451_545);
        assert_eq!(date(-2_440_589).unwrap_err().sqlstate, "22008");
    }

    #[test]
    fn the_first_and_last_timestamps_of_postgresql_pass() {
        let first = -210_866_803_200_000_000;
        assert!(timestamp(first, &LogicalType::Timestamp, first).is_ok());
        assert!(timestamp(first - 1, &LogicalType::Timestamp, first - 1).is_err());
        assert!(timestamp(i64::MAX - 1, &LogicalType::Timestamp, 0).is_ok());
    }

    #[test]
    fn nanoseconds_are_cut_off_downwards_when_accepted() {
        let mut lost = Lost::default();
        let cut = to_micros(-1, 1_000_000_000, &policy(true), &mut lost).unwrap().unwrap();
        assert_eq!((cut, lost.has(Loss::Nanoseconds)), (-1, true));
        let kept = to_micros(-1, 1_000_000_000, &policy(false), &mut lost).unwrap();
        assert!(kept.is_err());
    }
}
