//! Numbers as PostgreSQL prints them, with every digit.

/// A number with a point at a fixed place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Number {
    /// Reads `-12.50`; None for NaN and infinities.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number =
            is_digits(whole) && is_digits(fraction) && !digits.trim_matches('.').is_empty();
        let (whole, fraction) = (whole.trim_start_matches('0').to_owned(), fraction.to_owned());
        is_number.then_some(Self { negative, whole, fraction })
    }

    /// The digits behind the point.
    pub fn scale(&self) -> usize {
        self.fraction.len()
    }

    /// Whether it is less than zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The greatest multiple of ten to the minus `scale` that is not greater, without its point, and
    /// whether it is the number itself; None beyond i128.
    pub fn floor(&self, scale: usize) -> Option<(i128, bool)> {
        let kept = scale.min(self.fraction.len());
        let (near, rest) = self.fraction.split_at(kept);
        let zeros = "0".repeat(scale - kept);
        let digits = format!("0{}{near}{zeros}", self.whole);
        let magnitude: i128 = digits.parse().ok()?;
        let is_exact = rest.bytes().all(|digit| digit == b'0');
        Some(match (self.negative, is_exact) {
            (false, _) => (magnitude, is_exact),
            (true, true) => (-magnitude, true),
            (true, false) => (-magnitude - 1, false),
        })
    }
}

/// An unscaled number with its point.
pub fn with_point(unscaled: i128, scale: u8) -> String {
    let (sign, scale) = (if unscaled < 0 { "-" } else { "" }, usize::from(scale));
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(text: &str, scale: usize) -> Option<(i128, bool)> {
        Number::parse(text).unwrap().floor(scale)
    }

    #[test]
    fn numbers_are_cut_downwards() {
        assert_eq!(floor("12.50", 2), Some((1250, true)));
        assert_eq!(floor("12.50", 1), Some((125, true)));
        assert_eq!(floor("12.50", 0), Some((12, false)));
        assert_eq!(floor("-12.50", 0), Some((-13, false)));
        assert_eq!(floor("-12.00", 0), Some((-12, true)));
        assert_eq!(floor("-0.001", 2), Some((-1, false)));
        assert_eq!(floor("7", 3), Some((7000, true)));
        assert_eq!(floor("0", 0), Some((0, true)));
    }

    #[test]
    fn what_is_beyond_i128_is_nowhere() {
        assert_eq!(floor("170141183460469231731687303715884105727", 0), Some((i128::MAX, true)));
        assert_eq!(floor("170141183460469231731687303715884105728", 0), None);
        assert_eq!(floor(&"9".repeat(500), 0), None);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "NaN", "Infinity", "1e5", "1.2.3", "+1", " 1"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_point_is_put_back() {
        assert_eq!(with_point(5, 2), "0.05");
        assert_eq!(with_point(-1250, 2), "-12.50");
        assert_eq!(with_point(-1250, 0), "-1250");
        assert_eq!(with_point(0, 3), "0.000");
    }
}
