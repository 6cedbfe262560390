//! Other sessions that change the target while a load waits for it.

use std::{thread, time::Duration};

use migrator_cluster_tests::{Database, data};
use postgres::Client;

/// Prepares a target, changes it in a transaction that is still open when the load begins, commits,
/// and returns the load's error.
fn race(client: &mut Client, other: &mut Client, change: &str) -> Option<String> {
    client
        .batch_execute("DROP TABLE IF EXISTS target; CREATE TABLE target (id integer, v integer)")
        .unwrap();
    other.batch_execute(&format!("BEGIN; {change}")).unwrap();
    let file = data("traps.duckdb");
    let load = format!(
        "SELECT * FROM migrate_table('{file}', 'twice', target => 'target', mode => 'append')"
    );
    thread::scope(|scope| {
        let loading = scope.spawn(|| client.batch_execute(&load).err());
        thread::sleep(Duration::from_millis(500));
        other.batch_execute("COMMIT").unwrap();
        loading.join().unwrap().map(|error| error.as_db_error().unwrap().message().to_owned())
    })
}

fn rows(client: &mut Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn a_target_is_read_when_nobody_can_change_it_any_more() {
    let database = Database::create();
    let (mut client, mut other) = (database.client(), database.client());
    let (client, other) = (&mut client, &mut other);

    assert_eq!(race(client, other, "ALTER TABLE target ALTER v TYPE text"), None);
    assert_eq!(rows(client, "SELECT count(*) FROM target WHERE v = '4'"), 1);
    assert_eq!(race(client, other, "ALTER TABLE target ALTER v TYPE bigint"), None);
    assert_eq!(rows(client, "SELECT sum(v)::bigint FROM target"), 21);
    assert_eq!(race(client, other, "ALTER TABLE target ADD w integer DEFAULT 7"), None);
    assert_eq!(rows(client, "SELECT sum(w)::bigint FROM target"), 42);

    let refused = race(client, other, "ALTER TABLE target ALTER v TYPE jsonb USING NULL").unwrap();
    assert!(refused.contains("do not fit"), "{refused}");
    let not_null = "ALTER TABLE target ADD w integer NOT NULL";
    let refused = race(client, other, not_null).unwrap();
    assert!(refused.contains("violates not-null constraint"), "{refused}");

    let trigger = "CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN NEW.v := 100; RETURN NEW; END';
        CREATE TRIGGER t BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION pg_temp.f()";
    assert_eq!(race(client, other, trigger), None);
    assert_eq!(rows(client, "SELECT count(*) FROM target WHERE v = 100"), 6);

    let gone = race(client, other, "DROP TABLE target").unwrap();
    assert!(gone.contains("does not exist") || gone.contains("could not open relation"), "{gone}");
    let another = "DROP TABLE target; CREATE TABLE target (id bigint, v numeric)";
    assert_eq!(race(client, other, another), None);
    assert_eq!(rows(client, "SELECT sum(v)::bigint FROM target"), 21);
}

/// A transaction with an old snapshot sees the catalog as it was.
#[test]
fn an_old_snapshot_does_not_hide_a_change() {
    let database = Database::create();
    let (mut client, mut other) = (database.client(), database.client());
    let load = format!(
        "SELECT * FROM migrate_table('{}', 'twice', target => 'target', mode => 'append')",
        data("traps.duckdb")
    );
    let trigger = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN RETURN NULL; END';
        CREATE TRIGGER t BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION f()";
    for change in ["ALTER TABLE target ALTER v TYPE text", trigger] {
        let create = "DROP TABLE IF EXISTS target; CREATE TABLE target (id integer, v integer)";
        other.batch_execute(create).unwrap();
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").unwrap();
        other.batch_execute(change).unwrap();
        let error = client.batch_execute(&load).unwrap_err();
        let message = error.as_db_error().unwrap().message().to_owned();
        assert!(message.contains("was altered meanwhile"), "{message}");
        client.batch_execute("ROLLBACK").unwrap();
    }
}
