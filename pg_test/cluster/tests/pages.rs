//! Loads by pages: what the server's own checkers say of them, and whether the rows are those that
//! INSERT would have made.

use migrator_cluster_tests::{
    Database, data, proofs,
    sources::{self, Source},
    stored,
};
use postgres::Client;

/// A database with the checkers.
fn prepared() -> (Database, Client) {
    let database = Database::create();
    let mut client = database.client();
    proofs::prepare(&mut client);
    (database, client)
}

fn count(client: &mut Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).unwrap().get(0)
}

/// Loads a table by one thread, and by the methods whose rows are known to be right. INSERT puts
/// rows where there is room, so that only multi_insert keeps the order.
fn expected(client: &mut Client, source: &Source, table: &str) -> [(i64, Option<String>); 2] {
    client.batch_execute("SET migrator.reader_threads = 1").unwrap();
    for (method, target) in [("insert", "inserted"), ("multi_insert", "ordered")] {
        client.batch_execute(&source.by(method, table, target)).unwrap();
    }
    let found = [proofs::rows(client, "inserted"), proofs::rows_in_order(client, "ordered")];
    client.batch_execute("DROP TABLE inserted, ordered; RESET migrator.reader_threads").unwrap();
    found
}

#[test]
fn every_shape_by_any_number_of_threads() {
    let (_database, mut client) = prepared();
    let source = sources::shapes();
    for (table, column) in sources::SHAPES {
        let [rows, in_order] = expected(&mut client, &source, table);
        for (threads, keep_order) in [(1, true), (1, false), (4, true), (4, false)] {
            let options = format!(
                r#", options => '{{"method": "pages", "analyze": false, "keep_order": {keep_order}}}'"#
            );
            client.batch_execute(&format!("SET migrator.reader_threads = {threads}")).unwrap();
            client.batch_execute(&source.load(table, "paged", &options)).unwrap();
            proofs::assert_well_made(&mut client, "paged");
            assert_eq!(proofs::rows(&mut client, "paged"), rows, "{table}");
            if keep_order {
                assert_eq!(proofs::rows_in_order(&mut client, "paged"), in_order, "{table}");
            }
            proofs::assert_index_only(&mut client, "paged", column);
            client.batch_execute("DROP TABLE paged").unwrap();
        }
    }
}

/// A column whose index can be read alone, if there is one.
fn indexable(client: &mut Client, table: &str) -> Option<String> {
    let sql = "SELECT quote_ident(attname) FROM pg_attribute
                WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
                  AND atttypid = ANY ('{int2,int4,int8,numeric,date,timestamp,timestamptz,uuid,float8}'::regtype[])
                ORDER BY attnum LIMIT 1";
    client.query_opt(sql, &[&table]).unwrap().map(|row| row.get(0))
}

/// Carries all tables of a file by a method into schemas with this prefix. Each table's name in the
/// source, and where it is now.
fn carried(client: &mut Client, file: &str, prefix: &str, method: &str) -> Vec<(String, String)> {
    let sql = format!(
        r#"SELECT source_name, target_name, verdict
             FROM migrate_database($1, on_lossy => 'accept', on_error => 'reject',
                  schemas => (SELECT jsonb_object_agg(s, '{prefix}' || s) FROM (SELECT DISTINCT coalesce(schema_name, 'main') FROM source_tables($1)) t(s)),
                  options => '{{"method": "{method}", "analyze": false, "keep_going": true}}')
            WHERE kind = 'data'"#
    );
    let rows = client.query(&sql, &[&file]).unwrap();
    let carried = rows.iter().map(|row| {
        assert_eq!(row.get::<_, &str>(2), "done", "{file} {}", row.get::<_, &str>(0));
        (row.get(0), row.get(1))
    });
    carried.collect()
}

/// Carries all tables of a file by every method and compares; how many there were.
fn whole_file(client: &mut Client, name: &str) -> usize {
    let file = data(name);
    let [paged, ordered, inserted] = [("p_", "pages"), ("o_", "multi_insert"), ("i_", "insert")]
        .map(|(prefix, method)| carried(client, &file, prefix, method));
    assert!(paged.len() == ordered.len() && paged.len() == inserted.len(), "{name}");
    for (((source, paged), (_, ordered)), (_, inserted)) in
        paged.iter().zip(&ordered).zip(&inserted)
    {
        [ordered, inserted].into_iter().for_each(|table| proofs::assert_sound(client, table));
        proofs::assert_well_made(client, paged);
        assert_eq!(proofs::rows(client, paged), proofs::rows(client, inserted), "{name} {source}");
        let in_order = proofs::rows_in_order(client, ordered);
        assert_eq!(proofs::rows_in_order(client, paged), in_order, "{name} {source}");
        if let Some(column) = indexable(client, paged) {
            proofs::assert_index_only(client, paged, &column);
        }
    }
    paged.len()
}

