//! `migrate_gate`: whether a run's targets are as good as they have to be, by what was measured
//! since. What was not measured is no pass.

mod found;
mod wanted;

use self::{
    found::{Found, Run},
    wanted::Wanted,
};
use crate::error::Result;

/// The verdict on one gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its name.
    pub gate: &'static str,
    /// What is asked for.
    pub wanted: String,
    /// What is.
    pub measured: Option<String>,
    /// pass, fail or skip.
    pub verdict: &'static str,
    /// What was measured where, or why nothing was.
    pub note: String,
    /// The measurement, where it is one.
    pub measurement_id: Option<i64>,
}

/// The verdicts on a run, one for each gate; `gates` is an object of names and bounds.
pub fn gate(run_id: i64, gates: &serde_json::Value) -> Result<Vec<Verdict>> {
    let wanted = wanted::parse(gates)?;
    let run = Run::of(run_id)?;
    let verdict = |wanted: Wanted| Ok(judge(&wanted, run.look_up(wanted.gate)?));
    wanted.into_iter().map(verdict).collect()
}

fn judge(wanted: &Wanted, found: Found) -> Verdict {
    let (measured, verdict) = match (&found.measured, &wanted.bound) {
        (None, _) => (None, "skip"),
        (Some(found::Value::Number(value)), bound) => {
            (Some(value.to_string()), word(bound.allows(*value)))
        }
        // A verdict, which only a gate for verdicts looks up.
        (Some(found::Value::Passes(passes)), _) => (Some(word(*passes).to_owned()), word(*passes)),
    };
    Verdict {
        gate: wanted.gate.name(),
        wanted: wanted.bound.to_string(),
        measured,
        verdict,
        note: found.note,
        measurement_id: found.measurement_id,
    }
}

fn word(passes: bool) -> &'static str {
    if passes { "pass" } else { "fail" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{found::Value, *};

    fn verdict(gates: serde_json::Value, measured: Option<Value>) -> Verdict {
        let wanted = wanted::parse(&gates).unwrap().remove(0);
        let note = "why".to_owned();
        judge(&wanted, Found { measured, note, measurement_id: Some(3) })
    }

    #[test]
    fn a_time_must_not_exceed_its_bound() {
        let of = |value| verdict(json!({"p95_ms": 100}), Some(Value::Number(value)));
        let expected = Verdict {
            gate: "p95_ms",
            wanted: "<= 100".to_owned(),
            measured: Some("99.5".to_owned()),
            verdict: "pass",
            note: "why".to_owned(),
            measurement_id: Some(3),
        };
        assert_eq!(of(99.5), expected);
        assert_eq!(of(100.0).verdict, "pass");
        assert_eq!(of(100.000001).verdict, "fail");
    }

    #[test]
    fn recall_must_reach_its_bound() {
        let of = |value| verdict(json!({"recall": 0.95}), Some(Value::Number(value)));
        assert_eq!((of(0.95).verdict, of(0.95).wanted.as_str()), ("pass", ">= 0.95"));
        assert_eq!(of(0.949).verdict, "fail");
    }

    #[test]
    fn a_validation_must_pass() {
        let of = |passes| verdict(json!({"validation": "pass"}), Some(Value::Passes(passes)));
        assert_eq!((of(true).verdict, of(true).measured.as_deref()), ("pass", Some("pass")));
        assert_eq!((of(false).verdict, of(false).measured.as_deref()), ("fail", Some("fail")));
    }

    #[test]
    fn what_was_not_measured_is_skipped() {
        for gates in [json!({"p95_ms": 1}), json!({"recall": 0}), json!({"validation": "pass"})] {
            let verdict = verdict(gates, None);
            assert_eq!((verdict.verdict, verdict.measured), ("skip", None));
        }
    }
}
