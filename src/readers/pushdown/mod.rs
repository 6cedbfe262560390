//! PostgreSQL's expressions in DuckDB's SQL: with exactly the same meaning, or not at all.
//!
//! `value` says an expression, `column` what each column of a foreign table is worth, `place` where a
//! constant lies among the values of a DuckDB type, `span` which dates a year or a day has; `select` puts a query together.

mod aggregate;
mod boolean;
mod calendar;
mod choice;
mod column;
mod compare;
pub mod comparison;
mod date_arithmetic;
mod date_part;
mod decimal;
pub mod expression;
pub mod filter;
mod from;
mod function;
mod guard;
mod integer;
mod literal;
mod number;
mod operator;
mod outputs;
mod place;
pub mod relation;
pub mod select;
mod size;
pub mod span;
pub mod sql;
mod substring;
#[cfg(test)]
mod testing;
mod value;

pub use {
    expression::{Collation, Expression, Kind, Truth},
    filter::filter,
    relation::{JoinKind, Output, Remote, RemoteColumn, RemoteTable, Scope, Select, SortKey},
    select::select,
    sql::Sql,
};

/// Whether DuckDB decides a condition as PostgreSQL does: for joins, and below aggregates.
pub fn is_exact(expression: &Expression, scope: &Scope) -> bool {
    size::is_modest(expression) && boolean::condition(expression, scope).is_some()
}

/// Whether DuckDB makes the same groups (or distinct values) of an expression as PostgreSQL does with
/// this collation, and gives the same value for each.
pub fn groupable(expression: &Expression, collation: Collation, scope: &Scope) -> bool {
    size::is_modest(expression) && select::is_groupable(expression, collation, scope)
}

/// Whether DuckDB sorts by a key as PostgreSQL does.
pub fn sortable(key: &SortKey, scope: &Scope) -> bool {
    size::is_modest(&key.expression)
        && select::is_sortable(key)
        && value::value(&key.expression, scope).is_some()
}

/// Whether DuckDB computes an aggregate as PostgreSQL does.
pub fn aggregate(expression: &Expression, scope: &Scope) -> bool {
    matches!(expression, Expression::Aggregate { .. }) && output(expression, scope)
}

/// Whether a value can be computed there and comes out exactly as PostgreSQL would have it.
pub fn output(expression: &Expression, scope: &Scope) -> bool {
    size::is_modest(expression) && outputs::is_output(expression, scope)
}

#[cfg(test)]
mod tests {
    use super::{testing::*, *};

    #[test]
    fn rows_are_sorted_by_their_number() {
        let expression = testing::aggregate("count", [], Kind::Int8);
        let collation = Collation::None;
        let key = SortKey { expression, descending: true, nulls_first: true, collation };
        assert!(sortable(&key, &common()));
    }

    #[test]
    fn an_average_is_an_output_and_nothing_else() {
        let average = testing::aggregate("avg", [Common::id()], Kind::Numeric);
        assert!(super::aggregate(&average, &common()) && output(&average, &common()));
        assert!(!is_exact(&test(average.clone(), ">", num("1")), &common()));
        let collation = Collation::None;
        let key = SortKey { expression: average, descending: false, nulls_first: false, collation };
        assert!(!sortable(&key, &common()));
    }
}
