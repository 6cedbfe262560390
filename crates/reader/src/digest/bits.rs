//! Bit strings: DuckDB's own, and lists of 0 and 1.

use migrator_model::canonical::Canonical;

use super::values::{Bound, by_row, each};
use crate::vector::{Data, Vector};

/// Binds BIT, or a list, to bits.
pub fn bind<'c>(vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    if let Data::Str(stored) = &vector.data {
        return Some(each(vector.validity, stored, |stored, out| bits(stored.bytes(), out)));
    }
    let (_, child) = vector.elements()?;
    match &child.data {
        // What DuckDB stores of a boolean is 0 or 1.
        Data::Bool(all) | Data::U8(all) => list(vector, all),
        Data::I8(all) => list(vector, all),
        _ => None,
    }
}

/// DuckDB's bits end with the last byte, and its first byte says how many of the next one are not
/// in use. PostgreSQL's begin with the first.
fn bits(stored: &[u8], out: &mut Canonical) {
    let Some((unused, bytes)) = stored.split_first().filter(|(unused, _)| **unused < 8) else {
        return out.invalid(stored);
    };
    let Some(count) = (bytes.len() * 8).checked_sub(usize::from(*unused)) else {
        return out.invalid(stored);
    };
    out.bits(count, &[]);
    for at in 0..count.div_ceil(8) {
        let two = [bytes[at], bytes.get(at + 1).copied().unwrap_or(0)];
        out.raw(&[(u16::from_be_bytes(two) << unused >> 8) as u8]);
    }
}

fn list<'c, T: Copy + Into<i16>>(vector: &'c Vector<'c>, all: &'c [T]) -> Option<Bound<'c>> {
    let (elements, child) = vector.elements()?;
    let valid = child.validity;
    Some(by_row(vector.validity, move |row, out| {
        let range = elements.rows(row);
        let is_digit = |at: usize| (0..=1).contains(&all[at].into()) && valid.is_valid(at);
        if !range.clone().all(is_digit) {
            return out.invalid(b"a list of other elements than 0 and 1");
        }
        digits(all[range].iter().map(|digit| (*digit).into() == 1), out);
    }))
}

/// The first digit is a byte's highest bit.
fn digits(digits: impl ExactSizeIterator<Item = bool>, out: &mut Canonical) {
    out.bits(digits.len(), &[]);
    let (mut byte, mut room) = (0_u8, 8_u32);
    for digit in digits {
        room -= 1;
        byte |= u8::from(digit) << room;
        if room == 0 {
            out.raw(&[byte]);
            (byte, room) = (0, 8);
        }
    }
    if room < 8 {
        out.raw(&[byte]);
    }
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::profile::canonical as of;

    use super::*;

    #[test]
    fn bits_begin_with_the_first() {
        let made = |stored: &[u8]| of(|out| bits(stored, out));
        assert_eq!(made(&[3, 0b1111_0101]), of(|out| out.bits(5, &[0b1010_1000])));
        assert_eq!(made(&[0, 0xa5]), of(|out| out.bits(8, &[0xa5])));
        assert_eq!(made(&[7, 0xff, 0x80]), of(|out| out.bits(9, &[0b1100_0000, 0])));
        assert_eq!(made(&[9, 0xff, 0xff]), of(|out| out.invalid(&[9, 0xff, 0xff])));
        assert_eq!(made(&[]), of(|out| out.invalid(&[])));
    }

    #[test]
    fn digits_are_bits() {
        let made = |all: &[bool]| of(|out| digits(all.iter().copied(), out));
        assert_eq!(made(&[true, false, true]), of(|out| out.bits(3, &[0b1010_0000])));
        assert_eq!(made(&[true; 8]), of(|out| out.bits(8, &[0xff])));
        let mut nine = [false; 9];
        nine[8] = true;
        assert_eq!(made(&nine), of(|out| out.bits(9, &[0, 0x80])));
        assert_eq!(made(&[]), of(|out| out.bits(0, &[])));
    }
}
