//! Literals: their text in PostgreSQL, and what a string literal becomes beside a typed value.
//! A string is only taken where both systems surely read the same value out of it.

use migrator_model::{ident::literal, reject::shown};
use sqlparser::ast;

use super::{
    Untranslatable,
    class::Class,
    refuse,
    value::{Literal, Value},
};

/// A literal of the source.
pub(in crate::ddl) fn value(source: &ast::Value) -> Result<Value, Untranslatable> {
    match source {
        ast::Value::Null => Ok(Value::null()),
        ast::Value::Boolean(true) => Ok(Value::new("true", Class::Boolean)),
        ast::Value::Boolean(false) => Ok(Value::new("false", Class::Boolean)),
        ast::Value::SingleQuotedString(text) => Ok(string(text)),
        ast::Value::Number(text, false) => number(&text.replace('_', "")),
        other => refuse(format!("the literal {} is not supported", shown(&other.to_string()))),
    }
}

/// A string that has not met a type yet.
pub(in crate::ddl) fn string(text: &str) -> Value {
    let literal_text = Some(Literal::Text(text.to_owned()));
    Value { sql: literal(text), class: Class::Untyped, literal: literal_text, settled: false }
}

/// An unsigned number; one with an exponent is DOUBLE, one with a point DECIMAL.
fn number(text: &str) -> Result<Value, Untranslatable> {
    if text.contains(['e', 'E']) {
        return Ok(Value::new(double(text)?, Class::Double));
    }
    if let Some((whole, fraction)) = text.split_once('.') {
        return decimal(whole, fraction, text);
    }
    let number: i128 =
        text.parse().or_else(|_| refuse(format!("the number {} is too large", shown(text))))?;
    let digits = match number {
        0..=0x7fff_ffff => 10,
        0x8000_0000..=0x7fff_ffff_ffff_ffff => 19,
        _ => 39,
    };
    let class = Class::Integer { digits, unsigned: false };
    Ok(Value {
        sql: number.to_string(),
        class,
        literal: Some(Literal::Integer(number)),
        settled: digits == 10,
    })
}

fn decimal(whole: &str, fraction: &str, text: &str) -> Result<Value, Untranslatable> {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (width, scale) = (whole.len() + fraction.len(), fraction.len());
    match (u8::try_from(width), u8::try_from(scale)) {
        (Ok(width @ 1..=38), Ok(scale)) if digits(whole) && digits(fraction) => {
            let whole = if whole.is_empty() { "0" } else { whole };
            let point = if fraction.is_empty() { "" } else { "." };
            let sql = format!("{whole}{point}{fraction}");
            let class = Class::Decimal { width, scale };
            Ok(Value { sql, class, literal: Some(Literal::Decimal), settled: false })
        }
        _ => refuse(format!("the number {} is too large", shown(text))),
    }
}

/// A value as another class: a cast that DuckDB makes by itself, and that loses nothing that
/// PostgreSQL's would not lose too.
pub(in crate::ddl) fn convert(value: Value, to: &Class) -> Result<Value, Untranslatable> {
    match &value.literal {
        Some(Literal::Null) => {
            return Ok(Value { class: to.clone(), settled: false, ..value });
        }
        Some(Literal::Text(text)) if value.class == Class::Untyped => return typed(text, to),
        _ => {}
    }
    if value.class == *to {
        return Ok(value);
    }
    let (sql, literal) = (&value.sql, &value.literal);
    match (&value.class, to) {
        // PostgreSQL promotes exact numbers as DuckDB does.
        (from, to) if from.exact() && to.exact() => {
            Ok(Value { class: to.clone(), settled: false, ..value })
        }
        (Class::Date, Class::Timestamp(_)) => {
            Ok(Value::new(format!("({sql})::timestamp without time zone"), to.clone()))
        }
        (Class::Timestamp(_), Class::Timestamp(_)) => {
            Ok(Value { class: to.clone(), settled: false, ..value })
        }
        (from, Class::Double | Class::Float) if floats_alike(from, literal, to) => {
            let pg = if *to == Class::Double { "double precision" } else { "real" };
            let literal = value.non_zero().then_some(Literal::NonZero);
            Ok(Value { sql: format!("({sql})::{pg}"), class: to.clone(), literal, settled: true })
        }
        (from, to) => {
            refuse(format!("a value of type {} is not cast to {}", from.name(), to.name()))
        }
    }
}

