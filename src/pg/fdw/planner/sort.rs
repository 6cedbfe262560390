//! ORDER BY for the orders that the planner wants.

use pgrx::pg_sys::{EquivalenceMember, List, PathKey};

use super::{catalog, nodes, state::State, types};
use crate::{
    pg::compat::planner::is_descending,
    readers::pushdown::{self, Expression, SortKey},
};

/// The keys that sort a relation so, if DuckDB sorts as PostgreSQL does.
///
/// # Safety
/// The path keys must be the running planner's.
pub unsafe fn keys(state: &State, pathkeys: *mut List) -> Option<Vec<SortKey>> {
    // SAFETY: by the caller.
    unsafe { nodes::elements(pathkeys).map(|key: *mut PathKey| one(state, &*key)).collect() }
}

/// # Safety
/// The path key must be live.
unsafe fn one(state: &State, key: &PathKey) -> Option<SortKey> {
    // SAFETY: by the caller; a key has a class.
    let class = unsafe { &*key.pk_eclass };
    if class.ec_has_volatile {
        return None;
    }
    // SAFETY: by the caller.
    let mut members = unsafe { nodes::elements::<EquivalenceMember>(class.ec_members) };
    members.find_map(|member| {
        // SAFETY: the same.
        let expression = unsafe { value(state, key, &*member) }?;
        let key = SortKey {
            expression,
            descending: is_descending(key),
            nulls_first: key.pk_nulls_first,
            collation: types::collation(class.ec_collation),
        };
        state.planning.with_scope(|scope| pushdown::sortable(&key, scope)).then_some(key)
    })
}

/// What a member of a class is to DuckDB, if sorting by it gives this order.
///
/// # Safety
/// Both must be live.
unsafe fn value(state: &State, key: &PathKey, member: &EquivalenceMember) -> Option<Expression> {
    // What is the same for all rows sorts nothing, and need not be computed below an outer join.
    let is_constant = member.em_is_const || member.em_relids.is_null();
    // A type may have other orders, by an operator class of their own.
    let is_usual = catalog::is_default_order(key.pk_opfamily, member.em_datatype);
    if is_constant || !is_usual {
        return None;
    }
    // SAFETY: by the caller.
    let expression = unsafe { state.translator() }.expression(member.em_expr)?;
    (!expression.is_known() && is_given_by(state, &expression)).then_some(expression)
}

/// Whether an expression can be computed from what a grouped relation still has: its groups' keys, and
/// aggregates. Other relations have all their columns, and no aggregates: a query that wants an order
/// by one asks for that before it groups.
fn is_given_by(state: &State, expression: &Expression) -> bool {
    match &state.select.grouping {
        Some(keys) => keys.contains(expression) || is_of_groups(keys, expression),
        None if state.select.distinct => outputs(state, expression),
        None => !has_aggregate(expression),
    }
}

/// Whether an expression is computed from aggregates and from keys that are columns. Other keys are not
/// looked for inside: DuckDB would have to find them again.
pub fn is_of_groups(keys: &[Expression], expression: &Expression) -> bool {
    match expression {
        Expression::Aggregate { .. }
        | Expression::Constant { .. }
        | Expression::Parameter { .. } => true,
        Expression::Column { .. } => keys.contains(expression),
        other => other.children().into_iter().all(|child| is_of_groups(keys, child)),
    }
}

fn has_aggregate(expression: &Expression) -> bool {
    let is_one = matches!(expression, Expression::Aggregate { .. });
    is_one || expression.children().into_iter().any(has_aggregate)
}

/// DISTINCT leaves nothing but the outputs.
fn outputs(state: &State, expression: &Expression) -> bool {
    state.select.outputs.iter().any(|output| output.expression == *expression)
}
