//! The messages between backend and reader: JSON, each behind its length as a little-endian u32.
//!
//! The backend asks, the reader answers; while a scan runs, slots travel one way and their
//! release the other. A slot belongs to whoever was last told about it.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    SourceName,
    canonical::request::{Digest, DigestReply},
    catalog::{Bounds, FileInfo, Objects, Table, TableSummary},
    layout::Attribute,
    logical_type::{Field, LogicalType},
    page::{PageRun, Pages},
    policy::{Losses, NulBytes, OnError},
    reject::Reject,
    secret::Secret,
    slot::Fragment,
};

/// Both ends must have the same; it changes with any message.
pub const PROTOCOL_VERSION: u32 = 6;
/// No message is longer, in bytes.
pub const MAX_MESSAGE: usize = 64 << 20;

/// What the backend says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// The first message: shut yourself in and look at the file's header.
    Open(Open),
    /// Lists tables and views.
    Tables,
    /// Describes one table or view.
    Describe(SourceName),
    /// Describes one table or view as far as a reader of its rows needs: its columns' names and types,
    /// their collations, and which are NOT NULL. Much faster.
    Outline(SourceName),
    /// Names the columns of a query and their types.
    DescribeQuery(String),
    /// Counts a table's rows, where DuckDB knows their number without reading them.
    Count(SourceName),
    /// Asks between what the values of a table's columns lie, where DuckDB knows without reading them.
    Bounds(SourceName),
    /// Asks how long the values of some columns are: reads them all.
    Lengths(Lengths),
    /// Lists everything else.
    Objects,
    /// Streams rows into slots, or only counts what would get lost.
    Scan(Box<Scan>),
    /// Says of rows what a comparison needs.
    Digest(Box<Digest>),
    /// Gives a slot back.
    Release(u32),
    /// Ends the scan or digest that runs, if one does: it fails.
    Stop,
    /// Nothing is wanted for now: wait so many seconds for the next request, then end. Has no answer.
    Rest {
        /// Seconds.
        seconds: u32,
    },
    /// Says that it is there.
    Wake,
    /// Ends the reader.
    Close,
}

/// What kind of files a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SourceKind {
    /// One DuckDB database.
    Database,
    /// Parquet files, each a table.
    Parquet,
    /// CSV files, each a table.
    Csv,
    /// JSON files, each a table.
    Json,
}

/// A file that the backend has resolved and checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name as the user gave it: where that is a symlink's, the name counts, not the file's own. Its
    /// extensions say what is inside, and without them it is the table's name.
    pub name: String,
    /// Its path: absolute, without symlinks.
    pub path: String,
    /// Device and inode that the backend checked: the reader opens no other file.
    pub device: u64,
    /// See `device`.
    pub inode: u64,
}

/// What to open, and within which limits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The backend's [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// What kind of files they are.
    pub kind: SourceKind,
    /// The files: one for a database, one or more for the other kinds, in the order of their names.
    pub files: Vec<SourceFile>,
    /// The key of an encrypted database.
    pub encryption_key: Option<Secret>,
    /// Only read the header: for `source_info()`, which works on encrypted files too.
    pub header_only: bool,
    /// DuckDB's memory limit in bytes.
    pub memory_bytes: u64,
    /// DuckDB's threads.
    pub threads: u32,
    /// An empty folder of this reader's own.
    pub temp_directory: String,
    /// DuckDB's limit for it in bytes; None: the disk's.
    pub temp_bytes: Option<u64>,
    /// The length of the shared memory file in bytes.
    pub slot_memory: u64,
}

/// Rows to read and what to make of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scan {
    /// The table or view; where there is a query, what messages call it.
    pub table: SourceName,
    /// A query in DuckDB SQL that is read instead of the table: the columns are its columns, in order,
    /// and there is no filter.
    pub query: Option<String>,
    /// What to select, in order.
    pub columns: Vec<ScanColumn>,
    /// A predicate in DuckDB SQL.
    pub filter: Option<String>,
    /// The target's attributes in attnum order.
    pub attributes: Vec<Attribute>,
    /// What to do with bad values.
    pub on_error: OnError,
    /// What to do with NUL bytes.
    pub nul_bytes: NulBytes,
    /// Whether values may lose something; false makes each a bad value.
    pub accept_lossy: bool,
    /// Encode, count, and throw away: no slot is used and no value is bad.
    pub dry_run: bool,
    /// Finished pages instead of rows.
    pub pages: Option<Pages>,
    /// Whether rows keep the order that DuckDB gives them in.
    pub keep_order: bool,
}

/// A column of a scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanColumn {
    /// The column's name.
    pub name: String,
    /// A field of that STRUCT column, when only it is wanted.
    pub field: Option<String>,
    /// The type the backend planned with; the reader refuses another.
    pub logical: LogicalType,
    /// Whether its vectors are scaled to length 1.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normalize: bool,
}

/// Columns of lists or bits whose lengths are wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lengths {
    /// The table or view.
    pub table: SourceName,
    /// The columns.
    pub columns: Vec<ScanColumn>,
    /// A predicate in DuckDB SQL.
    pub filter: Option<String>,
}

/// How long a column's values are, those apart that are NULL or have no element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// The least.
    pub least: Option<u64>,
    /// The most.
    pub most: Option<u64>,
    /// How many different ones there are.
    pub different: u64,
}

