//! Expressions over one table as SQL again, for an index or its condition.

use std::{collections::BTreeSet, ffi::CString};

use pgrx::pg_sys::{self, Node, NodeTag, Oid};

use super::{
    built_in, columns, contains,
    level::{self, Levels, Place},
    shape::Key,
};
use crate::pg::{
    compat::planner::{collate_is_c, make_plain},
    fdw::planner::nodes::{self, Tree},
    quoting,
    search_path::SafeSettings,
};

/// An expression over one table and nothing else of a query.
pub struct OnTable {
    /// The expression, a copy, whose Vars are the table's own.
    pub node: *mut Node,
    /// Where the table is.
    pub place: Place,
    relation: Oid,
    numbers: BTreeSet<i16>,
}

/// Why an expression is no key.
pub enum NoKey {
    /// It is of another table, of several, of none, or of no interest.
    Other,
    /// An index cannot hold it: its SQL.
    Unindexable(String),
}

impl OnTable {
    /// Looks at an expression; None: it is over other tables, or several, or none.
    ///
    /// # Safety
    /// It must be live, and one of the innermost query's.
    pub unsafe fn of(node: *mut Node, relation: Oid, levels: &Levels) -> Option<Self> {
        // SAFETY: by the caller; the copy is ours to change.
        unsafe {
            if !contains::all(node, NodeTag::T_SubLink).is_empty() {
                return None;
            }
            let node: *mut Node = pg_sys::copyObjectImpl(node.cast()).cast();
            let vars: Vec<_> =
                (0..levels.len()).flat_map(|level| contains::vars(node, level)).collect();
            let all: Option<Vec<_>> =
                vars.iter().map(|var| level::column(&**var, levels)).collect();
            let all = all?;
            let place = all.first()?.place;
            if all.iter().any(|column| column.place != place || column.relation != relation) {
                return None;
            }
            for (var, column) in vars.iter().zip(&all) {
                make_plain(&mut **var, column.number);
            }
            let numbers = all.iter().map(|column| column.number).collect();
            Some(Self { node, place, relation, numbers })
        }
    }

    /// As SQL that means the same under any search path.
    pub fn sql(&self) -> String {
        let _safe = SafeSettings::enter();
        // SAFETY: the expression is live, and its Vars are those of a table with the number 1; the
        // server makes NUL-terminated texts in the current memory context.
        unsafe {
            let name = CString::from(c"t");
            let context = pg_sys::deparse_context_for(name.as_ptr(), self.relation);
            let text = pg_sys::deparse_expression(self.node, context, false, false);
            quoting::text_at(text).unwrap_or_default()
        }
    }

    /// The names of its columns.
    fn columns(&self) -> Vec<String> {
        let names = self.numbers.iter();
        names.filter_map(|number| columns::name(self.relation, *number)).collect()
    }

    /// Whether there is nothing in it but the table's columns and constants, and it means the same at
    /// any time.
    pub fn is_fixed(&self) -> bool {
        // SAFETY: the expression is live.
        !self.has_parameter() && unsafe { !pg_sys::contain_mutable_functions(self.node) }
    }

    /// As what an index is sorted by, if it can be that.
    pub fn key(&self) -> Result<Key, NoKey> {
        // SAFETY: the expression is live.
        unsafe {
            let node = without_relabel(self.node);
            let key = OnTable { node, numbers: self.numbers.clone(), ..*self };
            if self.numbers.iter().any(|number| *number <= 0) {
                return Err(NoKey::Other);
            }
            match Tree::of(node) {
                Tree::Var(_) => {}
                // The server casts a column because what it is compared with has another type.
                Tree::Function(function)
                    if function.funcformat == pg_sys::CoercionForm::COERCE_IMPLICIT_CAST =>
                {
                    return Err(NoKey::Unindexable(key.sql()));
                }
                _ if pg_sys::expression_returns_set(node) => return Err(NoKey::Other),
                _ if key.is_fixed() => {}
                _ if key.has_parameter() => return Err(NoKey::Other),
                _ => return Err(NoKey::Unindexable(key.sql())),
            }
            Ok(key.described())
        }
    }

    /// Whether something is in it that no row holds; what has a query in it is not looked at.
    fn has_parameter(&self) -> bool {
        let tags =
            [NodeTag::T_Param, NodeTag::T_Aggref, NodeTag::T_WindowFunc, NodeTag::T_GroupingFunc];
        // SAFETY: the expression is live.
        tags.iter().any(|tag| unsafe { !contains::all(self.node, *tag).is_empty() })
    }

    /// Whether a comparison by this collation goes by the order that an index of it has.
    pub fn compares_by(&self, collation: Oid) -> bool {
        // SAFETY: the expression is live.
        let own = unsafe { pg_sys::exprCollation(without_relabel(self.node)) };
        collation == pg_sys::InvalidOid || collation == own
    }

    /// Whether its SQL names nothing but what the server brings with it, and the table's columns.
    pub fn is_built_in(&self) -> bool {
        // SAFETY: the expression is live.
        unsafe { built_in::is_built_in(self.node) }
    }

    /// Whether it is NULL where the table's columns are.
    pub fn is_strict(&self) -> bool {
        // SAFETY: the expression is live.
        unsafe { !pg_sys::contain_nonstrict_functions(self.node) }
    }

    unsafe fn described(&self) -> Key {
        // SAFETY: the expression is live; the cache's entry stays for as long as the backend.
        unsafe {
            let is_column = nodes::tag(self.node) == Some(NodeTag::T_Var);
            let columns = self.columns();
            let column = columns.first().filter(|_| is_column).cloned();
            let type_oid = pg_sys::exprType(self.node);
            let typmod = pg_sys::exprTypmod(self.node);
            let collation = pg_sys::exprCollation(self.node);
            let wanted = pg_sys::TYPECACHE_BTREE_OPFAMILY | pg_sys::TYPECACHE_HASH_OPFAMILY;
            let known = &*pg_sys::lookup_type_cache(type_oid, wanted as i32);
            Key {
                sql: match &column {
                    Some(name) => migrator_model::ident::quote(name),
                    None => self.sql(),
                },
                column,
                columns,
                type_oid: type_oid.to_u32(),
                base_oid: pg_sys::getBaseType(type_oid).to_u32(),
                collation: collation.to_u32(),
                width: pg_sys::get_typavgwidth(type_oid, typmod).max(1) as u32,
                is_c: collation != pg_sys::InvalidOid && collate_is_c(collation),
                sorts: known.btree_opf != pg_sys::InvalidOid,
                hashes: known.hash_opf != pg_sys::InvalidOid,
                built_in: self.is_built_in(),
            }
        }
    }
}

/// An index on a column is good for its bytes as another type, too.
///
/// # Safety
/// It must be live.
pub unsafe fn without_relabel(mut node: *mut Node) -> *mut Node {
    // SAFETY: by the caller.
    while let Tree::Relabel(relabel) = unsafe { Tree::of(node) } {
        node = relabel.arg.cast();
    }
    node
}
