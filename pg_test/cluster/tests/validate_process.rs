//! A validation as a process: what changes, is cancelled or dies on its way, and what memory it
//! takes.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use migrator_cluster_tests::{
    Database, anonymous, backend, children_of, duck, eventually,
    foreign::assert_refused,
    readers_of, signal,
    sources::Source,
    verdicts::{assert_equal_rows, failing, verdicts},
};

/// `t` with so many rows.
fn numbers(rows: u64, key: &str) -> Source {
    Source::new(&format!(
        "CREATE TABLE t (id BIGINT{key}, share DOUBLE, label VARCHAR);\n\
         INSERT INTO t SELECT i, i / 8, 'label ' || (i % 1000) FROM range({rows}) r(i);\n"
    ))
}

fn call(source: &Source, more: &str) -> String {
    format!("validate_table('{}', 't'{more})", source.path)
}

#[test]
fn a_source_that_has_changed_says_nothing_of_its_load() {
    let database = Database::create();
    let mut client = database.client();
    let source = numbers(1000, " PRIMARY KEY");
    client.batch_execute(&source.load("t", "t", "")).unwrap();
    let load = format!(
        "SELECT FROM migrate_database('{}', schemas => '{{\"main\": \"d\"}}')",
        source.path
    );
    client.batch_execute(&load).unwrap();
    let runs: Vec<i64> = client
        .query_one("SELECT array_agg(run_id ORDER BY run_id) FROM migrator.runs", &[])
        .unwrap()
        .get(0);
    assert_eq!(runs.len(), 2);
    for run in &runs {
        assert_equal_rows(&mut client, &format!("validate_run({run}, level => 'full')"));
    }
    duck::run(Path::new(&source.path), "UPDATE t SET share = -1 WHERE id = 7;\n");
    for run in &runs {
        let sql = format!("SELECT * FROM validate_run({run})");
        let error = assert_refused(&mut client, &sql, "55000");
        assert!(error.message().contains("has changed"), "{error:?}");
        let tap = format!("SELECT string_agg(l, E'\\n') FROM validate_run_tap({run}) l");
        let tap: String = client.query_one(&tap, &[]).unwrap().get(0);
        assert!(tap.contains("1..1\nnot ok 1 - ") && tap.contains("55000"), "{tap}");
    }
    let said = verdicts(&mut client, &call(&source, ", level => 'full'"));
    assert!(failing(&said).contains(&"value_mismatch"), "{said:#?}");
}

#[test]
fn a_run_that_is_not_there_is_an_error() {
    let database = Database::create();
    let mut client = database.client();
    for sql in ["SELECT validate_run(77)", "SELECT validate_repair(77)"] {
        assert_refused(&mut client, sql, "P0002");
    }
}

/// The reader is slow, or the server is: the other side is small.
fn one_sided() -> (Database, Source) {
    let database = Database::create();
    let mut client = database.client();
    let source = numbers(3_000_000, "");
    client.batch_execute(&source.load("t", "small", ", filter => 'id < 10'")).unwrap();
    let large = "CREATE TABLE large AS SELECT i AS id, i / 8::float8 AS share, 'l ' || i AS label
                   FROM generate_series(0, 2000000::bigint) i; ANALYZE large";
    client.batch_execute(large).unwrap();
    (database, source)
}

