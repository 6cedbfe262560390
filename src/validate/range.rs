//! Which rows of the target may lie in some parts, as a condition that an index can answer. It may
//! let through too many: the parts themselves are told by the rows' canonical bytes.

use migrator_model::canonical::{Kind, bytes::tag, profile::canonical, render, request::Cut};

/// The condition for the rows in the wanted parts, given the leading column of the key; None where
/// all rows have to be looked at.
pub fn condition(column: &str, kind: &Kind, cuts: &[Cut], parts: &[u32]) -> Option<String> {
    let runs = runs(parts);
    let ranges: Option<Vec<_>> =
        runs.into_iter().map(|run| range(column, kind, cuts, run)).collect();
    ranges.filter(|ranges| !ranges.is_empty()).map(|ranges| ranges.join(" OR "))
}

/// With more ranges than this a query would rather be planned than run.
const MAX_RANGES: usize = 64;

/// Parts that lie side by side, from the first to the last.
fn runs(parts: &[u32]) -> Vec<(usize, usize)> {
    let mut parts: Vec<_> = parts.iter().map(|part| *part as usize).collect();
    parts.sort_unstable();
    parts.dedup();
    let runs: Vec<_> = parts
        .chunk_by(|one, next| next - one == 1)
        .filter_map(|run| Some((*run.first()?, *run.last()?)))
        .collect();
    match runs.as_slice() {
        [first, .., last] if runs.len() > MAX_RANGES => vec![(first.0, last.1)],
        _ => runs,
    }
}

/// The rows from the first to the last of some parts.
fn range(column: &str, kind: &Kind, cuts: &[Cut], run: (usize, usize)) -> Option<String> {
    let (first, last) = run;
    if last > cuts.len() {
        return None;
    }
    let bound = |cut: &Cut| literal(kind, cut.first()?);
    // The cut behind a part may share its leading value with rows of it.
    let upper = cuts.get(last).map(|cut| bound(cut).map(|value| format!("{column} <= {value}")));
    let upper = match upper {
        Some(upper) => Some(upper?),
        None => None,
    };
    let Some(before) = first.checked_sub(1) else {
        // NULL lies before everything.
        return Some(format!("({} OR {column} IS NULL)", upper?));
    };
    let lower = format!("{column} >= {}", bound(cuts.get(before)?)?);
    Some(match upper {
        Some(upper) => format!("({lower} AND {upper})"),
        None => format!("({lower})"),
    })
}

/// A value of a key as a literal that is of the column's own type; None for what has no order that
/// both sides share, and for NULL.
fn literal(kind: &Kind, canonical: &[u8]) -> Option<String> {
    let (tag, payload) = canonical.split_first()?;
    match (kind, *tag) {
        (Kind::Integer, tag::INTEGER) => {
            Some(integer(i128::from_le_bytes(payload.try_into().ok()?)))
        }
        (Kind::Date, tag::DATE) => Some(date(i32::from_le_bytes(payload.try_into().ok()?))),
        (Kind::Timestamp, tag::TIMESTAMP) => {
            Some(timestamp(i64::from_le_bytes(payload.try_into().ok()?)))
        }
        _ => None,
    }
}

/// No column has more than int8; an operator for int8 exists beside each smaller type.
fn integer(value: i128) -> String {
    let value = value.clamp(i64::MIN.into(), i64::MAX.into());
    format!("'{value}'::pg_catalog.int8")
}

/// The first and the last day that PostgreSQL has, counted from 2000-01-01.
const DAYS: (i32, i32) = (-2_451_545, 2_145_031_948);

/// The same in microseconds, of timestamps.
const MICROS: (i64, i64) = (-211_813_488_000_000_000, 9_223_371_331_199_999_999);

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

fn date(days: i32) -> String {
    let days = match days {
        i32::MIN | i32::MAX => days,
        days => days.clamp(DAYS.0, DAYS.1),
    };
    format!("'{}'", render::text(&canonical(|c| c.date(days))))
}

