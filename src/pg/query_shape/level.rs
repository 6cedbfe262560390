//! Queries within queries, and whose column a Var is.

use std::ffi::CStr;

use pgrx::pg_sys::{self, CmdType, JoinType, List, Node, NodeTag, Query, RTEKind, RangeTblEntry};

use crate::pg::fdw::planner::nodes::{self, Tree};

/// A query and those around it, the innermost last.
pub type Levels = [*mut Query];

/// A table's place: the query whose range table it is in, and its number there.
pub type Place = (*mut Query, u32);

/// What is nested deeper is left out.
pub const DEEPEST: usize = 32;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Where the table is.
    pub place: Place,
    /// The table.
    pub relation: pg_sys::Oid,
    /// attnum
    pub number: i16,
}

/// An entry of a query's range table.
///
/// # Safety
/// The query must be live.
pub unsafe fn entry<'q>(query: *mut Query, number: u32) -> Option<&'q RangeTblEntry> {
    // SAFETY: by the caller; numbers begin at 1.
    unsafe {
        let mut entries = nodes::elements::<RangeTblEntry>((*query).rtable);
        entries.nth(usize::try_from(number).ok()?.checked_sub(1)?).and_then(|entry| entry.as_ref())
    }
}

/// The table's column behind a Var; None: it is computed, or comes from behind an aggregate, a limit
/// and the like.
///
/// # Safety
/// The Var must be live, and one of the innermost query's.
pub unsafe fn column(var: &pg_sys::Var, levels: &Levels) -> Option<Column> {
    // SAFETY: by the caller.
    unsafe { column_at(var, levels, DEEPEST) }
}

unsafe fn column_at(var: &pg_sys::Var, levels: &Levels, depth: usize) -> Option<Column> {
    let depth = depth.checked_sub(1)?;
    let count = levels.len().checked_sub(var.varlevelsup as usize)?;
    let levels = levels.get(..count)?;
    let query = *levels.last()?;
    let number = u32::try_from(var.varno).ok()?;
    // SAFETY: by the caller: the range tables are those that the Var was made for.
    unsafe {
        let entry = entry(query, number)?;
        match entry.rtekind {
            RTEKind::RTE_RELATION => {
                Some(Column { place: (query, number), relation: entry.relid, number: var.varattno })
            }
            RTEKind::RTE_JOIN => behind(nth(entry.joinaliasvars, var.varattno)?, levels, depth),
            RTEKind::RTE_SUBQUERY if !entry.security_barrier => {
                output(entry.subquery, var.varattno, levels, depth)
            }
            RTEKind::RTE_CTE => {
                let outer = levels.len().checked_sub(entry.ctelevelsup as usize)?;
                let outer = levels.get(..outer)?;
                let query = inlined(*outer.last()?, entry.ctename)?;
                output(query, var.varattno, outer, depth)
            }
            _ => behind(crate::pg::compat::planner::group_expression(entry, var)?, levels, depth),
        }
    }
}

/// The column behind an expression that is nothing but one.
unsafe fn behind(node: *mut Node, levels: &Levels, depth: usize) -> Option<Column> {
    // SAFETY: as for `column`.
    match unsafe { Tree::of(node) } {
        // SAFETY: the same.
        Tree::Var(var) => unsafe { column_at(var, levels, depth) },
        _ => None,
    }
}

/// The column behind an output of a query that the planner would pull up.
unsafe fn output(query: *mut Query, number: i16, outer: &Levels, depth: usize) -> Option<Column> {
    // SAFETY: as for `column`.
    unsafe {
        if query.is_null() || !is_simple(&*query) {
            return None;
        }
        let outputs = nodes::elements::<pg_sys::TargetEntry>((*query).targetList);
        let output = outputs.into_iter().find(|entry| (**entry).resno == number)?;
        let levels = [outer, &[query]].concat();
        behind((*output).expr.cast(), &levels, depth)
    }
}

unsafe fn nth(list: *mut List, number: i16) -> Option<*mut Node> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    // SAFETY: as for `column`.
    unsafe { nodes::elements::<Node>(list).nth(at) }
}

/// A WITH query that the planner would put in its place.
unsafe fn inlined(query: *mut Query, name: *const std::ffi::c_char) -> Option<*mut Query> {
    // SAFETY: as for `column`; names are NUL-terminated.
    unsafe {
        let mut all = nodes::elements::<pg_sys::CommonTableExpr>((*query).cteList);
        let is_it =
            |cte: &pg_sys::CommonTableExpr| CStr::from_ptr(cte.ctename) == CStr::from_ptr(name);
        let cte = all.find(|cte| is_it(&**cte))?;
        let cte = cte.as_ref()?;
        let is_inlined = match cte.ctematerialized {
            pg_sys::CTEMaterialize::CTEMaterializeAlways => false,
            pg_sys::CTEMaterialize::CTEMaterializeNever => true,
            _ => cte.cterefcount == 1,
        };
        let is_query = nodes::tag(cte.ctequery) == Some(NodeTag::T_Query);
        (is_inlined && !cte.cterecursive && is_query).then_some(cte.ctequery.cast())
    }
}

/// Whether a condition on what a query gives is one on what it reads.
fn is_simple(query: &Query) -> bool {
    let none = |list: *mut List| list.is_null();
    query.commandType == CmdType::CMD_SELECT
        && none(query.groupClause)
        && none(query.groupingSets)
        && none(query.distinctClause)
        && none(query.rowMarks)
        && query.havingQual.is_null()
        && query.limitCount.is_null()
        && query.limitOffset.is_null()
        && query.setOperations.is_null()
        && !query.hasAggs
        && !query.hasWindowFuncs
        && !query.hasTargetSRFs
        && !query.hasModifyingCTE
}

/// The numbers of the range table's entries below a part of FROM.
///
/// # Safety
/// It must be NULL or such a part, live.
pub unsafe fn below(part: *mut Node) -> Vec<u32> {
    // SAFETY: by the caller; the tag says what the node is.
    unsafe {
        match nodes::tag(part) {
            Some(NodeTag::T_RangeTblRef) => {
                vec![(*part.cast::<pg_sys::RangeTblRef>()).rtindex as u32]
            }
            Some(NodeTag::T_JoinExpr) => {
                let join = &*part.cast::<pg_sys::JoinExpr>();
                [below(join.larg), below(join.rarg)].concat()
            }
            Some(NodeTag::T_FromExpr) => {
                let list = (*part.cast::<pg_sys::FromExpr>()).fromlist;
                nodes::elements::<Node>(list).flat_map(|part| below(part)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// The entries whose columns a join makes NULL where it finds no row of theirs.
///
/// # Safety
/// The join must be live.
pub unsafe fn made_null_by(join: &pg_sys::JoinExpr) -> Vec<u32> {
    // SAFETY: by the caller.
    unsafe {
        match join.jointype {
            JoinType::JOIN_LEFT => below(join.rarg),
            JoinType::JOIN_RIGHT => below(join.larg),
            JoinType::JOIN_FULL => [below(join.larg), below(join.rarg)].concat(),
            _ => Vec::new(),
        }
    }
}

/// The entries whose rows the condition of a join decides about; None: all of them.
///
/// # Safety
/// The join must be live.
pub unsafe fn decided_by(join: &pg_sys::JoinExpr) -> Option<Vec<u32>> {
    // SAFETY: by the caller.
    unsafe {
        match join.jointype {
            JoinType::JOIN_INNER => None,
            JoinType::JOIN_LEFT => Some(below(join.rarg)),
            JoinType::JOIN_RIGHT => Some(below(join.larg)),
            _ => Some(Vec::new()),
        }
    }
}
