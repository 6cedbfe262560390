//! What EXPLAIN says of a foreign scan.

use std::ffi::{CStr, CString};

use pgrx::{pg_sys, prelude::*};

use super::{private, scan};
use crate::{pg::report, readers::plan::ScanPlan, source::Figures};

/// ExplainForeignScan: nothing of it shows where the source lies, which is not for everybody.
#[pg_guard]
pub unsafe extern "C-unwind" fn explain_foreign_scan(
    node: *mut pg_sys::ForeignScanState,
    explain: *mut pg_sys::ExplainState,
) {
    // SAFETY: EXPLAIN calls with a node of ours and with its own state.
    unsafe {
        let foreign = (*node).ss.ps.plan.cast::<pg_sys::ForeignScan>();
        let plan = report::or_raise(private::plan(foreign));
        explain_plan(&plan, (*foreign).scan.scanrelid == 0, explain);
        if let Some(figures) = scan::figures(node).filter(|_| (*explain).analyze) {
            explain_figures(figures, explain);
        }
    }
}

/// # Safety
/// The state must be EXPLAIN's.
unsafe fn explain_plan(
    plan: &ScanPlan,
    has_several_tables: bool,
    explain: *mut pg_sys::ExplainState,
) {
    // SAFETY: by the caller.
    unsafe {
        if has_several_tables {
            text(c"Relations", &plan.label, explain);
        }
        if (*explain).verbose {
            text(c"Remote SQL", &plan.sql.to_string(), explain);
        }
    }
}

/// # Safety
/// The state must be EXPLAIN's.
unsafe fn explain_figures(figures: Figures, explain: *mut pg_sys::ExplainState) {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let none = std::ptr::null();
    // SAFETY: by the caller; the labels are static.
    unsafe {
        let (rows, bytes) = (number(figures.rows), number(figures.bytes));
        pg_sys::ExplainPropertyInteger(c"Reader Rows".as_ptr(), none, rows, explain);
        pg_sys::ExplainPropertyInteger(c"Reader Bytes".as_ptr(), none, bytes, explain);
        if (*explain).timing {
            let (label, unit) = (c"Reader Time".as_ptr(), c"ms".as_ptr());
            pg_sys::ExplainPropertyFloat(label, unit, figures.seconds * 1000.0, 3, explain);
        }
    }
}

/// # Safety
/// The state must be EXPLAIN's.
unsafe fn text(label: &CStr, value: &str, explain: *mut pg_sys::ExplainState) {
    // A NUL byte can be in no SQL that came from the server.
    let value = CString::new(value).unwrap_or_default();
    // SAFETY: by the caller; both texts are NUL-terminated, and copied.
    unsafe { pg_sys::ExplainPropertyText(label.as_ptr(), value.as_ptr(), explain) };
}
