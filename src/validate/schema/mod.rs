//! The schema checks: whether the catalog of the target says what the source's does. Names of keys
//! and indexes mean nothing: what counts is their columns. What the target asks for beyond the
//! source, a key of its own for instance, is told in a note and is no failure.

mod columns;
mod expressions;
mod indexes;
mod keys;
mod labels;
mod names;
mod texts;

#[cfg(test)]
mod tests;

use migrator_model::{
    Ident, QualifiedName, SourceName,
    catalog::{Column, Table},
    ident::quote,
};

use super::{
    check::{Category, Check, Severity},
    stored::StoredExpressions,
    target_schema::{TargetColumn, TargetSchema},
};
use crate::{database, load::PlannedColumn};

/// Finds a table of the source here, with the names of some of its columns.
pub type Parents<'a> = &'a dyn Fn(&SourceName, &[String]) -> Option<(QualifiedName, Vec<Ident>)>;

/// What the target should be.
pub struct Wanted<'a> {
    /// The source table.
    pub table: &'a Table,
    /// What its columns become.
    pub planned: &'a [PlannedColumn],
    /// What the server keeps of its expressions.
    pub stored: &'a StoredExpressions,
    /// Where the tables of its foreign keys are.
    pub parents: Parents<'a>,
}

/// Every schema check. Where a check looks at many columns there is a row for each of which there
/// is something to say, or else one row for all.
pub fn checks(wanted: &Wanted<'_>, target: &TargetSchema) -> Vec<Check> {
    let mut checks = vec![table_exists(target)];
    if target.kind.is_some() {
        let sides = Sides { wanted, target, pairs: pairs(wanted.table, wanted.planned, target) };
        checks.extend(columns::checks(&sides));
        checks.extend(expressions::checks(&sides));
        checks.extend(keys::checks(&sides));
        checks.extend(indexes::checks(&sides));
        checks.extend(labels::checks(&sides));
        checks.extend(texts::checks(&sides));
        checks.extend(names::checks(&sides));
    }
    let source = wanted.table.name.to_string();
    let named = |check| Check { source_name: Some(source.clone()), ..check };
    checks.into_iter().map(|check| named(check).target(target.name.quoted())).collect()
}

fn table_exists(target: &TargetSchema) -> Check {
    let kind = match target.kind.as_deref() {
        None => "none",
        Some("r") => "table",
        Some("p") => "partitioned table",
        Some("v") => "view",
        Some("m") => "materialized view",
        Some("f") => "foreign table",
        Some(_) => "another relation",
    };
    let holds = !matches!(kind, "none" | "another relation");
    let check = Check { expected: Some("table".into()), ..error("table_exists") };
    Check { actual: Some(kind.into()), ..check }.holds(holds)
}

/// A planned column, and where it is.
pub struct Pair<'a> {
    /// What it should be.
    pub planned: &'a PlannedColumn,
    /// Its source.
    pub source: &'a Column,
    /// What it is.
    pub column: Option<&'a TargetColumn>,
}

/// Finds the planned columns in the target.
pub fn pairs<'a>(
    table: &'a Table,
    planned: &'a [PlannedColumn],
    target: &'a TargetSchema,
) -> Vec<Pair<'a>> {
    let names: Vec<_> = planned.iter().map(|column| column.name.clone()).collect();
    let renamed = database::column_names(&names).unwrap_or_default();
    let pair = |(at, planned): (usize, &'a PlannedColumn)| {
        let source = table.columns.get(planned.source)?;
        let column = find(&target.columns, &planned.name, renamed.get(at));
        Some(Pair { planned, source, column })
    };
    planned.iter().enumerate().filter_map(pair).collect()
}

/// The exact spelling first; then as a load of the whole file spells it where it cannot keep it;
/// then any case where that is one column only.
fn find<'t>(
    columns: &'t [TargetColumn],
    name: &str,
    renamed: Option<&Ident>,
) -> Option<&'t TargetColumn> {
    let exact = |name: &str| columns.iter().find(|column| column.name == name);
    exact(name).or_else(|| exact(renamed?.as_str())).or_else(|| {
        let folded = name.to_lowercase();
        let mut alike = columns.iter().filter(|column| column.name.to_lowercase() == folded);
        alike.next().filter(|_| alike.next().is_none())
    })
}

/// Both sides of every check.
struct Sides<'a> {
    wanted: &'a Wanted<'a>,
    target: &'a TargetSchema,
    pairs: Vec<Pair<'a>>,
}

impl Sides<'_> {
    /// The columns that are on both sides, with their places among the planned ones.
    fn shared(&self) -> impl Iterator<Item = (usize, &Pair<'_>, &TargetColumn)> {
        let pairs = self.pairs.iter().enumerate();
        pairs.filter_map(|(at, pair)| Some((at, pair, pair.column?)))
    }

    /// The target's names of source columns; None where one of them is not compared as it is.
    fn names(&self, columns: &[String]) -> Option<Vec<String>> {
        columns.iter().map(|column| self.name(column)).collect()
    }

    fn name(&self, column: &str) -> Option<String> {
        let pair = self.pairs.iter().find(|pair| {
            let scan = &pair.planned.scan;
            scan.field.is_none() && scan.name.eq_ignore_ascii_case(column)
        })?;
        Some(pair.column.map_or(&pair.planned.name, |column| &column.name).clone())
    }

    /// A statement that changes the target.
    fn alter(&self, change: &str) -> String {
        format!("ALTER TABLE {} {change}", self.target.name.quoted())
    }
}

fn error(name: &'static str) -> Check {
    Check::new(name, Category::Schema, Severity::Error)
}

fn warning(name: &'static str) -> Check {
    Check::new(name, Category::Schema, Severity::Warn)
}

/// The rows, or one that says that there is nothing to say.
fn or_all(rows: Vec<Check>, all: Check) -> Vec<Check> {
    if rows.is_empty() { vec![all] } else { rows }
}

/// `(a, "Line No")`
fn list(columns: &[String]) -> String {
    let names: Vec<_> = columns.iter().map(|name| plain(name)).collect();
    format!("({})", names.join(", "))
}

/// A name as the server shows it: quoted only where it has to be.
fn plain(name: &str) -> String {
    migrator_model::ident::duckdb_name(name)
}

/// Names for a statement.
fn quoted(columns: &[String]) -> String {
    columns.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ")
}

fn same_set(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|name| other.contains(name))
}

const NOT_COMPARED: &str = "not all of its columns are compared";
const BEYOND: &str = "the target has it, the source has not";
