//! What users write.

use std::path::PathBuf;

use migrator_model::{
    LogicalType, PgType, SourceName,
    catalog::{Column, Table},
    protocol::{Failure, Length, Lengths, Reply, Request, ScanColumn},
};
use tempfile::TempDir;

use crate::rig::{Reader, make, named, scan};

struct Rig {
    reader: Reader,
    _folder: TempDir,
    path: PathBuf,
}

fn rig(statements: &[&str]) -> Rig {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("shop.duckdb");
    make(&path, statements);
    Rig { reader: Reader::database(&path), _folder: folder, path }
}

fn described(rig: &mut Rig, query: &str) -> String {
    match rig.reader.describe(query) {
        Ok(columns) => {
            let columns: Vec<_> =
                columns.into_iter().map(|(name, logical)| format!("{name} {logical}")).collect();
            columns.join(", ")
        }
        Err(Failure { sqlstate, detail, .. }) => {
            format!("{sqlstate}: {}", detail.unwrap_or_default())
        }
    }
}

#[test]
fn queries_of_every_form_are_described() {
    let mut rig = rig(&["CREATE TABLE t (i INTEGER, s VARCHAR, v VARIANT)"]);
    for (query, columns) in [
        ("SELECT * FROM t", "i INTEGER, s VARCHAR, v VARIANT"),
        ("FROM t SELECT i", "i INTEGER"),
        ("FROM t", "i INTEGER, s VARCHAR, v VARIANT"),
        ("TABLE t", "i INTEGER, s VARCHAR, v VARIANT"),
        ("VALUES (1, 'a')", "col0 INTEGER, col1 VARCHAR"),
        ("WITH x AS (SELECT 1 AS a) SELECT a FROM x", "a INTEGER"),
        (
            "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 3) FROM x",
            "n INTEGER",
        ),
        ("(SELECT 1 AS a)", "a INTEGER"),
        ("SELECT 1 AS a UNION ALL SELECT 2.5", "a DECIMAL(11,1)"),
        ("SELECT 1 AS a, 2 AS a", "a INTEGER, a_1 INTEGER"),
        ("SELECT i AS a FROM t ORDER BY i LIMIT 1 -- comment", "a INTEGER"),
        ("SELECT 1 AS a ; ", "a INTEGER"),
        ("SELECT NULL AS n", "n \"NULL\""),
    ] {
        assert_eq!(described(&mut rig, query), columns, "{query}");
    }
}

#[test]
fn what_is_no_query_is_refused() {
    let mut rig = rig(&["CREATE TABLE t (i INTEGER)"]);
    let copy = format!("WITH x AS (COPY t TO '{}') SELECT 1", rig.path.display());
    for query in [
        "",
        " ; ",
        "-- nothing",
        "SELECT",
        "SELECT 1; SELECT 2",
        "SELECT 1) AS q, (SELECT 2",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE u (i INTEGER)",
        "SET threads = 1",
        "PRAGMA table_info('t')",
        "ATTACH ':memory:' AS m",
        "COPY t TO '/tmp/x.csv'",
        "EXPLAIN SELECT 1",
        "CALL duckdb_settings()",
        "SELECT * FROM nowhere",
        "SELECT $1",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING i) SELECT * FROM x",
        "WITH x AS (DELETE FROM t RETURNING i) SELECT * FROM x",
        &copy,
    ] {
        let answer = described(&mut rig, query);
        assert!(answer.starts_with("42601: "), "{query}: {answer}");
    }
    // The reader goes on all the same.
    assert_eq!(described(&mut rig, "SELECT i FROM t"), "i INTEGER");
}

#[test]
fn a_scan_writes_nothing_either() {
    let mut rig = rig(&["CREATE TABLE t (i INTEGER)", "INSERT INTO t VALUES (1)"]);
    let before = std::fs::read(&rig.path).unwrap();
    for query in [
        format!("WITH x AS (COPY t TO '{}') SELECT 1", rig.path.display()),
        format!("FROM query('WITH x AS (COPY t TO ''{}'') SELECT 1')", rig.path.display()),
        "WITH x AS (DELETE FROM t RETURNING i) SELECT i FROM x".to_owned(),
        "SELECT 1; DELETE FROM t".to_owned(),
        "SELECT 1); DELETE FROM t; SELECT * FROM (SELECT 1".to_owned(),
    ] {
        let failure = rig.reader.integers(&query).unwrap_err();
        assert_eq!(failure.sqlstate, "42601", "{query}: {failure:?}");
    }
    assert_eq!(rig.reader.integers("FROM t").unwrap(), [1]);
    assert_eq!(before, std::fs::read(&rig.path).unwrap());
}