/// Whether a number becomes the same floating-point number in both systems. DuckDB divides a
/// decimal's digits by a power of ten, which is correctly rounded only while both are exact.
fn floats_alike(from: &Class, literal: &Option<Literal>, to: &Class) -> bool {
    let exact_digits = if *to == Class::Double { 15 } else { 7 };
    match from {
        Class::Float => *to == Class::Double,
        Class::Integer { digits, .. } => *digits <= 19 || literal.is_some(),
        Class::Decimal { width, .. } => *width <= exact_digits,
        _ => false,
    }
}

/// A string literal as a value of a class.
pub(in crate::ddl) fn typed(text: &str, to: &Class) -> Result<Value, Untranslatable> {
    let sql = match to {
        Class::Text => Some(format!("{}::text", literal(text))),
        Class::Untyped => Some(literal(text)),
        Class::Boolean => boolean(text),
        Class::Integer { .. } | Class::Decimal { .. } => exact(text, to),
        Class::Double => Some(double(text)?),
        Class::Float => Some(format!("({})::real", double(text)?)),
        Class::Date => date(text).then(|| format!("'{text}'::date")),
        Class::Timestamp(_) => {
            timestamp(text).then(|| format!("'{text}'::timestamp without time zone"))
        }
        Class::TimestampTz => zoned(text),
        Class::Time => time(text).then(|| format!("'{text}'::time without time zone")),
        Class::Uuid => uuid(text).then(|| format!("'{text}'::uuid")),
        Class::Interval => interval(text),
        Class::Blob => blob(text),
        // Left untyped: it meets the enum type or the JSON column that it is for.
        Class::Enum(labels) => labels.iter().any(|label| label == text).then(|| literal(text)),
        Class::Json => Some(literal(text)),
        Class::Collated(_)
        | Class::List(_)
        | Class::Documents(_)
        | Class::Struct(_)
        | Class::Map(..)
        | Class::Union(_)
        | Class::Opaque(_) => None,
    };
    match sql {
        Some(sql) => Ok(Value::new(sql, to.clone())),
        None => refuse(format!("'{}' is not taken for {}", shown(text), to.name())),
    }
}

fn boolean(text: &str) -> Option<String> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" => Some("true".into()),
        "f" | "false" => Some("false".into()),
        _ => None,
    }
}

fn exact(text: &str, to: &Class) -> Option<String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let decimal =
        matches!(to, Class::Decimal { scale, .. } if fraction.len() <= usize::from(*scale));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let well = all(whole) && all(fraction) && digits.len() <= 39;
    (well && (decimal || !digits.contains('.'))).then(|| format!("({text})"))
}

fn double(text: &str) -> Result<String, Untranslatable> {
    let lower = text.to_ascii_lowercase();
    let shape = |byte: u8| byte.is_ascii_digit() || b"+-.e".contains(&byte);
    let word = match lower.as_str() {
        "nan" => "NaN",
        "inf" | "infinity" => "Infinity",
        "-inf" | "-infinity" => "-Infinity",
        plain if plain.bytes().all(shape) && plain.parse().is_ok_and(f64::is_finite) => plain,
        _ => return refuse(format!("'{}' is not taken for DOUBLE", shown(text))),
    };
    Ok(format!("'{word}'::double precision"))
}

/// Whether a text has the shape of a pattern: `9` stands for a digit.
fn shaped(text: &str, pattern: &str) -> bool {
    let alike = |(byte, shape): (u8, u8)| match shape {
        b'9' => byte.is_ascii_digit(),
        _ => byte == shape,
    };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(alike)
}

fn date(text: &str) -> bool {
    // Year 0000 is 1 BC in DuckDB and an error in PostgreSQL.
    (shaped(text, "9999-99-99") && !text.starts_with("0000"))
        || ["infinity", "-infinity"].contains(&text)
}

fn timestamp(text: &str) -> bool {
    match text.split_once(' ') {
        Some((day, clock)) => shaped(day, "9999-99-99") && date(day) && time(clock),
        None => date(text),
    }
}

