//! Advice of which the best is known: a table and a query each, and the server's own planner as the
//! judge of what was advised.

use migrator_cluster_tests::{
    advice::{ORDERS, advice, apply, only, uses, with},
    foreign::value,
};
use postgres::Client;

#[test]
fn a_foreign_key_needs_an_index_of_its_columns() {
    let (_database, mut client) = with(
        "
        CREATE TABLE parent (a integer, b integer, PRIMARY KEY (a, b));
        CREATE TABLE child (id integer PRIMARY KEY, x integer, y integer, z integer,
                            FOREIGN KEY (x, y) REFERENCES parent);
        CREATE INDEX ON child (z, x, y);
        CREATE INDEX ON child (x, y) WHERE z = 1;",
    );
    let row = only(&mut client, "child", &[]);
    assert_eq!(row.using(), "btree (\"x\", \"y\")");
    assert_eq!(
        (row.kind.as_str(), &row.columns[..]),
        ("btree_composite", &["x", "y"].map(String::from)[..])
    );
    assert!(row.rationale.contains("child_x_y_fkey"), "{row:?}");
    assert!(row.risk.as_deref().unwrap().starts_with("low: CREATE INDEX takes a SHARE lock"));
    apply(&mut client, &[row]);
    assert!(advice(&mut client, "child", Some(&[]), "{}").is_empty());
    // In another order, and with more behind, it serves as well.
    client.batch_execute("DROP INDEX child_x_y_idx1; CREATE INDEX ON child (y, x, z)").unwrap();
    assert!(advice(&mut client, "child", Some(&[]), "{}").is_empty());
}

#[test]
fn rows_that_lie_in_order_get_a_brin() {
    let (_database, mut client) = with("
        CREATE TABLE events AS
        SELECT i AS id, timestamp '2024-01-01' + i * interval '1 minute' AS at, repeat('x', 100) AS filler
          FROM generate_series(1, 120000) i;");
    let range = "SELECT count(*) FROM events WHERE at BETWEEN '2024-01-02' AND '2024-01-03'";
    let row = only(&mut client, "events", &[range]);
    assert_eq!((row.using(), row.kind.as_str()), ("brin (\"at\")", "brin"));
    assert!(row.size.unwrap() < 100_000 && row.cost("cost_after") < row.cost("cost_before") / 2.0);
    apply(&mut client, &[row]);
    assert!(uses(&mut client, range, "events_at_idx"));
    client.batch_execute("DROP INDEX events_at_idx").unwrap();
    // Where single values are looked up it takes a tree, and one does both.
    let point = "SELECT * FROM events WHERE at = '2024-01-02 03:04'";
    let row = only(&mut client, "events", &[range, point]);
    assert_eq!(row.using(), "btree (\"at\")");
}

#[test]
fn a_rare_value_is_the_condition_of_an_index() {
    let (_database, mut client) = with(ORDERS);
    let open = "SELECT * FROM orders WHERE status = 'open' AND price < 40000";
    let row = only(&mut client, "orders", &[open]);
    assert_eq!(row.kind, "partial");
    assert_eq!(row.using(), "btree (\"status\") WHERE (status = 'open'::text)");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, open, "orders_status_idx"));
    let row = only(&mut client, "orders", &[open]);
    assert_eq!(row.kind, "none");
    // The other value is nearly everywhere.
    let row = only(&mut client, "orders", &["SELECT * FROM orders WHERE status = 'done'"]);
    assert!(
        row.kind == "none" && row.rationale.contains("a scan of the table finds sooner"),
        "{row:?}"
    );
    assert_eq!(row.sql, None);
}

