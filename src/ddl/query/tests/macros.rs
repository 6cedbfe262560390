//! Calls of macros.

use super::{item, refused, sql};

#[test]
fn calls_are_replaced_by_what_they_stand_for() {
    assert_eq!(item("add(id)"), "((\"orders\".\"id\" + 2))::integer");
    assert_eq!(item("ADD(id, b := 3)"), "((\"orders\".\"id\" + 3))::integer");
    assert_eq!(item("main.add(1, 2, 3)"), "(((1 + 2) + (3 + 2)))::integer");
    assert_eq!(item("typed(id)"), "(\"orders\".\"id\")::bigint");
    assert_eq!(item("total(id)"), "(pg_catalog.sum(\"orders\".\"id\"))::numeric(39,0)");
}

#[test]
fn calls_that_fit_no_form_are_refused() {
    assert!(refused("SELECT add() FROM orders").contains("no form"));
    assert!(refused("SELECT add(1, c := 2) FROM orders").contains("no form"));
    assert!(refused("SELECT add(1, a := 2) FROM orders").contains("no form"));
    assert!(refused("SELECT typed(note) FROM orders").contains("cast"));
}

#[test]
fn tables_of_macros_are_queries() {
    let older = sql("SELECT q.city FROM older(30) AS q");
    assert!(older.contains("WHERE (\"customers\".\"age\" > 30)) AS \"q\""), "{older}");
    assert!(refused("SELECT * FROM older()").contains("no form"));
}

#[test]
fn macros_that_never_end_are_refused() {
    assert!(refused("SELECT again(id) FROM orders").contains("too much"));
    let many = format!("{}id{}", "double(".repeat(30), ")".repeat(30));
    refused(&format!("SELECT {many} FROM orders"));
}