/// With its zone: a column without one takes no notice of it.
fn timestamp(micros: i64) -> String {
    match micros {
        i64::MIN => "'-infinity'".to_owned(),
        i64::MAX => "'infinity'".to_owned(),
        micros => {
            let micros = micros.clamp(MICROS.0, MICROS.1);
            let (day, era) = day(micros.div_euclid(MICROS_OF_A_DAY) as i32);
            let rest = micros.rem_euclid(MICROS_OF_A_DAY);
            let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
            let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            format!("'{day} {hour:02}:{minute:02}:{second:02}.{micros:06}+00{era}'")
        }
    }
}

/// A day, counted from 2000-01-01, and its era.
fn day(days: i32) -> (String, &'static str) {
    let shown = render::text(&canonical(|c| c.date(days)));
    match shown.strip_suffix(" BC") {
        Some(day) => (day.to_owned(), " BC"),
        None => (shown, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cuts(values: &[i128]) -> Vec<Cut> {
        values.iter().map(|value| vec![canonical(|c| c.integer(*value))]).collect()
    }

    fn of(cuts: &[Cut], parts: &[u32]) -> Option<String> {
        condition("k", &Kind::Integer, cuts, parts)
    }

    #[test]
    fn parts_side_by_side_are_one_range() {
        let cuts = cuts(&[10, 20, 30, 40]);
        let int8 = |value: i32| format!("'{value}'::pg_catalog.int8");
        let (ten, twenty, thirty, forty) = (int8(10), int8(20), int8(30), int8(40));
        assert_eq!(of(&cuts, &[1]), Some(format!("(k >= {ten} AND k <= {twenty})")));
        assert_eq!(of(&cuts, &[2, 1]), Some(format!("(k >= {ten} AND k <= {thirty})")));
        assert_eq!(
            of(&cuts, &[0, 3]),
            Some(format!("(k <= {ten} OR k IS NULL) OR (k >= {thirty} AND k <= {forty})"))
        );
        assert_eq!(of(&cuts, &[4]), Some(format!("(k >= {forty})")));
    }

    #[test]
    fn all_rows_are_looked_at_where_a_cut_is_no_plain_value() {
        assert_eq!(of(&[], &[0]), None);
        assert_eq!(of(&cuts(&[1]), &[5]), None);
        let null = vec![vec![canonical(|c| c.null())]];
        assert_eq!(of(&null, &[0]), None);
        assert_eq!(of(&null, &[1]), None);
        let text = vec![vec![canonical(|c| c.text(b"a"))]];
        assert_eq!(condition("k", &Kind::Text, &text, &[1]), None);
    }

    #[test]
    fn many_ranges_become_one() {
        let cuts = cuts(&(0..1000).collect::<Vec<_>>());
        let parts: Vec<u32> = (0..400).map(|part| 2 * part + 1).collect();
        assert_eq!(
            of(&cuts, &parts).as_deref(),
            Some("(k >= '0'::pg_catalog.int8 AND k <= '799'::pg_catalog.int8)")
        );
    }

    #[test]
    fn an_integer_is_within_its_widest_type() {
        assert_eq!(integer(1 << 80), "'9223372036854775807'::pg_catalog.int8");
        assert_eq!(integer(i128::MIN), "'-9223372036854775808'::pg_catalog.int8");
    }

    #[test]
    fn days_are_written_as_the_server_writes_them() {
        assert_eq!(date(0), "'2000-01-01'");
        assert_eq!(date(-1), "'1999-12-31'");
        assert_eq!(date(59), "'2000-02-29'");
        assert_eq!(date(-730_119), "'0001-01-01'");
        assert_eq!(date(-730_120), "'0001-12-31 BC'");
        assert_eq!(date(DAYS.0), "'4714-11-24 BC'");
        assert_eq!(date(DAYS.1), "'5874897-12-31'");
        assert_eq!(date(i32::MIN + 1), "'4714-11-24 BC'");
        assert_eq!((date(i32::MIN), date(i32::MAX)), ("'-infinity'".into(), "'infinity'".into()));
    }

    #[test]
    fn moments_are_written_with_their_zone() {
        assert_eq!(timestamp(0), "'2000-01-01 00:00:00.000000+00'");
        assert_eq!(timestamp(-1), "'1999-12-31 23:59:59.999999+00'");
        assert_eq!(timestamp(MICROS.0), "'4714-11-24 00:00:00.000000+00 BC'");
        assert_eq!(timestamp(i64::MAX - 1), "'294276-12-31 23:59:59.999999+00'");
    }
}
