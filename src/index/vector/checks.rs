//! `vector_checks`: what must hold for a column of vectors and its indexes.

mod contents;
mod indexes;
mod overlap;

use serde_json::json;

use super::{
    column::{Column, Contents},
    existing::{self, Existing},
    load_library,
    metric::Metric,
};
use crate::{
    error::Result,
    index::measurements::{self, Kind},
    validate::check::unknown_check,
};

/// What is checked.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The table's OID.
    pub target: u32,
    /// The column.
    pub column: String,
    /// The distance that queries ask for.
    pub metric: Option<String>,
    /// Where the rows came from.
    pub source: Option<String>,
    /// Its table.
    pub table_name: Option<String>,
    /// Which checks; None: all.
    pub checks: Option<Vec<String>>,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// It does not, and that may be meant.
    Warn,
    /// It was not looked at.
    Skip,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Its verdict.
    pub status: Status,
    /// What should be.
    pub expected: Option<String>,
    /// What is.
    pub actual: Option<String>,
    /// Where, why, and how exactly it is known.
    pub detail: Option<String>,
}

/// What checks look at.
struct Look<'a> {
    column: &'a Column,
    contents: &'a Contents,
    indexes: &'a [Existing],
    metric: Option<Metric>,
    arguments: &'a Arguments,
}

type Run = fn(&Look<'_>) -> Result<Vec<Check>>;

/// All checks, in their order.
const CHECKS: &[(&str, Run)] = &[
    ("dimension_uniform", contents::dimension_uniform),
    ("null_count", contents::null_count),
    ("zero_count", contents::zero_count),
    ("non_finite_count", contents::non_finite_count),
    ("unit_norm", contents::unit_norm),
    ("index_coverage", indexes::coverage),
    ("index_reachability", indexes::reachability),
    ("operator_class", indexes::operator_class),
    ("knn_overlap", overlap::check),
];

/// Checks, and records what came of it.
pub fn checks(arguments: &Arguments) -> Result<Vec<Check>> {
    let chosen = chosen(arguments.checks.as_deref())?;
    let column = Column::of(arguments.target, &arguments.column)?;
    let metric = arguments.metric.as_deref().map(|name| column.metric(name)).transpose()?;
    load_library(&column)?;
    let (contents, indexes) = (Contents::of(&column)?, existing::of(&column)?);
    let look = Look { column: &column, contents: &contents, indexes: &indexes, metric, arguments };
    let mut checks = Vec::new();
    for run in chosen {
        checks.extend(run(&look)?);
    }
    record(&column, &checks)?;
    Ok(checks)
}

fn chosen(names: Option<&[String]>) -> Result<Vec<Run>> {
    let Some(names) = names else { return Ok(CHECKS.iter().map(|(_, run)| *run).collect()) };
    let is_unknown = |name: &&String| CHECKS.iter().all(|(known, _)| known != name);
    match names.iter().find(is_unknown) {
        Some(name) => Err(unknown_check(name, CHECKS.iter().map(|(name, _)| *name))),
        None => {
            let wanted = CHECKS.iter().filter(|(known, _)| names.iter().any(|name| name == known));
            Ok(wanted.map(|(_, run)| *run).collect())
        }
    }
}

fn record(column: &Column, checks: &[Check]) -> Result<()> {
    let measurement = |check: &Check| {
        let value = check.actual.as_deref().and_then(|text| text.parse().ok());
        let details = json!({
            "status": check.status.as_str(), "expected": check.expected,
            "actual": check.actual, "detail": check.detail,
        });
        column.measurement(Kind::VectorChecks, check.name, value, details)
    };
    let measured: Vec<_> = checks.iter().map(measurement).collect();
    measurements::record(&measured).map(|_| ())
}

impl Status {
    /// The word users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skip => "skip",
        }
    }

    /// What a condition comes to, where it must hold.
    fn must(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Fail }
    }

    /// The same where it should.
    fn should(holds: bool) -> Self {
        if holds { Self::Pass } else { Self::Warn }
    }
}

impl Check {
    fn new(
        name: &'static str,
        status: Status,
        expected: impl ToString,
        actual: impl ToString,
    ) -> Self {
        let (expected, actual) = (Some(expected.to_string()), Some(actual.to_string()));
        Self { name, status, expected, actual, detail: None }
    }

    fn skipped(name: &'static str, reason: impl Into<String>) -> Self {
        let detail = Some(reason.into());
        Self { name, status: Status::Skip, expected: None, actual: None, detail }
    }

    fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}
