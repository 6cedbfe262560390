//! Decimal texts as numerics: DuckDB's BIGNUM, and the numbers of JSON.

use migrator_model::canonical::{Canonical, bytes::Digits};

/// Digits in front of the point: NUMERIC_WEIGHT_MAX (numeric.c) groups of four, and one more.
const MAX_WHOLE: i64 = 131_072;
/// NUMERIC_DSCALE_MAX
const MAX_SCALE: i64 = 0x3fff;
/// An exponent beyond it is out of range for any digits that a text can hold.
const MAX_EXPONENT: i64 = 1 << 40;

/// A number as it is written: its digits, and where the point stands among them.
struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
    /// How many digits stand in front of the point, the exponent worked in; also a number below
    /// zero or above all digits.
    point: i64,
}

/// Appends the numeric. False, and nothing appended, for what is no decimal number, or none of
/// PostgreSQL's.
pub fn put(text: &[u8], out: &mut Canonical) -> bool {
    let Some(number) = Decimal::parse(text) else { return false };
    let Some(first) = number.first_digit() else {
        out.numeric(false, 0, [0_u16; 0].as_slice());
        return true;
    };
    let scale = number.length() - number.point;
    if number.point - first > MAX_WHOLE || scale > MAX_SCALE {
        return false;
    }
    out.numeric(number.negative, number.weight() as i32, number);
    true
}

impl<'t> Decimal<'t> {
    /// `-12.5e+3`; a text may begin with the point.
    fn parse(text: &'t [u8]) -> Option<Self> {
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&text[..at], exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
            Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
            None => (mantissa, &b""[..]),
        };
        let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
        let any = !whole.is_empty() || !fraction.is_empty();
        let point = whole.len() as i64 + exponent;
        (all_digits && any).then_some(Self { negative, whole, fraction, point })
    }

    fn length(&self) -> i64 {
        (self.whole.len() + self.fraction.len()) as i64
    }

    /// The decimal digit at a place; zero on both sides of the text.
    fn at(&self, place: i64) -> u16 {
        let Ok(place) = usize::try_from(place) else { return 0 };
        let digit = match place.checked_sub(self.whole.len()) {
            None => self.whole.get(place),
            Some(behind) => self.fraction.get(behind),
        };
        digit.map_or(0, |digit| u16::from(digit - b'0'))
    }

    /// The place of the first digit that is no zero.
    fn first_digit(&self) -> Option<i64> {
        let mut digits = self.whole.iter().chain(self.fraction);
        digits.position(|digit| *digit != b'0').map(|place| place as i64)
    }

    /// The weight of the group that the first digit of the text belongs to.
    fn weight(&self) -> i64 {
        (self.point - 1).div_euclid(4)
    }
}

/// Groups of four digits on both sides of the point.
impl Digits for Decimal<'_> {
    fn count(&self) -> usize {
        let last = (self.point - self.length()).div_euclid(4);
        usize::try_from(self.weight() - last + 1).unwrap_or(0)
    }

    fn digit(&self, at: usize) -> u16 {
        let start = self.point - 4 * (self.weight() - at as i64 + 1);
        (start..start + 4).fold(0, |group, place| group * 10 + self.at(place))
    }
}

fn exponent(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().filter(|exponent: &i64| exponent.abs() <= MAX_EXPONENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Vec<u8>> {
        let mut out = Canonical::default();
        put(text.as_bytes(), &mut out).then(|| out.bytes().to_vec())
    }

    fn numeric(negative: bool, weight: i32, digits: &[u16]) -> Option<Vec<u8>> {
        let mut out = Canonical::default();
        out.numeric(negative, weight, digits);
        Some(out.bytes().to_vec())
    }

    #[test]
    fn digits_are_grouped_from_the_point_on() {
        assert_eq!(of("1"), numeric(false, 0, &[1]));
        assert_eq!(of("-12345.678"), numeric(true, 1, &[1, 2345, 6780]));
        assert_eq!(of(".05"), numeric(false, -1, &[500]));
        assert_eq!(of("0.00001"), numeric(false, -2, &[1000]));
        assert_eq!(
            of("123456789012345678901"),
            numeric(false, 5, &[1, 2345, 6789, 123, 4567, 8901])
        );
        assert_eq!(of("10000"), numeric(false, 1, &[1]));
        assert_eq!(of("1.50"), of("1.5"));
    }

    #[test]
    fn an_exponent_moves_the_point() {
        assert_eq!(of("1e4"), numeric(false, 1, &[1]));
        assert_eq!(of("1.25E+3"), of("1250"));
        assert_eq!(of("125e-4"), of("0.0125"));
        assert_eq!(of("0.000125e6"), of("125"));
        assert_eq!(of("1e-16383"), numeric(false, -4096, &[10]));
        assert_eq!(of("1e131071"), numeric(false, 32_767, &[1000]));
    }

    #[test]
    fn zero_is_one_number() {
        for text in ["0", "-0", "0.00", "0e999999999999", "-0.0E-7"] {
            assert_eq!(of(text), numeric(false, 0, &[]), "{text}");
        }
    }

    #[test]
    fn what_no_numeric_holds_is_refused() {
        for text in ["1e131072", "1e-16384", "1e99999999999999999999", "", "-", ".", "1x", "nan"] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
