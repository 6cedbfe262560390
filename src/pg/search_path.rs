//! A search path that nobody can put anything in front of.

use pgrx::pg_sys;

use super::{guc, list};

/// While it lives, names without a schema are looked up in pg_catalog and then in pg_temp, and
/// values print in one way: what the caller has set comes back with its end. The server undoes it
/// on an ERROR.
pub struct SafeSettings {
    nest_level: i32,
}

impl SafeSettings {
    /// Sets it.
    pub fn enter() -> Self {
        // SAFETY: opens a level of settings that Drop or an abort closes.
        let guard = Self { nest_level: unsafe { pg_sys::NewGUCNestLevel() } };
        let set = |name, value| guc::set(name, value, pg_sys::GucContext::PGC_USERSET);
        set(c"search_path", c"pg_catalog, pg_temp");
        set(c"DateStyle", c"ISO, YMD");
        set(c"standard_conforming_strings", c"on");
        guard
    }
}

/// The schemas that the caller's search path names, in order: those that are always in front of it
/// apart.
pub fn schemas() -> Vec<u32> {
    // SAFETY: the server makes a list of OIDs in the current memory context.
    unsafe {
        let list = pg_sys::fetch_search_path(false);
        let oids = list::cells(list).iter().map(|cell| cell.oid_value.to_u32()).collect();
        pg_sys::list_free(list);
        oids
    }
}

impl Drop for SafeSettings {
    fn drop(&mut self) {
        // SAFETY: closes the level that `enter` opened; levels above it are closed with it.
        unsafe { pg_sys::AtEOXact_GUC(true, self.nest_level) };
    }
}
