//! The backend's end of a source: a reader process, what it tells of its file, and its rows.

mod connection;
mod digest;
pub mod identity;
pub mod named;
mod pattern;
pub mod pool;
mod scan;
mod spawn;
mod temp;

use migrator_model::{
    Field, SourceName,
    canonical::request::Digest,
    catalog::{Bounds, Objects, Table, TableSummary},
    protocol::{Length, Lengths, Open, PROTOCOL_VERSION, Ready, Reply, Request, Scan},
};

pub use {
    connection::malformed,
    digest::DigestStream,
    scan::{Event, Figures, OwnedScan, ScanStream, rows_lost},
};

use self::{connection::Connection, named::ResolvedSource, temp::TempFolder};
use crate::{
    error::{Error, Result},
    pg::server,
    settings,
};

/// How much of a file is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What its header says.
    Header,
    /// All of it.
    Database,
}

/// An open source. Dropping it ends its reader process.
pub struct Reader {
    connection: Connection,
    ready: Ready,
    /// What it is good for once its present user needs it no more.
    good_for: Option<pool::Want>,
}

impl Reader {
    /// Starts a reader on a source.
    pub fn open(source: &ResolvedSource, depth: Depth) -> Result<Self> {
        let temp = TempFolder::create()?;
        let mut connection = Connection::new(spawn::spawn()?, temp);
        connection.secret.clone_from(&source.key);
        let open = Open {
            protocol: PROTOCOL_VERSION,
            kind: source.kind,
            files: source.source_files(),
            encryption_key: source.key.clone(),
            header_only: depth == Depth::Header,
            memory_bytes: settings::reader_memory(),
            threads: settings::reader_threads(),
            temp_directory: connection.temp.path().to_string_lossy().into_owned(),
            temp_bytes: server::temp_file_limit(),
            slot_memory: connection.slot_memory,
        };
        match connection.ask(&Request::Open(open))? {
            Reply::Ready(ready) if ready.protocol == PROTOCOL_VERSION => {
                Ok(Self { connection, ready, good_for: None })
            }
            Reply::Ready(ready) => Err(version_mismatch(ready.protocol)),
            _ => Err(malformed()),
        }
    }

    /// What the reader said when it had opened the file.
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// The tables and views.
    pub fn tables(&mut self) -> Result<Vec<TableSummary>> {
        match self.connection.ask(&Request::Tables)? {
            Reply::Tables(tables) => Ok(tables),
            _ => Err(malformed()),
        }
    }

    /// One table or view with everything that belongs to it.
    pub fn describe(&mut self, table: &SourceName) -> Result<Table> {
        match self.connection.ask(&Request::Describe(table.clone()))? {
            Reply::Table(table) => Ok(*table),
            _ => Err(malformed()),
        }
    }

    /// The same for one that is to be read: a view that DuckDB cannot bind is refused.
    pub fn describe_readable(&mut self, table: &SourceName) -> Result<Table> {
        readable(self.describe(table)?)
    }

    /// The same without defaults, comments, constraints and indexes, which takes a fraction of the time.
    pub fn outline(&mut self, table: &SourceName) -> Result<Table> {
        match self.connection.ask(&Request::Outline(table.clone()))? {
            Reply::Table(table) => readable(*table),
            _ => Err(malformed()),
        }
    }

    /// The columns of a query in DuckDB SQL.
    pub fn describe_query(&mut self, sql: &str) -> Result<Vec<Field>> {
        match self.connection.ask(&Request::DescribeQuery(sql.to_owned()))? {
            Reply::Query(columns) => Ok(columns),
            _ => Err(malformed()),
        }
    }

    /// The number of a table's rows, where DuckDB knows it without reading them.
    pub fn count(&mut self, table: &SourceName) -> Result<Option<u64>> {
        match self.connection.ask(&Request::Count(table.clone()))? {
            Reply::Count(rows) => Ok(rows),
            _ => Err(malformed()),
        }
    }

    /// What DuckDB's statistics say of each column's values: one for each column, in order.
    pub fn bounds(&mut self, table: &SourceName) -> Result<Vec<Option<Bounds>>> {
        match self.connection.ask(&Request::Bounds(table.clone()))? {
            Reply::Bounds(bounds) => Ok(bounds),
            _ => Err(malformed()),
        }
    }

    /// How long the values of columns are: reads them all.
    pub fn lengths(&mut self, wanted: Lengths) -> Result<Vec<Length>> {
        match self.connection.ask(&Request::Lengths(wanted))? {
            Reply::Lengths(lengths) => Ok(lengths),
            _ => Err(malformed()),
        }
    }

    /// What there is besides tables and views.
    pub fn objects(&mut self) -> Result<Objects> {
        match self.connection.ask(&Request::Objects)? {
            Reply::Objects(objects) => Ok(*objects),
            _ => Err(malformed()),
        }
    }

    /// Starts a scan.
    pub fn scan(&mut self, scan: Scan) -> Result<ScanStream<'_>> {
        self.connection.begin(&Request::Scan(Box::new(scan)))?;
        Ok(ScanStream::new(&mut self.connection))
    }

    /// Starts a comparison's part on this side.
    pub fn digest(&mut self, digest: Digest) -> Result<DigestStream<'_>> {
        DigestStream::begin(&mut self.connection, digest)
    }

    /// Ends the reader politely.
    pub fn close(self) {
        self.connection.close();
    }
}

/// Refuses a view that DuckDB cannot bind.
fn readable(table: Table) -> Result<Table> {
    match &table.broken {
        None => Ok(table),
        Some(reason) => {
            let message = format!("view \"{}\" of the source cannot be read", table.name);
            Err(Error::new("0A000", message).detail(format!("DuckDB says: {reason}")))
        }
    }
}

fn version_mismatch(theirs: u32) -> Error {
    let detail = format!("The extension speaks version {PROTOCOL_VERSION}, the reader {theirs}.");
    Error::new("55000", "the reader program does not fit the extension")
        .detail(detail)
        .hint("Install both from the same release and reconnect.")
}
