//! index_apply in the caller's transaction: what it builds, what it refuses, how long it may take.

use migrator_cluster_tests::{
    Database,
    foreign::{assert_refused, refused, value},
    jobs::{WARDS, indexes},
    private::Private,
};
use postgres::Client;

fn wards() -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(WARDS).unwrap();
    (database, client)
}

/// An index that takes 50 seconds.
const SLOW: &str = "
    CREATE FUNCTION slow(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
        'BEGIN PERFORM pg_catalog.pg_sleep(0.01); RETURN i; END';";

#[test]
fn an_index_is_built_and_measured() {
    let (_database, mut client) = wards();
    let sql = "SELECT job_id, index::text, sql, state, seconds > 0
                 FROM index_apply('wards', 'create index if not exists concurrently_not on wards (ward, beds) WHERE beds > 3;')";
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!(row.get::<_, &str>(1), "concurrently_not");
    assert_eq!(
        row.get::<_, &str>(2),
        "CREATE INDEX \"concurrently_not\" ON wards (ward, beds) WHERE beds > 3"
    );
    assert_eq!((row.get::<_, &str>(3), row.get::<_, bool>(4)), ("done", true));
    let sql = "SELECT j.state = 'done' AND j.index = 'concurrently_not'::regclass
                      AND j.ended_at >= j.started_at AND m.target = '\"public\".\"wards\"'
                      AND m.details ->> 'index' = j.index_name AND m.value > 0
                 FROM migrator.index_jobs j, migrator.measurements m
                WHERE m.kind = 'build' AND m.metric = 'build_seconds'";
    assert!(value::<bool>(&mut client, sql));
    assert_eq!(indexes(&mut client), ["concurrently_not", "wards_pkey"]);
}

#[test]
fn a_rollback_undoes_it() {
    let (_database, mut client) = wards();
    client
        .batch_execute(
            "BEGIN; SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)'); ROLLBACK",
        )
        .unwrap();
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM migrator.index_jobs"), 0);
}

#[test]
fn names_are_the_servers() {
    let (_database, mut client) = wards();
    for choice in ["CREATE INDEX ON wards (ward, beds)", "CREATE INDEX ON wards (ward, beds)"] {
        client.query("SELECT index_apply('wards', $1)", &[&choice]).unwrap();
    }
    client
        .batch_execute("SELECT index_apply('wards', 'CREATE INDEX ON wards (lower(ward))')")
        .unwrap();
    let expected = ["wards_lower_idx", "wards_pkey", "wards_ward_beds_idx", "wards_ward_beds_idx1"];
    assert_eq!(indexes(&mut client), expected);
}

#[test]
fn an_index_is_dropped() {
    let (_database, mut client) = wards();
    client.batch_execute("CREATE INDEX a ON wards (beds)").unwrap();
    let sql =
        "SELECT index::text, sql, state FROM index_apply('wards', 'drop index concurrently a')";
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!(row.get::<_, Option<&str>>(0), None);
    assert_eq!(row.get::<_, &str>(1), "DROP INDEX \"public\".\"a\"");
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
    let again = "SELECT job_id FROM index_apply('wards', 'DROP INDEX IF EXISTS a')";
    assert_eq!(value::<Option<i64>>(&mut client, again), None);
    assert_refused(&mut client, "SELECT index_apply('wards', 'DROP INDEX a')", "42704");
}

#[test]
fn other_statements_are_refused() {
    let (_database, mut client) = wards();
    client
        .batch_execute(
            "CREATE TABLE other (id integer PRIMARY KEY); CREATE VIEW seen AS TABLE wards",
        )
        .unwrap();
    let many = format!("CREATE INDEX ON wards (beds{})", ", beds".repeat(100_000));
    for (choice, code) in [
        ("CREATE INDEX ON wards (beds); DROP TABLE wards", "42601"),
        ("", "42601"),
        ("-- nothing", "42601"),
        ("CREATE INDEX ON", "42601"),
        ("CREATE INDEX ON other (id)", "22023"),
        ("CREATE INDEX ON nowhere (id)", "42P01"),
        ("CREATE INDEX ON a.b.c.d (id)", "42601"),
        ("DROP INDEX other_pkey", "22023"),
        ("DROP INDEX wards_pkey, other_pkey", "22023"),
        ("DROP INDEX wards_pkey CASCADE", "22023"),
        ("DROP INDEX wards", "42809"),
        ("DROP TABLE wards", "22023"),
        ("REINDEX TABLE wards", "22023"),
        ("ALTER INDEX wards_pkey RENAME TO a", "22023"),
        ("SELECT 1", "22023"),
        ("DROP INDEX wards_pkey", "2BP01"),
        ("CREATE INDEX wards_pkey ON wards (beds)", "42P07"),
        ("CREATE INDEX ON ONLY (wards) (beds)", "0A000"),
        (&many, "54011"),
    ] {
        for concurrently in [false, true] {
            // What only the run itself can tell is told by the job.
            if concurrently && ["2BP01", "42P07"].contains(&code) {
                continue;
            }
            let sql = format!("SELECT index_apply('wards', '{choice}', {concurrently})");
            assert_refused(&mut client, &sql, code);
        }
    }
    let sql = "SELECT index_apply('seen', 'CREATE INDEX ON seen (beds)', true)";
    assert_refused(&mut client, sql, "42809");
    client
        .batch_execute("CREATE TABLE parts (id integer) PARTITION BY RANGE (id); CREATE TEMP TABLE mine (id integer)")
        .unwrap();
    for table in ["parts", "mine"] {
        let sql = format!("SELECT index_apply('{table}', 'CREATE INDEX ON {table} (id)', true)");
        assert_refused(&mut client, &sql, "0A000");
    }
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM migrator.index_jobs"), 0);
    assert_eq!(indexes(&mut client), ["wards_pkey"]);
}

#[test]
fn a_timeout_is_the_statements() {
    let (_database, mut client) = wards();
    client.batch_execute(SLOW).unwrap();
    let apply = |timeout: &str| {
        format!(
            "SELECT index_apply('wards', 'CREATE INDEX ON wards (slow(id))', options => '{{\"statement_timeout\": \"{timeout}\"}}')"
        )
    };
    assert_refused(&mut client, &apply("200ms"), "57014");
    client.batch_execute("SELECT pg_sleep(0.4)").unwrap();
    // One that would ring earlier stays.
    client.batch_execute("SET statement_timeout = '300ms'").unwrap();
    assert_refused(&mut client, &apply("1h"), "57014");
    // And comes back after one that has not rung.
    let sql = "DO $$ BEGIN
        PERFORM index_apply('wards', 'CREATE INDEX ON wards (beds)', options => '{\"statement_timeout\": \"250ms\"}');
        PERFORM pg_sleep(10); END $$";
    assert_refused(&mut client, sql, "57014");
    client.batch_execute("RESET statement_timeout").unwrap();
    assert_eq!(value::<String>(&mut client, "SHOW statement_timeout"), "0");
}

#[test]
fn a_lock_timeout_is_the_statements() {
    let (database, mut client) = wards();
    let mut other = database.client();
    other.batch_execute("BEGIN; LOCK TABLE wards IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    let sql = "SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', options => '{\"lock_timeout\": \"100ms\"}')";
    assert_refused(&mut client, sql, "55P03");
    assert_eq!(value::<String>(&mut client, "SHOW lock_timeout"), "0");
    let sql = sql.replace("100ms", "soon");
    assert_eq!(refused(&mut client, &sql).code().code(), "22023");
}

#[test]
fn a_standby_and_a_read_only_transaction_refuse() {
    let primary = Private::start(&[], "");
    let mut client = primary.client();
    client.batch_execute(WARDS).unwrap();
    let sql = "SELECT index_apply('wards', 'CREATE INDEX ON wards (beds)', true)";
    let read_only = format!("BEGIN READ ONLY; {sql}");
    assert_refused(&mut client, &read_only, "25006");
    client.batch_execute("ROLLBACK").unwrap();
    let replica = Private::replica_of(&primary, || {});
    assert_refused(&mut replica.client(), sql, "25006");
}
