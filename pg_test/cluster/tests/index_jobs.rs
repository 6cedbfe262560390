//! index_apply's background worker: what it builds while others write, and that it leaves nothing
//! behind, however it ends.

use std::{thread, time::Duration};

use migrator_cluster_tests::{
    Database, eventually_within,
    foreign::{assert_refused, value},
    is_alive,
    jobs::{WARDS, indexes, job, queue, until, until_idle, until_waiting},
    private::Private,
};
use postgres::Client;

const CHOICE: &str = "CREATE INDEX beds ON wards (beds)";

fn wards() -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(WARDS).unwrap();
    (database, client)
}

/// Another session's transaction that has written to the table: a build waits for its end.
fn writer(database: &Database) -> Client {
    let mut client = database.client();
    client.batch_execute("BEGIN; UPDATE wards SET beds = beds WHERE id = 1").unwrap();
    client
}

#[test]
fn an_index_is_built_while_others_write() {
    let (database, mut client) = wards();
    let mut writer = writer(&database);
    let job_id = queue(&mut client, CHOICE, "{}");
    let pid = until_waiting(&mut client, job_id);
    let sql = format!(
        "SELECT application_name || ': ' || query FROM pg_stat_activity
          WHERE pid = {pid} AND backend_type = 'migrator index worker'"
    );
    let shown = "migrator: CREATE INDEX CONCURRENTLY \"beds\" ON wards (beds)";
    assert_eq!(value::<String>(&mut client, &sql), shown);
    let progress = format!("SELECT count(*) FROM pg_stat_progress_create_index WHERE pid = {pid}");
    assert_eq!(value::<i64>(&mut client, &progress), 1);
    client
        .batch_execute("SET lock_timeout = '5s'; INSERT INTO wards VALUES (0, 'new', 1)")
        .unwrap();
    writer.batch_execute("COMMIT").unwrap();
    until(&mut client, job_id, "done");
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
    let sql =
        "SELECT j.index = 'beds'::regclass AND m.value > 0 AND m.details ->> 'index' = j.index_name
                 FROM migrator.index_jobs j, migrator.measurements m";
    assert!(value::<bool>(&mut client, sql));
    until_idle(&mut client);
    eventually_within(Duration::from_secs(30), "the worker is gone", || !is_alive(pid));
}

