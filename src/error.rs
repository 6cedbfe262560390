//! Errors as values: SQLSTATE, one factual line, DETAIL, HINT. `pg::report` turns them into the
//! server's own.

use std::fmt;

use migrator_model::{ident::NameError, protocol::Failure};

/// What went wrong, in PostgreSQL's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Failure>);

/// What most functions here return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of one line: lower case, no full stop.
    pub fn new(sqlstate: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Failure::new(sqlstate, message)))
    }

    /// Adds the DETAIL: full sentences.
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self(Box::new(self.0.detail(detail)))
    }

    /// Adds the HINT: a real remedy.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self(Box::new(self.0.hint(hint)))
    }

    /// Five characters.
    pub fn sqlstate(&self) -> &str {
        &self.0.sqlstate
    }

    /// The one line.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether nothing else should be tried after it: operator intervention, insufficient resources,
    /// system errors, internal errors, a reader gone wrong, and what another session is the reason
    /// for, a deadlock or a lock that was not to be had.
    pub fn is_fatal(&self) -> bool {
        let classes = ["57", "53", "58", "XX", "08", "40", "55P03"];
        classes.iter().any(|class| self.sqlstate().starts_with(class))
    }

    /// The DETAIL, if there is one.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The HINT, if there is one.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self(Box::new(failure))
    }
}

impl From<NameError> for Error {
    fn from(error: NameError) -> Self {
        match error {
            NameError::TooLong(_) => Self::new("42622", error.to_string()),
            NameError::Syntax => Self::new("42602", error.to_string()).hint(
                "What is no letter, digit or underscore stands between double quotes, as in \"2024-01\".",
            ),
        }
    }
}

/// A failure of the operating system.
pub fn system(what: &str, error: &std::io::Error) -> Error {
    Error::new("58000", format!("{what}: {}", reason(error)))
}

/// An operating system error as the server words it, without Rust's number.
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
