//! A filter is one predicate and nothing else: text that closes the parenthesis around it could
//! make another query of the scan.

use migrator_model::{ident::literal, protocol::Failure, reject::shown};
use serde::Deserialize;

use super::select::enclosed;
use crate::{catalog::rows, open::Source};

/// What DuckDB's own parser makes of it.
#[derive(Deserialize)]
struct Parsed {
    error: bool,
    message: Option<String>,
    plain: Option<bool>,
}

/// Refuses what is no predicate.
pub fn check(source: &Source, filter: &str) -> Result<(), Failure> {
    if filter.trim().is_empty() {
        return Err(invalid("The filter is empty."));
    }
    let query = format!("SELECT NULL FROM t WHERE {}", enclosed(filter));
    let sql = PARSE.replace("$query", &literal(&query));
    match rows::<Parsed>(source, &sql)?.pop() {
        Some(Parsed { error: false, plain: Some(true), .. }) => Ok(()),
        Some(Parsed { message: Some(message), .. }) => {
            let line = message.lines().next().unwrap_or_default();
            Err(invalid(&format!("DuckDB says: {}", shown(line))))
        }
        _ => Err(invalid("A filter is one predicate, as behind WHERE, and nothing else.")),
    }
}

/// Everything that a SELECT can have besides WHERE must be absent.
const PARSE: &str = "
    SELECT CAST(ast ->> '$.error' AS BOOLEAN) AS error, ast ->> '$.error_message' AS message,
           json_array_length(ast, '$.statements') = 1
           AND ast ->> '$.statements[0].node.type' = 'SELECT_NODE'
           AND json_array_length(ast, '$.statements[0].node.modifiers') = 0
           AND json_array_length(ast, '$.statements[0].node.group_expressions') = 0
           AND ast ->> '$.statements[0].node.having' IS NULL
           AND ast ->> '$.statements[0].node.qualify' IS NULL
           AND ast ->> '$.statements[0].node.sample' IS NULL
           AND ast ->> '$.statements[0].node.from_table.type' = 'BASE_TABLE' AS plain
      FROM (SELECT json_serialize_sql($query) AS ast)";

fn invalid(detail: &str) -> Failure {
    Failure::new("42601", "invalid filter").detail(detail)
}