#[test]
fn a_cancel_ends_it_at_once() {
    let (database, source) = one_sided();
    let mut client = database.client();
    let pid = backend(&mut client);
    let slow_source =
        call(&source, ", target => 'small', level => 'full', options => '{\"run\": 0}'");
    let slow_target = call(
        &source,
        ", target => 'large', level => 'full', filter => 'id < 10', options => '{\"run\": 0}'",
    );
    let as_tap = slow_target.replace("validate_table", "validate_table_tap");
    let everything = call(&source, ", target => 'large', level => 'full'");
    for validation in [slow_source, slow_target, as_tap, everything] {
        let since = Instant::now();
        client.batch_execute(&format!("SELECT * FROM {validation}")).unwrap();
        let alone = since.elapsed();
        for part in [20, 5, 2] {
            let token = client.cancel_token();
            let canceller = thread::spawn(move || {
                thread::sleep(alone / part);
                token.cancel_query(postgres::NoTls).unwrap();
                Instant::now()
            });
            let ended = client.batch_execute(&format!("SELECT * FROM {validation}"));
            let answered = Instant::now();
            let waited = answered.saturating_duration_since(canceller.join().unwrap());
            println!("{validation}: {alone:?}, cancelled at 1/{part}: {waited:?}");
            assert!(waited < Duration::from_secs(1), "{validation}: {waited:?}");
            let error = ended.expect_err("it was cancelled");
            assert_eq!(error.code().map(|c| c.code()), Some("57014"), "{error:?}");
            eventually("the reader is gone", || readers_of(pid).is_empty());
        }
    }
    client.batch_execute("SET statement_timeout = '100ms'").unwrap();
    let repeated = call(&source, ", target => 'large', level => 'full'");
    assert_refused(&mut client, &format!("SELECT * FROM {repeated}"), "57014");
    eventually("the reader is gone", || children_of(pid).is_empty());
    client.batch_execute("RESET statement_timeout").unwrap();
    let kept = client.query_one("SELECT count(*) FROM migrator.validations", &[]).unwrap();
    assert_eq!(kept.get::<_, i64>(0), 4, "what was cancelled leaves no verdict");
}

#[test]
fn a_reader_that_dies_is_an_ordinary_error() {
    let (database, source) = one_sided();
    let mut client = database.client();
    let pid = backend(&mut client);
    let validation = call(&source, ", target => 'large', level => 'full'");
    let mut victims = 0;
    for round in 0..12_u64 {
        let killer = thread::spawn(move || {
            eventually("a reader starts", || !readers_of(pid).is_empty());
            thread::sleep(Duration::from_millis(round * round * 4));
            let how = ["-KILL", "-SEGV"][round as usize % 2];
            readers_of(pid).into_iter().for_each(|reader| signal(reader, how));
        });
        let ended = client.batch_execute(&format!("SELECT * FROM {validation}"));
        killer.join().unwrap();
        if let Err(error) = ended {
            let error = error.as_db_error().expect("the connection is still there");
            assert_eq!(error.code().code(), "58000", "{error:?}");
            victims += 1;
        }
        assert_eq!(backend(&mut client), pid, "the backend has survived");
        eventually("the reader is gone", || readers_of(pid).is_empty());
    }
    println!("{victims} readers died in time");
    assert!(victims >= 4, "{victims} readers died in time");
}

#[test]
fn a_reader_that_dies_does_not_break_a_stream() {
    let (database, source) = one_sided();
    let mut client = database.client();
    let pid = backend(&mut client);
    let killer = thread::spawn(move || {
        eventually("a reader starts", || !readers_of(pid).is_empty());
        thread::sleep(Duration::from_millis(60));
        readers_of(pid).into_iter().for_each(|reader| signal(reader, "-KILL"));
    });
    let tap = call(&source, ", target => 'large'").replace("validate_table", "validate_table_tap");
    let rows = client.query(&format!("SELECT * FROM {tap}"), &[]).unwrap();
    killer.join().unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(lines[..2], ["TAP version 13", "1..1"], "{lines:#?}");
    assert!(lines[2].starts_with("not ok 1 - ") && lines[4].contains("58000"), "{lines:#?}");
}

#[test]
fn a_verdict_is_that_of_one_snapshot() {
    let database = Database::create();
    let (mut client, mut other) = (database.client(), database.client());
    let source = numbers(400_000, " PRIMARY KEY");
    client.batch_execute(&source.load("t", "t", "")).unwrap();
    let validation = call(&source, ", level => 'full'");
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM t";
    client.batch_execute(begin).unwrap();
    other
        .batch_execute("UPDATE t SET share = -1 WHERE id = 7; DELETE FROM t WHERE id = 8")
        .unwrap();
    assert_equal_rows(&mut client, &validation);
    client.batch_execute("COMMIT").unwrap();
    let said = verdicts(&mut client, &validation);
    let failed = failing(&said);
    assert!(
        failed.contains(&"value_mismatch") && failed.contains(&"missing_in_target"),
        "{failed:?}"
    );
    // Its own changes count.
    client.batch_execute("BEGIN; TRUNCATE t").unwrap();
    client.batch_execute(&source.load("t", "t", ", mode => 'append'")).unwrap();
    assert_equal_rows(&mut client, &validation);
    client.batch_execute("UPDATE t SET label = label || ' ' WHERE id = 9").unwrap();
    assert!(failing(&verdicts(&mut client, &validation)).contains(&"trailing_whitespace_match"));
    client.batch_execute("ROLLBACK").unwrap();
}

