//! numeric: a header of two or four bytes, then digits of base 10000.

use migrator_model::canonical::{Canonical, Special};

use super::damaged;
use crate::error::Result;

/// The two highest bits tell the forms apart.
const FORM: u16 = 0xC000;
const SHORT: u16 = 0x8000;
const SPECIAL: u16 = 0xC000;
/// The sign of the long form.
const NEGATIVE: u16 = 0x4000;
/// The short form has its sign and its weight in the header.
const SHORT_NEGATIVE: u16 = 0x2000;
const SHORT_WEIGHT: u16 = 0x003F;
const SHORT_WEIGHT_NEGATIVE: u16 = 0x0040;

/// Appends a numeric.
pub fn put(bytes: &[u8], out: &mut Canonical) -> Result<()> {
    let Some((header, rest)) = bytes.split_first_chunk() else {
        return Err(damaged("A numeric ends within its header."));
    };
    let header = u16::from_le_bytes(*header);
    match header & FORM {
        SPECIAL => special(header, out),
        SHORT => finite(header & SHORT_NEGATIVE != 0, short_weight(header), rest, out),
        sign => {
            let Some((weight, digits)) = rest.split_first_chunk() else {
                return Err(damaged("A numeric ends within its header."));
            };
            finite(sign == NEGATIVE, i16::from_le_bytes(*weight), digits, out)
        }
    }
}

fn short_weight(header: u16) -> i16 {
    let weight = (header & SHORT_WEIGHT) as i16;
    if header & SHORT_WEIGHT_NEGATIVE == 0 { weight } else { weight - 64 }
}

fn special(header: u16, out: &mut Canonical) -> Result<()> {
    out.special_numeric(match header & 0xF000 {
        0xC000 => Special::NaN,
        0xD000 => Special::Infinity,
        0xF000 => Special::NegativeInfinity,
        _ => return Err(damaged("A numeric has an unknown form.")),
    });
    Ok(())
}

fn finite(negative: bool, weight: i16, digits: &[u8], out: &mut Canonical) -> Result<()> {
    let (digits, half) = digits.as_chunks::<2>();
    if !half.is_empty() {
        return Err(damaged("A numeric ends within a digit."));
    }
    out.numeric(negative, weight.into(), digits);
    Ok(())
}
