//! Readers that are kept for the next scan, and files that change meanwhile.

use std::{path::Path, thread, time::Duration};

use migrator_cluster_tests::{
    backend, children_of, duck, eventually,
    foreign::{assert_refused, refused, small, value},
    is_alive, living_readers_of,
    outcome::outcome,
    signal,
    sources::Source,
};
use postgres::Client;

/// A kept reader that was killed is not noticed by the next scan.
#[test]
fn a_kept_reader_may_die() {
    let (_database, mut client, _source) = small();
    let pid = backend(&mut client);
    for how in ["-KILL", "-SEGV", "-KILL", "-TERM"] {
        assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM t"), 10_000);
        let kept = living_readers_of(pid);
        assert_eq!(kept.len(), 1, "a reader is kept");
        kept.into_iter().for_each(|reader| signal(reader, how));
    }
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM t"), 10_000);
    assert_eq!(children_of(pid).len(), 1, "the dead are forgotten");
}

#[test]
fn a_reader_is_kept_for_the_next_scan() {
    let (_database, mut client, _source) = small();
    let pid = backend(&mut client);
    let scan = "SELECT count(*) FROM t";
    assert_eq!(value::<i64>(&mut client, scan), 10_000);
    let kept = living_readers_of(pid);
    assert_eq!(kept.len(), 1);
    for sql in
        [scan, "SELECT max(label) FROM t", "SELECT * FROM t LIMIT 1", "EXPLAIN SELECT * FROM t"]
    {
        client.batch_execute(sql).unwrap();
        assert_eq!(living_readers_of(pid), kept, "{sql}");
    }
    // One that has other settings is another one.
    client.batch_execute("SET migrator.reader_memory = '300MB'").unwrap();
    client.batch_execute(scan).unwrap();
    assert_ne!(living_readers_of(pid), kept);
    // Who wants none to be kept has none, of the earlier ones neither.
    client.batch_execute("SET migrator.reader_idle = 0").unwrap();
    client.batch_execute(scan).unwrap();
    eventually("none is kept", || children_of(pid).is_empty());
}

/// It ends by itself, and the backend, which does nothing, leaves no zombie.
#[test]
fn a_kept_reader_ends_in_time() {
    let (_database, mut client, _source) = small();
    let pid = backend(&mut client);
    client.batch_execute("SET migrator.reader_idle = 1; SELECT count(*) FROM t").unwrap();
    assert_eq!(living_readers_of(pid).len(), 1);
    thread::sleep(Duration::from_millis(2500));
    assert_eq!(children_of(pid), Vec::<i32>::new());
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM t"), 10_000);
}

/// A program that ends takes its readers with it.
#[test]
fn kept_readers_end_with_their_backend() {
    let (database, mut client, _source) = small();
    for how in ["pg_terminate_backend", "drop"] {
        let mut other = database.client();
        let pid = backend(&mut other);
        other.batch_execute("SELECT count(*) FROM t; SELECT * FROM t LIMIT 1").unwrap();
        let kept = living_readers_of(pid);
        assert!(!kept.is_empty());
        match how {
            "drop" => drop(other),
            function => client.batch_execute(&format!("SELECT {function}({pid})")).unwrap(),
        }
        eventually("they are gone", || !kept.iter().any(|reader| is_alive(*reader)));
    }
}

fn replace(source: &Source, sql: &str) {
    let folder = duck::folder();
    let made = folder.path().join("made.duckdb");
    duck::run(&made, sql);
    std::fs::rename(made, &source.path).unwrap();
}

#[test]
fn a_file_that_is_replaced_is_read_anew() {
    let (_database, mut client, source) = small();
    let sum = "SELECT count(*) * 1000000 + max(id) FROM t";
    client.batch_execute("PREPARE p AS SELECT count(*) FROM t WHERE k >= 0; SET plan_cache_mode = force_generic_plan").unwrap();
    let prepared = |client: &mut Client| outcome(client, "EXECUTE p").rows()[0][0].clone().unwrap();
    assert_eq!(value::<i64>(&mut client, sum), 10_000_009_999);
    assert_eq!(prepared(&mut client), "10000");
    replace(
        &source,
        "CREATE TABLE t AS SELECT i::INTEGER AS id, i AS k, '' AS label FROM range(70) r(i);\n",
    );
    assert_eq!(value::<i64>(&mut client, sum), 70_000_069);
    assert_eq!(prepared(&mut client), "70");
    // With nobody who keeps it, DuckDB itself may write.
    client.batch_execute("SET migrator.reader_idle = 0; SELECT count(*) FROM t").unwrap();
    let pid = backend(&mut client);
    eventually("none is kept", || living_readers_of(pid).is_empty());
    duck::run(Path::new(&source.path), "DELETE FROM t WHERE id >= 60;\n");
    assert_eq!(value::<i64>(&mut client, sum), 60_000_059);
    assert_eq!(prepared(&mut client), "60");
    // What does not fit any more is named.
    replace(&source, "CREATE TABLE t AS SELECT i::DOUBLE AS id, i AS k FROM range(5) r(i);\n");
    let error = assert_refused(&mut client, "SELECT * FROM t", "42703");
    let detail = error.detail().unwrap_or_default();
    assert!(detail.contains("label") && detail.contains("id"), "{error:?}");
    // A plan that was made before does not compare what has another type now.
    replace(
        &source,
        "CREATE TABLE t AS SELECT i::INTEGER AS id, i::VARCHAR AS k, '' AS label FROM range(5) r(i);\n",
    );
    assert_refused(&mut client, "EXECUTE p", "42804");
    replace(
        &source,
        "CREATE TABLE t AS SELECT i::INTEGER AS id, i AS k, '' AS label FROM range(3) r(i);\n",
    );
    assert_eq!(prepared(&mut client), "3");
    std::fs::remove_file(&source.path).unwrap();
    assert_refused(&mut client, "SELECT * FROM t", "58P01");
}

#[test]
fn a_file_that_somebody_writes_is_refused() {
    let (_database, mut client, source) = small();
    let file = std::fs::OpenOptions::new().write(true).open(&source.path).unwrap();
    let lock = rustix::fs::FlockOperation::NonBlockingLockExclusive;
    rustix::fs::fcntl_lock(&file, lock).unwrap();
    let error = refused(&mut client, "SELECT count(*) FROM t");
    println!("{error:?}");
    assert!(error.message().contains("lock") || error.message().contains("in use"), "{error:?}");
    drop(file);
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM t"), 10_000);
}
