//! Opens the source: one snapshot, read-only, with DuckDB's own sandbox on.

use std::{rc::Rc, sync::Arc};

use migrator_model::{
    protocol::{Failure, Open},
    reject::shown,
};

use once_cell::unsync::OnceCell;

use crate::{
    catalog::Cache,
    ffi::database::{Database, DuckError, Session},
};

/// DuckDB's memory limit while it only streams base tables, apart from what their columns need: it
/// would fill whatever it may with cached blocks that nobody reads twice.
const STREAMING_MEMORY: u64 = 48 << 20;
/// STANDARD_VECTOR_SIZE
const CHUNK_ROWS: u64 = 2048;
/// What a thread keeps in memory of each column that it scans: a block of its data, and one of its
/// validity.
const COLUMN_MEMORY: u64 = 2 * (256 << 10);

/// The open source.
pub struct Source {
    session: Session,
    probe: Session,
    catalog: OnceCell<Rc<Cache>>,
    path: String,
    threads: u32,
    memory_bytes: u64,
    locked: bool,
}

impl Source {
    /// Opens the file and begins a transaction, so that everything sees the same snapshot.
    pub fn open(open: &Open) -> Result<Self, Failure> {
        let failed = |error: DuckError| explain(&open.path, &error);
        let database = Database::open(&open.path, &settings(open)).map_err(failed)?;
        let database = Arc::new(database);
        let session = database.connect().map_err(failed)?;
        let probe = database.connect().map_err(failed)?;
        for statement in statements(open) {
            session.execute(&statement).map_err(failed)?;
        }
        Ok(Self {
            session,
            probe,
            catalog: OnceCell::new(),
            path: open.path.clone(),
            threads: open.threads.max(1),
            memory_bytes: open.memory_bytes,
            locked: false,
        })
    }

    /// The connection.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A connection for what may fail: any error ends the transaction of the other one. The file is
    /// open for reading only, so both see the same.
    pub fn probe(&self) -> &Session {
        &self.probe
    }

    /// The file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How many threads make rows.
    pub fn threads(&self) -> u32 {
        self.threads
    }

    /// What there is in the file, read once.
    pub fn catalog(&self) -> Result<Rc<Cache>, Failure> {
        self.catalog.get_or_try_init(|| Cache::read(self).map(Rc::new)).cloned()
    }

    /// An error of DuckDB's in PostgreSQL's terms.
    pub fn explain(&self, error: &DuckError) -> Failure {
        explain(&self.path, error)
    }

    /// Gives a view or a filter the whole of `migrator.reader_memory`, then locks every setting:
    /// from now on DuckDB runs what others have written.
    pub fn prepare_to_compute(&mut self) -> Result<(), Failure> {
        if !self.locked {
            self.limit(self.memory_bytes, self.threads)?;
            self.set("SET lock_configuration = true")?;
            self.locked = true;
        }
        Ok(())
    }

    /// Makes room for so many columns of a base table, and takes fewer threads where there is none
    /// for all; and for the chunks that lie ready, of rows of so many bytes. Without effect once
    /// something was computed: then DuckDB has all that it may have.
    pub fn prepare_to_stream(&self, columns: u64, row_bytes: u64) -> Result<(), Failure> {
        if self.locked {
            return Ok(());
        }
        let (memory, threads) = streaming(self.memory_bytes, columns, self.threads);
        self.limit(memory, threads)?;
        self.set(&format!("SET max_streaming_buffer_size = '{}B'", buffer(row_bytes)))
    }

    fn limit(&self, memory: u64, threads: u32) -> Result<(), Failure> {
        self.set(&format!("SET memory_limit = '{memory}B'"))?;
        self.set(&format!("SET threads = {threads}"))
    }

    fn set(&self, statement: &str) -> Result<(), Failure> {
        self.session.execute(statement).map_err(|error| self.explain(&error))
    }
}

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

