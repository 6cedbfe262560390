//! Known best answers, by statistics that are made up.

use super::{
    super::{
        candidate::Method,
        existing::{Existing, ExistingKey},
        table::Column,
    },
    *,
};
use crate::pg::query_shape::shape::{Condition, Key, Limit, Test, Use, Value};
use migrator_model::QualifiedName;

/// A table of a million rows on 20000 pages. Columns: name, distinct values, width, correlation, share
/// of the most common value.
fn table() -> Table {
    let column = |(name, distinct, width, correlation, top): (&str, f64, f64, f64, f64)| Column {
        name: name.to_owned(),
        distinct: Some(distinct),
        width: Some(width),
        nulls: Some(0.0),
        correlation: Some(correlation),
        top_frequency: Some(top),
        ..Column::default()
    };
    let columns = [
        ("id", -1.0, 8.0, 1.0, 0.0),
        ("customer", 1_000.0, 8.0, 0.0, 0.001),
        ("status", 4.0, 6.0, 0.1, 0.97),
        ("kind", 4.0, 6.0, 0.1, 0.3),
        ("at", -1.0, 8.0, 0.99, 0.0),
        ("price", -0.5, 8.0, 0.0, 0.0),
        ("url", -1.0, 300.0, 0.0, 0.0),
        ("doc", -1.0, 400.0, 0.0, 0.0),
    ];
    Table {
        oid: 1,
        name: QualifiedName::parse("public.orders").unwrap(),
        is_partitioned: false,
        rows: 1e6,
        pages: 20_000.0,
        columns: columns.into_iter().map(column).collect(),
        indexes: vec![tree("orders_pkey", &["id"], true)],
    }
}

fn tree(name: &str, columns: &[&str], unique: bool) -> Existing {
    let key = |name: &&str| ExistingKey {
        column: Some((*name).to_owned()),
        default_class: true,
        ..ExistingKey::default()
    };
    let keys = columns.iter().map(key).collect();
    let name = name.to_owned();
    Existing { name, method: "btree".into(), unique, valid: true, keys, ..Existing::default() }
}

fn key(name: &str, type_oid: u32) -> Key {
    Key {
        sql: migrator_model::ident::quote(name),
        column: Some(name.to_owned()),
        columns: vec![name.to_owned()],
        type_oid,
        base_oid: type_oid,
        width: 8,
        sorts: true,
        hashes: true,
        ..Key::default()
    }
}

/// A condition whose SQL is the share of rows that it lets through.
fn condition(name: &str, test: Test, share: f64) -> Condition {
    let sql = Some(format!("{share}"));
    Condition { key: key(name, 25), test, value: Value::Constant, sql, built_in: true }
}

fn parameter(name: &str, test: Test) -> Condition {
    Condition { value: Value::Parameter, sql: None, ..condition(name, test, 1.0) }
}

fn sort(name: &str, descending: bool) -> Sort {
    Sort { key: key(name, 25), descending, nulls_first: descending, distance: None }
}

fn reads(conditions: Vec<Condition>) -> Use {
    Use { conditions, whole_row: true, ..Use::default() }
}

const PATH: u32 = 3_246;

fn class(name: &str, method: &str, is_default: bool) -> Class {
    let (name, method) = (name.to_owned(), method.to_owned());
    let schema = "pg_catalog".to_owned();
    Class { operator: PATH, type_oid: 3_802, method, name, schema, is_default }
}

fn choices(table: &Table, uses: &[Use]) -> Vec<Choice> {
    let share = |sql: &str| sql.parse().ok();
    let all: Vec<_> =
        uses.iter().enumerate().map(|(at, one)| Wanted::of(at, one, table, &share)).collect();
    let classes = [class("jsonb_ops", "gin", true), class("jsonb_path_ops", "gin", false)];
    let options = Options::default();
    let chooser = Chooser::new(table, &options, &classes, &all);
    all.iter().flat_map(|wanted| chooser.choose(wanted)).collect()
}

