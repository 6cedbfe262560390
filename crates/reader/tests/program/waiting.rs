//! How long things take, and how they end.

use std::time::{Duration, Instant};

use migrator_model::{
    LogicalType, PgType,
    protocol::{Reply, Request},
};
use tempfile::TempDir;

use crate::rig::{Reader, make, scan};

/// Longer than anybody waits for it.
const ENDLESS: &str =
    "SELECT CAST(count(*) AS INTEGER) FROM range(1000000000000000) WHERE hash(range) = 0";

fn reader(folder: &TempDir) -> Reader {
    let path = folder.path().join("t.duckdb");
    make(&path, &["CREATE TABLE t AS SELECT CAST(range AS INTEGER) AS i FROM range(1000000)"]);
    Reader::database(&path)
}

#[test]
fn a_reader_that_rests_ends_in_time() {
    let folder = TempDir::new().unwrap();
    let mut one = reader(&folder);
    one.send(&Request::Rest { seconds: 60 });
    one.send(&Request::Wake);
    assert_eq!(one.receive(), Reply::Awake);
    assert_eq!(one.integers("SELECT 1").unwrap(), [1]);
    let since = Instant::now();
    one.send(&Request::Rest { seconds: 1 });
    let status = one.wait_for_end(Duration::from_secs(20)).unwrap();
    assert!(status.success());
    assert!(since.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_reader_that_may_not_rest_ends_at_once() {
    let folder = TempDir::new().unwrap();
    let mut one = reader(&folder);
    one.send(&Request::Rest { seconds: 0 });
    assert!(one.wait_for_end(Duration::from_secs(20)).unwrap().success());
}

#[test]
fn a_query_is_stopped_before_its_first_row() {
    let folder = TempDir::new().unwrap();
    let mut one = reader(&folder);
    for wait in [0, 0, 300] {
        let columns = [("i", LogicalType::Integer, PgType::Int4)];
        one.send(&Request::Scan(scan(Some(ENDLESS), &columns).into()));
        std::thread::sleep(Duration::from_millis(wait));
        one.send(&Request::Stop);
        let answer = std::iter::repeat_with(|| one.receive());
        let end = answer.into_iter().find(|reply| !matches!(reply, Reply::Expect(_))).unwrap();
        assert!(matches!(end, Reply::Failed(failure) if failure.sqlstate == "57014"));
        assert_eq!(one.integers("SELECT max(i) FROM t").unwrap(), [999_999]);
    }
    // A word that comes too late stops nothing.
    one.send(&Request::Stop);
    assert_eq!(one.integers("SELECT 7").unwrap(), [7]);
}

#[test]
fn first_rows_do_not_wait_for_a_full_slot() {
    let folder = TempDir::new().unwrap();
    let mut one = reader(&folder);
    let columns = [("i", LogicalType::Integer, PgType::Int4)];
    one.send(&Request::Scan(scan(Some("SELECT i FROM t"), &columns).into()));
    assert_eq!(one.receive(), Reply::Expect(None));
    let Reply::Slot(first) = one.receive() else { panic!("no slot") };
    assert!(first.rows <= 4096, "{first:?}");
    one.send(&Request::Release(first.slot));
}

#[test]
fn a_slow_backend_does_not_fill_the_readers_memory() {
    let folder = TempDir::new().unwrap();
    let mut one = reader(&folder);
    let columns = [("t", LogicalType::Varchar, PgType::Text)];
    let query = "SELECT repeat('x', 100) || a.i FROM t a, range(40)";
    one.send(&Request::Scan(scan(Some(query), &columns).into()));
    let mut slots = Vec::new();
    while slots.len() < 8 {
        if let Reply::Slot(full) = one.receive() {
            slots.push(full.slot);
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    one.send(&Request::Stop);
    slots.into_iter().for_each(|slot| one.send(&Request::Release(slot)));
    let end = loop {
        match one.receive() {
            Reply::Slot(full) => one.send(&Request::Release(full.slot)),
            other => break other,
        }
    };
    assert!(matches!(end, Reply::Failed(failure) if failure.sqlstate == "57014"));
    let scanned = one.scan(scan(Some("SELECT 'x'"), &columns)).unwrap();
    assert!(scanned.done.peak_memory < 400 << 20, "{}", scanned.done.peak_memory >> 20);
}
