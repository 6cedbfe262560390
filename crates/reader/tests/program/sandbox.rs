//! What a query of a user's cannot do.

use std::fs;

use migrator_model::protocol::SourceKind;
use tempfile::TempDir;

use crate::rig::{Reader, make, run};

const ESCAPES: [&str; 14] = [
    "SELECT content FROM read_text('/etc/passwd')",
    "SELECT CAST(column0 AS VARCHAR) FROM read_csv('/etc/passwd')",
    "SELECT file FROM glob('/etc/*')",
    "SELECT content FROM read_text('$folder/secret.txt')",
    "SELECT CAST(s AS VARCHAR) FROM '$folder/secret.csv' s",
    "SELECT CAST(s AS VARCHAR) FROM '$folder/other.parquet' s",
    "SELECT CAST(s AS VARCHAR) FROM read_parquet('$folder/*.parquet') s",
    "SELECT CAST(s AS VARCHAR) FROM read_json('$folder/secret.txt') s",
    "SELECT CAST(s AS VARCHAR) FROM read_duckdb('$folder/other.duckdb') s",
    "SELECT CAST(s AS VARCHAR) FROM sniff_csv('$folder/secret.csv') s",
    "SELECT CAST(s AS VARCHAR) FROM parquet_metadata('$folder/other.parquet') s",
    "SELECT getenv('PATH')",
    "SELECT CAST(Success AS VARCHAR) FROM enable_logging(storage_path = '$folder/log.csv')",
    "SELECT CAST(Success AS VARCHAR) FROM enable_profiling(save_location := '$folder/t.json')",
];

fn holds(reader: &mut Reader, folder: &TempDir) {
    for query in ESCAPES {
        let query = query.replace("$folder", folder.path().to_str().unwrap());
        let failure = reader.texts(&query).unwrap_err();
        assert!(
            ["42501", "42601", "58030"].contains(&failure.sqlstate.as_str()),
            "{query}: {failure:?}"
        );
        assert!(!format!("{failure:?}").contains("treasure"), "{query}: {failure:?}");
    }
    for setting in ["lock_configuration", "enable_external_access"] {
        let query = format!("SELECT current_setting('{setting}')::VARCHAR");
        let expected = if setting == "lock_configuration" { "true" } else { "false" };
        assert_eq!(reader.texts(&query).unwrap(), [expected], "{setting}");
    }
}

fn fill(folder: &TempDir) {
    for name in ["secret.txt", "secret.csv"] {
        fs::write(folder.path().join(name), "treasure\nmap\n").unwrap();
    }
    let path = folder.path().join("other.parquet");
    run(&[format!("COPY (SELECT 'treasure' AS t) TO '{}' (FORMAT parquet)", path.display())]);
    make(&folder.path().join("other.duckdb"), &["CREATE TABLE t AS SELECT 'treasure' AS t"]);
}

#[test]
fn a_database_is_all_there_is() {
    let folder = TempDir::new().unwrap();
    fill(&folder);
    let path = folder.path().join("own.duckdb");
    make(&path, &["CREATE TABLE t (i INTEGER)"]);
    holds(&mut Reader::database(&path), &folder);
}

#[test]
fn an_encrypted_database_is_all_there_is() {
    let folder = TempDir::new().unwrap();
    fill(&folder);
    let path = folder.path().join("own.duckdb");
    crate::rig::make_encrypted(&path, "k", &["CREATE TABLE t (i INTEGER)"]);
    let mut reader = Reader::open(SourceKind::Database, &[&path], Some("k")).unwrap();
    holds(&mut reader, &folder);
}

#[test]
fn files_are_all_there_are() {
    let folder = TempDir::new().unwrap();
    fill(&folder);
    let path = folder.path().join("own.csv");
    fs::write(&path, "i\n1\n").unwrap();
    let mut reader = Reader::open(SourceKind::Csv, &[&path], None).unwrap();
    holds(&mut reader, &folder);
    // Its own file may be read otherwise, too, and is not written to.
    let query = format!("SELECT i FROM read_csv('{}', all_varchar = true)", path.display());
    assert_eq!(reader.texts(&query).unwrap(), ["1"]);
    for write in [
        "FROM query('WITH x AS (COPY (SELECT 2) TO ''$p'') SELECT 1')",
        "WITH x AS (COPY (SELECT 2) TO '$p') SELECT 1",
    ] {
        let write = write.replace("$p", path.to_str().unwrap());
        assert_eq!(reader.integers(&write).unwrap_err().sqlstate, "42601");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "i\n1\n");
}
