//! Forms that PostgreSQL has no word for: COLUMNS, PIVOT, samples, ASOF joins, rows.

use super::{item, refused, sql};

const ORDERS: &str = "\"public\".\"orders\" AS \"orders\"";

#[test]
fn columns_are_expanded() {
    assert_eq!(
        sql("SELECT COLUMNS('^(id|x)$') FROM orders"),
        format!("SELECT \"orders\".\"id\" AS \"id\", \"orders\".\"x\" AS \"x\" FROM {ORDERS}")
    );
    assert_eq!(
        sql("SELECT max(COLUMNS(list_value('ID', 'x'))) FROM orders"),
        format!(
            "SELECT pg_catalog.max(\"orders\".\"id\") AS \"id\", \
             pg_catalog.max(\"orders\".\"x\") AS \"x\" FROM {ORDERS}"
        )
    );
    assert!(refused("SELECT COLUMNS('nothing') FROM orders").contains("nothing"));
    assert!(refused("SELECT COLUMNS('[a&&b]') FROM orders").contains("something else"));
    assert!(refused("SELECT COLUMNS('(') FROM orders").contains("something else"));
    assert!(refused("SELECT COLUMNS('i') + COLUMNS('x') FROM orders").contains("different"));
    assert!(refused("SELECT COLUMNS('id') AS a FROM orders").contains("alias"));
    assert!(refused("SELECT id FROM orders WHERE COLUMNS('id') > 1").contains("select list"));
}

#[test]
fn rows_and_columns_are_turned() {
    let pivot =
        sql("SELECT * FROM orders PIVOT (sum(x) AS s FOR (paid) IN (true, false) GROUP BY id)");
    let sum = |truth: &str| {
        format!(
            "pg_catalog.sum(\"orders\".\"x\") FILTER (WHERE (\"orders\".\"paid\" IS NOT DISTINCT \
             FROM {truth})) AS \"{truth}_s\""
        )
    };
    assert!(pivot.contains(&format!(
        "FROM (SELECT \"orders\".\"id\" AS \"id\", {}, {} FROM {ORDERS} GROUP BY \"orders\".\"id\")",
        sum("true"),
        sum("false")
    )));
    let unpivot =
        sql("SELECT * FROM (SELECT customer, id, big FROM orders) UNPIVOT (v FOR k IN (id, big))");
    assert!(unpivot.contains("CROSS JOIN LATERAL (VALUES ('id'::text,"));
    assert!(unpivot.contains("WHERE \"unpivot\".v IS NOT NULL"));
    let call =
        "SELECT * FROM orders PIVOT (sum(x) FILTER (WHERE paid) FOR (id) IN (1) GROUP BY customer)";
    assert!(refused(call).contains("FILTER"));
    refused("SELECT * FROM orders UNPIVOT (v FOR k IN (id, customer))");
    refused("SELECT * FROM orders UNPIVOT (v FOR k IN (id)) AS u(a)");
    refused("SELECT * FROM orders PIVOT (sum(x) FOR (x) IN (1.5))");
}

#[test]
fn samples_are_drawn_from_one_table() {
    assert!(
        sql("SELECT id FROM orders USING SAMPLE 50.0% (System)")
            .ends_with("AS \"orders\" TABLESAMPLE SYSTEM (50.0)")
    );
    assert!(
        sql("SELECT id FROM orders USING SAMPLE 3 (Reservoir)")
            .contains("ORDER BY pg_catalog.random() LIMIT 3) AS")
    );
    assert!(
        sql("SELECT id FROM orders AS o TABLESAMPLE Bernoulli(10.0 PERCENT) , crm.customers AS c")
            .contains("TABLESAMPLE BERNOULLI (10.0)")
    );
    let joined = "SELECT 1 FROM orders AS o , crm.customers AS c USING SAMPLE 3 (Reservoir)";
    assert!(refused(joined).contains("join"));
    assert!(
        refused("SELECT id FROM orders USING SAMPLE 50.0% (System, 42)").contains("with a seed")
    );
    refused("SELECT id FROM orders WHERE (id > 1) USING SAMPLE 50.0% (System)");
    refused("SELECT id FROM orders USING SAMPLE 50.0% (Reservoir)");
}

#[test]
fn asof_joins_take_the_nearest_row() {
    let join = |condition: &str| {
        sql(&format!(
            "SELECT o.id FROM (orders AS o ASOF LEFT JOIN crm.customers AS c ON ({condition}))"
        ))
    };
    assert!(join("(o.customer = c.customer) AND (o.id >= c.age)").contains(
        "WHERE ((\"o\".\"customer\" = \"c\".\"customer\") AND (\"o\".\"id\" >= \"c\".\"age\")) \
             ORDER BY \"c\".\"age\" DESC LIMIT 1) AS \"c_"
    ));
    assert!(join("(c.age > o.id)").contains("ORDER BY \"c\".\"age\" LIMIT 1"));
    refused("SELECT 1 FROM (orders AS o ASOF INNER JOIN crm.customers AS c USING (customer))");
}

#[test]
fn rows_are_compared_member_by_member() {
    assert_eq!(
        item("(\"row\"(id, big) = \"row\"(1, NULL))"),
        "((\"orders\".\"id\" IS NOT DISTINCT FROM 1) AND (\"orders\".\"big\" IS NOT DISTINCT FROM NULL))"
    );
    assert!(item("(\"row\"(id, x) != \"row\"(1, 2))").starts_with("(NOT "));
    assert!(item("(\"row\"(id, big) IN (\"row\"(1, 2), \"row\"(3, 4)))").contains(" OR "));
    assert!(
        sql("SELECT id FROM orders WHERE (\"row\"(id, customer) = ANY(SELECT age, city FROM crm.customers))")
            .contains("WHERE ((\"orders\".\"id\", \"orders\".\"customer\") = ANY (SELECT")
    );
    refused("SELECT (\"row\"(id, big) < \"row\"(1, 2)) FROM orders");
    refused("SELECT (\"row\"(id, big) = \"row\"(1, 2, 3)) FROM orders");
}

#[test]
fn nulls_are_left_out_of_windows() {
    assert_eq!(
        item("\"first_value\"(id IGNORE NULLS) OVER (ORDER BY x)"),
        "(pg_catalog.array_agg(\"orders\".\"id\") FILTER (WHERE \"orders\".\"id\" IS NOT NULL) OVER \
         (ORDER BY \"orders\".\"x\" NULLS LAST))[1]"
    );
    assert!(
        item("sum(x) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES)")
            .ends_with("ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES)")
    );
}
