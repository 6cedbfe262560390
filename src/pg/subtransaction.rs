//! Trying a statement that may fail without failing the caller's transaction.

use std::{panic::AssertUnwindSafe, ptr};

use pgrx::{PgTryBuilder, pg_sys, pg_sys::panic::CaughtError};

use super::report;
use crate::error::Result;

/// Runs a closure in a subtransaction of its own. When it raises an ERROR everything it did is
/// undone, and the ERROR is returned. What must end the caller too (a cancel, a lack of memory or
/// disk, corruption) goes through.
pub fn attempt<T>(run: impl FnOnce() -> T) -> Result<T> {
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
            pg_sys::ReleaseCurrentSubTransaction();
            restore();
            Ok(result)
        }))
        .catch_others(|error| {
            pg_sys::MemoryContextSwitchTo(context);
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
            restore();
            let caught = report::caught(&error);
            if is_fatal(caught.sqlstate()) { rethrow(error) } else { Err(caught) }
        })
        .execute()
    }
}

fn rethrow<T>(error: CaughtError) -> T {
    error.rethrow()
}

/// Operator intervention, insufficient resources, system errors, internal errors.
fn is_fatal(sqlstate: &str) -> bool {
    ["57", "53", "58", "XX"].iter().any(|class| sqlstate.starts_with(class))
}
