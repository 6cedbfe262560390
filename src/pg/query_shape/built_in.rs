//! Whether an expression is made of nothing but what the server brings with it: then its SQL can be
//! read by anybody, and nobody else's code is run.

use std::ffi::c_void;

use pgrx::{
    pg_sys::{self, Node, NodeTag, Oid},
    prelude::*,
};

use crate::pg::fdw::planner::nodes::{self, Tree};

/// Looks at functions, operators, collations and types; the table's own columns may be of any type.
///
/// # Safety
/// It must be NULL or a live expression.
pub unsafe fn is_built_in(node: *mut Node) -> bool {
    // SAFETY: by the caller.
    unsafe { !is_foreign(node, std::ptr::null_mut()) }
}

/// The server's walker: true ends the walk. What is not known here counts as somebody's.
#[pg_guard]
unsafe extern "C-unwind" fn is_foreign(node: *mut Node, nothing: *mut c_void) -> bool {
    // SAFETY: the server gives nodes of the expression.
    unsafe {
        let Some(tag) = nodes::tag(node) else { return false };
        let is_own = match tag {
            NodeTag::T_Var | NodeTag::T_List | NodeTag::T_CaseWhen => true,
            NodeTag::T_CollateExpr => is_the_servers((*node.cast::<pg_sys::CollateExpr>()).collOid),
            _ => is_known(tag) && is_the_servers(pg_sys::exprType(node)),
        };
        !is_own
            || !operator(node).is_none_or(is_the_servers)
            || pg_sys::check_functions_in_node(node, Some(is_somebodys), nothing)
            || pg_sys::expression_tree_walker(node, Some(is_foreign), nothing)
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn is_somebodys(function: Oid, _nothing: *mut c_void) -> bool {
    !is_the_servers(function)
}

/// The OIDs of what users and extensions make begin behind those of initdb.
fn is_the_servers(oid: Oid) -> bool {
    oid.to_u32() < pg_sys::FirstNormalObjectId
}

unsafe fn operator(node: *mut Node) -> Option<Oid> {
    // SAFETY: as for `is_foreign`.
    match unsafe { Tree::of(node) } {
        Tree::Operator(operator) | Tree::Distinct(operator) | Tree::NullIf(operator) => {
            Some(operator.opno)
        }
        Tree::AnyOf(any) => Some(any.opno),
        _ => None,
    }
}

/// Nodes that have a type, and hold nothing by OID but what is looked at.
fn is_known(tag: NodeTag) -> bool {
    matches!(
        tag,
        NodeTag::T_Const
            | NodeTag::T_FuncExpr
            | NodeTag::T_OpExpr
            | NodeTag::T_DistinctExpr
            | NodeTag::T_NullIfExpr
            | NodeTag::T_ScalarArrayOpExpr
            | NodeTag::T_BoolExpr
            | NodeTag::T_NullTest
            | NodeTag::T_BooleanTest
            | NodeTag::T_CaseExpr
            | NodeTag::T_CaseTestExpr
            | NodeTag::T_CoalesceExpr
            | NodeTag::T_MinMaxExpr
            | NodeTag::T_ArrayExpr
            | NodeTag::T_ArrayCoerceExpr
            | NodeTag::T_RelabelType
            | NodeTag::T_CoerceViaIO
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_initdb_has_made_is_the_servers() {
        assert!(is_the_servers(Oid::from(25)) && is_the_servers(Oid::from(16_383)));
        assert!(!is_the_servers(Oid::from(16_384)));
        assert!(is_known(NodeTag::T_OpExpr) && !is_known(NodeTag::T_CoerceToDomain));
    }
}
