//! Digests of real files.

mod every_pair;
mod every_type;
mod partitions;
mod refusals;
mod vectors;

use std::{io, path::Path, sync::Arc};

use migrator_model::{
    LogicalType, SourceName,
    canonical::{
        Kind,
        request::{
            By, Cut, Digest, DigestColumn, DigestReply, Digested, Hash, Partition, RowCells,
            RowHash, Want,
        },
    },
    policy::NulBytes,
    protocol::{Failure, Open, PROTOCOL_VERSION, ScanColumn, SourceFile, SourceKind},
};
use tempfile::TempDir;

use super::{Port, answer};
use crate::{ffi::database::Database, open::Source, scan::Stop};

/// A file that is open.
struct Rig {
    source: Source,
    _folder: TempDir,
}

/// What was answered.
#[derive(Default)]
struct Answers {
    replies: Vec<DigestReply>,
    stopped: bool,
}

impl Port for Answers {
    fn say(&mut self, reply: DigestReply) -> io::Result<()> {
        self.replies.push(reply);
        Ok(())
    }

    fn is_stopped(&self) -> bool {
        self.stopped
    }
}

impl Rig {
    /// Makes a file with these statements, and opens it.
    fn new(statements: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("source.duckdb");
        let path = path.to_str().unwrap();
        make(path, statements);
        let temp_directory = folder.path().join("temp").to_str().unwrap().to_owned();
        let open = Open {
            protocol: PROTOCOL_VERSION,
            kind: SourceKind::Database,
            files: vec![SourceFile {
                name: String::new(),
                path: path.to_owned(),
                device: 0,
                inode: 0,
            }],
            encryption_key: None,
            header_only: false,
            memory_bytes: 1 << 30,
            threads: 3,
            temp_directory,
            temp_bytes: None,
            slot_memory: 0,
        };
        assert!(Path::new(path).exists());
        let source = Source::open(&open).unwrap_or_else(|failure| panic!("{failure:?}"));
        Self { source, _folder: folder }
    }

    fn answer(&mut self, wanted: &Digest) -> Result<(Vec<DigestReply>, u64), Failure> {
        let mut answers = Answers::default();
        match answer(&mut self.source, wanted, &mut answers) {
            Ok(rows) => Ok((answers.replies, rows)),
            Err(Stop::Failed(failure)) => {
                self.source.recover();
                Err(failure)
            }
            Err(Stop::Gone(error)) => panic!("{error}"),
        }
    }

    fn ask(&mut self, table: &Digest, want: Want) -> (Vec<DigestReply>, u64) {
        let wanted = Digest { want, ..table.clone() };
        self.answer(&wanted).unwrap_or_else(|failure| panic!("{failure:?}"))
    }

    fn sums(&mut self, table: &Digest, partition: Option<Partition>) -> Digested {
        match self.ask(table, Want::Sums(partition)).0.pop() {
            Some(DigestReply::Sums(sums)) => *sums,
            other => panic!("{other:?}"),
        }
    }

    fn cuts(&mut self, table: &Digest, key: &[usize], parts: u32) -> Vec<Cut> {
        match self.ask(table, Want::Cuts { key: key.into(), parts }).0.pop() {
            Some(DigestReply::Cuts(cuts)) => cuts,
            other => panic!("{other:?}"),
        }
    }

    /// The rows of some parts, and how many were read.
    fn rows(&mut self, table: &Digest, partition: Partition, parts: &[u32]) -> (Vec<RowHash>, u64) {
        let (replies, read) = self.ask(table, Want::Rows { partition, parts: parts.into() });
        let rows = replies.into_iter().flat_map(|reply| match reply {
            DigestReply::Rows(rows) => rows,
            other => panic!("{other:?}"),
        });
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        (rows, read)
    }

    /// Every row's cells, in the order of the first one's bytes.
    fn cells(&mut self, table: &Digest) -> Vec<Vec<Vec<u8>>> {
        let (rows, _) = self.rows(table, whole(&[]), &[0]);
        let mut keys: Vec<Hash> = rows.iter().map(|row| row.key).collect();
        keys.dedup();
        let mut found = self.found(table, whole(&[]), &keys);
        found.sort_by(|one, other| one.cells.cmp(&other.cells));
        found.into_iter().map(|row| row.cells).collect()
    }

    fn found(&mut self, table: &Digest, partition: Partition, keys: &[Hash]) -> Vec<RowCells> {
        let want = Want::Cells { partition, keys: keys.into(), whole: false };
        let (replies, _) = self.ask(table, want);
        let cells = replies.into_iter().flat_map(|reply| match reply {
            DigestReply::Cells(cells) => cells,
            other => panic!("{other:?}"),
        });
        cells.collect()
    }
}

fn make(path: &str, statements: &[&str]) {
    let database = Database::open(path, &[("threads", "1".to_owned())]);
    let database = Arc::new(database.unwrap_or_else(|error| panic!("{error}")));
    let session = database.connect().unwrap();
    for statement in statements.iter().chain(&["CHECKPOINT"]) {
        session.execute(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// All rows as one part.
fn whole(key: &[usize]) -> Partition {
    Partition { key: key.into(), by: By::Hash(1) }
}

fn column(name: &str, logical: LogicalType, kind: Kind) -> DigestColumn {
    let scan = ScanColumn { name: name.into(), field: None, logical, normalize: false };
    DigestColumn { scan, kind, digits: None }
}

/// A digest of a table that says nothing special.
fn table(name: &str, columns: Vec<DigestColumn>) -> Digest {
    Digest {
        table: SourceName { schema: None, name: name.into() },
        columns,
        filter: None,
        nul_bytes: NulBytes::Error,
        without: Vec::new(),
        want: Want::Sums(None),
    }
}
