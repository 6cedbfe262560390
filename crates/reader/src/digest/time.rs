//! Dates, times, timestamps and intervals: DuckDB counts from 1970, PostgreSQL from 2000.

use migrator_model::{
    LogicalType,
    canonical::{Canonical, Kind},
};

use super::{
    bind::Column,
    values::{Bound, each},
};
use crate::vector::{Data, Interval, Vector};

/// 2000-01-01 in days and in microseconds since 1970.
pub const DAYS_TO_2000: i32 = 30 * 365 + 7;
pub const MICROS_TO_2000: i64 = DAYS_TO_2000 as i64 * MICROS_OF_A_DAY;
const MICROS_OF_A_DAY: i64 = 86_400_000_000;
/// The first day of PostgreSQL's calendar, 4714-11-24 BC, in days since 1970: Julian day 0.
pub const FIRST_DAY: i32 = -2_440_588;
/// And the first day behind its end, 5874898-01-01, in days since 2000 (DATE_END_JULIAN).
const END_OF_DAYS: i32 = 2_147_483_494 - 2_451_545;
/// DuckDB's infinities are the ends of its integers, the lower one moved up by one.
const DATE_INFINITY: i32 = i32::MAX;
const INFINITY: i64 = i64::MAX;
/// PostgreSQL refuses a displacement of 16 hours.
const ZONE_END: i32 = 16 * 3600;
/// What DuckDB subtracts a displacement from: 15:59:59.
const ZONE_BIAS: i32 = ZONE_END - 1;

/// What becomes a date, a time, a timestamp or an interval.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    use LogicalType as L;
    let (validity, step) = (vector.validity, step(column.digits));
    Some(match (column.kind, column.logical, &vector.data) {
        (Kind::Date, L::Date, Data::I32(stored)) => each(validity, stored, |days, out| {
            put(date(*days), *days, out, Canonical::date);
        }),
        (Kind::Timestamp, L::Date, Data::I32(stored)) => each(validity, stored, |days, out| {
            put(midnight(*days), *days, out, Canonical::timestamp);
        }),
        (Kind::Timestamp, logical, Data::I64(stored)) => {
            let unit = Unit::of(logical)?;
            each(validity, stored, move |moment, out| {
                put(timestamp(*moment, unit, step), *moment, out, Canonical::timestamp);
            })
        }
        (Kind::Time, L::Time | L::TimeNs, Data::I64(stored)) => {
            let unit = Unit::of(column.logical)?;
            each(validity, stored, move |moment, out| {
                put(time(*moment, unit, step), *moment, out, Canonical::time);
            })
        }
        (Kind::TimeTz, L::TimeTz, Data::U64(stored)) => {
            each(validity, stored, move |bits, out| match time_with_zone(*bits, step) {
                Some((micros, west)) => out.timetz(micros, west),
                None => out.invalid(&bits.to_le_bytes()),
            })
        }
        (Kind::Interval, L::Interval, Data::Interval(stored)) => {
            each(validity, stored, |value, out| interval(*value, out))
        }
        _ => return None,
    })
}

/// Appends a value, or the number that was stored for it where it is none.
#[inline]
fn put<T>(
    value: Option<T>,
    stored: impl std::fmt::Display,
    out: &mut Canonical,
    append: impl Fn(&mut Canonical, T),
) {
    match value {
        Some(value) => append(out, value),
        None => out.invalid(stored.to_string().as_bytes()),
    }
}

/// What moments are counted in.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    fn of(logical: &LogicalType) -> Option<Self> {
        use LogicalType as L;
        Some(match logical {
            L::TimestampS => Self::Seconds,
            L::TimestampMs => Self::Millis,
            L::Time | L::Timestamp | L::TimestampTz => Self::Micros,
            L::TimeNs | L::TimestampNs | L::TimestampTzNs => Self::Nanos,
            _ => return None,
        })
    }

    /// Microseconds; what lies between two of them belongs to the earlier one.
    fn micros(self, moment: i64) -> Option<i64> {
        match self {
            Self::Seconds => moment.checked_mul(1_000_000),
            Self::Millis => moment.checked_mul(1_000),
            Self::Micros => Some(moment),
            Self::Nanos => Some(moment.div_euclid(1_000)),
        }
    }
}

/// The microseconds between two values of so many fractional digits.
pub fn step(digits: Option<u8>) -> i64 {
    10_i64.pow(6 - u32::from(digits.unwrap_or(6).min(6)))
}

/// The last value of the target's digits that is not later: the load cuts off what lies behind.
fn cut(micros: i64, step: i64) -> i64 {
    micros - micros.rem_euclid(step)
}

fn date(days: i32) -> Option<i32> {
    match days {
        DATE_INFINITY => Some(i32::MAX),
        days if days == -DATE_INFINITY => Some(i32::MIN),
        days if days < FIRST_DAY => None,
        days => Some(days - DAYS_TO_2000).filter(|days| *days < END_OF_DAYS),
    }
}

/// The beginning of a day.
fn midnight(days: i32) -> Option<i64> {
    match date(days)? {
        i32::MAX => Some(i64::MAX),
        i32::MIN => Some(i64::MIN),
        since_2000 => i64::from(since_2000)
            .checked_mul(MICROS_OF_A_DAY)
            .filter(|micros| *micros < END_OF_TIMESTAMPS),
    }
}

