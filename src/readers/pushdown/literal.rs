//! DuckDB's literals of PostgreSQL's values. Each is of a certain type: `5` alone could be of several.

use migrator_model::{LogicalType, ident};

use super::{
    calendar::{self, DAY, Instant},
    expression::Kind,
    integer::MOST_DIGITS,
    number::{Number, with_point},
};

/// A DuckDB literal of a value in PostgreSQL's output (see `Expression::Constant` for the settings),
/// None for NULL. None where DuckDB has no value that is exactly this one.
pub fn literal(kind: Kind, value: Option<&str>) -> Option<String> {
    let Some(text) = value else {
        return Some(format!("CAST(NULL AS {})", logical(kind)?));
    };
    let cast = |to: &str| Some(format!("CAST({} AS {to})", ident::literal(text)));
    match kind {
        Kind::Bool => boolean(text),
        Kind::Int2 => whole(text, "SMALLINT"),
        Kind::Int4 => whole(text, "INTEGER"),
        Kind::Int8 => whole(text, "BIGINT"),
        Kind::Numeric => numeric(text).map(|(literal, _)| literal),
        Kind::Float4 => cast("FLOAT"),
        Kind::Float8 => cast("DOUBLE"),
        // No escapes: a backslash is a backslash.
        Kind::Text | Kind::Varchar | Kind::Enum(_) => Some(ident::literal(text)),
        Kind::Bytea => bytes(text),
        Kind::Date => date(text),
        Kind::Time => Some(format!("TIME {}", ident::literal(text))),
        Kind::Uuid => cast("UUID"),
        Kind::Timestamp | Kind::TimestampTz => timestamp(kind, text),
        Kind::BpChar | Kind::Interval | Kind::Other(_) => None,
    }
}

/// Whether every value of a type has a literal, and all of them one type: such parameters may stand
/// anywhere in an expression.
pub fn is_total(kind: Kind) -> bool {
    use Kind as K;
    matches!(
        kind,
        K::Bool
            | K::Int2
            | K::Int4
            | K::Int8
            | K::Float4
            | K::Float8
            | K::Text
            | K::Varchar
            | K::Bytea
            | K::Date
            | K::Time
            | K::Uuid
    )
}

/// The DuckDB type of a literal; None where the value decides.
pub fn logical(kind: Kind) -> Option<LogicalType> {
    use LogicalType as L;
    Some(match kind {
        Kind::Bool => L::Boolean,
        Kind::Int2 => L::SmallInt,
        Kind::Int4 => L::Integer,
        Kind::Int8 => L::BigInt,
        Kind::Float4 => L::Float,
        Kind::Float8 => L::Double,
        Kind::Text | Kind::Varchar | Kind::Enum(_) => L::Varchar,
        Kind::Bytea => L::Blob,
        Kind::Date => L::Date,
        Kind::Time => L::Time,
        Kind::Timestamp => L::Timestamp,
        Kind::TimestampTz => L::TimestampTz,
        Kind::Uuid => L::Uuid,
        Kind::Numeric | Kind::BpChar | Kind::Interval | Kind::Other(_) => return None,
    })
}

fn boolean(text: &str) -> Option<String> {
    match text {
        "t" => Some("TRUE".to_owned()),
        "f" => Some("FALSE".to_owned()),
        _ => None,
    }
}

fn whole(text: &str, type_name: &str) -> Option<String> {
    let number: i64 = text.parse().ok()?;
    Some(format!("CAST({} AS {type_name})", ident::literal(&number.to_string())))
}

/// A DECIMAL with the digits that PostgreSQL shows, and its type; None for NaN, infinities, and more
/// digits than a DECIMAL has.
pub fn numeric(text: &str) -> Option<(String, LogicalType)> {
    let number = Number::parse(text)?;
    let scale = u8::try_from(number.scale()).ok().filter(|scale| *scale <= MOST_DIGITS)?;
    let (unscaled, _) = number.floor(scale.into())?;
    let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    let width = u8::try_from(digits).ok()?.max(scale);
    let logical = LogicalType::Decimal { width, scale };
    let literal = format!("CAST('{}' AS {logical})", with_point(unscaled, scale));
    (width <= MOST_DIGITS).then_some((literal, logical))
}

