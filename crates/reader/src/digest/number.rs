//! Whole numbers, decimals and floating-point numbers.

use migrator_model::{
    LogicalType,
    canonical::{Canonical, Kind},
};

use super::{
    bind::Column,
    decimal,
    read::is_nanoseconds,
    values::{Bound, each},
};
use crate::vector::{Data, Vector};

/// Groups of base 10000 for 39 digits of which 38 may stand behind the point.
const GROUPS: usize = 12;
/// DuckDB's infinities of what counts nanoseconds: no numbers.
const INFINITY: i64 = i64::MAX;

/// What becomes an integer.
pub fn integers<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    let validity = vector.validity;
    match (column.logical, &vector.data) {
        (LogicalType::BigNum, Data::Str(stored)) => Some(each(validity, stored, |digits, out| {
            let text = std::str::from_utf8(digits.bytes()).ok();
            match text.and_then(|text| text.parse().ok()) {
                Some(number) => out.integer(number),
                None => out.invalid(digits.bytes()),
            }
        })),
        (LogicalType::UHugeInt, Data::U128(stored)) => Some(each(validity, stored, |n, out| {
            let number = n.value();
            match i128::try_from(number) {
                Ok(number) => out.integer(number),
                Err(_) => out.invalid(number.to_string().as_bytes()),
            }
        })),
        (logical, Data::I64(stored)) if is_nanoseconds(logical) => {
            Some(each(validity, stored, |nanos, out| match is_finite(*nanos) {
                true => out.integer((*nanos).into()),
                false => out.invalid(nanos.to_string().as_bytes()),
            }))
        }
        (logical, _) if logical.is_integer() => whole(vector, |n, out| out.integer(n)),
        _ => None,
    }
}

/// What becomes a numeric.
pub fn numerics<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    let validity = vector.validity;
    match (column.logical, &vector.data) {
        (LogicalType::BigNum, Data::Str(stored)) => Some(each(validity, stored, |digits, out| {
            if !decimal::put(digits.bytes(), out) {
                out.invalid(digits.bytes());
            }
        })),
        (LogicalType::UHugeInt, Data::U128(stored)) => {
            Some(each(validity, stored, |n, out| numeric(false, n.value(), 0, out)))
        }
        (LogicalType::Decimal { scale, .. }, _) => {
            let scale = usize::from(*scale);
            whole(vector, move |n, out| numeric(n < 0, n.unsigned_abs(), scale, out))
        }
        (logical, Data::I64(stored)) if is_nanoseconds(logical) => {
            Some(each(validity, stored, |nanos, out| match is_finite(*nanos) {
                true => numeric(*nanos < 0, nanos.unsigned_abs().into(), 0, out),
                false => out.invalid(nanos.to_string().as_bytes()),
            }))
        }
        (logical, _) if logical.is_integer() => {
            whole(vector, |n, out| numeric(n < 0, n.unsigned_abs(), 0, out))
        }
        _ => None,
    }
}

/// What becomes a floating-point number. A double that a real cannot hold is out of range.
pub fn floats<'c>(kind: &Kind, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    let validity = vector.validity;
    Some(match (kind, &vector.data) {
        (Kind::Float4, Data::F32(stored)) => each(validity, stored, |n, out| out.float4(*n)),
        (Kind::Float8, Data::F32(stored)) => {
            each(validity, stored, |n, out| out.float8((*n).into()))
        }
        (Kind::Float8, Data::F64(stored)) => each(validity, stored, |n, out| out.float8(*n)),
        (Kind::Float4, Data::F64(stored)) => each(validity, stored, |n, out| match narrow(*n) {
            Some(number) => out.float4(number),
            None => out.invalid(n.to_string().as_bytes()),
        }),
        _ => return None,
    })
}

/// A double in single precision; None for a number that would become infinite.
pub fn narrow(number: f64) -> Option<f32> {
    let narrowed = number as f32;
    (narrowed.is_finite() || !number.is_finite()).then_some(narrowed)
}

fn is_finite(nanos: i64) -> bool {
    nanos != INFINITY && nanos != -INFINITY
}

/// Whole numbers of any signed width, and of those unsigned that i128 holds.
fn whole<'c>(vector: &'c Vector<'c>, put: impl Fn(i128, &mut Canonical) + 'c) -> Option<Bound<'c>> {
    let validity = vector.validity;
    Some(match &vector.data {
        Data::I8(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::I16(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::I32(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::I64(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::U8(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::U16(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::U32(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::U64(stored) => each(validity, stored, move |n, out| put((*n).into(), out)),
        Data::I128(stored) => each(validity, stored, move |n, out| put(n.value(), out)),
        _ => return None,
    })
}

/// Appends `magnitude` times ten to the minus `scale`; DuckDB's scale is 38 at most.
fn numeric(negative: bool, magnitude: u128, scale: usize, out: &mut Canonical) {
    let mut groups = [0; GROUPS];
    let (start, weight) = match u64::try_from(magnitude) {
        Ok(magnitude) => split(magnitude, scale, &mut groups),
        Err(_) => split_wide(magnitude, scale, &mut groups),
    };
    out.numeric(negative, weight, &groups[start..]);
}

/// Fills the groups from their end on. Gives the first that is used, and its weight.
fn split(mut magnitude: u64, scale: usize, groups: &mut [u16; GROUPS]) -> (usize, i32) {
    let mut start = GROUPS;
    // The group that holds the last digits behind the point may not be filled by them.
    let odd = (scale % 4) as u32;
    if odd > 0 {
        let unit = 10_u64.pow(odd);
        start -= 1;
        groups[start] = (magnitude % unit) as u16 * 10_u16.pow(4 - odd);
        magnitude /= unit;
    }
    while magnitude > 0 {
        start -= 1;
        groups[start] = (magnitude % 10_000) as u16;
        magnitude /= 10_000;
    }
    (start, weight(start, scale))
}

/// The same for numbers of more than 64 bits.
fn split_wide(mut magnitude: u128, scale: usize, groups: &mut [u16; GROUPS]) -> (usize, i32) {
    let mut start = GROUPS;
    let odd = (scale % 4) as u32;
    if odd > 0 {
        let unit = 10_u128.pow(odd);
        start -= 1;
        groups[start] = (magnitude % unit) as u16 * 10_u16.pow(4 - odd);
        magnitude /= unit;
    }
    while magnitude > 0 {
        start -= 1;
        groups[start] = (magnitude % 10_000) as u16;
        magnitude /= 10_000;
    }
    (start, weight(start, scale))
}

/// The weight of the first group.
fn weight(start: usize, scale: usize) -> i32 {
    (GROUPS - start) as i32 - 1 - scale.div_ceil(4) as i32
}
