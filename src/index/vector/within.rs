//! Settings of the server's while something is measured or built.

use crate::{error::Result, pg::guc};

/// Runs a closure with settings; those of before come back with its end, also by an ERROR.
pub fn settings<'a, T>(
    settings: &'a [(&'a str, String)],
    run: Box<dyn FnOnce() -> Result<T> + 'a>,
) -> Result<T> {
    match settings {
        [] => run(),
        [(name, value), rest @ ..] => guc::with(name, value, || self::settings(rest, run)),
    }
}

/// No index is looked at: what is found is the truth.
pub fn exact<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let off = |name| (name, "off".to_owned());
    let names = ["enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan"];
    settings(&names.map(off), Box::new(run))
}

/// An index is taken wherever one can be.
pub fn indexed<T>(more: &[(&str, String)], run: impl FnOnce() -> Result<T>) -> Result<T> {
    let off = |name: &'static str| (name, "off".to_owned());
    let all: Vec<_> = [off("enable_seqscan"), off("enable_sort")]
        .into_iter()
        .chain(more.iter().cloned())
        .collect();
    settings(&all, Box::new(run))
}
