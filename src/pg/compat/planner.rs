//! The planner's functions that have changed between versions, and its structs.

use pgrx::pg_sys::{self, List, Oid, Path, PathKey, PathTarget, PlannerInfo, RelOptInfo, Relids};

/// What a path gives and costs, in the planner's units.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// The rows that it gives.
    pub rows: f64,
    /// What it costs until the first row.
    pub startup: f64,
    /// What it costs until the last row.
    pub total: f64,
}

/// Calls one of the functions that make foreign paths: 17 added fdw_restrictinfo, 18
/// disabled_nodes.
macro_rules! foreign_path {
    ($function:ident($($front:expr),*; $figures:expr; $($middle:expr),*; $restrictions:expr, $private:expr)) => {{
        let Figures { rows, startup, total } = $figures;
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        let path = {
            let _ = $restrictions;
            pg_sys::$function($($front,)* rows, startup, total, $($middle,)* $private)
        };
        #[cfg(feature = "pg17")]
        let path =
            pg_sys::$function($($front,)* rows, startup, total, $($middle,)* $restrictions, $private);
        #[cfg(feature = "pg18")]
        let path =
            pg_sys::$function($($front,)* rows, 0, startup, total, $($middle,)* $restrictions, $private);
        &raw mut (*path).path
    }};
}

/// A path that scans a foreign table and gives the relation's own target.
///
/// # Safety
/// All pointers must be the running planner's.
pub unsafe fn create_foreignscan_path(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    figures: Figures,
    pathkeys: *mut List,
    required_outer: Relids,
    private: *mut List,
) -> *mut Path {
    let (target, below) = (std::ptr::null_mut(), std::ptr::null_mut());
    let restrictions: *mut List = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        foreign_path!(create_foreignscan_path(
            root, rel, target; figures; pathkeys, required_outer, below; restrictions, private
        ))
    }
}

/// A path that scans a join of foreign tables and gives the relation's own target.
///
/// # Safety
/// All pointers must be the running planner's.
pub unsafe fn create_foreign_join_path(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    figures: Figures,
    pathkeys: *mut List,
    restrictions: *mut List,
    private: *mut List,
) -> *mut Path {
    let (target, below) = (std::ptr::null_mut(), std::ptr::null_mut());
    let outer: Relids = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe {
        foreign_path!(create_foreign_join_path(
            root, rel, target; figures; pathkeys, outer, below; restrictions, private
        ))
    }
}

/// A path that computes what comes behind scans and joins.
///
/// # Safety
/// All pointers must be the running planner's.
pub unsafe fn create_foreign_upper_path(
    root: *mut PlannerInfo,
    rel: *mut RelOptInfo,
    target: *mut PathTarget,
    figures: Figures,
    pathkeys: *mut List,
) -> *mut Path {
    let (below, none) = (std::ptr::null_mut(), std::ptr::null_mut::<List>());
    // SAFETY: by the caller.
    unsafe {
        foreign_path!(create_foreign_upper_path(
            root, rel, target; figures; pathkeys, below; none, none
        ))
    }
}

/// Whether a path key sorts downwards: since 18 it says so by a type of comparison instead of a
/// B-tree strategy.
pub fn is_descending(pathkey: &PathKey) -> bool {
    #[cfg(not(feature = "pg18"))]
    return pathkey.pk_strategy == pg_sys::BTGreaterStrategyNumber as i32;
    #[cfg(feature = "pg18")]
    return pathkey.pk_cmptype == pg_sys::CompareType::COMPARE_GT;
}

#[cfg(not(feature = "pg18"))]
unsafe extern "C-unwind" {
    // utils/pg_locale.h
    fn lc_collate_is_c(collation: Oid) -> bool;
}

/// Whether a collation compares bytes. 18 took the function away, and the struct that has the fact
/// now is not bound: there it is only said of C itself.
pub fn collate_is_c(collation: Oid) -> bool {
    // SAFETY: looks the collation up; an unknown one is the server's ERROR, behind the guard.
    #[cfg(not(feature = "pg18"))]
    return unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| lc_collate_is_c(collation)) };
    #[cfg(feature = "pg18")]
    return collation == pg_sys::C_COLLATION_OID;
}
