//! What is advised, as a row.

use serde_json::{Value, json};

use super::{
    candidate::{Candidate, Method},
    choose::Nothing,
};

/// A kind of advice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// An index, by the word for it.
    Make(&'static str),
    /// No index.
    None,
    /// An index should go.
    Drop,
}

impl Advice {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Make(kind) => kind,
            Self::None => "none",
            Self::Drop => "drop",
        }
    }
}

/// A row of advice.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The statement.
    pub index_sql: Option<String>,
    /// What kind of index.
    pub kind: Advice,
    /// The columns that it is about.
    pub columns: Vec<String>,
    /// Why, in sentences.
    pub rationale: String,
    /// What it takes on disk, in bytes; negative: what would be free.
    pub expected_size: Option<f64>,
    /// What its build takes.
    pub expected_build_seconds: Option<f64>,
    /// What queries cost before and after.
    pub expected_gain: Value,
    /// How much of a risk it is, and why.
    pub risk: Option<String>,
    /// What queries cost less by it.
    pub gain: Option<f64>,
}

impl Row {
    /// No index.
    pub fn nothing(nothing: Nothing, query: Option<&str>) -> Self {
        let why = match query {
            Some(name) => format!("{}: {}", crate::validate::check::sentence(name), nothing.why),
            None => nothing.why,
        };
        Self {
            index_sql: None,
            kind: Advice::None,
            columns: nothing.columns,
            rationale: why,
            expected_size: None,
            expected_build_seconds: None,
            expected_gain: json!({"method": "none"}),
            risk: None,
            gain: None,
        }
    }
}

/// What a build blocks, and for how long: low below a second, high above five, which is what a lock
/// may be held while others wait.
pub fn risk_of_build(seconds: f64, candidate: Option<&Candidate>) -> String {
    let level = match seconds {
        ..1.0 => "low",
        1.0..5.0 => "medium",
        _ => "high",
    };
    let writes = match candidate.map(|candidate| candidate.method) {
        Some(Method::Brin) => "it costs later writes next to nothing",
        Some(Method::Gin) => "each write adds an entry for each element",
        _ => "each write maintains it, and updates of its columns are no longer heap-only",
    };
    format!(
        "{level}: CREATE INDEX takes a SHARE lock, which blocks writes but no reads, for about {seconds:.1} s; CREATE INDEX CONCURRENTLY blocks neither, outside of a transaction; {writes}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_builds_are_a_risk() {
        assert!(risk_of_build(0.1, None).starts_with("low: CREATE INDEX takes a SHARE lock"));
        assert!(risk_of_build(1.0, None).starts_with("medium"));
        assert!(risk_of_build(60.0, None).starts_with("high"));
    }
}
