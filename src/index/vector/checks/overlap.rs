//! Whether DuckDB finds the same nearest rows in the source. Both search exactly; DuckDB's
//! neighbours come back as vectors, so that no key is needed, and rows that are as far count as
//! well.

use migrator_model::{SourceName, ident::quote};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::{Check, Look, Status};
use crate::{
    error::Result,
    index::vector::{
        metric::{Element, Metric},
        read,
        sample::{self, Query},
        search::Search,
        within,
    },
    pg::{extension, subtransaction},
    steps,
};

const NAME: &str = "knn_overlap";
/// Rows that are searched for, and how many neighbours of each.
const SAMPLES: u32 = 20;
const K: u32 = 10;
/// DuckDB's distances have four bytes.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Neighbour {
    number: usize,
    distance: String,
}

/// Compares.
pub(super) fn check(look: &Look<'_>) -> Result<Vec<Check>> {
    let (Some(source), Some(table)) = (&look.arguments.source, &look.arguments.table_name) else {
        return Ok(vec![Check::skipped(NAME, "No source and table_name were given.")]);
    };
    let metric = match (look.metric, look.column.element) {
        (None, Element::Vector | Element::HalfVec) => Metric::Cosine,
        (Some(metric), _) => metric,
        _ => return Ok(vec![Check::skipped(NAME, "DuckDB has no distance for such vectors.")]),
    };
    let (Some(function), Some(dimensions)) = (distance(metric), look.contents.dimensions()) else {
        let reason = "DuckDB has no such distance, or the vectors are not of one length.";
        return Ok(vec![Check::skipped(NAME, reason)]);
    };
    let search = Search { column: look.column, metric, k: K };
    let samples = sample::own(look.column, metric, SAMPLES)?;
    let queries: Vec<_> = samples.into_iter().map(|one| Query { place: None, ..one }).collect();
    let sql = duckdb_sql(look, table, &queries, function, dimensions)?;
    let asked = || theirs(&search, source, &sql, &queries, dimensions);
    Ok(vec![match subtransaction::attempt(asked) {
        Ok(theirs) => compare(&search, &queries, &theirs)?,
        Err(error) => Check::skipped(NAME, format!("The source: {}.", steps::reason(&error))),
    }])
}

fn distance(metric: Metric) -> Option<&'static str> {
    match metric {
        Metric::Cosine => Some("array_cosine_distance"),
        Metric::L2 => Some("array_distance"),
        Metric::Ip => Some("array_negative_inner_product"),
        _ => None,
    }
}

/// The nearest vectors of each, in DuckDB's SQL, where a vector's text is a list.
fn duckdb_sql(
    look: &Look<'_>,
    table: &str,
    queries: &[Query],
    function: &str,
    dimensions: u32,
) -> Result<String> {
    let (table, column) = (SourceName::parse(table)?.quoted(), quote(look.column.name.as_str()));
    let vector =
        |(at, query): (usize, &Query)| format!("({}, {}::FLOAT[{dimensions}])", at + 1, query.text);
    let vectors: Vec<_> = queries.iter().enumerate().map(vector).collect();
    Ok(format!(
        "SELECT n::BIGINT AS n, unnest(nearest) AS v FROM (
             SELECT q.n, arg_min(t.v, {function}(t.v, q.v), {K}) AS nearest
               FROM (VALUES {}) q(n, v)
              CROSS JOIN (SELECT {column}::FLOAT[{dimensions}] AS v FROM {table}
                           WHERE {column} IS NOT NULL) t
              GROUP BY q.n)",
        vectors.join(", ")
    ))
}

/// How far DuckDB's neighbours are by PostgreSQL's measure, with the number of the query.
fn theirs(
    search: &Search<'_>,
    source: &str,
    sql: &str,
    queries: &[Query],
    dimensions: u32,
) -> Result<Vec<Neighbour>> {
    let (schema, type_sql) = (search.column.schema.quoted(), search.column.type_sql());
    let (operator, migrator) =
        (search.column.operator(search.metric), extension::own_schema()?.quoted());
    let sql_here = format!(
        "SELECT r.n AS number, (r.v::{type_sql} {operator} q.t::{type_sql})::text AS distance
           FROM {migrator}.read_query($1, $2) AS r(n bigint, v {schema}.vector({dimensions}))
           JOIN unnest($3::text[]) WITH ORDINALITY AS q(t, n) ON q.n = r.n"
    );
    let texts: Vec<_> = queries.iter().map(|query| query.text.clone()).collect();
    let arguments = [
        DatumWithOid::from(source.to_owned()),
        DatumWithOid::from(sql.to_owned()),
        DatumWithOid::from(texts),
    ];
    read(&sql_here, &arguments)
}

fn compare(search: &Search<'_>, queries: &[Query], theirs: &[Neighbour]) -> Result<Check> {
    let truth: Result<Vec<_>> =
        within::exact(|| queries.iter().map(|query| search.truth(query)).collect());
    let (mut wanted, mut same) = (0, 0);
    for (at, truth) in truth?.iter().enumerate() {
        let of_this = theirs.iter().filter(|one| one.number == at + 1);
        let mut distances: Vec<f64> = of_this.filter_map(|one| one.distance.parse().ok()).collect();
        distances.sort_unstable_by(f64::total_cmp);
        wanted += truth.len();
        same += common(truth, &distances);
    }
    let check = Check::new(NAME, Status::must(same == wanted && wanted > 0), wanted, same);
    Ok(check.detail(format!(
        "Of {} rows, the {K} nearest by {}: those that are as near in DuckDB and in PostgreSQL.",
        queries.len(),
        search.metric.name()
    )))
}

/// What lacks rows has nearest ones that are farther: both sides are held against each other.
fn common(here: &[f64], there: &[f64]) -> usize {
    near(here, there).min(near(there, here))
}

/// Both in order.
fn near(truth: &[f64], theirs: &[f64]) -> usize {
    let Some(last) = truth.last() else { return 0 };
    let limit = last + TOLERANCE * last.abs().max(1.0);
    theirs.iter().filter(|distance| **distance <= limit).count().min(truth.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_do_not_make_a_difference() {
        assert_eq!(near(&[0.0, 0.5], &[0.0, 0.500_000_1]), 2);
        assert_eq!(near(&[0.0, 0.5], &[0.0, 0.51]), 1);
        assert_eq!(near(&[0.0, 0.5], &[0.0, f64::NAN]), 1);
        assert_eq!(near(&[-3.0, -2.0], &[-3.0, -2.0, -2.0]), 2);
        assert_eq!(near(&[], &[0.0]), 0);
    }

    #[test]
    fn either_side_may_lack_rows() {
        assert_eq!(common(&[0.1, 0.2], &[0.1, 0.2]), 2);
        assert_eq!(common(&[0.1, 0.3], &[0.1, 0.2]), 1);
        assert_eq!(common(&[0.1, 0.2], &[0.1, 0.3]), 1);
        assert_eq!(common(&[0.1], &[]), 0);
    }
}
