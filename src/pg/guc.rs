//! Settings of the server's for a while.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

use crate::error::{Error, Result};

/// A level of settings, undone with its owner; an abort of the transaction undoes it, too.
struct Level {
    number: i32,
    /// Whether what a SET in it has set stays.
    keeps: bool,
}

impl Drop for Level {
    fn drop(&mut self) {
        // SAFETY: the level is the innermost; while an ERROR unwinds the server undoes it itself.
        unsafe {
            if pg_sys::IsTransactionState() && !std::thread::panicking() {
                pg_sys::AtEOXact_GUC(self.keeps, self.number);
            }
        }
    }
}

impl Level {
    fn begin() -> Self {
        // SAFETY: begins a level, which ends with its owner.
        Self { number: unsafe { pg_sys::NewGUCNestLevel() }, keeps: true }
    }
}

/// Runs a closure and undoes what it has set, also by SET in a function that it calls.
pub(super) fn undone<T>(run: impl FnOnce() -> T) -> T {
    let mut level = Level::begin();
    level.keeps = false;
    run()
}

/// Runs a closure with a setting that the current user may set; another is the server's ERROR.
pub fn with<T>(name: &str, value: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    with_all(&[(name, value)], run)
}

/// The same with several.
pub fn with_all<T>(
    settings: &[(&str, impl AsRef<str>)],
    run: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let _level = Level::begin();
    // SAFETY: a plain look-up.
    let context = match unsafe { pg_sys::superuser() } {
        true => pg_sys::GucContext::PGC_SUSET,
        false => pg_sys::GucContext::PGC_USERSET,
    };
    for (name, value) in settings {
        let nul = |_| Error::new("22023", format!("invalid value for {name}"));
        let value = CString::new(value.as_ref()).map_err(nul)?;
        set(&CString::new(*name).map_err(nul)?, &value, context);
    }
    run()
}

/// Runs a closure with settings that everybody may change. What has its value already stays as it
/// is: then nothing is changed back either.
pub fn with_each<T>(settings: &[(&CStr, &CStr)], run: impl FnOnce() -> T) -> T {
    let mut level = None;
    for (name, value) in settings {
        if !has(name, value) {
            level.get_or_insert_with(Level::begin);
            set(name, value, pg_sys::GucContext::PGC_USERSET);
        }
    }
    run()
}

/// Runs a closure without numbers for queries, which nobody but a superuser may set: statistics of
/// queries leave out what has none, and what only looks at a query is no part of them.
pub(super) fn without_query_ids<T>(run: impl FnOnce() -> T) -> T {
    let _level = Level::begin();
    set(c"compute_query_id", c"off", pg_sys::GucContext::PGC_SUSET);
    run()
}

/// Whether a setting has this value, or a list that begins with it: `ISO, MDY`.
fn has(name: &CStr, value: &CStr) -> bool {
    // SAFETY: the name is NUL-terminated, and so is the value, which nobody changes meanwhile.
    let current = unsafe {
        let current = pg_sys::GetConfigOption(name.as_ptr(), true, false);
        if current.is_null() { c"" } else { CStr::from_ptr(current) }
    };
    let first = current.to_bytes().split(|byte| *byte == b',').next();
    first == Some(value.to_bytes())
}

/// Sets it until the innermost level ends.
pub(super) fn set(name: &CStr, value: &CStr, context: pg_sys::GucContext::Type) {
    set_by(name, value, context, pg_sys::GucAction::GUC_ACTION_SAVE);
}

/// Sets it for the rest of the session; one that this server does not have is left out.
pub fn set_for_session(name: &CStr, value: &CStr) {
    // SAFETY: the name is NUL-terminated.
    let is_known = !unsafe { pg_sys::GetConfigOption(name.as_ptr(), true, false) }.is_null();
    if is_known {
        let context = pg_sys::GucContext::PGC_USERSET;
        set_by(name, value, context, pg_sys::GucAction::GUC_ACTION_SET);
    }
}

fn set_by(
    name: &CStr,
    value: &CStr,
    context: pg_sys::GucContext::Type,
    action: pg_sys::GucAction::Type,
) {
    // SAFETY: both texts are NUL-terminated and live; the server copies them.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            context,
            pg_sys::GucSource::PGC_S_SESSION,
            action,
            true,
            0,
            false,
        );
    }
}
