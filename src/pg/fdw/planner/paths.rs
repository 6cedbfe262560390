//! GetForeignPaths: the ways to scan a foreign table.

use pgrx::{
    pg_sys::{self, List, Oid, PlannerInfo, QualCost, RelOptInfo},
    prelude::*,
};

use super::{conditions::Place, nodes, parameterized, sort, state::State};
use crate::{
    pg::compat::planner::{self, Figures},
    readers::pushdown,
    settings,
};

/// # Safety
/// Called by the planner.
#[pg_guard]
pub unsafe extern "C-unwind" fn get_foreign_paths(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    _table: Oid,
) {
    // SAFETY: the planner calls it for a foreign table of ours, after GetForeignRelSize.
    unsafe {
        let Some(state) = State::of(rel) else { return };
        let plain = checked_here(root, state, state.work.streamed(width(rel)), (*rel).rows);
        let none = std::ptr::null_mut();
        add(root, rel, plain, none, (*rel).lateral_relids);
        if settings::pushdown() {
            if let Some(order) = wanted_order(root, state) {
                let sorted = state.work.sort().collected(width(rel));
                let sorted = checked_here(root, state, sorted, (*rel).rows);
                add(root, rel, sorted, order, (*rel).lateral_relids);
            }
            for (outer, figures) in parameterized::ways(root, rel, state) {
                add(root, rel, figures, none, outer);
            }
        }
    }
}

/// # Safety
/// All must be the running planner's.
unsafe fn add(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    figures: Figures,
    pathkeys: *mut List,
    outer: pg_sys::Relids,
) {
    let private = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        let path = planner::create_foreignscan_path(root, rel, figures, pathkeys, outer, private);
        pg_sys::add_path(rel, path);
    }
}

/// The order that the query wants, if DuckDB can give it.
///
/// # Safety
/// The root must be the running planner's.
pub unsafe fn wanted_order(root: *mut PlannerInfo, state: &State) -> Option<*mut List> {
    // SAFETY: by the caller.
    unsafe {
        let wanted = (*root).query_pathkeys;
        if wanted.is_null() {
            return None;
        }
        let order = sort::keys(state, wanted)?;
        let select = pushdown::Select { order, ..state.select.clone() };
        state.planning.with_scope(|scope| pushdown::select(&select, scope))?;
        Some(wanted)
    }
}

/// The bytes of a row.
///
/// # Safety
/// The relation must be the running planner's.
pub unsafe fn width(rel: *mut RelOptInfo) -> i32 {
    // SAFETY: by the caller; every relation has a target.
    unsafe { (*(*rel).reltarget).width }
}

/// What a path costs with the conditions that are checked here, which leave so many rows.
///
/// # Safety
/// All must be the running planner's.
pub unsafe fn checked_here(
    root: *mut PlannerInfo,
    state: &State,
    figures: Figures,
    rows: f64,
) -> Figures {
    let conditions = state.table.iter().flat_map(|table| &table.conditions);
    let here = conditions.filter(|condition| condition.place != Place::There);
    let list = nodes::list(here.map(|condition| condition.restriction));
    let mut cost = QualCost { startup: 0.0, per_tuple: 0.0 };
    // SAFETY: by the caller; the list is one of the planner's restrictions.
    unsafe { pg_sys::cost_qual_eval(&mut cost, list, root) };
    Figures {
        rows,
        startup: figures.startup + cost.startup,
        total: figures.total + cost.startup + cost.per_tuple * figures.rows,
    }
}
