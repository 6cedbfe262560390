//! Repairs: their order, the rows that they touch, and what they cannot touch.

use migrator_cluster_tests::{
    sources::Source,
    verdicts::{Verdict, assert_equal_rows, failing, statuses, verdicts},
};
use postgres::Client;

/// Repairs what a validation has found: each statement touches one row, or, where a table refers to
/// itself, those that it says.
fn repaired(client: &mut Client, said: &[Verdict]) {
    let sql = format!("SELECT sql, rows FROM validate_repair({}, false)", said[0].run_id);
    let rows = client.query(&sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    assert!(!rows.is_empty(), "nothing was repaired");
    for row in rows {
        let (sql, rows): (String, Option<i64>) = (row.get(0), row.get(1));
        let said = sql.matches("), (").count() + sql.matches(" OR ").count() + 1;
        assert_eq!(rows, Some(said as i64), "{sql}");
    }
}

/// Without a key a row is found by its place, and places are counted for each partition.
#[test]
fn rows_of_partitions_without_a_key() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE q AS SELECT (i % 100)::INTEGER AS id, 'x' || (i % 3) AS t FROM range(400) r(i);\n",
    );
    client
        .batch_execute(
            "CREATE TABLE q (id integer, t text) PARTITION BY RANGE (id);
             CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (MINVALUE) TO (50);
             CREATE TABLE q2 PARTITION OF q DEFAULT",
        )
        .unwrap();
    client.batch_execute(&source.load("q", "q", ", mode => 'append'")).unwrap();
    assert_equal_rows(&mut client, &source.validation("q", "q", ""));
    client
        .batch_execute(
            "INSERT INTO q SELECT * FROM q1 ORDER BY ctid LIMIT 3;
             INSERT INTO q SELECT * FROM q2 ORDER BY ctid LIMIT 3; INSERT INTO q VALUES (7, 'new'), (70, 'new')",
        )
        .unwrap();
    let said = verdicts(&mut client, &source.validation("q", "q", ""));
    repaired(&mut client, &said);
    assert_equal_rows(&mut client, &source.validation("q", "q", ""));
}

#[test]
fn foreign_keys_and_their_repair() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE parents (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE);\n\
         CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id), next INTEGER);\n\
         INSERT INTO parents SELECT i, 'p' || i FROM range(50) r(i);\n\
         INSERT INTO children SELECT i, i % 50, i + 1 FROM range(500) r(i);\n",
    );
    let path = &source.path;
    client.batch_execute(&format!("SELECT FROM migrate_database('{path}')")).unwrap();
    let all = format!("validate_database('{path}', level => 'full')");
    let said = assert_equal_rows(&mut client, &all);
    assert_eq!(failing(&said), Vec::<&str>::new());
    assert!(statuses(&said, "orphaned_records").contains(&"pass"), "{said:#?}");
    client
        .batch_execute(
            "SET session_replication_role = replica; DELETE FROM parents WHERE id = 7;
             UPDATE children SET parent = 99 WHERE id = 3; DELETE FROM children WHERE id = 57; RESET session_replication_role",
        )
        .unwrap();
    let said = verdicts(&mut client, &all);
    assert!(failing(&said).contains(&"orphaned_records"), "{said:#?}");
    // Parents come before their children.
    repaired(&mut client, &said);
    let said = assert_equal_rows(&mut client, &all);
    assert_eq!(failing(&said), Vec::<&str>::new());
}

/// Two rows exchange a value that must be unique: no order of two updates is right.
#[test]
fn unique_values_that_were_exchanged() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE u (id INTEGER PRIMARY KEY, name VARCHAR UNIQUE);\nINSERT INTO u SELECT i, 'n' || i FROM range(50) r(i);\n",
    );
    client.batch_execute(&source.load("u", "u", "")).unwrap();
    client
        .batch_execute("UPDATE u SET name = 'x' WHERE id = 1; UPDATE u SET name = 'n1' WHERE id = 2; UPDATE u SET name = 'n2' WHERE id = 1")
        .unwrap();
    let said = verdicts(&mut client, &source.validation("u", "u", ""));
    repaired(&mut client, &said);
    assert_equal_rows(&mut client, &source.validation("u", "u", ""));
}

#[test]
fn hostile_names() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE SCHEMA \"S's\";\nCREATE TABLE \"S's\".\"a\"\"b'c\" (\"select\" INTEGER PRIMARY KEY, \"x.y\" VARCHAR, \"día $1\" DOUBLE, \"h\" INTEGER, \"q\" INTEGER);\n\
         INSERT INTO \"S's\".\"a\"\"b'c\" SELECT i, 'é' || i, i / 3, i, i FROM range(4500) r(i);\n",
    );
    let path = &source.path;
    client.batch_execute(&format!("SELECT FROM migrate_database('{path}')")).unwrap();
    let all = format!("validate_database('{path}', level => 'full')");
    assert_equal_rows(&mut client, &all);
    client.batch_execute("UPDATE \"S's\".\"a\"\"b'c\" SET \"día $1\" = -\"día $1\" WHERE \"select\" = 0; UPDATE \"S's\".\"a\"\"b'c\" SET \"h\" = 0 WHERE \"select\" = 9").unwrap();
    let said = verdicts(&mut client, &all);
    assert!(failing(&said).contains(&"negative_zero_match"), "{said:#?}");
    repaired(&mut client, &said);
    assert_equal_rows(&mut client, &all);
}

