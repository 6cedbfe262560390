//! The server's lists.

use pgrx::pg_sys;

/// The cells of a list; NULL is an empty one.
///
/// # Safety
/// The list must be live and unchanged for as long as the cells are used.
pub unsafe fn cells<'l>(list: *const pg_sys::List) -> &'l [pg_sys::ListCell] {
    // SAFETY: by the caller; a list has at least as many cells as its length says.
    unsafe {
        list.as_ref().map_or(&[], |list| {
            let length = usize::try_from(list.length).unwrap_or(0);
            std::slice::from_raw_parts(list.elements, length)
        })
    }
}
