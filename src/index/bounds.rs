//! Arguments that are numbers within bounds.

use std::{fmt::Display, ops::RangeInclusive};

use crate::error::{Error, Result};

/// Refuses a number out of a range.
pub fn between<T: PartialOrd + Display>(
    name: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<()> {
    match range.contains(&value) {
        true => Ok(()),
        false => {
            let what = format!("{name} must be between {} and {}", range.start(), range.end());
            Err(wrong(what, value))
        }
    }
}

/// Refuses what is no share of something.
pub fn share(name: &str, value: f64) -> Result<()> {
    match value > 0.0 && value <= 1.0 {
        true => Ok(()),
        false => Err(wrong(format!("{name} must be above 0 and at most 1"), value)),
    }
}

fn wrong(what: String, value: impl Display) -> Error {
    Error::new("22023", what).detail(format!("It is {value}."))
}
