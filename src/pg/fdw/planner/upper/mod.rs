//! GetForeignUpperPaths: what comes behind scans and joins, for as long as DuckDB has computed all
//! that comes before.

mod distinct;
mod group;
mod limit;
mod order;

use std::{ffi::c_void, rc::Rc};

use pgrx::{
    pg_sys::{
        self, FinalPathExtraData, GroupPathExtraData, List, PathTarget, PlannerInfo, RelOptInfo,
        UpperRelationKind,
    },
    prelude::*,
};

use super::state::State;
use crate::{
    pg::compat::planner::{self, Figures},
    readers::pushdown::{self, Select},
    settings,
};

/// # Safety
/// Called by the planner.
#[pg_guard]
pub unsafe extern "C-unwind" fn get_foreign_upper_paths(
    root: *mut PlannerInfo,
    stage: UpperRelationKind::Type,
    input: *mut RelOptInfo,
    output: *mut RelOptInfo,
    extra: *mut c_void,
) {
    // SAFETY: the planner calls it for relations of ours; each stage has an extra of its own.
    unsafe {
        let Some(before) = State::of(input).filter(|state| state.is_whole) else { return };
        if !settings::pushdown() || State::of(output).is_some() {
            return;
        }
        let step = Step { root, before, output };
        let offer = match stage {
            UpperRelationKind::UPPERREL_GROUP_AGG => {
                group::offer(&step, &*extra.cast::<GroupPathExtraData>())
            }
            UpperRelationKind::UPPERREL_DISTINCT => distinct::offer(&step),
            UpperRelationKind::UPPERREL_ORDERED => order::offer(&step),
            UpperRelationKind::UPPERREL_FINAL => {
                limit::offer(&step, &*extra.cast::<FinalPathExtraData>())
            }
            _ => None,
        };
        if let Some(offer) = offer {
            step.take(offer);
        }
    }
}

/// A step of the query behind another one that DuckDB can compute.
struct Step<'p> {
    root: *mut PlannerInfo,
    before: &'p State,
    /// What the planner wants to know the paths of.
    output: *mut RelOptInfo,
}

/// What DuckDB could compute.
struct Offer {
    state: State,
    target: *mut PathTarget,
    figures: Figures,
    pathkeys: *mut List,
}

impl Step<'_> {
    /// The query.
    ///
    /// # Safety
    /// The planner must be running.
    unsafe fn query(&self) -> &pg_sys::Query {
        // SAFETY: by the caller.
        unsafe { &*(*self.root).parse }
    }

    /// The state after this step: what was before, and this query.
    fn state(&self, select: Select) -> Option<State> {
        let before = self.before;
        before.planning.with_scope(|scope| pushdown::select(&select, scope))?;
        Some(State {
            planning: Rc::clone(&before.planning),
            origin: before.origin.clone(),
            columns: before.columns.clone(),
            select,
            targets: before.targets.clone(),
            local: Vec::new(),
            is_whole: true,
            work: before.work,
            table: None,
        })
    }

    /// Adds the path.
    ///
    /// # Safety
    /// All must be the running planner's.
    unsafe fn take(&self, offer: Offer) {
        let Offer { state, target, figures, pathkeys } = offer;
        // SAFETY: by the caller; the planner has made the output in the current memory context.
        unsafe {
            state.keep(self.output);
            let path = planner::create_foreign_upper_path(
                self.root,
                self.output,
                target,
                figures,
                pathkeys,
            );
            pg_sys::add_path(self.output, path);
        }
    }

    /// The target of a stage.
    ///
    /// # Safety
    /// The planner must be running.
    unsafe fn target(&self, stage: UpperRelationKind::Type) -> Option<*mut PathTarget> {
        // SAFETY: by the caller; there is a place for each stage.
        let targets = unsafe { &(*self.root).upper_targets };
        targets.get(stage as usize).copied().filter(|target| !target.is_null())
    }
}

/// The bytes of a row of a target.
///
/// # Safety
/// It must be the running planner's.
unsafe fn width(target: *mut PathTarget) -> i32 {
    // SAFETY: by the caller.
    unsafe { (*target).width }
}
