//! `latency_check`: how long a query takes as its caller, and whether that is quick enough.
//!
//! The query is prepared once, run until it is warm, and then run as often as wanted, in a
//! transaction that can only read. A run's time is what a client that has prepared it waits for in
//! the server: a snapshot, a plan of the plan cache, and the execution to the last row. Rows are
//! neither formatted nor sent.

mod parameters;
mod shape;
mod tap;
mod warm_up;

use std::{collections::BTreeMap, time::Duration};

use migrator_model::{Ident, QualifiedName};
use serde::Deserialize;
use serde_json::json;

pub use self::tap::lines as tap;
use self::{parameters::Set, warm_up::warm_up};
use super::{
    bounds,
    measurements::{self, Kind, Measurement},
    percentile::Times,
};
use crate::{
    error::{Error, Result},
    pg::{
        prepared::{Bound, Prepared, Ran},
        server, spi, wait,
    },
};

/// What is measured.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The query.
    pub query: String,
    /// A JSON array of values for its parameters, or of arrays of values.
    pub params: Option<String>,
    /// How many runs count.
    pub runs: i32,
    /// What 95 of a hundred runs may take, in milliseconds.
    pub p95_ms: f64,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Latency {
    /// The times.
    pub times: Times,
    /// The rows that a run returns; the most, where they differ.
    pub rows: u64,
    /// The shape of the plan that most runs had.
    pub plan_hash: String,
    /// How many shapes there were.
    pub plans: usize,
    /// Whether it is quick enough.
    pub passes: bool,
    /// The measurement of the 95th percentile, where it was recorded.
    pub measurement_id: Option<i64>,
}

/// Measures a query, and records what came of it.
pub fn check(arguments: &Arguments) -> Result<Latency> {
    let runs = limits(arguments)?;
    let sets = parameters::sets(arguments.params.as_deref())?;
    let measured = server::reading_only(|| measure(&arguments.query, &sets, runs))?;
    let mut latency = measured.latency(arguments.p95_ms)?;
    latency.measurement_id = record(arguments, &sets, &measured, &latency)?;
    Ok(latency)
}

fn limits(arguments: &Arguments) -> Result<usize> {
    bounds::between("runs", arguments.runs, 1..=100_000)?;
    match arguments.p95_ms > 0.0 && arguments.p95_ms.is_finite() {
        true => Ok(arguments.runs as usize),
        false => Err(Error::new("22023", "p95_ms must be greater than 0")
            .detail(format!("It is {}.", arguments.p95_ms))),
    }
}

/// What the runs were like.
#[derive(Default)]
struct Measured {
    times: Vec<Duration>,
    rows: u64,
    /// How many runs had which shape of plan.
    shapes: BTreeMap<String, usize>,
    /// The last plan, and its shape.
    last: Option<(i32, String)>,
    relations: Vec<u32>,
}

fn measure(query: &str, sets: &[Set], runs: usize) -> Result<Measured> {
    let prepared = Prepared::new(query)?;
    let bound = bound(&prepared, sets)?;
    let run = |at: usize, known| {
        wait::interrupts();
        prepared.run(&bound[at % bound.len()], known)
    };
    warm_up(|at| Ok(run(at, None).elapsed))?;
    let mut measured = Measured::default();
    for at in 0..runs {
        let known = measured.last.as_ref().map(|(generation, _)| *generation);
        measured.take(run(at, known));
    }
    Ok(measured)
}

/// Every set is read before the first run.
fn bound(prepared: &Prepared, sets: &[Set]) -> Result<Vec<Bound>> {
    sets.iter().map(|set| prepared.bind(set)).collect()
}

impl Measured {
    fn take(&mut self, ran: Ran) {
        self.times.push(ran.elapsed);
        self.rows = self.rows.max(ran.rows);
        if let Some(plan) = ran.plan {
            self.last = Some((ran.generation, shape::hash_of(&plan.json)));
            self.relations.extend(plan.relations);
            self.relations.sort_unstable();
            self.relations.dedup();
        }
        if let Some((_, shape)) = &self.last {
            *self.shapes.entry(shape.clone()).or_default() += 1;
        }
    }

