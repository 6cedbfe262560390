//! Advice where more than a table decides: rights, other extensions, the source.

use migrator_cluster_tests::{
    Database,
    advice::{Advice, ORDERS, advice, apply, asked, only, with},
    connect, data,
    foreign::{literal, value},
    is_available,
    private::Private,
};

fn kinds(rows: &[Advice]) -> Vec<&str> {
    rows.iter().map(|row| row.kind.as_str()).collect()
}

#[test]
fn advice_is_for_those_who_may_read() {
    let (database, mut client) = with(ORDERS);
    let role = format!("advised_{}", database.name);
    client.batch_execute(&format!("CREATE ROLE {role} LOGIN")).unwrap();
    let mut other = connect(&database.name, &role);
    let query: &[&str] = &["SELECT id FROM orders WHERE customer = 7"];
    let error = asked(&mut other, "orders", Some(query), "{}").unwrap_err();
    assert_eq!(
        (error.code().code(), error.message()),
        ("42501", "permission denied for table orders")
    );
    client.batch_execute(&format!("GRANT SELECT ON orders TO {role}")).unwrap();
    assert!(only(&mut other, "orders", query).using().starts_with("btree (\"customer\")"));
    // What the role may not do is not planned as if it might, but advised on.
    let row = only(&mut other, "orders", &["DELETE FROM orders WHERE customer = 7"]);
    assert_eq!(
        (row.using(), row.gain["method"].as_str()),
        ("btree (\"customer\")", Some("estimate"))
    );
    // What was advised is its own to read.
    let kept = "SELECT count(*) FROM migrator.measurements WHERE kind = 'advice' AND metric = 'cost_saved'";
    assert_eq!(value::<i64>(&mut other, kept), 2);
    drop(other);
    client.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn the_planner_judges_where_hypopg_is() {
    if !is_available("hypopg") {
        return;
    }
    let (_database, mut client) = with(ORDERS);
    client.batch_execute("CREATE SCHEMA hypo; CREATE EXTENSION hypopg SCHEMA hypo").unwrap();
    let query = "SELECT * FROM orders WHERE customer = $1";
    let row = only(&mut client, "orders", &[query]);
    assert_eq!(
        (row.using(), row.gain["method"].as_str()),
        ("btree (\"customer\")", Some("hypopg"))
    );
    let (before, after) = (row.cost("cost_before"), row.cost("cost_after"));
    assert!(after < before / 2.0, "{row:?}");
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM hypo.hypopg_list_indexes"), 0);
    // An index that the planner would not take is none, whatever the rules say.
    client.batch_execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off").unwrap();
    let row = only(&mut client, "orders", &[query]);
    assert!(row.kind == "none" && row.gain["method"] == "hypopg", "{row:?}");
}

#[test]
fn what_was_seen_is_a_workload() {
    let Some(server) = Private::with_statements("pg_stat_statements.track = 'all'\n") else {
        return;
    };
    let mut client = server.client();
    client.batch_execute(ORDERS).unwrap();
    client
        .batch_execute(
            "ANALYZE; CREATE EXTENSION pg_stat_statements; SELECT pg_stat_statements_reset()",
        )
        .unwrap();
    for customer in 1..=5 {
        client.batch_execute(&format!("SELECT * FROM orders WHERE customer = {customer}")).unwrap();
    }
    client.batch_execute("CREATE TABLE gone AS SELECT 1 AS orders; SELECT * FROM gone WHERE orders = 1; DROP TABLE gone").unwrap();
    let rows = advice(&mut client, "orders", None, "{}");
    assert_eq!(kinds(&rows), ["btree"], "{rows:#?}");
    assert_eq!(rows[0].using(), "btree (\"customer\")");
    assert!(rows[0].rationale.contains("(5 calls"), "{rows:#?}");
    assert_eq!(rows[0].gain["queries"][0]["calls"], 5.0);
    // To look at it is not to run it.
    let calls = "SELECT sum(calls)::bigint FROM pg_stat_statements WHERE query LIKE 'SELECT * FROM orders%'";
    assert_eq!(value::<i64>(&mut client, calls), 5);
    assert!(advice(&mut client, "orders", None, r#"{"top": 0}"#).is_empty());
}

/// A role's functions note in a sequence, which no rollback undoes, that a superuser runs them, and
/// take hold of a setting.
const WATCH: &str = "
    CREATE SEQUENCE s.seen;
    CREATE FUNCTION s.h(integer) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM set_config('application_name', 'taken', false);
        IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            PERFORM nextval('s.seen');
            RAISE EXCEPTION 'run as %', current_user;
        END IF;
        RETURN true;
    END $$;
    CREATE DOMAIN s.d AS integer CHECK (s.h(VALUE));
    CREATE FUNCTION s.f() RETURNS s.d[] IMMUTABLE LANGUAGE plpgsql AS
        $$BEGIN RETURN ARRAY[1]::s.d[]; END$$;
    CREATE FUNCTION s.g(x integer, a s.d[]) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
        $$BEGIN RETURN x = a[1]; END$$;
    CREATE FUNCTION s.k(x integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
        $$BEGIN RETURN x; END$$;";

#[test]
fn what_a_role_wrote_runs_as_that_role_only() {
    let Some(server) = Private::with_statements("") else { return };
    let mut client = server.client();
    if is_available("hypopg") {
        client.batch_execute("CREATE EXTENSION hypopg").unwrap();
    }
    client
        .batch_execute(
            "CREATE TABLE watched AS SELECT i AS x, md5(i::text) AS code, repeat('x', 100) AS filler
               FROM generate_series(1, 20000) i;
             ANALYZE; CREATE EXTENSION pg_stat_statements;
             CREATE ROLE writer; CREATE SCHEMA s AUTHORIZATION writer;
             GRANT SELECT ON watched TO writer; SELECT pg_stat_statements_reset();
             SET ROLE writer",
        )
        .unwrap();
    client.batch_execute(WATCH).unwrap();
    for condition in ["s.g(x, s.f()) IS TRUE", "s.k(x) = 5", "lower(code) = 'a'"] {
        client.batch_execute(&format!("SELECT * FROM watched WHERE {condition}")).unwrap();
    }
    client.batch_execute("RESET ROLE; SET application_name = 'own'").unwrap();
    let rows = advice(&mut client, "watched", None, r#"{"min_gain": 0}"#);
    let is_called = "SELECT is_called FROM s.seen";
    assert!(!value::<bool>(&mut client, is_called));
    let name = "SELECT current_setting('application_name')";
    assert_eq!(value::<String>(&mut client, name), "own");
    // What is the server's own is advised, and nothing else.
    let using: Vec<_> = rows.iter().map(Advice::using).collect();
    assert_eq!(using, ["btree ((lower(code)))"], "{rows:#?}");
    // The role itself reads what it has written.
    client.batch_execute("SET ROLE writer").unwrap();
    let rows = advice(&mut client, "watched", None, r#"{"min_gain": 0}"#);
    assert!(rows.iter().any(|row| row.using() == "btree ((s.k(x)))"), "{rows:#?}");
    client.batch_execute("RESET ROLE").unwrap();
    assert!(!value::<bool>(&mut client, is_called));
}

#[test]
fn what_the_source_has_is_wanted_here() {
    let database = Database::create();
    let mut client = database.client();
    let file = data("objects.duckdb");
    let load = format!(
        "SELECT FROM migrate_table({0}, 'indexed', constraints => false, indexes => false);
         SELECT FROM migrate_table({0}, 'keyed', constraints => false, indexes => false);",
        literal(&file)
    );
    client.batch_execute(&load).unwrap();
    let options = format!(r#"{{"source": "{file}"}}"#);
    let rows = advice(&mut client, "indexed", Some(&[]), &options);
    let mut using: Vec<_> = rows.iter().map(Advice::using).collect();
    using.sort_unstable();
    assert_eq!(using, ["btree (\"i\")", "btree (\"s\")", "btree ((lower(s)))"]);
    let unique = rows.iter().find(|row| row.using() == "btree (\"s\")").unwrap();
    assert!(unique.sql.as_deref().unwrap().starts_with("CREATE UNIQUE INDEX"), "{unique:?}");
    apply(&mut client, &rows);
    assert!(advice(&mut client, "indexed", Some(&[]), &options).is_empty());
    let rows = advice(&mut client, "keyed", Some(&[]), &options);
    let using: Vec<_> = rows.iter().map(Advice::using).collect();
    assert_eq!(using, ["btree (\"id\")", "btree (\"code\")"]);
    assert!(rows[0].rationale.contains("primary key (id)"), "{rows:#?}");
}
