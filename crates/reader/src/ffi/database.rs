//! Databases, connections, statements and streams of chunks, each closed with its owner.

use std::{
    ffi::{CStr, CString, c_char},
    ptr,
    sync::Arc,
};

use duckdb::ffi;
use migrator_model::LogicalType;
use thiserror::Error;

use super::{logical, vectors};
use crate::vector::Vector;

/// What DuckDB says went wrong.
#[derive(Clone, Debug, Error)]
#[error("{message}")]
pub struct DuckError {
    /// DuckDB's own text, all lines.
    pub message: String,
}

impl DuckError {
    fn new(message: impl Into<String>) -> Self {
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
            ffi::DuckDBSuccess => Ok(Session { raw, _database: Arc::clone(self) }),
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

/// A connection. One statement streams at a time.
pub struct Session {
    raw: ffi::duckdb_connection,
    _database: Arc<Database>,
}

impl Session {
    /// Prepares one statement.
    pub fn prepare(&self, sql: &str) -> Result<Statement<'_>, DuckError> {
        let sql = c_string(sql)?;
        let mut statement = Statement { raw: ptr::null_mut(), types: Vec::new(), _session: self };
        // SAFETY: the connection is open; the statement is destroyed with its owner either way.
        let state = unsafe { ffi::duckdb_prepare(self.raw, sql.as_ptr(), &mut statement.raw) };
        if state != ffi::DuckDBSuccess {
            // SAFETY: the statement exists, and the text belongs to it.
            return Err(unsafe { borrowed(ffi::duckdb_prepare_error(statement.raw)) });
        }
        statement.types = statement.column_types();
        Ok(statement)
    }

    /// Runs a statement that gives no rows worth keeping.
    pub fn execute(&self, sql: &str) -> Result<(), DuckError> {
        let sql = c_string(sql)?;
        // SAFETY: a zeroed result is what the C API expects.
        let mut stream = Stream { raw: unsafe { std::mem::zeroed() }, types: &[] };
        // SAFETY: the connection is open; the result is destroyed with its owner.
        let state = unsafe { ffi::duckdb_query(self.raw, sql.as_ptr(), &mut stream.raw) };
        if state == ffi::DuckDBSuccess { Ok(()) } else { Err(stream.error()) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: connected by us, disconnected once.
        unsafe { ffi::duckdb_disconnect(&mut self.raw) };
    }
}

/// A prepared statement.
pub struct Statement<'s> {
    raw: ffi::duckdb_prepared_statement,
    types: Vec<LogicalType>,
    _session: &'s Session,
}

impl Statement<'_> {
    /// The types of the result's columns.
    pub fn types(&self) -> &[LogicalType] {
        &self.types
    }

    fn column_types(&self) -> Vec<LogicalType> {
        // SAFETY: the statement is prepared; every index is below the count.
        unsafe {
            let count = ffi::duckdb_prepared_statement_column_count(self.raw);
            let one = |index| ffi::duckdb_prepared_statement_column_logical_type(self.raw, index);
            (0..count).map(|index| logical::take(one(index))).collect()
        }
    }

    /// Starts it; chunks come as they are asked for, so that memory stays flat.
    pub fn stream(&self) -> Result<Stream<'_>, DuckError> {
        // SAFETY: a zeroed result is what the C API expects.
        let mut stream = Stream { raw: unsafe { std::mem::zeroed() }, types: &self.types };
        // SAFETY: statement and result are live; the result is destroyed with its owner.
        let state = unsafe { ffi::duckdb_execute_prepared_streaming(self.raw, &mut stream.raw) };
        if state == ffi::DuckDBSuccess { Ok(stream) } else { Err(stream.error()) }
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        // SAFETY: prepared by us, destroyed once.
        unsafe { ffi::duckdb_destroy_prepare(&mut self.raw) };
    }
}

/// A running statement.
pub struct Stream<'s> {
    raw: ffi::duckdb_result,
    types: &'s [LogicalType],
}

// SAFETY: a result may be fetched from by any thread; the exclusive borrow lets one at a time.
unsafe impl Send for Stream<'_> {}

impl<'s> Stream<'s> {
    /// The next chunk, of at most 2,048 rows; None at the end. It owns its rows, or holds on to
    /// the blocks that they lie in, and may outlive the stream.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk<'s>>, DuckError> {
        // SAFETY: the result is live and streaming.
        let raw = unsafe { ffi::duckdb_fetch_chunk(self.raw) };
        if !raw.is_null() {
            return Ok(Some(Chunk { raw, types: self.types }));
        }
        // SAFETY: the result is live; a null error means that it has come to its end.
        let message = unsafe { ffi::duckdb_result_error(&mut self.raw) };
        if message.is_null() { Ok(None) } else { Err(self.error()) }
    }

    fn error(&mut self) -> DuckError {
        // SAFETY: the result is live, and the text belongs to it.
        unsafe { borrowed(ffi::duckdb_result_error(&mut self.raw)) }
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        // SAFETY: executed by us, destroyed once.
        unsafe { ffi::duckdb_destroy_result(&mut self.raw) };
    }
}

/// A batch of rows.
pub struct Chunk<'s> {
    raw: ffi::duckdb_data_chunk,
    types: &'s [LogicalType],
}

impl Chunk<'_> {
    /// How many rows.
    pub fn rows(&self) -> usize {
        // SAFETY: the chunk is live.
        unsafe { ffi::duckdb_data_chunk_get_size(self.raw) as usize }
    }

    /// Its columns.
    pub fn vectors(&self) -> Vec<Vector<'_>> {
        let rows = self.rows();
        let one = |(index, logical): (u64, &LogicalType)| {
            // SAFETY: a fetched chunk is flat, has the statement's types, and lives as long as
            // the views, which borrow it.
            unsafe {
                vectors::view(ffi::duckdb_data_chunk_get_vector(self.raw, index), logical, rows)
            }
        };
        (0..).zip(self.types).map(one).collect()
    }
}

impl Drop for Chunk<'_> {
    fn drop(&mut self) {
        // SAFETY: fetched by us, destroyed once.
        unsafe { ffi::duckdb_destroy_data_chunk(&mut self.raw) };
    }
}

fn c_string(text: &str) -> Result<CString, DuckError> {
    CString::new(text).map_err(|_| DuckError::new("a statement cannot hold a NUL byte"))
}

/// An error from a text that stays DuckDB's.
///
/// # Safety
/// The pointer must be null or NUL-terminated.
unsafe fn borrowed(text: *const c_char) -> DuckError {
    if text.is_null() {
        return DuckError::new("DuckDB gave no reason");
    }
    // SAFETY: by the caller.
    DuckError::new(unsafe { CStr::from_ptr(text) }.to_string_lossy())
}
