//! What is searched for: rows of a table, the same ones each time.

use migrator_model::ident::quote;
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::{column::Column, metric::Metric, read};
use crate::{
    error::{Error, Result},
    pg::facts::Facts,
};

/// Decides which rows are taken.
const SEED: u32 = 1;
/// Of a table larger than this a part is looked at, so many rows for each that is wanted.
const SMALL: u64 = 100_000;
const PART: u64 = 50;

/// A vector to search for.
#[derive(Clone, Debug, Deserialize)]
pub struct Query {
    /// As its type writes it.
    pub text: String,
    /// Where the row is that it comes from, if it is one of the target.
    pub place: Option<Place>,
}

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Place {
    /// tableoid
    pub table: u32,
    /// ctid
    pub row: String,
}

/// Rows of the column's own table.
pub fn own(column: &Column, metric: Metric, samples: u32) -> Result<Vec<Query>> {
    let (from, value) = (column.from(), column.value());
    let part = part(column.estimate, samples);
    let sql = format!(
        "WITH picked AS MATERIALIZED (
             SELECT t.tableoid AS tab, t.ctid AS place FROM {from}{part}
              WHERE {} ORDER BY hashtextextended(t.ctid::text, {SEED}), 1 LIMIT {samples})
         SELECT {value}::text AS text,
                json_build_object('table', p.tab::int8, 'row', p.place::text) AS place
           FROM picked p JOIN {from} ON t.ctid = p.place AND t.tableoid = p.tab",
        column.can_be_found(metric, &value)
    );
    read(&sql, &[])
}

/// A part of a large table, by its number of rows.
fn part(estimate: Option<u64>, samples: u32) -> String {
    let wanted = u64::from(samples) * PART;
    match estimate {
        Some(rows) if rows > SMALL && wanted < rows => {
            let percent = 100.0 * wanted as f64 / rows as f64;
            format!(" TABLESAMPLE BERNOULLI ({percent:.6}) REPEATABLE ({SEED})")
        }
        _ => String::new(),
    }
}

/// Rows of a table of queries, whose column may be of another type that can be cast.
pub fn of_table(
    column: &Column,
    metric: Metric,
    table: u32,
    name: Option<&str>,
    samples: u32,
) -> Result<Vec<Query>> {
    let facts = Facts::of(table)?;
    let name = match name {
        Some(name) => name.to_owned(),
        None => only_column(&facts)?,
    };
    let (from, value) = (facts.qualified()?.quoted(), format!("t.{}", quote(&name)));
    let condition = column.can_be_found(metric, "v");
    let sql = format!(
        "SELECT v::text AS text, NULL AS place
           FROM (SELECT {value}::{} AS v FROM {from} t) q WHERE {condition}
          ORDER BY hashtextextended(v::text, {SEED}), 1 LIMIT {samples}",
        column.type_sql()
    );
    read(&sql, &[])
}

/// The only column of a type that vectors can be made of.
fn only_column(facts: &Facts) -> Result<String> {
    let is_vector = |name: &str| {
        let name = name.rsplit('.').next().unwrap_or(name);
        ["vector", "halfvec", "sparsevec", "bit(", "real[]", "double precision[]"]
            .iter()
            .any(|known| name.starts_with(known))
    };
    let all = facts.attributes.iter().filter(|one| !one.dropped && is_vector(&one.type_name));
    match all.collect::<Vec<_>>().as_slice() {
        [only] => Ok(only.name.clone()),
        several => {
            let count = several.len();
            let message = format!("table {} has {count} columns of vectors", quote(&facts.name));
            Err(Error::new("22023", message).hint("Name one in query_column."))
        }
    }
}

/// Parameters for a query that takes one vector as a text.
pub fn argument<'a>(query: &Query) -> [DatumWithOid<'a>; 1] {
    [DatumWithOid::from(query.text.clone())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_tables_are_looked_at_whole() {
        assert_eq!(part(None, 200), "");
        assert_eq!(part(Some(100_000), 200), "");
        assert_eq!(part(Some(200_000), 10_000), "");
        assert_eq!(part(Some(1_000_000), 200), " TABLESAMPLE BERNOULLI (1.000000) REPEATABLE (1)");
    }
}
