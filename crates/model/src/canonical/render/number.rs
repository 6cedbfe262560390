//! Numbers: exact ones without an exponent, floats as PostgreSQL spells them.

use super::{
    bytes::{Bytes, Whole},
    put,
};
use crate::float_text;

/// Appends a numeric, whose tag was read.
pub(super) fn numeric(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    match bytes.byte()? {
        0 => return finite(bytes, out),
        1 => out.push_str("NaN"),
        2 => out.push_str("Infinity"),
        _ => out.push_str("-Infinity"),
    }
    Ok(())
}

fn finite(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    let sign = if bytes.byte()? == 1 { "-" } else { "" };
    let weight = i16::from_le_bytes(bytes.array()?).into();
    let count = bytes.count()?;
    let (part, whole) = bytes.up_to(count * 2);
    let digits: Vec<_> = part.as_chunks().0.iter().map(|two| u16::from_le_bytes(*two)).collect();
    out.push_str(sign);
    integral(weight, &digits, whole, out);
    let fraction = fraction(weight, &digits);
    let shown = if whole.is_ok() { fraction.trim_end_matches('0') } else { &fraction };
    if !shown.is_empty() {
        put(out, format_args!(".{shown}"));
    }
    whole
}

/// The digits before the point. Those that were cut off are not made up.
fn integral(weight: i32, digits: &[u16], whole: Whole, out: &mut String) {
    if weight < 0 || digits.is_empty() {
        out.push('0');
        return;
    }
    let count = weight as usize + 1;
    let there = if whole.is_ok() { count } else { count.min(digits.len()) };
    for at in 0..there {
        let digit = digits.get(at).copied().unwrap_or_default();
        match at {
            0 => put(out, digit),
            _ => put(out, format_args!("{digit:04}")),
        }
    }
}

/// The digits behind the point, four for each of base 10000.
fn fraction(weight: i32, digits: &[u16]) -> String {
    let mut text = String::new();
    if digits.is_empty() {
        return text;
    }
    (weight..-1).for_each(|_| text.push_str("0000"));
    let first = usize::try_from(weight + 1).unwrap_or_default();
    for digit in digits.iter().skip(first) {
        put(&mut text, format_args!("{digit:04}"));
    }
    text
}

/// A number of a halfvec: pgvector spells it as the real that it is.
pub(super) fn half(raw: [u8; 2]) -> String {
    float_text::text(half::f16::from_le_bytes(raw).to_f32())
}

/// Appends `[1,2,3]`.
pub(super) fn vector<const N: usize>(
    bytes: &mut Bytes<'_>,
    out: &mut String,
    spell: impl Fn([u8; N]) -> String,
) -> Whole {
    let count = bytes.count()?;
    out.push('[');
    for at in 0..count {
        let number = bytes.array()?;
        if at > 0 {
            out.push(',');
        }
        out.push_str(&spell(number));
    }
    out.push(']');
    Ok(())
}

/// Appends `{1:1.5,7:2}/100`: places count from 1. Of one that is cut short only what is there.
pub(super) fn sparse(bytes: &mut Bytes<'_>, out: &mut String) -> Whole {
    let (dimensions, count) = (bytes.count()?, bytes.count()?);
    let (places, _) = bytes.up_to(count.saturating_mul(4));
    out.push('{');
    for at in 0..count {
        let number = f32::from_le_bytes(bytes.array()?);
        let place = places.as_chunks().0.get(at).map_or(0, |place| u32::from_le_bytes(*place));
        let comma = if at > 0 { "," } else { "" };
        put(out, format_args!("{comma}{}:{}", u64::from(place) + 1, float_text::text(number)));
    }
    put(out, format_args!("}}/{dimensions}"));
    Ok(())
}
