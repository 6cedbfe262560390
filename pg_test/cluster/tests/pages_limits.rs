//! Loads by pages of what is out of the ordinary: much, nothing, wide, unlogged, too large.

use std::time::Instant;

use migrator_cluster_tests::{
    Database,
    private::{Crash, Private},
    proofs,
    sources::{self, Source},
    stored,
};
use postgres::{Client, error::SqlState};

fn prepared() -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    proofs::prepare(&mut client);
    (database, client)
}

fn value<T: postgres::types::FromSqlOwned>(client: &mut Client, sql: &str) -> T {
    client.query_one(sql, &[]).unwrap().get(0)
}

#[test]
fn an_unlogged_table_outlives_a_stop_but_no_crash() {
    let server = Private::start(&["-k"], "");
    let source = Source::new(
        "CREATE TABLE large AS SELECT i::INTEGER AS id, CASE WHEN i % 10 = 0 THEN noise(i, 5000) END AS t FROM range(20000) t(i);\n",
    );
    let mut client = server.client();
    let create = "CREATE UNLOGGED TABLE unlogged (id integer PRIMARY KEY, t text); INSERT INTO unlogged VALUES (-1, 'old')";
    client.batch_execute(create).unwrap();
    for round in 0..2 {
        let before: String = value(&mut client, "SELECT pg_current_wal_insert_lsn()::text");
        client.batch_execute(&source.pages("large", "unlogged", "truncate")).unwrap();
        let written = format!("SELECT (pg_current_wal_insert_lsn() - '{before}')::bigint");
        let written: i64 = value(&mut client, &written);
        assert!(written < 2_000_000, "{written} bytes of WAL");
        proofs::assert_well_made(&mut client, "unlogged");
        let rows = proofs::rows_in_order(&mut client, "unlogged");
        assert_eq!(rows.0, 20_000);

        server.stop("fast");
        server.start_again();
        client = server.client();
        assert_eq!(proofs::rows_in_order(&mut client, "unlogged"), rows);
        proofs::assert_well_made(&mut client, "unlogged");

        server.crash([Crash::Everybody, Crash::Immediate][round]);
        client = server.client();
        assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM unlogged"), 0);
        let toast = stored::toast(&mut client, "unlogged").unwrap();
        assert_eq!(value::<i64>(&mut client, &format!("SELECT count(*) FROM {toast}")), 0);
        proofs::assert_sound(&mut client, "unlogged");
    }
    // It may become an ordinary one.
    client.batch_execute(&source.pages("large", "unlogged", "truncate")).unwrap();
    client.batch_execute("ALTER TABLE unlogged SET LOGGED").unwrap();
    server.crash(Crash::Everybody);
    client = server.client();
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM unlogged"), 20_000);
    proofs::assert_sound(&mut client, "unlogged");
}

#[test]
fn a_fillfactor_leaves_room() {
    let (_database, mut client) = prepared();
    let source = Source::new(
        "CREATE TABLE numbers AS SELECT i::INTEGER AS id, i AS twice FROM range(30000) t(i);\n",
    );
    for fillfactor in [10, 70, 90, 100] {
        let create = ["paged", "inserted"].map(|table| {
            format!("DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id integer, twice bigint) WITH (fillfactor = {fillfactor});")
        });
        client.batch_execute(&create.concat()).unwrap();
        client.batch_execute(&source.pages("numbers", "paged", "truncate")).unwrap();
        let insert = "INSERT INTO inserted SELECT * FROM paged";
        client.batch_execute(insert).unwrap();
        let different =
            "SELECT count(*) FROM paged p JOIN inserted i USING (id) WHERE p.ctid <> i.ctid";
        assert_eq!(value::<i64>(&mut client, different), 0, "fillfactor {fillfactor}");
        proofs::assert_well_made(&mut client, "paged");
        // Room for new versions of rows on their own pages: all updates are HOT.
        if fillfactor == 70 {
            client.batch_execute("UPDATE paged SET twice = 2 * id WHERE id % 5 = 0").unwrap();
            let moved = "SELECT count(*) FROM paged p JOIN inserted i USING (id) WHERE (p.ctid::text::point)[0] <> (i.ctid::text::point)[0]";
            assert_eq!(value::<i64>(&mut client, moved), 0);
            proofs::assert_sound(&mut client, "paged");
        }
    }
}

