//! Where rows come from: joins, queries in FROM and in expressions, WITH, sets of rows.

use super::{item, refused, sql};

/// What follows FROM.
fn from(source: &str) -> String {
    let whole = sql(&format!("SELECT 1 AS one FROM {source}"));
    whole.strip_prefix("SELECT 1 AS \"one\" FROM ").unwrap().to_owned()
}

const ORDERS: &str = "\"public\".\"orders\" AS \"o\"";
const CUSTOMERS: &str = "\"crm\".\"customers\" AS \"c\"";

#[test]
fn joins_translate() {
    assert_eq!(
        from("(orders AS o LEFT JOIN crm.customers AS c ON ((o.customer = c.customer)))"),
        format!("{ORDERS} LEFT JOIN {CUSTOMERS} ON (\"o\".\"customer\" = \"c\".\"customer\")")
    );
    assert_eq!(
        from("(orders AS o INNER JOIN crm.customers AS c USING (customer))"),
        format!("{ORDERS} INNER JOIN {CUSTOMERS} ON (\"o\".\"customer\" = \"c\".\"customer\")")
    );
    assert_eq!(from("orders AS o , crm.customers AS c"), format!("{ORDERS}, {CUSTOMERS}"));
    assert_eq!(
        from("(orders AS o SEMI JOIN crm.customers AS c USING (customer))"),
        format!(
            "{ORDERS} WHERE (EXISTS (SELECT FROM {CUSTOMERS} WHERE (\"o\".\"customer\" = \
             \"c\".\"customer\")))"
        )
    );
    assert!(
        from("(orders AS o ANTI JOIN crm.customers AS c ON ((c.age > o.id)))")
            .contains("(NOT EXISTS")
    );
}

#[test]
fn a_column_of_using_is_one_column() {
    let whole = sql(
        "SELECT * EXCLUDE (note, tags) FROM (orders AS o FULL JOIN crm.customers AS c USING (customer))",
    );
    assert!(whole.contains("COALESCE(\"o\".\"customer\", \"c\".\"customer\") AS \"customer\""));
    assert!(
        whole.contains("\"c\".\"city\" AS \"city\"") && !whole.contains("\"c\".\"customer\" AS")
    );
    let right =
        sql("SELECT customer FROM (orders AS o RIGHT JOIN crm.customers AS c USING (customer))");
    assert!(right.starts_with("SELECT \"c\".\"customer\" AS \"customer\""));
    let natural = sql("SELECT customer FROM (orders AS o NATURAL INNER JOIN crm.customers AS c)");
    assert!(natural.starts_with("SELECT \"o\".\"customer\" AS \"customer\""));
}

#[test]
fn joins_that_the_parser_takes_for_aliases_are_refused() {
    assert!(refused("SELECT 1 FROM (orders POSITIONAL JOIN crm.customers)").contains("AS"));
    refused("SELECT 1 FROM (orders ASOF RIGHT JOIN crm.customers ON ((id >= age)))");
    refused("SELECT 1 FROM (orders ASOF INNER JOIN crm.customers ON ((id != age)))");
}

#[test]
fn queries_in_from_may_look_to_the_left() {
    let lateral = from("orders AS o , (SELECT (o.id + 1) AS k) AS z");
    assert_eq!(
        lateral,
        format!("{ORDERS}, LATERAL (SELECT ((\"o\".\"id\" + 1))::integer AS \"k\") AS \"z\"")
    );
    let plain = sql("SELECT q.b FROM (SELECT id, customer FROM orders) AS q(a, b)");
    assert!(plain.starts_with("SELECT \"q\".\"customer\" AS \"b\" FROM (SELECT \"orders\".\"id\""));
    assert!(sql("SELECT id FROM (SELECT id FROM orders)").contains("AS \"unnamed_subquery\""));
}

#[test]
fn queries_in_expressions_translate() {
    assert_eq!(
        item("(id = ANY(SELECT c.age FROM crm.customers AS c))"),
        format!("(\"orders\".\"id\" = ANY (SELECT \"c\".\"age\" AS \"age\" FROM {CUSTOMERS}))")
    );
    assert_eq!(
        item("(SELECT max(c.age) FROM crm.customers AS c WHERE (c.customer = orders.customer))"),
        format!(
            "(SELECT pg_catalog.max(\"c\".\"age\") AS \"max(c.age)\" FROM {CUSTOMERS} WHERE \
             (\"c\".\"customer\" = \"orders\".\"customer\"))"
        )
    );
    assert!(
        refused("SELECT (SELECT sum(o.id) FROM crm.customers) FROM orders AS o").contains("around")
    );
    assert!(
        refused("SELECT (id = ANY(SELECT city FROM crm.customers)) FROM orders").contains("ANY")
    );
    assert!(refused("SELECT (SELECT 1, 2) FROM orders").contains("several columns"));
}

