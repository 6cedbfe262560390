//! Parquet, CSV and JSON files as tables.

use std::{
    fs,
    path::{Path, PathBuf},
};

use migrator_model::{
    LogicalType, PgType,
    catalog::TableKind,
    protocol::{Failure, Reply, Request, SourceKind},
};
use tempfile::TempDir;

use crate::rig::{Reader, columns, named, open_of, run, scan};

const CITIES: &str = "SELECT * FROM (VALUES (1, 'Bern', 46.9), (2, 'Genève', 46.2), (3, NULL, NULL)) \
                      c(id, name, latitude)";

/// Files of the same rows, made by DuckDB.
fn cities(folder: &TempDir, names: &[(&str, &str)]) -> Vec<PathBuf> {
    let paths: Vec<_> = names.iter().map(|(name, _)| folder.path().join(name)).collect();
    let copy = |((_, options), path): (&(&str, &str), &PathBuf)| {
        format!("COPY ({CITIES}) TO '{}' ({options})", path.display())
    };
    run(&names.iter().zip(&paths).map(copy).collect::<Vec<_>>());
    paths
}

fn open(kind: SourceKind, paths: &[PathBuf]) -> Result<Reader, Failure> {
    Reader::open(kind, &paths.iter().map(PathBuf::as_path).collect::<Vec<_>>(), None)
}

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_parquet_file_is_a_table_of_known_size() {
    let folder = TempDir::new().unwrap();
    let paths = cities(&folder, &[("cities.parquet", "FORMAT parquet")]);
    let mut reader = open(SourceKind::Parquet, &paths).unwrap();
    let listed = reader.tables();
    assert_eq!((listed.len(), listed[0].kind), (1, TableKind::Table));
    assert_eq!(listed[0].estimated_rows, Some(3));
    let table = reader.table("cities");
    assert_eq!(
        (table.kind, table.estimated_rows, table.sql.clone()),
        (TableKind::Table, Some(3), None)
    );
    assert_eq!(table.sql_name, "\"main\".\"cities\"");
    let names: Vec<_> = columns(&table).into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["id", "name", "latitude"]);
    assert_eq!(reader.ask(&Request::Count(named("cities"))).unwrap(), Reply::Count(Some(3)));
    let Reply::Bounds(bounds) = reader.ask(&Request::Bounds(named("cities"))).unwrap() else {
        panic!("no bounds")
    };
    let first = bounds[0].as_ref().unwrap();
    assert_eq!((first.low.as_str(), first.high.as_str(), bounds[1].as_ref()), ("1", "3", None));
    assert_eq!(reader.integers("SELECT id FROM cities ORDER BY id DESC").unwrap(), [3, 2, 1]);
}

#[test]
fn a_file_is_scanned_as_a_table_is() {
    let folder = TempDir::new().unwrap();
    let paths = cities(&folder, &[("t.parquet", "FORMAT parquet")]);
    let mut reader = open(SourceKind::Parquet, &paths).unwrap();
    let mut wanted = scan(None, &[("id", LogicalType::Integer, PgType::Int4)]);
    wanted.filter = Some("name IS NOT NULL".into());
    let scanned = reader.scan(wanted.clone()).unwrap();
    assert_eq!((scanned.images.len(), scanned.done.rows_read), (2, 2));
    wanted.filter = None;
    assert_eq!(reader.scan(wanted).unwrap().images.len(), 3);
}

#[test]
fn several_files_are_several_tables() {
    let folder = TempDir::new().unwrap();
    let names = [("2024-01.parquet", "FORMAT parquet"), ("2024-02.parq", "FORMAT parquet")];
    let mut reader = open(SourceKind::Parquet, &cities(&folder, &names)).unwrap();
    let listed: Vec<_> = reader.tables().iter().map(|table| table.name.to_string()).collect();
    assert_eq!(listed, ["main.2024-01", "main.2024-02"]);
    let query = "SELECT a.id FROM \"2024-01\" a JOIN \"2024-02\" b USING (id) ORDER BY 1";
    assert_eq!(reader.integers(query).unwrap(), [1, 2, 3]);
    assert!(reader.ready.sandbox.iter().any(|line| line.contains("landlock")));
}

#[test]
fn texts_are_read_however_they_are_packed() {
    let folder = TempDir::new().unwrap();
    let csv = [
        ("a.csv", "FORMAT csv, HEADER"),
        ("b.tsv", "FORMAT csv, HEADER, DELIMITER '\t'"),
        ("c.csv.gz", "FORMAT csv, HEADER, COMPRESSION gzip"),
        ("d.csv.zst", "FORMAT csv, HEADER, COMPRESSION zstd"),
    ];
    let json = [
        ("a.json", "FORMAT json, ARRAY true"),
        ("b.ndjson", "FORMAT json"),
        ("c.jsonl.gz", "FORMAT json, COMPRESSION gzip"),
        ("d.json.zst", "FORMAT json, COMPRESSION zstd"),
    ];
    for (kind, names) in [(SourceKind::Csv, csv), (SourceKind::Json, json)] {
        let mut reader = open(kind, &cities(&folder, &names)).unwrap_or_else(|f| panic!("{f:?}"));
        for table in ["a", "b", "c", "d"] {
            let query = format!("SELECT name FROM {table} WHERE id < 3 ORDER BY id");
            assert_eq!(reader.texts(&query).unwrap(), ["Bern", "Genève"], "{kind:?} {table}");
            assert_eq!(reader.ask(&Request::Count(named(table))).unwrap(), Reply::Count(None));
        }
    }
}

