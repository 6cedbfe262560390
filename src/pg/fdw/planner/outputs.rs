//! What a query gives: the expressions of a target, and what they are to DuckDB.

use pgrx::pg_sys::{self, Expr, List, PathTarget, TargetEntry};

use super::{
    catalog,
    nodes::{self, Tree},
    state::State,
    types,
};
use crate::readers::pushdown::{self, Expression, Output, Scope};

/// Expressions that DuckDB computes, each once.
#[derive(Default)]
pub struct Outputs {
    /// The server's expressions.
    pub targets: Vec<*mut Expr>,
    /// The same for DuckDB.
    pub outputs: Vec<Output>,
}

impl Outputs {
    /// Adds an expression, if its type is one that a DuckDB value can become.
    ///
    /// # Safety
    /// It must be a live expression of the running planner's.
    pub unsafe fn add(
        &mut self,
        state: &State,
        target: *mut Expr,
        expression: Expression,
    ) -> Option<()> {
        // SAFETY: by the caller, and so by those before.
        if self.targets.iter().any(|other| unsafe { nodes::equal(*other, target) }) {
            return Some(());
        }
        let pg = match state.planning.with_scope(|scope| column_type(scope, &expression)) {
            Some(pg) => pg,
            // SAFETY: by the caller.
            None => unsafe { types::of_expression(target) }?,
        };
        self.targets.push(target);
        self.outputs.push(Output { expression, pg });
        Some(())
    }
}

/// The type that a column of a foreign table is read as.
fn column_type(scope: &Scope, expression: &Expression) -> Option<migrator_model::PgType> {
    let Expression::Column { relation, attribute, .. } = expression else { return None };
    scope.column(*relation, *attribute).map(|column| column.pg.clone())
}

/// The columns that a target is computed from; None if DuckDB has not all of them.
///
/// # Safety
/// The target must be the running planner's.
pub unsafe fn columns(state: &State, target: *mut PathTarget) -> Option<Outputs> {
    let mut outputs = Outputs::default();
    // SAFETY: by the caller; the list is one of such entries.
    unsafe {
        let pulled = pg_sys::pull_var_clause(
            (*target).exprs.cast(),
            pg_sys::PVC_RECURSE_PLACEHOLDERS as i32,
        );
        let entries: *mut List = pg_sys::add_to_flat_tlist(std::ptr::null_mut(), pulled);
        for entry in nodes::elements::<TargetEntry>(entries) {
            let expression = state.translator().expression((*entry).expr)?;
            if !matches!(expression, Expression::Column { .. }) {
                return None;
            }
            outputs.add(state, (*entry).expr, expression)?;
        }
    }
    Some(outputs)
}

/// The expressions of a target, each with its sortgroupref, 0 for none.
///
/// # Safety
/// It must be the running planner's.
pub unsafe fn targets(target: *mut PathTarget) -> Vec<(*mut Expr, u32)> {
    // SAFETY: by the caller; there are as many references as expressions, or none at all.
    unsafe {
        let references = (*target).sortgrouprefs;
        let reference = |at| if references.is_null() { 0 } else { *references.add(at) };
        let expressions = nodes::elements((*target).exprs).enumerate();
        expressions.map(|(at, expression)| (expression, reference(at))).collect()
    }
}

/// Whether a clause of the query, GROUP BY or DISTINCT, names this reference and compares by `=`.
///
/// # Safety
/// The list must be the running planner's.
pub unsafe fn named_by(clauses: *mut List, reference: u32) -> bool {
    // SAFETY: by the caller; these clauses are of such nodes.
    unsafe {
        nodes::elements::<pg_sys::SortGroupClause>(clauses).any(|clause| {
            (*clause).tleSortGroupRef == reference && catalog::is_equality((*clause).eqop)
        })
    }
}

/// What an expression is to DuckDB as a key of groups, or as one of distinct values.
///
/// # Safety
/// It must be a live expression of the running planner's.
pub unsafe fn key(state: &State, node: *mut Expr) -> Option<Expression> {
    // SAFETY: by the caller.
    let (expression, collation) = unsafe {
        let expression = state.translator().expression(node)?;
        (expression, types::collation(pg_sys::exprCollation(node.cast())))
    };
    let is_key = state.planning.with_scope(|scope| {
        let is_column = matches!(expression, Expression::Column { .. });
        pushdown::groupable(&expression, collation, scope)
            && (is_column || pushdown::output(&expression, scope))
    });
    is_key.then_some(expression)
}

/// The aggregates and columns that an expression is computed from.
///
/// # Safety
/// It must be a live expression of the running planner's.
pub unsafe fn parts(node: *mut Expr) -> Vec<*mut Expr> {
    let wanted = pg_sys::PVC_INCLUDE_AGGREGATES
        | pg_sys::PVC_INCLUDE_PLACEHOLDERS
        | pg_sys::PVC_RECURSE_WINDOWFUNCS;
    // SAFETY: by the caller; the list is one of expressions.
    unsafe { nodes::elements(pg_sys::pull_var_clause(node.cast(), wanted as i32)).collect() }
}

/// Whether an expression is an aggregate.
///
/// # Safety
/// It must be a live expression.
pub unsafe fn is_aggregate(node: *mut Expr) -> bool {
    // SAFETY: by the caller.
    matches!(unsafe { Tree::of(node) }, Tree::Aggregate(_))
}
