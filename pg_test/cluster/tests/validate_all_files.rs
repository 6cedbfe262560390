//! No false alarm: what was loaded as it should be has no check that says its rows differ, whatever
//! the file holds.

use migrator_cluster_tests::{
    Database, data,
    verdicts::{Verdict, alarms, verdicts},
};
use postgres::Client;

/// The files that can be carried whole. Some of their values are lost with consent, or set aside.
const FILES: [&str; 12] = [
    "shop",
    "fluxion",
    "passages",
    "objects",
    "traps",
    "wal",
    "zoned",
    "many",
    "translations",
    "manual",
    "all_types_2.0.0",
    "all_types_0.10.3",
];

fn carried(client: &mut Client, path: &str) {
    let load = format!(
        "SELECT count(*) FILTER (WHERE kind = 'data' AND verdict = 'done')
           FROM migrate_database('{path}', on_lossy => 'accept', on_error => 'reject')"
    );
    let tables: i64 = client.query_one(&load, &[]).unwrap().get(0);
    assert!(tables > 0, "{path}: no table was loaded");
}

/// How many rows were counted on both sides.
fn looked_at(verdicts: &[Verdict]) -> usize {
    let counted = |v: &&Verdict| v.name == "row_count_match" && v.status == "pass";
    verdicts.iter().filter(counted).count()
}

fn validated(file: &str, vector: bool) {
    let database = Database::create();
    let mut client = database.client();
    if vector {
        client.batch_execute("CREATE EXTENSION vector").unwrap();
    }
    let path = data(&format!("{file}.duckdb"));
    carried(&mut client, &path);
    let tables = "SELECT count(DISTINCT source_name) FROM migrator.steps
                   WHERE kind = 'data' AND verdict = 'done'";
    let tables: i64 = client.query_one(tables, &[]).unwrap().get(0);
    let verdicts = verdicts(&mut client, &format!("validate_database('{path}', level => 'full')"));
    let found = alarms(&verdicts);
    assert!(found.is_empty(), "{file}: {found:#?}");
    assert_eq!(looked_at(&verdicts) as i64, tables, "{file}: tables");
    let run: i64 = client.query_one("SELECT max(run_id) FROM migrator.runs", &[]).unwrap().get(0);
    by_run(&mut client, file, run);
}

/// The same by the run's number: its options are its own.
fn by_run(client: &mut Client, file: &str, run: i64) {
    let verdicts = verdicts(client, &format!("validate_run({run})"));
    let found = alarms(&verdicts);
    assert!(found.is_empty(), "{file}, by its run: {found:#?}");
}

#[test]
fn no_file_raises_an_alarm() {
    for file in FILES {
        println!("{file}");
        validated(file, true);
    }
}

#[test]
fn vectors_that_are_arrays_raise_none() {
    for file in ["passages", "traps"] {
        validated(file, false);
    }
}
