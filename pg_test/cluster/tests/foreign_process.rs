//! Foreign scans as processes: what is cancelled, killed or left open, and what it leaves behind.

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use migrator_cluster_tests::{
    Database, anonymous, backend, children_of, data, eventually,
    foreign::{self, assert_refused, small, value},
    is_alive, living_readers_of,
    private::Private,
    readers_of, signal,
    sources::Source,
};
use postgres::Client;

/// Foreign tables over views that make their rows as they go: twenty million of them, or one that takes
/// for ever.
const BIG: &str = "
    CREATE FOREIGN TABLE twenty_million (id bigint, share float8, label text) SERVER big;
    CREATE FOREIGN TABLE endless (total numeric) SERVER big";

fn big() -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    client.batch_execute(&foreign::server("big", &data("big.duckdb"))).unwrap();
    client.batch_execute(BIG).unwrap();
    (database, client)
}

/// Statements that are busy for long, each in another place.
const LONG: [&str; 7] = [
    "SELECT count(*) FROM endless",
    "SET migrator.pushdown = off; SELECT count(label) FROM twenty_million",
    "SELECT max(label || 'x') FROM twenty_million",
    "SELECT count(*) FROM twenty_million a JOIN twenty_million b USING (id)",
    "SELECT id FROM twenty_million ORDER BY label COLLATE \"C\" DESC LIMIT 10 OFFSET 19000000",
    "SELECT count(*) FROM read_query('big', 'SELECT * FROM twenty_million') AS t(id bigint, share float8, label text)",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM twenty_million; MOVE FORWARD ALL FROM c; COMMIT",
];

#[test]
fn a_cancel_ends_a_scan_at_once() {
    let (database, mut client) = big();
    let pid = backend(&mut client);
    for sql in LONG {
        for delay in [0, 30, 300] {
            let token = client.cancel_token();
            let mut other = database.client();
            let canceller = thread::spawn(move || {
                let active =
                    "SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'";
                eventually("it runs", || other.query_one(active, &[&pid]).unwrap().get(0));
                thread::sleep(Duration::from_millis(delay));
                token.cancel_query(postgres::NoTls).unwrap();
                Instant::now()
            });
            assert_refused(&mut client, sql, "57014");
            let waited = Instant::now().saturating_duration_since(canceller.join().unwrap());
            println!("{sql}: cancelled after {delay} ms, {waited:?}");
            assert!(waited < Duration::from_secs(1), "{sql}: {waited:?}");
            client.batch_execute("ROLLBACK; RESET ALL").unwrap();
        }
    }
    eventually("no reader goes on", || readers_of(pid).is_empty());
    client.batch_execute("SET statement_timeout = '100ms'").unwrap();
    assert_refused(&mut client, LONG[0], "57014");
    client.batch_execute("RESET ALL").unwrap();
    let rows: i64 =
        value(&mut client, "SELECT count(*) FROM (SELECT FROM twenty_million LIMIT 5) t");
    assert_eq!(rows, 5);
}

#[test]
fn a_reader_that_dies_is_an_ordinary_error() {
    let (_database, mut client) = big();
    let pid = backend(&mut client);
    let mut victims = 0;
    for round in 0..6_usize {
        let killer = thread::spawn(move || {
            eventually("a reader starts", || !living_readers_of(pid).is_empty());
            thread::sleep(Duration::from_millis(round as u64 * 40));
            let how = ["-KILL", "-SEGV"][round % 2];
            living_readers_of(pid).into_iter().for_each(|reader| signal(reader, how));
        });
        let sql = LONG[1 + round % 5];
        let ended = client.batch_execute(sql);
        killer.join().unwrap();
        if let Err(error) = ended {
            let error = error.as_db_error().expect("the connection is still there");
            assert_eq!(error.code().code(), "58000", "{sql}: {error:?}");
            victims += 1;
        }
        client.batch_execute("ROLLBACK; RESET ALL").unwrap();
        let first = "SELECT label FROM twenty_million LIMIT 1";
        assert_eq!(value::<String>(&mut client, first), "text number 0");
        assert_eq!(backend(&mut client), pid, "the backend has survived");
        // The next round waits for a new one.
        living_readers_of(pid).into_iter().for_each(|reader| signal(reader, "-KILL"));
        eventually("the kept reader is gone", || living_readers_of(pid).is_empty());
    }
    println!("{victims} readers died in time");
    assert!(victims >= 2, "{victims} readers died in time");
}

