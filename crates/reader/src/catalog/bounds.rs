//! Between what the values of a table's columns lie, by DuckDB's statistics. These may be too wide,
//! never too narrow: DuckDB skips rows by them.

use migrator_model::{LogicalType, SourceName, catalog::Bounds, ident::quote, protocol::Failure};
use serde::Deserialize;

use super::{Found, find, query, table::bound};
use crate::open::Source;

/// The ends of a column's values, as DuckDB prints them.
#[derive(Deserialize)]
struct Ends {
    min: Option<String>,
    max: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    ends: Vec<Ends>,
}

/// Answers for each column, in order; with None where DuckDB does not know.
pub fn bounds(source: &Source, wanted: &SourceName) -> Result<Vec<Option<Bounds>>, Failure> {
    let found = find(source, wanted)?;
    let Ok(statement) = bound(source, &format!("FROM {}", found.sql)) else {
        return Ok(Vec::new());
    };
    let names: Vec<_> = statement.names().iter().map(|name| quote(name)).collect();
    let mut all = vec![None; names.len()];
    // The statistics of a user's view would cost a run of its query.
    if !found.has_statistics(source.kind()) {
        return Ok(all);
    }
    let types = statement.types().iter();
    let asked = types.enumerate().filter(|(_, logical)| has_ends(logical)).map(|(at, _)| at);
    let asked: Vec<_> = asked.collect();
    let of_asked: Vec<_> = asked.iter().map(|at| names[*at].as_str()).collect();
    for (at, ends) in asked.into_iter().zip(ends(source, &found, &of_asked)?) {
        all[at] = ends.min.zip(ends.max).map(|(low, high)| Bounds { low, high });
    }
    Ok(all)
}

/// Whether the statistics of a type say anything: those of a text do not.
fn has_ends(logical: &LogicalType) -> bool {
    use LogicalType as L;
    logical.is_integer() || logical.is_timestamp() || matches!(logical, L::Decimal { .. } | L::Date)
}

/// One query for all of them; a table without rows has none. stats() answers with a VARIANT.
fn ends(source: &Source, found: &Found, names: &[&str]) -> Result<Vec<Ends>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let stats: Vec<_> = names.iter().map(|name| format!("stats({name})")).collect();
    // In the outer query no column is called as the lambda's parameter is: a column would be meant.
    let sql = format!(
        "SELECT list_transform(l, lambda s: {{min: CAST(s.min AS VARCHAR), max: CAST(s.max AS VARCHAR)}})
             AS ends FROM (SELECT [{}] AS l FROM {} LIMIT 1)",
        stats.join(", "),
        found.sql
    );
    let answer = query::rows::<Answer>(source, &sql)?.pop();
    Ok(answer.map_or_else(Vec::new, |answer| answer.ends))
}
