//! GetForeignRelSize: a foreign table with its conditions, and how many rows it may give.

use std::{collections::BTreeSet, rc::Rc};

use pgrx::{
    pg_sys::{self, Expr, Oid, PlannerInfo, RelOptInfo},
    prelude::*,
};

use super::{
    conditions::{self, Condition, Place},
    cost::Work,
    expression::{Columns, Translator},
    nodes,
    planning::Planning,
    state::{Origin, State, Table},
};
use crate::{
    error::Result,
    pg::report,
    readers::{
        assumed::Assumed,
        pushdown::{Remote, Select},
        table::{self, ForeignTable},
    },
    settings,
};

/// Where neither the source nor ANALYZE has counted rows.
const UNKNOWN_TUPLES: f64 = 1000.0;

/// # Safety
/// Called by the planner.
#[pg_guard]
pub unsafe extern "C-unwind" fn get_foreign_rel_size(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    table: Oid,
) {
    // SAFETY: the planner calls it for a foreign table of ours.
    report::or_raise(unsafe { look_at(root, rel, table) });
}

/// # Safety
/// As for `get_foreign_rel_size`.
unsafe fn look_at(root: *mut PlannerInfo, rel: *mut RelOptInfo, table: Oid) -> Result<()> {
    // SAFETY: by the caller; the state is only made after the size is known.
    unsafe {
        let user = (*rel).userid.to_u32();
        let foreign = table::look_up(table.to_u32(), user)?;
        set_tuples(rel, foreign.rows);
        pg_sys::set_baserel_size_estimates(root, rel);
        let planning = Planning::of(root);
        let conditions = decided(&planning, rel, &foreign);
        let needed = needed(rel, &conditions, foreign.remote.columns.len());
        let origin = origin(table, user, &foreign);
        state(root, rel, planning, origin, Table { conditions, needed }).keep(rel);
    }
    Ok(())
}

/// # Safety
/// The relation must be the running planner's.
unsafe fn set_tuples(rel: *mut RelOptInfo, rows: Option<u64>) {
    // SAFETY: by the caller.
    let tuples = unsafe { &mut (*rel).tuples };
    match rows {
        Some(rows) => *tuples = rows as f64,
        None if *tuples < 0.0 => *tuples = UNKNOWN_TUPLES,
        None => {}
    }
}

/// Adds the table to the query, and decides who checks its conditions.
///
/// # Safety
/// The relation must be the running planner's.
unsafe fn decided(
    planning: &Planning,
    rel: *mut RelOptInfo,
    table: &ForeignTable,
) -> Vec<Condition> {
    // SAFETY: by the caller.
    let (relation, restrictions) = unsafe { ((*rel).relid, (*rel).baserestrictinfo) };
    planning.add(relation, table.remote.clone());
    let columns = columns(relation);
    // SAFETY: the same.
    unsafe {
        let mut translator = Translator::new(planning, &columns);
        let decide = |(number, restriction)| match number < conditions::MOST {
            true => Condition::of(restriction, rel, planning, &mut translator),
            false => Condition::here(restriction),
        };
        nodes::elements(restrictions).enumerate().map(decide).collect()
    }
}

fn columns(relation: u32) -> Columns {
    Columns { visible: BTreeSet::from([relation]), hidden: BTreeSet::new() }
}

/// The columns that somebody needs: the rest of the query, and the conditions that are checked here.
///
/// # Safety
/// All must be the running planner's.
unsafe fn needed(rel: *mut RelOptInfo, conditions: &[Condition], columns: usize) -> Vec<bool> {
    let mut found = std::ptr::null_mut();
    // SAFETY: by the caller; the set is the server's, and made anew where it grows.
    unsafe {
        let relation = (*rel).relid;
        let mut note = |node: *mut Expr| pg_sys::pull_varattnos(node.cast(), relation, &mut found);
        note((*(*rel).reltarget).exprs.cast());
        let here = conditions.iter().filter(|condition| condition.place != Place::There);
        here.for_each(|condition| note(condition.clause()));
    }
    // The set begins below the system columns.
    let is_member = |attnum: i32| {
        let member = attnum - pg_sys::FirstLowInvalidHeapAttributeNumber;
        // SAFETY: NULL or a live set.
        unsafe { pg_sys::bms_is_member(member, found) }
    };
    let is_whole_row = is_member(0);
    (1..).take(columns).map(|attnum| is_whole_row || is_member(attnum)).collect()
}

/// # Safety
/// All must be the running planner's.
unsafe fn state(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    planning: Rc<Planning>,
    origin: Origin,
    table: Table,
) -> State {
    // SAFETY: by the caller.
    let (relation, tuples, rows) = unsafe { ((*rel).relid, (*rel).tuples, (*rel).rows) };
    // SAFETY: the same.
    let kept = unsafe { kept_there(root, relation, &table.conditions) };
    let conditions = table.conditions.iter();
    let filters = conditions.clone().filter_map(|condition| condition.expression.clone()).collect();
    let is_whole = conditions.clone().all(|condition| condition.place == Place::There);
    State {
        planning,
        origin,
        columns: columns(relation),
        select: Select::all_of(Remote::Table { relation, filters }),
        targets: None,
        local: Vec::new(),
        is_whole: is_whole && settings::pushdown(),
        work: Work::scan(tuples, (rows / kept).min(tuples).max(1.0)),
        table: Some(table),
    }
}

fn origin(table: Oid, user: u32, foreign: &ForeignTable) -> Origin {
    let label = foreign.name.to_string();
    Origin {
        server: foreign.server,
        user,
        accept_lossy: foreign.accept_lossy,
        nul_bytes: foreign.nul_bytes.clone(),
        tables: vec![Assumed::of(table.to_u32(), &label, &foreign.remote)],
        label,
    }
}

/// The part of DuckDB's rows that is left after the conditions that only PostgreSQL checks.
///
/// # Safety
/// All must be the running planner's.
unsafe fn kept_there(root: *mut PlannerInfo, relation: u32, conditions: &[Condition]) -> f64 {
    let here = conditions.iter().filter(|condition| condition.place == Place::Here);
    let here = nodes::list(here.map(|condition| condition.restriction));
    let (inner, none) = (pg_sys::JoinType::JOIN_INNER, std::ptr::null_mut());
    // SAFETY: by the caller.
    let kept = unsafe { pg_sys::clauselist_selectivity(root, here, relation as i32, inner, none) };
    kept.max(1e-6)
}