#[test]
fn documents_get_gin() {
    let (_database, mut client) = with("
        CREATE TABLE docs AS
        SELECT i AS id, jsonb_build_object('k', i % 5000, 'tags', ARRAY[i % 70], 'x' || i % 900, 1) AS doc,
               ARRAY[i % 700, i % 1100] AS tags, 'word' || i % 2000 || ' and others' AS body
          FROM generate_series(1, 40000) i;");
    let contains = "SELECT id FROM docs WHERE doc @> '{\"k\": 77}'";
    let row = only(&mut client, "docs", &[contains]);
    assert_eq!(
        (row.using(), row.kind.as_str()),
        ("gin (\"doc\" pg_catalog.jsonb_path_ops)", "gin")
    );
    apply(&mut client, &[row]);
    assert!(uses(&mut client, contains, "docs_doc_idx"));
    client.batch_execute("DROP INDEX docs_doc_idx").unwrap();
    // Keys are known to the larger class only.
    let has = "SELECT id FROM docs WHERE doc ? 'x7'";
    assert_eq!(only(&mut client, "docs", &[contains, has]).using(), "gin (\"doc\")");
    for (query, using) in [
        ("SELECT id FROM docs WHERE tags @> ARRAY[77]", "gin (\"tags\")"),
        ("SELECT id FROM docs WHERE tags && ARRAY[77, 78]", "gin (\"tags\")"),
        (
            "SELECT id FROM docs WHERE to_tsvector('english', body) @@ to_tsquery('english', 'word7')",
            "gin ((to_tsvector('english'::regconfig, body)))",
        ),
    ] {
        let row = only(&mut client, "docs", &[query]);
        assert_eq!((row.using(), row.kind.as_str()), (using, "gin"));
        apply(&mut client, std::slice::from_ref(&row));
        let name = row.sql.unwrap().split('"').nth(1).unwrap().to_owned();
        assert!(uses(&mut client, query, &name), "{query}");
        client.batch_execute(&format!("DROP INDEX \"{name}\"")).unwrap();
    }
    // What depends on a setting no index can hold.
    let row = only(
        &mut client,
        "docs",
        &["SELECT FROM docs WHERE to_tsvector(body) @@ 'word7'::tsquery"],
    );
    assert!(row.kind == "none" && row.rationale.contains("to_tsvector(body)"), "{row:?}");
}

#[test]
fn beginnings_of_texts_need_a_class_of_their_own() {
    let (_database, mut client) = with("
        CREATE TABLE names AS
        SELECT i AS id, md5(i::text) COLLATE \"und-x-icu\" AS name, md5(i::text) COLLATE \"C\" AS plain
          FROM generate_series(1, 60000) i;");
    let like = "SELECT id FROM names WHERE name LIKE 'abc%'";
    let row = only(&mut client, "names", &[like]);
    assert_eq!(row.using(), "btree (\"name\" pg_catalog.text_pattern_ops)");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, like, "names_name_idx"));
    let row = only(&mut client, "names", &["SELECT id FROM names WHERE plain LIKE 'abc%'"]);
    assert_eq!(row.using(), "btree (\"plain\")");
    let row = only(&mut client, "names", &["SELECT id FROM names WHERE name LIKE '%abc%'"]);
    assert!(row.kind == "none" && row.rationale.contains("pg_trgm"), "{row:?}");
}

#[test]
fn equality_comes_first_and_one_index_serves_several_queries() {
    let (_database, mut client) = with(ORDERS);
    let range = "SELECT * FROM orders WHERE price BETWEEN 100 AND 3000 AND customer = 7";
    let row = only(&mut client, "orders", &[range]);
    assert_eq!(
        (row.using(), row.kind.as_str()),
        ("btree (\"customer\", \"price\")", "btree_composite")
    );
    apply(&mut client, &[row]);
    assert!(uses(&mut client, range, "orders_customer_price_idx"));
    client.batch_execute("DROP INDEX orders_customer_price_idx").unwrap();
    let equal = "SELECT * FROM orders WHERE customer = $1";
    let row = only(&mut client, "orders", &[equal, range]);
    assert_eq!(row.using(), "btree (\"customer\", \"price\")");
    assert!(row.rationale.contains("query 1 of workload, query 2 of workload"), "{row:?}");
    // The more selective column comes first, unless another query asks for the other alone.
    let both = "SELECT * FROM orders WHERE third = 1 AND customer = 7";
    assert_eq!(only(&mut client, "orders", &[both]).using(), "btree (\"customer\", \"third\")");
}

#[test]
fn few_more_columns_are_included() {
    let (_database, mut client) = with(ORDERS);
    let few = "SELECT sum(price) FROM orders WHERE customer = 7";
    let row = only(&mut client, "orders", &[few]);
    assert_eq!(
        (row.using(), row.kind.as_str()),
        ("btree (\"customer\") INCLUDE (\"price\")", "covering")
    );
    apply(&mut client, &[row]);
    client.batch_execute("VACUUM orders").unwrap();
    assert!(uses(&mut client, few, "orders_customer_price_idx"));
    let row = only(&mut client, "orders", &["SELECT filler FROM orders WHERE customer = 7"]);
    assert_ne!(row.kind, "covering");
}

