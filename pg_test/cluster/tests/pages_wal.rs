//! The WAL holds all that a load by pages has written: files that are lost come back from it. Where
//! nothing is logged, the files themselves are safe at commit.

use std::{fs, path::PathBuf};

use migrator_cluster_tests::{
    private::{Crash, Private},
    proofs,
    sources::{self, SHAPES, Source},
};
use postgres::Client;

type Rows = (i64, Option<String>);

/// Loads every shape, and returns the rows of each.
fn load_shapes(client: &mut Client, source: &Source) -> Vec<Rows> {
    let load = |(table, column): (&str, &str)| {
        client.batch_execute(&source.pages(table, table, "create")).unwrap();
        client.batch_execute(&format!("CREATE INDEX ON {table} ({column})")).unwrap();
        proofs::rows_in_order(client, table)
    };
    SHAPES.map(load).to_vec()
}

fn assert_shapes(client: &mut Client, expected: &[Rows]) {
    for ((table, _), expected) in SHAPES.iter().zip(expected) {
        assert_eq!(&proofs::rows_in_order(client, table), expected, "{table}");
        proofs::assert_well_made(client, table);
    }
}

/// The files of tables, their TOAST relations and their indexes: all forks, all segments.
fn files(server: &Private, client: &mut Client) -> Vec<PathBuf> {
    let tables = SHAPES.map(|(table, _)| table.to_owned()).to_vec();
    let sql = "WITH heaps AS (SELECT unnest(ARRAY[oid, reltoastrelid]) AS oid FROM pg_class WHERE relname = ANY ($1)),
                    everything AS (SELECT oid FROM heaps UNION SELECT indexrelid FROM heaps JOIN pg_index ON indrelid = heaps.oid)
               SELECT pg_relation_filepath(oid) FROM everything WHERE oid <> 0";
    let paths: Vec<PathBuf> = client
        .query(sql, &[&tables])
        .unwrap()
        .iter()
        .map(|row| server.data().join(row.get::<_, String>(0)))
        .collect();
    let is_of = |file: &PathBuf, path: &PathBuf| {
        let [file, path] =
            [file, path].map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        file.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.']))
    };
    let folder = paths[0].parent().unwrap();
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|file| paths.iter().any(|path| is_of(file, path))).collect()
}

#[test]
fn lost_files_come_back() {
    let server = Private::start(&["-k"], "");
    let source = sources::shapes();
    let mut client = server.client();
    client.batch_execute("CHECKPOINT").unwrap();
    let expected = load_shapes(&mut client, &source);
    let files = files(&server, &mut client);
    let maps = files.iter().filter(|file| file.to_str().unwrap().ends_with("_vm"));
    assert!(maps.count() >= SHAPES.len() - 1 && files.len() > 4 * SHAPES.len(), "{files:?}");
    drop(client);

    server.stop("immediate");
    for file in &files {
        fs::OpenOptions::new().write(true).open(file).unwrap().set_len(0).unwrap();
    }
    server.start_again();
    assert_shapes(&mut server.client(), &expected);

    // After the recovery there was a checkpoint: now the files are what counts.
    server.crash(Crash::Everybody);
    assert_shapes(&mut server.client(), &expected);
}

#[test]
fn removed_files_come_back() {
    let server = Private::start(&[], "full_page_writes = off\n");
    let source = sources::shapes();
    let mut client = server.client();
    client.batch_execute("CHECKPOINT; SET wal_compression = on").unwrap();
    let expected = load_shapes(&mut client, &source);
    let files = files(&server, &mut client);
    drop(client);
    server.stop("immediate");
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
    server.start_again();
    assert_shapes(&mut server.client(), &expected);
}

/// Small tables are logged at commit, large ones synced.
#[test]
fn nothing_is_logged_at_the_lowest_level() {
    for threshold in ["0", "2MB", "1GB"] {
        let settings = format!(
            "wal_level = minimal\nmax_wal_senders = 0\nwal_skip_threshold = '{threshold}'\n"
        );
        let server = Private::start(&["-k"], &settings);
        let source = sources::shapes();
        let mut client = server.client();
        client.batch_execute("CHECKPOINT").unwrap();
        let expected = load_shapes(&mut client, &source);
        // Also what is a subtransaction's, and what was emptied twice.
        let more = format!(
            "CREATE TABLE again (id integer, t text, b bytea, s text); INSERT INTO again VALUES (1, 'old');
             BEGIN; SAVEPOINT s; {}; RELEASE s; {}; COMMIT;
             BEGIN; SAVEPOINT s; {}; ROLLBACK TO s; COMMIT",
            source.pages("large", "inner_one", "create"),
            source.pages("large", "again", "truncate"),
            source.pages("narrow", "gone", "create"),
        );
        client.batch_execute(&more).unwrap();
        drop(client);
        server.crash(Crash::Everybody);
        let mut client = server.client();
        assert_shapes(&mut client, &expected);
        let large = &expected[5];
        for table in ["inner_one", "again"] {
            assert_eq!(&proofs::rows_in_order(&mut client, table), large, "{table}, {threshold}");
            proofs::assert_well_made(&mut client, table);
        }
        let gone: bool =
            client.query_one("SELECT to_regclass('gone') IS NULL", &[]).unwrap().get(0);
        assert!(gone);
    }
}

/// A checkpoint in the middle of a load has not seen its pages, or only some.
#[test]
fn checkpoints_in_between() {
    let server = Private::start(&["-k"], "");
    let source = sources::shapes();
    let mut client = server.client();
    let mut other = server.client();
    let checkpoints =
        std::thread::spawn(move || while other.batch_execute("CHECKPOINT").is_ok() {});
    let expected = load_shapes(&mut client, &source);
    server.crash(Crash::Everybody);
    checkpoints.join().unwrap();
    assert_shapes(&mut server.client(), &expected);
}

/// What is prepared waits for its end, also behind a crash.
#[test]
fn a_prepared_transaction() {
    for settings in ["", "wal_level = minimal\nmax_wal_senders = 0\n"] {
        let server = Private::start(&["-k"], &format!("max_prepared_transactions = 5\n{settings}"));
        let source = sources::shapes();
        let mut client = server.client();
        client.batch_execute("CREATE TABLE old (id integer); INSERT INTO old VALUES (-1)").unwrap();
        for (name, table) in [("one", "large"), ("two", "nested")] {
            let load = source.pages(table, name, "create");
            client.batch_execute(&format!("BEGIN; {load}; PREPARE TRANSACTION '{name}'")).unwrap();
        }
        let load = source.pages("narrow", "old", "truncate");
        client.batch_execute(&format!("BEGIN; {load}; PREPARE TRANSACTION 'old'")).unwrap();
        server.crash(Crash::Everybody);
        client = server.client();
        for end in ["COMMIT PREPARED 'one'", "ROLLBACK PREPARED 'two'", "ROLLBACK PREPARED 'old'"] {
            client.batch_execute(end).unwrap();
        }
        server.crash(Crash::Everybody);
        client = server.client();
        client.batch_execute(&source.by("insert", "large", "inserted")).unwrap();
        assert_eq!(proofs::rows(&mut client, "one"), proofs::rows(&mut client, "inserted"));
        proofs::assert_well_made(&mut client, "one");
        let rest = "SELECT to_regclass('two') IS NULL AND (SELECT sum(id) FROM old) = -1";
        assert!(client.query_one(rest, &[]).unwrap().get::<_, bool>(0));
        proofs::assert_sound(&mut client, "old");
    }
}
