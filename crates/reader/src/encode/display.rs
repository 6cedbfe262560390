//! Values as texts, in the words of PostgreSQL's ISO output: what a text column gets, what stands
//! in JSON for what JSON has no type for, and what a message shows.

use std::fmt::Write;

use migrator_model::{LogicalType, float_text, ident::clip, policy::Lost};

use super::{
    Cells,
    bind::{ByRow, Column, enum_index},
    bits, integer,
    json::Json,
    nested, temporal, text,
};
use crate::vector::{Data, Interval, Vector};

/// The most bytes of one value in a rejected row.
const REJECT_BYTES: usize = 1_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const NANOS_PER_DAY: i64 = 86_400_000_000_000;

/// Binds any type to text.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Box<dyn Cells + 'c> {
    let length = text::Length::of(&column.target.pg).unwrap_or(text::Length::Any);
    let put = move |row, out: &mut Vec<u8>, lost: &mut Lost| {
        let value = value(column.logical, vector, row);
        text::put(value.as_bytes(), length, &column.physical, column.policy, out, lost)
    };
    Box::new(ByRow { validity: vector.validity, put })
}

/// The text of a value that is not NULL.
pub fn value(logical: &LogicalType, vector: &Vector<'_>, row: usize) -> String {
    use LogicalType as L;
    match (logical, &vector.data) {
        (L::Boolean, Data::Bool(values)) => if values[row] == 0 { "false" } else { "true" }.into(),
        (L::Varchar | L::Json, Data::Str(values)) => {
            String::from_utf8_lossy(values[row].bytes()).into_owned()
        }
        (L::Blob | L::Geometry { .. }, Data::Str(values)) => hex(values[row].bytes()),
        (L::Bit, Data::Str(values)) => bit_string(values[row].bytes()),
        (L::Float, Data::F32(values)) => float_text::text(values[row]),
        (L::Double, Data::F64(values)) => float_text::text(values[row]),
        (L::Date, Data::I32(values)) => date(values[row]),
        (L::TimeTz, Data::U64(values)) => time_with_zone(values[row]),
        (L::Interval, Data::Interval(values)) => interval(&values[row]),
        (L::Uuid, Data::I128(values)) => uuid(&text::uuid(&values[row])),
        (L::Enum(labels), data) => {
            let label = enum_index(data, row).and_then(|index| labels.get(index));
            label.cloned().unwrap_or_default()
        }
        (L::BigInt, Data::I64(values)) => values[row].to_string(),
        (_, Data::I64(values)) if !matches!(logical, L::Decimal { .. }) => {
            moment(logical, values[row])
        }
        (logical, data) => match integer::decimal(logical, data, row) {
            Some(number) => number.to_string(),
            None if is_nested(data) => nested::shown(logical, vector, row),
            None => String::new(),
        },
    }
}

fn is_nested(data: &Data<'_>) -> bool {
    matches!(data, Data::List { .. } | Data::Array { .. } | Data::Struct(_) | Data::Union { .. })
}

