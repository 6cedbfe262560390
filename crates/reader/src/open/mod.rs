//! Opens the source: one snapshot, read-only, with DuckDB's own sandbox on.

mod connect;
mod origin;
mod settings;
#[cfg(test)]
mod tests;

use migrator_model::protocol::{Failure, Open, SourceKind};

pub use self::origin::Origin;
use self::{connect::Connected, settings::STREAMING_MEMORY};
use crate::{
    catalog::Cache,
    ffi::database::{DuckError, Session},
};

/// STANDARD_VECTOR_SIZE
const CHUNK_ROWS: u64 = 2048;
/// What a thread keeps in memory of each column that it scans: a block of its data, and one of its
/// validity.
const COLUMN_MEMORY: u64 = 2 * (256 << 10);

/// The open source.
pub struct Source {
    session: Session,
    probe: Session,
    catalog: Cache,
    origin: Origin,
    kind: SourceKind,
    threads: u32,
    memory_bytes: u64,
    /// Whether the settings are locked, because DuckDB runs what others have written.
    locked: bool,
    /// Whether DuckDB has little memory for now.
    resting: bool,
}

impl Source {
    /// Opens the files and begins a transaction, so that everything sees the same snapshot.
    pub fn open(open: &Open) -> Result<Self, Failure> {
        let origin = Origin::of(open);
        let Connected { session, probe } = connect::connect(open, &origin)?;
        let source = Self {
            session,
            probe,
            catalog: Cache::default(),
            origin,
            kind: open.kind,
            threads: open.threads.max(1),
            memory_bytes: open.memory_bytes,
            locked: false,
            resting: false,
        };
        settings::after_open(open).iter().try_for_each(|statement| source.set(statement))?;
        source.set(BEGIN)?;
        Ok(source)
    }

    /// The connection.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A connection for what may fail: any error ends the transaction of the other one. The files
    /// are open for reading only, so both see the same.
    pub fn probe(&self) -> &Session {
        &self.probe
    }

    /// The files, as messages call them.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What kind of files they are.
    pub fn kind(&self) -> SourceKind {
        self.kind
    }

    /// How many threads make rows.
    pub fn threads(&self) -> u32 {
        self.threads
    }

    /// What is known of what there is in the source.
    pub fn catalog(&self) -> &Cache {
        &self.catalog
    }

    /// An error of DuckDB's in PostgreSQL's terms.
    pub fn explain(&self, error: &DuckError) -> Failure {
        self.origin.explain(error)
    }

    /// Begins anew when a request has failed: an error of DuckDB's ends the transaction that it
    /// happens in. The files are open for reading only, so the next sees the same.
    pub fn recover(&self) {
        // Where nothing has ended the transaction it is ended here; where it cannot be begun, the
        // next request says so.
        let _ = self.session.execute("ROLLBACK");
        let _ = self.session.execute(BEGIN);
    }

    /// Gives a view, a filter or a query the whole of `migrator.reader_memory`, then locks every
    /// setting but that: from now on DuckDB runs what others have written.
    pub fn prepare_to_compute(&mut self) -> Result<(), Failure> {
        match (self.locked, self.resting) {
            (true, false) => return Ok(()),
            (true, true) => self.set_memory(self.memory_bytes)?,
            (false, _) => {
                self.limit(self.memory_bytes, self.threads)?;
                self.set("SET allowed_configs = ['memory_limit']")?;
                self.set("SET lock_configuration = true")?;
            }
        }
        (self.locked, self.resting) = (true, false);
        Ok(())
    }

    /// Gives back what DuckDB keeps of the files: nothing is wanted for now.
    pub fn rest(&mut self) {
        // It does nothing but to save memory.
        self.resting = self.set_memory(self.memory_bytes.min(STREAMING_MEMORY)).is_ok();
    }

    /// Makes room for so many columns of a base table, and takes fewer threads where there is none
    /// for all; and for the chunks that lie ready, of rows of so many bytes. Without effect once
    /// something was computed: then DuckDB has all that it may have.
    pub fn prepare_to_stream(&mut self, columns: u64, row_bytes: u64) -> Result<(), Failure> {
        if self.locked {
            return self.prepare_to_compute();
        }
        let (memory, threads) = streaming(self.memory_bytes, columns, self.threads);
        self.limit(memory, threads)?;
        self.set(&format!("SET max_streaming_buffer_size = '{}B'", buffer(row_bytes)))
    }

    fn limit(&self, memory: u64, threads: u32) -> Result<(), Failure> {
        self.set_memory(memory)?;
        self.set(&format!("SET threads = {threads}"))
    }

    fn set_memory(&self, bytes: u64) -> Result<(), Failure> {
        self.set(&format!("SET memory_limit = '{bytes}B'"))
    }

    fn set(&self, statement: &str) -> Result<(), Failure> {
        self.session.execute(statement).map_err(|error| self.explain(&error))
    }
}

const BEGIN: &str = "BEGIN TRANSACTION READ ONLY";

/// The memory and the threads for a scan of so many columns.
fn streaming(memory: u64, columns: u64, threads: u32) -> (u64, u32) {
    let each = columns.max(1) * COLUMN_MEMORY;
    let room = memory.saturating_sub(STREAMING_MEMORY) / each;
    let threads = threads.min(u32::try_from(room).unwrap_or(u32::MAX)).max(1);
    (memory.min(STREAMING_MEMORY + u64::from(threads) * each), threads)
}

/// The memory for chunks that lie ready: with less than some of them DuckDB's threads wait for
/// each to be taken.
fn buffer(row_bytes: u64) -> u64 {
    const CHUNKS: u64 = 4;
    (CHUNKS * CHUNK_ROWS * row_bytes).clamp(4 << 20, 32 << 20)
}
