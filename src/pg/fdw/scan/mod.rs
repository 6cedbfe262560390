//! The executor's side of the wrapper: what the server calls while a plan runs.
//!
//! Nothing here uses SPI or takes a transaction's number: it all works on a standby.

pub mod layout;
mod parameters;
pub mod running;
mod storing;

use pgrx::{PgMemoryContexts, PgTupleDesc, pg_sys, prelude::*};

use self::{layout::Layout, parameters::Parameters, running::Running, storing::Storing};
use super::private;
use crate::{
    error::{Error, Result},
    pg::{report, server},
    source::Figures,
};

/// A plan node that runs.
struct State {
    running: Running,
    storing: Storing,
    parameters: Parameters,
    /// Whether the parameters may have other values than the query was made with.
    is_stale: bool,
}

impl State {
    /// # Safety
    /// The node must be about to run, and the current memory context must live as long as it.
    unsafe fn new(node: *mut pg_sys::ForeignScanState) -> Result<Self> {
        server::require_utf8()?;
        // SAFETY: by the caller; slot and relation are the node's own, and live as long as it.
        unsafe {
            let plan = private::plan((*node).ss.ps.plan.cast())?;
            let slot = (*node).ss.ss_ScanTupleSlot;
            let descriptor = PgTupleDesc::from_pg_unchecked((*slot).tts_tupleDescriptor);
            let mut layout = Layout::new(&descriptor, &plan)?;
            let relation = (*node).ss.ss_currentRelation;
            let table = relation.as_ref().map_or(pg_sys::InvalidOid, |relation| relation.rd_id);
            let parameters = Parameters::new(node, &plan)?;
            let storing = Storing::new(&mut layout, table);
            let running = Running::new(plan, layout.attributes);
            Ok(Self { running, storing, parameters, is_stale: true })
        }
    }

    /// The next row into the node's slot, or nothing into it at the end.
    ///
    /// # Safety
    /// The node must be this one's, and running.
    unsafe fn next(&mut self, slot: *mut pg_sys::TupleTableSlot) -> Result<()> {
        // SAFETY: by the caller. A slot that does not own its tuple is cleared without a look at it,
        // so that the image may be gone by then.
        unsafe {
            if self.is_stale {
                let query = self.parameters.query(&self.running.plan().sql)?;
                self.running.read(query);
                self.is_stale = false;
            }
            match self.running.next()? {
                Some(image) => self.storing.store(image, slot)?,
                None => {
                    pg_sys::ExecClearTuple(slot);
                }
            }
        }
        Ok(())
    }
}

/// # Safety
/// The node must be one of ours.
unsafe fn state<'n>(node: *mut pg_sys::ForeignScanState) -> Option<&'n mut State> {
    // SAFETY: by the caller: nobody else writes to this field.
    unsafe { (*node).fdw_state.cast::<State>().as_mut() }
}

/// What has come of a node's scans so far; None where it has not run.
///
/// # Safety
/// The node must be one of ours.
pub unsafe fn figures(node: *mut pg_sys::ForeignScanState) -> Option<Figures> {
    // SAFETY: by the caller.
    unsafe { state(node) }.map(|state| state.running.figures())
}

/// BeginForeignScan. The reader is not started before the first row is wanted.
#[pg_guard]
pub unsafe extern "C-unwind" fn begin_foreign_scan(
    node: *mut pg_sys::ForeignScanState,
    flags: std::ffi::c_int,
) {
    if flags as u32 & pg_sys::EXEC_FLAG_EXPLAIN_ONLY != 0 {
        return;
    }
    // SAFETY: the executor calls with a node of ours, in the memory context of the query. The state
    // goes with that, and the reader with it: EndForeignScan is not called after an ERROR.
    unsafe {
        let state = report::or_raise(State::new(node));
        let mut context = PgMemoryContexts::For((*(*node).ss.ps.state).es_query_cxt);
        (*node).fdw_state = context.leak_and_drop_on_delete(state).cast();
    }
}

/// IterateForeignScan
#[pg_guard]
pub unsafe extern "C-unwind" fn iterate_foreign_scan(
    node: *mut pg_sys::ForeignScanState,
) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: the executor calls with a node that it has begun.
    unsafe {
        let slot = (*node).ss.ss_ScanTupleSlot;
        report::or_raise(next_row(node, slot));
        slot
    }
}

/// # Safety
/// The node must be one of ours that runs, and the slot for its rows.
unsafe fn next_row(
    node: *mut pg_sys::ForeignScanState,
    slot: *mut pg_sys::TupleTableSlot,
) -> Result<()> {
    // SAFETY: by the caller.
    unsafe {
        let state = state(node).ok_or_else(|| Error::new("XX000", "the scan has not begun"))?;
        state.next(slot)
    }
}

/// RecheckForeignScan. Servers before November 2025 call it within EvalPlanQual instead of
/// IterateForeignScan for whatever was pushed down as a whole, also where that is a subquery without
/// any row that is checked again: its rows must come all the same.
#[pg_guard]
pub unsafe extern "C-unwind" fn recheck_foreign_scan(
    node: *mut pg_sys::ForeignScanState,
    slot: *mut pg_sys::TupleTableSlot,
) -> bool {
    // SAFETY: the executor calls with a node that it has begun, and with its slot or with one that
    // holds a row of the base table.
    unsafe {
        let plan = (*node).ss.ps.plan.cast::<pg_sys::ForeignScan>();
        if (*plan).scan.scanrelid > 0 {
            return true;
        }
        let context = (*(*node).ss.ps.ps_ExprContext).ecxt_per_tuple_memory;
        let before = pg_sys::MemoryContextSwitchTo(context);
        report::or_raise(next_row(node, slot));
        pg_sys::MemoryContextSwitchTo(before);
        // TTS_EMPTY
        (*slot).tts_flags & pg_sys::TTS_FLAG_EMPTY as u16 == 0
    }
}

/// ReScanForeignScan. Whether a parameter really has another value is seen when a row is wanted.
#[pg_guard]
pub unsafe extern "C-unwind" fn rescan_foreign_scan(node: *mut pg_sys::ForeignScanState) {
    // SAFETY: the executor calls with a node that it has begun.
    unsafe {
        let Some(state) = state(node) else { return };
        match (*node).ss.ps.chgParam.is_null() {
            true => state.running.rewind(),
            false => state.is_stale = true,
        }
    }
}

/// EndForeignScan
#[pg_guard]
pub unsafe extern "C-unwind" fn end_foreign_scan(node: *mut pg_sys::ForeignScanState) {
    // SAFETY: the executor calls with a node that it has begun; after this only EXPLAIN looks at it.
    unsafe {
        if let Some(state) = state(node) {
            state.running.finish();
        }
    }
}
