//! Values of the key that cut the rows in parts of about the same size: quantiles of a sample.

use std::cmp::Ordering;

use migrator_model::canonical::{
    Canonical, profile,
    request::{Cut, Digest},
};

use super::{
    Port, check_stop,
    work::{bind_all, cell},
};
use crate::scan::{Stop, feed::Feed};

/// The rows of a sample for each part.
const ROWS_OF_A_PART: u32 = 64;
/// DuckDB fills a smaller reservoir from the first rows of a table.
const FEWEST_ROWS: u32 = 4096;
/// And a larger one costs more memory than better cuts are worth.
const MOST_ROWS: u32 = 1 << 17;
/// Of a longer value the first bytes are a cut, too: cuts need not be values that occur.
const CUT_BYTES: usize = 256;

/// How many rows are a good sample.
pub fn rows(parts: u32) -> u32 {
    parts.saturating_mul(ROWS_OF_A_PART).clamp(FEWEST_ROWS, MOST_ROWS)
}

/// Reads a sample of keys.
pub fn sample(wanted: &Digest, feed: &mut Feed<'_>, port: &mut dyn Port) -> Result<Vec<Cut>, Stop> {
    let (mut keys, mut scratch) = (Vec::new(), Canonical::default());
    while let Some(taken) = feed.next()? {
        check_stop(port)?;
        let vectors = taken.chunk.vectors();
        let columns = bind_all(wanted, &vectors);
        for row in 0..taken.chunk.rows() {
            let key = columns.iter().map(|values| cell(values, row, CUT_BYTES, &mut scratch));
            keys.push(key.collect());
        }
    }
    Ok(keys)
}

/// The keys between so many parts; fewer where keys are not enough or often the same.
pub fn quantiles(mut keys: Vec<Cut>, parts: u32) -> Vec<Cut> {
    keys.sort_by(compare);
    let places = (1..parts as usize).map(|part| part * keys.len() / parts as usize);
    let mut cuts: Vec<Cut> = places.filter_map(|at| keys.get(at).cloned()).collect();
    cuts.dedup_by(|one, other| compare(one, other).is_eq());
    cuts
}

fn compare(one: &Cut, other: &Cut) -> Ordering {
    let mut columns = one.iter().zip(other).map(|(one, other)| profile::compare(one, other));
    columns.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::{
        profile::canonical,
        request::{By, Partition},
    };

    use super::*;

    fn key(n: i128) -> Cut {
        vec![canonical(|c| c.integer(n))]
    }

    #[test]
    fn parts_are_of_the_same_size() {
        let keys: Vec<_> = (0..1000).map(|n| key(n * 7919 % 1000)).collect();
        let cuts = quantiles(keys.clone(), 4);
        assert_eq!(cuts, [key(250), key(500), key(750)]);
        let partition = Partition { key: vec![0], by: By::Cuts(cuts.into()) };
        let part = |cut: &Cut| partition.part(0, |_| cut[0].as_slice());
        let mut sizes = [0; 4];
        keys.iter().for_each(|key| sizes[part(key) as usize] += 1);
        assert_eq!(sizes, [250; 4]);
    }

    #[test]
    fn no_cut_is_there_twice() {
        let keys = [1, 1, 1, 1, 1, 2].map(key).to_vec();
        assert_eq!(quantiles(keys, 6), [key(1), key(2)]);
        assert_eq!(quantiles(vec![key(1)], 1), Vec::<Cut>::new());
        assert_eq!(quantiles(Vec::new(), 9), Vec::<Cut>::new());
        assert_eq!(quantiles(vec![key(1)], 0), Vec::<Cut>::new());
    }

    #[test]
    fn a_null_is_before_everything() {
        let keys = vec![key(-5), vec![canonical(Canonical::null)], key(9)];
        assert_eq!(quantiles(keys, 3), [key(-5), key(9)]);
    }
}
