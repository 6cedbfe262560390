//! Where a value of PostgreSQL lies among the values of a DuckDB type. A comparison can then be said
//! with a literal of the column's own type, so that the column needs no cast and its zone maps work.

use migrator_model::LogicalType;

use super::{
    calendar::{self, DAY, Instant},
    expression::Kind,
    integer,
    literal::literal,
    number::{Number, with_point},
};

/// Where a value lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is a value of the type, with this literal.
    At(String),
    /// It lies above this value and below the next.
    Above(String),
    /// Every value of the type is greater.
    BelowAll,
    /// Every value of the type is less.
    AboveAll,
}

/// The place of a value, given by PostgreSQL's output; None where the types are not compared, or only
/// by a conversion that loses something.
pub fn place(logical: &LogicalType, kind: Kind, text: &str) -> Option<Place> {
    use LogicalType as L;
    match (logical, kind) {
        (L::Decimal { .. }, _) => number(logical, kind, text),
        (logical, _) if integer::range(logical).is_some() => number(logical, kind, text),
        (
            L::Date | L::Timestamp | L::TimestampS | L::TimestampMs | L::TimestampNs,
            Kind::Date | Kind::Timestamp,
        )
        | (L::TimestampTz, Kind::TimestampTz) => moment_place(logical, Instant::parse(text)?),
        (L::Enum(labels), Kind::Enum(_)) => Some(label(labels, text)),
        (L::Double, Kind::Float4) => {
            let narrow = literal(kind, Some(text))?;
            Some(Place::At(format!("CAST({narrow} AS DOUBLE)")))
        }
        (L::Boolean, Kind::Bool)
        | (L::Float, Kind::Float4)
        | (L::Double, Kind::Float8)
        | (L::Varchar, Kind::Text | Kind::Varchar)
        | (L::Blob, Kind::Bytea)
        | (L::Time, Kind::Time)
        | (L::Uuid, Kind::Uuid) => literal(kind, Some(text)).map(Place::At),
        _ => None,
    }
}

/// Whether such values are compared: whether each has a place.
pub fn comparable(logical: &LogicalType, kind: Kind) -> bool {
    let sample = match kind {
        Kind::Bool => "t",
        Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric | Kind::Float4 | Kind::Float8 => "0",
        Kind::Bytea => "\\x",
        Kind::Date => "2000-01-01",
        Kind::Time => "00:00:00",
        Kind::Timestamp => "2000-01-01 00:00:00",
        Kind::TimestampTz => "2000-01-01 00:00:00+00",
        Kind::Uuid => "00000000-0000-0000-0000-000000000000",
        _ => "",
    };
    // A count of seconds has values that no literal of a timestamp reaches.
    let is_wide = matches!(logical, LogicalType::TimestampS | LogicalType::TimestampMs);
    !is_wide && place(logical, kind, sample).is_some()
}

/// Among whole numbers or decimals.
fn number(logical: &LogicalType, kind: Kind, text: &str) -> Option<Place> {
    let (low, high) = integer::unscaled_range(logical)?;
    match (kind, text) {
        // NaN is greater than every number.
        (Kind::Numeric, "NaN" | "Infinity") => return Some(Place::AboveAll),
        (Kind::Numeric, "-Infinity") => return Some(Place::BelowAll),
        (Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric, _) => {}
        _ => return None,
    }
    let number = Number::parse(text)?;
    let outside = if number.is_negative() { Place::BelowAll } else { Place::AboveAll };
    Some(match number.floor(usize::from(integer::scale(logical))) {
        Some((floor, _)) if floor < low => Place::BelowAll,
        Some((floor, _)) if floor > high => Place::AboveAll,
        Some((floor, true)) => Place::At(number_literal(logical, floor)),
        Some((floor, false)) => Place::Above(number_literal(logical, floor)),
        None => outside,
    })
}

