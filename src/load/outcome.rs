//! What a load came to.

use std::time::{Duration, Instant};

use migrator_model::policy::Losses;
use serde::Serialize;

/// How rows got into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Finished pages, written past the buffer cache.
    Pages,
    /// heap_multi_insert of tuple images.
    MultiInsert,
    /// INSERT … SELECT from the reader.
    Insert,
}

impl Method {
    /// The word users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::MultiInsert => "multi_insert",
            Self::Insert => "insert",
        }
    }
}

/// What the rows of a load came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Rows that the source gave.
    pub rows_read: u64,
    /// Rows that were written.
    pub rows_loaded: u64,
    /// Rows that were set aside.
    pub rows_rejected: u64,
    /// What was lost, for each scan column.
    pub losses: Vec<Losses>,
    /// The reader's peak memory in bytes.
    pub reader_peak_memory: u64,
}

impl Loaded {
    /// Adds another table's.
    pub fn add(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        self.rows_loaded += other.rows_loaded;
        self.rows_rejected += other.rows_rejected;
        self.reader_peak_memory = self.reader_peak_memory.max(other.reader_peak_memory);
    }
}

/// Seconds spent in each phase, in order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Phases {
    /// Starting the reader, opening the file, reading its catalog.
    pub open: f64,
    /// Looking at data that decides types.
    pub profile: f64,
    /// Making or emptying the target.
    pub prepare: f64,
    /// Rows.
    pub load: f64,
    /// Of which the reader waited for DuckDB.
    pub reader_fetch: f64,
    /// Of which the reader made tuple images.
    pub reader_encode: f64,
    /// Of which the reader waited for this backend.
    pub reader_wait: f64,
    /// Keys, indexes and the like.
    pub post_data: f64,
    /// ANALYZE
    pub analyze: f64,
}

/// A clock that tells how long each phase took.
pub struct Clock {
    began: Instant,
    phase: Instant,
}

impl Clock {
    /// Starts it.
    pub fn start() -> Self {
        let now = Instant::now();
        Self { began: now, phase: now }
    }

    /// The seconds since the last lap, or the start.
    pub fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let lap = now - std::mem::replace(&mut self.phase, now);
        lap.as_secs_f64()
    }

    /// The time since the start.
    pub fn total(&self) -> Duration {
        self.began.elapsed()
    }
}
