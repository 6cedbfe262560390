//! Every difference between server versions, one function each, named as the newest server names
//! it.

use std::ffi::{CStr, CString};

use pgrx::pg_sys;

/// Reserves the prefix, so that a misspelt setting is noticed.
pub fn mark_guc_prefix_reserved(prefix: &CStr) {
    // SAFETY: a static NUL-terminated text.
    unsafe { pg_sys::MarkGUCPrefixReserved(prefix.as_ptr()) };
}

/// Reads a type name as SQL does. Raises the server's ERROR when there is no such type.
pub fn parse_type_string(text: &CString) -> (pg_sys::Oid, i32) {
    let (mut oid, mut typmod) = (pg_sys::InvalidOid, -1);
    // SAFETY: the text is NUL-terminated, and both out pointers are live. Since 16 the last
    // argument is the node that soft errors go to; NULL means a hard error.
    unsafe {
        #[cfg(feature = "pg15")]
        pg_sys::parseTypeString(text.as_ptr(), &mut oid, &mut typmod, false);
        #[cfg(not(feature = "pg15"))]
        pg_sys::parseTypeString(text.as_ptr(), &mut oid, &mut typmod, std::ptr::null_mut());
    }
    (oid, typmod)
}

/// ExecInsertIndexTuples for a plain insert; 16 added `onlySummarizing`.
///
/// # Safety
/// All three must be live, and the slot must hold a tuple that was just inserted.
pub unsafe fn exec_insert_index_tuples(
    relation: *mut pg_sys::ResultRelInfo,
    slot: *mut pg_sys::TupleTableSlot,
    estate: *mut pg_sys::EState,
) {
    let none = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        #[cfg(feature = "pg15")]
        let recheck =
            pg_sys::ExecInsertIndexTuples(relation, slot, estate, false, false, none, none.cast());
        #[cfg(not(feature = "pg15"))]
        let recheck = pg_sys::ExecInsertIndexTuples(
            relation,
            slot,
            estate,
            false,
            false,
            none,
            none.cast(),
            false,
        );
        pg_sys::list_free(recheck);
    }
}
