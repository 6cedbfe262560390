//! The hashes of some rows of a chunk, row by row, filled column by column.

use migrator_model::canonical::hash;

use super::values::Slots;

/// Hashes of rows.
#[derive(Default)]
pub struct Sheet {
    columns: usize,
    /// The rows in the chunk.
    rows: Vec<usize>,
    hashes: Vec<u128>,
}

impl Sheet {
    /// Begins anew with these rows of a chunk.
    pub fn begin(&mut self, columns: usize, rows: impl Iterator<Item = usize>) {
        self.columns = columns;
        self.rows.clear();
        self.rows.extend(rows);
        self.hashes.resize(self.rows.len() * columns, 0);
    }

    /// The rows, and where the hashes of a column go.
    pub fn column(&mut self, column: usize) -> (&[usize], Slots<'_>) {
        let from = column.min(self.hashes.len());
        (&self.rows, self.hashes[from..].iter_mut().step_by(self.columns.max(1)))
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row's place in the chunk.
    pub fn row(&self, at: usize) -> usize {
        self.rows[at]
    }

    /// The hash of a row.
    pub fn hash(&self, at: usize) -> u128 {
        hash::of_row(self.hashes_of(at))
    }

    /// The hash of a row's key; the row's own where there is no key.
    pub fn key(&self, at: usize, key: &[usize], scratch: &mut Vec<u128>) -> u128 {
        if key.is_empty() {
            return self.hash(at);
        }
        let hashes = self.hashes_of(at);
        scratch.clear();
        scratch.extend(key.iter().map(|column| hashes[*column]));
        hash::of_row(scratch)
    }

    /// Keeps only some rows, by their places here, ascending.
    pub fn retain(&mut self, places: &[usize]) {
        for (to, from) in places.iter().enumerate() {
            self.rows[to] = self.rows[*from];
            let start = from * self.columns;
            self.hashes.copy_within(start..start + self.columns, to * self.columns);
        }
        self.rows.truncate(places.len());
        self.hashes.truncate(places.len() * self.columns);
    }

    fn hashes_of(&self, at: usize) -> &[u128] {
        &self.hashes[at * self.columns..(at + 1) * self.columns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_filled_and_rows_are_hashed() {
        let mut sheet = Sheet::default();
        sheet.begin(3, [4, 5, 9].into_iter());
        for column in 0..3 {
            let (rows, slots) = sheet.column(column);
            rows.iter().zip(slots).for_each(|(row, slot)| *slot = (row * 10 + column) as u128);
        }
        assert_eq!(sheet.hash(1), hash::of_row(&[50, 51, 52]));
        let mut scratch = Vec::new();
        assert_eq!(sheet.key(2, &[2, 0], &mut scratch), hash::of_row(&[92, 90]));
        assert_eq!(sheet.key(0, &[], &mut scratch), sheet.hash(0));
        sheet.retain(&[0, 2]);
        assert_eq!((sheet.len(), sheet.row(1)), (2, 9));
        assert_eq!(sheet.hash(1), hash::of_row(&[90, 91, 92]));
    }

    #[test]
    fn rows_without_columns_are_still_rows() {
        let mut sheet = Sheet::default();
        sheet.begin(0, 0..2);
        assert_eq!((sheet.len(), sheet.hash(1)), (2, hash::of_row(&[])));
    }
}