fn time(text: &str) -> bool {
    match text.split_once('.') {
        Some((clock, fraction)) => {
            shaped(clock, "99:99:99")
                && (1..=6).contains(&fraction.len())
                && fraction.bytes().all(|byte| byte.is_ascii_digit())
        }
        // A leap second and 24:00:00 are left to the server and to DuckDB.
        None => shaped(text, "99:99:99") || shaped(text, "99:99"),
    }
}

fn zoned(text: &str) -> Option<String> {
    let plain = text.strip_suffix("+00").or_else(|| text.strip_suffix('Z'))?;
    (plain.contains(' ') && timestamp(plain))
        .then(|| format!("'{plain}+00'::timestamp with time zone"))
}

fn uuid(text: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    let well = |(at, byte): (usize, u8)| match hyphens.contains(&at) {
        true => byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(well)
}

/// Pairs of a whole number and a unit.
fn interval(text: &str) -> Option<String> {
    const UNITS: [&str; 7] = ["year", "month", "week", "day", "hour", "minute", "second"];
    let words: Vec<_> = text.split_ascii_whitespace().collect();
    let pair = |pair: &[&str]| {
        let [number, unit] = pair else { return false };
        let unit = unit.to_ascii_lowercase();
        number.parse::<i32>().is_ok() && UNITS.contains(&unit.strip_suffix('s').unwrap_or(&unit))
    };
    let well = !words.is_empty() && words.chunks(2).all(pair);
    well.then(|| format!("'{}'::interval", words.join(" ")))
}

/// DuckDB's `\xAA` for single bytes, everything else ASCII.
fn blob(text: &str) -> Option<String> {
    let mut hex = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..)?;
        rest = match first {
            '\\' => {
                let byte = after.strip_prefix('x').and_then(|digits| digits.get(..2))?;
                hex.push_str(&format!("{:02x}", u8::from_str_radix(byte, 16).ok()?));
                after.get(3..)?
            }
            plain if plain.is_ascii() => {
                hex.push_str(&format!("{:02x}", u32::from(plain)));
                after
            }
            _ => return None,
        };
    }
    Some(format!("'\\x{hex}'::bytea"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str, class: Class) -> Option<String> {
        typed(text, &class).ok().map(|value| value.sql)
    }

    #[test]
    fn strings_become_what_both_systems_read() {
        assert_eq!(sql("1900-01-01", Class::Date).unwrap(), "'1900-01-01'::date");
        assert_eq!(sql("T", Class::Boolean).unwrap(), "true");
        assert_eq!(sql("-5", super::super::class::INTEGER).unwrap(), "(-5)");
        assert_eq!(sql("1 day 2 hours", Class::Interval).unwrap(), "'1 day 2 hours'::interval");
        assert_eq!(sql("a\\xFFb", Class::Blob).unwrap(), "'\\x61ff62'::bytea");
        assert_eq!(sql("nan", Class::Double).unwrap(), "'NaN'::double precision");
        let zoned = sql("2020-01-01 00:00:00+00", Class::TimestampTz).unwrap();
        assert_eq!(zoned, "'2020-01-01 00:00:00+00'::timestamp with time zone");
    }

    #[test]
    fn strings_that_may_be_read_differently_are_refused() {
        assert_eq!(sql("01/02/2020", Class::Date), None);
        assert_eq!(sql("0000-01-01", Class::Date), None);
        assert_eq!(sql("2020-01-01 00:00:00", Class::TimestampTz), None);
        assert_eq!(sql("1.5", super::super::class::INTEGER), None);
        assert_eq!(sql("yes", Class::Boolean), None);
        assert_eq!(sql("1.5 days", Class::Interval), None);
        assert_eq!(sql("é", Class::Blob), None);
        assert_eq!(sql("x", Class::Enum(vec!["y".into()])), None);
        assert_eq!(sql("\\x4", Class::Blob), None);
    }

    #[test]
    fn a_wide_decimal_is_not_made_a_double() {
        let wide = Value::new("\"d\"", Class::Decimal { width: 18, scale: 3 });
        assert!(convert(wide, &Class::Double).is_err());
        let narrow = Value::new("\"d\"", Class::Decimal { width: 15, scale: 3 });
        assert_eq!(convert(narrow, &Class::Double).unwrap().sql, "(\"d\")::double precision");
    }
}