/// A blob as bytea_output = hex shows it.
pub fn hex(bytes: &[u8]) -> String {
    let start = String::with_capacity(2 + bytes.len() * 2) + "\\x";
    bytes.iter().fold(start, |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn bit_string(stored: &[u8]) -> String {
    let Some((count, bytes)) = bits::bits(stored) else { return String::new() };
    let bit = |at: usize| if bytes[at / 8] >> (7 - at % 8) & 1 == 1 { '1' } else { '0' };
    (0..count).map(bit).collect()
}

fn uuid(bytes: &[u8; 16]) -> String {
    let hex = hex(bytes);
    let hex = &hex[2..];
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Year, month and day of a day since 1970: the civil calendar, in both directions without end.
/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; no crate reaches DuckDB's years.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// `2000-01-01`, and what stands behind everything: ` BC`.
fn calendar(days: i64) -> (String, &'static str) {
    let (year, month, day) = civil(days);
    match year {
        1.. => (format!("{year:04}-{month:02}-{day:02}"), ""),
        _ => (format!("{:04}-{month:02}-{day:02}", 1 - year), " BC"),
    }
}

/// A DATE.
pub fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".into(),
        days if days == -i32::MAX => "-infinity".into(),
        days => {
            let (text, era) = calendar(days.into());
            text + era
        }
    }
}

/// `12:34:56.789`: as many digits as there are, without zeros at the end.
fn clock(nanos: i64) -> String {
    let seconds = nanos / 1_000_000_000;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = nanos % 1_000_000_000;
    if fraction != 0 {
        let digits = format!("{fraction:09}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text
}

/// A time or timestamp of any unit.
pub fn moment(logical: &LogicalType, stored: i64) -> String {
    use LogicalType as L;
    let per_day = match logical {
        L::Time => return clock(stored.saturating_mul(1_000)),
        L::TimeNs => return clock(stored),
        L::TimestampS => 86_400,
        L::TimestampMs => 86_400_000,
        L::TimestampNs | L::TimestampTzNs => NANOS_PER_DAY,
        _ => MICROS_PER_DAY,
    };
    match stored {
        i64::MAX => return "infinity".into(),
        stored if stored == -i64::MAX => return "-infinity".into(),
        _ => {}
    }
    let (days, era) = calendar(stored.div_euclid(per_day));
    let clock = clock(stored.rem_euclid(per_day) * (NANOS_PER_DAY / per_day));
    let zone = if matches!(logical, L::TimestampTz | L::TimestampTzNs) { "+00" } else { "" };
    format!("{days} {clock}{zone}{era}")
}

fn time_with_zone(bits: u64) -> String {
    let east = temporal::zone_east(bits);
    let sign = if east < 0 { '-' } else { '+' };
    let (hours, minutes, seconds) = (east.abs() / 3600, east.abs() / 60 % 60, east.abs() % 60);
    let clock = clock((bits >> 24) as i64 * 1_000);
    let mut text = format!("{clock}{sign}{hours:02}");
    for part in [(minutes, minutes != 0 || seconds != 0), (seconds, seconds != 0)] {
        if part.1 {
            let _ = write!(text, ":{:02}", part.0);
        }
    }
    text
}

/// IntervalStyle = postgres.
fn interval(value: &Interval) -> String {
    let Interval { months, days, micros } = *value;
    let mut parts = Vec::new();
    // A sign is written out behind a part that was negative.
    let mut after_negative = false;
    for (count, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if count != 0 {
            let sign = if after_negative && count > 0 { "+" } else { "" };
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{sign}{count} {unit}{plural}"));
            after_negative = count < 0;
        }
    }
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 {
            "-"
        } else if after_negative {
            "+"
        } else {
            ""
        };
        let micros = micros.unsigned_abs();
        let nanos = (micros % 1_000_000) * 1_000;
        let seconds = micros / 1_000_000;
        let text = clock(nanos as i64).split_off(8);
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        parts.push(format!("{sign}{hours:02}:{minutes:02}:{:02}{text}", seconds % 60));
    }
    parts.join(" ")
}

/// A rejected row as a JSON object of texts, each clipped, castable to jsonb.
pub fn reject_row(
    names: &[&str],
    logicals: &[LogicalType],
    columns: &[Vector<'_>],
    row: usize,
) -> String {
    let column = |((name, logical), vector): ((&&str, &LogicalType), &Vector<'_>)| {
        let shown = match vector.validity.is_valid(row) {
            true => Json::String(castable(&value(logical, vector, row))),
            false => Json::Null,
        };
        (castable(name), shown)
    };
    let members = names.iter().zip(logicals).zip(columns).map(column).collect();
    Json::Object(members).to_string()
}

/// jsonb has no NUL character: its picture stands for it.
fn castable(text: &str) -> String {
    clip(text, REJECT_BYTES).replace('\0', "\u{2400}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_print_as_postgresql_prints_them() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(-719_163), "0001-12-31 BC");
        assert_eq!(date(-719_162), "0001-01-01");
        assert_eq!(date(2_145_042_905), "5874897-12-31");
    }

    #[test]
    fn timestamps_print_all_their_digits() {
        let nanos = 1_600_000_000_123_456_789;
        assert_eq!(moment(&LogicalType::TimestampNs, nanos), "2020-09-13 12:26:40.123456789");
        assert_eq!(moment(&LogicalType::TimestampTz, -1), "1969-12-31 23:59:59.999999+00");
        assert_eq!(moment(&LogicalType::TimestampS, i64::MAX), "infinity");
        assert_eq!(moment(&LogicalType::Time, 86_400_000_000), "24:00:00");
    }

    #[test]
    fn intervals_print_as_postgresql_prints_them() {
        let text = |months, days, micros| interval(&Interval { months, days, micros });
        assert_eq!(text(0, 0, 0), "00:00:00");
        assert_eq!(text(14, 3, 3_723_000_001), "1 year 2 mons 3 days 01:02:03.000001");
        assert_eq!(text(-1, 1, -1_000_000), "-1 mons +1 day -00:00:01");
        assert_eq!(text(0, -1, 1_000_000), "-1 days +00:00:01");
    }

    #[test]
    fn zones_print_without_needless_parts() {
        let bits = |east: i32| (57_599 - east) as u64;
        assert_eq!(time_with_zone(bits(7_200)), "00:00:00+02");
        assert_eq!(time_with_zone(bits(-19_800)), "00:00:00-05:30");
    }
}
