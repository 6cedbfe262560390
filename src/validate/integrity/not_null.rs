//! NULL where a column may hold none.

use migrator_model::ident::quote;
use serde::Deserialize;

use super::{
    look::Look,
    question::{Question, answered},
    task::Task,
};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Column {
    name: String,
}

/// The columns that are declared NOT NULL, and those of the primary key. All are read at once.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let columns = columns(look.relation.oid)?;
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
    let check = Check { expected: Some("NOT NULL".into()), ..look.check() };
    Ok(vec![Task::reading_for_several(check.column(names.join(", ")), move |check| {
        judge(look, &check, &columns)
    })])
}

fn columns(relation: u32) -> Result<Vec<Column>> {
    spi::rows_of_before(&format!(
        "SELECT a.attname::text AS name FROM pg_attribute a
          WHERE a.attrelid = {relation} AND a.attnum > 0 AND NOT a.attisdropped
            AND (a.attnotnull OR EXISTS (
                SELECT FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)
                 WHERE i.indrelid = {relation} AND i.indisprimary AND k.n <= i.indnkeyatts
                   AND k.attnum = a.attnum))
          ORDER BY a.attnum"
    ))
}

fn judge(look: Look<'_>, check: &Check, columns: &[Column]) -> Result<Vec<Check>> {
    #[derive(Deserialize)]
    struct Counts {
        n: Vec<i64>,
    }
    let from = look.relation.from();
    let counts: Vec<_> = columns
        .iter()
        .map(|column| format!("count(*) FILTER (WHERE {})", is_null(column)))
        .collect();
    let rows = look.heap.count(&from)?;
    let sql = format!("SELECT ARRAY[{}] AS n FROM {from}", counts.join(", "));
    let Counts { n } = look.heap.one(&sql)?;
    let pairs = columns.iter().zip(n);
    pairs.map(|(column, n)| verdict(look, check.clone(), column, rows, n)).collect()
}

fn verdict(look: Look<'_>, check: Check, column: &Column, rows: i64, n: i64) -> Result<Check> {
    let question = Question::rows_with(look.relation, &is_null(column));
    let keys = if n == 0 { Vec::new() } else { question.some_keys()? };
    Ok(answered(check.column(column.name.as_str()), rows, n, keys))
}

/// `IS NULL` would not do: where a column is declared NOT NULL, the planner of PostgreSQL 17 knows
/// the answer without looking. And a row of NULLs is no NULL.
fn is_null(column: &Column) -> String {
    format!("num_nulls({}) = 1", quote(&column.name))
}
