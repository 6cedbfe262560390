//! A whole file: hundreds of tables, and ends in the middle that leave nothing.

use std::{thread, time::Duration};

use migrator_cluster_tests::{Database, backend, data, eventually, readers_of, signal};
use postgres::{Client, error::SqlState};

fn load() -> String {
    format!("SELECT * FROM migrate_database('{}')", data("many.duckdb"))
}

fn count(client: &mut Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).unwrap().get(0)
}

fn tables(client: &mut Client) -> i64 {
    count(client, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
}

#[test]
fn three_hundred_tables_with_their_keys() {
    let database = Database::create();
    let mut client = database.client();
    let verdicts = client.query(&format!("SELECT DISTINCT verdict FROM ({}) r", load()), &[]);
    let verdicts: Vec<String> = verdicts.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(verdicts, ["done"]);
    assert_eq!(tables(&mut client), 300);
    let keys = "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND convalidated";
    assert_eq!(count(&mut client, keys), 60);
    let rows = "SELECT rows_loaded FROM migrator.runs";
    assert_eq!(count(&mut client, rows), 600);
    let analyzed = "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname = 'public'";
    assert_eq!(count(&mut client, analyzed), 300);
}

#[test]
fn a_cancel_at_any_step_leaves_nothing() {
    let database = Database::create();
    let mut cancelled = 0;
    for round in 0..20_u64 {
        let mut client = database.client();
        let token = client.cancel_token();
        let canceller = thread::spawn(move || {
            thread::sleep(Duration::from_millis(30 + 90 * round));
            token.cancel_query(postgres::NoTls).unwrap();
        });
        if let Err(error) = client.batch_execute(&format!("BEGIN; {}; ROLLBACK", load())) {
            assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
            cancelled += 1;
        }
        canceller.join().unwrap();
        // The server delivers a cancel when it gets round to it: it may hit this instead.
        let _ = client.batch_execute("ROLLBACK; SELECT pg_sleep(0.1)");
        let _ = client.batch_execute("ROLLBACK");
        assert_eq!(tables(&mut client), 0);
        let pid = backend(&mut client);
        eventually("the reader is gone", || readers_of(pid).is_empty());
    }
    assert!(cancelled >= 10, "{cancelled} loads were cancelled in time");
}

#[test]
fn a_killed_reader_leaves_nothing_whatever_may_go_on() {
    let database = Database::create();
    let mut victims = 0;
    for round in 0..10_u64 {
        let mut client = database.client();
        let pid = backend(&mut client);
        let killer = thread::spawn(move || {
            eventually("a reader starts", || !readers_of(pid).is_empty());
            thread::sleep(Duration::from_millis(20 * round));
            for reader in readers_of(pid) {
                signal(reader, "-KILL");
            }
        });
        let keep_going = load().replace(')', ", options => '{\"keep_going\": true}')");
        // Once all rows are here the reader is needed no more.
        match client.batch_execute(&format!("BEGIN; {keep_going}")) {
            Ok(()) => assert_eq!(tables(&mut client), 300),
            Err(error) => {
                assert_eq!(error.code().unwrap().code(), "58000", "{error}");
                victims += 1;
            }
        }
        client.batch_execute("ROLLBACK").unwrap();
        killer.join().unwrap();
        assert_eq!(tables(&mut client), 0);
    }
    assert!(victims >= 5, "{victims} readers died in time");
}