#[test]
fn with_translates() {
    assert_eq!(
        sql("WITH a AS MATERIALIZED (SELECT id FROM orders) SELECT * FROM a"),
        "WITH \"a\"(\"id\") AS (SELECT \"orders\".\"id\" AS \"id\" FROM \"public\".\"orders\" AS \
         \"orders\") SELECT \"a_2\".\"id\" AS \"id\" FROM \"a\" AS \"a_2\""
    );
    assert_eq!(
        sql(
            "WITH RECURSIVE r (n) AS ((SELECT 1) UNION ALL (SELECT (n + 1) FROM r WHERE (n < 5))) SELECT * FROM r"
        ),
        "WITH RECURSIVE \"r\"(\"1\") AS ((SELECT 1 AS \"1\") UNION ALL (SELECT ((\"r_1\".\"1\" + \
         1))::integer AS \"(n + 1)\" FROM \"r\" AS \"r_1\" WHERE (\"r_1\".\"1\" < 5))) SELECT \
         \"r_2\".\"1\" AS \"n\" FROM \"r\" AS \"r_2\""
    );
}

#[test]
fn sets_of_rows_meet_in_a_type() {
    assert_eq!(
        sql("(SELECT id FROM orders) UNION ALL (SELECT age FROM crm.customers)"),
        "(SELECT \"orders\".\"id\" AS \"id\" FROM \"public\".\"orders\" AS \"orders\") UNION ALL (SELECT \
         \"customers\".\"age\" AS \"age\" FROM \"crm\".\"customers\" AS \"customers\")"
    );
    let mixed = sql("(SELECT id FROM orders) UNION (SELECT amount FROM orders)");
    assert!(mixed.starts_with("(SELECT (\"q\".\"id\")::numeric(12,2) AS \"id\" FROM (SELECT"));
    let nulls = sql("(SELECT NULL AS a) UNION ALL (SELECT id FROM orders)");
    assert!(nulls.starts_with("(SELECT NULL::integer AS \"a\" FROM"));
    let named = sql(
        "(SELECT id, x FROM orders) UNION ALL BY NAME (SELECT age, age AS id FROM crm.customers)",
    );
    assert!(named.contains("NULL::integer AS \"age\""));
    assert!(
        refused("(SELECT id FROM orders) UNION (SELECT customer FROM orders)").contains("VARCHAR")
    );
    assert!(refused("(SELECT note FROM orders) UNION (SELECT note FROM orders)").contains("JSON"));
}

#[test]
fn rows_come_from_values_and_functions_too() {
    assert_eq!(
        from("(VALUES (1, 'a'), (NULL, 'b')) AS v(a, b)"),
        "(SELECT * FROM (VALUES (1, 'a'::text), (NULL::integer, 'b'::text)) AS \"valueslist\"(\"col0\", \
         \"col1\")) AS \"v\""
    );
    assert_eq!(
        from("\"range\"(5) AS r"),
        "pg_catalog.generate_series((0)::bigint, (5)::bigint - 1) AS \"r\"(\"range\")"
    );
    assert_eq!(
        from("orders AS o , unnest(o.tags) AS t(tag)"),
        format!("{ORDERS}, pg_catalog.unnest(\"o\".\"tags\") AS \"t\"(\"unnest\")")
    );
    assert_eq!(item("unnest(tags)"), "pg_catalog.unnest(\"orders\".\"tags\")");
    assert!(refused("SELECT upper(unnest(tags)) FROM orders").contains("unnest"));
    assert!(refused("SELECT 1 FROM read_csv('x')").contains("read_csv"));
}

#[test]
fn names_are_looked_for_from_the_inside_out() {
    let outer = item("(SELECT max(c.age) FROM crm.customers AS c WHERE (c.age > id))");
    assert!(outer.ends_with("(\"c\".\"age\" > \"orders\".\"id\"))"));
    // The inner table has a column of the outer table's name.
    let named = sql(
        "SELECT (SELECT count_star() FROM crm.customers WHERE (age.id > 1)) AS n FROM orders AS age",
    );
    assert!(named.contains("(\"age\".\"id\" > 1)"));
    let both =
        "SELECT (SELECT max(c.age) AS id FROM crm.customers AS c HAVING (id > 1)) FROM orders";
    assert!(refused(both).contains("around"));
    assert!(refused("SELECT 1 FROM other.main.orders").contains("not here"));
}
