//! An encrypted file through a server: its key is nobody's to see.

use std::{path::Path, thread, time::Duration};

use migrator_cluster_tests::{backend, duck, eventually, foreign, private::Private, readers_of};
use postgres::Client;

const KEY: &str = "correct horse ''battery'' staple";
/// A part of it that nothing else has.
const SECRET: &str = "horse";
const WRONG: &str = "wrong secret zebra";

/// Makes an encrypted file.
fn encrypted(folder: &Path) -> String {
    let path = folder.join("vault.duckdb");
    let sql = format!(
        "SET force_mbedtls_unsafe = 'true';\nATTACH '{}' AS e (ENCRYPTION_KEY '{KEY}');\n\
         CREATE TABLE e.notes AS SELECT i::INTEGER AS id, 'note ' || i AS body FROM range(1000) r(i);\n\
         CREATE VIEW e.many AS SELECT range AS id, 'text ' || range AS body FROM range(50000000);\nDETACH e;\n",
        path.display()
    );
    duck::run(&folder.join("scratch.duckdb"), &sql);
    path.display().to_string()
}

/// What a statement gives as one text, or its error in full.
fn said(client: &mut Client, sql: &str) -> String {
    match client.simple_query(sql) {
        Ok(messages) => {
            let text = |message: &postgres::SimpleQueryMessage| match message {
                postgres::SimpleQueryMessage::Row(row) => {
                    (0..row.len()).filter_map(|at| row.get(at)).collect::<Vec<_>>().join("|")
                }
                _ => String::new(),
            };
            messages.iter().map(text).collect::<Vec<_>>().join("\n").trim().to_owned()
        }
        Err(error) => format!("{error:?}"),
    }
}

fn hides(what: &str, text: &str) {
    for secret in [SECRET, "zebra"] {
        assert!(!text.contains(secret), "{what} shows the key: {text}");
    }
}

#[test]
fn the_key_is_never_shown() {
    let folder = duck::folder();
    let path = encrypted(folder.path());
    // The server tells all that it has to tell, but for the statements, which hold the key themselves.
    let server = Private::start(
        &[],
        "log_min_messages = debug5\nlog_statement = none\nlog_min_error_statement = panic\n",
    );
    let mut client = server.client();
    let setup = format!(
        "{}; CREATE USER MAPPING FOR postgres SERVER vault OPTIONS (encryption_key '{KEY}');
         CREATE FOREIGN TABLE notes (id integer, body text) SERVER vault;
         CREATE FOREIGN TABLE many (id bigint, body text) SERVER vault;
         CREATE ROLE reader; GRANT USAGE ON FOREIGN SERVER vault TO reader; GRANT SELECT ON notes TO reader;
         CREATE USER MAPPING FOR reader SERVER vault OPTIONS (encryption_key '{WRONG}')",
        foreign::server("vault", &path)
    );
    client.batch_execute(&setup).unwrap();
    assert_eq!(said(&mut client, "SELECT count(*), max(body) FROM notes"), "1000|note 999");
    let pid = backend(&mut client);
    for reader in readers_of(pid) {
        for part in ["cmdline", "environ"] {
            let text = std::fs::read(format!("/proc/{reader}/{part}")).unwrap();
            hides(part, &String::from_utf8_lossy(&text));
        }
    }
    let statements = [
        "SELECT * FROM read_table('vault', 'notes') AS t(id integer, body text) LIMIT 1",
        "SELECT read_describe('vault', 'notes')",
        "SELECT * FROM source_info('vault')",
        "SELECT * FROM source_tables('vault')",
        "SELECT * FROM source_columns('vault')",
        "SELECT * FROM migrate_table('vault', 'notes', target => 'loaded')",
        "SELECT * FROM validate_table('vault', 'notes', target => 'loaded')",
        "SELECT * FROM validate_run((SELECT max(run_id) FROM migrator.runs))",
        "SELECT * FROM migrator.runs",
        "SELECT * FROM migrator.steps",
        "EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM notes WHERE id < 10",
        "IMPORT FOREIGN SCHEMA main LIMIT TO (nothing) FROM SERVER vault INTO public",
        "SELECT * FROM read_query('vault', 'SELECT getvariable(''key'')') AS t(a text)",
        "SELECT * FROM read_query('vault', 'SELECT nonsense FROM notes') AS t(a text)",
        "SELECT * FROM read_query('vault', 'SELECT CAST(body AS INTEGER) FROM notes') AS t(a integer)",
        "SELECT * FROM read_query('vault', 'SELECT current_query()') AS t(a text)",
        "SET SESSION AUTHORIZATION reader; SELECT * FROM notes",
        "SET SESSION AUTHORIZATION reader; SELECT * FROM pg_user_mappings WHERE usename <> 'reader'",
        "ALTER USER MAPPING FOR postgres SERVER vault OPTIONS (SET encryption_key '')",
    ];
    let functions = [
        "settings",
        "databases",
        "tables",
        "views",
        "logs",
        "log_contexts",
        "secrets",
        "variables",
    ];
    let told = functions.map(|name| {
        format!("SELECT * FROM read_query('vault', 'SELECT CAST(d AS VARCHAR) FROM duckdb_{name}() d') AS t(a text)")
    });
    for sql in statements.into_iter().chain(told.iter().map(String::as_str)) {
        let text = said(&mut client, sql);
        println!("{sql}: {}", &text[..text.len().min(200)]);
        hides(sql, &text);
        client.batch_execute("RESET SESSION AUTHORIZATION").unwrap();
    }
    let wrong = said(&mut client, "SET SESSION AUTHORIZATION reader; SELECT * FROM notes");
    assert!(wrong.contains("28P01"), "{wrong}");
    client.batch_execute("RESET SESSION AUTHORIZATION").unwrap();
    while_it_runs(&server, &mut client);
    client.batch_execute("DROP USER MAPPING FOR postgres SERVER vault").unwrap();
    let without = said(&mut client, "SELECT * FROM notes");
    assert!(without.contains("encryption_key") && !without.contains("note 1"), "{without}");
    drop(client);
    server.stop("fast");
    hides("the log", &server.log());
}

/// Other sessions see the statement, and no more.
fn while_it_runs(server: &Private, client: &mut Client) {
    let pid = backend(client);
    let mut other = server.client();
    let token = client.cancel_token();
    let watcher = thread::spawn(move || {
        let sql = "SELECT query FROM pg_stat_activity WHERE pid = $1 AND state = 'active'";
        let mut text = String::new();
        eventually("the scan runs", || {
            let rows = other.query(sql, &[&pid]).unwrap();
            text = rows.iter().map(|row| row.get::<_, String>(0)).collect();
            text.contains("many")
        });
        thread::sleep(Duration::from_millis(200));
        let all = said(
            &mut other,
            "SELECT * FROM pg_stat_activity; SELECT * FROM pg_locks; SELECT * FROM pg_settings",
        );
        token.cancel_query(postgres::NoTls).unwrap();
        text + &all
    });
    let ended = client.batch_execute("SELECT count(DISTINCT body || 'x') FROM many");
    let text = watcher.join().unwrap();
    assert!(ended.is_err(), "it was cancelled");
    hides("pg_stat_activity", &text);
}
