//! Encrypted databases, and that nobody gets to see a key.

use std::path::{Path, PathBuf};

use migrator_model::protocol::{Failure, SourceKind};
use tempfile::TempDir;

use crate::rig::{Reader, make, make_encrypted};

const KEY: &str = "open sesame";

fn notes(folder: &TempDir) -> PathBuf {
    let path = folder.path().join("notes.duckdb");
    let statements = [
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR)",
        "INSERT INTO notes SELECT i, 'note ' || i FROM range(3) t(i)",
        "CREATE SCHEMA archive",
        "CREATE VIEW archive.long AS SELECT id FROM notes.main.notes WHERE id > 0",
    ];
    make_encrypted(&path, KEY, &statements);
    path
}

fn open(path: &Path, key: Option<&str>) -> Result<Reader, Failure> {
    Reader::open(SourceKind::Database, &[path], key)
}

#[test]
fn a_file_is_read_with_its_key() {
    let folder = TempDir::new().unwrap();
    let mut reader = open(&notes(&folder), Some(KEY)).unwrap();
    assert!(reader.ready.file.encrypted);
    let tables: Vec<_> = reader.tables().iter().map(|table| table.name.to_string()).collect();
    assert_eq!(tables, ["archive.long", "main.notes"]);
    let table = reader.table("notes");
    assert_eq!((table.columns.len(), table.constraints.len()), (2, 1));
    let query = format!("SELECT id FROM {} ORDER BY id", table.sql_name);
    assert_eq!(reader.integers(&query).unwrap(), [0, 1, 2]);
    assert_eq!(reader.integers("SELECT id FROM notes.archive.long").unwrap(), [1, 2]);
}

#[test]
fn a_log_is_read_with_the_key_too() {
    let folder = TempDir::new().unwrap();
    let (live, path) = (folder.path().join("live.duckdb"), folder.path().join("copy.duckdb"));
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let attach = format!("ATTACH '{}' AS live (ENCRYPTION_KEY '{KEY}')", live.display());
    for statement in [
        "SET force_mbedtls_unsafe = 'true'",
        &attach,
        "CREATE TABLE live.t AS SELECT 1 AS i",
        "CHECKPOINT live",
        "INSERT INTO live.t VALUES (2)",
    ] {
        connection.execute_batch(statement).unwrap();
    }
    for (from, to) in [("live.duckdb", "copy.duckdb"), ("live.duckdb.wal", "copy.duckdb.wal")] {
        std::fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
    }
    let mut reader = open(&path, Some(KEY)).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(reader.integers("SELECT i FROM t ORDER BY i").unwrap(), [1, 2]);
    assert_eq!(open(&path, Some("other")).err().unwrap().sqlstate, "28P01");
}

#[test]
fn another_key_and_none_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = notes(&folder);
    let failure = open(&path, Some("open barley")).err().unwrap();
    assert_eq!(failure.sqlstate, "28P01");
    assert_eq!(
        failure.message,
        format!("wrong encryption key for DuckDB file \"{}\"", path.display())
    );
    assert_eq!(failure.detail, None);
    let failure = open(&path, None).err().unwrap();
    assert_eq!(failure.sqlstate, "0A000");
    assert!(failure.hint.unwrap().contains("encryption_key"));
}

#[test]
fn a_key_that_duckdb_cannot_read_is_not_shown() {
    let folder = TempDir::new().unwrap();
    let path = notes(&folder);
    for key in ["schlüssel", "it's \\xZZ", "\\x0", ""] {
        let failure = open(&path, Some(key)).err().unwrap();
        assert!(["22023", "28P01"].contains(&failure.sqlstate.as_str()), "{key}: {failure:?}");
        assert!(key.is_empty() || !format!("{failure:?}").contains(key), "{failure:?}");
    }
}

#[test]
fn a_plain_file_has_no_key() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("plain.duckdb");
    make(&path, &["CREATE TABLE t (i INTEGER)"]);
    let failure = open(&path, Some(KEY)).err().unwrap();
    assert_eq!(failure.sqlstate, "22023");
    assert!(failure.message.contains("is not encrypted"));
}

#[test]
fn no_query_shows_the_key() {
    let folder = TempDir::new().unwrap();
    let mut reader = open(&notes(&folder), Some(KEY)).unwrap();
    let queries = [
        "SELECT CAST(count(*) AS VARCHAR) FROM notes",
        "SELECT CAST(d AS VARCHAR)[:120] FROM duckdb_databases() d WHERE CAST(d AS VARCHAR) LIKE '%sesame%'",
        "SELECT name FROM duckdb_settings() WHERE value LIKE '%sesame%'",
        "SELECT message FROM duckdb_logs WHERE message LIKE '%sesame%'",
        "SELECT name FROM duckdb_secrets() WHERE secret_string LIKE '%sesame%'",
        "SELECT CAST(p AS VARCHAR)[:120] FROM duckdb_prepared_statements() p WHERE CAST(p AS VARCHAR) LIKE '%sesame%' AND statement NOT LIKE '%duckdb_prepared%'",
        "SELECT name FROM duckdb_variables() WHERE CAST(value AS VARCHAR) LIKE '%sesame%'",
    ];
    for query in &queries[1..] {
        assert_eq!(reader.texts(query).unwrap(), Vec::<String>::new(), "{query}");
    }
    for query in ["SELECT error('open sesame')", "SELECT CAST('open sesame' AS INTEGER)"] {
        let failure = reader.texts(query).unwrap_err();
        assert!(!format!("{failure:?}").contains("sesame"), "{failure:?}");
    }
    assert_eq!(reader.texts(queries[0]).unwrap(), ["3"]);
}

#[test]
fn a_large_sort_spills_into_encrypted_files() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("large.duckdb");
    let statements =
        ["CREATE TABLE t AS SELECT md5(CAST(i AS VARCHAR)) AS h, i FROM range(3000000) t(i)"];
    make_encrypted(&path, KEY, &statements);
    let temp = TempDir::new().unwrap();
    let mut open = crate::rig::open_of(SourceKind::Database, &[&path], temp.path());
    open.memory_bytes = 128 << 20;
    open.encryption_key = Some(migrator_model::secret::Secret::new(KEY));
    let mut reader = Reader::start(open, temp).unwrap_or_else(|failure| panic!("{failure:?}"));
    let query = "SELECT CAST(count(*) AS VARCHAR) || min(r) FROM (SELECT row_number() OVER (ORDER BY h, i) AS r FROM t)";
    assert_eq!(reader.texts(query).unwrap(), ["30000001"]);
}