#[test]
fn errors_in_subtransactions() {
    let (database, mut client) = big();
    let pid = backend(&mut client);
    client.batch_execute("CREATE TABLE done (rows integer, failures integer)").unwrap();
    let block = "
        DO $$
        DECLARE r record; n integer := 0; failures integer := 0;
        BEGIN
            FOR round IN 1..15 LOOP
                BEGIN
                    FOR r IN SELECT * FROM twenty_million LOOP
                        n := n + 1;
                        IF n % 700 = 0 THEN RAISE EXCEPTION 'enough'; END IF;
                    END LOOP;
                EXCEPTION WHEN raise_exception THEN failures := failures + 1;
                END;
                BEGIN
                    PERFORM total::bigint FROM read_query('big', 'SELECT 9223372036854775808::HUGEINT') AS t(total numeric);
                EXCEPTION WHEN numeric_value_out_of_range THEN failures := failures + 1;
                END;
            END LOOP;
            INSERT INTO done VALUES (n, failures);
        END $$";
    client.batch_execute(&format!("BEGIN; {block}; {block}; COMMIT")).unwrap();
    let row = client.query_one("SELECT sum(rows), sum(failures), count(*) FROM done", &[]).unwrap();
    let sums = (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2));
    assert_eq!(sums, (2 * 15 * 700, 2 * 30, 2));
    eventually("few readers are left", || readers_of(pid).len() <= 4);
    drop(database);
}

/// The scan of a cursor lives as long as the cursor.
#[test]
fn cursors_and_savepoints() {
    let (_database, mut client, _source) = small();
    let mut fetch = |sql: &str| -> Result<Vec<i32>, String> {
        let rows =
            client.query(sql, &[]).map_err(|error| error.code().unwrap().code().to_owned())?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    };
    let mut run = |sql: &str| fetch(sql).map(|_| ()).unwrap_or_else(|code| panic!("{sql}: {code}"));
    run("BEGIN");
    run("DECLARE outer_one CURSOR FOR SELECT id FROM t ORDER BY id");
    assert_eq!(fetch("FETCH 2 FROM outer_one").unwrap(), [0, 1]);
    for sql in ["SAVEPOINT s", "DECLARE inner_one CURSOR FOR SELECT id FROM t ORDER BY id DESC"] {
        fetch(sql).unwrap();
    }
    assert_eq!(fetch("FETCH 2 FROM inner_one").unwrap(), [9999, 9998]);
    assert_eq!(fetch("FETCH 1 FROM outer_one").unwrap(), [2]);
    assert_eq!(fetch("SELECT 1 / 0").unwrap_err(), "22012");
    fetch("ROLLBACK TO s").unwrap();
    assert_eq!(fetch("FETCH 1 FROM inner_one").unwrap_err(), "34000");
    fetch("ROLLBACK TO s").unwrap();
    assert_eq!(fetch("FETCH 2 FROM outer_one").unwrap(), [3, 4]);
    fetch("DECLARE held CURSOR WITH HOLD FOR SELECT id FROM t WHERE id > 9996 ORDER BY id")
        .unwrap();
    fetch("COMMIT").unwrap();
    assert_eq!(fetch("FETCH ALL FROM held").unwrap(), [9997, 9998, 9999]);
}

/// Files and sockets that a process has open.
fn open_files(pid: i32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

fn temporary_folders(client: &mut Client) -> Vec<PathBuf> {
    let folder: String = value(client, "SHOW data_directory");
    let Ok(entries) = std::fs::read_dir(Path::new(&folder).join("base/pgsql_tmp")) else {
        return Vec::new();
    };
    let pid = format!("pgsql_tmp{}.", backend(client));
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.to_string_lossy().contains(&pid)).collect()
}