/// Wider than the room that a fillfactor leaves: one row on each page.
#[test]
fn rows_that_are_larger_than_the_room() {
    let (_database, mut client) = prepared();
    let source = Source::new(
        "CREATE TABLE rows AS SELECT i::INTEGER AS id, noise(i, 3000 + i * 16) AS t FROM range(300) t(i);\n",
    );
    let create = ["paged", "inserted"].map(|table| {
        format!("CREATE TABLE {table} (id integer, t text) WITH (fillfactor = 20); ALTER TABLE {table} ALTER t SET STORAGE plain;")
    });
    client.batch_execute(&create.concat()).unwrap();
    client.batch_execute(&source.pages("rows", "paged", "truncate")).unwrap();
    client.batch_execute("INSERT INTO inserted SELECT id, t || '' FROM paged").unwrap();
    assert_eq!(stored::assert_same(&mut client, "paged", "inserted", "wide rows"), (300, 0));
    assert_eq!(value::<i64>(&mut client, "SELECT pg_relation_size('paged') / 8192"), 300);
    proofs::assert_well_made(&mut client, "paged");
}

fn columns(count: usize, column: impl Fn(usize) -> String) -> String {
    (0..count).map(column).collect::<Vec<_>>().join(", ")
}

#[test]
fn sixteen_hundred_columns() {
    let (_database, mut client) = prepared();
    let integers = columns(1600, |n| match n % 3 {
        0 => format!("(i + {n})::INTEGER AS c{n}"),
        1 => format!("CASE WHEN (i + {n}) % 4 > 0 THEN i::SMALLINT END AS c{n}"),
        _ => format!("(i + {n}) % 2 = 0 AS c{n}"),
    });
    let texts = columns(1599, |n| {
        format!("CASE WHEN {n} % 400 = i % 400 THEN repeat('x{n}', 500) END AS c{n}")
    });
    let source = Source::new(&format!(
        "CREATE TABLE integers AS SELECT {integers} FROM range(500) t(i);
CREATE TABLE texts AS SELECT i::INTEGER AS id, {texts} FROM range(500) t(i);\n"
    ));
    for table in ["integers", "texts"] {
        client.batch_execute(&source.pages(table, table, "create")).unwrap();
        proofs::assert_well_made(&mut client, table);
        client.batch_execute(&source.by("insert", table, "inserted")).unwrap();
        assert_eq!(stored::assert_same(&mut client, table, "inserted", table).0, 500);
        client.batch_execute("DROP TABLE inserted").unwrap();
    }
}

/// Rows that no method makes fit.
#[test]
fn rows_that_fit_no_page() {
    let (_database, mut client) = prepared();
    let numbers =
        columns(1600, |n| format!("CASE WHEN i % 3 = 0 OR {n} < 900 THEN i + {n} END AS c{n}"));
    let source =
        Source::new(&format!("CREATE TABLE numbers AS SELECT {numbers} FROM range(30) t(i);\n"));
    for method in ["pages", "multi_insert", "insert"] {
        let error = client.batch_execute(&source.by(method, "numbers", "numbers")).unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::PROGRAM_LIMIT_EXCEEDED), "{method}: {error:?}");
        let message = error.as_db_error().unwrap().message().to_owned();
        assert!(
            message.contains("row is too big: size 12824, maximum size 8160"),
            "{method}: {message}"
        );
    }
    let reject = r#", on_error => 'reject', options => '{"method": "pages", "analyze": false}'"#;
    let load = source.load("numbers", "numbers", reject);
    let row = client
        .query_one(&format!("SELECT run_id, rows_loaded, rows_rejected FROM ({load}) r"), &[])
        .unwrap();
    let (run, loaded, rejected): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    assert_eq!((loaded, rejected), (20, 10));
    let rejects = "SELECT row_number, sqlstate FROM migrator.rejects WHERE run_id = $1 ORDER BY 1";
    let rejects = client.query(rejects, &[&run]).unwrap();
    let found: Vec<(i64, String)> = rejects.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected: Vec<(i64, String)> = (0..10).map(|n| (3 * n + 1, "54000".to_owned())).collect();
    assert_eq!(found, expected);
    proofs::assert_well_made(&mut client, "numbers");
}

#[test]
fn nothing_at_all() {
    let (_database, mut client) = prepared();
    let source = Source::new(
        "CREATE TABLE nothing (id INTEGER PRIMARY KEY, t VARCHAR);\nCREATE INDEX nothing_t ON nothing (length(t));\n",
    );
    client.batch_execute(&source.pages("nothing", "nothing", "create")).unwrap();
    client.batch_execute("CREATE TABLE emptied (id integer PRIMARY KEY, t text); INSERT INTO emptied VALUES (1, 'x')").unwrap();
    client.batch_execute(&source.pages("nothing", "emptied", "truncate")).unwrap();
    for table in ["nothing", "emptied"] {
        let toast = stored::toast(&mut client, table).unwrap();
        let size = format!("SELECT pg_relation_size('{table}') + pg_relation_size('{toast}')");
        assert_eq!(value::<i64>(&mut client, &size), 0, "{table}");
        proofs::assert_well_made(&mut client, table);
        client
            .batch_execute(&format!("INSERT INTO {table} VALUES (1, repeat('x', 1000000))"))
            .unwrap();
        proofs::assert_sound(&mut client, table);
    }
}