fn settings(open: &Open) -> Vec<(&'static str, String)> {
    let text = str::to_owned;
    vec![
        ("access_mode", text("READ_ONLY")),
        ("threads", open.threads.max(1).to_string()),
        ("async_threads", text("0")),
        ("memory_limit", format!("{}B", open.memory_bytes.min(STREAMING_MEMORY))),
        ("temp_directory", open.temp_directory.clone()),
        ("enable_external_access", text("false")),
        ("autoinstall_known_extensions", text("false")),
        ("autoload_known_extensions", text("false")),
        ("allow_community_extensions", text("false")),
        ("allow_unsigned_extensions", text("false")),
        ("allow_persistent_secrets", text("false")),
    ]
}

/// What is set once the file is open: DuckDB forgets the limit of its temporary folder while it
/// opens.
fn statements(open: &Open) -> Vec<String> {
    let mut statements = vec!["SET max_streaming_buffer_size = '4MB'".to_owned()];
    if let Some(bytes) = open.temp_bytes {
        statements.push(format!("SET max_temp_directory_size = '{bytes}B'"));
    }
    statements.push("BEGIN TRANSACTION READ ONLY".to_owned());
    statements
}

/// DuckDB's errors by what a user can do about them.
pub fn explain(path: &str, error: &DuckError) -> Failure {
    let text = error.message.as_str();
    let detail = shown_error(text);
    let fail = |sqlstate, what: &str| {
        Failure::new(sqlstate, format!("{what} \"{path}\"")).detail(detail.clone())
    };
    match text {
        _ if text.contains("Could not set lock on file") => {
            fail("55006", "could not lock DuckDB file")
                .hint("Another process has the file open for writing: end it, or copy the file and its .wal and migrate the copy.")
        }
        _ if text.contains("is not a valid DuckDB database file") => {
            fail("22P04", "could not read DuckDB file")
        }
        _ if text.contains("unknown index type") => {
            fail("0A000", "could not replay the write-ahead log of DuckDB file")
                .hint("CHECKPOINT the file in a DuckDB that has the index's extension loaded.")
        }
        _ if is_corruption(text) => fail("XX001", "DuckDB file is corrupt:"),
        _ if text.contains("max_temp_directory_size") || text.contains("temp_directory") => {
            fail("53400", "no more room for temporary files of DuckDB file")
                .hint("Raise temp_file_limit, or set migrator.temp_directory to a larger disk.")
        }
        _ if text.starts_with("Out of Memory Error") => fail("53200", "out of memory reading DuckDB file")
            .hint("Raise migrator.reader_memory."),
        _ if text.starts_with("IO Error") => fail("58030", "could not read DuckDB file"),
        _ if text.starts_with("Permission Error") => {
            Failure::new("42501", "the reader's sandbox forbids this").detail(detail)
        }
        _ => Failure::new("38000", "DuckDB could not run the query").detail(detail),
    }
}

fn is_corruption(text: &str) -> bool {
    let signs = [
        "orrupt",
        "Serialization Error",
        "checksum",
        "INTERNAL Error",
        "deserialize",
        "read enough",
    ];
    signs.iter().any(|sign| text.contains(sign))
}

/// DuckDB's first line as a DETAIL; its stack traces and query excerpts stay out.
fn shown_error(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = if line.len() > 300 { shown(line) } else { line.to_owned() };
    format!("DuckDB says: {line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_table_gets_more_memory_or_fewer_threads() {
        let megabytes = |memory: u64, columns, threads| {
            let (memory, threads) = streaming(memory << 20, columns, threads);
            (memory >> 20, threads)
        };
        assert_eq!(megabytes(1024, 16, 4), (80, 4));
        assert_eq!(megabytes(1024, 400, 4), (848, 4));
        assert_eq!(megabytes(1024, 1600, 4), (848, 1));
        assert_eq!(megabytes(64, 16, 4), (64, 2));
    }
}