#[test]
fn long_texts_are_hashed() {
    let (_database, mut client) = with("
        CREATE TABLE pages AS
        SELECT i AS id, (SELECT string_agg(md5(i::text || k), '') FROM generate_series(1, 10) k) AS url
          FROM generate_series(1, 20000) i;");
    let point = "SELECT id FROM pages WHERE url = $1";
    let row = only(&mut client, "pages", &[point]);
    assert_eq!((row.using(), row.kind.as_str()), ("hash (\"url\")", "hash"));
    apply(&mut client, &[row]);
    assert!(uses(&mut client, "SELECT id FROM pages WHERE url = 'x'", "pages_url_idx"));
}

#[test]
fn the_first_rows_come_in_order() {
    let (_database, mut client) = with(ORDERS);
    let first = "SELECT * FROM orders ORDER BY price DESC LIMIT 10";
    let row = only(&mut client, "orders", &[first]);
    assert_eq!(row.using(), "btree (\"price\")");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, first, "orders_price_idx"));
    client.batch_execute("DROP INDEX orders_price_idx").unwrap();
    let mixed = "SELECT * FROM orders ORDER BY price DESC, customer LIMIT 10";
    let row = only(&mut client, "orders", &[mixed]);
    assert_eq!(row.using(), "btree (\"price\" DESC, \"customer\")");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, mixed, "orders_price_customer_idx"));
    client.batch_execute("DROP INDEX orders_price_customer_idx").unwrap();
    let behind = "SELECT * FROM orders WHERE customer = 7 ORDER BY price LIMIT 10";
    assert_eq!(only(&mut client, "orders", &[behind]).using(), "btree (\"customer\", \"price\")");
}

#[test]
fn one_of_several_values_breaks_the_order() {
    let (_database, mut client) = with(ORDERS);
    let first = "SELECT * FROM orders WHERE third IN (1, 2) ORDER BY price LIMIT 20";
    let row = only(&mut client, "orders", &[first]);
    assert_eq!(row.using(), "btree (\"price\")");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, first, "orders_price_idx"));
    client.batch_execute("DROP INDEX orders_price_idx").unwrap();
    let few = "SELECT * FROM orders WHERE code IN ('a', 'b') ORDER BY price LIMIT 20";
    assert_eq!(only(&mut client, "orders", &[few]).using(), "btree (\"code\")");
}

#[test]
fn a_row_that_a_join_makes_up_is_not_looked_for() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE VIEW seen AS SELECT * FROM orders;
        CREATE TABLE customers AS SELECT i AS id, md5(i::text) AS email FROM generate_series(1, 1000) i;
        ALTER TABLE customers ADD PRIMARY KEY (id);"
    ));
    let left = "SELECT o.* FROM customers c LEFT JOIN orders o ON o.customer = c.id WHERE c.id = 7";
    for query in [
        format!("{left} AND o.customer IS NULL"),
        format!("{left} AND (o.status = 'open' OR o.status IS NULL)"),
        format!("{left} AND coalesce(o.code, '') = ''"),
        format!("{left} ORDER BY o.price LIMIT 5"),
        "SELECT o.* FROM orders o RIGHT JOIN customers c ON o.customer = c.id WHERE c.id = 7 AND o.customer IS NULL".to_owned(),
    ] {
        let row = only(&mut client, "orders", &[&query]);
        assert_eq!(row.using(), "btree (\"customer\")", "{query}");
    }
    let view = "SELECT o.* FROM customers c LEFT JOIN seen o ON o.customer = c.id WHERE c.id = 7 AND o.customer IS NULL";
    assert_eq!(only(&mut client, "orders", &[view]).kind, "none");
    // Where the join itself asks for it, there is such a row.
    let join = "SELECT o.* FROM customers c LEFT JOIN orders o ON o.customer = c.id AND o.status IS NULL WHERE c.id = 7";
    assert_eq!(only(&mut client, "orders", &[join]).kind, "partial");
}

#[test]
fn what_has_no_order_is_no_key_of_a_tree() {
    let (_database, mut client) = with(
        "
        CREATE TABLE odd AS
        SELECT i AS id, CASE WHEN i % 100 > 0 THEN '{}'::json END AS doc,
               CASE WHEN i % 100 > 0 THEN point(i, i) END AS place,
               decode(md5(i::text), 'hex') AS bytes, repeat('x', 100) AS filler
          FROM generate_series(1, 20000) i;",
    );
    for query in [
        "SELECT * FROM odd WHERE doc IS NULL",
        "SELECT * FROM odd WHERE place IS NULL",
        r"SELECT * FROM odd WHERE bytes LIKE 'ab%'::bytea",
    ] {
        let row = only(&mut client, "odd", &[query]);
        assert_eq!((row.kind.as_str(), &row.sql), ("none", &None), "{query}");
        assert!(!row.rationale.contains("pg_trgm"), "{row:?}");
    }
}

