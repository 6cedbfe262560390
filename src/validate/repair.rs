//! `validate_repair`: makes the target equal to the source, row by row, or shows the statements
//! that would.

use migrator_model::{Ident, QualifiedName, ident::clip};
use pgrx::datum::DatumWithOid;
use serde::Deserialize;
use serde_json::Value;

use super::{
    locate::{MOST, Search},
    options::{Arguments, Wanted},
    pair::Pair,
    session::Session,
    statement::{Phase, Statement, Statements},
    target_schema::TargetConstraint,
};
use crate::{
    error::{Error, Result},
    load::Logged,
    pg::{memory, spi},
    source::named,
};

/// One statement.
pub struct Repair {
    /// The relation here, qualified.
    pub target: String,
    /// `missing`, `extra`, `changed` or `duplicate`.
    pub op: &'static str,
    /// The row's key; all of it where there is none.
    pub key: Value,
    /// The statement.
    pub sql: String,
    /// The rows that it has touched; None: it was not run.
    pub rows: Option<i64>,
    /// The rows that it is for.
    expected: u64,
}

/// A validation, as the run log has it.
#[derive(Deserialize)]
struct Recorded {
    source: String,
    source_table: Option<String>,
    options: Value,
}

/// A table that has failed in it.
#[derive(Deserialize)]
struct Failed {
    source_name: String,
    target_name: String,
}

const FAILED: &str = "
    SELECT DISTINCT source_name, target_name FROM migrator.checks
     WHERE run_id = $1 AND status = 'fail' AND category IN ('volume', 'profile', 'content', 'fidelity')
       AND source_name IS NOT NULL AND target_name IS NOT NULL
     ORDER BY target_name";

/// Compares the tables that have failed in a validation again, and makes or shows the statements.
pub fn repair(run_id: i64, dry_run: bool) -> Result<Vec<Repair>> {
    let run = [DatumWithOid::from(run_id)];
    let sql = "SELECT source, source_table, options FROM migrator.validations WHERE run_id = $1";
    let recorded: Recorded = spi::first(sql, &run)?.ok_or_else(|| {
        Error::new("P0002", format!("there is no validation {run_id}"))
            .detail("Validations of other roles are not shown.")
    })?;
    let mut session = Session::open(&recorded.source_again())?;
    let mut tables = Vec::new();
    for failed in spi::rows::<Failed>(FAILED, &run)? {
        tables.extend(table(&mut session, &recorded, &failed)?);
    }
    session.reader.close();
    let mut repairs = in_order(tables);
    if !dry_run {
        repairs.iter_mut().try_for_each(self::run)?;
    }
    Ok(repairs)
}

/// A table's statements.
struct Table {
    name: QualifiedName,
    /// The tables that its foreign keys refer to.
    parents: Vec<QualifiedName>,
    repairs: Vec<(Phase, Repair)>,
}

/// Rows are removed from the tables that refer to others first, and added to those last.
fn in_order(tables: Vec<Table>) -> Vec<Repair> {
    let ranks = ranks(&tables);
    let mut all: Vec<_> = tables
        .into_iter()
        .zip(ranks)
        .flat_map(|(table, rank)| {
            table.repairs.into_iter().map(move |(phase, one)| (phase, rank, one))
        })
        .collect();
    let place = |phase: Phase, rank: i64| if phase == Phase::Remove { -rank } else { rank };
    all.sort_by_key(|(phase, rank, _)| (*phase, place(*phase, *rank)));
    all.into_iter().map(|(_, _, repair)| repair).collect()
}

/// Each table's place: behind those that it refers to, as far as they are no circle.
fn ranks(tables: &[Table]) -> Vec<i64> {
    let mut ranks = vec![0_i64; tables.len()];
    for _ in 0..tables.len() {
        let before = ranks.clone();
        for (rank, table) in ranks.iter_mut().zip(tables) {
            let refers =
                |other: &Table| other.name != table.name && table.parents.contains(&other.name);
            let parents = tables.iter().zip(&before).filter(|(other, _)| refers(other));
            *rank = parents.map(|(_, rank)| rank + 1).max().unwrap_or(0);
        }
        if ranks == before {
            break;
        }
    }
    ranks
}

