//! The common numeric: a decimal of one word, of the scale that its type has.

use migrator_model::{BadValue, layout::Physical};

use super::numeric::{self, Decimal, UNITS};

/// A scale, and the numbers of that scale which a type takes as they are.
#[derive(Clone, Copy)]
pub struct ShortLimit {
    scale: u8,
    /// The digits behind the point that fill the last group.
    fill: u64,
    precision: u16,
}

impl ShortLimit {
    /// None where digits would have to move, or the header is not the short one.
    pub fn new(scale: u8, limit: Option<(u16, i16)>) -> Option<Self> {
        let same = limit.is_none_or(|(_, wanted)| wanted == i16::from(scale));
        let fill = UNITS[usize::from((4 - scale % 4) % 4)];
        let precision = limit.map_or(u16::MAX, |(precision, _)| precision);
        (same && usize::from(scale) < UNITS.len()).then_some(Self { scale, fill, precision })
    }

    /// Appends `number` times ten to the minus scale, with a one-byte varlena header.
    #[inline]
    pub fn put(&self, number: i64, out: &mut Vec<u8>) -> Result<(), BadValue> {
        let Some(filled) = number.unsigned_abs().checked_mul(self.fill) else {
            return self.put_any(number, out);
        };
        if UNITS.get(usize::from(self.precision)).is_some_and(|most| number.unsigned_abs() >= *most)
        {
            return self.put_any(number, out);
        }
        let (mut value, mut at) = ([0; 2 * SHORT_NUMERIC], SHORT_NUMERIC);
        let (mut rest, mut before) = (filled, -i64::from(self.scale.div_ceil(4)));
        while rest > 0 {
            let group = (rest % 10_000) as u16;
            (rest, before) = (rest / 10_000, before + 1);
            // Zeros at the end are no part of the number.
            if group != 0 || at < SHORT_NUMERIC {
                at -= 2;
                value[at..at + 2].copy_from_slice(&group.to_le_bytes());
            }
        }
        let weight = if filled == 0 { 0 } else { before - 1 };
        let sign = if number < 0 { 0x2000 } else { 0 };
        let header = 0x8000 | sign | u16::from(self.scale) << 7 | (weight as u16 & 0x7f);
        value[at - 2..at].copy_from_slice(&header.to_le_bytes());
        let (start, length) = (at - 3, SHORT_NUMERIC - at + 3);
        value[start] = (length << 1) as u8 | 1;
        // A copy of a length that is known is a store or two; the rest is taken back.
        let end = out.len() + length;
        out.extend_from_slice(&value[start..start + SHORT_NUMERIC]);
        out.truncate(end);
        Ok(())
    }

    /// The way for all numbers, which also says what is wrong with one.
    #[cold]
    fn put_any(&self, number: i64, out: &mut Vec<u8>) -> Result<(), BadValue> {
        let limit = (self.precision != u16::MAX).then_some((self.precision, self.scale.into()));
        let magnitude = number.unsigned_abs().into();
        let number = Decimal::of(number < 0, magnitude, self.scale.into()).limited(limit)?;
        numeric::put(out, &Physical { oid: 0, len: -1, align: 4, packable: true }, &number)
    }
}

/// The most bytes of a numeric of one word: varlena header, header, groups.
const SHORT_NUMERIC: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn short_numbers_are_like_all_others(number: i64, shift in 0_u32..64, scale in 0_u8..19, zeros in 0_u32..4) {
            let number = (number >> shift) / 10_i64.pow(zeros) * 10_i64.pow(zeros);
            let (mut short, mut any) = (Vec::new(), Vec::new());
            let limit = ShortLimit::new(scale, None).unwrap();
            limit.put(number, &mut short).unwrap();
            limit.put_any(number, &mut any).unwrap();
            prop_assert_eq!(short, any);
        }
    }
}
