//! One check and its verdict: a row of every validation's result.

use migrator_model::reject::shown;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// No more failing keys are shown of a check.
pub const FAILING_KEYS: usize = 20;

/// What a check looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// What the catalogs say.
    Schema,
    /// How many rows there are.
    Volume,
    /// What columns look like.
    Profile,
    /// Whether the values are the same.
    Content,
    /// What values may lose on their way.
    Fidelity,
    /// What holds within the target.
    Integrity,
    /// Embeddings.
    Vector,
    /// How the target is stored.
    Physical,
}

/// How much a failure matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something is wrong: the check fails.
    Error,
    /// Somebody should look at it: the check warns.
    Warn,
}

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It does not hold, and its severity is warn.
    Warn,
    /// It was not looked at, as the note says.
    Skip,
    /// It could not be looked at: the note has the error.
    Error,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Its name: the field's own word where there is one.
    #[serde(rename = "check_name")]
    pub name: &'static str,
    /// What it looks at.
    pub category: Category,
    /// How much a failure matters.
    pub severity: Severity,
    /// The table or view in the source.
    pub source_name: Option<String>,
    /// The relation here, qualified and quoted.
    pub target_name: Option<String>,
    /// The column in the target, or several with commas.
    pub column_name: Option<String>,
    /// The verdict.
    pub status: Status,
    /// What should be.
    pub expected: Option<String>,
    /// What is.
    pub actual: Option<String>,
    /// Between the two, where that can be said.
    pub difference: Option<String>,
    /// How many rows were looked at.
    pub rows_checked: Option<i64>,
    /// How many of them are not as they should be.
    pub unexpected_count: Option<i64>,
    /// Some of these: at most [`FAILING_KEYS`], each an object of key columns.
    pub failing_keys: Vec<Value>,
    /// What a reader should know: why it was skipped, what was consented to.
    pub note: Option<String>,
    /// What would mend it: a statement where there is one.
    pub remedy: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// The SQLSTATE and the message of what has kept it from being made.
    #[serde(skip)]
    pub error: Option<(String, String)>,
}

/// A word of a verdict, as users see it.
macro_rules! words {
    ($($name:ident { $($variant:ident => $word:literal),* $(,)? })*) => {$(
        impl $name {
            /// The word users see.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    )*};
}

words! {
    Category {
        Schema => "schema", Volume => "volume", Profile => "profile", Content => "content",
        Fidelity => "fidelity", Integrity => "integrity", Vector => "vector",
        Physical => "physical",
    }
    Severity { Error => "error", Warn => "warn" }
    Status { Pass => "pass", Fail => "fail", Warn => "warn", Skip => "skip", Error => "error" }
}

impl Check {
    /// A check that holds, to be completed.
    pub fn new(name: &'static str, category: Category, severity: Severity) -> Self {
        Self {
            name,
            category,
            severity,
            source_name: None,
            target_name: None,
            column_name: None,
            status: Status::Pass,
            expected: None,
            actual: None,
            difference: None,
            rows_checked: None,
            unexpected_count: None,
            failing_keys: Vec::new(),
            note: None,
            remedy: None,
            seconds: 0.0,
            error: None,
        }
    }

    /// Names the column.
    pub fn column(self, name: impl Into<String>) -> Self {
        Self { column_name: Some(name.into()), ..self }
    }

    /// Names the relation here.
    pub fn target(self, name: impl Into<String>) -> Self {
        Self { target_name: Some(name.into()), ..self }
    }

    /// Says what should be and what is; it holds if both are the same.
    pub fn compare(self, expected: impl ToString, actual: impl ToString) -> Self {
        let (expected, actual) = (expected.to_string(), actual.to_string());
        let holds = expected == actual;
        let compared = Self { expected: Some(expected), actual: Some(actual), ..self };
        compared.holds(holds)
    }

    /// Decides the verdict.
    pub fn holds(self, holds: bool) -> Self {
        let status = match (holds, self.severity) {
            (true, _) => Status::Pass,
            (false, Severity::Error) => Status::Fail,
            (false, Severity::Warn) => Status::Warn,
        };
        Self { status, ..self }
    }

    /// It was not looked at.
    pub fn skip(self, why: impl Into<String>) -> Self {
        Self { status: Status::Skip, note: Some(why.into()), ..self }
    }

    /// It could not be looked at, for this reason.
    pub fn failed(self, error: &Error) -> Self {
        let detail = error.detail_text().map(|detail| format!(": {detail}")).unwrap_or_default();
        let message = format!("{}{detail}", error.message());
        let reason = format!("{}: {message}", error.sqlstate());
        let note = self.noted(&reason);
        let error = Some((error.sqlstate().to_owned(), message));
        Self { status: Status::Error, error, ..self.note(note) }
    }

    /// A reason behind what is noted of what the check looks at.
    pub fn noted(&self, reason: &str) -> String {
        match &self.note {
            Some(note) => format!("{note}: {reason}"),
            None => reason.to_owned(),
        }
    }

    /// Adds a note.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: Some(note.into()), ..self }
    }

    /// Adds a remedy.
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

/// A check that was asked for and is none of the known ones.
pub fn unknown_check(name: &str, known: impl Iterator<Item = &'static str>) -> Error {
    Error::new("22023", format!("there is no check \"{}\"", shown(name)))
        .hint(format!("Checks are: {}.", known.collect::<Vec<_>>().join(", ")))
}

/// A reason as the start of a sentence.
pub fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
