//! A reader process, and the backend's part of the conversation.

use std::{
    fs::File,
    io::Read,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{FileExt, MetadataExt},
            net::UnixStream,
        },
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use duckdb::Connection;
use migrator_model::{
    Field, LogicalType, PgType, SourceName,
    catalog::{Table, TableSummary},
    layout::{Attribute, Target},
    policy::{NulBytes, OnError},
    protocol::{
        self, Done, Failure, Open, PROTOCOL_VERSION, Ready, Reply, Request, Scan, ScanColumn,
        SourceFile, SourceKind,
    },
    secret::Secret,
    slot::{Images, SLOT_BYTES},
};
use tempfile::TempDir;

/// A few slots.
const SLOT_MEMORY: u64 = 8 * SLOT_BYTES as u64;
/// HeapTupleHeader without NULLs, MAXALIGNed.
const HEADER: usize = 24;

/// Runs statements in a DuckDB file.
pub fn make(path: &Path, statements: &[&str]) {
    let connection = Connection::open(path).unwrap();
    for statement in statements {
        connection.execute_batch(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Runs statements in an empty database, for the files that they write.
pub fn run(statements: &[String]) {
    let connection = Connection::open_in_memory().unwrap();
    for statement in statements {
        connection.execute_batch(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// Makes an encrypted file: the DuckDB inside can do so only with random numbers that it calls unsafe.
pub fn make_encrypted(path: &Path, key: &str, statements: &[&str]) {
    let name = path.file_stem().unwrap().display();
    let attach = format!("ATTACH '{}' AS {name} (ENCRYPTION_KEY '{key}')", path.display());
    let mut all =
        vec!["SET force_mbedtls_unsafe = 'true'".to_owned(), attach, format!("USE {name}")];
    all.extend(statements.iter().map(|statement| (*statement).to_owned()));
    all.extend(["USE memory".to_owned(), format!("DETACH {name}")]);
    run(&all);
}

/// What to open, with a temporary folder of its own.
pub fn open_of(kind: SourceKind, paths: &[&Path], temp: &Path) -> Open {
    let file = |path: &&Path| {
        let found = path.metadata().ok();
        SourceFile {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            path: path.to_str().unwrap().to_owned(),
            device: found.as_ref().map_or(0, MetadataExt::dev),
            inode: found.as_ref().map_or(0, MetadataExt::ino),
        }
    };
    Open {
        protocol: PROTOCOL_VERSION,
        kind,
        files: paths.iter().map(file).collect(),
        encryption_key: None,
        header_only: false,
        memory_bytes: 512 << 20,
        threads: 2,
        temp_directory: temp.to_str().unwrap().to_owned(),
        temp_bytes: None,
        slot_memory: SLOT_MEMORY,
    }
}

/// A process that has opened something.
pub struct Reader {
    child: Child,
    socket: UnixStream,
    slots: File,
    errors: File,
    /// What it said of itself.
    pub ready: Ready,
    _temp: TempDir,
}

/// What a scan brought.
#[derive(Debug)]
pub struct Scanned {
    /// The rows' images.
    pub images: Vec<Vec<u8>>,
    /// How many slots they came in.
    pub slots: usize,
    /// The end.
    pub done: Done,
}

impl Reader {
    /// Opens a database.
    pub fn database(path: &Path) -> Self {
        Self::open(SourceKind::Database, &[path], None).unwrap()
    }

    /// Opens files.
    pub fn open(kind: SourceKind, paths: &[&Path], key: Option<&str>) -> Result<Self, Failure> {
        let temp = TempDir::new().unwrap();
        let mut open = open_of(kind, paths, temp.path());
        open.encryption_key = key.map(Secret::new);
        Self::start(open, temp)
    }

    /// Starts a process for this request.
    pub fn start(open: Open, temp: TempDir) -> Result<Self, Failure> {
        let (mut socket, theirs) = UnixStream::pair().unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let slots = tempfile::tempfile().unwrap();
        slots.set_len(open.slot_memory).unwrap();
        let errors = tempfile::tempfile().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_migrator_reader"))
            .arg(std::process::id().to_string())
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(slots.try_clone().unwrap()))
            .stderr(Stdio::from(errors.try_clone().unwrap()))
            .spawn()
            .unwrap();
        protocol::send(&mut socket, &Request::Open(open)).unwrap();
        match protocol::receive(&mut socket).unwrap() {
            Some(Reply::Ready(ready)) => {
                Ok(Self { child, socket, slots, errors, ready, _temp: temp })
            }
            Some(Reply::Failed(failure)) => Err(failure),
            other => panic!("{other:?}: {}", words(&errors)),
        }
    }

    /// Asks for something with one answer.
    pub fn ask(&mut self, request: &Request) -> Result<Reply, Failure> {
        self.send(request);
        match self.receive() {
            Reply::Failed(failure) => Err(failure),
            reply => Ok(reply),
        }
    }

    /// Sends a request.
    pub fn send(&mut self, request: &Request) {
        protocol::send(&mut self.socket, request).unwrap();
    }

    /// Waits for a reply.
    pub fn receive(&mut self) -> Reply {
        match protocol::receive(&mut self.socket) {
            Ok(Some(reply)) => reply,
            other => panic!("{other:?}: {}", words(&self.errors)),
        }
    }

    /// The tables.
    pub fn tables(&mut self) -> Vec<TableSummary> {
        match self.ask(&Request::Tables).unwrap() {
            Reply::Tables(tables) => tables,
            other => panic!("{other:?}"),
        }
    }

    /// A table.
    pub fn table(&mut self, name: &str) -> Table {
        match self.ask(&Request::Describe(named(name))).unwrap() {
            Reply::Table(table) => *table,
            other => panic!("{other:?}"),
        }
    }

    /// The columns of a query.
    pub fn describe(&mut self, query: &str) -> Result<Vec<(String, String)>, Failure> {
        match self.ask(&Request::DescribeQuery(query.to_owned()))? {
            Reply::Query(fields) => {
                Ok(fields.into_iter().map(|f| (f.name, f.logical.to_string())).collect())
            }
            other => panic!("{other:?}"),
        }
    }

    /// Runs a scan to its end.
    pub fn scan(&mut self, scan: Scan) -> Result<Scanned, Failure> {
        self.send(&Request::Scan(scan.into()));
        let mut scanned = Scanned { images: Vec::new(), slots: 0, done: Done::default() };
        loop {
            match self.receive() {
                Reply::Expect(_) => {}
                Reply::Slot(full) => {
                    let mut used = vec![0; full.used];
                    let start = u64::from(full.slot) * SLOT_BYTES as u64;
                    self.slots.read_exact_at(&mut used, start).unwrap();
                    assert_eq!(full.fragment, None);
                    scanned.images.extend(Images::new(&used).map(<[u8]>::to_vec));
                    scanned.slots += 1;
                    self.send(&Request::Release(full.slot));
                }
                Reply::Done(done) => return Ok(Scanned { done: *done, ..scanned }),
                Reply::Failed(failure) => return Err(failure),
                other => panic!("{other:?}"),
            }
        }
    }

    /// The values of a query's only column, as INTEGER.
    pub fn integers(&mut self, query: &str) -> Result<Vec<i32>, Failure> {
        let scan = scan(Some(query), &[("i", LogicalType::Integer, PgType::Int4)]);
        let value =
            |image: &Vec<u8>| i32::from_le_bytes(image[HEADER..HEADER + 4].try_into().unwrap());
        Ok(self.scan(scan)?.images.iter().map(value).collect())
    }

    /// The values of a query's only column, as VARCHAR of at most 126 bytes.
    pub fn texts(&mut self, query: &str) -> Result<Vec<String>, Failure> {
        self.short_texts(query, LogicalType::Varchar)
    }

    /// The same of another type that becomes a text.
    pub fn short_texts(
        &mut self,
        query: &str,
        logical: LogicalType,
    ) -> Result<Vec<String>, Failure> {
        let scan = scan(Some(query), &[("t", logical, PgType::Text)]);
        let value = |image: &Vec<u8>| {
            let length = usize::from(image[HEADER]) >> 1;
            String::from_utf8(image[HEADER + 1..HEADER + length].to_vec()).unwrap()
        };
        Ok(self.scan(scan)?.images.iter().map(value).collect())
    }

    /// Waits for the process to end.
    pub fn wait_for_end(mut self, longest: Duration) -> Option<ExitStatus> {
        let since = Instant::now();
        while since.elapsed() < longest {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A table of `main`.
pub fn named(name: &str) -> SourceName {
    SourceName { schema: None, name: name.to_owned() }
}

/// A scan of a query, or of the table `t`.
pub fn scan(query: Option<&str>, columns: &[(&str, LogicalType, PgType)]) -> Scan {
    let column = |(name, logical, _): &(&str, LogicalType, PgType)| ScanColumn {
        name: (*name).to_owned(),
        field: None,
        logical: logical.clone(),
        normalize: false,
    };
    let attribute = |(at, (name, _, pg)): (usize, &(&str, LogicalType, PgType))| Attribute {
        name: (*name).to_owned(),
        target: Some(Target::dry(pg)),
        source: Some(at),
        not_null: false,
    };
    Scan {
        table: named("t"),
        query: query.map(str::to_owned),
        columns: columns.iter().map(column).collect(),
        filter: None,
        attributes: columns.iter().enumerate().map(attribute).collect(),
        on_error: OnError::Error,
        nul_bytes: NulBytes::Error,
        accept_lossy: false,
        dry_run: false,
        pages: None,
        keep_order: true,
    }
}

/// Names and types of a table's columns.
pub fn columns(table: &Table) -> Vec<Field> {
    let field = |column: &migrator_model::catalog::Column| Field {
        name: column.name.clone(),
        logical: column.logical.clone(),
    };
    table.columns.iter().map(field).collect()
}

/// What a process wrote to standard error.
fn words(errors: &File) -> String {
    use std::io::{Seek, SeekFrom};
    let mut errors = errors.try_clone().unwrap();
    let mut text = String::new();
    errors.seek(SeekFrom::Start(0)).unwrap();
    errors.read_to_string(&mut text).unwrap();
    text
}
