//! Searches: exact ones, which know the truth, and those by an index, whose plan proves it.

use std::time::Duration;

use pgrx::datum::DatumWithOid;
use serde::Deserialize;
use serde_json::Value;

use super::{
    column::Column,
    design::Form,
    metric::{Element, Metric},
    read,
    sample::{Place, Query, argument},
    within,
};
use crate::{
    error::{Error, Result},
    pg::{
        prepared::{Parameter, Prepared},
        wait,
    },
};

/// So many exact searches are timed whatever they take; more of them within this time.
const ENOUGH: usize = 5;
const LONG: Duration = Duration::from_secs(20);

/// What is searched, by which distance, and for how many.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// The column.
    pub column: &'a Column,
    /// The distance.
    pub metric: Metric,
    /// How many of the nearest.
    pub k: u32,
}

/// A row that was found, at its distance; one that is no number is far away.
#[derive(Debug)]
pub struct Neighbour {
    /// Where the row is.
    pub place: Place,
    /// How far it is.
    pub distance: f64,
}

#[derive(Deserialize)]
struct Found {
    tab: u32,
    place: String,
    distance: String,
}

/// An index that a plan reads.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct UsedIndex {
    /// pg_class.oid; of a partitioned index's parts, the whole.
    pub oid: u32,
    /// Its access method.
    pub am: String,
    /// Its name, quoted.
    pub name: String,
}

impl Search<'_> {
    /// A query of the nearest `limit` rows in the order of an index of this form, which a client
    /// would write so; `candidates` are ranked again where the index knows less than the column.
    pub fn sql(&self, form: Form, operand: &str, limit: u32, candidates: u32) -> String {
        let Self { column, metric, .. } = *self;
        let distance = column.distance(metric, operand);
        let order = column.indexed_distance(form, metric, operand);
        let columns = format!("t.tableoid AS tab, t.ctid AS place, {distance} AS distance");
        let from = column.from();
        match form {
            Form::Binary(_) => format!(
                "SELECT * FROM (SELECT {columns} FROM {from} ORDER BY {order} LIMIT {}) s
                  ORDER BY distance LIMIT {limit}",
                candidates.max(limit)
            ),
            _ => format!("SELECT {columns} FROM {from} ORDER BY {order} LIMIT {limit}"),
        }
    }

    /// The parameter of a prepared statement.
    pub fn parameter(&self) -> String {
        format!("$1::{}", self.column.type_sql())
    }

    /// The parameter of a statement that gets a text.
    fn text_parameter(&self) -> String {
        format!("$1::text::{}", self.column.type_sql())
    }

    /// The rows that an index finds, the query's own row left out.
    pub fn found(&self, form: Form, query: &Query, candidates: u32) -> Result<Vec<Neighbour>> {
        let limit = self.limit(query);
        let search = self.sql(form, &self.text_parameter(), limit, candidates);
        let sql = format!(
            "SELECT tab::int8 AS tab, place::text AS place, distance::text AS distance
               FROM ({search}) s"
        );
        let found: Vec<Found> = read(&sql, &argument(query))?;
        let others = found.into_iter().map(Neighbour::from);
        let others = others.filter(|one| Some(&one.place) != query.place.as_ref());
        Ok(others.take(self.k as usize).collect())
    }

    /// One more where the query is a row of the table: it finds itself.
    pub fn limit(&self, query: &Query) -> u32 {
        self.k + u32::from(query.place.is_some())
    }

    /// The distances of the nearest rows, the query's own left out, in order. It has to run where
    /// no index is used.
    pub fn truth(&self, query: &Query) -> Result<Vec<f64>> {
        let Self { column, metric, k } = *self;
        let others = match &query.place {
            Some(Place { table, row }) => {
                format!("WHERE NOT (t.tableoid = {table} AND t.ctid = '{row}'::tid)")
            }
            None => String::new(),
        };
        let sql = format!(
            "SELECT distance::text AS distance FROM (
                 SELECT {} AS distance FROM {} {others} ORDER BY 1 LIMIT {k}) s",
            column.distance(metric, &self.text_parameter()),
            column.from()
        );
        #[derive(Deserialize)]
        struct Distance {
            distance: Option<String>,
        }
        let found: Vec<Distance> = read(&sql, &argument(query))?;
        let distances = found.into_iter().filter_map(|found| found.distance);
        Ok(distances.map(|text| number(&text)).filter(|one| one.is_finite()).collect())
    }

    /// How long exact searches for these take, one after the other, warmed up by the first.
    pub fn exact_times(&self, queries: &[Query]) -> Result<Vec<Duration>> {
        let distance = self.column.distance(self.metric, &self.parameter());
        let (from, k) = (self.column.from(), self.k);
        let sql = format!("SELECT t.ctid, {distance} FROM {from} ORDER BY 2 LIMIT {k}");
        within::exact(|| {
            let prepared = Prepared::new(&sql)?;
            let first = queries.first().into_iter();
            let mut times = Vec::new();
            for query in first.chain(queries) {
                wait::interrupts();
                let bound = prepared.bind(&[parameter(query)])?;
                times.push(prepared.run(&bound, None).elapsed);
                if times.len() > ENOUGH && times.iter().sum::<Duration>() > LONG {
                    break;
                }
            }
            Ok(times.split_off(times.len().min(1)))
        })
    }

    /// The forms that an index of this column may have.
    pub fn forms(&self, dimensions: Option<u32>) -> Vec<Form> {
        let element = self.column.element;
        let mut forms = vec![Form::Column];
        if let Some(n) =
            dimensions.filter(|_| matches!(element, Element::Vector | Element::HalfVec))
        {
            forms.extend([Form::Sized(element, n), Form::Half(n), Form::Binary(n)]);
        }
        forms
    }
}

