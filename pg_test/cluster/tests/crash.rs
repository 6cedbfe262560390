//! What happens when things go wrong in the middle: nothing stays, nobody else notices.

use std::{
    thread,
    time::{Duration, Instant},
};

use migrator_cluster_tests::{Database, backend, connect, data, eventually, readers_of, signal};
use postgres::error::SqlState;

/// A load that takes some seconds.
fn long_load() -> String {
    format!("SELECT * FROM migrate_table('{}', 'big_view', target => 'big')", data("big.duckdb"))
}

/// A query that keeps DuckDB busy without giving a row.
fn endless_query() -> String {
    format!("SELECT * FROM migrate_table('{}', 'endless', target => 'big')", data("big.duckdb"))
}

fn table_exists(database: &Database) -> bool {
    let row = database.client().query_one("SELECT to_regclass('big') IS NOT NULL", &[]).unwrap();
    row.get(0)
}

#[test]
fn a_killed_reader_is_an_ordinary_error() {
    let database = Database::create();
    let (mut victims, mut finished) = (0, 0);
    for round in 0..50_u64 {
        let mut client = database.client();
        let pid = backend(&mut client);
        let killer = thread::spawn(move || {
            eventually("a reader starts", || !readers_of(pid).is_empty());
            // From the first moments of a load to its middle.
            thread::sleep(Duration::from_millis(round * round % 400));
            let how = if round % 2 == 0 { "-KILL" } else { "-ABRT" };
            readers_of(pid).into_iter().for_each(|reader| signal(reader, how));
        });
        match client.batch_execute(&format!("BEGIN; {}; ROLLBACK", long_load())) {
            Err(error) => {
                let error = error.as_db_error().expect("the connection is still there").clone();
                assert_eq!(error.code(), &SqlState::SYSTEM_ERROR, "{error:?}");
                client.batch_execute("ROLLBACK").unwrap();
                victims += 1;
            }
            Ok(()) => finished += 1,
        }
        killer.join().unwrap();
        assert_eq!(backend(&mut client), pid, "the backend has survived");
        assert!(!table_exists(&database), "nothing stays");
    }
    assert!(victims >= 40, "{victims} readers died in time, {finished} loads were faster");
}

#[test]
fn a_cancel_is_honoured_at_once() {
    let database = Database::create();
    let mut client = database.client();
    let pid = backend(&mut client);
    let token = client.cancel_token();
    let canceller = thread::spawn(move || {
        eventually("a reader starts", || !readers_of(pid).is_empty());
        thread::sleep(Duration::from_millis(500));
        token.cancel_query(postgres::NoTls).unwrap();
        Instant::now()
    });
    let error = client.batch_execute(&endless_query()).unwrap_err();
    let answered = Instant::now();
    let cancelled = canceller.join().unwrap();
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(answered.saturating_duration_since(cancelled) < Duration::from_millis(200));
    eventually("the reader is gone", || readers_of(pid).is_empty());
}

#[test]
fn statement_timeout_is_honoured() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("SET statement_timeout = '500ms'").unwrap();
    let began = Instant::now();
    let error = client.batch_execute(&endless_query()).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    assert!(began.elapsed() < Duration::from_millis(700), "{:?}", began.elapsed());
}

#[test]
fn a_terminated_backend_takes_its_reader_with_it() {
    let database = Database::create();
    let mut client = database.client();
    let mut bystander = database.client();
    let pid = backend(&mut client);
    let killer = thread::spawn(move || {
        eventually("a reader starts", || !readers_of(pid).is_empty());
        thread::sleep(Duration::from_millis(300));
        let readers = readers_of(pid);
        connect("postgres", "postgres")
            .execute("SELECT pg_terminate_backend($1)", &[&pid])
            .unwrap();
        readers
    });
    assert!(client.batch_execute(&endless_query()).is_err());
    let readers = killer.join().unwrap();
    let alive = |reader: &i32| std::path::Path::new(&format!("/proc/{reader}/mem")).exists();
    eventually("the reader is gone", || !readers.iter().any(alive));
    assert!(!table_exists(&database));
    // The test server is a subreaper, as process 1 of a container is: had the reader fallen to it,
    // dead of a signal, it would have restarted everybody's sessions.
    thread::sleep(Duration::from_millis(100));
    bystander.batch_execute("SELECT").unwrap();
}

#[test]
fn temporary_folders_go_with_their_reader() {
    let database = Database::create();
    let mut client = database.client();
    let count = "SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false) f
                  WHERE f LIKE 'pgsql_tmp' || pg_backend_pid() || '.migrator%'";
    let sql = format!("SELECT count(*) FROM source_tables('{}')", data("shop.duckdb"));
    client.batch_execute(&sql).unwrap();
    let left: i64 = client.query_one(count, &[]).unwrap().get(0);
    assert_eq!(left, 0);
}

#[test]
fn a_full_disk_leaves_nothing() {
    let Some(folder) = std::env::var_os("MIGRATOR_TEST_SMALL_DISK") else {
        println!("no small disk: nothing may be mounted here");
        return;
    };
    let database = Database::create();
    let mut client = database.client();
    let folder = folder.into_string().unwrap();
    client.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{folder}'")).unwrap();
    for method in ["pages", "multi_insert", "insert"] {
        let options = format!(", options => '{{\"method\": \"{method}\"}}')");
        let load = long_load().replace(')', &options);
        let error =
            client.batch_execute(&format!("SET default_tablespace = small; {load}")).unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::DISK_FULL), "{error}");
        assert!(!table_exists(&database), "nothing stays");
        let pid = backend(&mut client);
        eventually("the reader is gone", || readers_of(pid).is_empty());
    }
    // There is room again.
    let small = "CREATE TABLE small (t text); INSERT INTO small SELECT repeat('x', 1000) FROM generate_series(1, 5000)";
    client.batch_execute(small).unwrap();
    client.batch_execute("DROP TABLE small; RESET default_tablespace").unwrap();
    client.batch_execute("DROP TABLESPACE small").unwrap();
}