#[test]
fn an_index_of_another_collation_does_not_serve() {
    let (_database, mut client) = with(
        "
        CREATE TABLE names AS SELECT i AS id, md5(i::text) AS name FROM generate_series(1, 60000) i;
        CREATE INDEX other ON names (name COLLATE \"POSIX\");
        CREATE INDEX lowered ON names (lower(name) COLLATE \"POSIX\");",
    );
    for (query, using, name) in [
        ("SELECT * FROM names WHERE name = 'abc'", "btree (\"name\")", "names_name_idx"),
        (
            "SELECT * FROM names WHERE lower(name) = 'abc'",
            "btree ((lower(name)))",
            "names_lower_idx",
        ),
    ] {
        let row = only(&mut client, "names", &[query]);
        assert_eq!(row.using(), using);
        apply(&mut client, &[row]);
        assert!(uses(&mut client, query, name), "{query}");
    }
    let own = "SELECT * FROM names ORDER BY name COLLATE \"POSIX\" LIMIT 10";
    let row = only(&mut client, "names", &[own]);
    assert!(row.rationale.contains("Index \"other\" serves it already"), "{row:?}");
}

#[test]
fn a_join_looks_its_column_up() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE TABLE customers AS SELECT i AS id, md5(i::text) AS email FROM generate_series(1, 1000) i;
        ALTER TABLE customers ADD PRIMARY KEY (id);"
    ));
    let join = "SELECT o.* FROM customers c JOIN orders o ON o.customer = c.id WHERE c.id = 7";
    let row = only(&mut client, "orders", &[join]);
    assert_eq!(row.using(), "btree (\"customer\")");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, join, "orders_customer_idx"));
    client.batch_execute("DROP INDEX orders_customer_idx").unwrap();
    for join in [
        "SELECT FROM customers c WHERE c.id = 7 AND EXISTS (SELECT FROM orders o WHERE o.customer = c.id)",
        "SELECT FROM orders WHERE customer IN (SELECT id FROM customers WHERE email = 'x')",
        "SELECT FROM customers c LEFT JOIN orders o ON o.customer = c.id WHERE c.id = 7",
        "WITH o AS (SELECT * FROM orders) SELECT FROM o JOIN customers c ON o.customer = c.id WHERE c.id = 7",
        "SELECT FROM (SELECT customer AS c FROM orders) o JOIN customers c ON o.c = c.id WHERE c.id = 7",
    ] {
        let row = only(&mut client, "orders", &[join]);
        assert!(row.using().starts_with("btree (\"customer\")"), "{join}: {row:?}");
    }
}

#[test]
fn views_are_looked_through() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE VIEW dear AS SELECT id, customer AS who, price FROM orders WHERE price > 10;"
    ));
    let row = only(&mut client, "orders", &["SELECT id FROM dear WHERE who = 7"]);
    assert!(row.using().starts_with("btree (\"customer\""), "{row:?}");
    // The table has another number in each of these.
    for query in [
        "SELECT o.id FROM dear d JOIN orders o ON o.id = d.id WHERE o.customer = 7 AND o.price > 10",
        "SELECT d.id FROM (SELECT 1) one, (SELECT 2) two, dear d WHERE d.who = 7",
    ] {
        let rows = advice(&mut client, "orders", Some(&[query]), "{}");
        let found = rows.iter().any(|row| row.using().starts_with("btree (\"customer\""));
        assert!(found, "{query}: {rows:?}");
    }
}

#[test]
fn an_expression_is_indexed_as_it_is_asked_for() {
    let (_database, mut client) = with(ORDERS);
    let lower = "SELECT * FROM orders WHERE lower(code) = 'abc'";
    let row = only(&mut client, "orders", &[lower]);
    assert_eq!((row.using(), row.kind.as_str()), ("btree ((lower(code)))", "btree"));
    assert_eq!(row.columns, ["code"]);
    apply(&mut client, &[row]);
    assert!(uses(&mut client, lower, "orders_lower_idx"));
    assert_eq!(only(&mut client, "orders", &[lower]).kind, "none");
    let sum = "SELECT * FROM orders WHERE price + customer = 17";
    let row = only(&mut client, "orders", &[sum]);
    assert!(row.using().starts_with("btree ((") && row.columns == ["customer", "price"], "{row:?}");
    apply(&mut client, &[row]);
    assert!(uses(&mut client, sum, "orders_expr_idx"));
}

