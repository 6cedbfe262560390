//! Databases and connections, each closed with its owner.

use std::{
    ffi::{CStr, CString, c_char},
    ptr,
    sync::Arc,
};

use duckdb::ffi;
use thiserror::Error;

use super::{
    logical,
    statement::{Statement, Stream},
};

/// What DuckDB says went wrong.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub struct DuckError {
    /// DuckDB's own text, all lines.
    pub message: String,
}

impl DuckError {
    /// An error of this text.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// The version of the DuckDB inside, e.g. `v2.0.0`.
pub fn library_version() -> String {
    // SAFETY: a static NUL-terminated text.
    unsafe { CStr::from_ptr(ffi::duckdb_library_version()).to_string_lossy().into_owned() }
}

/// An open database.
pub struct Database {
    raw: ffi::duckdb_database,
}

// SAFETY: DuckDB's database handle may be used from any thread.
unsafe impl Send for Database {}
// SAFETY: see above; only duckdb_connect is called on a shared one.
unsafe impl Sync for Database {}

impl Database {
    /// Opens a file with these settings, which are in force before the file is touched.
    pub fn open(path: &str, settings: &[(&str, String)]) -> Result<Self, DuckError> {
        let path = c_string(path)?;
        let config = Config::new(settings)?;
        let (mut raw, mut error) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: path and config are live; both results are ours afterwards.
        let state =
            unsafe { ffi::duckdb_open_ext(path.as_ptr(), &mut raw, config.raw, &mut error) };
        match logical::owned(error) {
            None if state == ffi::DuckDBSuccess => Ok(Self { raw }),
            message => Err(DuckError::new(message.unwrap_or_else(|| "open failed".into()))),
        }
    }

    /// A connection of its own.
    pub fn connect(self: &Arc<Self>) -> Result<Session, DuckError> {
        let mut raw = ptr::null_mut();
        // SAFETY: the database is open.
        match unsafe { ffi::duckdb_connect(self.raw, &mut raw) } {
            ffi::DuckDBSuccess => {
                Ok(Session { connection: Arc::new(Connection { raw, _database: self.clone() }) })
            }
            _ => Err(DuckError::new("could not connect to the database")),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { ffi::duckdb_close(&mut self.raw) };
    }
}

struct Config {
    raw: ffi::duckdb_config,
}

impl Config {
    fn new(settings: &[(&str, String)]) -> Result<Self, DuckError> {
        let mut config = Self { raw: ptr::null_mut() };
        // SAFETY: the out pointer is live; the config is destroyed with its owner.
        unsafe { ffi::duckdb_create_config(&mut config.raw) };
        for (name, value) in settings {
            let (name, value) = (c_string(name)?, c_string(value)?);
            // SAFETY: all three are live.
            let state =
                unsafe { ffi::duckdb_set_config(config.raw, name.as_ptr(), value.as_ptr()) };
            if state != ffi::DuckDBSuccess {
                return Err(DuckError::new(format!("could not set {name:?}")));
            }
        }
        Ok(config)
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: created by us, destroyed once.
        unsafe { ffi::duckdb_destroy_config(&mut self.raw) };
    }
}

/// The connection of a session, which goes when nobody can interrupt it any more.
struct Connection {
    raw: ffi::duckdb_connection,
    _database: Arc<Database>,
}

// SAFETY: a connection locks itself for whatever it is asked to do, and may be closed on any thread.
unsafe impl Send for Connection {}
// SAFETY: see above; duckdb_interrupt, which takes no lock, sets an atomic flag.
unsafe impl Sync for Connection {}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: connected by us, disconnected once.
        unsafe { ffi::duckdb_disconnect(&mut self.raw) };
    }
}

/// A connection. One statement streams at a time.
pub struct Session {
    connection: Arc<Connection>,
}

impl Session {
    /// Prepares one statement.
    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>, DuckError> {
        Statement::prepare(self, &c_string(sql)?)
    }

    /// Runs a statement that gives no rows worth keeping.
    pub fn execute(&self, sql: &str) -> Result<(), DuckError> {
        let sql = c_string(sql)?;
        let mut stream = Stream::empty(&[]);
        // SAFETY: the connection is open; the result is destroyed with its owner.
        let state = unsafe { ffi::duckdb_query(self.raw(), sql.as_ptr(), stream.raw()) };
        if state == ffi::DuckDBSuccess { Ok(()) } else { Err(stream.error()) }
    }

    /// What ends a running statement from another thread.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter { connection: self.connection.clone() }
    }

    pub(super) fn raw(&self) -> ffi::duckdb_connection {
        self.connection.raw
    }
}

/// Ends what runs on a connection: that fails. Nothing happens where nothing runs.
pub struct Interrupter {
    connection: Arc<Connection>,
}

impl Interrupter {
    /// Ends it.
    pub fn interrupt(&self) {
        // SAFETY: the connection is open as long as one of its owners lives.
        unsafe { ffi::duckdb_interrupt(self.connection.raw) };
    }
}

/// A text for DuckDB.
pub(super) fn c_string(text: &str) -> Result<CString, DuckError> {
    CString::new(text).map_err(|_| DuckError::new("a statement cannot hold a NUL byte"))
}

/// An error from a text that stays DuckDB's.
///
/// # Safety
/// The pointer must be null or NUL-terminated.
pub(super) unsafe fn borrowed(text: *const c_char) -> DuckError {
    if text.is_null() {
        return DuckError::new("DuckDB gave no reason");
    }
    // SAFETY: by the caller.
    DuckError::new(unsafe { CStr::from_ptr(text) }.to_string_lossy())
}