/// PostgreSQL writes `\x00ff`, DuckDB reads `\x00\xFF`.
fn bytes(text: &str) -> Option<String> {
    let digits = text.strip_prefix("\\x")?;
    let is_hex = digits.len().is_multiple_of(2) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let pairs = digits.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair));
    let escaped: String = pairs.map(|pair| format!("\\x{pair}")).collect();
    is_hex.then(|| format!("CAST('{escaped}' AS BLOB)"))
}

fn date(text: &str) -> Option<String> {
    let day = match Instant::parse(text)? {
        Instant::Finite(micros) => calendar::date(micros.div_euclid(DAY)),
        _ => text.to_owned(),
    };
    Some(format!("DATE '{day}'"))
}

fn timestamp(kind: Kind, text: &str) -> Option<String> {
    match super::place::place(&logical(kind)?, kind, text)? {
        super::place::Place::At(literal) => Some(literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, text: &str) -> String {
        literal(kind, Some(text)).unwrap()
    }

    #[test]
    fn literals_have_the_type_of_their_kind() {
        assert_eq!(of(Kind::Bool, "t"), "TRUE");
        assert_eq!(of(Kind::Int2, "-5"), "CAST('-5' AS SMALLINT)");
        assert_eq!(
            of(Kind::Int8, "-9223372036854775808"),
            "CAST('-9223372036854775808' AS BIGINT)"
        );
        assert_eq!(of(Kind::Float4, "1e+20"), "CAST('1e+20' AS FLOAT)");
        assert_eq!(of(Kind::Float8, "NaN"), "CAST('NaN' AS DOUBLE)");
        assert_eq!(of(Kind::Time, "24:00:00"), "TIME '24:00:00'");
        assert_eq!(of(Kind::Date, "0044-03-15 BC"), "DATE '0044-03-15 (BC)'");
        assert_eq!(of(Kind::Date, "infinity"), "DATE 'infinity'");
        assert_eq!(of(Kind::Timestamp, "2024-01-01 00:00:00"), "TIMESTAMP '2024-01-01 00:00:00'");
        assert_eq!(of(Kind::Bytea, "\\x00ff"), "CAST('\\x00\\xff' AS BLOB)");
        assert_eq!(of(Kind::Bytea, "\\x"), "CAST('' AS BLOB)");
    }

    #[test]
    fn texts_may_hold_anything() {
        assert_eq!(of(Kind::Text, "it's"), "'it''s'");
        assert_eq!(of(Kind::Varchar, "a\\n\n%_\"$$--/*"), "'a\\n\n%_\"$$--/*'");
    }

    #[test]
    fn numerics_keep_their_digits() {
        assert_eq!(of(Kind::Numeric, "1.50"), "CAST('1.50' AS DECIMAL(3,2))");
        assert_eq!(of(Kind::Numeric, "-0.05"), "CAST('-0.05' AS DECIMAL(2,2))");
        assert_eq!(of(Kind::Numeric, "0"), "CAST('0' AS DECIMAL(1,0))");
        assert!(literal(Kind::Numeric, Some(&"9".repeat(38))).is_some());
        let many =
            ["NaN".into(), "Infinity".into(), "9".repeat(39), format!("0.{}", "1".repeat(39))];
        for text in many {
            assert_eq!(literal(Kind::Numeric, Some(&text)), None, "{text}");
        }
    }

    #[test]
    fn what_duckdb_has_not_is_refused() {
        assert_eq!(literal(Kind::Timestamp, Some("294260-01-01 00:00:00")), None);
        assert_eq!(literal(Kind::Interval, Some("1 day")), None);
        assert_eq!(literal(Kind::BpChar, Some("a  ")), None);
        assert_eq!(literal(Kind::Other(7), Some("a")), None);
        assert_eq!(literal(Kind::Numeric, None), None);
    }

    #[test]
    fn null_has_a_type() {
        assert_eq!(literal(Kind::Int4, None).unwrap(), "CAST(NULL AS INTEGER)");
        assert_eq!(
            literal(Kind::TimestampTz, None).unwrap(),
            "CAST(NULL AS TIMESTAMP WITH TIME ZONE)"
        );
    }

    #[test]
    fn total_kinds_have_a_type_of_their_own() {
        let kinds = [Kind::Bool, Kind::Int4, Kind::Text, Kind::Bytea, Kind::Date, Kind::Uuid];
        assert!(kinds.into_iter().all(|kind| is_total(kind) && logical(kind).is_some()));
        assert!(!is_total(Kind::Numeric) && !is_total(Kind::Timestamp) && !is_total(Kind::BpChar));
    }
}