/// A number of the type: plain where DuckDB takes it for one of this type and no wider, so that it is
/// the literal that is cast and not the column.
fn number_literal(logical: &LogicalType, unscaled: i128) -> String {
    let text = with_point(unscaled, integer::scale(logical));
    match logical {
        LogicalType::Decimal { width, scale } if *scale > 0 && width > scale => text,
        LogicalType::Decimal { .. } => format!("CAST('{text}' AS {logical})"),
        // The sign is an operator, and the digits without it are a number of a wider type.
        _ if i64::try_from(unscaled).is_ok_and(|number| number > i64::MIN) => text,
        _ => format!("CAST('{text}' AS HUGEINT)"),
    }
}

/// The place of a point in time among dates or timestamps.
pub fn moment_place(logical: &LogicalType, instant: Instant) -> Option<Place> {
    match logical {
        LogicalType::Date => Some(date(instant)),
        _ => timestamp(logical, instant),
    }
}

/// Among dates.
fn date(instant: Instant) -> Place {
    let literal = |day: &str| format!("DATE '{day}'");
    match instant {
        Instant::Past => Place::At(literal("-infinity")),
        Instant::Future => Place::At(literal("infinity")),
        // PostgreSQL's dates and timestamps all lie within DuckDB's dates.
        Instant::Finite(micros) => {
            let day = literal(&calendar::date(micros.div_euclid(DAY)));
            if micros.rem_euclid(DAY) == 0 { Place::At(day) } else { Place::Above(day) }
        }
    }
}

/// The most microseconds (or nanoseconds) from 1970 that DuckDB counts; both ends of 64 bits are
/// infinity. PostgreSQL's first timestamp lies within, its last does not.
const LAST: i128 = i64::MAX as i128 - 1;

/// Among timestamps of a unit.
fn timestamp(logical: &LogicalType, instant: Instant) -> Option<Place> {
    use LogicalType as L;
    let micros = match instant {
        Instant::Past => return Some(Place::At(moment(logical, "-infinity"))),
        Instant::Future => return Some(Place::At(moment(logical, "infinity"))),
        Instant::Finite(micros) => micros,
    };
    let unit = match logical {
        L::TimestampS => 1_000_000,
        L::TimestampMs => 1_000,
        L::TimestampNs if (micros * 1_000).abs() > LAST => return beyond(logical, micros),
        _ if micros > LAST => return beyond(logical, micros),
        _ => 1,
    };
    let (floor, rest) = (micros.div_euclid(unit) * unit, micros.rem_euclid(unit));
    // Seconds and milliseconds go on there, but no text says them.
    let literal = (floor <= LAST).then(|| moment(logical, &calendar::timestamp(floor)))?;
    Some(if rest == 0 { Place::At(literal) } else { Place::Above(literal) })
}

/// Outside of what a type counts, but not infinite.
fn beyond(logical: &LogicalType, micros: i128) -> Option<Place> {
    let nearest = match logical {
        LogicalType::TimestampNs if micros < 0 => "-infinity",
        LogicalType::TimestampNs => LAST_NANOSECOND,
        _ => &calendar::timestamp(LAST),
    };
    Some(Place::Above(moment(logical, nearest)))
}

/// The last value of TIMESTAMP_NS before infinity.
const LAST_NANOSECOND: &str = "2262-04-11 23:47:16.854775806";

/// A timestamp of the type.
fn moment(logical: &LogicalType, text: &str) -> String {
    match logical {
        LogicalType::Timestamp => format!("TIMESTAMP '{text}'"),
        LogicalType::TimestampTz if text.ends_with("infinity") => {
            format!("CAST('{text}' AS TIMESTAMPTZ)")
        }
        LogicalType::TimestampTz => format!("CAST('{text}+00' AS TIMESTAMPTZ)"),
        other => format!("CAST('{text}' AS {other})"),
    }
}