#[test]
fn what_needs_no_index_is_said() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE TABLE small AS SELECT i AS a, i AS b FROM generate_series(1, 100) i;"
    ));
    let none = |client: &mut Client, table: &str, query: &str| -> String {
        let row = only(client, table, &[query]);
        assert_eq!((row.kind.as_str(), row.sql), ("none", None), "{query}");
        assert_eq!(row.risk, None);
        row.rationale
    };
    let many = none(&mut client, "orders", "SELECT * FROM orders WHERE third = 1");
    assert!(many.contains("a scan of the table finds sooner"), "{many}");
    let small = none(&mut client, "small", "SELECT * FROM small WHERE a = 1");
    assert!(small.starts_with("Query 1 of workload: The table is small (pages: 1)"), "{small}");
    let served = none(&mut client, "orders", "SELECT * FROM orders WHERE id = $1");
    assert!(served.contains("Index \"orders_pkey\" serves it already"), "{served}");
    let all = none(&mut client, "orders", "SELECT count(*) FROM orders");
    assert!(all.contains("It reads all rows"), "{all}");
    let written = none(&mut client, "orders", "INSERT INTO orders (id) VALUES (0)");
    assert!(written.contains("It reads nothing of the table"), "{written}");
    let cast = none(&mut client, "orders", "SELECT FROM orders WHERE price = 1.5::numeric");
    assert!(cast.contains("cast to another type"), "{cast}");
}

#[test]
fn changes_of_rows_find_them_too() {
    let (_database, mut client) = with(ORDERS);
    for query in [
        "UPDATE orders SET price = 1 WHERE customer = $1",
        "DELETE FROM orders WHERE customer = 7",
        "MERGE INTO orders o USING (VALUES (7)) v (c) ON o.customer = v.c WHEN MATCHED THEN DELETE",
        "SELECT id FROM orders WHERE customer = 7 FOR UPDATE",
    ] {
        assert_eq!(
            only(&mut client, "orders", &[query]).using(),
            "btree (\"customer\")",
            "{query}"
        );
    }
}

#[test]
fn nothing_of_a_workload_is_executed() {
    let (_database, mut client) = with(&format!(
        "{ORDERS}
        CREATE FUNCTION loud(integer) RETURNS integer VOLATILE LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'executed'; END$$;"
    ));
    let query = "SELECT loud(id) FROM orders WHERE customer = 7 AND loud(third) = 1";
    assert!(only(&mut client, "orders", &[query]).using().starts_with("btree (\"customer\")"));
    only(&mut client, "orders", &["DELETE FROM orders WHERE customer = 8"]);
    assert_eq!(value::<i64>(&mut client, "SELECT count(*) FROM orders"), 100_000);
}

#[test]
fn the_nearest_vectors_get_a_graph() {
    let (_database, mut client) = with(
        "
        CREATE EXTENSION vector;
        CREATE TABLE points AS
        SELECT i AS id, ARRAY[sin(i), cos(i), sin(i * 0.7)]::real[]::vector(3) AS e
          FROM generate_series(1, 12000) i;
        CREATE TABLE few AS SELECT * FROM points LIMIT 100;
        ALTER TABLE points ALTER e TYPE vector(3); ALTER TABLE few ALTER e TYPE vector(3);",
    );
    let nearest = "SELECT id FROM points ORDER BY e <=> $1 LIMIT 10";
    let row = only(&mut client, "points", &[nearest]);
    assert_eq!((row.kind.as_str(), &row.columns[..]), ("hnsw", &["e".to_owned()][..]));
    assert!(row.using().starts_with("hnsw (\"e\" \"public\".vector_cosine_ops)"), "{row:?}");
    apply(&mut client, &[row]);
    assert!(only(&mut client, "points", &[nearest]).rationale.contains("points_e_idx"));
    let row = only(&mut client, "few", &["SELECT id FROM few ORDER BY e <-> '[1,2,3]' LIMIT 3"]);
    assert!(row.kind == "none" && row.rationale.contains("exact searches of so few"), "{row:?}");
}

#[test]
fn a_partitioned_table_is_advised_as_a_whole() {
    let (_database, mut client) = with(
        "
        CREATE TABLE parts (id integer, region integer, name text) PARTITION BY LIST (region);
        CREATE TABLE part_1 PARTITION OF parts FOR VALUES IN (1);
        CREATE TABLE part_2 PARTITION OF parts FOR VALUES IN (2);
        INSERT INTO parts SELECT i, 1 + i % 2, md5(i::text) FROM generate_series(1, 60000) i;",
    );
    let query = "SELECT * FROM parts WHERE id = $1 AND region = $2";
    let row = only(&mut client, "parts", &[query]);
    assert!(
        row.sql.as_deref().unwrap().contains("ON \"public\".\"parts\" USING btree (\"id\""),
        "{row:?}"
    );
    apply(&mut client, &[row]);
    assert_eq!(only(&mut client, "parts", &[query]).kind, "none");
}
