//! What to do with values that cannot be carried as they are, and names for what gets lost.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `options.nul_bytes`: PostgreSQL's text cannot hold a NUL byte, DuckDB's can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum NulBytes {
    /// A text with a NUL byte is a bad value; `on_error` decides the rest.
    #[default]
    Error,
    /// The row goes to the rejects, whatever `on_error` says.
    Reject,
    /// NUL bytes are left out, and counted.
    Strip,
    /// NUL bytes become this text, and are counted.
    Replace(String),
}

/// `on_error`: what becomes of a row with a value that cannot be carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnError {
    /// The first bad value ends the load.
    #[default]
    Error,
    /// The row is recorded in `migrator.rejects` and the load goes on.
    Reject,
}

/// What a value may lose on its way; counted per column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Loss {
    /// Digits below the microsecond.
    Nanoseconds,
    /// A repeated key of a JSON object; jsonb keeps the last.
    DuplicateKey,
    /// The sign of a JSON number that is minus zero.
    NegativeZero,
    /// A list that is no rectangle, so that an array type cannot hold it.
    NotRectangular,
    /// Bits of a double precision number that its target does not have.
    FloatPrecision,
    /// NUL bytes taken out of or replaced in a text.
    NulBytes,
    /// A NULL or non-finite element, so that pgvector's types cannot hold the array.
    NotAVector,
    /// A Z or M ordinate, which the column's geometry type has no room for.
    Ordinates,
    /// A vector's length: it was scaled to 1, because the user has asked for it.
    Length,
}

impl Loss {
    /// Every kind, in the order of the counters.
    pub const ALL: [Loss; 9] = [
        Loss::Nanoseconds,
        Loss::DuplicateKey,
        Loss::NegativeZero,
        Loss::NotRectangular,
        Loss::FloatPrecision,
        Loss::NulBytes,
        Loss::NotAVector,
        Loss::Ordinates,
        Loss::Length,
    ];
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::Nanoseconds => "digits below the microsecond",
            Loss::DuplicateKey => "repeated keys of a JSON object",
            Loss::NegativeZero => "the sign of a negative zero",
            Loss::NotRectangular => "the shape of a list that is no rectangle",
            Loss::FloatPrecision => "floating-point precision",
            Loss::NulBytes => "NUL bytes",
            Loss::NotAVector => "NULL or non-finite elements of a vector",
            Loss::Ordinates => "Z or M ordinates",
            Loss::Length => "their length (options.normalize)",
        })
    }
}

/// How many values of one column lost something, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses([u64; Loss::ALL.len()]);

impl Losses {
    /// Counts one value.
    pub fn count(&mut self, loss: Loss) {
        self.0[loss as usize] += 1;
    }

    /// Counts one value for each kind that it has lost something of.
    pub fn add(&mut self, lost: Lost) {
        if lost.0 != 0 {
            Loss::ALL.into_iter().filter(|loss| lost.has(*loss)).for_each(|loss| self.count(loss));
        }
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, more)| *sum += more);
    }

    /// The values counted for one kind.
    pub fn of(&self, loss: Loss) -> u64 {
        self.0[loss as usize]
    }

    /// The kinds that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (Loss, u64)> + '_ {
        Loss::ALL.into_iter().map(|loss| (loss, self.of(loss))).filter(|(_, count)| *count > 0)
    }
}

/// What one value has lost, by kind: a set, however often within the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost(u16);

const _: () = assert!(Loss::ALL.len() <= u16::BITS as usize);

impl Lost {
    /// Notes a kind.
    pub fn note(&mut self, loss: Loss) {
        self.0 |= 1 << loss as u8;
    }

    /// Whether a kind was noted.
    pub fn has(self, loss: Loss) -> bool {
        self.0 & 1 << loss as u8 != 0
    }

    /// Whether any of these has a kind.
    #[inline]
    pub fn any(all: &[Self]) -> bool {
        all.iter().fold(0, |kinds, lost| kinds | lost.0) != 0
    }

    /// Notes what a part of the value has lost.
    pub fn merge(&mut self, part: Lost) {
        self.0 |= part.0;
    }
}
