//! Who may do what.

use pgrx::pg_sys;

/// Whether the current user may read any file of the server.
pub fn may_read_server_files() -> bool {
    // SAFETY: plain look-ups in the role caches.
    unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), pg_sys::Oid::from(4569)) }
}