#[test]
fn columns_are_taken_by_position() {
    let mut rig = rig(&["CREATE TABLE t (i INTEGER)"]);
    let columns =
        [("a", LogicalType::Integer, PgType::Int4), ("a", LogicalType::Integer, PgType::Int4)];
    let scanned = rig.reader.scan(scan(Some("SELECT 1 AS a, 2 AS a;"), &columns)).unwrap();
    assert_eq!(scanned.images[0][24..32], [1, 0, 0, 0, 2, 0, 0, 0]);
    let failure = rig.reader.scan(scan(Some("SELECT 1"), &columns)).unwrap_err();
    assert_eq!(failure.sqlstate, "42804");
    let failure = rig.reader.scan(scan(Some("SELECT 1, 2::BIGINT"), &columns)).unwrap_err();
    assert_eq!(failure.sqlstate, "42804");
}

#[test]
fn rows_of_no_column_are_rows() {
    let mut rig = rig(&["CREATE TABLE t AS SELECT range FROM range(5000)"]);
    let scanned = rig.reader.scan(scan(Some("SELECT NULL FROM t"), &[])).unwrap();
    assert_eq!((scanned.images.len(), scanned.done.rows_read), (5000, 5000));
}

#[test]
fn a_variant_comes_as_json() {
    let mut rig = rig(&["CREATE TABLE t (v VARIANT)", "INSERT INTO t VALUES ({'a': 1})"]);
    let texts = rig.reader.short_texts("SELECT v FROM t", LogicalType::Variant).unwrap();
    assert_eq!(texts, ["{\"a\":1}"]);
    let failure = rig.reader.short_texts("SELECT 1", LogicalType::Variant).unwrap_err();
    assert_eq!(failure.sqlstate, "42804");
}

#[test]
fn an_order_is_kept() {
    let mut rig =
        rig(&["CREATE TABLE t AS SELECT (range * 7919) % 300007 AS i FROM range(300007)"]);
    for query in [
        "SELECT CAST(i AS INTEGER) FROM t ORDER BY i",
        "SELECT * FROM (SELECT CAST(i AS INTEGER) FROM t ORDER BY i)",
        "SELECT CAST(i AS INTEGER) FROM t ORDER BY i LIMIT 300000 OFFSET 0",
    ] {
        let rows = rig.reader.integers(query).unwrap();
        assert!(rows.iter().zip(0..).all(|(row, at)| *row == at), "{query}");
        assert!(rows.len() >= 300_000);
    }
}

#[test]
fn errors_of_values_have_postgresqls_states() {
    let mut rig =
        rig(&["CREATE TABLE t AS SELECT range AS i, 'x out of range' AS s FROM range(3000)"]);
    for (query, state) in [
        ("SELECT CAST(i + 2147483000 AS INTEGER) FROM t", "22003"),
        ("SELECT CAST(s AS INTEGER) FROM t", "22P02"),
        ("SELECT CAST(CAST(i AS TINYINT) * 100::TINYINT AS INTEGER) FROM t", "22003"),
        ("SELECT CAST(9223372036854775807 + i AS INTEGER) FROM t", "22003"),
        ("SELECT error('corrupt checksum')::INTEGER FROM t", "38000"),
    ] {
        let failure = rig.reader.integers(query).unwrap_err();
        assert_eq!(failure.sqlstate, state, "{query}: {failure:?}");
        // The transaction that an error has ended is begun anew.
        assert_eq!(rig.reader.integers("SELECT CAST(max(i) AS INTEGER) FROM t").unwrap(), [2999]);
    }
}

