//! What the tables of migrator know of a run and its targets, as far as the caller may see it.

use migrator_model::ident::clip;
use pgrx::datum::DatumWithOid;
use serde::Deserialize;

use super::wanted::Gate;
use crate::{
    error::{Error, Result},
    pg::spi,
};

/// No more of a query stands in a note, in bytes.
const QUERY_BYTES: usize = 200;

/// What was found for a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// None: nothing was measured.
    pub measured: Option<Value>,
    /// Where it comes from, or why there is none.
    pub note: String,
    /// The measurement, where it is one.
    pub measurement_id: Option<i64>,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// Whether a validation passes.
    Passes(bool),
}

/// A run and its targets.
#[derive(Debug, Deserialize)]
pub struct Run {
    run_id: i64,
    rows_rejected: i64,
    targets: Vec<String>,
}

/// The targets of a run of `migrate_database` are in its steps.
const RUN: &str = "
    SELECT r.run_id, r.rows_rejected,
           CASE r.source_table WHEN '*' THEN ARRAY(
               SELECT DISTINCT s.target_name FROM migrator.steps s
                WHERE s.run_id = r.run_id AND s.kind = 'data' AND s.verdict = 'done'
                  AND s.target_name IS NOT NULL ORDER BY 1)
           ELSE ARRAY[r.target] END AS targets
      FROM migrator.runs r WHERE r.run_id = $1";

/// A measurement that counts, of several.
#[derive(Deserialize)]
struct Measured {
    measurement_id: i64,
    value: f64,
    subject: String,
    subjects: i64,
}

/// The last measurement of each query, the worst first.
const LATENCY: &str = "
    WITH latest AS (
        SELECT DISTINCT ON (m.details->>'query')
               m.measurement_id, m.value, m.details->>'query' AS subject
          FROM migrator.measurements m JOIN migrator.runs r ON m.measured_at >= r.finished_at
         WHERE r.run_id = $1 AND m.target_tables && $2 AND m.kind = 'latency' AND m.metric = $3
               AND m.value IS NOT NULL
         ORDER BY m.details->>'query', m.measured_at DESC, m.measurement_id DESC)
    SELECT measurement_id, value, coalesce(subject, '') AS subject, count(*) OVER () AS subjects
      FROM latest ORDER BY value DESC, measurement_id DESC LIMIT 1";

/// Of what was last measured of each column, the recommended setting or else the best; the worst
/// column first.
const RECALL: &str = "
    WITH ranked AS (
        SELECT m.*, rank() OVER (PARTITION BY m.target, m.column_name
                                 ORDER BY m.measured_at DESC) AS age
          FROM migrator.measurements m JOIN migrator.runs r ON m.measured_at >= r.finished_at
         WHERE r.run_id = $1 AND m.target = ANY ($2) AND m.kind = 'recall' AND m.metric = $3
               AND m.value IS NOT NULL),
    latest AS (
        SELECT DISTINCT ON (target, column_name)
               measurement_id, value,
               target || coalesce('.' || column_name, '')
                   || coalesce(' at ' || (details->'setting')::text, '') AS subject
          FROM ranked WHERE age = 1
         ORDER BY target, column_name, (details->'recommended' = 'true') DESC NULLS LAST,
                  value DESC, measurement_id DESC)
    SELECT measurement_id, value, subject, count(*) OVER () AS subjects
      FROM latest ORDER BY value, measurement_id DESC LIMIT 1";

/// The last build of each index, during the run or since; the slowest first.
const BUILD: &str = "
    WITH latest AS (
        SELECT DISTINCT ON (m.target, m.details->>'index')
               m.measurement_id, m.value, coalesce(m.details->>'index', m.target) AS subject
          FROM migrator.measurements m JOIN migrator.runs r ON m.measured_at >= r.started_at
         WHERE r.run_id = $1 AND m.target = ANY ($2) AND m.kind = 'build' AND m.metric = $3
               AND m.value IS NOT NULL
         ORDER BY m.target, m.details->>'index', m.measured_at DESC, m.measurement_id DESC)
    SELECT measurement_id, value, subject, count(*) OVER () AS subjects
      FROM latest ORDER BY value DESC, measurement_id DESC LIMIT 1";

/// The last validation of a target since the run.
#[derive(Deserialize)]
struct Validated {
    target: String,
    validation: Option<i64>,
    level: Option<String>,
    passed: i64,
    failed: i64,
}

/// A validation of the target alone counts with all of its checks: one that has not found the
/// target names none.
const VALIDATIONS: &str = "
    SELECT t.target, v.run_id AS validation, v.level,
           count(*) FILTER (WHERE c.status = 'pass') AS passed,
           count(*) FILTER (WHERE c.status IN ('fail', 'error')) AS failed
      FROM unnest($2) AS t (target)
      LEFT JOIN LATERAL (
           SELECT v.run_id, v.level, v.target
             FROM migrator.validations v JOIN migrator.runs r ON v.started_at >= r.finished_at
            WHERE r.run_id = $1 AND (v.target = t.target OR EXISTS (
                  SELECT FROM migrator.checks c
                   WHERE c.run_id = v.run_id AND c.target_name = t.target))
            ORDER BY v.run_id DESC LIMIT 1) v ON true
      LEFT JOIN migrator.checks c ON c.run_id = v.run_id
                                     AND (v.target = t.target OR c.target_name = t.target)
     GROUP BY t.target, v.run_id, v.level ORDER BY t.target";

