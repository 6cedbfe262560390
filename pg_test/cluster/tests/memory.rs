//! Memory stays flat, whatever the table's size and whichever way rows go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use migrator_cluster_tests::{Database, anonymous, backend, data, readers_of, sources::Source};

/// Memory of its own that a process may gain over the second half of a load, in kB.
const GROWTH: u64 = 16 << 10;
/// The most that backend and reader may hold together, in kB.
const TOGETHER: u64 = 512 << 10;

/// Samples backend and reader until it is told to stop.
fn watch(pid: i32, stop: Arc<AtomicBool>) -> thread::JoinHandle<Vec<(u64, u64)>> {
    thread::spawn(move || {
        let mut samples = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let reader = readers_of(pid).first().and_then(|reader| anonymous(*reader));
            samples.extend(anonymous(pid).zip(reader));
            thread::sleep(Duration::from_millis(50));
        }
        samples
    })
}

/// Runs a load and returns what backend and reader held on the way, in kB.
fn samples_of(load: &str) -> Vec<(u64, u64)> {
    let database = Database::create();
    let mut client = database.client();
    client
        .batch_execute(
            "CREATE TABLE parts (id bigint, share float8, label text) PARTITION BY RANGE (id);
        CREATE TABLE part PARTITION OF parts DEFAULT",
        )
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watch(backend(&mut client), stop.clone());
    client.batch_execute(load).unwrap();
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap()
}

fn assert_flat(what: &str, load: &str) {
    let samples = samples_of(load);
    let half = samples.len() / 2;
    assert!(half > 10, "{what}: the load was too fast to be watched");
    let most =
        |samples: &[(u64, u64)], of: fn(&(u64, u64)) -> u64| samples.iter().map(of).max().unwrap();
    let (early, late) = samples.split_at(half);
    for (who, of) in [("backend", (|s| s.0) as fn(&(u64, u64)) -> u64), ("reader", |s| s.1)] {
        let (before, after) = (most(early, of), most(late, of));
        println!("{what}: {who} {before} kB in the first half, {after} kB in the second");
        assert!(after < before + GROWTH, "{what}: the {who} grew from {before} to {after} kB");
    }
    assert!(most(&samples, |s| s.0 + s.1) < TOGETHER, "{what}: more than {TOGETHER} kB");
}

fn load(view: &str, arguments: &str) -> String {
    let file = data("big.duckdb");
    format!("SELECT * FROM migrate_table('{file}', '{view}', {arguments})")
}

#[test]
fn twenty_million_rows() {
    assert_flat("twenty million rows", &load("twenty_million", "target => 'big'"));
}

#[test]
fn rows_through_insert() {
    let arguments = "target => 'parts', mode => 'append', filter => 'id < 3000000'";
    assert_flat("insert", &load("twenty_million", arguments));
}

#[test]
fn rejects() {
    let arguments = r#"target => 'few', on_error => 'reject', filter => 'id < 300000',
        column_types => '{"label": "varchar(13)"}'"#;
    assert_flat("rejects", &load("twenty_million", arguments));
}

/// Each thread keeps a block of every column: there is room for one thread.
#[test]
fn many_columns_in_little_memory() {
    let columns: Vec<_> = (0..300).map(|n| format!("random() AS c{n}")).collect();
    let source = Source::new(&format!(
        "CREATE TABLE wide AS SELECT {} FROM range(130000);\n\
         CREATE VIEW sums AS SELECT count(*) AS rows FROM wide;\n",
        columns.join(", ")
    ));
    let database = Database::create();
    let mut client = database.client();
    let settings = "SET migrator.reader_memory = '256MB'; SET migrator.reader_threads = 4";
    client.batch_execute(settings).unwrap();
    client.batch_execute(&source.load("wide", "wide", "")).unwrap();
    client.batch_execute(&source.load("sums", "sums", "")).unwrap();
    let same = client.query_one("SELECT count(*) = (SELECT rows FROM sums) FROM wide", &[]);
    assert!(same.unwrap().get::<_, bool>(0));
}