#[test]
fn bounds_are_those_of_the_statistics() {
    let mut rig = rig(&[
        "CREATE TABLE t (i INTEGER, d DECIMAL(12, 2), s VARCHAR, day DATE, e DOUBLE, n BIGINT)",
        "INSERT INTO t VALUES (1, 901.00, 'a', '1992-01-02', 1, NULL), (7, 104949.50, 'b', 'infinity', 2, NULL)",
        "CREATE TABLE empty (i INTEGER)",
        "CREATE VIEW w AS SELECT * FROM t",
    ]);
    let mut bounds = |name: &str| match rig.reader.ask(&Request::Bounds(named(name))).unwrap() {
        Reply::Bounds(bounds) => bounds
            .into_iter()
            .map(|bounds| bounds.map_or_else(String::new, |b| format!("{}..{}", b.low, b.high)))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(bounds("t"), ["1..7", "901.00..104949.50", "", "1992-01-02..infinity", "", ""]);
    assert_eq!(bounds("empty"), [""]);
    assert_eq!(bounds("w"), ["", "", "", "", "", ""]);
    assert_eq!(rig.reader.ask(&Request::Count(named("t"))).unwrap(), Reply::Count(Some(2)));
    assert_eq!(rig.reader.ask(&Request::Count(named("w"))).unwrap(), Reply::Count(None));
}

#[test]
fn tables_are_described_one_by_one_or_all() {
    let mut rig = rig(&[
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE TABLE a (i INTEGER PRIMARY KEY, m mood)",
        "CREATE TABLE b (i INTEGER REFERENCES a (i), s VARCHAR UNIQUE)",
        "CREATE INDEX bs ON b (s)",
    ]);
    let one = rig.reader.table("b");
    let other = rig.reader.table("a");
    assert_eq!((one.constraints.len(), one.indexes.len()), (2, 1));
    assert_eq!(other.columns[1].enum_names[0].to_string(), "main.mood");
    assert_eq!(rig.reader.table("b"), one);
}

#[test]
fn an_outline_says_what_a_description_says() {
    let mut rig = rig(&[
        "CREATE SCHEMA \"o'd d\"",
        "CREATE TABLE \"o'd d\".\"T \"\"1\" (i INTEGER NOT NULL, s VARCHAR COLLATE nocase, \
         u VARCHAR COLLATE nocase.noaccent DEFAULT 'x', l VARCHAR[], g INTEGER AS (i + 1), v VARIANT, \
         d DECIMAL(10, 2) CHECK (d > 0), e ENUM ('a', 'b'), PRIMARY KEY (d))",
        "CREATE VIEW w AS FROM \"o'd d\".\"T \"\"1\"",
        "CREATE VIEW bad AS SELECT * FROM w",
        "DROP VIEW w",
        "CREATE VIEW twin AS FROM (SELECT 1 AS i)",
    ]);
    for (schema, name) in
        [(Some("o'd d"), "T \"1"), (Some("O'D D"), "t \"1"), (None, "twin"), (None, "bad")]
    {
        let wanted = SourceName { schema: schema.map(str::to_owned), name: name.to_owned() };
        let outline = rig.reader.ask(&Request::Outline(wanted.clone())).unwrap();
        let described = rig.reader.ask(&Request::Describe(wanted)).unwrap();
        let (Reply::Table(outline), Reply::Table(described)) = (outline, described) else {
            panic!("{name}")
        };
        assert_eq!(outline.name, described.name);
        assert_eq!(outline.sql_name, described.sql_name);
        assert_eq!((outline.kind, &outline.broken), (described.kind, &described.broken));
        let facts = |table: &Table| {
            let facts =
                |c: &Column| (c.name.clone(), c.logical.clone(), c.collation.clone(), c.nullable);
            table.columns.iter().map(facts).collect::<Vec<_>>()
        };
        assert_eq!(facts(&outline), facts(&described), "{name}");
    }
    let failure = rig.reader.ask(&Request::Outline(named("x"))).unwrap_err();
    assert_eq!(failure.sqlstate, "42P01");
}

#[test]
fn a_schema_may_be_called_as_the_file_is() {
    let folder = TempDir::new().unwrap();
    let made = folder.path().join("made.duckdb");
    make(
        &made,
        &[
            "CREATE SCHEMA shop",
            "CREATE TABLE shop.t AS SELECT 7 AS i",
            "CREATE TABLE t AS SELECT 8 AS i",
        ],
    );
    let path = folder.path().join("shop.duckdb");
    std::fs::rename(made, &path).unwrap();
    let mut reader = Reader::database(&path);
    for (schema, value) in [("shop", 7), ("main", 8)] {
        let name = SourceName { schema: Some(schema.into()), name: "t".into() };
        for request in [Request::Outline(name.clone()), Request::Describe(name)] {
            let Reply::Table(table) = reader.ask(&request).unwrap() else { panic!("no table") };
            assert_eq!(table.columns.len(), 1);
            let query = format!("SELECT i FROM {}", table.sql_name);
            assert_eq!(reader.integers(&query).unwrap(), [value]);
        }
    }
}

#[test]
fn lengths_are_those_of_the_rows_that_are_wanted() {
    let mut rig = rig(&[
        "CREATE TABLE t (i INTEGER, l FLOAT[], b BIT)",
        "INSERT INTO t VALUES (1, [1, 2], '101'), (2, [1], '0110'), (3, [], NULL), (4, NULL, '000')",
        "CREATE VIEW v AS FROM t",
    ]);
    let column = |name: &str, logical| ScanColumn {
        name: name.into(),
        field: None,
        logical,
        normalize: false,
    };
    let columns = [
        column("l", LogicalType::List(Box::new(LogicalType::Float))),
        column("b", LogicalType::Bit),
    ];
    let mut ask = |table: &str, filter: Option<&str>| {
        let (columns, filter) = (columns.to_vec(), filter.map(str::to_owned));
        let wanted = Lengths { table: named(table), columns, filter };
        match rig.reader.ask(&Request::Lengths(wanted)) {
            Ok(Reply::Lengths(lengths)) => Ok(lengths),
            Ok(other) => panic!("{other:?}"),
            Err(failure) => Err(failure.sqlstate),
        }
    };
    let length =
        |least, most, different| Length { least: Some(least), most: Some(most), different };
    let all = vec![length(1, 2, 2), length(3, 4, 2)];
    assert_eq!(ask("t", None), Ok(all.clone()));
    assert_eq!(ask("v", Some("true")), Ok(all));
    assert_eq!(ask("t", Some("i = 1 -- this")), Ok(vec![length(2, 2, 1), length(3, 3, 1)]));
    assert_eq!(ask("t", Some("i = 9")), Ok(vec![Length::default(); 2]));
    assert_eq!(ask("t", Some("nosuch = 1")), Err("42601".into()));
    assert_eq!(ask("t", Some("true) UNION SELECT (1")), Err("42601".into()));
    assert_eq!(ask("x", None), Err("42P01".into()));
}