impl Run {
    /// By its number.
    pub fn of(run_id: i64) -> Result<Self> {
        let found = spi::rows_of_before_with(RUN, &[DatumWithOid::from(run_id)])?;
        found.into_iter().next().ok_or_else(|| {
            Error::new("P0002", format!("there is no run {run_id}"))
                .detail("Runs of other roles are not shown.")
        })
    }

    /// What is known for a gate.
    pub fn look_up(&self, gate: Gate) -> Result<Found> {
        match gate {
            Gate::P50 | Gate::P95 | Gate::P99 | Gate::Max => self.worst(LATENCY, gate, "query"),
            Gate::Recall => self.worst(RECALL, gate, "column"),
            Gate::BuildSeconds => self.worst(BUILD, gate, "index"),
            Gate::RowsRejected => Ok(Found {
                measured: Some(Value::Number(self.rows_rejected as f64)),
                note: format!("run {}", self.run_id),
                measurement_id: None,
            }),
            Gate::Validation => self.validation(),
        }
    }

    fn worst(&self, sql: &str, gate: Gate, what: &str) -> Result<Found> {
        let arguments = [
            DatumWithOid::from(self.run_id),
            DatumWithOid::from(self.targets.clone()),
            DatumWithOid::from(gate.name()),
        ];
        let found: Vec<Measured> = spi::rows_of_before_with(sql, &arguments)?;
        Ok(match found.into_iter().next() {
            None => nothing(),
            Some(measured) => Found {
                measured: Some(Value::Number(measured.value)),
                note: noted(&measured, what),
                measurement_id: Some(measured.measurement_id),
            },
        })
    }

    fn validation(&self) -> Result<Found> {
        let arguments = [DatumWithOid::from(self.run_id), DatumWithOid::from(self.targets.clone())];
        let validated: Vec<Validated> = spi::rows_of_before_with(VALIDATIONS, &arguments)?;
        Ok(verdict_of(&validated))
    }
}

fn nothing() -> Found {
    let note = "nothing was measured since the run".to_owned();
    Found { measured: None, note, measurement_id: None }
}

fn noted(measured: &Measured, what: &str) -> String {
    let subject = clip(&measured.subject, QUERY_BYTES);
    match measured.subjects {
        ..=1 => subject.to_owned(),
        count => format!("the worst {what} of {count}: {subject}"),
    }
}

/// One that fails is enough, and one that nothing was looked at of is too many.
fn verdict_of(validated: &[Validated]) -> Found {
    let failed = validated.iter().find(|target| target.failed > 0);
    let missing = validated.iter().find(|target| target.passed == 0);
    let (measured, note) = match (failed, missing, validated) {
        (Some(target), ..) => {
            let note = format!("{}, checks that do not hold: {}", shown(target), target.failed);
            (Some(Value::Passes(false)), note)
        }
        (None, Some(target), _) => {
            (None, format!("nothing of {} was validated since the run", target.target))
        }
        (None, None, []) => (None, "the run has no target".to_owned()),
        (None, None, [only]) => {
            let note = format!("{}, checks that hold: {}", shown(only), only.passed);
            (Some(Value::Passes(true)), note)
        }
        (None, None, all) => {
            let checks: i64 = all.iter().map(|target| target.passed).sum();
            (
                Some(Value::Passes(true)),
                format!("{} targets, checks that hold: {checks}", all.len()),
            )
        }
    };
    Found { measured, note, measurement_id: None }
}

fn shown(target: &Validated) -> String {
    let level = target.level.as_deref().unwrap_or_default();
    let validation = target.validation.unwrap_or_default();
    format!("{} in validation {validation}, level {level}", target.target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validated(target: &str, passed: i64, failed: i64) -> Validated {
        let level = Some("standard".to_owned());
        Validated { target: target.to_owned(), validation: Some(7), level, passed, failed }
    }

    #[test]
    fn the_worst_of_several_is_named() {
        let subject = "SELECT 1".to_owned();
        let mut measured = Measured { measurement_id: 1, value: 2.0, subject, subjects: 1 };
        assert_eq!(noted(&measured, "query"), "SELECT 1");
        measured.subjects = 3;
        assert_eq!(noted(&measured, "query"), "the worst query of 3: SELECT 1");
    }

    #[test]
    fn a_validation_passes_where_all_targets_do() {
        let found = verdict_of(&[validated("a", 5, 0)]);
        assert_eq!(found.measured, Some(Value::Passes(true)));
        assert_eq!(found.note, "a in validation 7, level standard, checks that hold: 5");
        let found = verdict_of(&[validated("a", 5, 0), validated("b", 4, 0)]);
        assert_eq!(found.note, "2 targets, checks that hold: 9");
    }

    #[test]
    fn one_target_that_fails_is_enough() {
        let found = verdict_of(&[validated("a", 5, 0), validated("b", 9, 1), validated("c", 0, 0)]);
        assert_eq!(found.measured, Some(Value::Passes(false)));
        assert_eq!(found.note, "b in validation 7, level standard, checks that do not hold: 1");
    }

    #[test]
    fn a_target_that_was_not_looked_at_is_no_pass() {
        let found = verdict_of(&[validated("a", 5, 0), validated("b", 0, 0)]);
        assert_eq!(found.measured, None);
        assert_eq!(found.note, "nothing of b was validated since the run");
        assert_eq!(verdict_of(&[]).measured, None);
    }
}
