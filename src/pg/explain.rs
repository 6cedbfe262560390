//! EXPLAIN of a statement with parameters that nobody knows: the server shows the plan that is good
//! for any. Nothing is executed.

use std::ffi::CStr;

use pgrx::{PgBox, pg_sys};

use super::{compat, guc, query_shape::Analysed, receiver};
use crate::error::Result;

/// The plan as EXPLAIN (FORMAT JSON) has it. The server checks rights as it would for the statement,
/// and what fails is its own ERROR.
pub fn json(statement: &Analysed) -> Result<String> {
    let (_, _, has_parameters) = statement.parts();
    match (has_parameters, compat::planner::generic_plan_option()) {
        // Such a server looks at parameters before the first row where it prunes partitions.
        (true, None) => guc::with("enable_partition_pruning", "off", || printed(statement, None)),
        (true, option) => printed(statement, option),
        (false, _) => printed(statement, None),
    }
}

fn printed(statement: &Analysed, option: Option<&'static CStr>) -> Result<String> {
    let (text, query, _) = statement.parts();
    // SAFETY: the nodes are in the current memory context, and the statement has a copy of the
    // query; the receiver lives until the statement is over.
    let run = |destination| unsafe {
        let mut options = vec![element(c"format", Some(c"json"))];
        options.extend(option.map(|name| element(name, None)));
        let tag = pg_sys::NodeTag::T_ExplainStmt;
        let mut explain = PgBox::<pg_sys::ExplainStmt>::alloc_node(tag);
        explain.query = pg_sys::copyObjectImpl(query.cast()).cast();
        explain.options = super::fdw::planner::nodes::list(options);
        let tag = pg_sys::NodeTag::T_PlannedStmt;
        let mut planned = PgBox::<pg_sys::PlannedStmt>::alloc_node(tag);
        planned.commandType = pg_sys::CmdType::CMD_UTILITY;
        planned.utilityStmt = explain.into_pg().cast();
        planned.stmt_location = -1;
        let (none, how) =
            (std::ptr::null_mut(), pg_sys::ProcessUtilityContext::PROCESS_UTILITY_QUERY);
        let (planned, start) = (planned.into_pg(), text.as_ptr());
        let nobody = std::ptr::null_mut();
        pg_sys::ProcessUtility(
            planned,
            start,
            false,
            how,
            none,
            nobody,
            destination,
            nobody.cast(),
        );
    };
    guc::without_query_ids(|| receiver::printed(run))
}

/// # Safety
/// The texts are static, as a node wants it.
unsafe fn element(name: &'static CStr, value: Option<&'static CStr>) -> *mut pg_sys::DefElem {
    // SAFETY: the nodes are made in the current memory context.
    unsafe {
        let value = value.map_or(std::ptr::null_mut(), |value| {
            pg_sys::makeString(value.as_ptr().cast_mut()).cast()
        });
        pg_sys::makeDefElem(name.as_ptr().cast_mut(), value, -1)
    }
}