    fn latency(&self, p95_ms: f64) -> Result<Latency> {
        let times = Times::new(self.times.clone());
        let times = times.ok_or_else(|| Error::new("XX000", "nothing was measured"))?;
        let most = self.shapes.iter().max_by_key(|(_, runs)| **runs);
        Ok(Latency {
            passes: times.percentile(95) <= p95_ms,
            times,
            rows: self.rows,
            plan_hash: most.map(|(shape, _)| shape.clone()).unwrap_or_default(),
            plans: self.shapes.len(),
            measurement_id: None,
        })
    }
}

#[derive(Deserialize)]
struct Relation {
    schema: String,
    name: String,
}

/// Their names as the run log writes those of targets.
fn names(relations: &[u32]) -> Result<Vec<String>> {
    let oids: Vec<_> = relations.iter().map(u32::to_string).collect();
    let sql = format!(
        "SELECT n.nspname::text AS schema, c.relname::text AS name
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.oid = ANY ('{{{}}}'::oid[]) ORDER BY 1, 2",
        oids.join(",")
    );
    let relations: Vec<Relation> = spi::rows_of_before(&sql)?;
    let quoted = |relation: Relation| {
        let (schema, name) = (Ident::new(&relation.schema)?, Ident::new(&relation.name)?);
        Ok(QualifiedName::new(schema, name).quoted())
    };
    relations.into_iter().map(quoted).collect()
}

/// Returns the number of the 95th percentile's.
fn record(
    arguments: &Arguments,
    sets: &[Set],
    measured: &Measured,
    latency: &Latency,
) -> Result<Option<i64>> {
    let details = json!({
        "query": arguments.query,
        "params": parameters::kept(sets),
        "runs": measured.times.len(),
        "rows": latency.rows,
        "plan_hash": latency.plan_hash,
        "plans": latency.plans,
    });
    let tables = names(&measured.relations)?;
    let measurement = |(metric, value)| Measurement {
        kind: Kind::Latency,
        target: None,
        target_tables: tables.clone(),
        column_name: None,
        metric,
        value: Some(value),
        details: details.clone(),
    };
    let ids = measurements::record(&latency.metrics().map(measurement))?;
    Ok(ids.get(1).copied())
}

impl Latency {
    /// What is recorded, the 95th percentile second.
    fn metrics(&self) -> [(&'static str, f64); 4] {
        let percentile = |percent| self.times.percentile(percent);
        [
            ("p50_ms", percentile(50)),
            ("p95_ms", percentile(95)),
            ("p99_ms", percentile(99)),
            ("max_ms", self.times.max()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(runs: i32, p95_ms: f64) -> Arguments {
        Arguments { query: String::new(), params: None, runs, p95_ms }
    }

    #[test]
    fn runs_and_the_limit_are_checked() {
        assert_eq!(limits(&arguments(1, 0.5)), Ok(1));
        assert_eq!(limits(&arguments(100_000, f64::MAX)), Ok(100_000));
        for runs in [0, -1, 100_001, i32::MIN] {
            assert_eq!(limits(&arguments(runs, 100.0)).unwrap_err().sqlstate(), "22023");
        }
        for limit in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(limits(&arguments(1, limit)).unwrap_err().sqlstate(), "22023");
        }
    }

    fn measured(milliseconds: &[u64]) -> Measured {
        let times = milliseconds.iter().copied().map(Duration::from_millis).collect();
        Measured { times, ..Measured::default() }
    }

    #[test]
    fn the_limit_may_be_reached() {
        assert!(measured(&[3, 5, 4]).latency(5.0).unwrap().passes);
        assert!(!measured(&[3, 5, 4]).latency(4.999).unwrap().passes);
        assert!(measured(&[]).latency(5.0).is_err());
    }

    #[test]
    fn the_plan_of_most_runs_is_shown() {
        let mut measured = measured(&[1]);
        measured.shapes = [("a".into(), 2), ("b".into(), 7), ("c".into(), 1)].into();
        let latency = measured.latency(5.0).unwrap();
        assert_eq!((latency.plan_hash.as_str(), latency.plans), ("b", 3));
    }
}
