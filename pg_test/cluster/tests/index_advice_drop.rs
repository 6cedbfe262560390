//! Indexes that should go, and those that only look like it.

use migrator_cluster_tests::{
    advice::{ORDERS, advice, apply, only, with},
    foreign::value,
};
use postgres::Client;

#[test]
fn an_index_that_does_nothing_should_go() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE INDEX one ON orders (customer);
        CREATE INDEX one_again ON orders (customer);
        CREATE INDEX longer ON orders (price, customer);
        CREATE INDEX beginning ON orders (price);
        CREATE UNIQUE INDEX unique_code ON orders (code);
        CREATE INDEX idle ON orders (third);"
    ));
    let dropped = |client: &mut Client, options: &str| -> Vec<String> {
        let rows = advice(client, "orders", Some(&[]), options);
        assert!(rows.iter().all(|row| row.kind == "drop"), "{rows:#?}");
        rows.iter().map(|row| row.sql.clone().unwrap()).collect()
    };
    let names = |names: &[&str]| -> Vec<String> {
        names.iter().map(|name| format!("DROP INDEX \"public\".\"{name}\"")).collect()
    };
    // The statistics are too young to say what nobody uses.
    assert_eq!(dropped(&mut client, "{}"), names(&["beginning", "one_again"]));
    let unknown =
        "SELECT stats_reset IS NULL FROM pg_stat_database WHERE datname = current_database()";
    if value::<bool>(&mut client, unknown) {
        // Nor does anybody know how old they are.
        let some = dropped(&mut client, r#"{"unused_days": 0}"#);
        assert_eq!(some, names(&["beginning", "one_again"]));
    }
    client.batch_execute("SELECT pg_stat_reset()").unwrap();
    let all = dropped(&mut client, r#"{"unused_days": 0}"#);
    assert_eq!(all, names(&["beginning", "idle", "longer", "one", "one_again"]));
    let rows = advice(&mut client, "orders", Some(&[]), r#"{"unused_days": 0}"#);
    let idle = rows.iter().find(|row| row.columns == ["third"]).unwrap();
    let risk = idle.risk.as_deref().unwrap();
    assert!(risk.starts_with("medium: ") && risk.contains("when an index was made"), "{risk}");
    assert!(idle.size.unwrap() < 0);
    // What a query of the workload uses stays.
    let rows = advice(
        &mut client,
        "orders",
        Some(&["SELECT * FROM orders WHERE customer = 7"]),
        r#"{"unused_days": 0}"#,
    );
    let gone: Vec<_> =
        rows.iter().filter(|row| row.kind == "drop").map(|row| row.columns.clone()).collect();
    assert!(
        !gone.contains(&vec!["customer".to_owned()])
            || gone.iter().filter(|c| **c == ["customer"]).count() == 1,
        "{gone:?}"
    );
    apply(&mut client, &rows);
}

#[test]
fn an_index_that_was_just_built_is_not_unused() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE INDEX idle ON orders (third);
        CREATE INDEX \"new \"\"one\"\"\" ON orders (customer);"
    ));
    client.batch_execute("SELECT pg_stat_reset()").unwrap();
    let dropped = |client: &mut Client| -> Vec<_> {
        let rows = advice(client, "orders", Some(&[]), r#"{"unused_days": 0}"#);
        rows.iter().map(|row| row.columns.join(", ")).collect()
    };
    assert_eq!(dropped(&mut client), ["third", "customer"]);
    // As the function that builds it has it, but for the time.
    client
        .batch_execute(
            r#"INSERT INTO migrator.measurements (kind, metric, value, measured_at, details)
               VALUES ('build', 'build_seconds', 1, now() + '1 day', jsonb_build_object('index',
                       '"public"."new ""one"""'))"#,
        )
        .unwrap();
    assert_eq!(dropped(&mut client), ["third"]);
    client
        .batch_execute(
            "INSERT INTO migrator.index_job_log (role_name, target, target_name, index_name, sql,
                    options, state, index, ended_at)
             VALUES ('postgres', 'orders'::regclass, 'orders', 'idle', '', '{}', 'done',
                     'idle'::regclass, now() + '1 day')",
        )
        .unwrap();
    assert!(dropped(&mut client).is_empty());
}

#[test]
fn an_invalid_index_should_go() {
    let (database, mut client) = with(
        "
        CREATE TABLE twice AS SELECT i % 10 AS a FROM generate_series(1, 100) i;",
    );
    client.batch_execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON twice (a)").unwrap_err();
    let row = only(&mut client, "twice", &[]);
    assert_eq!(row.sql.as_deref(), Some("DROP INDEX \"public\".\"broken\""));
    assert!(row.kind == "drop" && row.rationale.contains("is invalid"), "{row:?}");
    // Not while somebody may be building it: what that locks is all that others can see of it.
    let mut builder = database.client();
    builder.batch_execute("BEGIN; LOCK TABLE twice IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    assert!(advice(&mut client, "twice", Some(&[]), "{}").is_empty());
    builder.batch_execute("COMMIT").unwrap();
    assert_eq!(only(&mut client, "twice", &[]).kind, "drop");
}