/// A label of an enum in `strange` is too long, so that its table is left out.
#[test]
fn every_table_of_the_files() {
    for (name, left_out) in [
        ("shop.duckdb", 0),
        ("passages.duckdb", 0),
        ("fluxion.duckdb", 0),
        ("zoned.duckdb", 0),
        ("all_types_0.10.3.duckdb", 0),
        ("all_types_2.0.0.duckdb", 0),
        ("traps.duckdb", 0),
        ("strange.duckdb", 1),
        ("objects.duckdb", 0),
        ("wal.duckdb", 0),
    ] {
        let (_database, mut client) = prepared();
        client.batch_execute("CREATE EXTENSION vector").unwrap();
        let carried = whole_file(&mut client, name) as i64;
        let file = data(name);
        let all = format!("SELECT count(*) FROM source_tables('{file}') WHERE kind = 'table'");
        assert_eq!(carried + left_out, count(&mut client, &all), "{name}");
    }
}

#[test]
fn a_whole_file_at_once() {
    let (_database, mut client) = prepared();
    let load = r#"SELECT target_name FROM migrate_database($1, schemas => '{"main": "shop"}',
                      options => '{"method": "pages", "analyze": false}') WHERE kind = 'table'"#;
    let tables = client.query(load, &[&data("shop.duckdb")]).unwrap();
    assert!(!tables.is_empty());
    for row in tables {
        proofs::assert_well_made(&mut client, row.get(0));
    }
}

/// Indexes of every kind, and a condition that each can serve.
const INDEXES: [(&str, &str); 8] = [
    ("UNIQUE INDEX ON emptied (id)", "id BETWEEN 100 AND 200"),
    ("UNIQUE INDEX ON emptied (id DESC, t) INCLUDE (b) WHERE id < 500", "id < 30 AND t > ''"),
    ("INDEX ON emptied ((md5(t)))", "md5(t) = md5(repeat('abc ', 5))"),
    ("INDEX ON emptied USING hash (s)", "s = 'xxxxx'"),
    ("INDEX ON emptied USING brin (id) WITH (pages_per_range = 1)", "id BETWEEN 100 AND 200"),
    ("INDEX ON emptied USING gin (to_tsvector('simple', t))", "to_tsvector('simple', t) @@ 'abc'"),
    (
        "INDEX ON emptied USING gist (box(point(id, id), point(id, id)))",
        "box(point(id, id), point(id, id)) && box '(3,3),(9,9)'",
    ),
    ("INDEX ON emptied USING spgist (s text_ops)", "s = 'xxxxxxx'"),
];

