//! Settings of the server's while something is measured.

use crate::{error::Result, pg::guc};

/// No index is looked at: what is found is the truth.
pub fn exact<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let names = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];
    guc::with_all(&names.map(|name| (name, "off")), run)
}

/// An index is taken wherever one can be.
pub fn indexed<T>(more: &[(&str, String)], run: impl FnOnce() -> Result<T>) -> Result<T> {
    let off = ["enable_seqscan", "enable_sort"].map(|name| (name, "off"));
    let more = more.iter().map(|(name, value)| (*name, value.as_str()));
    let all: Vec<_> = off.into_iter().chain(more).collect();
    guc::with_all(&all, run)
}
