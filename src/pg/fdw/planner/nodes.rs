//! The server's trees, as far as we read them.

use pgrx::pg_sys::{self, List, Node, NodeTag};

use crate::pg::list;

/// An expression, by what it is at its top.
#[derive(Clone, Copy)]
pub enum Tree<'p> {
    /// A column.
    Var(&'p pg_sys::Var),
    /// A constant.
    Const(&'p pg_sys::Const),
    /// A value that is given to the query or made by a part of it.
    Param(&'p pg_sys::Param),
    /// An operator.
    Operator(&'p pg_sys::OpExpr),
    /// IS DISTINCT FROM
    Distinct(&'p pg_sys::OpExpr),
    /// NULLIF
    NullIf(&'p pg_sys::OpExpr),
    /// An operator with ANY or ALL.
    AnyOf(&'p pg_sys::ScalarArrayOpExpr),
    /// A function.
    Function(&'p pg_sys::FuncExpr),
    /// AND, OR, NOT
    Boolean(&'p pg_sys::BoolExpr),
    /// IS NULL
    NullTest(&'p pg_sys::NullTest),
    /// IS TRUE and its like
    BooleanTest(&'p pg_sys::BooleanTest),
    /// CASE
    Case(&'p pg_sys::CaseExpr),
    /// The value that CASE compares.
    CaseTest,
    /// COALESCE
    Coalesce(&'p pg_sys::CoalesceExpr),
    /// GREATEST, LEAST
    MinMax(&'p pg_sys::MinMaxExpr),
    /// ARRAY[…]
    Array(&'p pg_sys::ArrayExpr),
    /// The same bytes as another type.
    Relabel(&'p pg_sys::RelabelType),
    /// A cast by the text.
    ViaText(&'p pg_sys::CoerceViaIO),
    /// CURRENT_DATE and its like
    Current,
    /// An aggregate.
    Aggregate(&'p pg_sys::Aggref),
    /// Something else, or nothing.
    Other,
}

impl<'p> Tree<'p> {
    /// Looks at a node.
    ///
    /// # Safety
    /// It must be NULL or a node of a tree that stays as it is for `'p`.
    pub unsafe fn of<T>(node: *const T) -> Self {
        // SAFETY: by the caller.
        let Some(tag) = (unsafe { tag(node) }) else { return Self::Other };
        // SAFETY: the tag says what the node is; it is live by the caller.
        unsafe {
            match tag {
                NodeTag::T_Var => Self::Var(&*node.cast()),
                NodeTag::T_Const => Self::Const(&*node.cast()),
                NodeTag::T_Param => Self::Param(&*node.cast()),
                NodeTag::T_OpExpr => Self::Operator(&*node.cast()),
                NodeTag::T_DistinctExpr => Self::Distinct(&*node.cast()),
                NodeTag::T_NullIfExpr => Self::NullIf(&*node.cast()),
                NodeTag::T_ScalarArrayOpExpr => Self::AnyOf(&*node.cast()),
                NodeTag::T_FuncExpr => Self::Function(&*node.cast()),
                NodeTag::T_BoolExpr => Self::Boolean(&*node.cast()),
                NodeTag::T_NullTest => Self::NullTest(&*node.cast()),
                NodeTag::T_BooleanTest => Self::BooleanTest(&*node.cast()),
                NodeTag::T_CaseExpr => Self::Case(&*node.cast()),
                NodeTag::T_CaseTestExpr => Self::CaseTest,
                NodeTag::T_CoalesceExpr => Self::Coalesce(&*node.cast()),
                NodeTag::T_MinMaxExpr => Self::MinMax(&*node.cast()),
                NodeTag::T_ArrayExpr => Self::Array(&*node.cast()),
                NodeTag::T_RelabelType => Self::Relabel(&*node.cast()),
                NodeTag::T_CoerceViaIO => Self::ViaText(&*node.cast()),
                NodeTag::T_SQLValueFunction => Self::Current,
                NodeTag::T_Aggref => Self::Aggregate(&*node.cast()),
                _ => Self::Other,
            }
        }
    }
}

/// What a node is; None for NULL.
///
/// # Safety
/// It must be NULL or a node.
pub unsafe fn tag<T>(node: *const T) -> Option<NodeTag> {
    // SAFETY: every node begins with its tag.
    unsafe { node.cast::<Node>().as_ref() }.map(|node| node.type_)
}

/// The elements of a list of pointers.
///
/// # Safety
/// It must be NULL or such a list, which stays as it is for `'p`.
pub unsafe fn elements<'p, T: 'p>(list: *const List) -> impl ExactSizeIterator<Item = *mut T> + 'p {
    // SAFETY: by the caller.
    let cells = unsafe { list::cells(list) };
    // SAFETY: the same; each of them holds a pointer.
    cells.iter().map(|cell| unsafe { cell.ptr_value.cast::<T>() })
}

/// A list of these pointers, in the current memory context.
pub fn list<T>(elements: impl IntoIterator<Item = *mut T>) -> *mut List {
    // SAFETY: the server makes the list, and makes it longer.
    let append = |list, element: *mut T| unsafe { pg_sys::lappend(list, element.cast()) };
    elements.into_iter().fold(std::ptr::null_mut(), append)
}

/// Whether two expressions are the same.
///
/// # Safety
/// Both must be live nodes.
pub unsafe fn equal<T>(one: *const T, other: *const T) -> bool {
    // SAFETY: by the caller.
    unsafe { pg_sys::equal(one.cast(), other.cast()) }
}

/// Whether a set has no members.
///
/// # Safety
/// It must be NULL or a live set.
pub unsafe fn is_empty(set: *const pg_sys::Bitmapset) -> bool {
    // SAFETY: by the caller; -1 begins, and a negative number ends.
    unsafe { pg_sys::bms_next_member(set, -1) < 0 }
}
