//! The validations that users call: of a table, of a run, of a whole file.

use std::time::Instant;

use migrator_model::{QualifiedName, SourceName, catalog::TableKind};
use serde_json::{Value, json};

use super::{
    check::{Category, Check, Severity},
    loaded::Run,
    log::Validation,
    options::{Arguments, Wanted},
    pair::Pair,
    session::{self, Session, Validated},
    values::Line,
};
use crate::{
    database,
    error::{Error, Result},
    pg::{facts, wait},
};

/// What a validation came to.
pub struct Report {
    /// Its number in the run log.
    pub run_id: Option<i64>,
    /// Its checks.
    pub checks: Vec<Check>,
}

/// `validate_table`
pub fn table(arguments: &Arguments) -> Result<Report> {
    table_of(Opened::new(arguments)?, arguments)
}

/// An open source, and what is wanted of it.
struct Opened {
    began: Instant,
    wanted: Wanted,
    session: Session,
    name: SourceName,
}

impl Opened {
    fn new(arguments: &Arguments) -> Result<Self> {
        let (began, wanted) = (Instant::now(), Wanted::parse(arguments)?);
        let name = SourceName::parse(&arguments.table_name)?;
        Ok(Self { began, wanted, session: Session::open(&arguments.source)?, name })
    }

    fn pair(&mut self, arguments: &Arguments) -> Result<Pair> {
        let table = self.session.reader.describe_readable(&self.name)?;
        self.session.pair(table, arguments.target.as_deref(), &self.wanted)
    }
}

fn table_of(mut opened: Opened, arguments: &Arguments) -> Result<Report> {
    let pair = opened.pair(arguments)?;
    let Opened { began, wanted, mut session, .. } = opened;
    let validated = session.validate(&pair, &wanted, None)?;
    let source_table = pair.table.name.to_string();
    let described = described(arguments);
    Finished { began, session, wanted, source_table, described }.record(vec![validated])
}

/// `validate_diff`: the rows that differ.
pub fn differences(arguments: &Arguments) -> Result<Vec<Line>> {
    let mut opened = Opened::new(arguments)?;
    let pair = opened.pair(arguments)?;
    if pair.oid.is_none() {
        let name = pair.target.name.quoted();
        return Err(Error::new("42P01", format!("relation {name} does not exist")));
    }
    let lines = opened.session.lines(&pair, &opened.wanted)?;
    opened.session.reader.close();
    Ok(lines)
}

/// `validate_run`: what a load should have left behind.
pub fn run(run_id: i64, mut arguments: Arguments) -> Result<Report> {
    let (began, run) = (Instant::now(), Run::of(run_id)?);
    arguments.options = with_run(&arguments.options, run_id)?;
    let wanted = Wanted::parse(&arguments)?;
    let mut session = same_content(&run)?;
    if run.is_of_database() {
        let load = database::Arguments::described(run.source_again(), &run.options);
        return database_of(session, began, &load, &arguments, wanted);
    }
    arguments.target = Some(run.target.clone());
    let name = session.recorded(&run.source_table)?;
    table_of(Opened { began, wanted, session, name }, &arguments)
}

fn with_run(options: &Value, run_id: i64) -> Result<Value> {
    let mut options = options
        .as_object()
        .cloned()
        .ok_or_else(|| Error::new("22023", "options must be an object"))?;
    options.insert("run".to_owned(), run_id.into());
    Ok(options.into())
}

/// What a file holds now says nothing of what was loaded from it then.
fn same_content(run: &Run) -> Result<Session> {
    let session = Session::open(&run.source_again())?;
    let now = &session.reader.ready().file.fingerprint;
    if *now == run.fingerprint {
        return Ok(session);
    }
    Err(Error::new("55000", format!("the source of run {} has changed since", run.run_id))
        .detail(format!("Its fingerprint was {}, and is {now}.", run.fingerprint))
        .hint("Compare with what the file holds now by validate_table() or validate_database()."))
}

/// `validate_database`: every table of the selection. The names here are those that
/// `migrate_database` gives.
pub fn database(selection: &database::Arguments, arguments: &Arguments) -> Result<Report> {
    let (began, wanted) = (Instant::now(), Wanted::parse(arguments)?);
    database_of(Session::open(&selection.source)?, began, selection, arguments, wanted)
}

fn database_of(
    mut session: Session,
    began: Instant,
    selection: &database::Arguments,
    arguments: &Arguments,
    wanted: Wanted,
) -> Result<Report> {
    let tables = session.reader.tables()?;
    let chosen = database::Expected::of(selection, tables, &session.objects)?;
    let mut all = Vec::new();
    for (name, target) in chosen.tables(TableKind::Table) {
        wait::interrupts();
        all.push(session::attempt(name, || one(&mut session, name, target, &wanted, &chosen))?);
    }
    for (name, target) in chosen.tables(TableKind::View) {
        all.extend(wanted.wants("view_parity").then(|| view(name, target)).transpose()?);
    }
    let described = json!({
        "selection": selection.described_selection(),
        "arguments": described(arguments),
    });
    Finished { began, session, wanted, source_table: "*".to_owned(), described }.record(all)
}

/// A view is carried as its query: that it is there is all that is checked. `validate_table`
/// compares its rows.
fn view(name: &SourceName, target: &QualifiedName) -> Result<Validated> {
    let found = facts::relation_oid(target)?.is_some();
    let check = Check::new("view_parity", Category::Schema, Severity::Warn);
    let check = Check { source_name: Some(name.to_string()), ..check.target(target.quoted()) };
    let check = check.compare("view", if found { "view" } else { "none" });
    let target = target.quoted();
    Ok(Validated { checks: vec![check], lines: Vec::new(), target, run: None })
}

fn one(
    session: &mut Session,
    name: &SourceName,
    target: &QualifiedName,
    wanted: &Wanted,
    places: &database::Expected,
) -> Result<Validated> {
    let table = session.reader.describe_readable(name)?;
    let pair = session.pair(table, Some(&target.quoted()), wanted)?;
    session.validate(&pair, wanted, Some(places))
}

/// A validation before it is recorded.
struct Finished {
    began: Instant,
    session: Session,
    wanted: Wanted,
    source_table: String,
    described: Value,
}

impl Finished {
    fn record(self, validated: Vec<Validated>) -> Result<Report> {
        let loaded_by = validated.iter().find_map(|one| one.run.as_ref()).map(|run| run.run_id);
        let target = match (self.source_table.as_str(), validated.first()) {
            ("*", _) | (_, None) => "*".to_owned(),
            (_, Some(only)) => only.target.clone(),
        };
        let (mut checks, mut lines) = (Vec::new(), Vec::new());
        for one in validated {
            checks.extend(one.checks);
            lines.push((one.target, one.lines));
        }
        let run_id = Validation {
            source: self.session.source.shown.clone(),
            fingerprint: self.session.reader.ready().file.fingerprint.clone(),
            source_table: self.source_table,
            target,
            level: self.wanted.level.as_str(),
            loaded_by,
            options: self.session.source.remember(self.described),
            seconds: self.began.elapsed().as_secs_f64(),
            checks: &checks,
        }
        .record(&lines)?;
        self.session.reader.close();
        Ok(Report { run_id: Some(run_id), checks })
    }
}

fn described(arguments: &Arguments) -> Value {
    json!({
        "checks": arguments.checks,
        "key": arguments.key,
        "filter": arguments.filter,
        "tolerance": arguments.tolerance,
        "options": arguments.options,
    })
}