/// END_TIMESTAMP (timestamp.h), in microseconds since 2000: 294277-01-01.
const END_OF_TIMESTAMPS: i64 = 9_223_371_331_200_000_000;
/// Its counterpart MIN_TIMESTAMP, in microseconds since 1970.
pub const FIRST_MOMENT: i64 = FIRST_DAY as i64 * MICROS_OF_A_DAY;

fn timestamp(moment: i64, unit: Unit, step: i64) -> Option<i64> {
    match moment {
        INFINITY => return Some(i64::MAX),
        moment if moment == -INFINITY => return Some(i64::MIN),
        _ => {}
    }
    let micros = unit.micros(moment).filter(|micros| *micros >= FIRST_MOMENT)?;
    Some(cut(micros, step) - MICROS_TO_2000)
}

/// 24:00:00 is a time, too.
fn time(moment: i64, unit: Unit, step: i64) -> Option<i64> {
    let micros = cut(unit.micros(moment)?, step);
    (0..=MICROS_OF_A_DAY).contains(&micros).then_some(micros)
}

/// The time is in the upper 40 bits. Below is what the displacement to the east was taken from.
fn time_with_zone(bits: u64, step: i64) -> Option<(i64, i32)> {
    let micros = time((bits >> 24) as i64, Unit::Micros, step)?;
    let west = (bits & 0xff_ffff) as i32 - ZONE_BIAS;
    (west.abs() < ZONE_END).then_some((micros, west))
}

/// PostgreSQL 17 takes the ends of all three fields for the infinities.
fn interval(value: Interval, out: &mut Canonical) {
    let Interval { months, days, micros } = value;
    match (months, days, micros) {
        (i32::MAX, i32::MAX, i64::MAX) => out.invalid(b"infinity"),
        (i32::MIN, i32::MIN, i64::MIN) => out.invalid(b"-infinity"),
        _ => out.interval(months, days, micros),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_count_from_2000_and_end_where_postgresql_ends() {
        assert_eq!(date(10_957), Some(0));
        assert_eq!(date(FIRST_DAY), Some(-2_451_545));
        assert_eq!(date(FIRST_DAY - 1), None);
        assert_eq!(date(i32::MAX), Some(i32::MAX));
        assert_eq!(date(-i32::MAX), Some(i32::MIN));
        assert_eq!(date(i32::MIN), None);
        assert_eq!(date(END_OF_DAYS + DAYS_TO_2000 - 1), Some(END_OF_DAYS - 1));
        assert_eq!(date(END_OF_DAYS + DAYS_TO_2000), None);
    }

    #[test]
    fn a_date_is_a_timestamp_only_up_to_their_end() {
        assert_eq!(midnight(10_958), Some(MICROS_OF_A_DAY));
        assert_eq!(midnight(FIRST_DAY), Some(-211_813_488_000_000_000));
        // 294276-12-31, the day behind it, and one whose microseconds i64 does not hold.
        assert_eq!(midnight(106_762_939), Some(9_223_371_244_800_000_000));
        assert_eq!(midnight(106_762_940), None);
        assert_eq!(midnight(1_825_501_910), None);
        assert_eq!(midnight(i32::MAX), Some(i64::MAX));
    }

    #[test]
    fn moments_lose_what_the_target_has_no_digits_for() {
        let moment = |moment, unit, digits| timestamp(moment, unit, step(digits));
        assert_eq!(moment(946_684_800, Unit::Seconds, None), Some(0));
        assert_eq!(moment(946_684_799_999_999_999, Unit::Nanos, None), Some(-1));
        assert_eq!(moment(946_684_800_999_999, Unit::Micros, Some(3)), Some(999_000));
        assert_eq!(moment(946_684_799_999_999, Unit::Micros, Some(0)), Some(-1_000_000));
        assert_eq!(moment(i64::MAX, Unit::Millis, Some(0)), Some(i64::MAX));
        assert_eq!(moment(-i64::MAX, Unit::Nanos, None), Some(i64::MIN));
        assert_eq!(moment(i64::MAX - 1, Unit::Seconds, None), None);
        assert_eq!(moment(FIRST_MOMENT - 1, Unit::Micros, None), None);
        assert_eq!(moment(FIRST_MOMENT, Unit::Micros, Some(0)), Some(-211_813_488_000_000_000));
    }

    #[test]
    fn zones_count_to_the_west() {
        let bits = |micros: u64, east: i32| micros << 24 | (57_599 - east) as u64;
        assert_eq!(time_with_zone(bits(5, 7_200), 1), Some((5, -7_200)));
        assert_eq!(time_with_zone(bits(1_500_000, -57_599), 1_000_000), Some((1_000_000, 57_599)));
        assert_eq!(time_with_zone(bits(0, 57_599), 1), Some((0, -57_599)));
        assert_eq!(time_with_zone(0xff_ffff, 1), None);
        assert_eq!(time(86_400_000_000_000, Unit::Nanos, 1), Some(MICROS_OF_A_DAY));
        assert_eq!(time(-1, Unit::Micros, 1), None);
    }
}
