//! PostgreSQL's numeric: base-10000 digits behind a short or long header (utils/adt/numeric.c).

use std::fmt;

use migrator_model::{BadValue, layout::Physical};
use num_bigint::BigUint;

use super::varlena;

/// NUMERIC_DSCALE_MAX
const MAX_SCALE: usize = 0x3fff;
/// Digits before the point: NUMERIC_WEIGHT_MAX groups of four.
const MAX_WHOLE: usize = 131_072;

/// A decimal number by its digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    digits: Digits,
    /// Digits after the point, also the ones that are zero: the display scale.
    scale: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Digits {
    /// Times ten to the minus scale.
    Small(u128),
    /// Decimal digits without the point, most significant first, as ASCII.
    Large(Vec<u8>),
}

impl Decimal {
    /// `magnitude` times ten to the minus `scale`.
    pub fn of(negative: bool, magnitude: u128, scale: usize) -> Self {
        Self { negative, digits: Digits::Small(magnitude), scale }
    }

    /// Reads a JSON number; exponents are worked in as numeric_in does.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let overflow = || BadValue::new("22003", "value overflows numeric format");
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse().map_err(|_| overflow())?),
            None => (text, 0_i64),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = [whole.as_bytes(), fraction.as_bytes()].concat();
        let scale = (fraction.len() as i64).saturating_sub(exponent);
        let is_zero = digits.iter().all(|digit| *digit == b'0');
        if scale > MAX_SCALE as i64 || scale < -(MAX_WHOLE as i64) && !is_zero {
            return Err(overflow());
        }
        if !is_zero {
            let zeros = usize::try_from(-scale).unwrap_or(0);
            digits.resize(digits.len() + zeros, b'0');
        }
        let scale = usize::try_from(scale).unwrap_or(0);
        Ok(Self { negative, digits: Digits::Large(digits), scale })
    }

    /// Whether it is zero with a sign: numeric has no such number.
    pub fn is_negative_zero(&self) -> bool {
        self.negative && self.is_zero()
    }

    fn is_zero(&self) -> bool {
        match &self.digits {
            Digits::Small(magnitude) => *magnitude == 0,
            Digits::Large(digits) => digits.iter().all(|digit| *digit == b'0'),
        }
    }

    /// The number, if it is whole and fits.
    pub fn to_i128(&self) -> Option<i128> {
        self.to_string().parse().ok()
    }

    /// The number as numeric(precision, scale) holds it: exactly, or not at all.
    pub fn limited(self, limit: Option<(u16, i16)>) -> Result<Self, BadValue> {
        let Some((precision, scale)) = limit else { return Ok(self) };
        if let Some(fits) = self.fits_at_once(precision, scale) {
            let pg = || format!("numeric({precision},{scale})");
            return if fits { Ok(self) } else { Err(BadValue::out_of_range(&self, pg())) };
        }
        let pg = || format!("numeric({precision},{scale})");
        let wanted = usize::try_from(scale).unwrap_or(0);
        // A negative scale: zeros in front of the point that do not count as digits.
        let zeros = usize::from(scale.min(0).unsigned_abs());
        let Some(rescaled) = self.rescaled(wanted).filter(|number| number.ends_in(zeros)) else {
            let shown = migrator_model::reject::shown(&self.to_string());
            let message = format!("value \"{shown}\" has more digits than type {}", pg());
            return Err(BadValue::new("22003", message));
        };
        if rescaled.digits() > usize::from(precision) + zeros {
            return Err(BadValue::out_of_range(&self, pg()));
        }
        Ok(rescaled)
    }

    /// Whether the number fits, where a comparison tells: no digit has to move.
    fn fits_at_once(&self, precision: u16, scale: i16) -> Option<bool> {
        let Digits::Small(magnitude) = self.digits else { return None };
        let same = usize::try_from(scale).is_ok_and(|scale| scale == self.scale);
        let most = 10_u128.checked_pow(precision.into());
        same.then(|| most.is_none_or(|most| magnitude < most))
    }

    /// The same number with another scale; None when digits would be lost.
    fn rescaled(&self, scale: usize) -> Option<Self> {
        if self.scale == scale {
            return Some(self.clone());
        }
        let mut digits = self.ascii();
        if scale > self.scale {
            digits.resize(digits.len() + scale - self.scale, b'0');
        } else {
            let dropped = (self.scale - scale).min(digits.len());
            let rest = digits.split_off(digits.len() - dropped);
            if rest.iter().any(|digit| *digit != b'0') {
                return None;
            }
        }
        Some(Self { negative: self.negative, digits: Digits::Large(digits), scale })
    }

    /// Whether the last `zeros` digits are zero.
    fn ends_in(&self, zeros: usize) -> bool {
        zeros == 0 || self.ascii().iter().rev().take(zeros).all(|digit| *digit == b'0')
    }

    /// How many digits there are on both sides of the point, zeros in front apart.
    fn digits(&self) -> usize {
        let digits = self.ascii();
        digits.len() - digits.iter().take_while(|digit| **digit == b'0').count()
    }

    fn ascii(&self) -> Vec<u8> {
        match &self.digits {
            Digits::Small(magnitude) => magnitude.to_string().into_bytes(),
            Digits::Large(digits) => digits.clone(),
        }
    }

    /// Base-10000 digits without zeros at either end, and the weight of the first.
    fn groups(&self) -> (Vec<i16>, i64) {
        match &self.digits {
            Digits::Small(magnitude) => small_groups(*magnitude, self.scale),
            Digits::Large(digits) => large_groups(digits, self.scale),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = self.ascii();
        if digits.len() <= self.scale {
            let zeros = vec![b'0'; self.scale + 1 - digits.len()];
            digits.splice(..0, zeros);
        }
        let text = String::from_utf8_lossy(&digits);
        let (whole, fraction) = text.split_at(text.len() - self.scale);
        let whole = whole.trim_start_matches('0');
        let sign = if self.negative && !self.is_zero() { "-" } else { "" };
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

fn small_groups(magnitude: u128, scale: usize) -> (Vec<i16>, i64) {
    let Some(unit) = 10_u128.checked_pow(scale as u32) else {
        return large_groups(magnitude.to_string().as_bytes(), scale);
    };
    let (mut whole, mut fraction) = (magnitude / unit, magnitude % unit);
    let mut reversed = Vec::with_capacity(20);
    let odd = (scale % 4) as u32;
    if odd > 0 {
        let part = 10_u128.pow(odd);
        reversed.push((fraction % part * 10_u128.pow(4 - odd)) as i16);
        fraction /= part;
    }
    for _ in 0..scale / 4 {
        reversed.push((fraction % 10_000) as i16);
        fraction /= 10_000;
    }
    let after = reversed.len() as i64;
    while whole > 0 {
        reversed.push((whole % 10_000) as i16);
        whole /= 10_000;
    }
    let weight = reversed.len() as i64 - after - 1;
    reversed.reverse();
    stripped(reversed, weight)
}

fn large_groups(digits: &[u8], scale: usize) -> (Vec<i16>, i64) {
    let whole = digits.len().saturating_sub(scale);
    let missing = scale.saturating_sub(digits.len());
    // Zeros in front so that groups of four end at the point, and behind to fill the last.
    let front = (4 - whole % 4) % 4 + missing;
    let mut padded = vec![b'0'; front];
    padded.extend_from_slice(digits);
    padded.resize(padded.len().next_multiple_of(4), b'0');
    let group = |four: &[u8]| four.iter().fold(0, |n, d| n * 10 + i16::from(d - b'0'));
    let weight = (whole.div_ceil(4)) as i64 - 1;
    stripped(padded.chunks(4).map(group).collect(), weight)
}

fn stripped(mut groups: Vec<i16>, weight: i64) -> (Vec<i16>, i64) {
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let leading = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..leading);
    let weight = if groups.is_empty() { 0 } else { weight - leading as i64 };
    (groups, weight)
}

/// Appends a numeric.
pub fn put(out: &mut Vec<u8>, physical: &Physical, number: &Decimal) -> Result<(), BadValue> {
    let open = varlena::open(out, physical);
    payload(out, number)?;
    varlena::close(out, &open, physical)
}

/// Appends what follows a numeric's varlena header.
fn payload(out: &mut Vec<u8>, number: &Decimal) -> Result<(), BadValue> {
    if let Digits::Small(magnitude) = number.digits
        && let Ok(magnitude) = u64::try_from(magnitude)
        && number.scale < UNITS.len()
    {
        let (groups, start, weight) = word_groups(magnitude, number.scale);
        return write(out, number, &groups[start..], weight);
    }
    let (groups, weight) = number.groups();
    write(out, number, &groups, weight)
}

/// Ten to the power of its index.
pub const UNITS: [u64; 19] = {
    let mut units = [1; 19];
    let mut at = 1;
    while at < units.len() {
        units[at] = units[at - 1] * 10;
        at += 1;
    }
    units
};

/// The common case without an allocation: groups at the end of an array of which `start` is the
/// first in use, zeros stripped at both ends.
fn word_groups(magnitude: u64, scale: usize) -> ([i16; 10], usize, i64) {
    let mut groups = [0; 10];
    let mut start = groups.len();
    let (mut whole, mut fraction) = (magnitude / UNITS[scale], magnitude % UNITS[scale]);
    let mut left = scale;
    while left > 0 {
        let digits = match left % 4 {
            0 => 4,
            some => some,
        };
        let group = fraction % UNITS[digits] * UNITS[4 - digits];
        fraction /= UNITS[digits];
        left -= digits;
        // Zeros at the end are no part of the number.
        if group != 0 || start < groups.len() {
            start -= 1;
            groups[start] = group as i16;
        }
    }
    let mut before = 0;
    while whole > 0 {
        let group = (whole % 10_000) as i16;
        whole /= 10_000;
        before += 1;
        if group != 0 || start < groups.len() {
            start -= 1;
            groups[start] = group;
        }
    }
    // The first group is now whole, or one of the fraction's that may be zero.
    let mut weight = before - 1;
    if before == 0 {
        let kept = groups.len() - start;
        let leading = groups[start..].iter().take_while(|group| **group == 0).count();
        weight = if leading == kept { 0 } else { -1 - leading as i64 };
        start += leading;
    }
    (groups, start, if start == groups.len() { 0 } else { weight })
}

fn write(out: &mut Vec<u8>, number: &Decimal, groups: &[i16], weight: i64) -> Result<(), BadValue> {
    let scale = number.scale;
    let overflow = |_| BadValue::new("22003", "value overflows numeric format");
    let weight = i16::try_from(weight).map_err(overflow)?;
    let negative = number.negative && !groups.is_empty();
    if scale > MAX_SCALE {
        return Err(BadValue::new("22003", "value overflows numeric format"));
    }
    if scale <= 0x3f && (-64..=63).contains(&weight) {
        let sign = if negative { 0x2000 } else { 0 };
        let header = 0x8000 | sign | (scale as u16) << 7 | (weight as u16 & 0x7f);
        out.extend_from_slice(&header.to_le_bytes());
    } else {
        let sign = if negative { 0x4000 } else { 0 };
        out.extend_from_slice(&(sign | scale as u16).to_le_bytes());
        out.extend_from_slice(&weight.to_le_bytes());
    }
    for group in groups {
        out.extend_from_slice(&group.to_le_bytes());
    }
    Ok(())
}

/// The most bytes of a BIGNUM with no more than [`MAX_WHOLE`] digits. Decimal digits take a second
/// for each megabyte: what fits no numeric is not even converted.
const MAX_BIGNUM: usize = 54_429;

/// Whether a BIGNUM surely has more digits than numeric holds.
pub fn bignum_overflows(bytes: &[u8]) -> bool {
    let Some((header, magnitude)) = bytes.split_at_checked(3) else { return false };
    let zero = if header[0] & 0x80 == 0 { 0xff } else { 0 };
    let leading = magnitude.iter().take_while(|byte| **byte == zero).count();
    magnitude.len() - leading > MAX_BIGNUM
}

/// DuckDB's BIGNUM: three header bytes (length and sign bit, complemented when negative), then
/// the magnitude, big-endian, each byte complemented when negative.
pub fn bignum(bytes: &[u8]) -> Decimal {
    let negative = bytes.first().is_some_and(|first| first & 0x80 == 0);
    let magnitude: Vec<u8> =
        bytes.iter().skip(3).map(|byte| if negative { !byte } else { *byte }).collect();
    let digits = BigUint::from_bytes_be(&magnitude).to_string().into_bytes();
    Decimal { negative, digits: Digits::Large(digits), scale: 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NUMERIC: Physical = Physical { oid: 1700, len: -1, align: 4, packable: true };

    fn hex(number: &Decimal) -> String {
        let mut out = Vec::new();
        put(&mut out, &NUMERIC, number).unwrap();
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Bytes as PostgreSQL 15 stores them: pageinspect's heap_page_items over these literals.
    #[test]
    fn numerics_are_stored_as_the_server_stores_them() {
        assert_eq!(hex(&Decimal::of(false, 0, 0)), "070080");
        assert_eq!(hex(&Decimal::of(false, 1, 0)), "0b00800100");
        assert_eq!(hex(&Decimal::of(true, 12345, 2)), "0f00a17b009411");
    }

    #[test]
    fn both_ways_to_groups_agree() {
        for (magnitude, scale) in [(0, 0), (0, 3), (1, 0), (10_000, 0), (1, 5), (123_456_789, 7)] {
            let large = magnitude.to_string().into_bytes();
            assert_eq!(small_groups(magnitude, scale), large_groups(&large, scale));
        }
    }

    #[test]
    fn json_numbers_keep_their_digits() {
        let text = |text| Decimal::parse(text).unwrap().to_string();
        assert_eq!(text("1e5"), "100000");
        assert_eq!(text("1.50e1"), "15.0");
        assert_eq!(text("-0.001"), "-0.001");
        assert_eq!(text("12e-3"), "0.012");
        assert!(Decimal::parse("-0.0").unwrap().is_negative_zero());
        assert!(Decimal::parse("1e200000").is_err());
        assert!(Decimal::parse("1e-9223372036854775808").is_err());
        assert!(Decimal::parse("1e9223372036854775807").is_err());
        assert_eq!(text("0e200000"), "0");
    }

    #[test]
    fn a_limit_takes_no_digit_away() {
        let limited = |n: Decimal, p, s| n.limited(Some((p, s))).map(|n| n.to_string());
        assert_eq!(limited(Decimal::of(false, 12_300, 2), 5, 1).unwrap(), "123.0");
        assert!(limited(Decimal::of(false, 12_345, 2), 5, 1).is_err());
        assert!(limited(Decimal::of(false, 12_345, 0), 4, 0).is_err());
        assert_eq!(limited(Decimal::of(false, 5, 0), 4, 2).unwrap(), "5.00");
    }

    #[test]
    fn a_scale_may_be_negative_or_above_the_precision() {
        let limited = |n, scale, limit| {
            Decimal::of(true, n, scale).limited(Some(limit)).map(|n| n.to_string())
        };
        assert_eq!(limited(12_300, 0, (3, -2)).unwrap(), "-12300");
        assert!(limited(12_310, 0, (5, -2)).is_err());
        assert!(limited(123_400, 0, (3, -2)).is_err());
        assert_eq!(limited(12, 4, (2, 4)).unwrap(), "-0.0012");
        assert!(limited(123, 4, (2, 4)).is_err());
    }

    #[test]
    fn a_bignum_that_fits_no_numeric_is_known_without_its_digits() {
        let bytes = |length: usize, byte| [vec![0x80, 0, 0], vec![byte; length]].concat();
        assert!(!bignum_overflows(&bytes(MAX_BIGNUM, 0xff)));
        assert!(bignum_overflows(&bytes(MAX_BIGNUM + 1, 1)));
        assert!(!bignum_overflows(&bytes(MAX_BIGNUM + 1, 0)));
        assert!(!bignum_overflows(&[]));
        // 10^131072 - 1 is below 2^(8 * MAX_BIGNUM): 131072 * log2(10) / 8 = 54427.6.
        assert!(131_072_f64 * 10_f64.log2() / 8.0 <= MAX_BIGNUM as f64);
    }

    proptest! {
        #[test]
        fn a_limit_agrees_with_the_digits(
            magnitude: u128, scale in 0_usize..39, precision in 1_u16..60, to in -20_i16..60
        ) {
            let small = Decimal::of(false, magnitude, scale);
            let digits = Digits::Large(magnitude.to_string().into_bytes());
            let large = Decimal { digits, ..small.clone() };
            let limit = Some((precision, to));
            let (small, large) = (small.limited(limit), large.limited(limit));
            prop_assert_eq!(small.is_ok(), large.is_ok());
            if let (Ok(small), Ok(large)) = (small, large) {
                prop_assert_eq!(small.groups(), large.groups());
                prop_assert_eq!(small.to_string(), large.to_string());
            }
        }

        #[test]
        fn words_agree_with_all_other_numbers(magnitude: u64, shift in 0_u32..64, scale in 0_usize..19) {
            let magnitude = magnitude >> shift;
            let (groups, start, weight) = word_groups(magnitude, scale);
            let (same, same_weight) = small_groups(magnitude.into(), scale);
            prop_assert_eq!(&groups[start..], same.as_slice());
            prop_assert_eq!(weight, same_weight);
        }

        #[test]
        fn groups_of_any_number_agree(magnitude: u128, scale in 0_usize..39) {
            let large = magnitude.to_string().into_bytes();
            prop_assert_eq!(small_groups(magnitude, scale), large_groups(&large, scale));
        }

        #[test]
        fn text_and_back_is_the_same(magnitude: u128, scale in 0_usize..39, negative: bool) {
            let number = Decimal::of(negative, magnitude, scale);
            let again = Decimal::parse(&number.to_string()).unwrap();
            prop_assert_eq!(again.groups(), number.groups());
        }
    }
}
