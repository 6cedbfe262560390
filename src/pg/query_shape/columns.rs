//! The columns that a query reads of a table, for whatever reason: those that it needs rights to.

use pgrx::pg_sys::{self, Query, RangeTblEntry};

use super::shape::Use;
use crate::pg::{compat, quoting};

/// Adds the columns that are read.
///
/// # Safety
/// The query must be live, and the entry one of its range table's.
pub unsafe fn take(found: &mut Use, query: *mut Query, entry: &RangeTblEntry) {
    // SAFETY: by the caller; the set is the parser's own.
    unsafe {
        let set = compat::planner::selected_columns(query, entry);
        let mut member = pg_sys::bms_next_member(set, -1);
        while member >= 0 {
            let number = member + pg_sys::FirstLowInvalidHeapAttributeNumber;
            match name(entry.relid, number as i16).filter(|_| number > 0) {
                Some(name) => found.columns.push(name),
                // The row as one value, and what only a row has.
                None => found.whole_row = true,
            }
            member = pg_sys::bms_next_member(set, member);
        }
    }
}

/// The name of a column; None: there is none.
pub fn name(relation: pg_sys::Oid, number: i16) -> Option<String> {
    // SAFETY: a look-up; the name is NULL or NUL-terminated.
    unsafe { quoting::text_at(pg_sys::get_attname(relation, number, true)) }
}
