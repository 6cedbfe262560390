//! What must hold within a relation on its own, wherever its rows came from.

mod accepted;
mod check_violation;
mod constraint_validated;
mod duplicate_index;
mod fk_index_coverage;
mod foreign_key;
mod heap;
mod identity_overflow_margin;
mod index_valid;
mod look;
mod missing_primary_key;
mod not_null;
mod options;
mod orphaned_records;
mod question;
mod relation;
mod sequence;
mod sequence_ahead_of_max;
mod statistics_fresh;
mod task;
mod unique;
mod vector;

pub use self::duplicate_index::covered as covered_indexes;

use std::time::Instant;

use serde_json::Value;

use self::{
    heap::Heap,
    look::Look,
    options::Options,
    relation::Relation,
    task::{Task, settle},
};
use super::check::{Category, Check, Severity, unknown_check};
use crate::{error::Result, pg::subtransaction::attempt};

/// Finds what a check has to look at in a relation.
type Plan = for<'a> fn(Look<'a>) -> Result<Vec<Task<'a>>>;

/// A check that can be asked for by name.
struct Entry {
    name: &'static str,
    category: Category,
    severity: Severity,
    plan: Plan,
}

const fn fails(name: &'static str, category: Category, plan: Plan) -> Entry {
    Entry { name, category, severity: Severity::Error, plan }
}

const fn warns(name: &'static str, category: Category, plan: Plan) -> Entry {
    Entry { name, category, severity: Severity::Warn, plan }
}

/// All checks, in the order in which they are made.
const CHECKS: &[Entry] = &[
    fails("not_null", Category::Integrity, not_null::plan),
    fails("unique", Category::Integrity, unique::plan_of_one),
    fails("unique_combination", Category::Integrity, unique::plan_of_several),
    fails("orphaned_records", Category::Integrity, orphaned_records::plan),
    fails("check_violation", Category::Integrity, check_violation::plan),
    fails("accepted_values", Category::Integrity, accepted::plan_of_values),
    fails("accepted_range", Category::Integrity, accepted::plan_of_range),
    fails("sequence_ahead_of_max", Category::Integrity, sequence_ahead_of_max::plan),
    warns("identity_overflow_margin", Category::Integrity, identity_overflow_margin::plan),
    fails("vector_dimension_uniform", Category::Vector, vector::plan_of_dimension),
    fails("vector_non_finite", Category::Vector, vector::plan_of_non_finite),
    warns("vector_zero_norm", Category::Vector, vector::plan_of_zero_norm),
    fails("constraint_validated", Category::Schema, constraint_validated::plan),
    fails("index_valid", Category::Schema, index_valid::plan),
    warns("missing_primary_key", Category::Schema, missing_primary_key::plan),
    warns("fk_index_coverage", Category::Schema, fk_index_coverage::plan),
    warns("duplicate_index", Category::Schema, duplicate_index::plan),
    warns("statistics_fresh", Category::Physical, statistics_fresh::plan),
];

/// The names of all checks.
pub fn names() -> impl Iterator<Item = &'static str> {
    CHECKS.iter().map(|entry| entry.name)
}

/// Checks a relation: all that applies to it, or the named checks.
pub fn of_relation(oid: u32, checks: Option<&[String]>, options: &Value) -> Result<Vec<Check>> {
    let (chosen, options) = (chosen(checks)?, Options::parse(options)?);
    run(&[Relation::target(oid)?], &chosen, &options)
}

/// Checks every table and materialized view of a schema, in the order of their names.
pub fn of_schema(schema: &str, checks: Option<&[String]>, options: &Value) -> Result<Vec<Check>> {
    let (chosen, options) = (chosen(checks)?, Options::parse(options)?);
    run(&Relation::targets_in(schema)?, &chosen, &options)
}

fn chosen(names: Option<&[String]>) -> Result<Vec<&'static Entry>> {
    let Some(wanted) = names else { return Ok(CHECKS.iter().collect()) };
    match wanted.iter().find(|name| names_nothing(name)) {
        Some(name) => Err(unknown_check(name, self::names())),
        None => Ok(CHECKS.iter().filter(|entry| is_in(wanted, entry.name)).collect()),
    }
}

fn names_nothing(name: &str) -> bool {
    names().all(|known| known != name)
}

fn is_in(wanted: &[String], name: &str) -> bool {
    wanted.iter().any(|one| one == name)
}

fn run(targets: &[Relation], chosen: &[&'static Entry], options: &Options) -> Result<Vec<Check>> {
    options.refuse_unknown_columns(targets)?;
    let heap = Heap::default();
    let mut checks = Vec::new();
    for relation in targets {
        for entry in chosen.iter().copied() {
            checks.extend(checked(Look { entry, relation, options, heap: &heap, targets })?);
        }
    }
    Ok(checks)
}

/// One check of one relation. What goes wrong with it is its verdict, unless it must end all.
fn checked(look: Look<'_>) -> Result<Vec<Check>> {
    let began = Instant::now();
    let tasks = match attempt(|| (look.entry.plan)(look)) {
        Ok(tasks) => tasks,
        Err(error) => return settle(Err(error), look.check(), began.elapsed()),
    };
    // Finding them took its time, too.
    let share = began.elapsed() / tasks.len().max(1) as u32;
    let mut checks = Vec::new();
    for task in tasks {
        checks.extend(task.finish(look, share)?);
    }
    Ok(checks)
}
