//! The columns that every validation returns, one row for each check.

use pgrx::{JsonB, iter, name};
use serde_json::Value;

use crate::validate::check::Check;

/// The rows of a validation. It has the name of pgrx's own type and a lifetime for its only
/// argument, so that `pg_extern` takes a function's SQL as it is written and asks for no columns.
///
/// That SQL says
/// ```sql
/// RETURNS TABLE (
///     run_id bigint, check_name text, category text, severity text, source_name text,
///     target_name text, column_name text, status text, expected text, actual text,
///     difference text, rows_checked bigint, unexpected_count bigint, failing_keys jsonb,
///     note text, remedy text, seconds double precision)
/// ```
pub type TableIterator<'a> = iter::TableIterator<
    'a,
    (
        name!(run_id, Option<i64>),
        name!(check_name, String),
        name!(category, String),
        name!(severity, String),
        name!(source_name, Option<String>),
        name!(target_name, Option<String>),
        name!(column_name, Option<String>),
        name!(status, String),
        name!(expected, Option<String>),
        name!(actual, Option<String>),
        name!(difference, Option<String>),
        name!(rows_checked, Option<i64>),
        name!(unexpected_count, Option<i64>),
        name!(failing_keys, Option<JsonB>),
        name!(note, Option<String>),
        name!(remedy, Option<String>),
        name!(seconds, f64),
    ),
>;

/// The rows of these checks; `run_id` is that of their record, if there is one.
pub fn rows(run_id: Option<i64>, checks: Vec<Check>) -> TableIterator<'static> {
    TableIterator::new(checks.into_iter().map(move |check| {
        (
            run_id,
            check.name.to_owned(),
            check.category.as_str().to_owned(),
            check.severity.as_str().to_owned(),
            check.source_name,
            check.target_name,
            check.column_name,
            check.status.as_str().to_owned(),
            check.expected,
            check.actual,
            check.difference,
            check.rows_checked,
            check.unexpected_count,
            failing_keys(check.failing_keys),
            check.note,
            check.remedy,
            check.seconds,
        )
    }))
}

fn failing_keys(keys: Vec<Value>) -> Option<JsonB> {
    (!keys.is_empty()).then(|| JsonB(keys.into()))
}
