//! Latency where a script cannot look: on a standby, over many runs, under a cancel, dumped, and
//! beside pg_stat_statements' counters.

use std::{
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use migrator_cluster_tests::{
    Database, connect, eventually_within, foreign::value, private::Private,
};
use postgres::{Client, Config, NoTls, error::SqlState};

const TABLE: &str = "
    CREATE TABLE wards AS SELECT i AS id, i % 40 AS beds FROM generate_series(1, 20000) i;
    ALTER TABLE wards ADD PRIMARY KEY (id);
    ANALYZE wards;";

/// A connection to a private server, and what it is told.
fn listening(server: &Private) -> (Client, Arc<Mutex<Vec<String>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let client = Config::new()
        .host(server.socket())
        .user("postgres")
        .dbname("postgres")
        .notice_callback(move |notice| heard.lock().unwrap().push(notice.message().to_owned()))
        .connect(NoTls)
        .unwrap();
    (client, said)
}

#[test]
fn a_standby_measures_and_keeps_nothing() {
    let primary = Private::start(&[], "");
    let mut client = primary.client();
    client.batch_execute(TABLE).unwrap();
    let replica = Private::replica_of(&primary, || {
        client.batch_execute("SELECT latency_check('TABLE wards', runs => 3)").unwrap();
    });
    let (mut follower, said) = listening(&replica);
    eventually_within(Duration::from_secs(60), "the replica follows", || {
        value::<i64>(&mut follower, "SELECT count(*) FROM migrator.measurements") == 4
    });
    let sql = "SELECT rows, verdict, measurement_id
                 FROM latency_check('SELECT * FROM wards WHERE id = $1', '[[7], [8]]', runs => 5, p95_ms => 60000)";
    let row = follower.query_one(sql, &[]).unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (1_i64, "pass", None::<i64>));
    let notice = "what was measured is not recorded: the transaction is read-only";
    assert_eq!(*said.lock().unwrap(), [notice]);
    let stream =
        "SELECT array_agg(line) FROM latency_tap('SELECT 1 / (id - 7) FROM wards') AS line";
    let stream: Vec<String> = value(&mut follower, stream);
    assert!(stream[2].starts_with("not ok 1") && stream[4].contains("22012"), "{stream:?}");
    // A run that the primary has carried there has gates here, too.
    let error = follower.query("SELECT migrate_gate(1, '{\"p95_ms\": 1}')", &[]).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::NO_DATA_FOUND));
}

/// The resident memory of a backend, in kilobytes: now and at most.
fn memory(backend: i32) -> [u64; 2] {
    let status = std::fs::read_to_string(format!("/proc/{backend}/status")).unwrap();
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    })
}

#[test]
fn many_runs_leave_nothing_behind() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(TABLE).unwrap();
    client.batch_execute("SET plan_cache_mode = force_custom_plan").unwrap();
    let check = |runs| {
        format!(
            "SELECT rows FROM latency_check('SELECT * FROM wards JOIN wards w USING (id) WHERE id BETWEEN $1 AND $1 + 50', '[[70], [80]]', runs => {runs})"
        )
    };
    assert_eq!(value::<i64>(&mut client, &check(100)), 51);
    let backend: i32 = value(&mut client, "SELECT pg_backend_pid()");
    let [before, _] = memory(backend);
    assert_eq!(value::<i64>(&mut client, &check(20_000)), 51);
    let [_, most] = memory(backend);
    // Shared buffers count once they are touched: these are all touched before.
    assert!(most < before + 8_192, "{before} kB before, {most} kB at most");
}

#[test]
fn a_cancel_ends_it_at_once() {
    let database = Database::create();
    let mut client = database.client();
    let token = client.cancel_token();
    let cancel = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        token.cancel_query(NoTls).unwrap();
    });
    let began = Instant::now();
    let error = client.query("SELECT latency_tap('SELECT 1', runs => 100000)", &[]);
    let quick = error.is_ok();
    cancel.join().unwrap();
    // A machine may be quick enough to be through.
    if let Err(error) = error {
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    }
    assert!(quick || began.elapsed() < Duration::from_secs(5));
    let sql = "SELECT latency_check('SELECT pg_sleep(1)', runs => 100000)";
    client.batch_execute("SET statement_timeout = 300").unwrap();
    let error = client.query(sql, &[]).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    client.batch_execute("SET statement_timeout = 0; CREATE TABLE after (id integer)").unwrap();
}

#[test]
fn measurements_are_dumped() {
    let database = Database::create();
    let copy = Database::create();
    let mut client = database.client();
    client.batch_execute(TABLE).unwrap();
    let check = "SELECT measurement_id FROM latency_check('TABLE wards', runs => 3)";
    let first: i64 = value(&mut client, check);
    let mut postgres = connect("postgres", "postgres");
    postgres.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", copy.name)).unwrap();
    postgres.batch_execute(&format!("CREATE DATABASE {}", copy.name)).unwrap();
    let host = std::env::var("PGHOST").unwrap();
    let there = format!("-h {host} -p 5432 -U postgres");
    // An older pg_dump refuses a newer server.
    let bin: String = value(&mut client, "SELECT setting FROM pg_config() WHERE name = 'BINDIR'");
    let script = format!(
        "{bin}/pg_dump {there} {} | {bin}/psql {there} -Xq -v ON_ERROR_STOP=1 -o /dev/null {}",
        database.name, copy.name
    );
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
    let all =
        "SELECT md5(string_agg(m::text, '|' ORDER BY measurement_id)) FROM migrator.measurements m";
    let mut copied = copy.client();
    assert_eq!(value::<String>(&mut client, all), value::<String>(&mut copied, all));
    // The numbers go on.
    assert_eq!(value::<i64>(&mut copied, check), first + 4);
}

/// A server whose statistics count nested statements, too.
#[test]
fn runs_are_no_workload() {
    let Some(server) = Private::with_statements("pg_stat_statements.track = 'all'\n") else {
        return;
    };
    let mut client = server.client();
    client.batch_execute(TABLE).unwrap();
    client.batch_execute("CREATE EXTENSION pg_stat_statements").unwrap();
    client.batch_execute("SELECT pg_stat_statements_reset()").unwrap();
    let check = "SELECT latency_check('SELECT beds FROM wards WHERE id = $1', '[7]', runs => 30)";
    client.batch_execute(check).unwrap();
    client.batch_execute("SELECT id FROM wards LIMIT 1").unwrap();
    let calls = "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements WHERE query LIKE 'SELECT beds%'";
    assert_eq!(value::<i64>(&mut client, calls), 0);
    let others = "SELECT sum(calls)::bigint FROM pg_stat_statements WHERE query LIKE 'SELECT id%'";
    assert_eq!(value::<i64>(&mut client, others), 1);
}