#[test]
fn an_index_is_dropped() {
    let (_database, mut client) = wards();
    client.batch_execute(CHOICE).unwrap();
    let job_id = queue(&mut client, "DROP INDEX beds", "{}");
    let ended = until(&mut client, job_id, "done");
    assert_eq!((ended.sqlstate, ended.leftover), (None, None));
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

#[test]
fn jobs_of_one_table_have_names_of_their_own() {
    let (_database, mut client) = wards();
    client.batch_execute("BEGIN").unwrap();
    let choice = "CREATE INDEX ON wards (beds)";
    let jobs = [(); 2].map(|()| queue(&mut client, choice, "{}"));
    client.batch_execute("COMMIT").unwrap();
    for job_id in jobs {
        until(&mut client, job_id, "done");
    }
    assert_eq!(indexes(&mut client), ["wards_beds_idx", "wards_beds_idx1", "wards_pkey"]);
}

#[test]
fn a_rollback_leaves_no_job() {
    let (_database, mut client) = wards();
    client.batch_execute("BEGIN").unwrap();
    let job_id = queue(&mut client, CHOICE, "{}");
    // The worker is there by then, and waits.
    let workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'migrator index worker' AND datname = current_database()";
    eventually_within(Duration::from_secs(30), "the worker waits", || {
        client.batch_execute("SELECT pg_stat_clear_snapshot()").unwrap();
        value::<i64>(&mut client, workers) == 1
    });
    client.batch_execute("ROLLBACK").unwrap();
    until_idle(&mut client);
    assert_eq!(job(&mut client, job_id), None);
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

#[test]
fn a_rollback_to_a_savepoint_leaves_no_job() {
    let (_database, mut client) = wards();
    client.batch_execute("BEGIN; SAVEPOINT s").unwrap();
    let job_id = queue(&mut client, CHOICE, "{}");
    client.batch_execute("ROLLBACK TO s; COMMIT").unwrap();
    until_idle(&mut client);
    assert_eq!(job(&mut client, job_id), None);
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

#[test]
fn a_build_that_fails_leaves_no_invalid_index() {
    let (_database, mut client) = wards();
    let job_id = queue(&mut client, "CREATE UNIQUE INDEX beds ON wards (beds)", "{}");
    let failed = until(&mut client, job_id, "failed");
    assert_eq!(failed.sqlstate.as_deref(), Some("23505"));
    assert_eq!(failed.leftover.as_deref(), Some("dropped invalid index \"public\".\"beds\""));
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

#[test]
fn anothers_index_is_left_alone() {
    let (_database, mut client) = wards();
    client.batch_execute(CHOICE).unwrap();
    client
        .batch_execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'beds'::regclass")
        .unwrap();
    let job_id = queue(&mut client, CHOICE, "{}");
    let failed = until(&mut client, job_id, "failed");
    assert_eq!((failed.sqlstate.as_deref(), failed.leftover), (Some("42P07"), None));
    assert_eq!(indexes(&mut client), ["beds INVALID", "wards_pkey"]);
}

#[test]
fn a_lock_is_tried_again() {
    let (database, mut client) = wards();
    let mut other = database.client();
    let lock = "BEGIN; LOCK TABLE wards IN SHARE UPDATE EXCLUSIVE MODE";
    other.batch_execute(lock).unwrap();
    let job_id = queue(&mut client, CHOICE, r#"{"lock_timeout": "100ms", "attempts": 2}"#);
    let failed = until(&mut client, job_id, "failed");
    assert_eq!((failed.sqlstate.as_deref(), failed.leftover), (Some("55P03"), None));
    let job_id = queue(&mut client, CHOICE, r#"{"lock_timeout": "100ms", "attempts": 50}"#);
    until(&mut client, job_id, "running");
    thread::sleep(Duration::from_millis(300));
    other.batch_execute("ROLLBACK").unwrap();
    until(&mut client, job_id, "done");
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
}

#[test]
fn a_timeout_ends_a_build() {
    let (database, mut client) = wards();
    let mut writer = writer(&database);
    let job_id = queue(&mut client, CHOICE, r#"{"statement_timeout": "300ms"}"#);
    thread::sleep(Duration::from_millis(600));
    writer.batch_execute("COMMIT").unwrap();
    let failed = until(&mut client, job_id, "failed");
    assert_eq!(failed.sqlstate.as_deref(), Some("57014"));
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

#[test]
fn a_cancel_ends_a_build() {
    let (database, mut client) = wards();
    let mut writer = writer(&database);
    let job_id = queue(&mut client, CHOICE, "{}");
    let pid = until_waiting(&mut client, job_id);
    assert!(value::<bool>(&mut client, &format!("SELECT pg_cancel_backend({pid})")));
    // What is left of it can be dropped when the writer has ended.
    let dropping = format!("SELECT query LIKE 'DROP%' FROM pg_stat_activity WHERE pid = {pid}");
    eventually_within(Duration::from_secs(30), "the index is being dropped", || {
        value::<bool>(&mut client, &dropping)
    });
    writer.batch_execute("COMMIT").unwrap();
    let failed = until(&mut client, job_id, "failed");
    assert_eq!(failed.sqlstate.as_deref(), Some("57014"));
    assert_eq!(failed.leftover.as_deref(), Some("dropped invalid index \"public\".\"beds\""));
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

/// A job whose worker was ended in the middle of a build.
fn lost(database: &Database, client: &mut Client) -> i64 {
    let mut writer = writer(database);
    let job_id = queue(client, CHOICE, "{}");
    let pid = until_waiting(client, job_id);
    assert!(value::<bool>(client, &format!("SELECT pg_terminate_backend({pid})")));
    until(client, job_id, "lost");
    until_idle(client);
    writer.batch_execute("COMMIT").unwrap();
    assert_eq!(indexes(client), ["beds INVALID", "wards_pkey"]);
    job_id
}

#[test]
fn the_next_build_clears_what_a_lost_one_has_left() {
    let (database, mut client) = wards();
    let lost = lost(&database, &mut client);
    client.batch_execute(&format!("SELECT index_apply('wards', '{CHOICE}')")).unwrap();
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
    let job = job(&mut client, lost).unwrap();
    assert_eq!(job.state, "lost");
    assert_eq!(job.leftover.as_deref(), Some("dropped invalid index \"public\".\"beds\""));
}

#[test]
fn the_next_job_clears_what_a_lost_one_has_left() {
    let (database, mut client) = wards();
    let lost = lost(&database, &mut client);
    let next = queue(&mut client, CHOICE, "{}");
    until(&mut client, next, "done");
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
    let job = job(&mut client, lost).unwrap();
    assert_eq!(job.leftover.as_deref(), Some("dropped invalid index \"public\".\"beds\""));
}

#[test]
fn what_a_lost_job_has_left_can_be_dropped() {
    let (database, mut client) = wards();
    for concurrently in [false, true] {
        let lost = lost(&database, &mut client);
        let drop =
            format!("SELECT job_id FROM index_apply('wards', 'DROP INDEX beds', {concurrently})");
        let job_id: i64 = value(&mut client, &drop);
        until(&mut client, job_id, "done");
        assert_eq!(indexes(&mut client), ["wards_pkey"]);
        let job = job(&mut client, lost).unwrap();
        assert_eq!((job.state.as_str(), job.leftover), ("lost", None));
    }
}

#[test]
fn the_next_build_clears_what_a_failed_one_could_not() {
    let (database, mut client) = wards();
    let mut writer = writer(&database);
    let failed = queue(&mut client, CHOICE, "{}");
    let pid = until_waiting(&mut client, failed);
    let cancel = format!("SELECT pg_cancel_backend({pid})");
    assert!(value::<bool>(&mut client, &cancel));
    let dropping = format!(
        "SELECT query LIKE 'DROP%' AND wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {pid}"
    );
    eventually_within(Duration::from_secs(30), "the index is being dropped", || {
        value::<Option<bool>>(&mut client, &dropping) == Some(true)
    });
    assert!(value::<bool>(&mut client, &cancel));
    let left = until(&mut client, failed, "failed").leftover.unwrap();
    assert!(left.starts_with("invalid index \"public\".\"beds\" is left behind: 57014"), "{left}");
    writer.batch_execute("COMMIT").unwrap();
    until_idle(&mut client);
    assert_eq!(indexes(&mut client), ["beds INVALID", "wards_pkey"]);
    client.batch_execute(&format!("SELECT index_apply('wards', '{CHOICE}')")).unwrap();
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
    let job = job(&mut client, failed).unwrap();
    assert_eq!(job.state, "failed");
    assert_eq!(job.leftover.as_deref(), Some("dropped invalid index \"public\".\"beds\""));
}

#[test]
fn what_has_the_name_by_now_is_left_alone() {
    for concurrently in [false, true] {
        let (database, mut client) = wards();
        let lost = lost(&database, &mut client);
        let mut other = database.client();
        other.batch_execute(&format!("BEGIN; DROP INDEX beds; {CHOICE}")).unwrap();
        let mut caller = database.client();
        let sql = format!(
            "SELECT index_apply('wards', 'CREATE INDEX named ON wards (ward)', {concurrently})"
        );
        let called = thread::spawn(move || caller.batch_execute(&sql).unwrap());
        let waiting = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
        eventually_within(Duration::from_secs(30), "the table is waited for", || {
            value::<i64>(&mut client, waiting) == 1
        });
        other.batch_execute("COMMIT").unwrap();
        called.join().unwrap();
        let next = value(&mut client, "SELECT max(job_id) FROM migrator.index_jobs");
        until(&mut client, next, "done");
        assert_eq!(indexes(&mut client), ["beds", "named", "wards_pkey"]);
        let job = job(&mut client, lost).unwrap();
        assert_eq!((job.state.as_str(), job.leftover), ("lost", None));
    }
}

#[test]
fn nobody_else_makes_a_job_look_alive() {
    let (database, mut client) = wards();
    let lost = lost(&database, &mut client);
    let mut other = database.client();
    let held = |job_id: i64| {
        let keys = format!("1835624306, {job_id}");
        let both = (1_835_624_306 << 32) + job_id;
        format!("SELECT pg_advisory_lock({keys}), pg_advisory_lock({both})")
    };
    for job_id in lost..lost + 5 {
        other.batch_execute(&held(job_id)).unwrap();
    }
    assert_eq!(job(&mut client, lost).unwrap().state, "lost");
    let next = queue(&mut client, CHOICE, "{}");
    until(&mut client, next, "done");
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
}

#[test]
fn no_slot_is_an_error() {
    let server = Private::start(&[], "max_worker_processes = 0\n");
    let mut client = server.client();
    client.batch_execute(WARDS).unwrap();
    let sql = format!("SELECT index_apply('wards', '{CHOICE}', true)");
    let error = assert_refused(&mut client, &sql, "53000");
    assert!(error.hint().is_some_and(|hint| hint.contains("max_worker_processes")), "{error:?}");
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM migrator.index_job_log"), 0);
}

#[test]
fn a_shutdown_ends_a_worker() {
    let server = Private::start(&[], "");
    let mut client = server.client();
    client.batch_execute(WARDS).unwrap();
    let mut writer = server.client();
    writer.batch_execute("BEGIN; UPDATE wards SET beds = beds WHERE id = 1").unwrap();
    let job_id = queue(&mut client, CHOICE, "{}");
    until_waiting(&mut client, job_id);
    server.stop("fast");
    server.start_again();
    let mut client = server.client();
    until(&mut client, job_id, "lost");
    client.batch_execute(&format!("SELECT index_apply('wards', '{CHOICE}')")).unwrap();
    assert_eq!(indexes(&mut client), ["beds", "wards_pkey"]);
}