#[test]
fn an_emptied_table_with_indexes_of_every_kind() {
    let (_database, mut client) = prepared();
    let source = sources::shapes();
    let create = "CREATE TABLE emptied (s text, id integer PRIMARY KEY, gone integer, t text, b bytea);
        ALTER TABLE emptied DROP gone;
        INSERT INTO emptied SELECT repeat('old', i % 9), -i, repeat(md5(i::text), 100) FROM generate_series(1, 1000) i";
    client.batch_execute(create).unwrap();
    client.batch_execute(&source.by("insert", "large", "inserted")).unwrap();
    client.batch_execute("CREATE VIEW again AS SELECT id, t, b, s FROM emptied").unwrap();
    for (index, _) in INDEXES {
        client
            .batch_execute(&format!("CREATE {index}"))
            .unwrap_or_else(|error| panic!("{index}: {error}"));
    }
    for threads in [1, 4] {
        // The second time indexes are built by several processes, too.
        let workers = format!(
            "SET migrator.reader_threads = {threads}; SET max_parallel_maintenance_workers = {threads}"
        );
        client.batch_execute(&format!("{workers}; SET min_parallel_table_scan_size = 0")).unwrap();
        client.batch_execute(&source.pages("large", "emptied", "truncate")).unwrap();
        proofs::assert_well_made(&mut client, "emptied");
        assert_eq!(proofs::rows(&mut client, "again"), proofs::rows(&mut client, "inserted"));
        for (index, condition) in INDEXES {
            let sql = format!("SELECT count(*) FROM emptied WHERE {condition}");
            let scans = "SET enable_indexscan = {}; SET enable_indexonlyscan = {}; SET enable_bitmapscan = {}; SET enable_seqscan = ";
            client.batch_execute(&(scans.replace("{}", "off") + "on")).unwrap();
            let expected = count(&mut client, &sql);
            client.batch_execute(&(scans.replace("{}", "on") + "off")).unwrap();
            assert_eq!(count(&mut client, &sql), expected, "{index}");
            assert!(expected > 0, "{condition}");
        }
        client.batch_execute("RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan; RESET enable_seqscan").unwrap();
        // The table lives on.
        client.batch_execute("UPDATE emptied SET s = 'new' WHERE id % 3 = 0; DELETE FROM emptied WHERE id % 7 = 0").unwrap();
        client.batch_execute("INSERT INTO emptied SELECT 'more', -i, repeat(md5(i::text), 100) FROM generate_series(1, 500) i").unwrap();
        proofs::assert_sound(&mut client, "emptied");
        client.batch_execute("VACUUM (FREEZE) emptied").unwrap();
        proofs::assert_sound(&mut client, "emptied");
    }
}

#[test]
fn keys_and_exclusions_hold() {
    let (_database, mut client) = prepared();
    let file = data("traps.duckdb");
    for (constraint, sqlstate) in [
        ("PRIMARY KEY (id)", "23505"),
        ("EXCLUDE USING btree (id WITH =)", "23P01"),
        ("EXCLUDE USING hash (id WITH =)", "23P01"),
        ("UNIQUE (id, v)", ""),
        ("EXCLUDE USING btree (id WITH =) WHERE (v > 5)", ""),
    ] {
        let create = format!(
            "DROP TABLE IF EXISTS keyed; CREATE TABLE keyed (id integer, v integer, {constraint});
             INSERT INTO keyed VALUES (7, 7)"
        );
        client.batch_execute(&create).unwrap();
        let load = format!(
            r#"SELECT * FROM migrate_table('{file}', 'twice', target => 'keyed', mode => 'truncate', options => '{{"method": "pages"}}')"#
        );
        match client.batch_execute(&load) {
            Ok(()) => assert_eq!(
                ("", 6),
                (sqlstate, count(&mut client, "SELECT count(*) FROM keyed")),
                "{constraint}"
            ),
            Err(error) => {
                assert_eq!(
                    error.code().map(|code| code.code()),
                    Some(sqlstate),
                    "{constraint}: {error}"
                );
                assert_eq!(count(&mut client, "SELECT sum(v) FROM keyed"), 7, "{constraint}");
            }
        }
        proofs::assert_sound(&mut client, "keyed");
    }
}

/// The proofs see what is different: rows that are not frozen, an order, one byte.
#[test]
fn the_proofs_can_fail() {
    let (database, mut client) = prepared();
    let file = data("traps.duckdb");
    let load = format!(
        r#"SELECT * FROM migrate_table('{file}', 'twice', target => 'inserted', options => '{{"method": "insert"}}');
           CREATE TABLE other AS SELECT * FROM inserted ORDER BY id DESC;
           CREATE TABLE almost AS SELECT id, CASE v WHEN 4 THEN 5 ELSE v END AS v FROM inserted"#
    );
    client.batch_execute(&load).unwrap();
    assert_eq!(proofs::rows(&mut client, "inserted"), proofs::rows(&mut client, "other"));
    let in_order = proofs::rows_in_order(&mut client, "inserted");
    assert_ne!(in_order, proofs::rows_in_order(&mut client, "other"));
    let fails = |proof: fn(&mut Client)| {
        let mut client = database.client();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| proof(&mut client))).is_err()
    };
    assert!(fails(|client| proofs::assert_frozen(client, "inserted")));
    assert!(fails(|client| proofs::assert_index_only(client, "inserted", "id")));
    assert_eq!(stored::assert_same(&mut client, "inserted", "inserted", "itself"), (6, 0));
    assert!(fails(|client| assert_eq!(
        (6, 0),
        stored::assert_same(client, "inserted", "almost", "")
    )));
}