fn index(found: Use) -> Candidate {
    match &choices(&table(), &[found])[..] {
        [Choice::Index(candidate)] => (**candidate).clone(),
        other => panic!("{other:?}"),
    }
}

fn reason(table: &Table, found: Use) -> String {
    match &choices(table, &[found])[..] {
        [Choice::None(nothing)] => nothing.why.clone(),
        other => panic!("{other:?}"),
    }
}

fn sql(candidate: &Candidate) -> String {
    let whole = candidate.sql(&table().name, None);
    whole.replace("CREATE INDEX ON \"public\".\"orders\" USING ", "")
}

#[test]
fn equality_is_a_btree() {
    let found = index(reads(vec![parameter("customer", Test::Equal)]));
    assert_eq!((sql(&found).as_str(), found.kind()), ("btree (\"customer\")", "btree"));
    assert!((found.share - 0.001).abs() < 1e-9);
}

#[test]
fn equality_comes_before_a_range() {
    let conditions = vec![
        condition("price", Test::Above, 0.1),
        condition("price", Test::Below, 0.1),
        parameter("customer", Test::Equal),
    ];
    let found = index(reads(conditions));
    assert_eq!(sql(&found), "btree (\"customer\", \"price\")");
    assert_eq!(found.kind(), "btree_composite");
}

#[test]
fn the_most_selective_equality_comes_first() {
    let found =
        index(reads(vec![parameter("kind", Test::Equal), parameter("customer", Test::Equal)]));
    assert_eq!(sql(&found), "btree (\"customer\", \"kind\")");
}

#[test]
fn rows_in_order_get_a_brin() {
    let found = index(reads(vec![condition("at", Test::Above, 0.02)]));
    assert_eq!((found.method, found.kind()), (Method::Brin, "brin"));
    // Not where somebody looks up single values.
    let uses = [
        reads(vec![condition("at", Test::Above, 0.02)]),
        reads(vec![condition("at", Test::Equal, 1e-6)]),
    ];
    let kinds: Vec<_> = choices(&table(), &uses)
        .iter()
        .map(|choice| matches!(choice, Choice::Index(one) if one.method == Method::Btree))
        .collect();
    assert_eq!(kinds, [true, true]);
}

#[test]
fn a_rare_value_is_a_condition() {
    let found = index(reads(vec![condition("status", Test::Equal, 0.01)]));
    assert_eq!((sql(&found).as_str(), found.kind()), ("btree (\"status\") WHERE 0.01", "partial"));
    // What else is asked for is the key.
    let both = vec![condition("status", Test::Equal, 0.01), condition("price", Test::Above, 0.05)];
    assert_eq!(sql(&index(reads(both))), "btree (\"price\") WHERE 0.01");
    // Of a value that comes as a parameter nobody can say.
    let found = reason(&table(), reads(vec![parameter("status", Test::Equal)]));
    assert!(found.contains("a scan of the table finds sooner"), "{found}");
}

#[test]
fn few_rows_without_a_value_are_a_condition() {
    let found = index(reads(vec![condition("price", Test::Null, 0.02)]));
    assert_eq!(sql(&found), "btree (\"price\") WHERE 0.02");
}

#[test]
fn a_filter_behind_an_order_takes_more_rows() {
    let found = Use {
        order: vec![sort("price", false)],
        limit: Some(Limit::Rows(10)),
        ..reads(vec![condition("at", Test::Above, 0.1)])
    };
    let found = index(found);
    assert_eq!((sql(&found).as_str(), found.first_rows), ("btree (\"price\")", Some(100.0)));
}

#[test]
fn what_many_rows_fulfil_needs_no_index() {
    let found = reason(&table(), reads(vec![condition("kind", Test::Equal, 0.3)]));
    assert!(found.contains("about 300000 of 1000000 rows"), "{found}");
    let small = Table { pages: 5.0, rows: 100.0, ..table() };
    let found = reason(&small, reads(vec![parameter("customer", Test::Equal)]));
    assert!(found.starts_with("The table is small (pages: 5)"), "{found}");
}

