//! The values of a column, one chunk at a time: what a binder makes and a digest goes through.

use std::{iter::StepBy, ops::Range, slice::IterMut};

use migrator_model::canonical::{Canonical, ColumnDigest, hash};

use crate::vector::Validity;

/// Where the hashes of a column go: a place in each row.
pub type Slots<'s> = StepBy<IterMut<'s, u128>>;

/// The values of one column of one chunk. The loops are methods, so that each runs without a
/// dynamic call per value.
pub trait Values {
    /// Appends the canonical bytes of a row's value, NULL among them.
    fn put(&self, row: usize, out: &mut Canonical);

    /// Appends those of several rows, one behind the other.
    fn put_range(&self, rows: Range<usize>, out: &mut Canonical) {
        rows.for_each(|row| self.put(row, out));
    }

    /// Hashes the values of these rows.
    fn hash(&self, rows: &[usize], scratch: &mut Canonical, slots: Slots<'_>) {
        for (row, slot) in rows.iter().zip(slots) {
            scratch.clear();
            self.put(*row, scratch);
            *slot = hash::of_value(scratch.bytes());
        }
    }

    /// Hashes the values of these rows, and takes them in.
    fn digest(
        &self,
        rows: &[usize],
        scratch: &mut Canonical,
        slots: Slots<'_>,
        column: &mut ColumnDigest,
    ) {
        for (row, slot) in rows.iter().zip(slots) {
            scratch.clear();
            self.put(*row, scratch);
            *slot = column.add(scratch.bytes());
        }
    }
}

/// A column that was bound.
pub type Bound<'c> = Box<dyn Values + 'c>;

/// Values that are put by their row.
struct ByRow<'c, F> {
    validity: Validity<'c>,
    put: F,
}

impl<F: Fn(usize, &mut Canonical)> Values for ByRow<'_, F> {
    #[inline]
    fn put(&self, row: usize, out: &mut Canonical) {
        match self.validity.is_valid(row) {
            true => (self.put)(row, out),
            false => out.null(),
        }
    }
}

/// Values of which each is put by its row.
pub fn by_row<'c>(validity: Validity<'c>, put: impl Fn(usize, &mut Canonical) + 'c) -> Bound<'c> {
    Box::new(ByRow { validity, put })
}

/// Values of which each is put by what the vector holds for it.
pub fn each<'c, T>(
    validity: Validity<'c>,
    stored: &'c [T],
    put: impl Fn(&'c T, &mut Canonical) + 'c,
) -> Bound<'c> {
    by_row(validity, move |row, out| put(&stored[row], out))
}
