//! Pairs of what DuckDB prints and what PostgreSQL gets, and what is refused.

use migrator_model::{
    SourceName,
    catalog::{Macro, Overload, Parameter},
    policy::Losses,
    rules,
};

use super::*;

mod clauses;
mod forms;
mod macros;
mod rows;

/// A name and a type for every column.
type Columns = Vec<(&'static str, LogicalType)>;

fn relations() -> Vec<(&'static str, &'static str, Columns)> {
    use LogicalType::*;
    let decimal = Decimal { width: 10, scale: 2 };
    let orders = vec![
        ("id", Integer),
        ("customer", Varchar),
        ("Placed", Date),
        ("amount", decimal),
        ("x", Double),
        ("big", BigInt),
        ("paid", Boolean),
        ("at", Timestamp),
        ("note", Json),
        ("status", Enum(vec!["new".into(), "sent".into()])),
        ("tags", List(Box::new(Varchar))),
    ];
    let customers = vec![("customer", Varchar), ("city", Varchar), ("age", Integer)];
    vec![("main", "orders", orders), ("crm", "customers", customers)]
}

/// `add(a, b := 2)`, `add(a, b, c)`, `typed(x INTEGER)`, `field(s)`, `older(than)`.
fn macros() -> Vec<Macro> {
    let form = |parameters: &[(&str, Option<&str>, Option<&str>)], definition: &str| Overload {
        parameters: parameters
            .iter()
            .map(|(name, data_type, default)| Parameter {
                name: (*name).into(),
                data_type: data_type.map(str::to_owned),
                default: default.map(str::to_owned),
            })
            .collect(),
        definition: definition.into(),
    };
    let plain = |name| (name, None, None);
    let one = |name: &str, is_table, overloads| {
        let name = SourceName { schema: Some("main".into()), name: name.into() };
        Macro { name, is_table, overloads, comment: None }
    };
    vec![
        one(
            "add",
            false,
            vec![
                form(&[plain("a"), ("b", None, Some("2"))], "(a + b)"),
                form(&[plain("a"), plain("b"), plain("c")], "((a + b) + add(c))"),
            ],
        ),
        one("typed", false, vec![form(&[("x", Some("BIGINT"), None)], "x")]),
        one("total", false, vec![form(&[plain("x")], "sum(x)")]),
        one("again", false, vec![form(&[plain("x")], "again(x)")]),
        one("double", false, vec![form(&[plain("x")], "(x + x)")]),
        one(
            "older",
            true,
            vec![form(&[plain("than")], "SELECT * FROM crm.customers WHERE (age > than)")],
        ),
    ]
}

/// Translates the text after `CREATE VIEW v AS`.
fn run(sql: &str) -> Result<TranslatedQuery, Untranslatable> {
    view(&format!("CREATE VIEW v AS {sql};"))
}

fn view(sql: &str) -> Result<TranslatedQuery, Untranslatable> {
    let environment = Environment::default();
    let owned: Vec<_> = relations()
        .into_iter()
        .map(|(schema, name, columns)| {
            let column = |(name, logical): (&'static str, LogicalType)| {
                let pg = rules::map(&logical, &environment, &Losses::default()).pg;
                (name, Ident::new(name).unwrap(), logical, pg)
            };
            (schema, name, columns.into_iter().map(column).collect::<Vec<_>>())
        })
        .collect();
    let lookup = |schema: Option<&str>, name: &str| {
        let same = |own: &str| schema.is_none_or(|schema| schema.eq_ignore_ascii_case(own));
        let (schema, name, columns) =
            owned.iter().find(|(own, table, _)| same(own) && table.eq_ignore_ascii_case(name))?;
        let column = |(source, ident, logical, pg)| Column {
            source,
            ident,
            logical,
            pg,
            generated: false,
            collation: None,
        };
        let columns = columns.iter().map(|(a, b, c, d)| column((*a, b, c, d)));
        let target = if *schema == "main" { "public" } else { schema };
        let target = QualifiedName::new(Ident::new(target).unwrap(), Ident::new(name).unwrap());
        Some(Relation::new(schema, target, columns))
    };
    let (macros, helpers) = (Macros::new(&macros()), Helpers::new(Ident::new("public").unwrap()));
    let catalog = Catalog {
        relations: &lookup,
        sequences: &|_| None,
        macros: &macros,
        helpers: &helpers,
        enums: &|_| None,
        environment: &environment,
    };
    translate_view(sql, &catalog)
}

fn sql(source: &str) -> String {
    run(source).unwrap_or_else(|e| panic!("{source}: {e}")).sql
}

fn refused(source: &str) -> String {
    match run(source) {
        Ok(translated) => panic!("{source}: {}", translated.sql),
        Err(untranslatable) => untranslatable.reason,
    }
}

/// The only member of the select list of a query of the orders.
fn item(source: &str) -> String {
    let whole = sql(&format!("SELECT {source} AS r FROM orders"));
    let start = whole.strip_prefix("SELECT ").unwrap();
    start.strip_suffix(" AS \"r\" FROM \"public\".\"orders\" AS \"orders\"").unwrap().to_owned()
}

#[test]
fn names_types_and_relations_are_told() {
    let query = run("SELECT id, sum(amount) AS \"Total\" FROM orders AS o GROUP BY id").unwrap();
    let columns: Vec<_> =
        query.columns.iter().map(|c| format!("{} {}", c.ident, c.logical())).collect();
    assert_eq!(columns, ["id INTEGER", "Total DECIMAL(38,2)"]);
    assert_eq!(
        query.uses.iter().map(QualifiedName::quoted).collect::<Vec<_>>(),
        ["\"public\".\"orders\""]
    );
    assert_eq!(
        query.sql,
        "SELECT \"o\".\"id\" AS \"id\", (pg_catalog.sum(\"o\".\"amount\"))::numeric(38,2) AS \
         \"Total\" FROM \"public\".\"orders\" AS \"o\" GROUP BY \"o\".\"id\""
    );
}

#[test]
fn names_are_found_in_any_case_and_only_once() {
    assert_eq!(item("PLACED"), "\"orders\".\"Placed\"");
    assert_eq!(item("orders.id"), "\"orders\".\"id\"");
    assert_eq!(item("main.orders.id"), "\"orders\".\"id\"");
    assert!(refused("SELECT customer FROM orders , crm.customers").contains("ambiguous"));
    assert!(refused("SELECT nope FROM orders").contains("does not exist"));
    assert!(refused("SELECT nope.id FROM orders").contains("does not exist"));
    assert!(refused("SELECT id FROM nowhere").contains("not here"));
    assert!(refused("SELECT customer.a FROM orders").contains("does not exist"));
}

#[test]
fn every_alias_occurs_once() {
    assert_eq!(
        sql("SELECT id FROM orders WHERE EXISTS(SELECT 1 FROM orders)"),
        "SELECT \"orders\".\"id\" AS \"id\" FROM \"public\".\"orders\" AS \"orders\" WHERE (EXISTS \
         (SELECT 1 AS \"1\" FROM \"public\".\"orders\" AS \"orders_1\"))"
    );
}

#[test]
fn the_views_own_columns_give_the_names_and_have_to_be_met() {
    let named = view("CREATE VIEW v (a, b) AS SELECT id, amount FROM orders;").unwrap().sql;
    assert!(named.contains("\"id\" AS \"a\"") && named.contains("\"amount\" AS \"b\""));
    let known =
        view("CREATE VIEW crm.customers AS SELECT customer, city, 1 AS age FROM crm.customers");
    assert!(known.is_ok());
    let other =
        view("CREATE VIEW crm.customers AS SELECT customer, 1 AS city, 1 AS age FROM orders");
    assert!(other.unwrap_err().reason.contains("is VARCHAR and would be INTEGER"));
    let fewer = view("CREATE VIEW crm.customers AS SELECT customer FROM orders");
    assert!(fewer.unwrap_err().reason.contains("number of columns"));
}

#[test]
fn two_columns_of_a_name_get_two_names() {
    assert!(
        sql("SELECT id, id FROM orders")
            .starts_with("SELECT \"orders\".\"id\" AS \"id\", \"orders\".\"id\" AS \"id_1\"")
    );
}

#[test]
fn other_statements_are_refused() {
    assert!(view("SELECT 1").unwrap_err().reason.contains("not that of a view"));
    assert!(view("DROP TABLE t").unwrap_err().reason.contains("not that of a view"));
    assert!(view("CREATE VIEW v AS SELECT 1; SELECT 2").unwrap_err().reason.contains("unexpected"));
    assert!(view("CREATE VIEW v AS SELECT '\0'").unwrap_err().reason.contains("NUL"));
}

#[test]
fn deep_and_long_views_do_not_overflow_a_small_stack() {
    let nests = [
        ("SELECT ", "(", "1", ")"),
        ("", "(SELECT ", "1", ")"),
        ("", "SELECT * FROM (", "SELECT 1", ") AS q"),
        ("SELECT ", "(SELECT ", "1", ")"),
        ("SELECT ", "EXISTS(SELECT ", "1", ")"),
        ("SELECT ", "1 = ANY(SELECT ", "1", ")"),
        ("SELECT * FROM ", "(", "orders", " INNER JOIN orders USING (id))"),
        ("SELECT ", "CASE WHEN ", "true", " THEN 1 END"),
        ("SELECT ", "- ", "1", ""),
        ("SELECT ", "coalesce(", "1", ")"),
        ("", "WITH a AS (", "SELECT 1", ") SELECT 1"),
        ("", "FROM (", "FROM orders", ")"),
        ("SELECT ", "sum(1) OVER (PARTITION BY ", "1", ")"),
        ("SELECT ", "CAST(", "1", " AS INTEGER)"),
        ("SELECT ", "[", "1", "]"),
    ];
    let mut hostile = vec![
        format!("SELECT 1{}", " + 1".repeat(100_000)),
        format!("SELECT id{} FROM orders", " + id".repeat(590)),
        format!("SELECT id{} FROM orders", " + id".repeat(290)),
        format!("SELECT paid{} FROM orders", " AND paid".repeat(290)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(59)),
        format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(5000)),
        format!("SELECT 1::INTEGER{}", "::INTEGER".repeat(290)),
        format!("SELECT x{} FROM orders", "[1]".repeat(299)),
        format!("SELECT 1{}", ", 1".repeat(20_000)),
        format!("SELECT * FROM orders{}", " , orders".repeat(2000)),
        format!("SELECT * FROM orders{}", " CROSS JOIN orders".repeat(500)),
        ")".repeat(10),
    ];
    for (before, open, inner, close) in nests {
        for times in [3, 9, 12, 19, 38, 39, 100, 20_000] {
            let (open, close) = (open.repeat(times), close.repeat(times));
            hostile.push(format!("{before}{open}{inner}{close}"));
        }
    }
    // As small as max_stack_depth's default leaves it.
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let work = move || hostile.iter().filter(|sql| run(sql).is_ok()).count();
    assert!(thread.spawn(work).unwrap().join().unwrap() > 10);
}

#[test]
fn what_doubles_at_every_step_is_refused() {
    let mut list = vec!["x AS a0".to_owned()];
    list.extend((1..60).map(|at| format!("(a{} / a{}) AS a{at}", at - 1, at - 1)));
    assert!(refused(&format!("SELECT {} FROM orders", list.join(", "))).contains("too long"));
}
