//! What became of each object of a source: one step each, tried, recorded, reported.

use std::{collections::HashMap, time::Instant};

use migrator_model::SourceName;

use crate::{
    ddl::{Kind, Statement},
    error::{Error, Result},
    pg::{spi, subtransaction},
};

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is here, as it was there.
    Done,
    /// It is here, in PostgreSQL's words.
    Translated,
    /// It is here, with a function beside it that PostgreSQL did not have.
    Shimmed,
    /// It was left out on purpose.
    Skipped,
    /// PostgreSQL cannot say it: somebody has to.
    Manual,
    /// The server refused it.
    Failed,
}

impl Verdict {
    /// The word users see.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Translated => "translated",
            Self::Shimmed => "shimmed",
            Self::Skipped => "skipped",
            Self::Manual => "manual",
            Self::Failed => "failed",
        }
    }

    fn is_here(self) -> bool {
        matches!(self, Self::Done | Self::Translated | Self::Shimmed)
    }

    fn is_missing(self) -> bool {
        matches!(self, Self::Manual | Self::Failed)
    }
}

/// What a step is about.
#[derive(Clone, Debug)]
pub struct About {
    /// What kind of object it is.
    pub kind: Kind,
    /// What it is called in the source.
    pub source: String,
    /// What it is called here.
    pub target: Option<String>,
    /// How a message names it: `primary key "orders_pkey"`.
    pub what: String,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it is about.
    pub about: About,
    /// What became of it.
    pub verdict: Verdict,
    /// The statement that ran or, where none could be made, the source's own text.
    pub sql: Option<String>,
    /// Rows that were loaded.
    pub rows: Option<i64>,
    /// How long it took.
    pub seconds: f64,
    /// Why, and what is different.
    pub note: Option<String>,
}

/// What a failure of a statement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It ends the run.
    Raise,
    /// It is recorded, and the run goes on; but where the data contradicts a key it ends.
    Record,
    /// It is recorded, and the run goes on.
    KeepGoing,
}

/// The steps of a run, in order.
pub struct Steps {
    /// The report.
    pub list: Vec<Step>,
    /// Whether something that cannot be said in PostgreSQL ends the run.
    pub strict: bool,
    /// What a failure means.
    pub on_failure: OnFailure,
    /// What tables had in DuckDB's words and have not here, by table.
    originals: HashMap<SourceName, Vec<Original>>,
}

/// A part of a table that PostgreSQL cannot say: it stays in a comment.
#[derive(Clone, Debug)]
pub struct Original {
    /// The column that it belongs to, if it is one's.
    pub column: Option<String>,
    /// DuckDB's words.
    pub text: String,
}

impl Steps {
    /// None yet.
    pub fn new(strict: bool, on_failure: OnFailure) -> Self {
        Self { list: Vec::new(), strict, on_failure, originals: HashMap::new() }
    }

    /// Runs a statement and records what came of it. `fatal` are the SQLSTATEs that mean that the
    /// data contradicts it: they are for the caller to explain. False: it is not there.
    pub fn run(
        &mut self,
        about: About,
        statement: &Statement,
        verdict: Verdict,
        fatal: &[&str],
    ) -> Result<bool> {
        let began = Instant::now();
        let raise = self.on_failure == OnFailure::Raise;
        let done = match raise && fatal.is_empty() {
            true => spi::execute(&statement.sql),
            false => subtransaction::attempt(|| spi::execute(&statement.sql)),
        };
        let (verdict, note) = match done {
            Ok(()) => (verdict, None),
            Err(error) if raise || error.is_fatal() || self.ends_by(&error, fatal) => {
                return Err(error);
            }
            Err(error) => (Verdict::Failed, Some(reason(&error))),
        };
        let (sql, seconds) = (Some(statement.sql.clone()), began.elapsed().as_secs_f64());
        let step = Step { about, verdict, sql, rows: None, seconds, note };
        self.push(step)
    }

    fn ends_by(&self, error: &Error, fatal: &[&str]) -> bool {
        self.on_failure == OnFailure::Record && fatal.contains(&error.sqlstate())
    }

    /// Runs a statement without which nothing that follows makes sense, and records it.
    pub fn run_or_raise(&mut self, about: About, statement: &Statement) -> Result<()> {
        let began = Instant::now();
        spi::execute(&statement.sql)?;
        let (sql, seconds) = (Some(statement.sql.clone()), began.elapsed().as_secs_f64());
        let verdict = Verdict::Done;
        self.push(Step { about, verdict, sql, rows: None, seconds, note: None }).map(|_| ())
    }

    /// Records a statement that has run already.
    pub fn done(&mut self, about: About, verdict: Verdict, sql: &str) -> Result<()> {
        self.done_with(about, verdict, sql, None)
    }

    /// The same with a note.
    pub fn done_with(
        &mut self,
        about: About,
        verdict: Verdict,
        sql: &str,
        note: Option<String>,
    ) -> Result<()> {
        let sql = Some(sql.to_owned());
        self.push(Step { about, verdict, sql, rows: None, seconds: 0.0, note }).map(|_| ())
    }

    /// Records what PostgreSQL cannot say, with the source's text as a comment of SQL, so that the
    /// statements of a report make a script.
    pub fn manual(&mut self, about: About, text: Option<&str>, reason: &str) -> Result<bool> {
        let text = text.map(commented);
        self.without_statement(about, Verdict::Manual, text, reason)
    }

    /// The same for a part of a table.
    pub fn manual_part(
        &mut self,
        about: About,
        table: &SourceName,
        original: Original,
        reason: &str,
    ) -> Result<bool> {
        let text = original.text.clone();
        self.originals.entry(table.clone()).or_default().push(original);
        self.manual(about, Some(&text), reason)
    }

    /// What a table had and has not here.
    pub fn originals(&self, table: &SourceName) -> Vec<Original> {
        self.originals.get(table).cloned().unwrap_or_default()
    }

    /// Records what is left out, and why.
    pub fn skip(&mut self, about: About, reason: &str) -> Result<bool> {
        self.without_statement(about, Verdict::Skipped, None, reason)
    }

    fn without_statement(
        &mut self,
        about: About,
        verdict: Verdict,
        sql: Option<String>,
        reason: &str,
    ) -> Result<bool> {
        let note = Some(reason.to_owned());
        self.push(Step { about, verdict, sql, rows: None, seconds: 0.0, note })
    }

    /// Records a step. Under `strict` one whose object is not here, though it should be, ends the
    /// run.
    pub fn push(&mut self, step: Step) -> Result<bool> {
        if self.strict && step.verdict.is_missing() {
            return Err(Error::new("0A000", warning(&step)));
        }
        let is_here = step.verdict.is_here();
        self.list.push(step);
        Ok(is_here)
    }

    /// What should be here and is not, one line each.
    pub fn warnings(&self) -> Vec<String> {
        self.list.iter().filter(|step| step.verdict.is_missing()).map(warning).collect()
    }

    /// What is not here, one line each.
    pub fn all_warnings(&self) -> Vec<String> {
        self.list.iter().filter(|step| !step.verdict.is_here()).map(warning).collect()
    }
}

fn commented(text: &str) -> String {
    text.lines().map(|line| format!("-- {line}")).collect::<Vec<_>>().join("\n")
}

fn warning(step: &Step) -> String {
    let reason = step.note.as_deref().unwrap_or_default();
    format!("{} was not made: {reason}", step.about.what)
}

/// An error as a note: one line.
pub fn reason(error: &Error) -> String {
    let detail = error.detail_text().map_or_else(String::new, |detail| format!(" ({detail})"));
    format!("{}{detail}", error.message())
}
