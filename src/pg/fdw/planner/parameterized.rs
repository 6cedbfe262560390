//! Scans of a foreign table for each row of other relations: the inner side of a nested loop, where
//! a condition compares with the outer row. Each of these scans is a query of its own.

use std::ffi::c_void;

use pgrx::{
    pg_sys::{
        self, EquivalenceClass, EquivalenceMember, Expr, ParamPathInfo, PlannerInfo, RelOptInfo,
        Relids, RestrictInfo,
    },
    prelude::*,
};

use super::{
    conditions::{Condition, Place},
    cost::Work,
    nodes, paths,
    state::State,
};
use crate::pg::compat::planner::Figures;

/// More sets of outer relations are not looked at.
const MOST: usize = 16;

/// The sets of outer relations that give DuckDB something to compare with, and what each costs.
///
/// # Safety
/// All must be the running planner's.
pub unsafe fn ways(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    state: &State,
) -> Vec<(Relids, Figures)> {
    let mut found: Vec<*mut ParamPathInfo> = Vec::new();
    // SAFETY: by the caller; the server makes one such node for each set.
    unsafe {
        for restriction in candidates(root, rel) {
            if found.len() < MOST
                && let Some(outer) = outer(rel, restriction)
                && is_said(restriction, rel, state)
            {
                let way = pg_sys::get_baserel_parampathinfo(root, rel, outer);
                if !found.contains(&way) {
                    found.push(way);
                }
            }
        }
        found
            .into_iter()
            .map(|way| ((*way).ppi_req_outer, figures(root, rel, state, way)))
            .collect()
    }
}

/// # Safety
/// All must be the running planner's.
unsafe fn figures(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    state: &State,
    way: *mut ParamPathInfo,
) -> Figures {
    // SAFETY: by the caller.
    unsafe {
        let rows = (*way).ppi_rows;
        let work = Work::scan((*rel).tuples, rows);
        paths::checked_here(root, state, work.streamed(paths::width(rel)), rows)
    }
}

/// Conditions that compare the table with others.
///
/// # Safety
/// All must be the running planner's.
unsafe fn candidates(root: *mut PlannerInfo, rel: *mut RelOptInfo) -> Vec<*mut RestrictInfo> {
    // SAFETY: by the caller.
    unsafe {
        let mut candidates: Vec<_> = nodes::elements((*rel).joininfo).collect();
        if (*rel).has_eclass_joins {
            candidates.extend(equalities(root, rel));
        }
        candidates.retain(|restriction| pg_sys::join_clause_is_movable_to(*restriction, rel));
        candidates
    }
}

/// The outer relations of a condition; None if it needs none.
///
/// # Safety
/// Both must be the running planner's.
unsafe fn outer(rel: *mut RelOptInfo, restriction: *mut RestrictInfo) -> Option<Relids> {
    // SAFETY: by the caller; the union is a new set.
    let outer = unsafe {
        let all = pg_sys::bms_union((*restriction).clause_relids, (*rel).lateral_relids);
        pg_sys::bms_del_member(all, (*rel).relid as i32)
    };
    // SAFETY: a set that was just made.
    unsafe { !nodes::is_empty(outer) }.then_some(outer)
}

/// # Safety
/// All must be the running planner's.
unsafe fn is_said(restriction: *mut RestrictInfo, rel: *mut RelOptInfo, state: &State) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let mut translator = state.translator().for_each_outer_row();
        let condition = Condition::of(restriction, rel, &state.planning, &mut translator);
        condition.place != Place::Here
    }
}

/// What the planner has found to be equal to the table's expressions, one of these after the other.
///
/// # Safety
/// All must be the running planner's.
unsafe fn equalities(root: *mut PlannerInfo, rel: *mut RelOptInfo) -> Vec<*mut RestrictInfo> {
    let mut asked = Asked { before: Vec::new(), now: std::ptr::null_mut() };
    let mut all = Vec::new();
    loop {
        // SAFETY: by the caller; the callback gets what it is made for.
        let found = unsafe {
            pg_sys::generate_implied_equalities_for_column(
                root,
                rel,
                Some(is_asked),
                (&raw mut asked).cast(),
                (*rel).lateral_referencers,
            )
        };
        if asked.now.is_null() {
            return all;
        }
        // SAFETY: a list of such nodes.
        all.extend(unsafe { nodes::elements::<RestrictInfo>(found) });
        asked.before.push(std::mem::replace(&mut asked.now, std::ptr::null_mut()));
    }
}

/// The expressions that equalities were asked for.
struct Asked {
    before: Vec<*mut Expr>,
    /// NULL: any other will do.
    now: *mut Expr,
}

/// Whether this is the member that equalities are asked for.
///
/// # Safety
/// Called by the planner, with an `Asked`.
#[pg_guard]
unsafe extern "C-unwind" fn is_asked(
    _root: *mut PlannerInfo,
    _rel: *mut RelOptInfo,
    _class: *mut EquivalenceClass,
    member: *mut EquivalenceMember,
    asked: *mut c_void,
) -> bool {
    // SAFETY: by the caller; all expressions are live.
    unsafe {
        let (asked, expression) = (&mut *asked.cast::<Asked>(), (*member).em_expr);
        if !asked.now.is_null() {
            return nodes::equal(asked.now, expression);
        }
        if asked.before.iter().any(|before| nodes::equal(*before, expression)) {
            return false;
        }
        asked.now = expression;
        true
    }
}
