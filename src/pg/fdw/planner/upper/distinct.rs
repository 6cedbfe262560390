//! SELECT DISTINCT.

use pgrx::pg_sys::UpperRelationKind;

use super::{Offer, Step, group, width};
use crate::{
    pg::fdw::planner::outputs::{self, Outputs},
    readers::pushdown::Select,
};

/// The distinct rows, if DuckDB tells the same rows apart.
///
/// # Safety
/// The planner must be running.
pub unsafe fn offer(step: &Step<'_>) -> Option<Offer> {
    // SAFETY: by the caller.
    unsafe {
        let query = step.query();
        if query.hasDistinctOn || query.hasTargetSRFs || step.before.targets.is_some() {
            return None;
        }
        let target = step.target(UpperRelationKind::UPPERREL_DISTINCT)?;
        let mut outputs = Outputs::default();
        for (node, reference) in outputs::targets(target) {
            let known = step.before.translator().expression(node)?;
            // The same in all rows: it is added here, and must be, because the server would take it for
            // the scan's parameter that it is also.
            if !known.is_known() {
                let is_compared = outputs::named_by(query.distinctClause, reference);
                let key = is_compared.then(|| outputs::key(step.before, node))??;
                outputs.add(step.before, node, key)?;
            }
        }
        if outputs.targets.is_empty() {
            return None;
        }
        let rows = group::groups(step, &outputs.targets);
        let work = step.before.work.group(outputs.targets.len(), rows, rows);
        let Outputs { targets, outputs } = outputs;
        let select = Select { outputs, distinct: true, ..step.before.select.clone() };
        let mut state = step.state(select)?;
        state.targets = Some(targets);
        state.work = work;
        let figures = work.collected(width(target));
        Some(Offer { state, target, figures, pathkeys: std::ptr::null_mut() })
    }
}
