//! Queries that others have written: each is one that only reads, and nothing else.

use migrator_model::{
    Field,
    ident::{literal, quote},
    protocol::{Failure, ScanColumn},
    query::bare,
    reject::shown,
};
use serde::Deserialize;

use crate::{
    catalog::rows,
    ffi::statement::Statement,
    open::Source,
    scan::{check_types, expression, readable},
};

/// Names the columns of a query and their types.
pub fn describe(source: &mut Source, query: &str) -> Result<Vec<Field>, Failure> {
    source.prepare_to_compute()?;
    check(source, query)?;
    let prepared = source.probe().prepare(&nested("*", query, ""));
    let statement = prepared.map_err(|error| refused(source.explain(&error)))?;
    check_parameters(&statement)?;
    let types = statement.types().iter().cloned();
    Ok(statement
        .names()
        .into_iter()
        .zip(types)
        .map(|(name, logical)| Field { name, logical })
        .collect())
}

/// Prepares a query whose columns are these, in this order, each as it is to be read. Where none is
/// wanted the rows count only.
pub fn prepare<'s>(
    source: &'s Source,
    query: &str,
    columns: &[ScanColumn],
) -> Result<Statement<'s>, Failure> {
    let statement = prepare_sql(source, &nested("*", query, ""))?;
    let count = statement.types().len();
    if !columns.is_empty() && count != columns.len() {
        let message = format!("the query has {count} columns, not {}", columns.len());
        return Err(Failure::new("42804", message));
    }
    if columns.iter().all(|column| readable(&column.logical) == column.logical) {
        return Ok(statement);
    }
    // Before anything is cast.
    check_types(columns.iter().map(|column| (column, &column.logical)), &statement)?;
    drop(statement);
    let numbered = |at: usize| ScanColumn { name: format!("c{at}"), ..columns[at].clone() };
    let numbered: Vec<_> = (0..columns.len()).map(numbered).collect();
    let list: Vec<_> = numbered.iter().map(expression).collect();
    let names: Vec<_> = numbered.iter().map(|column| quote(&column.name)).collect();
    prepare_sql(source, &nested(&list.join(", "), query, &format!("({})", names.join(", "))))
}

fn prepare_sql<'s>(source: &'s Source, sql: &str) -> Result<Statement<'s>, Failure> {
    let prepared = source.session().prepare(sql);
    let statement = prepared.map_err(|error| refused(source.explain(&error)))?;
    check_parameters(&statement)?;
    Ok(statement)
}

/// The query inside another, where DuckDB refuses a WITH that writes to tables or files. The line
/// breaks end a comment that it may end with.
fn nested(list: &str, query: &str, names: &str) -> String {
    format!("SELECT {list} FROM (\n{}\n) AS q{names}", bare(query))
}

/// What DuckDB's own parser makes of it.
#[derive(Deserialize)]
struct Parsed {
    error: bool,
    message: Option<String>,
    count: Option<u64>,
}

const PARSE: &str = "
    SELECT CAST(ast ->> '$.error' AS BOOLEAN) AS error, ast ->> '$.error_message' AS message,
           json_array_length(ast, '$.statements') AS count
      FROM (SELECT json_serialize_sql($query) AS ast)";

/// Refuses what is not one query by itself: two could be made of it inside another.
fn check(source: &Source, query: &str) -> Result<(), Failure> {
    match rows::<Parsed>(source, &PARSE.replace("$query", &literal(query)))?.pop() {
        Some(Parsed { error: false, count: Some(1), .. }) => Ok(()),
        Some(Parsed { error: false, count: Some(0), .. }) => {
            Err(invalid().detail("The query is empty."))
        }
        Some(Parsed { message: Some(message), .. }) if message.starts_with("Only SELECT") => {
            Err(invalid().detail(
                "Only what begins with SELECT, FROM, VALUES, WITH or a parenthesis is a query.",
            ))
        }
        Some(Parsed { message: Some(message), .. }) => {
            let line = message.lines().next().unwrap_or_default();
            Err(invalid().detail(format!("DuckDB says: {}", shown(line))))
        }
        _ => Err(invalid().detail("It is more than one statement.")),
    }
}

fn check_parameters(statement: &Statement<'_>) -> Result<(), Failure> {
    match statement.parameters() {
        0 => Ok(()),
        _ => Err(invalid().detail("It has parameters, and nobody gives them values.")),
    }
}

fn invalid() -> Failure {
    Failure::new("42601", "invalid query")
}

/// A query that DuckDB does not accept is the user's to mend.
fn refused(failure: Failure) -> Failure {
    match failure.sqlstate.as_str() {
        "38000" => Failure { detail: failure.detail, ..invalid() },
        _ => failure,
    }
}
