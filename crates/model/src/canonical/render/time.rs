//! Dates and times in the ISO form, intervals in PostgreSQL's own.

use super::{
    super::bytes::tag,
    bytes::{Bytes, Whole},
    put,
};

const SECOND: u64 = 1_000_000;
const DAY: i64 = 86_400_000_000;

/// Appends a value with one of the tags from date to interval, which was read.
pub(super) fn value(kind: u8, bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    match kind {
        tag::DATE => date(i32::from_le_bytes(bytes.array()?), out),
        tag::TIME => signed_clock(i64::from_le_bytes(bytes.array()?), out),
        tag::TIMETZ => {
            signed_clock(i64::from_le_bytes(bytes.array()?), out);
            zone(i32::from_le_bytes(bytes.array()?), out);
        }
        tag::TIMESTAMP => timestamp(i64::from_le_bytes(bytes.array()?), out),
        _ => {
            let months = i32::from_le_bytes(bytes.array()?);
            let days = i32::from_le_bytes(bytes.array()?);
            interval(months, days, i64::from_le_bytes(bytes.array()?), out);
        }
    }
    Ok(())
}

fn date(days: i32, out: &mut String) {
    match days {
        i32::MAX => out.push_str("infinity"),
        i32::MIN => out.push_str("-infinity"),
        _ => {
            let era = day(days.into(), out);
            out.push_str(era);
        }
    }
}

/// Both kinds of timestamp count in UTC, and are shown so.
fn timestamp(micros: i64, out: &mut String) {
    match micros {
        i64::MAX => out.push_str("infinity"),
        i64::MIN => out.push_str("-infinity"),
        _ => {
            let era = day(micros.div_euclid(DAY), out);
            out.push(' ');
            clock(micros.rem_euclid(DAY).unsigned_abs(), out);
            out.push_str(era);
        }
    }
}

/// Appends `2000-01-01`, and returns what stands behind everything: ` BC`.
fn day(days: i64, out: &mut String) -> &'static str {
    let (year, month, day) = civil(days);
    let (shown, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    put(out, format_args!("{shown:04}-{month:02}-{day:02}"));
    era
}

/// Year, month and day of a day since 2000. Years are counted from March, so that a leap day is
/// their last one. No crate reaches PostgreSQL's years.
fn civil(days: i64) -> (i64, i64, i64) {
    let (era, in_era) =
        ((days + 730_425).div_euclid(146_097), (days + 730_425).rem_euclid(146_097));
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let of_next = i64::from(month > 9);
    (era * 400 + year + of_next, month + 3 - 12 * of_next, day)
}

fn signed_clock(micros: i64, out: &mut String) {
    if micros < 0 {
        out.push('-');
    }
    clock(micros.unsigned_abs(), out);
}

/// `12:34:56.789`: as many digits of a second as there are.
fn clock(micros: u64, out: &mut String) {
    let seconds = micros / SECOND;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    put(out, format_args!("{hours:02}:{minutes:02}:{:02}", seconds % 60));
    if !micros.is_multiple_of(SECOND) {
        let digits = format!(".{:06}", micros % SECOND);
        out.push_str(digits.trim_end_matches('0'));
    }
}

/// `+02`, `-05:30`, `+00:19:32`.
fn zone(west: i32, out: &mut String) {
    let away = west.unsigned_abs();
    put(out, format_args!("{}{:02}", if west > 0 { '-' } else { '+' }, away / 3600));
    if !away.is_multiple_of(3600) {
        put(out, format_args!(":{:02}", away / 60 % 60));
    }
    if !away.is_multiple_of(60) {
        put(out, format_args!(":{:02}", away % 60));
    }
}

/// IntervalStyle = postgres.
fn interval(months: i32, days: i32, micros: i64, out: &mut String) {
    match (months, days, micros) {
        (i32::MAX, i32::MAX, i64::MAX) => return out.push_str("infinity"),
        (i32::MIN, i32::MIN, i64::MIN) => return out.push_str("-infinity"),
        _ => {}
    }
    let mut parts = Vec::new();
    // A sign is written out behind a part that is negative.
    let mut after_negative = false;
    for (count, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if count != 0 {
            let sign = if after_negative && count > 0 { "+" } else { "" };
            parts.push(format!("{sign}{count} {unit}{}", if count == 1 { "" } else { "s" }));
            after_negative = count < 0;
        }
    }
    if micros != 0 || parts.is_empty() {
        let mut time = String::from(if after_negative && micros > 0 { "+" } else { "" });
        signed_clock(micros, &mut time);
        parts.push(time);
    }
    out.push_str(&parts.join(" "));
}