#[test]
fn what_is_there_is_named() {
    let found =
        reason(&table(), reads(vec![parameter("id", Test::Equal), parameter("kind", Test::Equal)]));
    assert!(found.starts_with("Index \"orders_pkey\" serves it already"), "{found}");
}

#[test]
fn a_table_that_others_are_looked_up_by_is_asked_for_itself() {
    let joined = || Condition { value: Value::Joined, ..parameter("id", Test::Equal) };
    let found = index(reads(vec![joined(), parameter("customer", Test::Equal)]));
    assert_eq!(found.kind(), "btree");
    assert_eq!(found.columns(), ["customer"]);
    let served = reason(&table(), reads(vec![joined()]));
    assert!(served.starts_with("Index \"orders_pkey\" serves it already"), "{served}");
}

#[test]
fn wide_values_are_hashed() {
    let found = index(reads(vec![parameter("url", Test::Equal)]));
    assert_eq!(found.kind(), "hash");
    // Not where somebody wants their order.
    let uses = [
        reads(vec![parameter("url", Test::Equal)]),
        reads(vec![condition("url", Test::Above, 0.01)]),
    ];
    assert!(choices(&table(), &uses).iter().all(|choice| match choice {
        Choice::Index(one) => one.method == Method::Btree,
        _ => false,
    }));
}

#[test]
fn beginnings_of_texts_need_their_own_class() {
    let found = index(reads(vec![condition("url", Test::Prefix, 0.001)]));
    assert_eq!(sql(&found), "btree (\"url\" pg_catalog.text_pattern_ops)");
    let mut prefix = condition("url", Test::Prefix, 0.001);
    prefix.key.is_c = true;
    assert_eq!(sql(&index(reads(vec![prefix]))), "btree (\"url\")");
}