#[test]
fn two_hundred_scans_leave_nothing() {
    let (_database, mut client, source) = small();
    let pid = backend(&mut client);
    // What the server's compiler keeps is not ours to count.
    client
        .batch_execute(
            "SET jit = off; CREATE TABLE local AS SELECT i AS id FROM generate_series(1, 6) i",
        )
        .unwrap();
    let path = foreign::literal(&source.path);
    let read = format!(
        "SELECT count(*) FROM read_table({path}, 't') AS t(id integer, k bigint, label text)"
    );
    let statements = [
        "SELECT count(*) FROM t",
        "SELECT * FROM t WHERE id < 500",
        "SELECT k, count(*), max(label) FROM t GROUP BY k",
        "SELECT * FROM t ORDER BY id DESC LIMIT 3",
        "SELECT count(*) FROM t a JOIN t b ON a.id = b.id + 1 WHERE a.label > b.label COLLATE \"C\"",
        "SELECT l.id, (SELECT max(t.label) FROM t WHERE t.id = l.id) FROM local l",
        "SELECT * FROM t a, t b, t c, t d, t e WHERE a.id = 1 AND b.id = 2 AND c.id = 3 AND d.id = 4 AND e.id = 5 AND a.label || b.label || c.label || d.label <> e.label",
        "BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH 10 FROM c; ROLLBACK",
        "EXPLAIN ANALYZE SELECT * FROM t",
        "SELECT 1 / (id - 7000) FROM t",
        &read,
    ];
    let mut round = |count: usize| {
        for at in 0..count {
            let sql = statements[at % statements.len()];
            match client.batch_execute(sql) {
                Err(error) => assert_eq!(error.code().unwrap().code(), "22012", "{sql}: {error:?}"),
                Ok(()) => assert!(!sql.contains("1 /"), "{sql}"),
            }
        }
        (
            children_of(pid).len(),
            open_files(pid),
            anonymous(pid).unwrap(),
            temporary_folders(&mut client).len(),
        )
    };
    let few = round(2 * statements.len());
    // Until the allocator has what it keeps anyway.
    round(200);
    let before = round(100);
    let after = round(100);
    println!("children, files, kB, folders: {few:?}, {before:?}, after 100 more {after:?}");
    assert!(after.0 <= few.0.max(4), "{} processes instead of {}", after.0, few.0);
    assert!(after.1 <= few.1 + 4, "{} files instead of {}", after.1, few.1);
    assert!(after.2 <= before.2 + 1024, "{} kB instead of {}", after.2, before.2);
    assert!(after.3 <= few.3.max(4), "{} folders instead of {}", after.3, few.3);
    drop(client);
    eventually("every process is gone", || children_of(pid).is_empty() && !is_alive(pid));
}

#[test]
fn several_scans_in_one_query() {
    let (_database, mut client, _source) = small();
    for pushdown in ["on", "off"] {
        client.batch_execute(&format!("SET migrator.pushdown = {pushdown}")).unwrap();
        let six =
            "SELECT count(*) FROM t a JOIN t b USING (id) JOIN t c USING (id) JOIN t d USING (id)
                     JOIN t e USING (id) JOIN t f USING (id) WHERE a.label = f.label";
        assert_eq!(value::<i64>(&mut client, six), 10_000);
        let merged = "SELECT count(*) FROM (SELECT id FROM t UNION ALL SELECT id FROM t UNION ALL
                        SELECT k::integer FROM t WHERE id >= 5000) u";
        assert_eq!(value::<i64>(&mut client, merged), 25_000);
        // Both run at the same time.
        client.batch_execute("SET enable_hashjoin = off; SET enable_nestloop = off").unwrap();
        let merge = "SELECT count(*) FROM t a JOIN t b ON a.id = b.id";
        assert_eq!(value::<i64>(&mut client, merge), 10_000);
        client.batch_execute("RESET ALL").unwrap();
    }
    let pid = backend(&mut client);
    eventually("four are kept at most", || readers_of(pid).len() <= 4);
}

#[test]
fn an_open_cursor_costs_bounded_memory() {
    let (_database, mut client) = big();
    let pid = backend(&mut client);
    client.batch_execute("BEGIN; DECLARE c CURSOR FOR SELECT * FROM twenty_million").unwrap();
    let mut peaks = Vec::new();
    for part in 0..3 {
        for _ in 0..40 {
            client.batch_execute("MOVE 20000 FROM c").unwrap();
        }
        // Who is not asked for rows does not go on reading.
        thread::sleep(Duration::from_millis(500));
        let readers: Vec<_> = readers_of(pid).into_iter().filter_map(anonymous).collect();
        assert_eq!(readers.len(), 1);
        peaks.push((anonymous(pid).unwrap(), readers[0]));
        let next: i64 = value(&mut client, "FETCH 1 FROM c");
        assert_eq!(next, (part + 1) * 800_000 + part);
    }
    println!("backend and reader, kB: {peaks:?}");
    for (backend, reader) in &peaks {
        assert!(*backend < 64 << 10, "the backend holds {backend} kB");
        assert!(*reader < 320 << 10, "the reader holds {reader} kB");
    }
    assert!(peaks[2].0 < peaks[0].0 + 4096, "the backend grew: {peaks:?}");
    client.batch_execute("ROLLBACK").unwrap();
}

