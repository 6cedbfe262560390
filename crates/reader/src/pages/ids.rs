//! Identifiers of values out of line.

use std::sync::atomic::{AtomicU64, Ordering};

use migrator_model::{BadValue, page::LOWEST_VALUE};

/// Hands out the identifiers of values, each once; all threads share it.
///
/// They count down from the first. Below [`LOWEST_VALUE`] they go on from the highest there is, so
/// that none is reserved or invalid (InvalidOid).
#[derive(Debug)]
pub struct ValueIds {
    first: u32,
    /// How many were handed out. It has 64 bits so that it never comes round to one that was.
    used: AtomicU64,
}

impl ValueIds {
    /// All identifiers, from this one on.
    pub fn new(first: u32) -> Self {
        // From a reserved one the way down is empty: the highest is next.
        let first = if first < LOWEST_VALUE { u32::MAX } else { first };
        Self { first, used: AtomicU64::new(0) }
    }

    /// The next one; 54000 when all four billion are used.
    pub fn next(&self) -> Result<u32, BadValue> {
        let used = self.used.fetch_add(1, Ordering::Relaxed);
        let below = u64::from(self.first - LOWEST_VALUE);
        let above = u64::from(u32::MAX - self.first);
        if used <= below {
            Ok(self.first - used as u32)
        } else if used - below <= above {
            Ok(u32::MAX - (used - below - 1) as u32)
        } else {
            Err(BadValue::new("54000", "more than 4 billion values do not fit a TOAST relation"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(first: u32, used: u64) -> Result<u32, BadValue> {
        let ids = ValueIds::new(first);
        ids.used.store(used, Ordering::Relaxed);
        ids.next()
    }

    #[test]
    fn they_count_down() {
        let ids = ValueIds::new(20_000);
        assert_eq!([ids.next(), ids.next(), ids.next()], [Ok(20_000), Ok(19_999), Ok(19_998)]);
    }

    #[test]
    fn after_the_lowest_comes_the_highest() {
        let ids = ValueIds::new(LOWEST_VALUE);
        assert_eq!([ids.next(), ids.next()], [Ok(LOWEST_VALUE), Ok(u32::MAX)]);
        assert_eq!(after(u32::MAX, 1), Ok(u32::MAX - 1));
    }

    #[test]
    fn a_reserved_one_never_comes_out() {
        for first in [0, 1, LOWEST_VALUE - 1] {
            assert_eq!(ValueIds::new(first).next(), Ok(u32::MAX));
        }
    }

    #[test]
    fn each_comes_out_once() {
        let all = u64::from(u32::MAX - LOWEST_VALUE) + 1;
        for first in [LOWEST_VALUE, 70_000, u32::MAX - 1, u32::MAX] {
            let last = if first == u32::MAX { LOWEST_VALUE } else { first + 1 };
            assert_eq!(after(first, all - 1), Ok(last));
            assert_eq!(after(first, all).unwrap_err().sqlstate, "54000");
            assert_eq!(after(first, all + 5).unwrap_err().sqlstate, "54000");
        }
    }
}
