//! Trying a statement that may fail without failing the caller's transaction.

use std::{panic::AssertUnwindSafe, ptr};

use pgrx::{PgTryBuilder, pg_sys, pg_sys::panic::CaughtError};

use super::report;
use crate::error::{Error, Result};

/// Runs a closure in a subtransaction of its own. When it fails, by an error or by an ERROR of the
/// server's, everything it did is undone, and the error is returned. What must end the caller too
/// (a cancel, a lack of memory or disk, corruption) goes through.
pub fn attempt<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    attempt_unless(Error::is_fatal, run)
}

/// The same with another choice of what goes through: none of it may have left the session in need
/// of more than a rollback.
pub fn attempt_unless<T>(
    goes_through: impl Fn(&Error) -> bool,
    run: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let goes_through = AssertUnwindSafe(goes_through);
    // SAFETY: as PL/pgSQL's BEGIN … EXCEPTION block does: memory context and resource owner of
    // before are in force again after either end.
    unsafe {
        let (context, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        let restore = move || {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::CurrentResourceOwner = owner;
        };
        pg_sys::BeginInternalSubTransaction(ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let run = AssertUnwindSafe(run);
        PgTryBuilder::new(AssertUnwindSafe(move || {
            let result = { run }.0();
            match result {
                Ok(_) => pg_sys::ReleaseCurrentSubTransaction(),
                Err(_) => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
            }
            restore();
            result
        }))
        .catch_others(|error| {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
            restore();
            let caught = report::caught(&error);
            if { &goes_through }.0(&caught) { rethrow(error) } else { Err(caught) }
        })
        .execute()
    }
}

/// Runs a closure and undoes everything that it did in the database. What it returns must own
/// what it needs.
pub fn rehearse<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let mut rehearsed = None;
    // An error that nobody sees: it only makes the subtransaction roll back.
    let undone = attempt::<()>(|| {
        rehearsed = Some(run()?);
        Err(Error::new("25000", "rehearsal"))
    });
    match (rehearsed, undone) {
        (Some(result), _) => Ok(result),
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::new("XX000", "rehearsal without an end")),
    }
}

fn rethrow<T>(error: CaughtError) -> T {
    error.rethrow()
}
