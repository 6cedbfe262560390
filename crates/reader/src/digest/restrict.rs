//! What of a table the parts of a partition can lie in, as a predicate that lets DuckDB pass over
//! whole row groups.
//!
//! It must never leave a row out, and may let any through: each is looked at again. So it is made
//! of the key's first column only, and only where the order of canonical values is DuckDB's.

use migrator_model::{
    LogicalType,
    canonical::{
        Kind,
        bytes::tag,
        request::{By, Cut, Digest, DigestColumn, Want},
    },
};

use super::time::{DAYS_TO_2000, FIRST_DAY, FIRST_MOMENT, MICROS_TO_2000, step};
use crate::scan::value;

/// With more ranges their hull is taken: DuckDB tests all of them for each row group.
const MOST_RANGES: usize = 64;

const LAST_MOMENT: i128 = i64::MAX as i128 - 1;

/// A column whose canonical order is DuckDB's.
enum Order {
    Integer,
    Date,
    /// So many microseconds are one value in the target.
    Timestamp(i64),
}

/// What lies between two cuts, both included. A side without a bound is open, and NULL lies on the
/// lower one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Range {
    lower: Option<i128>,
    upper: Option<i128>,
}

/// The predicate for the wanted parts; None where all rows have to be read.
pub fn restriction(wanted: &Digest) -> Option<String> {
    let Want::Rows { partition, parts } = &wanted.want else { return None };
    let By::Cuts(cuts) = &partition.by else { return None };
    let column = wanted.columns.get(*partition.key.first()?)?;
    let order = Order::of(column)?;
    let ranges = ranges(parts, &|part| order.range(cuts, part as usize));
    if ranges.iter().any(|range| range.lower.is_none() && range.upper.is_none()) {
        return None;
    }
    let name = value(&column.scan);
    let conditions: Vec<_> = ranges.iter().map(|range| order.condition(&name, range)).collect();
    // No part is wanted.
    if conditions.is_empty() { Some("false".to_owned()) } else { Some(conditions.join(" OR ")) }
}

/// The ranges of parts, those that follow each other as one.
fn ranges(parts: &[u32], range: &dyn Fn(u32) -> Range) -> Vec<Range> {
    let mut ranges: Vec<Range> = Vec::new();
    let mut before = None;
    for part in parts {
        let Range { lower, upper } = range(*part);
        match ranges.last_mut() {
            Some(last) if before == part.checked_sub(1) => last.upper = upper,
            _ => ranges.push(Range { lower, upper }),
        }
        before = Some(*part);
    }
    match (ranges.first(), ranges.last()) {
        (Some(first), Some(last)) if ranges.len() > MOST_RANGES => {
            vec![Range { lower: first.lower, upper: last.upper }]
        }
        _ => ranges,
    }
}

impl Order {
    fn of(column: &DigestColumn) -> Option<Self> {
        use LogicalType as L;
        match (&column.scan.logical, &column.kind) {
            // A literal of HUGEINT does not reach all of it.
            (L::UHugeInt, _) => None,
            (logical, Kind::Integer) if logical.is_integer() => Some(Self::Integer),
            (L::Date, Kind::Date) => Some(Self::Date),
            (L::Timestamp, Kind::Timestamp) => Some(Self::Timestamp(step(column.digits))),
            _ => None,
        }
    }

    fn range(&self, cuts: &[Cut], part: usize) -> Range {
        let bound = |cut: Option<&Cut>| cut.and_then(|cut| self.number(cut.first()?));
        Range {
            lower: bound(part.checked_sub(1).and_then(|before| cuts.get(before))),
            upper: bound(cuts.get(part)),
        }
    }

    /// A cut as the number that DuckDB stores for it; None for NULL, infinities and what is no
    /// value: they are no bound.
    fn number(&self, cell: &[u8]) -> Option<i128> {
        let (kind, payload) = cell.split_first()?;
        match self {
            Self::Integer if *kind == tag::INTEGER => {
                payload.first_chunk().map(|bytes| i128::from_le_bytes(*bytes))
            }
            Self::Date if *kind == tag::DATE => {
                let days = payload.first_chunk().map(|bytes| i32::from_le_bytes(*bytes));
                let days = days.filter(|days| !matches!(*days, i32::MIN | i32::MAX))?;
                Some(i128::from(days) + i128::from(DAYS_TO_2000))
            }
            Self::Timestamp(_) if *kind == tag::TIMESTAMP => {
                let micros = payload.first_chunk().map(|bytes| i64::from_le_bytes(*bytes));
                let micros = micros.filter(|micros| !matches!(*micros, i64::MIN | i64::MAX))?;
                Some(i128::from(micros) + i128::from(MICROS_TO_2000))
            }
            _ => None,
        }
    }

    fn condition(&self, name: &str, range: &Range) -> String {
        let lower = range.lower.map(|n| format!("{name} >= {}", self.literal(n)));
        let upper = range.upper.map(|n| format!("{name} <= {}", self.literal(self.last(n))));
        let both: Vec<_> = lower.into_iter().chain(upper).collect();
        let null = range.lower.is_none().then(|| format!("{name} IS NULL"));
        let odd = self.before_all().filter(|_| range.upper.is_none());
        let odd = odd.map(|first| format!("{name} < {}", self.literal(first)));
        let alone = null.into_iter().chain(odd);
        let all: Vec<_> = [both.join(" AND ")].into_iter().chain(alone).collect();
        format!("({})", all.join(" OR "))
    }

