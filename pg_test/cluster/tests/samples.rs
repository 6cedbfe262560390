//! The sample files as a whole: what becomes of each object, and the rows of their views.

use migrator_cluster_tests::{
    Database,
    compare::{self, Compare},
    data,
};
use postgres::Client;

/// Carries a file into the schema `sample`, and compares its views; how many there were.
fn carried(client: &mut Client, file: &str, unread: &[&str]) -> usize {
    let path = data(file);
    let report = format!(
        "SELECT kind, source_name, verdict, target_name, note FROM migrate_database('{path}',
                schemas => '{{\"main\": \"sample\"}}')"
    );
    let mut views = Vec::new();
    for row in client.query(&report, &[]).unwrap() {
        let (kind, source, verdict): (String, String, String) =
            (row.get(0), row.get(1), row.get(2));
        let note: Option<String> = row.get(4);
        assert!(
            ["done", "translated", "shimmed"].contains(&verdict.as_str()),
            "{source}: {note:?}"
        );
        if kind == "view" {
            views.push((source, row.get::<_, String>(3)));
        }
    }
    for (source, target) in &views {
        if unread.contains(&source.as_str()) {
            continue;
        }
        let (schema, name) = source.split_once('.').unwrap();
        let theirs = compare::place(schema, name);
        let different = compare::difference(client, &path, (&theirs, target), Compare::Exactly);
        assert_eq!(different, None, "{source}");
    }
    views.len()
}

#[test]
fn shop() {
    let database = Database::create();
    let mut client = database.client();
    compare::prepare(&mut client);
    // DuckDB 2.0 does not take the arrow for a lambda any more.
    assert_eq!(carried(&mut client, "shop.duckdb", &["main.customer_tags"]), 9);
    let sql = "SELECT count(*), count(loud), sum(n_tags)::bigint, max(tag_line) FROM sample.customer_tags";
    let row = client.query_one(sql, &[]).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (3536, 3536));
    let macros = "SELECT sample.net_to_gross(100.00), (SELECT count(*) FROM sample.orders_of(1))
                    = (SELECT count(*) FROM sample.orders WHERE customer_id = 1)";
    let row = client.query_one(&macros.replace("100.00)", "100.00)::text"), &[]).unwrap();
    assert_eq!((row.get::<_, String>(0).as_str(), row.get::<_, bool>(1)), ("121.00", true));
}

#[test]
fn passages() {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute("CREATE EXTENSION vector").unwrap();
    compare::prepare(&mut client);
    assert_eq!(carried(&mut client, "passages.duckdb", &[]), 1);
    let sql = "SELECT count(*), min(vector_dims(embedding)), max(vector_dims(embedding)) FROM sample.passages";
    let row = client.query_one(sql, &[]).unwrap();
    let found = (row.get::<_, i64>(0), row.get::<_, i32>(1), row.get::<_, i32>(2));
    assert_eq!(found, (798, 384, 384));
}

#[test]
fn fluxion() {
    let database = Database::create();
    let mut client = database.client();
    assert_eq!(carried(&mut client, "fluxion.duckdb", &[]), 0);
}