fn table(session: &mut Session, recorded: &Recorded, failed: &Failed) -> Result<Option<Table>> {
    let wanted = Wanted::parse(&recorded.arguments(failed))?;
    let name = session.recorded(&failed.source_name)?;
    let table = session.reader.describe_readable(&name)?;
    let pair = session.pair(table, Some(&failed.target_name), &wanted)?;
    if pair.oid.is_none() {
        return Ok(None);
    }
    if let Some((column, reason)) = pair.left_out.first() {
        let message = format!("table {} cannot be repaired row by row", failed.target_name);
        return Err(Error::new("55000", message).detail(format!("Column \"{column}\": {reason}.")));
    }
    let repairs = statements(session, &pair, &wanted)?;
    Ok(Some(Table { parents: parents(&pair), name: pair.target.name, repairs }))
}

fn parents(pair: &Pair) -> Vec<QualifiedName> {
    let name = |key: &TargetConstraint| {
        let (schema, name) = (key.parent_schema.as_ref()?, key.parent.as_ref()?);
        Some(QualifiedName::new(Ident::new(schema).ok()?, Ident::new(name).ok()?))
    };
    pair.target.constraints.iter().filter_map(name).collect()
}

/// Runs a statement. Had it touched another number of rows than it was made for, something else
/// than what was compared would have changed.
fn run(repair: &mut Repair) -> Result<()> {
    let touched = memory::briefly(|| spi::execute_with(&repair.sql, &[]))?;
    repair.rows = Some(touched as i64);
    if touched == repair.expected {
        return Ok(());
    }
    let message = format!("a repair touched {touched} rows instead of {}", repair.expected);
    Err(Error::new("55000", message)
        .detail(format!("The statement was: {}", clip(&repair.sql, 1000))))
}

impl Recorded {
    fn source_again(&self) -> String {
        named::remembered(&self.source, &self.options)
    }

    fn arguments(&self, failed: &Failed) -> Arguments {
        let options = match self.source_table.as_deref() {
            Some("*") => self.options.get("arguments").unwrap_or(&Value::Null),
            _ => &self.options,
        };
        let options = Logged(options);
        Arguments {
            source: self.source_again(),
            table_name: failed.source_name.clone(),
            target: Some(failed.target_name.clone()),
            level: "standard".to_owned(),
            checks: None,
            key: options.texts("key"),
            filter: options.text("filter"),
            tolerance: options.object("tolerance"),
            options: options.object("options"),
        }
    }
}

fn statements(session: &mut Session, pair: &Pair, wanted: &Wanted) -> Result<Vec<(Phase, Repair)>> {
    pair.refuse_hidden()?;
    let side = pair.side(wanted)?;
    let environment = crate::pg::types::environment()?;
    let mut search = Search { reader: &mut session.reader, pair, side: &side };
    let (rows, complete) = search.all(MOST, true)?;
    if !complete {
        let message = format!("more than {MOST} rows of {} differ", pair.target.name.quoted());
        return Err(Error::new("54000", message).hint("Load the table again."));
    }
    let statements = Statements { pair, side: &side, environment: &environment };
    let refers_to_itself = parents(pair).contains(&pair.target.name);
    let mut all: Vec<(Statement, &'static str, Vec<Value>)> = Vec::new();
    for row in &rows {
        let (op, key) = (row.found.op.as_str(), pair.key_of(row));
        for statement in statements.of(row)? {
            add(&mut all, refers_to_itself, statement, (op, key.clone()));
        }
    }
    Ok(all.into_iter().map(|(statement, op, keys)| one(pair, &statement, op, keys)).collect())
}

/// Adds a statement, to one that is there where the table refers to itself.
fn add(
    all: &mut Vec<(Statement, &'static str, Vec<Value>)>,
    together: bool,
    statement: Statement,
    (op, key): (&'static str, Value),
) {
    let mut left = Some(statement);
    if together {
        for (other, _, keys) in all.iter_mut() {
            left = left.and_then(|one| other.merge(one));
            if left.is_none() {
                keys.push(key);
                return;
            }
        }
    }
    all.extend(left.map(|statement| (statement, op, vec![key])));
}

fn one(
    pair: &Pair,
    statement: &Statement,
    op: &'static str,
    mut keys: Vec<Value>,
) -> (Phase, Repair) {
    let key = if keys.len() == 1 { keys.remove(0) } else { keys.into() };
    let target = pair.target.name.quoted();
    let (sql, expected) = (statement.sql(), statement.rows());
    (statement.phase, Repair { target, op, key, sql, rows: None, expected })
}