impl Length {
    /// The length of all, where they have one.
    pub fn only(&self) -> Option<u64> {
        self.least.filter(|least| self.most == Some(*least))
    }
}

/// What the reader says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The file is open.
    Ready(Ready),
    /// Answers [`Request::Tables`].
    Tables(Vec<TableSummary>),
    /// Answers [`Request::Describe`] and [`Request::Outline`].
    Table(Box<Table>),
    /// Answers [`Request::DescribeQuery`].
    Query(Vec<Field>),
    /// Answers [`Request::Count`]: None for a view.
    Count(Option<u64>),
    /// Answers [`Request::Bounds`]: for each column in order.
    Bounds(Vec<Option<Bounds>>),
    /// Answers [`Request::Lengths`]: for each column in order.
    Lengths(Vec<Length>),
    /// Answers [`Request::Objects`].
    Objects(Box<Objects>),
    /// Answers [`Request::Wake`].
    Awake,
    /// A scan's row count, if DuckDB knows one; sent once, before the first slot.
    Expect(Option<u64>),
    /// A slot is full.
    Slot(FullSlot),
    /// Rows that were not carried.
    Rejects(Vec<Reject>),
    /// The scan is through.
    Done(Box<Done>),
    /// Answers [`Request::Digest`], in parts.
    Digest(DigestReply),
    /// The request failed; nothing else follows for it.
    Failed(Failure),
}

/// The reader after it has opened the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// The reader's [`PROTOCOL_VERSION`].
    pub protocol: u32,
    /// The DuckDB inside, e.g. `v2.0.0`.
    pub duckdb_version: String,
    /// What the file's header says.
    pub file: FileInfo,
    /// What holds the reader in, one line each.
    pub sandbox: Vec<String>,
}

/// A slot that now belongs to the backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FullSlot {
    /// Its number, from 0.
    pub slot: u32,
    /// The bytes in use.
    pub used: usize,
    /// The rows in it; 0 for a fragment but the last of a row, and for pages of a TOAST relation.
    pub rows: u32,
    /// Set when the slot holds a part of one large row.
    pub fragment: Option<Fragment>,
    /// Set when the slot holds pages, back to back.
    pub pages: Option<PageRun>,
}

/// What a scan came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Rows that the source gave.
    pub rows_read: u64,
    /// Rows that became rejects.
    pub rows_rejected: u64,
    /// What got lost, for each scan column.
    pub losses: Vec<Losses>,
    /// Seconds spent waiting for DuckDB.
    pub fetch_seconds: f64,
    /// Seconds spent making images.
    pub encode_seconds: f64,
    /// Seconds spent waiting for the backend to give slots back.
    pub wait_seconds: f64,
    /// The most memory the reader ever held, in bytes; 0 when unknown.
    pub peak_memory: u64,
}

/// An error of the reader in PostgreSQL's terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Five characters.
    pub sqlstate: String,
    /// One factual line.
    pub message: String,
    /// Full sentences.
    pub detail: Option<String>,
    /// A remedy, where there is one.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure of one line.
    pub fn new(sqlstate: &str, message: impl Into<String>) -> Self {
        Self { sqlstate: sqlstate.into(), message: message.into(), detail: None, hint: None }
    }

    /// Adds the DETAIL.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Adds the HINT.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A message as it goes over the socket.
pub fn frame<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = bytes.len() - 4;
    if length > MAX_MESSAGE {
        return Err(io::Error::other("message is too long"));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(bytes)
}

/// The length that a frame's first four bytes announce.
pub fn frame_length(header: [u8; 4]) -> io::Result<usize> {
    let length = u32::from_le_bytes(header) as usize;
    if length > MAX_MESSAGE { Err(io::Error::other("message is too long")) } else { Ok(length) }
}

/// Reads the message inside a frame. serde_json's limit of 128 levels stands: neither side may
/// be led into a stack overflow, and types nest at most [`crate::logical_type::MAX_DEPTH`] levels.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> io::Result<T> {
    Ok(serde_json::from_slice(body)?)
}

/// Writes one message, blocking.
pub fn send<T: Serialize>(writer: &mut impl Write, message: &T) -> io::Result<()> {
    writer.write_all(&frame(message)?)?;
    writer.flush()
}

/// Reads one message, blocking. None: the other side has closed.
pub fn receive<T: DeserializeOwned>(reader: &mut impl Read) -> io::Result<Option<T>> {
    let mut header = [0; 4];
    match reader.read_exact(&mut header) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut body = vec![0; frame_length(header)?];
    reader.read_exact(&mut body)?;
    parse(&body).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_survives_the_socket() {
        let request = Request::Describe(SourceName { schema: None, name: "a\"b".into() });
        let mut bytes = Vec::new();
        send(&mut bytes, &request).unwrap();
        let mut socket = bytes.as_slice();
        assert_eq!(receive(&mut socket).unwrap(), Some(request));
        assert_eq!(receive::<Request>(&mut socket).unwrap(), None);
    }

    #[test]
    fn one_length_is_that_of_all() {
        let length = |least, most, different| Length { least, most, different }.only();
        assert_eq!(length(Some(3), Some(3), 1), Some(3));
        assert_eq!(length(Some(3), Some(4), 2), None);
        assert_eq!(length(None, None, 0), None);
    }

    #[test]
    fn an_absurd_length_is_refused() {
        let mut socket: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0];
        assert!(receive::<Request>(&mut socket).is_err());
    }
}
