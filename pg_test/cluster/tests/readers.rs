//! Reader programs that are missing, too old, or mad: each is one clear error, and the backend
//! lives on. The real program is put aside meanwhile, so everything is one test.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use migrator_cluster_tests::{Database, backend, data, eventually, readers_of};
use migrator_model::protocol::PROTOCOL_VERSION;
use postgres::{Client, error::DbError};

/// The installed reader, put aside and back.
struct Installed {
    program: PathBuf,
    aside: PathBuf,
}

impl Installed {
    fn put_aside(client: &mut Client) -> Self {
        let sql = "SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'";
        let folder: String = client.query_one(sql, &[]).unwrap().get(0);
        let program = Path::new(&folder).join("migrator_reader");
        let aside = program.with_extension("aside");
        as_root(&["mv", text(&program), text(&aside)]);
        Self { program, aside }
    }

    /// Installs a shell script instead. The socket is its standard input, in both directions.
    fn replace(&self, script: &str) {
        let made = std::env::temp_dir().join(format!("migrator_reader_{}", std::process::id()));
        std::fs::write(&made, format!("#!/bin/sh\n{script}\n")).unwrap();
        as_root(&["install", "-m", "755", text(&made), text(&self.program)]);
        std::fs::remove_file(made).unwrap();
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        as_root(&["mv", text(&self.aside), text(&self.program)]);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The folder of the server's libraries belongs to root.
fn as_root(command: &[&str]) {
    let is_root = rustix::process::getuid().is_root();
    let sudo: &[&str] = if is_root { &[] } else { &["sudo"] };
    let all = [sudo, command].concat();
    assert!(Command::new(all[0]).args(&all[1..]).status().unwrap().success(), "{all:?}");
}

/// A shell command that says this to the backend: the length in front, little-endian.
fn say(message: &str) -> String {
    let length = (message.len() as u32).to_le_bytes().map(|byte| format!("\\{byte:03o}"));
    format!("printf '{}' >&0; printf '%s' '{message}' >&0", length.concat())
}

fn ready(protocol: u32) -> String {
    say(&format!(
        r#"{{"Ready":{{"protocol":{protocol},"duckdb_version":"v0","sandbox":[],"file":{{"storage_version":64,"written_by":"v0","encrypted":false,"has_wal":false,"size_bytes":1,"fingerprint":"f"}}}}}}"#
    ))
}

fn error(client: &mut Client) -> DbError {
    let sql = format!("SELECT * FROM source_tables('{}')", data("shop.duckdb"));
    client.batch_execute(&sql).unwrap_err().as_db_error().unwrap().clone()
}

fn assert_error(client: &mut Client, sqlstate: &str, message: &str) -> DbError {
    let error = error(client);
    assert_eq!(error.code().code(), sqlstate, "{error:?}");
    assert!(error.message().contains(message), "{error:?}");
    error
}

#[test]
fn a_reader_that_is_not_what_it_should_be() {
    let database = Database::create();
    let mut client = database.client();
    let pid = backend(&mut client);
    let installed = Installed::put_aside(&mut client);
    let error = assert_error(&mut client, "58000", "could not start the reader program");
    assert!(error.hint().unwrap().contains("install it again"));

    installed.replace("echo 'first line' >&2; echo 'no such symbol' >&2; exit 3");
    let error = assert_error(&mut client, "58000", "exited with exit code 3");
    assert_eq!(error.detail().unwrap(), "Its last words: no such symbol");

    installed.replace("kill -SEGV $$");
    assert_error(&mut client, "58000", "was terminated by signal 11");

    installed.replace(&format!("{}; exec sleep 100", ready(999)));
    let error = assert_error(&mut client, "55000", "the reader program does not fit");
    assert!(error.detail().unwrap().contains("the reader 999"));

    for nonsense in ["", "{}", "nonsense", r#"{"Ready":null}"#, r#"{"Catalog":{}}"#] {
        installed.replace(&format!("{}; exec sleep 100", say(nonsense)));
        assert_error(&mut client, "08P01", "the reader process sent a malformed message");
    }
    // A length of 4 GB, and a message that stops in the middle.
    installed.replace("printf '\\377\\377\\377\\377' >&0; exec sleep 100");
    assert_error(&mut client, "08P01", "the reader process sent a malformed message");
    installed.replace("printf '\\100\\000\\000\\000{' >&0; exit 0");
    assert_error(&mut client, "58000", "exited with exit code 0");

    // Rows, or the end of a scan, that nobody has asked for.
    installed.replace(&format!(
        "{}; {}; exec sleep 100",
        ready(PROTOCOL_VERSION),
        say(r#"{"Tables":[]}"#)
    ));
    client.batch_execute(&format!("SELECT source_tables('{}')", data("shop.duckdb"))).unwrap();
    let slot = say(r#"{"Slot":{"slot":7000,"used":8,"rows":1,"fragment":null}}"#);
    installed.replace(&format!("{}; {slot}; exec sleep 100", ready(PROTOCOL_VERSION)));
    assert_error(&mut client, "08P01", "the reader process sent a malformed message");

    installed.replace("exec sleep 100");
    client.batch_execute("SET statement_timeout = '200ms'").unwrap();
    assert_error(&mut client, "57014", "canceling statement due to statement timeout");
    client.batch_execute("RESET statement_timeout").unwrap();

    eventually("every reader is gone", || readers_of(pid).is_empty());
    drop(installed);
    client.batch_execute(&format!("SELECT source_tables('{}')", data("shop.duckdb"))).unwrap();
    assert_eq!(backend(&mut client), pid, "the backend has survived");
}
