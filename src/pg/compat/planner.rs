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

/// The columns of an entry that a query selects, in the server's own numbers; 16 moved them out of
/// the entry.
///
/// # Safety
/// The query must be live, and the entry one of its range table's.
pub unsafe fn selected_columns(
    query: *mut pg_sys::Query,
    entry: &pg_sys::RangeTblEntry,
) -> *mut pg_sys::Bitmapset {
    #[cfg(feature = "pg15")]
    {
        let _ = query;
        entry.selectedCols
    }
    // SAFETY: by the caller.
    #[cfg(not(feature = "pg15"))]
    unsafe {
        if entry.perminfoindex == 0 {
            return std::ptr::null_mut();
        }
        let entry = (&raw const *entry).cast_mut();
        (*pg_sys::getRTEPermissionInfo((*query).rteperminfos, entry)).selectedCols
    }
}

/// The expression behind a column that GROUP BY gives: since 18 such columns have an entry of their
/// own.
///
/// # Safety
/// The entry must be live, and the Var one of its columns.
pub unsafe fn group_expression(
    entry: &pg_sys::RangeTblEntry,
    var: &pg_sys::Var,
) -> Option<*mut pg_sys::Node> {
    #[cfg(not(feature = "pg18"))]
    {
        let _ = (entry, var);
        None
    }
    // SAFETY: by the caller.
    #[cfg(feature = "pg18")]
    unsafe {
        let at = usize::try_from(var.varattno).ok()?.checked_sub(1)?;
        let is_group = entry.rtekind == pg_sys::RTEKind::RTE_GROUP;
        let cells = super::super::list::cells(entry.groupexprs);
        cells.get(at).filter(|_| is_group).map(|cell| cell.ptr_value.cast())
    }
}

/// Makes a Var one of a table that is alone in its query; 16 added the outer joins that can make it
/// NULL.
pub fn make_plain(var: &mut pg_sys::Var, number: i16) {
    (var.varno, var.varattno, var.varlevelsup) = (1, number, 0);
    // The place in the query's text, which is preferred where an expression becomes text again.
    (var.varnosyn, var.varattnosyn) = (1, number);
    #[cfg(not(feature = "pg15"))]
    {
        var.varnullingrels = std::ptr::null_mut();
    }
}

/// The option of EXPLAIN that shows a plan for any values of the parameters, which 16 added.
pub fn generic_plan_option() -> Option<&'static std::ffi::CStr> {
    #[cfg(feature = "pg15")]
    return None;
    #[cfg(not(feature = "pg15"))]
    return Some(c"generic_plan");
}

/// The condition that MERGE joins by; 17 took it out of what follows FROM.
///
/// # Safety
/// The query must be live.
pub unsafe fn merge_condition(query: *mut pg_sys::Query) -> *mut pg_sys::Node {
    #[cfg(any(feature = "pg15", feature = "pg16"))]
    {
        let _ = query;
        std::ptr::null_mut()
    }
    // SAFETY: by the caller.
    #[cfg(not(any(feature = "pg15", feature = "pg16")))]
    unsafe {
        (*query).mergeJoinCondition
    }
}