/// Sorts that do not fit into the reader's memory go through its temporary folder, which goes with it.
#[test]
fn temporary_files_go() {
    let (_database, mut client) = big();
    let sorted = "SELECT id FROM twenty_million ORDER BY share DESC, label COLLATE \"C\" LIMIT 1 OFFSET 3000000";
    client.batch_execute("SET migrator.reader_memory = '200MB'").unwrap();
    assert_eq!(value::<i64>(&mut client, sorted), 16_999_999);
    let token = client.cancel_token();
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1500));
        token.cancel_query(postgres::NoTls).unwrap();
    });
    let _ = client.batch_execute(sorted);
    canceller.join().unwrap();
    let pid = backend(&mut client);
    client
        .batch_execute("SET migrator.reader_idle = 0; SELECT 1 FROM twenty_million LIMIT 1")
        .unwrap();
    eventually("no reader is left", || readers_of(pid).is_empty());
    assert_eq!(temporary_folders(&mut client), Vec::<PathBuf>::new());
}

#[test]
fn a_standby_reads_foreign_tables() {
    let primary = Private::start(&[], "");
    let source = Source::new(
        "CREATE TYPE mood AS ENUM ('sad', 'ok');\nCREATE TABLE t AS SELECT i::INTEGER AS id, 'label ' || i AS label, ['sad', 'ok'][i % 2 + 1]::mood AS m, [i, NULL] AS l FROM range(1000) r(i);\n",
    );
    let mut client = primary.client();
    let setup = format!(
        "{}; IMPORT FOREIGN SCHEMA main FROM SERVER s INTO public; CREATE VIEW v AS SELECT id, m FROM t WHERE id > 990",
        source.server("s")
    );
    client.batch_execute(&setup).unwrap();
    let replica = Private::replica_of(&primary, || ());
    let mut follower = replica.client();
    assert!(value::<bool>(&mut follower, "SELECT pg_is_in_recovery()"));
    let path = foreign::literal(&source.path);
    let queries = [
        "SELECT count(*) || max(label) FROM t".to_owned(),
        "SELECT string_agg(t::text, ';' ORDER BY id) FROM t".to_owned(),
        "SELECT string_agg(v::text, ';' ORDER BY id) FROM v WHERE m = 'ok'".to_owned(),
        "SELECT count(*)::text FROM t a JOIN t b ON a.id = b.id".to_owned(),
        format!(
            "SELECT string_agg(r::text, ';' ORDER BY id) FROM read_table({path}, 't') AS r(id integer, label text, m mood, l bigint[])"
        ),
        format!(
            "SELECT string_agg(r::text, ';') FROM read_query({path}, 'SELECT 1, m FROM t LIMIT 2') AS r(a integer, m mood)"
        ),
        "SELECT read_describe('s', 't')".to_owned(),
        format!("SELECT count(*)::text FROM source_columns({path})"),
    ];
    for sql in queries {
        let (here, there): (String, String) =
            (value(&mut client, &sql), value(&mut follower, &sql));
        assert_eq!(here, there, "{sql}");
    }
    follower.batch_execute("EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM t WHERE m = 'sad'").unwrap();
    follower
        .batch_execute(
            "BEGIN READ ONLY; DECLARE c CURSOR FOR SELECT * FROM t; FETCH 5 FROM c; COMMIT",
        )
        .unwrap();
    assert_refused(&mut follower, "SELECT * FROM t WHERE 1 / (id - 500) > 0", "22012");
    assert_eq!(value::<i64>(&mut follower, "SELECT count(*) FROM t"), 1000);
}

/// Two backends read one file at the same time.
#[test]
fn backends_share_a_file() {
    let (database, _client, _source) = small();
    let scans = (0..4).map(|_| {
        let mut client = database.client();
        thread::spawn(move || {
            for _ in 0..10 {
                assert_eq!(value::<i64>(&mut client, "SELECT sum(id)::bigint FROM t"), 49_995_000);
            }
        })
    });
    scans.collect::<Vec<_>>().into_iter().for_each(|scan| scan.join().unwrap());
}
