//! DuckDB's texts of values in PostgreSQL's words: the same digits, spelled as PostgreSQL's ISO
//! output spells them. That is what the load writes into text columns and into documents.

use std::{borrow::Cow, fmt::Write};

use migrator_model::LogicalType;

use super::read::is_nested;

/// What DuckDB writes behind a year before the first.
const BEFORE_CHRIST: &str = " (BC)";

/// Whether the load knows a text for the type.
pub fn are_known(logical: &LogicalType) -> bool {
    use LogicalType as L;
    !is_nested(logical) && !matches!(logical, L::Blob | L::Geometry { .. } | L::Unknown(_))
}

/// Whether a value is a number in a document.
pub fn is_number(logical: &LogicalType) -> bool {
    use LogicalType as L;
    logical.is_integer() || matches!(logical, L::BigNum | L::Decimal { .. })
}

/// DuckDB's text of a value as PostgreSQL says it.
pub fn postgresql<'t>(logical: &LogicalType, text: &'t [u8]) -> Cow<'t, [u8]> {
    use LogicalType as L;
    // What gives None is said just so.
    let say: fn(&str) -> Option<String> = match logical {
        L::Decimal { .. } => decimal,
        L::Interval => interval,
        L::Date => before_christ,
        logical if logical.is_timestamp() => before_christ,
        _ => return Cow::Borrowed(text),
    };
    let said = std::str::from_utf8(text).ok().and_then(say);
    said.map_or(Cow::Borrowed(text), |said| Cow::Owned(said.into_bytes()))
}

/// `.05` has a zero in front.
fn decimal(text: &str) -> Option<String> {
    let (sign, digits) = signed(text);
    digits.starts_with('.').then(|| format!("{sign}0{digits}"))
}

fn signed(text: &str) -> (&str, &str) {
    text.split_at(usize::from(text.starts_with('-')))
}

/// `0001-12-31 (BC) 01:02:03` says so at its end.
fn before_christ(text: &str) -> Option<String> {
    let (year, rest) = text.split_once(BEFORE_CHRIST)?;
    Some(format!("{year}{rest} BC"))
}

/// `-1 month 1 day 00:00:01` is `-1 mons +1 day +00:00:01` (IntervalStyle = postgres): what
/// follows something negative says its sign.
fn interval(text: &str) -> Option<String> {
    let mut said = String::with_capacity(text.len() + 4);
    let mut behind_negative = false;
    let mut words = text.split(' ');
    while let Some(number) = words.next() {
        let negative = number.starts_with('-');
        let sign = if behind_negative && !negative { "+" } else { "" };
        let space = if said.is_empty() { "" } else { " " };
        write!(said, "{space}{sign}{number}").ok()?;
        if let Some(unit) = words.next() {
            let unit = match unit.trim_end_matches('s') {
                "month" => "mon",
                unit => unit,
            };
            let plural = if number == "1" { "" } else { "s" };
            write!(said, " {unit}{plural}").ok()?;
        }
        behind_negative = negative;
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(logical: LogicalType, text: &str) -> String {
        String::from_utf8(postgresql(&logical, text.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn decimals_and_years_before_christ() {
        let decimal = LogicalType::Decimal { width: 4, scale: 4 };
        assert_eq!(said(decimal.clone(), "-.0500"), "-0.0500");
        assert_eq!(said(decimal, "1.50"), "1.50");
        assert_eq!(said(LogicalType::Date, "0001-12-31 (BC)"), "0001-12-31 BC");
        let moment = "0001-12-31 (BC) 01:02:03.5+00";
        assert_eq!(said(LogicalType::TimestampTz, moment), "0001-12-31 01:02:03.5+00 BC");
        assert_eq!(said(LogicalType::Varchar, "a (BC)"), "a (BC)");
    }

    #[test]
    fn intervals() {
        // DuckDB's CAST(i AS VARCHAR), PostgreSQL's i::text
        for (duckdb, postgresql) in [
            ("00:00:00", "00:00:00"),
            ("1 year 2 months 3 days 01:02:03.000001", "1 year 2 mons 3 days 01:02:03.000001"),
            ("-1 month 1 day -00:00:01", "-1 mons +1 day -00:00:01"),
            ("-1 day 00:00:01", "-1 days +00:00:01"),
            ("-1 year -1 month", "-1 years -1 mons"),
            ("1 month", "1 mon"),
            ("-100:00:00.5", "-100:00:00.5"),
        ] {
            assert_eq!(said(LogicalType::Interval, duckdb), postgresql);
        }
    }
}