/// A vector as a prepared statement takes it.
pub fn parameter(query: &Query) -> Parameter {
    Parameter { text: Some(query.text.clone()), array: None }
}

impl From<Found> for Neighbour {
    fn from(found: Found) -> Self {
        let place = Place { table: found.tab, row: found.place };
        Self { place, distance: number(&found.distance) }
    }
}

fn number(text: &str) -> f64 {
    match text.parse() {
        Ok(number) if !f64::is_nan(number) => number,
        _ => f64::INFINITY,
    }
}

/// The indexes by which a plan orders, each schema and name.
pub fn indexes_of(plan: &str) -> Vec<(String, String)> {
    let plan: Value = serde_json::from_str(plan).unwrap_or_default();
    let mut found = Vec::new();
    collect(&plan["Plan"], &mut found);
    found
}

fn collect(node: &Value, found: &mut Vec<(String, String)>) {
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    if node.get("Order By").is_some()
        && let (Some(schema), Some(index)) = (text("Schema"), text("Index Name"))
    {
        found.push((schema, index));
    }
    let below = node.get("Plans").and_then(Value::as_array);
    below.into_iter().flatten().for_each(|node| collect(node, found));
}

/// The index, in the catalog, that a plan uses; None where it is none of vectors.
pub fn used_index(plan: &str) -> Result<Option<UsedIndex>> {
    let Some((schema, name)) = indexes_of(plan).into_iter().next() else { return Ok(None) };
    let sql = "SELECT w.oid::int8 AS oid, a.amname::text AS am,
                      format('%I.%I', n.nspname, w.relname) AS name
                 FROM pg_class c JOIN pg_namespace m ON m.oid = c.relnamespace
                 JOIN pg_class w ON w.oid = coalesce(pg_partition_root(c.oid)::oid, c.oid)
                 JOIN pg_namespace n ON n.oid = w.relnamespace JOIN pg_am a ON a.oid = w.relam
                WHERE m.nspname = $1 AND c.relname = $2 AND c.relkind IN ('i', 'I')";
    let arguments = [DatumWithOid::from(schema), DatumWithOid::from(name)];
    Ok(read(sql, &arguments)?.into_iter().next())
}

/// What a search reports that an index should have served.
pub fn not_used(search: &Search<'_>) -> Error {
    let Search { column, metric, .. } = search;
    let (name, metric) = (column.name.quoted(), metric.name());
    let message = format!("no index serves distance {metric} of column {name}");
    Error::new("42704", message)
        .detail("A search has no other plan than to read the whole table.")
        .hint("Make one with vector_index().")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_the_index_that_it_orders_by() {
        let plan = r#"{"Plan": {"Node Type": "Limit", "Plans": [{"Node Type": "Index Scan",
            "Schema": "public", "Relation Name": "t", "Index Name": "i", "Order By": "x"}]}}"#;
        assert_eq!(indexes_of(plan), [("public".to_owned(), "i".to_owned())]);
        let other =
            r#"{"Plan": {"Node Type": "Index Scan", "Schema": "s", "Index Name": "t_pkey"}}"#;
        assert!(indexes_of(other).is_empty());
        assert!(indexes_of("{").is_empty());
    }

    #[test]
    fn what_is_no_number_is_far_away() {
        assert_eq!(number("0.25"), 0.25);
        assert_eq!([number("NaN"), number("x")], [f64::INFINITY; 2]);
    }
}