#[test]
fn the_name_counts_and_not_the_path() {
    let folder = TempDir::new().unwrap();
    let made = cities(&folder, &[("x.csv.gz", "FORMAT csv, HEADER, COMPRESSION gzip")]);
    let blob = folder.path().join("3fa9");
    fs::rename(&made[0], &blob).unwrap();
    let temp = TempDir::new().unwrap();
    let mut open = open_of(SourceKind::Csv, &[&blob], temp.path());
    open.files[0].name = "towns.CSV.gz".into();
    let mut reader = Reader::start(open, temp).unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(reader.texts("SELECT name FROM towns WHERE id = 1").unwrap(), ["Bern"]);
}

#[test]
fn paths_that_look_like_patterns_are_paths() {
    let folder = TempDir::new().unwrap();
    let odd = folder.path().join("a[1]*?");
    fs::create_dir(&odd).unwrap();
    let path = odd.join("it's [x].csv");
    fs::write(&path, "id\n7\n").unwrap();
    fs::write(folder.path().join("other.csv"), "id\n8\n").unwrap();
    let mut reader = open(SourceKind::Csv, &[path]).unwrap_or_else(|failure| panic!("{failure:?}"));
    let query = "SELECT CAST(id AS INTEGER) FROM \"it's [x]\"";
    assert_eq!(reader.integers(query).unwrap(), [7]);
}

#[test]
fn folders_are_no_columns() {
    let folder = TempDir::new().unwrap();
    let year = folder.path().join("year=2024");
    fs::create_dir(&year).unwrap();
    let path = year.join("t.parquet");
    run(&[format!("COPY (SELECT 1 AS id) TO '{}' (FORMAT parquet)", path.display())]);
    let mut reader = open(SourceKind::Parquet, &[path]).unwrap();
    assert_eq!(reader.table("t").columns.len(), 1);
}

#[test]
fn what_is_no_such_file_is_said() {
    let folder = TempDir::new().unwrap();
    let state = |kind, name: &str, text: &str| {
        let path = write(&folder, name, text);
        match open(kind, &[path]) {
            Ok(mut reader) => {
                let table = reader.tables().pop().unwrap();
                format!("{} columns", table.column_count.unwrap_or(-1))
            }
            Err(failure) => failure.sqlstate,
        }
    };
    assert_eq!(state(SourceKind::Parquet, "a.parquet", ""), "22P04");
    assert_eq!(state(SourceKind::Parquet, "b.parquet", "PAR1 nothing PAR1"), "22P04");
    assert_eq!(state(SourceKind::Csv, "a.csv.gz", "id\n1\n"), "22P04");
    assert_eq!(state(SourceKind::Csv, "a.csv.zst", "id\n1\n"), "22P04");
    assert_eq!(state(SourceKind::Json, "a.json", "{\"a\": "), "22P04");
    assert_eq!(state(SourceKind::Csv, "e.csv", ""), "1 columns");
    assert_eq!(state(SourceKind::Json, "e.json", ""), "1 columns");
}

#[test]
fn a_late_value_of_another_type_is_named() {
    let folder = TempDir::new().unwrap();
    let mut text = "id,n\n".to_owned();
    (0..30_000).for_each(|i| text.push_str(&format!("{i},{i}\n")));
    text.push_str("30000,corrupt\n");
    let path = write(&folder, "late.csv", &text);
    let mut reader = open(SourceKind::Csv, &[path]).unwrap();
    let failure = reader.integers("SELECT CAST(n AS INTEGER) FROM late").unwrap_err();
    assert_eq!(failure.sqlstate, "22P02");
    assert_eq!(
        failure.detail.unwrap_or_default(),
        "DuckDB says: Conversion Error: CSV Error on Line: 30002: Error when converting column \
         \"n\". Could not convert string \"corrupt\" to 'INTEGER'"
    );
    let failure = reader.texts("SELECT CAST(sum(n) AS VARCHAR) FROM late").unwrap_err();
    assert_eq!(failure.sqlstate, "22P02");
    let json: String =
        (0..30_000).map(|i| format!("{{\"a\": {i}}}\n")).chain(["{\"b\": 1}\n".into()]).collect();
    let path = write(&folder, "late.ndjson", &json);
    let mut reader = open(SourceKind::Json, &[path]).unwrap();
    let failure = reader.texts("SELECT CAST(l AS VARCHAR) FROM late l").unwrap_err();
    assert_eq!(failure.sqlstate, "22P02");
    assert!(
        failure.detail.unwrap().ends_with("in line 30001: Object {\"b\":1} has unknown key \"b\"")
    );
    assert!(failure.hint.unwrap().contains("sample_size"));
}

#[test]
fn a_replaced_file_is_not_opened() {
    let folder = TempDir::new().unwrap();
    let path = write(&folder, "t.csv", "id\n1\n");
    let temp = TempDir::new().unwrap();
    let mut open = open_of(SourceKind::Csv, &[Path::new(&path)], temp.path());
    open.files[0].inode += 1;
    let failure = Reader::start(open, temp).err().unwrap();
    assert_eq!(failure.sqlstate, "55000");
}
