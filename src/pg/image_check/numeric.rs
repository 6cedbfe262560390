//! numeric (utils/adt/numeric.c, struct NumericData): a short or long header, then digits to the
//! base of 10000, most significant first.

use super::{Fault, NumericLimit};

/// NUMERIC_SIGN_MASK, where both bits mean a special value.
const SPECIAL: u16 = 0xc000;
const SHORT: u16 = 0x8000;
const NAN: u16 = 0xc000;
const INFINITIES: [u16; 2] = [0xd000, 0xf000];
/// NBASE, and DEC_DIGITS
const BASE: u16 = 10_000;
const GROUP: i64 = 4;

/// What a header says about a finite number.
struct Form {
    negative: bool,
    /// Digits shown behind the point.
    scale: u16,
    /// The power of 10000 of the first group.
    weight: i16,
}

/// Checks what follows the varlena header: everything that numeric_recv() and make_result() see
/// to. numeric_abbrev_convert_var() and div_var() rely on a first group that is not zero, sums on
/// groups below 10000, and the number of groups is bounded by weight and scale.
#[inline]
pub fn check(payload: &[u8], limit: Option<&NumericLimit>) -> Result<(), Fault> {
    let (header, rest) = payload.split_first_chunk().ok_or(Fault::NumericForm)?;
    let header = u16::from_le_bytes(*header);
    if header & SPECIAL == SPECIAL {
        return special(header, rest, limit);
    }
    let (form, digits) = match header & SHORT {
        0 => long(header, rest)?,
        _ => (short(header), rest),
    };
    let (groups, []) = digits.as_chunks() else { return Err(Fault::NumericForm) };
    if limit.is_some_and(|limit| i32::from(form.scale) != limit.scale.max(0)) {
        return Err(Fault::NumericScale);
    }
    finite(&form, groups, limit)
}

/// Checks a numeric inside jsonb: any finite one.
pub fn check_finite(payload: &[u8]) -> Result<(), Fault> {
    match payload {
        [_, high, ..] if u16::from(*high) << 8 & SPECIAL == SPECIAL => Err(Fault::NumericForm),
        _ => check(payload, None),
    }
}

/// Exactly these bit patterns, and nothing behind them. apply_typmod_special(): a type with a
/// precision has room for NaN, not for an infinity.
fn special(header: u16, rest: &[u8], limit: Option<&NumericLimit>) -> Result<(), Fault> {
    match header {
        _ if !rest.is_empty() => Err(Fault::NumericForm),
        NAN => Ok(()),
        _ if INFINITIES.contains(&header) && limit.is_none() => Ok(()),
        _ if INFINITIES.contains(&header) => Err(Fault::NumericPrecision),
        _ => Err(Fault::NumericForm),
    }
}

/// NUMERIC_SHORT_*: sign, six bits of scale, seven bits of weight with their sign.
fn short(header: u16) -> Form {
    let weight = ((header & 0x7f) ^ 0x40) as i16 - 0x40;
    Form { negative: header & 0x2000 != 0, scale: header >> 7 & 0x3f, weight }
}

/// NUMERIC_NEG, NUMERIC_DSCALE_MASK, then the weight.
fn long(header: u16, rest: &[u8]) -> Result<(Form, &[u8]), Fault> {
    let (weight, digits) = rest.split_first_chunk().ok_or(Fault::NumericForm)?;
    let weight = i16::from_le_bytes(*weight);
    // NUMERIC_CAN_BE_SHORT: then make_result() chooses the short form.
    if header & 0x3fff <= 0x3f && (-64..=63).contains(&weight) {
        return Err(Fault::NumericForm);
    }
    Ok((Form { negative: header & 0x4000 != 0, scale: header & 0x3fff, weight }, digits))
}

fn finite(form: &Form, groups: &[[u8; 2]], limit: Option<&NumericLimit>) -> Result<(), Fault> {
    let Some((first, last)) = ends(groups)? else { return zero(form) };
    let weight = i64::from(form.weight);
    let lowest = GROUP * (weight + 1 - groups.len() as i64);
    let scale = limit.map_or(form.scale.into(), |limit| limit.scale);
    if hides_digits(lowest, last, scale.into()) {
        return Err(Fault::NumericScale);
    }
    // apply_typmod()
    let whole = || GROUP * weight + decimal_digits(first);
    match limit {
        Some(limit) if whole() > limit.whole.into() => Err(Fault::NumericPrecision),
        _ => Ok(()),
    }
}

/// The first and the last group; None for zero, which has none.
fn ends(groups: &[[u8; 2]]) -> Result<Option<(u16, u16)>, Fault> {
    let value = |group: &[u8; 2]| u16::from_le_bytes(*group);
    if groups.iter().any(|group| value(group) >= BASE) {
        return Err(Fault::NumericDigit);
    }
    match (groups.first().map(value), groups.last().map(value)) {
        (Some(0), _) | (_, Some(0)) => Err(Fault::NumericZeros),
        (first, last) => Ok(first.zip(last)),
    }
}

/// make_result() gives zero no weight and no sign.
fn zero(form: &Form) -> Result<(), Fault> {
    if form.weight == 0 && !form.negative { Ok(()) } else { Err(Fault::NumericZeros) }
}

/// Whether the last group has digits that do not count: behind the last shown, or, for a negative
/// scale, in front of the point. `lowest` is the power of ten of the group's own last digit.
fn hides_digits(lowest: i64, last: u16, scale: i64) -> bool {
    match -scale - lowest {
        ..=0 => false,
        1 => !last.is_multiple_of(10),
        2 => !last.is_multiple_of(100),
        3 => !last.is_multiple_of(1000),
        _ => true,
    }
}

fn decimal_digits(group: u16) -> i64 {
    match group {
        0..10 => 1,
        10..100 => 2,
        100..1000 => 3,
        _ => 4,
    }
}
