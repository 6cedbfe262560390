//! The streams under `pg_prove` itself, or under Perl's `prove` where that is not there.

use std::{
    path::Path,
    process::{Command, Output},
};

use migrator_cluster_tests::{Database, data, sources::Source};

/// A program that runs streams.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Prover {
    PgProve,
    Prove,
}

fn prover() -> Option<Prover> {
    let has = |program: &str| {
        let found = Command::new(program).arg("--version").output();
        found.is_ok_and(|output| output.status.success())
    };
    let found = [(Prover::PgProve, "pg_prove"), (Prover::Prove, "prove")];
    let found = found.into_iter().find(|(_, program)| has(program));
    if found.is_none() {
        println!("neither pg_prove nor prove is here: nothing was tried");
    }
    found.map(|(prover, _)| prover)
}

fn host() -> String {
    std::env::var("PGHOST").expect("pg_test/run sets PGHOST")
}

fn command(prover: Prover, database: &str, script: &Path) -> Command {
    match prover {
        Prover::PgProve => {
            let mut command = Command::new("pg_prove");
            command.args(["-h", &host(), "-p", "5432", "-U", "postgres", "-d", database, "-v"]);
            command.arg(script);
            command
        }
        Prover::Prove => {
            let psql = format!(
                "psql -h {} -p 5432 -U postgres -d {database} -XAtq -v ON_ERROR_STOP=1 -f",
                host()
            );
            let mut command = Command::new("prove");
            command.args(["-v", "--exec", &psql]).arg(script);
            command
        }
    }
}

/// Whether a query's stream passes, and what was said.
fn proved(prover: Prover, database: &Database, query: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("validate.sql");
    std::fs::write(&script, format!("SELECT * FROM {query};\n")).unwrap();
    let Output { status, stdout, stderr } =
        command(prover, &database.name, &script).output().unwrap();
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (status.success(), said)
}

/// A stream that is well-formed: each failure of prove is one of a test, and not of the stream.
fn assert_well_formed(said: &str) {
    for complaint in [
        "Parse errors",
        "No plan",
        "Bad plan",
        "out of sequence",
        "Non-zero exit status",
        "Non-zero wait status",
    ] {
        assert!(!said.contains(complaint), "{said}");
    }
}

fn assert_passes(prover: Prover, database: &Database, query: &str) {
    let (passes, said) = proved(prover, database, query);
    assert!(passes && said.contains("Result: PASS"), "{query}: {said}");
    assert_well_formed(&said);
}

fn assert_fails(prover: Prover, database: &Database, query: &str, because: &str) {
    let (passes, said) = proved(prover, database, query);
    assert!(!passes && said.contains("Result: FAIL") && said.contains(because), "{query}: {said}");
    assert_well_formed(&said);
}

#[test]
fn a_good_load_passes_and_a_sabotaged_one_fails() {
    let Some(prover) = prover() else { return };
    println!("{prover:?}");
    let database = Database::create();
    let mut client = database.client();
    let path = data("shop.duckdb");
    client.batch_execute(&format!("SELECT FROM migrate_database('{path}')")).unwrap();
    let table = format!("validate_table_tap('{path}', 'customers', level => 'full')");
    let all = format!("validate_database_tap('{path}')");
    let run = "validate_run_tap(1)";
    for query in [&table, &all, run] {
        assert_passes(prover, &database, query);
    }
    client.batch_execute("UPDATE customers SET email = email || ' ' WHERE customer_id = (SELECT min(customer_id) FROM customers WHERE email IS NOT NULL)").unwrap();
    for query in [&table, &all, run] {
        assert_fails(prover, &database, query, "customers.email: column_checksum");
    }
}

#[test]
fn names_and_values_that_look_like_tap_stay_what_they_are() {
    let Some(prover) = prover() else { return };
    let database = Database::create();
    let mut client = database.client();
    let source = Source::new(
        "CREATE TABLE \"ok 1 # SKIP\" (\"1..0 # TODO\" VARCHAR, \"a\\b #\" INTEGER, \"not ok 3\" VARCHAR);\n\
         INSERT INTO \"ok 1 # SKIP\" VALUES ('Bail out!', 1, 'x' || chr(10) || 'not ok 9' || chr(10) || '1..7'), ('# TODO', 2, '  ...');\n",
    );
    client.batch_execute(&format!("SELECT FROM migrate_database('{}')", source.path)).unwrap();
    let all = format!("validate_database_tap('{}', level => 'full')", source.path);
    assert_passes(prover, &database, &all);
    let damage = "UPDATE \"ok 1 # SKIP\" SET \"1..0 # TODO\" = E'Bail out!\\nBail out!', \"not ok 3\" = E'y\\n...\\nok 5'";
    client.batch_execute(damage).unwrap();
    assert_fails(prover, &database, &all, "column_checksum");
}

#[test]
fn an_error_is_a_test_that_fails() {
    let Some(prover) = prover() else { return };
    let database = Database::create();
    let path = data("shop.duckdb");
    let missing = data("there_is_none.duckdb");
    for (query, because) in [
        (format!("validate_table_tap('{missing}', 'customers')"), "there_is_none"),
        (format!("validate_database_tap('{missing}')"), "there_is_none"),
        (format!("validate_table_tap('{path}', 'no_such_table')"), "no_such_table"),
        (format!("validate_table_tap('{path}', 'customers', level => 'deep')"), "deep"),
        (
            format!(
                "validate_table_tap('{path}', 'customers', options => '{{\"target_filter\": \"1 = \"}}')"
            ),
            "not ok",
        ),
        (format!("validate_table_tap('{path}', 'customers')"), "table_exists"),
        (format!("validate_table_tap('{path}', NULL)"), "table_name"),
        ("validate_run_tap(99)".to_owned(), "99"),
    ] {
        assert_fails(prover, &database, &query, because);
    }
}
