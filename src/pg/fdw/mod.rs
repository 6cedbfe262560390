//! The foreign data wrapper `migrator`: the server's callbacks.

pub mod analyze;
pub mod descriptor;
pub mod event;
pub mod explain;
pub mod import;
pub mod output;
pub mod planner;
pub mod private;
pub mod scan;
pub mod validator;

use pgrx::{PgBox, datum::Internal, pg_sys, prelude::*};

#[pg_extern(sql = "
CREATE FUNCTION migrator.fdw_handler() RETURNS fdw_handler
    LANGUAGE c VOLATILE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'fdw_handler_wrapper';
")]
fn fdw_handler() -> Internal {
    // Rows are only read: what is not set here the server refuses.
    let routine = pg_sys::FdwRoutine {
        GetForeignRelSize: Some(planner::get_foreign_rel_size),
        GetForeignPaths: Some(planner::get_foreign_paths),
        GetForeignPlan: Some(planner::get_foreign_plan),
        GetForeignJoinPaths: Some(planner::get_foreign_join_paths),
        GetForeignUpperPaths: Some(planner::get_foreign_upper_paths),
        BeginForeignScan: Some(scan::begin_foreign_scan),
        IterateForeignScan: Some(scan::iterate_foreign_scan),
        RecheckForeignScan: Some(scan::recheck_foreign_scan),
        ReScanForeignScan: Some(scan::rescan_foreign_scan),
        EndForeignScan: Some(scan::end_foreign_scan),
        ExplainForeignScan: Some(explain::explain_foreign_scan),
        AnalyzeForeignTable: Some(analyze::analyze_foreign_table),
        ImportForeignSchema: Some(import::import_foreign_schema),
        type_: pg_sys::NodeTag::T_FdwRoutine,
        ..Default::default()
    };
    // SAFETY: a node in the current memory context, for the server to take over.
    let node = unsafe {
        let mut node = PgBox::<pg_sys::FdwRoutine>::alloc_node(pg_sys::NodeTag::T_FdwRoutine);
        *node = routine;
        node.into_pg()
    };
    Internal::from(Some(pg_sys::Datum::from(node)))
}
