//! Who may do what.

use pgrx::pg_sys;

/// pg_read_server_files
const READ_SERVER_FILES: u32 = 4569;

/// Whether a role may read any file of the server; None: the current user.
pub fn may_read_server_files(role: Option<u32>) -> bool {
    // SAFETY: plain look-ups in the role caches.
    unsafe {
        let role = role.map_or_else(|| pg_sys::GetUserId(), pg_sys::Oid::from);
        pg_sys::has_privs_of_role(role, pg_sys::Oid::from(READ_SERVER_FILES))
    }
}