    /// The last stored number that is the same value in the target.
    fn last(&self, number: i128) -> i128 {
        match self {
            Self::Timestamp(step) => number + i128::from(*step) - 1,
            _ => number,
        }
    }

    /// What lies before it is no value in the target, and those are behind all values.
    fn before_all(&self) -> Option<i128> {
        match self {
            Self::Integer => None,
            Self::Date => Some(FIRST_DAY.into()),
            Self::Timestamp(_) => Some(FIRST_MOMENT.into()),
        }
    }

    fn literal(&self, number: i128) -> String {
        match self {
            Self::Integer => number.to_string(),
            Self::Date => format!("make_date({number})"),
            // The last moment before DuckDB's infinity.
            Self::Timestamp(_) => format!("make_timestamp({})", number.min(LAST_MOMENT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::{
        SourceName,
        canonical::{Canonical, profile::canonical, request::Partition},
        policy::NulBytes,
        protocol::ScanColumn,
    };

    use super::*;

    fn wanted(logical: LogicalType, kind: Kind, cuts: Vec<Cut>, parts: &[u32]) -> Digest {
        let scan = ScanColumn { name: "k".into(), field: None, logical, normalize: false };
        let partition = Partition { key: vec![0], by: By::Cuts(cuts.into()) };
        Digest {
            table: SourceName { schema: None, name: "t".into() },
            columns: vec![DigestColumn { scan, kind, digits: Some(0) }],
            filter: None,
            nul_bytes: NulBytes::Error,
            without: Vec::new(),
            want: Want::Rows { partition, parts: parts.into() },
        }
    }

    fn integers(parts: &[u32]) -> Option<String> {
        let cuts = [10, 20, 30].map(|n| vec![canonical(|c| c.integer(n))]);
        restriction(&wanted(LogicalType::BigInt, Kind::Integer, cuts.into(), parts))
    }

    #[test]
    fn parts_lie_between_their_cuts() {
        assert_eq!(integers(&[1]).unwrap(), "(\"k\" >= 10 AND \"k\" <= 20)");
        assert_eq!(integers(&[0]).unwrap(), "(\"k\" <= 10 OR \"k\" IS NULL)");
        assert_eq!(integers(&[1, 2]).unwrap(), "(\"k\" >= 10 AND \"k\" <= 30)");
        assert_eq!(integers(&[0, 3]).unwrap(), "(\"k\" <= 10 OR \"k\" IS NULL) OR (\"k\" >= 30)");
        assert_eq!(integers(&[0, 1, 2, 3]), None);
        assert_eq!(integers(&[]).unwrap(), "false");
    }

    #[test]
    fn a_null_or_an_invalid_cut_is_no_bound() {
        let cuts = || vec![vec![canonical(Canonical::null)], vec![canonical(|c| c.integer(5))]];
        let made =
            |parts: &[u32]| restriction(&wanted(LogicalType::BigInt, Kind::Integer, cuts(), parts));
        assert_eq!(made(&[0]), None);
        assert_eq!(made(&[1]).unwrap(), "(\"k\" <= 5 OR \"k\" IS NULL)");
    }

    #[test]
    fn dates_before_the_calendar_are_behind_everything() {
        let cuts = vec![vec![canonical(|c| c.date(0))]];
        let made = |parts: &[u32]| {
            restriction(&wanted(LogicalType::Date, Kind::Date, cuts.clone(), parts)).unwrap()
        };
        assert_eq!(made(&[0]), "(\"k\" <= make_date(10957) OR \"k\" IS NULL)");
        assert_eq!(made(&[1]), "(\"k\" >= make_date(10957) OR \"k\" < make_date(-2440588))");
    }

    #[test]
    fn a_timestamp_stands_for_all_that_the_target_cuts_down_to_it() {
        let cuts = [0, 1_000_000].map(|micros| vec![canonical(|c| c.timestamp(micros))]);
        let wanted = wanted(LogicalType::Timestamp, Kind::Timestamp, cuts.into(), &[1]);
        assert_eq!(
            restriction(&wanted).unwrap(),
            "(\"k\" >= make_timestamp(946684800000000) AND \"k\" <= make_timestamp(946684801999999))"
        );
    }

    #[test]
    fn many_parts_are_taken_together() {
        let cuts = (0..400).map(|n| vec![canonical(|c| c.integer(n))]).collect();
        let parts: Vec<_> = (1..200).map(|n| n * 2).collect();
        let made = restriction(&wanted(LogicalType::BigInt, Kind::Integer, cuts, &parts));
        assert_eq!(made.unwrap(), "(\"k\" >= 1 AND \"k\" <= 398)");
    }

    #[test]
    fn texts_and_floats_restrict_nothing() {
        let cuts = || vec![vec![canonical(|c| c.text(b"a"))]];
        assert_eq!(restriction(&wanted(LogicalType::Varchar, Kind::Text, cuts(), &[0])), None);
        assert_eq!(restriction(&wanted(LogicalType::Double, Kind::Float8, cuts(), &[0])), None);
    }
}
