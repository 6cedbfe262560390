//! What lies somewhere in an expression. Queries inside of it are not gone into.

use std::ffi::c_void;

use pgrx::{
    pg_sys::{self, Node, NodeTag},
    prelude::*,
};

use crate::pg::fdw::planner::nodes;

/// The nodes with a tag, in the order in which the server walks them.
///
/// # Safety
/// It must be NULL or a live expression.
pub unsafe fn all(node: *mut Node, tag: NodeTag) -> Vec<*mut Node> {
    let mut wanted = Wanted { tag, found: Vec::new() };
    // SAFETY: by the caller; the walker gets what is given here.
    unsafe { visit(node, (&raw mut wanted).cast()) };
    wanted.found
}

struct Wanted {
    tag: NodeTag,
    found: Vec<*mut Node>,
}

/// The server's walker: true ends the walk.
#[pg_guard]
unsafe extern "C-unwind" fn visit(node: *mut Node, wanted: *mut c_void) -> bool {
    // SAFETY: the server gives nodes of the expression, and what `all` has given it.
    unsafe {
        match nodes::tag(node) {
            None | Some(NodeTag::T_Query) => return false,
            Some(tag) if tag == (*wanted.cast::<Wanted>()).tag => {
                (*wanted.cast::<Wanted>()).found.push(node);
            }
            Some(_) => {}
        }
        pg_sys::expression_tree_walker(node, Some(visit), wanted)
    }
}

/// The Vars that belong to a query so many levels out.
///
/// # Safety
/// It must be NULL or a live expression.
pub unsafe fn vars(node: *mut Node, level: usize) -> Vec<*mut pg_sys::Var> {
    // SAFETY: by the caller; the server makes a list of the Vars themselves, some of which are
    // placeholders of the planner's: before planning there are none.
    unsafe { nodes::elements(pg_sys::pull_vars_of_level(node, level as i32)).collect() }
}
