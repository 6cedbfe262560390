//! Gates as they are asked for.

use std::fmt;

use serde_json::Value;

use crate::error::{Error, Result};

/// What can be asked of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The median of the slowest query's times.
    P50,
    /// Their 95th percentile.
    P95,
    /// Their 99th percentile.
    P99,
    /// Their maximum.
    Max,
    /// How many of the nearest neighbours are found.
    Recall,
    /// How long an index takes to build.
    BuildSeconds,
    /// How many rows were set aside.
    RowsRejected,
    /// Whether the target holds what the source holds.
    Validation,
}

/// In the order in which verdicts come.
const GATES: [(Gate, &str); 8] = [
    (Gate::P50, "p50_ms"),
    (Gate::P95, "p95_ms"),
    (Gate::P99, "p99_ms"),
    (Gate::Max, "max_ms"),
    (Gate::Recall, "recall"),
    (Gate::BuildSeconds, "build_seconds"),
    (Gate::RowsRejected, "rows_rejected"),
    (Gate::Validation, "validation"),
];

impl Gate {
    /// Its name, which is that of the metric, too.
    pub fn name(self) -> &'static str {
        let named = GATES.into_iter().find(|(gate, _)| *gate == self);
        named.map_or("", |(_, name)| name)
    }
}

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// A verdict that is a pass.
    Pass,
}

impl Bound {
    /// Whether a number is within it.
    pub fn allows(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
            Self::Pass => false,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "<= {bound}"),
            Self::AtLeast(bound) => write!(f, ">= {bound}"),
            Self::Pass => f.write_str("pass"),
        }
    }
}

/// A gate and its bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// The gate.
    pub gate: Gate,
    /// What it asks for.
    pub bound: Bound,
}

/// Reads an object of gates' names and bounds.
pub fn parse(gates: &Value) -> Result<Vec<Wanted>> {
    let members = gates.as_object().filter(|members| !members.is_empty());
    let members = members.ok_or_else(|| {
        Error::new("22023", "gates must be a JSON object of at least one gate").detail(known())
    })?;
    if let Some(name) = members.keys().find(|name| GATES.iter().all(|(_, known)| known != name)) {
        return Err(Error::new("22023", format!("unknown gate \"{name}\"")).detail(known()));
    }
    let asked = GATES.iter().filter_map(|(gate, name)| Some((*gate, members.get(*name)?)));
    asked.map(|(gate, value)| Ok(Wanted { gate, bound: bound(gate, value)? })).collect()
}

fn known() -> String {
    let names = GATES.map(|(_, name)| name);
    format!("Gates are {}.", names.join(", "))
}

fn bound(gate: Gate, value: &Value) -> Result<Bound> {
    let number = value.as_f64().filter(|number| *number >= 0.0);
    let found = match (gate, number) {
        (Gate::Validation, _) => (value == "pass").then_some(Bound::Pass),
        (Gate::Recall, number) => number.filter(|number| *number <= 1.0).map(Bound::AtLeast),
        (_, number) => number.map(Bound::AtMost),
    };
    found.ok_or_else(|| {
        let kind = match gate {
            Gate::Validation => "\"pass\"",
            Gate::Recall => "a number between 0 and 1",
            _ => "a number that is not negative",
        };
        Error::new("22023", format!("gate {} must be {kind}", gate.name()))
            .detail(format!("It is {value}."))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn gates_come_in_one_order() {
        let gates = json!({"validation": "pass", "recall": 0.95, "p95_ms": 100, "max_ms": 1.5});
        let wanted = parse(&gates).unwrap();
        let shown: Vec<_> = wanted
            .iter()
            .map(|wanted| format!("{} {}", wanted.gate.name(), wanted.bound))
            .collect();
        assert_eq!(shown, ["p95_ms <= 100", "max_ms <= 1.5", "recall >= 0.95", "validation pass"]);
    }

    #[test]
    fn every_gate_has_a_name() {
        for (gate, name) in GATES {
            assert_eq!(gate.name(), name);
        }
    }

    #[test]
    fn an_unknown_gate_is_an_error_that_names_the_known_ones() {
        let error = parse(&json!({"p95": 100})).unwrap_err();
        assert_eq!(error.message(), "unknown gate \"p95\"");
        assert!(error.detail_text().unwrap().contains("p50_ms, p95_ms, p99_ms, max_ms, recall"));
    }

    #[test]
    fn a_bound_has_to_make_sense() {
        for gates in [
            json!({"p95_ms": "100"}),
            json!({"p95_ms": -1}),
            json!({"p95_ms": null}),
            json!({"recall": 95}),
            json!({"validation": true}),
            json!({}),
            json!([]),
            json!("p95_ms"),
        ] {
            assert_eq!(parse(&gates).unwrap_err().sqlstate(), "22023");
        }
    }
}