#[test]
fn documents_get_the_smaller_class() {
    let mut contains = condition("doc", Test::Operator { oid: PATH, name: "@>".into() }, 0.001);
    contains.key.type_oid = 3_802;
    let found = index(reads(vec![contains.clone()]));
    assert_eq!(sql(&found), "gin (\"doc\" pg_catalog.jsonb_path_ops)");
    let mut has = contains.clone();
    has.test = Test::Operator { oid: 3_247, name: "?".into() };
    // Another operator that only the other class knows.
    let share = |_: &str| Some(0.001);
    let table = table();
    let all: Vec<_> = [reads(vec![contains]), reads(vec![has])]
        .iter()
        .enumerate()
        .map(|(at, one)| Wanted::of(at, one, &table, &share))
        .collect();
    let classes = [
        class("jsonb_ops", "gin", true),
        class("jsonb_path_ops", "gin", false),
        Class { operator: 3_247, ..class("jsonb_ops", "gin", true) },
    ];
    let options = Options::default();
    let chooser = Chooser::new(&table, &options, &classes, &all);
    for wanted in &all {
        match &chooser.choose(wanted)[..] {
            [Choice::Index(one)] => assert_eq!(sql(one), "gin (\"doc\")"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_operator_without_an_index_is_named() {
    let strange = condition("doc", Test::Operator { oid: 9, name: "@@@".into() }, 0.001);
    assert_eq!(reason(&table(), reads(vec![strange])), "No index answers operator @@@ on \"doc\".");
    let free = condition("url", Test::Operator { oid: 9, name: "~~".into() }, 0.001);
    assert!(reason(&table(), reads(vec![free])).contains("pg_trgm"));
}

#[test]
fn the_first_rows_of_an_order_need_no_condition() {
    let found =
        Use { order: vec![sort("price", true)], limit: Some(Limit::Rows(10)), ..reads(Vec::new()) };
    assert_eq!(sql(&index(found.clone())), "btree (\"price\")");
    let mixed = Use { order: vec![sort("price", true), sort("customer", false)], ..found.clone() };
    assert_eq!(sql(&index(mixed)), "btree (\"price\" DESC, \"customer\")");
    let behind = Use { conditions: vec![parameter("customer", Test::Equal)], ..found };
    assert_eq!(sql(&index(behind)), "btree (\"customer\", \"price\")");
}

#[test]
fn one_of_several_values_breaks_the_order() {
    let first =
        |conditions, limit| Use { order: vec![sort("price", false)], limit, ..reads(conditions) };
    let limit = Some(Limit::Rows(20));
    // The order: two hundred rows of it hold twenty.
    let many = index(first(vec![condition("kind", Test::AnyOf, 0.1)], limit));
    assert_eq!((sql(&many).as_str(), many.first_rows), ("btree (\"price\")", Some(200.0)));
    assert!(many.rationale[0].contains("so that the first rows come at once"), "{many:?}");
    // What is one value stays in front of it.
    let both = vec![condition("kind", Test::AnyOf, 0.5), parameter("customer", Test::Equal)];
    assert_eq!(sql(&index(first(both, limit))), "btree (\"customer\", \"price\")");
    // The values: they are fewer rows, and are sorted.
    let few = index(first(vec![condition("customer", Test::AnyOf, 0.000_1)], limit));
    assert_eq!((sql(&few).as_str(), few.first_rows), ("btree (\"customer\")", None));
    assert!(!few.rationale[0].contains("without a sort"), "{few:?}");
    let all = index(first(vec![condition("customer", Test::AnyOf, 0.000_1)], None));
    assert_eq!(sql(&all), "btree (\"customer\")");
}

#[test]
fn what_has_no_order_is_no_key_of_a_tree() {
    let mut absent = condition("doc", Test::Null, 0.01);
    (absent.key.sorts, absent.key.hashes) = (false, false);
    let found = reason(&table(), reads(vec![absent.clone()]));
    assert!(found.starts_with("It reads all rows"), "{found}");
    let both = index(reads(vec![absent, condition("price", Test::Above, 0.05)]));
    assert_eq!(sql(&both), "btree (\"price\") WHERE 0.01");
    // A hash index has no entry for NULL.
    let absent = condition("url", Test::Null, 0.15);
    assert_eq!(index(reads(vec![absent])).method, Method::Btree);
}

#[test]
fn an_index_of_another_collation_is_not_enough() {
    let mut table = table();
    let mut found = parameter("id", Test::Equal);
    (found.key.collation, table.indexes[0].keys[0].collation) = (100, 950);
    let choices = choices(&table, &[reads(vec![found])]);
    assert!(matches!(choices[..], [Choice::Index(_)]), "{choices:?}");
}

#[test]
fn few_more_columns_are_included() {
    let found = Use {
        columns: vec!["customer".into(), "price".into()],
        whole_row: false,
        ..reads(vec![parameter("customer", Test::Equal)])
    };
    let covering = index(found.clone());
    assert_eq!(sql(&covering), "btree (\"customer\") INCLUDE (\"price\")");
    assert_eq!(covering.kind(), "covering");
    let wide = Use { columns: vec!["customer".into(), "doc".into()], ..found };
    assert_eq!(index(wide).kind(), "btree");
}

#[test]
fn what_asks_for_nothing_gets_nothing() {
    let found = reason(&table(), reads(Vec::new()));
    assert!(found.starts_with("It reads all rows"), "{found}");
    let cast = Use { unindexable: vec!["(at)::date".into()], ..reads(Vec::new()) };
    assert!(reason(&table(), cast).contains("(at)::date"));
}

#[test]
fn the_nearest_are_left_to_vectors() {
    let distance = Sort { distance: Some("<=>".into()), ..sort("doc", false) };
    let found = Use { order: vec![distance], limit: Some(Limit::Rows(10)), ..reads(Vec::new()) };
    assert!(matches!(choices(&table(), &[found])[..], [Choice::Nearest { query: 0, .. }]));
}