/// Two slots, one for rows and one for values out of line, and any number of threads.
#[test]
fn the_smallest_slots() {
    let (_database, mut client) = prepared();
    let source = sources::shapes();
    client.batch_execute("SET migrator.slot_memory = '2MB'").unwrap();
    client.batch_execute(&source.by("insert", "large", "inserted")).unwrap();
    let rows = proofs::rows(&mut client, "inserted");
    for (threads, keep_order) in [(1, true), (4, true), (64, true), (64, false)] {
        let options = format!(
            r#", options => '{{"method": "pages", "analyze": false, "keep_order": {keep_order}}}'"#
        );
        client.batch_execute(&format!("SET migrator.reader_threads = {threads}")).unwrap();
        client.batch_execute(&source.load("large", "paged", &options)).unwrap();
        assert_eq!(proofs::rows(&mut client, "paged"), rows, "{threads} threads");
        proofs::assert_well_made(&mut client, "paged");
        client.batch_execute("DROP TABLE paged").unwrap();
    }
}

/// As many values out of line as there can be on a page: 100 of each row, of 30 bytes.
#[test]
fn many_small_values() {
    let (_database, mut client) = prepared();
    let values = columns(100, |n| format!("left(md5((i * {n})::VARCHAR), 30 + {n} % 3) AS c{n}"));
    let source = Source::new(&format!(
        "CREATE TABLE small AS SELECT i::INTEGER AS id, {values} FROM range(5000) t(i);\n"
    ));
    let declared = columns(100, |n| format!("c{n} text"));
    for table in ["paged", "inserted"] {
        let create = format!(
            "CREATE TABLE {table} (id integer, {declared}) WITH (toast_tuple_target = 128)"
        );
        client.batch_execute(&create).unwrap();
        for n in 0..100 {
            client
                .batch_execute(&format!("ALTER TABLE {table} ALTER c{n} SET STORAGE external"))
                .unwrap();
        }
    }
    client.batch_execute(&source.pages("small", "paged", "truncate")).unwrap();
    let append = r#", mode => 'append', options => '{"method": "multi_insert"}'"#;
    client.batch_execute(&source.load("small", "inserted", append)).unwrap();
    let (rows, values) = stored::assert_same(&mut client, "paged", "inserted", "small values");
    println!("{values} values");
    assert!(rows == 5000 && values > 200_000, "{rows} rows, {values} values");
    proofs::assert_well_made(&mut client, "paged");
}

/// Values near the gigabyte that PostgreSQL can hold; views, so that the file stays small.
#[test]
fn values_of_hundreds_of_megabytes() {
    let (_database, mut client) = prepared();
    let source = Source::new(
        "CREATE TABLE seed AS SELECT noise_blob('seed', 1000000) AS b;
CREATE VIEW text_500 AS SELECT 1 AS id, repeat('0123456789', 50000000) AS v;
CREATE VIEW blob_300 AS SELECT 1 AS id, repeat(b, 300) AS v, 'behind' AS t FROM seed;
CREATE VIEW too_large AS SELECT 1 AS id, repeat('0123456789', 110000000) AS v;\n",
    );
    for (table, check) in [
        (
            "text_500",
            "length(v) = 500000000 AND right(v, 10) = '0123456789' AND md5(v) = md5(repeat('0123456789', 50000000))",
        ),
        (
            "blob_300",
            "length(v) = 300000000 AND t = 'behind' AND substring(v FROM 1 FOR 1000000) = substring(v FROM 299000001 FOR 1000000)",
        ),
    ] {
        let began = Instant::now();
        client.batch_execute(&source.pages(table, table, "create")).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        let sql = format!("SELECT pg_table_size('{table}')");
        println!("{table}: {seconds:.1} s, {} bytes", value::<i64>(&mut client, &sql));
        assert!(value::<bool>(&mut client, &format!("SELECT {check} FROM {table}")), "{table}");
        proofs::assert_frozen(&mut client, table);
        proofs::assert_counted(&mut client, table);
        client.batch_execute(&format!("SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class c ON reltoastrelid = indrelid WHERE relname = '{table}'")).unwrap();
        client.batch_execute(&format!("DROP TABLE {table}")).unwrap();
    }
    client.batch_execute("SET migrator.reader_memory = '4GB'").unwrap();
    let error =
        client.batch_execute(&source.pages("too_large", "too_large", "create")).unwrap_err();
    assert_eq!(error.code(), Some(&SqlState::PROGRAM_LIMIT_EXCEEDED), "{error:?}");
}
