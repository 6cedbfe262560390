//! The ORDER BY of the query.

use pgrx::pg_sys::UpperRelationKind;

use super::{Offer, Step, width};
use crate::{
    pg::fdw::planner::{outputs, sort},
    readers::pushdown::Select,
};

/// The rows in order, if DuckDB sorts as the server does.
///
/// # Safety
/// The planner must be running.
pub unsafe fn offer(step: &Step<'_>) -> Option<Offer> {
    // SAFETY: by the caller.
    unsafe {
        if step.query().hasTargetSRFs {
            return None;
        }
        let target = step.target(UpperRelationKind::UPPERREL_ORDERED)?;
        if step.before.targets.is_none() {
            outputs::columns(step.before, target)?;
        }
        let pathkeys = (*step.root).sort_pathkeys;
        let order = sort::keys(step.before, pathkeys)?;
        let mut state = step.state(Select { order, ..step.before.select.clone() })?;
        state.work = step.before.work.sort().next();
        let figures = state.work.collected(width(target));
        Some(Offer { state, target, figures, pathkeys })
    }
}
