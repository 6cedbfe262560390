//! LIMIT and OFFSET.

use pgrx::pg_sys::{self, CmdType, FinalPathExtraData, LimitOption, Node, UpperRelationKind};

use super::{Offer, Step, width};
use crate::{
    pg::{compat::planner::Figures, fdw::planner::outputs},
    readers::pushdown::{Expression, Select},
};

/// The first rows, if nothing but LIMIT is left to do.
///
/// # Safety
/// The planner must be running.
pub unsafe fn offer(step: &Step<'_>, extra: &FinalPathExtraData) -> Option<Offer> {
    // SAFETY: by the caller.
    unsafe {
        let target = step.target(UpperRelationKind::UPPERREL_FINAL)?;
        if !extra.limit_needed || !is_only_limited(step) {
            return None;
        }
        if step.before.targets.is_none() {
            outputs::columns(step.before, target)?;
        }
        let query = step.query();
        let (limit, offset) = (number(step, query.limitCount)?, number(step, query.limitOffset)?);
        let state = step.state(Select { limit, offset, ..step.before.select.clone() })?;
        let figures = limited(figures(step, width(target)), extra);
        let pathkeys = match step.before.select.order.is_empty() {
            true => std::ptr::null_mut(),
            false => (*step.root).sort_pathkeys,
        };
        Some(Offer { state, target, figures, pathkeys })
    }
}

/// # Safety
/// The planner must be running.
unsafe fn is_only_limited(step: &Step<'_>) -> bool {
    // SAFETY: by the caller.
    let query = unsafe { step.query() };
    query.commandType == CmdType::CMD_SELECT
        && query.rowMarks.is_null()
        && !query.hasTargetSRFs
        && query.limitOption != LimitOption::LIMIT_OPTION_WITH_TIES
}

/// A number of rows for DuckDB: some, or none at all.
///
/// # Safety
/// NULL, or a live expression of the running planner's.
unsafe fn number(step: &Step<'_>, node: *mut Node) -> Option<Option<Expression>> {
    if node.is_null() {
        return Some(None);
    }
    // SAFETY: by the caller.
    let number = unsafe { step.before.translator() }.expression(node.cast())?;
    number.is_known().then_some(Some(number))
}

/// What all rows would cost.
fn figures(step: &Step<'_>, width: i32) -> Figures {
    let before = &step.before.select;
    let needs_all = before.grouping.is_some() || before.distinct || !before.order.is_empty();
    match needs_all {
        true => step.before.work.next().collected(width),
        false => step.before.work.next().streamed(width),
    }
}

fn limited(mut figures: Figures, extra: &FinalPathExtraData) -> Figures {
    // SAFETY: all pointers are live.
    unsafe {
        pg_sys::adjust_limit_rows_costs(
            &mut figures.rows,
            &mut figures.startup,
            &mut figures.total,
            extra.offset_est,
            extra.count_est,
        );
    }
    figures
}
