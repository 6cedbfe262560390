//! The hashes of a row, of its key, and the part that it belongs to.

use migrator_model::canonical::{
    bytes::tag,
    hash,
    request::{By, Partition},
};

use crate::error::{Error, Result};

/// The hashes of the present row. They are overwritten by the next.
pub struct RowHashes {
    partition: Option<Partition>,
    values: Vec<u128>,
    key: Vec<u128>,
    /// The canonical bytes of the key's columns, where cuts divide the rows.
    cells: Vec<Vec<u8>>,
}

/// No more parts are counted: each has 32 bytes in every process.
const MAX_PARTS: usize = 1 << 20;

impl RowHashes {
    /// For rows of so many columns.
    pub fn new(partition: Option<Partition>, columns: usize) -> Result<Self> {
        if let Some(partition) = &partition {
            check(partition, columns)?;
        }
        let cells = partition.as_ref().map_or(0, |partition| match partition.by {
            By::Hash(_) => 0,
            By::Cuts(_) => partition.key.len(),
        });
        let key = Vec::with_capacity(partition.as_ref().map_or(0, |one| one.key.len()));
        Ok(Self { partition, values: vec![0; columns], key, cells: vec![Vec::new(); cells] })
    }

    /// The places of the key's columns; none: a row is its own key.
    pub fn key_places(&self) -> &[usize] {
        self.partition.as_ref().map_or(&[], |partition| &partition.key)
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.partition.as_ref().map_or(0, Partition::parts)
    }

    /// Takes a column in.
    #[inline]
    pub fn take(&mut self, at: usize, canonical: &[u8], hash: u128) {
        self.values[at] = hash;
        if !self.cells.is_empty() {
            self.keep(at, canonical);
        }
    }

    fn keep(&mut self, at: usize, canonical: &[u8]) {
        let places = self.partition.as_ref().map_or(&[][..], |partition| &partition.key);
        for (place, cell) in places.iter().zip(&mut self.cells) {
            if *place == at {
                cell.clear();
                cell.extend_from_slice(canonical);
            }
        }
    }

    /// The hash of the row.
    #[inline]
    pub fn row(&self) -> u128 {
        hash::of_row(&self.values)
    }

    /// The hash of its key.
    #[inline]
    pub fn key(&mut self) -> u128 {
        let places = self.partition.as_ref().map_or(&[][..], |partition| &partition.key);
        if places.is_empty() {
            return hash::of_row(&self.values);
        }
        self.key.clear();
        self.key.extend(places.iter().map(|place| self.values[*place]));
        hash::of_row(&self.key)
    }

    /// The part that the row belongs to, by the hash of its key; None: there are no parts.
    #[inline]
    pub fn part(&self, key: u128) -> Option<u32> {
        let cell = |at: usize| self.cells.get(at).map_or(&[][..], Vec::as_slice);
        Some(self.partition.as_ref()?.part(key, cell))
    }
}

fn check(partition: &Partition, columns: usize) -> Result<()> {
    let invalid = |detail: &str| Err(Error::new("22023", "invalid request").detail(detail));
    if partition.key.iter().any(|place| *place >= columns) {
        return invalid("A column of the key is none of the columns.");
    }
    if partition.parts() > MAX_PARTS {
        return invalid("There are too many parts.");
    }
    match &partition.by {
        By::Cuts(cuts) if cuts.iter().flatten().any(|cell| is_cut_short(cell)) => {
            invalid("A cut has a text without its length.")
        }
        _ => Ok(()),
    }
}

/// Texts are compared behind their length.
fn is_cut_short(cell: &[u8]) -> bool {
    cell.first() == Some(&tag::TEXT) && cell.len() < 5
}

#[cfg(test)]
mod tests {
    use migrator_model::canonical::profile::canonical;

    use super::*;

    fn hashes(key: Vec<usize>, by: By) -> Result<RowHashes> {
        RowHashes::new(Some(Partition { key, by }), 2)
    }

    fn take(hashes: &mut RowHashes, values: [i128; 2]) {
        for (at, value) in values.into_iter().enumerate() {
            let canonical = canonical(|c| c.integer(value));
            hashes.take(at, &canonical, hash::of_value(&canonical));
        }
    }

    #[test]
    fn a_key_is_of_its_columns_and_a_row_of_all() {
        let mut hashes = hashes(vec![1], By::Hash(8)).unwrap();
        take(&mut hashes, [1, 2]);
        let (key, row) = (hashes.key(), hashes.row());
        take(&mut hashes, [3, 2]);
        assert_eq!(hashes.key(), key);
        assert_ne!(hashes.row(), row);
        assert!(hashes.part(key).is_some_and(|part| part < 8));
    }

    #[test]
    fn a_row_without_a_key_is_its_own() {
        let mut hashes = hashes(Vec::new(), By::Hash(1)).unwrap();
        take(&mut hashes, [1, 2]);
        assert_eq!(hashes.key(), hashes.row());
    }

    #[test]
    fn cuts_divide_by_the_keys_own_order() {
        let cut = vec![canonical(|c| c.integer(10)), canonical(|c| c.integer(5))];
        let mut hashes = hashes(vec![1, 0], By::Cuts(vec![cut].into())).unwrap();
        let part = |hashes: &mut RowHashes, values| {
            take(hashes, values);
            hashes.part(0)
        };
        assert_eq!(part(&mut hashes, [4, 10]), Some(0));
        assert_eq!(part(&mut hashes, [5, 10]), Some(1));
        assert_eq!(part(&mut hashes, [0, 11]), Some(1));
    }

    #[test]
    fn a_partition_must_fit_its_columns() {
        let text_cut = By::Cuts(vec![vec![vec![tag::TEXT]]].into());
        let wrong = [(vec![2], By::Hash(1)), (vec![0], By::Hash(u32::MAX)), (vec![0], text_cut)];
        for (key, by) in wrong {
            assert!(hashes(key, by).is_err_and(|error| error.sqlstate() == "22023"));
        }
    }
}
