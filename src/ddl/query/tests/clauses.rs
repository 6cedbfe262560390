//! Select lists, grouping, order, windows and aggregates.

use super::{item, refused, sql};

#[test]
fn stars_are_expanded() {
    assert_eq!(
        sql("SELECT * EXCLUDE (city) REPLACE ((age + 1) AS age) RENAME (customer AS who) FROM crm.customers"),
        "SELECT \"customers\".\"customer\" AS \"who\", (\"customers\".\"age\" + 1)::integer AS \"age\" \
         FROM \"crm\".\"customers\" AS \"customers\""
            .replace("(\"customers\".\"age\" + 1)::integer", "((\"customers\".\"age\" + 1))::integer")
    );
    assert!(sql("SELECT c.* FROM crm.customers AS c").contains("\"c\".\"age\" AS \"age\""));
}

#[test]
fn aliases_stand_for_what_they_name() {
    assert_eq!(
        sql("SELECT id AS a, (a + 1) AS b FROM orders WHERE (b > 2)"),
        "SELECT \"orders\".\"id\" AS \"a\", ((\"orders\".\"id\" + 1))::integer AS \"b\" FROM \
         \"public\".\"orders\" AS \"orders\" WHERE ((\"orders\".\"id\" + 1) > 2)"
    );
    // A column comes before an alias, and after it only in ORDER BY.
    let shadowed = sql("SELECT (-(id)) AS id FROM orders WHERE (id > 1) ORDER BY id");
    assert!(shadowed.ends_with("WHERE (\"orders\".\"id\" > 1) ORDER BY 1 NULLS LAST"));
    assert!(refused("SELECT max(id) AS id FROM orders HAVING (id > 1)").contains("an alias"));
}

#[test]
fn groups_are_said_by_expressions() {
    let by = |clause: &str| {
        let whole =
            sql(&format!("SELECT customer, id AS k, count_star() AS n FROM orders {clause}"));
        whole.split(" GROUP BY ").nth(1).unwrap_or_default().to_owned()
    };
    let both = "\"orders\".\"customer\", \"orders\".\"id\"";
    assert_eq!(by("GROUP BY ALL"), both);
    assert_eq!(by("GROUP BY 1, k"), both);
    assert_eq!(
        by("GROUP BY GROUPING SETS ((customer, id),(customer),())"),
        "GROUPING SETS ((\"orders\".\"customer\", \"orders\".\"id\"), (\"orders\".\"customer\"), ())"
    );
    assert!(by("GROUP BY ALL HAVING (n > 1)").ends_with("HAVING (pg_catalog.count(*) > 1)"));
    assert!(refused("SELECT note, count_star() FROM orders GROUP BY note").contains("JSON"));
    assert!(refused("SELECT 1 AS a, count_star() FROM orders GROUP BY ALL").contains("constants"));
}

