//! A kept reader for a while.

use crate::{
    error::Result,
    source::{Reader, named::ResolvedSource, pool},
};

/// Runs a closure with a reader of this source, which is kept for the next one, also when the reader
/// has refused something: it survives that.
pub fn with_reader<T>(
    source: &ResolvedSource,
    run: impl FnOnce(&mut Reader) -> Result<T>,
) -> Result<T> {
    let mut reader = pool::take(source)?;
    let answer = run(&mut reader);
    if answer.as_ref().err().is_none_or(|error| !error.is_fatal()) {
        pool::give_back(reader);
    }
    answer
}
