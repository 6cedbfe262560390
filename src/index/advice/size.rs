//! How large an index would be, and how long its build would take: estimates, by formulas.
//!
//! - btree: a tuple has 8 bytes, its values, aligned to 8, and 4 bytes of a line pointer; pages of
//!   8192 bytes are filled to 90 %, and above the leaves there is a hundredth. Rows of the same value
//!   share a tuple and take 6 bytes each, where nothing is included.
//! - brin: a range of 128 pages has two values and 8 bytes; three pages are there at least.
//! - gin: an entry takes about 8 bytes of a value, each has a key, and a posting takes about 3 bytes.
//! - hash: 8 bytes and a line pointer in a tuple, 16 in all, and pages are filled to 75 %.

use super::candidate::{Candidate, Method, Part};

const PAGE: f64 = 8_192.0;
const ROOM: f64 = PAGE - 24.0 - 16.0;

/// Seconds for a million rows, measured on two cores: of numbers, and of texts in a locale's order.
/// That of a hash, and of an entry in a GIN index, are assumed.
const NUMBERS: f64 = 0.42;
const TEXTS: f64 = 3.36;
const HASHES: f64 = 0.8;
const ENTRIES: f64 = 0.6;
/// A scan of pages that are cached, in bytes a second: measured, too.
const SCAN: f64 = 1.2e9;

/// What is to be known of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// Its rows.
    pub rows: f64,
    /// Its pages.
    pub pages: f64,
}

/// What an index takes on disk, in bytes.
pub fn bytes(candidate: &Candidate, table: Rows) -> f64 {
    let rows = table.rows * candidate.kept();
    let width: f64 = candidate.keys.iter().map(|key| key.width).sum();
    let pages = match candidate.method {
        Method::Btree => {
            let leaves = tree_bytes(candidate, rows, width) / (ROOM * 0.9);
            2.0 + (leaves * 1.01).ceil()
        }
        Method::Brin => 3.0 + (table.pages / 128.0 * (2.0 * width + 8.0) / ROOM).ceil(),
        Method::Gin => 2.0 + (rows * entries(width) * 4.0 / ROOM).ceil(),
        Method::Hash => 2.0 + (rows * 20.0 / (ROOM * 0.75)).ceil(),
    };
    pages * PAGE
}

fn tree_bytes(candidate: &Candidate, rows: f64, width: f64) -> f64 {
    let tuple = 8.0 + ((width + candidate.include_width) / 8.0).ceil() * 8.0 + 4.0;
    let distinct: Option<f64> = candidate.keys.iter().map(|key| key.distinct).product();
    match distinct {
        Some(distinct) if candidate.include.is_empty() && distinct * 2.0 <= rows => {
            // A tuple holds a hundred rows or so.
            let tuples = distinct.max(rows / 100.0);
            tuples * tuple + rows * 6.0
        }
        _ => rows * tuple,
    }
}

/// How many entries a value has.
fn entries(width: f64) -> f64 {
    (width / 8.0).max(1.0)
}

/// What a build takes, in seconds.
pub fn seconds(candidate: &Candidate, table: Rows) -> f64 {
    let millions = table.rows * candidate.kept() / 1e6;
    let scan = table.pages * PAGE / SCAN;
    let by_locale = |key: &Part| key.by_locale && key.class.is_none();
    let rate = |key: &Part| if by_locale(key) { TEXTS } else { NUMBERS };
    scan + match candidate.method {
        // A second column is only compared where the first is the same.
        Method::Btree => {
            let first = candidate.keys.first().map_or(NUMBERS, rate);
            millions * (first + 0.1 * (candidate.keys.len() as f64 - 1.0))
        }
        Method::Brin => 0.0,
        Method::Hash => millions * HASHES,
        Method::Gin => {
            let width: f64 = candidate.keys.iter().map(|key| key.width).sum();
            millions * entries(width) * ENTRIES
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::candidate::tests::part, *};

    const MILLION: Rows = Rows { rows: 1e6, pages: 10_000.0 };

    fn of(method: Method, share: f64) -> Candidate {
        Candidate::new(method, vec![part("a", share)], 1)
    }

    #[test]
    fn a_unique_tree_of_a_million_numbers_has_its_known_size() {
        // Measured: 21.4 MiB for a bigint with a million values.
        let size = bytes(&of(Method::Btree, 1e-6), MILLION) / (1 << 20) as f64;
        assert!((20.0..24.0).contains(&size), "{size}");
        let repeated = bytes(&of(Method::Btree, 0.001), MILLION) / (1 << 20) as f64;
        assert!((5.0..9.0).contains(&repeated), "{repeated}");
    }

    #[test]
    fn a_brin_is_tiny_and_a_condition_makes_small() {
        assert!(bytes(&of(Method::Brin, 0.1), MILLION) < 50_000.0);
        let mut partial = of(Method::Btree, 1e-6);
        let whole = bytes(&partial, MILLION);
        partial.predicate = Some(("x".into(), 0.01));
        assert!(bytes(&partial, MILLION) < whole / 50.0);
    }

    #[test]
    fn texts_in_a_locale_take_longer() {
        let mut tree = of(Method::Btree, 1e-6);
        let numbers = seconds(&tree, MILLION);
        tree.keys[0].by_locale = true;
        let texts = seconds(&tree, MILLION);
        assert!(texts > 3.0 && numbers < 0.6, "{numbers} {texts}");
    }
}