/// Among labels, which have no order here: a label that DuckDB's type has not is no value's.
fn label(labels: &[String], text: &str) -> Place {
    match labels.iter().any(|label| label == text) {
        true => Place::At(migrator_model::ident::literal(text)),
        false => Place::AboveAll,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LogicalType as L;

    fn at(logical: &L, kind: Kind, text: &str) -> Place {
        place(logical, kind, text).unwrap()
    }

    fn exactly(literal: &str) -> Place {
        Place::At(literal.into())
    }

    fn above(literal: &str) -> Place {
        Place::Above(literal.into())
    }

    #[test]
    fn numbers_lie_among_whole_numbers() {
        assert_eq!(at(&L::Integer, Kind::Int8, "3000000000"), Place::AboveAll);
        assert_eq!(at(&L::Integer, Kind::Int8, "-2147483649"), Place::BelowAll);
        assert_eq!(at(&L::Integer, Kind::Int4, "-2147483648"), exactly("-2147483648"));
        assert_eq!(at(&L::Integer, Kind::Numeric, "-2147483648.5"), Place::BelowAll);
        assert_eq!(at(&L::Integer, Kind::Numeric, "2147483647.5"), above("2147483647"));
        assert_eq!(at(&L::UTinyInt, Kind::Int4, "-1"), Place::BelowAll);
        let lowest = "-9223372036854775808";
        assert_eq!(
            at(&L::BigInt, Kind::Int8, lowest),
            exactly(&format!("CAST('{lowest}' AS HUGEINT)"))
        );
        let huge = "170141183460469231731687303715884105728";
        assert_eq!(at(&L::HugeInt, Kind::Numeric, huge), Place::AboveAll);
        assert_eq!(at(&L::HugeInt, Kind::Numeric, &format!("-{huge}0")), Place::BelowAll);
        for (text, place) in [("NaN", Place::AboveAll), ("-Infinity", Place::BelowAll)] {
            assert_eq!(at(&L::BigInt, Kind::Numeric, text), place);
        }
        assert_eq!(place(&L::Integer, Kind::Float8, "1"), None);
        assert_eq!(place(&L::UHugeInt, Kind::Numeric, "1"), None);
        assert_eq!(place(&L::BigNum, Kind::Numeric, "1"), None);
    }

    #[test]
    fn numbers_lie_among_decimals() {
        let decimal = |width, scale| L::Decimal { width, scale };
        assert_eq!(at(&decimal(15, 2), Kind::Numeric, "0.05"), exactly("0.05"));
        assert_eq!(at(&decimal(15, 2), Kind::Numeric, "0.0500"), exactly("0.05"));
        assert_eq!(at(&decimal(15, 2), Kind::Numeric, "0.055"), above("0.05"));
        assert_eq!(at(&decimal(15, 2), Kind::Numeric, "-0.055"), above("-0.06"));
        assert_eq!(at(&decimal(15, 2), Kind::Numeric, "24"), exactly("24.00"));
        assert_eq!(at(&decimal(4, 2), Kind::Numeric, "100"), Place::AboveAll);
        assert_eq!(at(&decimal(4, 2), Kind::Numeric, "99.995"), above("99.99"));
        assert_eq!(at(&decimal(4, 2), Kind::Numeric, "-100"), Place::BelowAll);
        assert_eq!(at(&decimal(9, 0), Kind::Int4, "7"), exactly("CAST('7' AS DECIMAL(9,0))"));
        assert_eq!(
            at(&decimal(2, 2), Kind::Numeric, "0.5"),
            exactly("CAST('0.50' AS DECIMAL(2,2))")
        );
        assert_eq!(place(&decimal(9, 0), Kind::Float8, "7"), None);
    }

    #[test]
    fn timestamps_lie_among_dates() {
        let date = |kind, text: &str| at(&L::Date, kind, text);
        assert_eq!(date(Kind::Date, "1998-09-02"), exactly("DATE '1998-09-02'"));
        assert_eq!(date(Kind::Timestamp, "1998-09-02 00:00:00"), exactly("DATE '1998-09-02'"));
        assert_eq!(date(Kind::Timestamp, "1998-09-02 00:00:00.1"), above("DATE '1998-09-02'"));
        assert_eq!(date(Kind::Date, "0044-03-15 BC"), exactly("DATE '0044-03-15 (BC)'"));
        assert_eq!(date(Kind::Date, "-infinity"), exactly("DATE '-infinity'"));
        assert_eq!(place(&L::Date, Kind::TimestampTz, "2000-01-01 00:00:00+00"), None);
    }

    #[test]
    fn dates_lie_among_timestamps() {
        let micros = |kind, text: &str| at(&L::Timestamp, kind, text);
        let last = "TIMESTAMP '294247-01-10 04:00:54.775806'";
        assert_eq!(micros(Kind::Date, "1998-09-02"), exactly("TIMESTAMP '1998-09-02 00:00:00'"));
        assert_eq!(micros(Kind::Date, "5000000-01-01"), above(last));
        assert_eq!(micros(Kind::Timestamp, "294247-01-10 04:00:54.775806"), exactly(last));
        assert_eq!(micros(Kind::Timestamp, "294247-01-10 04:00:54.775807"), above(last));
        assert_eq!(micros(Kind::Timestamp, "infinity"), exactly("TIMESTAMP 'infinity'"));
        let zoned = at(&L::TimestampTz, Kind::TimestampTz, "2024-01-01 10:00:00.5+00");
        assert_eq!(zoned, exactly("CAST('2024-01-01 10:00:00.500000+00' AS TIMESTAMPTZ)"));
        assert_eq!(place(&L::TimestampTz, Kind::Timestamp, "2024-01-01 10:00:00"), None);
        assert_eq!(place(&L::Timestamp, Kind::TimestampTz, "2024-01-01 10:00:00+00"), None);
    }

    #[test]
    fn timestamps_lie_among_those_of_other_units() {
        let place_of = |logical: &L, text: &str| place(logical, Kind::Timestamp, text);
        let seconds = |text: &str| format!("CAST('{text}' AS TIMESTAMP_S)");
        let second = seconds("2024-01-01 00:00:01");
        assert_eq!(place_of(&L::TimestampS, "2024-01-01 00:00:01.5"), Some(above(&second)));
        assert_eq!(
            place_of(&L::TimestampS, "1969-12-31 23:59:59.5"),
            Some(above(&seconds("1969-12-31 23:59:59")))
        );
        assert_eq!(place_of(&L::TimestampS, "294270-01-01 00:00:00"), None);
        let nanos = |text: &str| format!("CAST('{text}' AS TIMESTAMP_NS)");
        assert_eq!(
            place_of(&L::TimestampNs, "2300-01-01 00:00:00"),
            Some(above(&nanos(LAST_NANOSECOND)))
        );
        assert_eq!(
            place_of(&L::TimestampNs, "1600-01-01 00:00:00"),
            Some(above(&nanos("-infinity")))
        );
        let day = nanos("2024-01-01 00:00:00");
        assert_eq!(place_of(&L::TimestampNs, "2024-01-01 00:00:00"), Some(exactly(&day)));
    }

    #[test]
    fn a_label_is_there_or_nowhere() {
        let labels = L::Enum(vec!["small".into(), "it's".into()]);
        assert_eq!(at(&labels, Kind::Enum(1), "it's"), exactly("'it''s'"));
        assert_eq!(at(&labels, Kind::Enum(1), "big"), Place::AboveAll);
        assert_eq!(place(&labels, Kind::Text, "small"), None);
    }

    #[test]
    fn what_is_compared_has_a_place() {
        assert!(comparable(&L::Varchar, Kind::Text));
        assert!(comparable(&L::Blob, Kind::Bytea));
        assert!(comparable(&L::Double, Kind::Float4));
        assert!(comparable(&L::Enum(vec![]), Kind::Enum(7)));
        assert!(!comparable(&L::TimestampS, Kind::Timestamp));
        assert!(!comparable(&L::Varchar, Kind::BpChar));
        assert!(!comparable(&L::Json, Kind::Text));
        assert!(!comparable(&L::Interval, Kind::Interval));
    }
}
