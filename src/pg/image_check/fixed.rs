//! Values of fixed length: booleans, times, enums, and what may have any bits.

use super::{Fault, ValueShape};

/// IS_VALID_DATE (datatype/timestamp.h): days since 2000 of 4714-11-24 BC and of 5874898-01-01.
const DATES: std::ops::Range<i32> = -2_451_545..2_145_031_949;
/// MIN_TIMESTAMP and END_TIMESTAMP (datatype/timestamp.h).
const TIMESTAMPS: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;
/// USECS_PER_DAY: time_recv() allows 24:00:00.
const TIMES: std::ops::RangeInclusive<i64> = 0..=86_400_000_000;
/// TZDISP_LIMIT (datatype/timestamp.h), in seconds, on either side and exclusive.
const ZONE_LIMIT: u32 = 16 * 3600;

/// Checks a value without its padding.
#[inline]
pub fn check(bytes: &[u8], shape: &ValueShape) -> Result<(), Fault> {
    match shape {
        ValueShape::AnyBits => Ok(()),
        ValueShape::Bool => pass(matches!(bytes, [0 | 1]), Fault::Bool),
        ValueShape::Date => date(i32::from_le_bytes(exactly(bytes)?)),
        ValueShape::Time(unit) => time(i64::from_le_bytes(exactly(bytes)?), *unit),
        ValueShape::TimeTz(unit) => time_with_zone(bytes, *unit),
        ValueShape::Timestamp(unit) => timestamp(i64::from_le_bytes(exactly(bytes)?), *unit),
        ValueShape::Enum(labels) => {
            let oid = u32::from_le_bytes(exactly(bytes)?);
            pass(labels.binary_search(&oid).is_ok(), Fault::Label)
        }
        ValueShape::Nothing => Err(Fault::Unfilled),
        _ => Err(Fault::Width),
    }
}

fn pass(holds: bool, fault: Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault) }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_| Fault::Width)
}

/// The ends of the type are its infinities (utils/date.h).
fn date(days: i32) -> Result<(), Fault> {
    pass(DATES.contains(&days) || matches!(days, i32::MIN | i32::MAX), Fault::Date)
}

fn time(micros: i64, unit: i64) -> Result<(), Fault> {
    pass(TIMES.contains(&micros), Fault::Time)?;
    precise(micros, unit)
}

/// TimeTzADT (utils/date.h): the time, then the zone in seconds to the west.
fn time_with_zone(bytes: &[u8], unit: i64) -> Result<(), Fault> {
    let (micros, zone) = bytes.split_first_chunk().ok_or(Fault::Width)?;
    time(i64::from_le_bytes(*micros), unit)?;
    let zone = i32::from_le_bytes(exactly(zone)?);
    pass(zone.unsigned_abs() < ZONE_LIMIT, Fault::Zone)
}

fn timestamp(micros: i64, unit: i64) -> Result<(), Fault> {
    if matches!(micros, i64::MIN | i64::MAX) {
        return Ok(());
    }
    pass(TIMESTAMPS.contains(&micros), Fault::Timestamp)?;
    precise(micros, unit)
}

/// AdjustTimestampForTypmod() and AdjustTimeForTypmod() leave no digits behind the type's last.
fn precise(micros: i64, unit: i64) -> Result<(), Fault> {
    pass(unit == 1 || micros.checked_rem(unit) == Some(0), Fault::TimePrecision)
}