/// Names that only quotes make names, and the numbers of runs that stand for them.
#[test]
fn runs_of_hostile_names() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE SCHEMA \"Other one\";\nCREATE TABLE \"Other one\".\"Order lines\" AS SELECT i AS id, 'x' || i AS t FROM range(100) r(i);\n\
         CREATE TABLE \"x.y\" AS SELECT i AS id, 'x' || i AS t FROM range(100) r(i);\n\
         CREATE TABLE \"día\" AS SELECT i AS id, 'x' || i AS t FROM range(100) r(i);\n",
    );
    let names = ["\"Other one\".\"Order lines\"", "\"x.y\"", "\"día\""];
    for (at, name) in names.into_iter().enumerate() {
        let target = format!("a{at}");
        client.batch_execute(&source.load(name, &target, "")).unwrap();
        let run = "SELECT max(run_id) FROM migrator.runs";
        let run: i64 = client.query_one(run, &[]).unwrap().get(0);
        assert_equal_rows(&mut client, &format!("validate_run({run}, level => 'full')"));
        client.batch_execute(&format!("UPDATE {target} SET t = '' WHERE id = 7")).unwrap();
        let said = verdicts(&mut client, &source.validation(name, &target, ", key => ARRAY['id']"));
        assert!(failing(&said).contains(&"value_mismatch"), "{said:#?}");
        repaired(&mut client, &said);
        assert_equal_rows(&mut client, &source.validation(name, &target, ""));
    }
}

/// Rows that refer to one another, in whatever order they are missing.
#[test]
fn a_table_that_refers_to_itself() {
    let chain: Vec<_> =
        (1..40).map(|n| format!("INSERT INTO s VALUES ({n}, {});\n", n - 1)).collect();
    let (_database, mut client, source) = Source::with_database(&format!(
        "CREATE TABLE s (id INTEGER PRIMARY KEY, up INTEGER REFERENCES s (id));\nINSERT INTO s VALUES (0, NULL);\n{}",
        chain.concat()
    ));
    client.batch_execute(&source.load("s", "s", "")).unwrap();
    client
        .batch_execute("SET session_replication_role = replica; DELETE FROM s WHERE id > 5; RESET session_replication_role")
        .unwrap();
    let said = verdicts(&mut client, &source.validation("s", "s", ""));
    repaired(&mut client, &said);
    assert_equal_rows(&mut client, &source.validation("s", "s", ""));
}

#[test]
fn generated_columns_follow_the_others() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE g (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2));\n\
         INSERT INTO g SELECT i, i FROM range(100) r(i);\n",
    );
    let path = &source.path;
    client.batch_execute(&format!("SELECT FROM migrate_database('{path}')")).unwrap();
    client.batch_execute("UPDATE g SET a = 7 WHERE id = 3; DELETE FROM g WHERE id = 5").unwrap();
    let said = verdicts(&mut client, &source.validation("g", "g", ""));
    repaired(&mut client, &said);
    assert_equal_rows(&mut client, &source.validation("g", "g", ""));
}

/// Rows that a role does not see are not missing: who repaired them would add them once more.
#[test]
fn rows_that_are_hidden_are_not_missing() {
    let (database, mut client, source) = Source::with_database(
        "CREATE TABLE t AS SELECT i AS id, 'x' || i AS t FROM range(100) r(i);\n",
    );
    client.batch_execute(&source.load("t", "t", "")).unwrap();
    let role = format!("{}_reader", database.name);
    client
        .batch_execute(&format!(
            "UPDATE t SET t = '' WHERE id = 3; CREATE ROLE {role}; GRANT pg_read_server_files TO {role};
             GRANT SELECT, INSERT ON t TO {role}; SET ROLE {role}"
        ))
        .unwrap();
    let said = verdicts(&mut client, &source.validation("t", "t", ""));
    let secured = "RESET ROLE; ALTER TABLE t ENABLE ROW LEVEL SECURITY;
                   CREATE POLICY p ON t FOR INSERT WITH CHECK (true)";
    client.batch_execute(&format!("{secured}; SET ROLE {role}")).unwrap();
    let diff = format!("SELECT FROM validate_diff('{}', 't')", source.path);
    let told = client.query(&diff, &[]).map(|rows| rows.len());
    let repair = format!("SELECT FROM validate_repair({}, false)", said[0].run_id);
    let mended = client.query(&repair, &[]).map(|rows| rows.len());
    client.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
    assert!(
        told.is_err() && mended.is_err(),
        "validate_diff tells of {told:?} rows, validate_repair has run {mended:?} statements"
    );
}

/// What an earlier load has appended is no mistake of the last one.
#[test]
fn a_table_that_was_filled_in_two_loads() {
    let (_database, mut client, source) = Source::with_database(
        "CREATE TABLE t AS SELECT i AS id, 'x' || i AS t FROM range(100) r(i);\n",
    );
    client.batch_execute("CREATE TABLE t (id bigint, t text)").unwrap();
    for filter in ["id < 50", "id >= 50"] {
        let more = format!(", mode => 'append', filter => '{filter}'");
        client.batch_execute(&source.load("t", "t", &more)).unwrap();
    }
    assert_equal_rows(&mut client, &source.validation("t", "t", ""));
}
