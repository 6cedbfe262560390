//! Canonical bytes as people read them in PostgreSQL: what a verdict shows of a value. Nothing is
//! compared by these texts.

mod bytes;
mod nested;
mod number;
mod time;

#[cfg(test)]
mod tests;

use std::fmt::Write;

use serde_json::{Number, Value};

use self::bytes::{Bytes, Cut, Whole};
use super::bytes::tag;
use crate::{float_text, ident::clip, reject::SHOWN_BYTES};

/// Stands where a value goes on.
const MORE: char = '…';

/// The value's text. What is cut off, nested too deep or too long to be read ends in `…`.
///
/// A JSON document that is a string has the same bytes as a text, and is shown as one.
pub fn text(canonical: &[u8]) -> String {
    let mut out = String::new();
    if value(&mut Bytes::new(canonical), At::ALONE, &mut out).is_err() {
        out.push(MORE);
    }
    out
}

/// The start of the value's text: at most 100 bytes and `…`.
pub fn clipped(canonical: &[u8]) -> String {
    let text = text(canonical);
    let start = clip(&text, SHOWN_BYTES);
    if start.len() == text.len()
        || start.len() + MORE.len_utf8() == text.len() && text.ends_with(MORE)
    {
        return text;
    }
    format!("{start}{MORE}")
}

/// The value in JSON, as a key is told by it: a boolean, a number that both JSON and PostgreSQL's
/// jsonb hold exactly, else its text.
pub fn json(canonical: &[u8]) -> Value {
    let text = text(canonical);
    let number = match canonical.first() {
        Some(&tag::NULL) => return Value::Null,
        Some(&(tag::BOOL | tag::JSON_TRUE | tag::JSON_FALSE)) => {
            return text.parse().map_or(Value::String(text), Value::Bool);
        }
        Some(&(tag::INTEGER | tag::NUMERIC)) => integer(&text),
        Some(&(tag::FLOAT4 | tag::FLOAT8)) => float(&text),
        _ => None,
    };
    number.map_or(Value::String(text), Value::Number)
}

fn integer(text: &str) -> Option<Number> {
    let signed = text.parse::<i64>().map(Number::from);
    signed.or_else(|_| text.parse::<u64>().map(Number::from)).ok()
}

/// A float by its shortest digits. jsonb has no zero with a sign.
fn float(text: &str) -> Option<Number> {
    let number = text.parse::<f64>().ok()?;
    if number == 0.0 && number.is_sign_negative() { None } else { Number::from_f64(number) }
}

/// Where a value stands decides how it is spelled.
#[derive(Clone, Copy)]
struct At {
    place: Place,
    depth: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Alone,
    /// In an array or a row.
    Part,
    /// In a JSON array or object.
    Json,
}

impl At {
    const ALONE: Self = Self { place: Place::Alone, depth: 0 };

    /// One level further in. What is deeper than anybody can read is cut: quotes double at each
    /// level of a row.
    fn within(self, place: Place) -> Result<Self, Cut> {
        let depth = self.depth + 1;
        if depth > 100 { Err(Cut) } else { Ok(Self { place, depth }) }
    }
}

/// Appends the text of the next value; on [`Cut`] as much of it as there is.
fn value(bytes: &mut Bytes<'_>, at: At, out: &mut String) -> Whole {
    let kind = bytes.byte()?;
    match kind {
        tag::NULL => out.push_str("NULL"),
        tag::BOOL => out.push_str(boolean(bytes.byte()? != 0, at.place)),
        tag::INTEGER => put(out, i128::from_le_bytes(bytes.array()?)),
        tag::NUMERIC => return number::numeric(bytes, out),
        tag::FLOAT4 => out.push_str(&float_text::text(f32::from_le_bytes(bytes.array()?))),
        tag::FLOAT8 => out.push_str(&float_text::text(f64::from_le_bytes(bytes.array()?))),
        tag::TEXT if at.place == Place::Json => return nested::json_string(bytes, out),
        tag::TEXT => return characters(bytes, out),
        tag::BYTES => return blob(bytes, out),
        tag::BITS => return bits(bytes, out),
        tag::DATE..=tag::INTERVAL => return time::value(kind, bytes, out),
        tag::UUID => uuid(bytes.array()?, out),
        tag::JSON_NULL => out.push_str("null"),
        tag::JSON_FALSE => out.push_str("false"),
        tag::JSON_TRUE => out.push_str("true"),
        tag::JSON_ARRAY | tag::JSON_OBJECT | tag::ARRAY | tag::ROW => {
            return nested::value(kind, bytes, at, out);
        }
        tag::VECTOR => {
            return number::vector(bytes, out, |raw| float_text::text(f32::from_le_bytes(raw)));
        }
        tag::HALFVEC => return number::vector(bytes, out, number::half),
        tag::SPARSEVEC => return number::sparse(bytes, out),
        _ => return invalid(kind, bytes, out),
    }
    Ok(())
}

fn put(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a String does not fail.
    let _ = write!(out, "{value}");
}

/// As a cast to text spells it, and as arrays and rows do.
fn boolean(value: bool, place: Place) -> &'static str {
    match (place, value) {
        (Place::Part, true) => "t",
        (Place::Part, false) => "f",
        (_, true) => "true",
        (_, false) => "false",
    }
}

fn characters(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    let (part, whole) = bytes.sized()?;
    out.push_str(&lossy(part, whole));
    whole
}

/// What is no UTF-8 is replaced, and what a text of PostgreSQL cannot hold. A character that was
/// cut in two is left out.
fn lossy(bytes: &[u8], whole: Whole) -> String {
    let end = match (whole, std::str::from_utf8(bytes)) {
        (Err(Cut), Err(error)) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    };
    String::from_utf8_lossy(&bytes[..end]).replace('\0', "\u{2400}")
}

fn blob(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    let (part, whole) = bytes.sized()?;
    hexadecimal(part, out);
    whole
}

fn hexadecimal(bytes: &[u8], out: &mut String) {
    out.push_str("\\x");
    bytes.iter().for_each(|byte| put(out, format_args!("{byte:02x}")));
}

fn bits(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    let count = bytes.count()?;
    let (part, whole) = bytes.up_to(count.div_ceil(8));
    let all = part.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1));
    out.extend(all.take(count).map(|bit| if bit == 1 { '1' } else { '0' }));
    whole
}

fn uuid(bytes: [u8; 16], out: &mut String) {
    for (at, byte) in bytes.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        put(out, format_args!("{dash}{byte:02x}"));
    }
}

/// What is no value of its type: its text, or else its bytes.
fn invalid(kind: u8, bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    out.push_str("invalid: ");
    let (part, whole) = match kind {
        tag::INVALID => bytes.sized()?,
        _ => bytes.up_to(usize::MAX),
    };
    match std::str::from_utf8(part) {
        Ok(text) if kind == tag::INVALID => out.push_str(&text.replace('\0', "\u{2400}")),
        _ => hexadecimal(part, out),
    }
    whole
}
