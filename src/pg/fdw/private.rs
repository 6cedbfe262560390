//! What a plan node of ours carries: our plan as a text, which the server can copy.

use std::ffi::CStr;

use pgrx::{PgList, pg_sys};

use crate::{
    error::{Error, Result},
    readers::plan::ScanPlan,
};

/// Reads the plan.
///
/// # Safety
/// The node must be a ForeignScan.
pub unsafe fn plan(node: *mut pg_sys::ForeignScan) -> Result<ScanPlan> {
    let missing = || Error::new("XX000", "a foreign scan has no plan");
    // SAFETY: by the caller; the planner has made the list, of one String.
    let text = unsafe {
        let list = PgList::<pg_sys::Node>::from_pg((*node).fdw_private);
        let node = list.get_ptr(0).ok_or_else(missing)?;
        if (*node).type_ != pg_sys::NodeTag::T_String {
            return Err(missing());
        }
        CStr::from_ptr((*node.cast::<pg_sys::String>()).sval)
    };
    ScanPlan::from_json(text.to_str().map_err(|_| missing())?)
}
