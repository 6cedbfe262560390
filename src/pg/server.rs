//! Facts about this server and this backend.

use std::{
    ffi::{CStr, c_char},
    path::PathBuf,
};

use pgrx::pg_sys;

use crate::error::{Error, Result};

/// `pg_config --pkglibdir`, as this server resolved it.
pub fn package_library_folder() -> PathBuf {
    path((&raw const pg_sys::pkglib_path).cast())
}

/// The data directory.
pub fn data_folder() -> PathBuf {
    // SAFETY: a NUL-terminated text that the server set at its start.
    path(unsafe { pg_sys::DataDir })
}

fn path(text: *const c_char) -> PathBuf {
    // SAFETY: by the callers, the text is NUL-terminated and lives as long as the server.
    let text = unsafe { CStr::from_ptr(text) };
    PathBuf::from(text.to_string_lossy().into_owned())
}

/// temp_file_limit in bytes; None: no limit.
pub fn temp_file_limit() -> Option<u64> {
    // SAFETY: a plain setting of this backend.
    u64::try_from(unsafe { pg_sys::temp_file_limit }).ok().map(|kilobytes| kilobytes << 10)
}

/// Refuses a database that cannot hold any UTF-8 text as it is.
pub fn require_utf8() -> Result<()> {
    // SAFETY: a plain look-up.
    let encoding = unsafe { pg_sys::GetDatabaseEncoding() } as u32;
    if encoding == pg_sys::pg_enc::PG_UTF8 || encoding == pg_sys::pg_enc::PG_SQL_ASCII {
        return Ok(());
    }
    Err(Error::new("0A000", "the database's encoding is not UTF8")
        .detail("DuckDB's texts are UTF-8, and are not converted."))
}

/// The WAL that this backend has written so far, in bytes.
pub fn wal_bytes() -> u64 {
    // SAFETY: a plain counter of this backend.
    unsafe { pg_sys::pgWalUsage.wal_bytes }
}

/// Raises the server's own ERROR in a read-only transaction and on a standby.
pub fn prevent_if_read_only(command: &std::ffi::CStr) {
    // SAFETY: a static NUL-terminated text.
    unsafe {
        pg_sys::PreventCommandIfReadOnly(command.as_ptr());
        pg_sys::PreventCommandDuringRecovery(command.as_ptr());
    }
}

/// Whether nothing can be written: the transaction is read-only, or the server a standby.
pub fn is_read_only() -> bool {
    // SAFETY: a plain variable of this backend, and a look at the server's state.
    unsafe { pg_sys::XactReadOnly || pg_sys::RecoveryInProgress() }
}

/// While it lives the transaction can only read.
struct ReadOnly {
    before: bool,
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // SAFETY: a plain variable of this backend; an abort sets it to the same.
        unsafe { pg_sys::XactReadOnly = self.before };
    }
}

/// Runs a closure that can only read, whatever the transaction can. The variable is set rather than
/// the setting `transaction_read_only`, which servers from 16 on do not let functions set for a while.
pub fn reading_only<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: a plain variable of this backend, which subtransactions inside of this restore.
    let _reading = unsafe {
        let reading = ReadOnly { before: pg_sys::XactReadOnly };
        pg_sys::XactReadOnly = true;
        reading
    };
    run()
}

/// Has all prepared statements of this session planned anew when they are executed next.
pub fn forget_plans() {
    // SAFETY: marks plans; those that run stay as long as they do.
    unsafe { pg_sys::ResetPlanCache() };
}
