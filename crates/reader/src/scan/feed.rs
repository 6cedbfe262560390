//! Chunks as they come from DuckDB, numbered.

use std::time::{Duration, Instant};

use migrator_model::protocol::Failure;

use crate::{
    ffi::statement::{Chunk, Stream},
    open::Origin,
};

/// A running statement, whose chunks go to one thread or to several.
pub struct Feed<'s> {
    stream: Stream<'s>,
    origin: &'s Origin,
    over: bool,
    chunks: u64,
    /// The rows that were taken.
    pub rows: u64,
    /// The time spent waiting for DuckDB.
    pub fetching: Duration,
}

/// A chunk of it.
pub struct Taken<'s> {
    /// The chunk.
    pub chunk: Chunk<'s>,
    /// Its number, from 0.
    pub number: u64,
    /// The rows before it.
    pub rows_before: u64,
}

impl<'s> Feed<'s> {
    /// Feeds from a statement on these files.
    pub fn new(stream: Stream<'s>, origin: &'s Origin) -> Self {
        Self { stream, origin, over: false, chunks: 0, rows: 0, fetching: Duration::ZERO }
    }

    /// The next chunk; None at the end, and behind an error.
    pub fn next(&mut self) -> Result<Option<Taken<'s>>, Failure> {
        if self.over {
            return Ok(None);
        }
        let asked = Instant::now();
        let chunk = self.stream.next_chunk();
        self.fetching += asked.elapsed();
        let chunk = chunk.map_err(|error| self.origin.explain(&error));
        self.over = !matches!(chunk, Ok(Some(_)));
        let Some(chunk) = chunk? else { return Ok(None) };
        let taken = Taken { number: self.chunks, rows_before: self.rows, chunk };
        self.chunks += 1;
        self.rows += taken.chunk.rows() as u64;
        Ok(Some(taken))
    }

    /// No chunk is taken any more.
    pub fn end(&mut self) {
        self.over = true;
    }

    /// The number of the next chunk.
    pub fn chunks(&self) -> u64 {
        self.chunks
    }
}
