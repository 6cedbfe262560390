//! What comes of statements, whether rows or an error, as texts.

use postgres::{Client, SimpleQueryMessage};

/// A row.
pub type Row = Vec<Option<String>>;

/// What came of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All rows of all statements.
    Rows(Vec<Row>),
    /// Of the first statement that failed.
    Error {
        /// SQLSTATE
        code: String,
        /// The first line.
        message: String,
    },
}

impl Outcome {
    /// The rows; panics where there is an error.
    pub fn rows(self) -> Vec<Row> {
        match self {
            Self::Rows(rows) => rows,
            Self::Error { code, message } => panic!("{code} {message}"),
        }
    }
}

/// Runs statements, and collects all rows.
pub fn outcome(client: &mut Client, batch: &str) -> Outcome {
    let messages = match client.simple_query(batch) {
        Ok(messages) => messages,
        Err(error) => {
            let Some(error) = error.as_db_error() else { panic!("{batch}: {error:?}") };
            let code = error.code().code().to_owned();
            return Outcome::Error { code, message: error.message().to_owned() };
        }
    };
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect())
        }
        _ => None,
    });
    Outcome::Rows(rows.collect())
}
