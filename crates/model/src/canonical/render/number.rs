//! Numbers: exact ones without an exponent, floats by the shortest digits that read back.

use super::{
    bytes::{Bytes, Whole},
    put,
};

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

/// A single precision number as PostgreSQL spells it.
pub(super) fn real(value: f32) -> String {
    spelled(value.into(), &format!("{value:e}"), || value.to_string(), 6)
}

/// A double precision number as PostgreSQL spells it.
pub(super) fn double(value: f64) -> String {
    spelled(value, &format!("{value:e}"), || value.to_string(), 15)
}

/// A number of a halfvec: pgvector spells it as the real that it is.
pub(super) fn half(raw: [u8; 2]) -> String {
    real(half::f16::from_le_bytes(raw).to_f32())
}

/// From 10^-4 to below 10^`digits` the plain text, else the one with an exponent of two digits or
/// more and its sign.
fn spelled(value: f64, scientific: &str, plain: impl FnOnce() -> String, digits: i32) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    match scientific.split_once('e').map(|(mantissa, power)| (mantissa, power.parse::<i32>())) {
        Some((mantissa, Ok(power))) if !(-4..digits).contains(&power) => {
            format!("{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
        }
        _ => plain(),
    }
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