#[test]
fn order_says_where_nulls_go_and_sorts_texts_by_bytes() {
    let by = |clause: &str| {
        let whole = sql(&format!("SELECT id, customer FROM orders ORDER BY {clause}"));
        whole.split(" ORDER BY ").nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(by("id DESC"), "1 DESC NULLS LAST");
    assert_eq!(by("1 NULLS FIRST"), "1 NULLS FIRST");
    assert_eq!(by("customer"), "(\"orders\".\"customer\" COLLATE pg_catalog.\"C\") NULLS LAST");
    assert_eq!(by("x"), "\"orders\".\"x\" NULLS LAST");
    assert!(by("COLUMNS(*)").starts_with("1 NULLS LAST, (\"orders\".\"customer\" COLLATE"));
    assert_eq!(
        sql("SELECT DISTINCT customer FROM orders ORDER BY customer LIMIT 3"),
        "SELECT \"q\".\"customer\" AS \"customer\" FROM (SELECT DISTINCT \"orders\".\"customer\" AS \
         \"customer\" FROM \"public\".\"orders\" AS \"orders\") AS \"q\" ORDER BY (\"q\".\"customer\" \
         COLLATE pg_catalog.\"C\") NULLS LAST LIMIT 3"
    );
    assert!(refused("SELECT DISTINCT id FROM orders ORDER BY x").contains("does not select"));
    assert!(
        sql("SELECT id FROM orders LIMIT (10) % OFFSET 2")
            .contains("LIMIT (SELECT pg_catalog.floor(10::double precision / 100")
    );
    assert!(refused("SELECT id FROM orders LIMIT (110) %").contains("percentage"));
    assert!(refused("SELECT random() AS x FROM orders LIMIT (10) %").contains("random"));
}

#[test]
fn rows_are_kept_after_windows() {
    assert_eq!(
        sql(
            "SELECT id FROM orders QUALIFY (row_number() OVER (PARTITION BY customer ORDER BY id) = 1)"
        ),
        "SELECT \"q\".\"id\" AS \"id\" FROM (SELECT \"orders\".\"id\" AS \"id\", \
         (pg_catalog.row_number() OVER (PARTITION BY \"orders\".\"customer\" ORDER BY \
         \"orders\".\"id\" NULLS LAST) = 1) AS \"keep\" FROM \"public\".\"orders\" AS \"orders\") AS \
         \"q\" WHERE \"q\".\"keep\""
    );
    let first = sql("SELECT DISTINCT ON (customer) id FROM orders ORDER BY customer, id DESC");
    assert!(first.contains(
        "PARTITION BY \"orders\".\"customer\" ORDER BY (\"orders\".\"customer\" COLLATE"
    ));
    assert!(first.ends_with(
        "WHERE \"q\".\"keep\" ORDER BY (\"q\".\"sort\" COLLATE pg_catalog.\"C\") NULLS LAST, 1 DESC NULLS LAST"
    ));
    assert!(refused("SELECT DISTINCT ON (customer) id FROM orders").contains("any row"));
}

#[test]
fn windows_translate() {
    assert_eq!(
        item("sum(x) OVER (ORDER BY id DESC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"),
        "pg_catalog.sum(\"orders\".\"x\") OVER (ORDER BY \"orders\".\"id\" DESC NULLS LAST ROWS BETWEEN \
         1 PRECEDING AND CURRENT ROW)"
    );
    assert_eq!(
        item("lag(id, 2, 0) OVER (ORDER BY id)"),
        "pg_catalog.lag(\"orders\".\"id\", 2, 0) OVER (ORDER BY \"orders\".\"id\" NULLS LAST)"
    );
    assert!(
        item("ntile(4) OVER (ORDER BY customer)")
            .ends_with("COLLATE pg_catalog.\"C\") NULLS LAST))::bigint")
    );
    let calls = [
        "last_value(tags IGNORE NULLS) OVER (ORDER BY id)",
        "lag(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES)",
        "sum(id) OVER (\"EXCLUDE TIES\" ORDER BY id)",
        "first_value(id ORDER BY x) OVER (ORDER BY id)",
        "count(DISTINCT id) OVER (ORDER BY id)",
        "median(id) OVER (ORDER BY id)",
        "sum(id) OVER (ORDER BY customer RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "lag(id, x) OVER (ORDER BY id)",
    ];
    for call in calls {
        refused(&format!("SELECT {call} FROM orders"));
    }
}

#[test]
fn aggregates_have_duckdbs_types() {
    assert_eq!(item("count_star()"), "pg_catalog.count(*)");
    assert_eq!(item("sum(id)"), "(pg_catalog.sum(\"orders\".\"id\"))::numeric(39,0)");
    assert_eq!(
        item("avg(id)"),
        "((pg_catalog.sum(\"orders\".\"id\"))::numeric(78,38) / pg_catalog.count(\"orders\".\"id\"))\
         ::double precision"
    );
    assert_eq!(
        item("avg(x)"),
        "(pg_catalog.sum(\"orders\".\"x\") / pg_catalog.count(\"orders\".\"x\"))"
    );
    assert_eq!(
        item("max(customer)"),
        "(pg_catalog.max((\"orders\".\"customer\" COLLATE pg_catalog.\"C\")) COLLATE pg_catalog.\"default\")"
    );
    assert_eq!(item("max(paid)"), "pg_catalog.bool_or(\"orders\".\"paid\")");
    assert_eq!(
        item("sum(x) FILTER (WHERE paid)"),
        "pg_catalog.sum(\"orders\".\"x\") FILTER (WHERE \"orders\".\"paid\")"
    );
    assert_eq!(
        item("string_agg(customer, '; ' ORDER BY id DESC)"),
        "pg_catalog.string_agg(\"orders\".\"customer\", '; '::text ORDER BY \"orders\".\"id\" DESC NULLS LAST)"
    );
    assert_eq!(
        item("\"first\"(customer ORDER BY id)"),
        "(pg_catalog.array_agg(\"orders\".\"customer\" ORDER BY \"orders\".\"id\" NULLS LAST))[1]"
    );
    assert_eq!(
        item("median(id)"),
        "pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY (\"orders\".\"id\")::double precision)"
    );
    assert_eq!(
        item("count(DISTINCT customer)"),
        "pg_catalog.count(DISTINCT \"orders\".\"customer\")"
    );
}

#[test]
fn aggregates_that_depend_on_chance_or_differ_are_refused() {
    let calls = [
        "\"first\"(id)",
        "any_value(id)",
        "\"mode\"(id)",
        "approx_count_distinct(id)",
        "histogram(x)",
        "quantile_cont(x, -0.5)",
        "list(DISTINCT id)",
        "max(note)",
        "sum(customer)",
        "list(tags)",
    ];
    for call in calls {
        refused(&format!("SELECT {call} FROM orders"));
    }
}

#[test]
fn divisions_by_zero_are_not_errors() {
    assert_eq!(item("(x / 2)"), "(\"orders\".\"x\" / (2)::double precision)");
    assert_eq!(
        item("(x / id)"),
        "(CASE WHEN (\"orders\".\"id\")::double precision <> 0 THEN (\"orders\".\"x\" / \
         (\"orders\".\"id\")::double precision) WHEN \"orders\".\"x\" IS NULL OR \
         (\"orders\".\"id\")::double precision IS NULL THEN NULL WHEN \"orders\".\"x\" = 0 OR \
         \"orders\".\"x\" = 'NaN' THEN 'NaN' WHEN \"orders\".\"x\" > 0 THEN 'Infinity' ELSE \
         '-Infinity'::double precision END)"
    );
    assert!(refused("SELECT (1 / random()) FROM orders").contains("computed twice"));
}

#[test]
fn functions_that_only_queries_may_use_translate() {
    assert!(item("strftime(Placed, '%Y-%m')").contains("to_char"));
    assert!(item("CAST(Placed AS VARCHAR)").contains("' (BC)'"));
    assert!(item("date_diff('month', Placed, Placed)").ends_with("::bigint END)"));
    assert_eq!(item("(note -> '$.a')"), "(\"orders\".\"note\" -> 'a'::text)");
    assert!(item("(note -> '$.a[0]')").contains("= 'array' THEN"));
    assert_eq!(item("tags[1]"), "(\"orders\".\"tags\")[1]");
    assert_eq!(
        item("length(customer)"),
        "(pg_catalog.char_length(\"orders\".\"customer\"))::bigint"
    );
    assert!(item("list_contains(tags, 'a')").contains("array_position"));
    assert!(
        item("round(x, 2)")
            .contains("pg_catalog.round((\"orders\".\"x\" * 1e2::double precision))")
    );
    assert!(item("(note ->> 'a')").starts_with("\"public\".\"duckdb_json_text\"("));
    assert!(refused("SELECT strftime(Placed, '%n') FROM orders").contains("%n"));
    assert!(refused("SELECT date_diff('era', Placed, Placed) FROM orders").contains("era"));
}

#[test]
fn an_enum_and_a_string_are_compared_as_texts_by_duckdb() {
    assert_eq!(item("(status = 'new')"), "(\"orders\".\"status\" = 'new')");
    assert!(refused("SELECT (status > 'new') FROM orders").contains("VARCHAR"));
    assert!(refused("SELECT COALESCE(status, 'new') FROM orders").contains("VARCHAR"));
}

#[test]
fn texts_are_read_by_helpers() {
    let integer = item("CAST(customer AS INTEGER)");
    assert!(
        integer.contains(
            "duckdb_read_number\"(\"orders\".\"customer\", 'integer', -2147483648, 2147483647, 0, true)"
        ),
        "{integer}"
    );
    assert!(
        item("TRY_CAST(customer AS DECIMAL(4,1))")
            .contains("'numeric(4,1)', -999.9, 999.9, 1, false)")
    );
    assert!(item("TRY_CAST(customer AS DATE)").contains("'date', false))::date"));
    assert!(item("CAST(x AS VARCHAR)").contains("duckdb_spell_double"));
    assert!(item("CAST(big AS TINYINT)").contains("duckdb_in_range"));
    assert_eq!(item("typeof(amount)"), "'DECIMAL(10,2)'::text");
    assert!(refused("SELECT TRY_CAST(customer AS INTERVAL) FROM orders").contains("INTERVAL"));
}
