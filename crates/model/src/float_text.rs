//! Floating-point numbers in PostgreSQL's words: the fewest digits that read back as the same
//! number, nearest to it, spelled as float4out and float8out spell them.
//!
//! DuckDB's own texts do not serve here: of a FLOAT it may write more digits than it needs. The
//! encoder and both sides of a comparison spell with this: it is proved against the server's own
//! texts.

use std::{fmt::LowerExp, str::FromStr};

/// An exponent is written from so many digits in front of the point on, FLT_DIG and DBL_DIG, and
/// for what is less than 10 to the power of -4.
const LEAST_POWER: i32 = -4;

/// A trifle is one in this digit behind the last: no number of so few digits comes nearer to a
/// midpoint without being one.
const TRIFLE: usize = 60;

/// FLOAT and DOUBLE.
pub trait Real: Copy + FromStr + PartialEq + Into<f64> + LowerExp + ryu::Float {
    /// Digits in front of the point that are written without an exponent.
    const PLAIN: i32;
    /// No number needs more digits.
    const MOST: usize;
    /// A midpoint between two numbers has more digits than this, or as many in front of the point:
    /// it is an odd number of 54 bits, or 25, times a power of two.
    const BELOW_MIDPOINTS: usize;

    /// Whether the last bit is zero.
    fn is_even(self) -> bool;
}

impl Real for f32 {
    const PLAIN: i32 = 6;
    const MOST: usize = 9;
    const BELOW_MIDPOINTS: usize = 7;

    fn is_even(self) -> bool {
        self.to_bits() & 1 == 0
    }
}

impl Real for f64 {
    const PLAIN: i32 = 15;
    const MOST: usize = 17;
    const BELOW_MIDPOINTS: usize = 15;

    fn is_even(self) -> bool {
        self.to_bits() & 1 == 0
    }
}

/// A number as PostgreSQL writes it.
pub fn text<T: Real>(value: T) -> String {
    let number: f64 = value.into();
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return format!("{sign}Infinity");
    }
    let Decimal { digits, power } = decimal(value);
    match digits.as_str() {
        "" => format!("{sign}0"),
        digits if (LEAST_POWER..T::PLAIN).contains(&power) => {
            sign.to_owned() + &plain(digits, power)
        }
        digits => sign.to_owned() + &scientific(digits, power),
    }
}

/// Digits without zeros at either end, the first one worth ten to the power of `power`.
#[derive(Clone, Debug, PartialEq)]
struct Decimal {
    digits: String,
    power: i32,
}

impl Decimal {
    /// `-12.50`, `1.25e-7`; the sign is left out.
    fn parse(text: &str) -> Self {
        let text = text.trim_start_matches('-');
        let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let zeros = all.len() - digits.len();
        // Written by this program, so that it is a number.
        let power = power.parse().unwrap_or(0) + whole.len() as i32 - 1 - zeros as i32;
        Self { digits: digits.trim_end_matches('0').to_owned(), power }
    }

    /// The same digits with one more in the last place.
    fn next(&self) -> Option<Self> {
        let digits: u64 = self.digits.parse().ok()?;
        let next = (digits + 1).to_string();
        let power = self.power + (next.len() - self.digits.len()) as i32;
        Some(Self { digits: next.trim_end_matches('0').to_owned(), power })
    }

    /// Whether it reads back as this number, also when it is a trifle more or less: so it lies
    /// between the midpoints to the number's neighbours, and is none of them.
    fn is_within<T: Real>(&self, number: T) -> bool {
        let sign = if number.into().is_sign_negative() { "-" } else { "" };
        let scale = self.power + 1 - self.digits.len() as i32 - TRIFLE as i32;
        let reads_back = |digits: &str| {
            format!("{sign}{digits}e{scale}").parse().is_ok_and(|read: T| read == number)
        };
        let more = format!("{}{:0>TRIFLE$}", self.digits, 1);
        let less = self.digits.parse::<u64>().map(|n| format!("{}{:9>TRIFLE$}", n - 1, 9));
        reads_back(&more) && less.is_ok_and(|less| reads_back(&less))
    }
}

/// PostgreSQL does not write the midpoint between two numbers (ryu_common.h, STRICTLY_SHORTEST):
/// somebody might round it the other way when he reads it. Only even numbers can have that in
/// their shortest digits.
fn decimal<T: Real>(value: T) -> Decimal {
    // The fewest digits, nearest to the number, of ties the even one.
    let shortest = Decimal::parse(ryu::Buffer::new().format_finite(value));
    let most = T::BELOW_MIDPOINTS;
    let is_short = shortest.digits.len() <= most && shortest.power < most as i32;
    if is_short || !value.is_even() || shortest.is_within(value) {
        return shortest;
    }
    let longer = (shortest.digits.len()..=T::MOST).find_map(|digits| {
        let nearest = Decimal::parse(&format!("{value:.*e}", digits - 1));
        let next = nearest.next();
        [Some(nearest), next].into_iter().flatten().find(|one| one.is_within(value))
    });
    longer.unwrap_or(shortest)
}

fn plain(digits: &str, power: i32) -> String {
    let Ok(power) = usize::try_from(power) else {
        return format!("0.{}{digits}", "0".repeat(power.unsigned_abs() as usize - 1));
    };
    match digits.split_at_checked(power + 1) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{digits:0<width$}", width = power + 1),
    }
}

/// An exponent has a sign and at least two digits.
fn scientific(digits: &str, power: i32) -> String {
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if power < 0 { '-' } else { '+' };
    format!("{first}{point}{rest}e{sign}{:02}", power.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_postgresql_writes_them() {
        // SELECT f::float8::text
        for wanted in [
            "0",
            "-0",
            "1",
            "0.1",
            "100000000000000",
            "1e+15",
            "1.2345678901234568e+17",
            "0.0001",
            "1e-05",
            "5e-324",
            "-1e+300",
            "0.00012345",
            "NaN",
            "Infinity",
            "-Infinity",
            "120.5",
            "212394661524138.62",
            "-1.9679200959556052e+15",
            "1.7976931348623157e+308",
            "2.2250738585072014e-308",
            "9.007199254740992e+15",
            "9.999999999999999e+22",
            "9007199254740.5",
        ] {
            assert_eq!(text(wanted.parse::<f64>().unwrap()), wanted);
        }
    }

    #[test]
    fn reals_are_written_as_postgresql_writes_them() {
        // SELECT f::float4::text
        for wanted in [
            "1e+06",
            "100000",
            "123456.7",
            "1.6777216e+07",
            "371960.38",
            "7.5913037e+08",
            "3.3554448e+07",
            "3.3554432e+07",
            "1e-45",
            "3.4028235e+38",
            "0.1",
            "1.1754944e-38",
        ] {
            assert_eq!(text(wanted.parse::<f32>().unwrap()), wanted);
        }
    }
}