#[test]
fn what_others_do_meanwhile_does_not_count() {
    let database = Database::create();
    let (mut client, mut other) = (database.client(), database.client());
    let source = numbers(400_000, " PRIMARY KEY");
    client.batch_execute(&source.load("t", "t", "")).unwrap();
    let pid = backend(&mut client);
    let validation = call(&source, ", level => 'full'");
    for round in 0..8_u64 {
        let damage = thread::spawn(move || {
            eventually("a reader starts", || !readers_of(pid).is_empty());
            thread::sleep(Duration::from_millis(round * 25));
            // Every part has rows that change.
            other.batch_execute("UPDATE t SET share = -share - 1 WHERE id % 1000 = 7").unwrap();
            other
        });
        assert_equal_rows(&mut client, &validation);
        other = damage.join().unwrap();
        other.batch_execute("UPDATE t SET share = -share - 1 WHERE id % 1000 = 7").unwrap();
    }
    assert_equal_rows(&mut client, &validation);
}

/// The most that backend and reader have held during a statement, in kB.
fn peaks(database: &Database, sql: &str) -> [u64; 2] {
    let mut client = database.client();
    let pid = backend(&mut client);
    let stop = Arc::new(AtomicBool::new(false));
    let watched = stop.clone();
    let watcher = thread::spawn(move || {
        let mut peaks = [0, 0];
        while !watched.load(Ordering::Relaxed) {
            let reader = readers_of(pid).first().and_then(|reader| anonymous(*reader));
            let now = [anonymous(pid).unwrap_or(0), reader.unwrap_or(0)];
            peaks = [0, 1].map(|at: usize| now[at].max(peaks[at]));
            thread::sleep(Duration::from_millis(5));
        }
        peaks
    });
    client.batch_execute(sql).unwrap();
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap()
}

/// More rows may take this much more, in kB.
const GROWTH: u64 = 24 << 10;

fn flat(key: &str, damage: &str) {
    let database = Database::create();
    let measured = [200_000, 2_000_000].map(|rows| {
        let source = numbers(rows, key);
        let mut client = database.client();
        let load = source.load("t", "t", "");
        client
            .batch_execute(&format!("DROP TABLE IF EXISTS t; {load}; {damage}; ANALYZE t"))
            .unwrap();
        peaks(&database, &format!("SELECT * FROM {}", call(&source, ", level => 'full'")))
    });
    println!("key {key:?}, {damage:?}: {measured:?} kB");
    let [few, many] = measured;
    for at in [0, 1] {
        assert!(
            many[at] < few[at] + GROWTH,
            "key {key:?}, {damage:?}: from {few:?} to {many:?} kB"
        );
    }
}

#[test]
fn memory_is_flat_with_a_key() {
    flat(" PRIMARY KEY", "UPDATE t SET share = -1 WHERE id % 100000 = 7");
}

#[test]
fn memory_is_flat_without_a_key() {
    flat("", "UPDATE t SET share = -1 WHERE id % 100000 = 7");
}

#[test]
fn memory_is_bounded_where_every_row_differs() {
    let database = Database::create();
    for key in ["", " PRIMARY KEY"] {
        let source = numbers(2_000_000, key);
        let load = source.load("t", "t", "");
        let damage = "UPDATE t SET share = share + 0.5";
        let sql = format!("DROP TABLE IF EXISTS t; {load}; {damage}");
        database.client().batch_execute(&sql).unwrap();
        let validation = call(&source, ", level => 'full'");
        let measured = peaks(&database, &format!("SELECT * FROM {validation}"));
        println!("every row differs, key {key:?}: {measured:?} kB");
        assert!(measured.iter().sum::<u64>() < 512 << 10, "{measured:?} kB");
    }
}
