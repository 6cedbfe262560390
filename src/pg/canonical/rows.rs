//! The rows that calls are made with: their canonical bytes and hashes.

use migrator_model::canonical::{Canonical, hash, request::TargetRequest};
use pgrx::pg_sys;

use super::{columns::Columns, hashes::RowHashes};
use crate::{error::Result, pg::call::Call};

/// Reads rows.
pub struct Rows {
    columns: Columns,
    hashes: RowHashes,
    is_in_key: Vec<bool>,
    canonical: Canonical,
}

impl Rows {
    /// Binds a request to a call whose columns are its arguments from one on.
    pub fn bind(request: &TargetRequest, call: &Call<'_>, first: usize) -> Result<Self> {
        let columns = Columns::bind(&request.kinds, &call.types_from(first))?;
        let count = columns.count();
        let hashes = RowHashes::new(request.partition.clone(), count)?;
        let key = hashes.key_places();
        let is_in_key = (0..count).map(|at| key.is_empty() || key.contains(&at)).collect();
        Ok(Self { columns, hashes, is_in_key, canonical: Canonical::default() })
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns.count()
    }

    /// How many parts there are.
    pub fn parts(&self) -> usize {
        self.hashes.parts()
    }

    /// The part of the row that was read last, by the hash of its key.
    #[inline]
    pub fn part(&self, key: u128) -> Option<u32> {
        self.hashes.part(key)
    }

    /// Reads a row, and returns the hashes of its key and of all of it. `hash` is given the
    /// canonical bytes of each column and says their hash.
    ///
    /// # Safety
    /// The arguments must be of a call like the one that was bound.
    #[inline]
    pub unsafe fn read(
        &mut self,
        arguments: &[pg_sys::NullableDatum],
        mut hash: impl FnMut(usize, &[u8]) -> u128,
    ) -> Result<(u128, u128)> {
        let Self { columns, hashes, canonical, .. } = self;
        let take = |at, bytes: &[u8]| hashes.take(at, bytes, hash(at, bytes));
        // SAFETY: by the caller.
        unsafe { columns.each(arguments, canonical, |_| true, take)? };
        Ok((hashes.key(), hashes.row()))
    }

    /// Reads no more of a row than its key, and returns its hash.
    ///
    /// # Safety
    /// The arguments must be of a call like the one that was bound.
    #[inline]
    pub unsafe fn read_key(&mut self, arguments: &[pg_sys::NullableDatum]) -> Result<u128> {
        let Self { columns, hashes, canonical, is_in_key } = self;
        let take = |at, bytes: &[u8]| hashes.take(at, bytes, hash::of_value(bytes));
        // SAFETY: by the caller.
        unsafe { columns.each(arguments, canonical, |at| is_in_key[at], take)? };
        Ok(hashes.key())
    }
}
