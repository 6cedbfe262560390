//! What the server's own checkers say of a table.

use postgres::Client;

/// A table and its TOAST relation.
const BOTH: &str = "(SELECT oid AS relation FROM pg_class WHERE oid = $1::text::regclass
     UNION ALL SELECT reltoastrelid FROM pg_class WHERE oid = $1::text::regclass AND reltoastrelid <> 0) b";

/// Installs the checkers.
pub fn prepare(client: &mut Client) {
    let extensions = ["amcheck", "pg_visibility", "pageinspect"];
    let sql = extensions.map(|name| format!("CREATE EXTENSION {name};")).concat();
    client.batch_execute(&sql).unwrap();
}

fn texts(client: &mut Client, sql: &str, table: &str) -> Vec<String> {
    let rows = client.query(sql, &[&table]).unwrap_or_else(|error| panic!("{table}: {error:?}"));
    rows.iter().map(|row| row.get(0)).collect()
}

fn assert_none(client: &mut Client, sql: &str, table: &str) {
    let found = texts(client, sql, table);
    assert!(
        found.is_empty(),
        "{table}: {} problems: {:#?}",
        found.len(),
        &found[..found.len().min(10)]
    );
}

/// Panics where amcheck finds something in a table, its TOAST relation or the indexes of both. On a
/// replica indexes are looked at less closely.
pub fn assert_sound(client: &mut Client, table: &str) {
    let heaps = format!(
        "SELECT concat_ws(' ', relation::regclass, blkno, offnum, attnum, msg)
           FROM {BOTH}, verify_heapam(relation, check_toast => true)"
    );
    assert_none(client, &heaps, table);
    let indexes = format!(
        "SELECT CASE WHEN pg_is_in_recovery() THEN bt_index_check(indexrelid, true)
                     ELSE bt_index_parent_check(indexrelid, true, true) END::text
           FROM {BOTH} JOIN pg_index ON indrelid = relation JOIN pg_class c ON c.oid = indexrelid
          WHERE relam = (SELECT oid FROM pg_am WHERE amname = 'btree')"
    );
    texts(client, &indexes, table);
    assert_none(
        client,
        &format!(
            "SELECT indexrelid::regclass::text FROM {BOTH} JOIN pg_index ON indrelid = relation WHERE NOT indisvalid"
        ),
        table,
    );
}

/// Panics where a row of a table or its TOAST relation is not frozen, or a page not visible to all.
pub fn assert_frozen(client: &mut Client, table: &str) {
    for checker in ["pg_check_visible", "pg_check_frozen"] {
        let sql = format!(
            "SELECT format('{checker} %s %s', relation::regclass, t_ctid) FROM {BOTH}, {checker}(relation)"
        );
        assert_none(client, &sql, table);
    }
    let pages = format!(
        "SELECT format('%s block %s %s', relation::regclass, blkno, v) FROM {BOTH}, pg_visibility(relation) v
          WHERE NOT (all_visible AND all_frozen AND pd_all_visible)"
    );
    assert_none(client, &pages, table);
    let map = format!(
        "SELECT format('%s %s', relation::regclass, s) FROM {BOTH}, pg_visibility_map_summary(relation) s
          WHERE s.all_visible <> pg_relation_size(relation) / 8192
             OR s.all_frozen <> pg_relation_size(relation) / 8192"
    );
    assert_none(client, &map, table);
}

/// Panics where pg_class does not know how large a table and its TOAST relation are.
pub fn assert_counted(client: &mut Client, table: &str) {
    let sql = format!(
        "SELECT relation::regclass::text, relpages, relallvisible, reltuples::bigint,
                (pg_relation_size(relation) / 8192)::integer FROM {BOTH} JOIN pg_class ON oid = relation"
    );
    for row in client.query(&sql, &[&table]).unwrap() {
        let name: String = row.get(0);
        let [pages, visible, size] = [1, 2, 4].map(|at| row.get::<_, i32>(at));
        let rows = client.query_one(&format!("SELECT count(*) FROM {name}"), &[]).unwrap();
        assert_eq!((pages, visible), (size, size), "{name}: relpages, relallvisible");
        // Nothing may be known of what is empty.
        let known: i64 = row.get(3);
        assert_eq!(known.max(0), rows.get::<_, i64>(0), "{name}: reltuples");
    }
}

/// Panics where an index-only scan has to look at the table.
pub fn assert_index_only(client: &mut Client, table: &str, column: &str) {
    let prepare = format!(
        "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off;
         SET max_parallel_workers_per_gather = 0; CREATE INDEX only_index ON {table} ({column})"
    );
    client.batch_execute(&prepare).unwrap();
    let sql = format!(
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT {column} FROM {table} ORDER BY {column}"
    );
    let lines: Vec<String> =
        client.query(&sql, &[]).unwrap().iter().map(|row| row.get(0)).collect();
    let plan = lines.join("\n");
    assert!(
        plan.contains("Index Only Scan") && plan.contains("Heap Fetches: 0"),
        "{table}: {plan}"
    );
    let index = table
        .rsplit_once('.')
        .map_or("only_index".to_owned(), |(schema, _)| format!("{schema}.only_index"));
    let forget = "RESET enable_seqscan; RESET enable_bitmapscan; RESET enable_sort; RESET max_parallel_workers_per_gather";
    client.batch_execute(&format!("DROP INDEX {index}; {forget}")).unwrap();
}

/// All that must be true of a table that was loaded by pages and not analyzed.
pub fn assert_well_made(client: &mut Client, table: &str) {
    assert_sound(client, table);
    assert_frozen(client, table);
    assert_counted(client, table);
}

/// How many rows there are, and a hash of them, in any order.
pub fn rows(client: &mut Client, table: &str) -> (i64, Option<String>) {
    hashed(client, table, "md5(every_column::text)")
}

/// The same in the order in which they lie.
pub fn rows_in_order(client: &mut Client, table: &str) -> (i64, Option<String>) {
    hashed(client, table, "every_column.ctid")
}

fn hashed(client: &mut Client, table: &str, order: &str) -> (i64, Option<String>) {
    let sql = format!(
        "SELECT count(*), md5(string_agg(md5(every_column::text), '' ORDER BY {order}))
           FROM {table} AS every_column"
    );
    let row = client.query_one(&sql, &[]).unwrap();
    (row.get(0), row.get(1))
}
