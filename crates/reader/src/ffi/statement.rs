//! Prepared statements, their streams, and the chunks of those.

use std::{ffi::CStr, ptr};

use duckdb::ffi;
use migrator_model::LogicalType;

use super::{
    database::{DuckError, Session, borrowed},
    logical, vectors,
};
use crate::vector::Vector;

/// A prepared statement.
pub struct Statement<'s> {
    raw: ffi::duckdb_prepared_statement,
    types: Vec<LogicalType>,
    _session: &'s Session,
}

impl<'s> Statement<'s> {
    pub(super) fn prepare(session: &'s Session, sql: &CStr) -> Result<Self, DuckError> {
        let mut statement = Self { raw: ptr::null_mut(), types: Vec::new(), _session: session };
        // SAFETY: the connection is open; the statement is destroyed with its owner either way.
        let state = unsafe { ffi::duckdb_prepare(session.raw(), sql.as_ptr(), &mut statement.raw) };
        if state != ffi::DuckDBSuccess {
            // SAFETY: the statement exists, and the text belongs to it.
            return Err(unsafe { borrowed(ffi::duckdb_prepare_error(statement.raw)) });
        }
        statement.types = statement.column_types();
        Ok(statement)
    }

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

    /// The names of the result's columns.
    pub fn names(&self) -> Vec<String> {
        let name = |index: usize| {
            // SAFETY: the statement is prepared; the index is below the count, and the text is ours.
            let name =
                unsafe { ffi::duckdb_prepared_statement_column_name(self.raw, index as u64) };
            logical::owned(name.cast_mut()).unwrap_or_default()
        };
        (0..self.types.len()).map(name).collect()
    }

    /// How many parameters it has: `$1`, `?`.
    pub fn parameters(&self) -> u64 {
        // SAFETY: the statement is prepared.
        unsafe { ffi::duckdb_nparams(self.raw) }
    }

    /// Starts it; chunks come as they are asked for, so that memory stays flat.
    pub fn stream(&self) -> Result<Stream<'_>, DuckError> {
        let mut stream = Stream::empty(&self.types);
        // SAFETY: statement and result are live; the result is destroyed with its owner.
        let state = unsafe { ffi::duckdb_execute_prepared_streaming(self.raw, stream.raw()) };
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
    /// One for DuckDB to fill.
    pub(super) fn empty(types: &'s [LogicalType]) -> Self {
        // SAFETY: a zeroed result is what the C API expects.
        Self { raw: unsafe { std::mem::zeroed() }, types }
    }

    pub(super) fn raw(&mut self) -> &mut ffi::duckdb_result {
        &mut self.raw
    }

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

    pub(super) fn error(&mut self) -> DuckError {
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
