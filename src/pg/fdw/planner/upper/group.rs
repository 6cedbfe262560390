//! GROUP BY, aggregates and HAVING.

use pgrx::pg_sys::{self, Expr, GroupPathExtraData, JoinType};

use super::{Offer, Step, width};
use crate::{
    pg::{
        compat::planner::Figures,
        fdw::planner::{
            nodes,
            outputs::{self, Outputs},
            sort,
        },
    },
    readers::pushdown::{self, Expression, Select},
};

/// What a grouped relation is made of.
#[derive(Default)]
struct Groups {
    /// What the groups are made by.
    keys: Vec<*mut Expr>,
    /// The same for DuckDB.
    grouping: Vec<Expression>,
    /// The keys, and the aggregates.
    outputs: Outputs,
    /// Conditions on groups that DuckDB decides.
    having: Vec<Expression>,
    /// The same as the planner has them.
    there: Vec<*mut Expr>,
    /// Conditions on groups that are checked here.
    here: Vec<*mut Expr>,
}

/// The groups, if DuckDB can make all of them.
///
/// # Safety
/// The planner must be running.
pub unsafe fn offer(step: &Step<'_>, extra: &GroupPathExtraData) -> Option<Offer> {
    // SAFETY: by the caller.
    unsafe {
        let query = step.query();
        let nothing_to_do =
            query.groupClause.is_null() && !query.hasAggs && !(*step.root).hasHavingQual;
        if !query.groupingSets.is_null() || nothing_to_do || step.before.targets.is_some() {
            return None;
        }
        let mut groups = Groups::default();
        groups.targets(step)?;
        groups.having(step, extra)?;
        groups.offer(step)
    }
}

impl Groups {
    /// Takes the expressions in that the groups have to give.
    ///
    /// # Safety
    /// The planner must be running.
    unsafe fn targets(&mut self, step: &Step<'_>) -> Option<()> {
        // SAFETY: by the caller.
        unsafe {
            let clauses = step.query().groupClause;
            let targets = outputs::targets((*step.output).reltarget);
            let (keys, others): (Vec<_>, Vec<_>) = targets
                .into_iter()
                .partition(|(_, reference)| outputs::named_by(clauses, *reference));
            keys.iter().try_for_each(|(node, _)| self.key(step, *node))?;
            // Each key is a target, unless it compares in a way of its own.
            if self.keys.len() != nodes::elements::<Expr>(clauses).len() {
                return None;
            }
            others.into_iter().try_for_each(|(node, _)| self.parts(step, node))
        }
    }

    /// # Safety
    /// A live expression of the running planner's.
    unsafe fn key(&mut self, step: &Step<'_>, node: *mut Expr) -> Option<()> {
        // SAFETY: by the caller.
        unsafe {
            let expression = outputs::key(step.before, node)?;
            // It is computed here: the server would take it for the scan's parameter that it is also.
            if expression.is_known() {
                return None;
            }
            self.keys.push(node);
            self.grouping.push(expression.clone());
            self.outputs.add(step.before, node, expression)
        }
    }

    /// Takes in what an expression is computed from. It is computed here: once for each group.
    ///
    /// # Safety
    /// A live expression of the running planner's.
    unsafe fn parts(&mut self, step: &Step<'_>, node: *mut Expr) -> Option<()> {
        // SAFETY: by the caller.
        unsafe {
            for part in outputs::parts(node) {
                match outputs::is_aggregate(part) {
                    true => self.aggregate(step, part)?,
                    false if self.has(part) => {}
                    false => return None,
                }
            }
        }
        Some(())
    }

    /// # Safety
    /// A live aggregate of the running planner's.
    unsafe fn aggregate(&mut self, step: &Step<'_>, node: *mut Expr) -> Option<()> {
        // SAFETY: by the caller.
        unsafe {
            let expression = step.before.translator().expression(node)?;
            let is_same =
                step.before.planning.with_scope(|scope| pushdown::aggregate(&expression, scope));
            is_same.then(|| self.outputs.add(step.before, node, expression)).flatten()
        }
    }

    /// Whether a column is a key, or is used by one: then what is asked for holds all of that key.
    ///
    /// # Safety
    /// A live expression of the running planner's.
    unsafe fn has(&self, column: *mut Expr) -> bool {
        // SAFETY: by the caller.
        unsafe {
            let is_it = |node: *mut Expr| nodes::equal(node, column);
            self.keys.iter().any(|key| is_it(*key) || outputs::parts(*key).into_iter().any(is_it))
        }
    }

    /// Takes the conditions on groups in.
    ///
    /// # Safety
    /// The planner must be running.
    unsafe fn having(&mut self, step: &Step<'_>, extra: &GroupPathExtraData) -> Option<()> {
        // SAFETY: by the caller; the conditions are a list.
        for node in unsafe { nodes::elements::<Expr>(extra.havingQual.cast()) } {
            // SAFETY: the same.
            unsafe {
                match self.said(step, node) {
                    Some(expression) => {
                        self.having.push(expression);
                        self.there.push(node);
                    }
                    None => {
                        self.parts(step, node)?;
                        self.here.push(node);
                    }
                }
            }
        }
        Some(())
    }

    /// A condition on groups, if DuckDB decides as the server would.
    ///
    /// # Safety
    /// A live expression of the running planner's.
    unsafe fn said(&self, step: &Step<'_>, node: *mut Expr) -> Option<Expression> {
        // SAFETY: by the caller.
        let expression = unsafe { step.before.translator() }.expression(node)?;
        let planning = &step.before.planning;
        // DuckDB has to find the keys in it again: it does where they are columns.
        let is_exact = sort::is_of_groups(&self.grouping, &expression)
            && planning.with_scope(|scope| pushdown::is_exact(&expression, scope));
        is_exact.then_some(expression)
    }

    /// # Safety
    /// The planner must be running.
    unsafe fn offer(self, step: &Step<'_>) -> Option<Offer> {
        // SAFETY: by the caller.
        let (count, kept_there, kept_here) = unsafe {
            let count = match self.keys.is_empty() {
                true => 1.0,
                false => groups(step, &self.keys),
            };
            (count, kept(step, &self.there), kept(step, &self.here))
        };
        let given = (count * kept_there).max(1.0);
        let work = step.before.work.group(self.keys.len(), count, given);
        // SAFETY: the same.
        let (target, width) = unsafe {
            let target = (*step.output).reltarget;
            (target, width(target))
        };
        let Outputs { targets, outputs } = self.outputs;
        let mut state = step.state(Select {
            outputs,
            grouping: Some(self.grouping),
            having: self.having,
            ..step.before.select.clone()
        })?;
        state.targets = Some(targets);
        state.is_whole = self.here.is_empty();
        state.local = self.here;
        state.work = work;
        let figures = Figures { rows: (given * kept_here).max(1.0), ..work.collected(width) };
        Some(Offer { state, target, figures, pathkeys: std::ptr::null_mut() })
    }
}

/// How many groups there may be.
///
/// # Safety
/// Live expressions of the running planner's.
pub unsafe fn groups(step: &Step<'_>, keys: &[*mut Expr]) -> f64 {
    let (list, rows) = (nodes::list(keys.iter().copied()), step.before.work.rows);
    let none = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe { pg_sys::estimate_num_groups(step.root, list, rows, none, none.cast()) }
}

/// The part of the groups that conditions may leave.
///
/// # Safety
/// Live expressions of the running planner's.
unsafe fn kept(step: &Step<'_>, conditions: &[*mut Expr]) -> f64 {
    let list = nodes::list(conditions.iter().copied());
    let none = std::ptr::null_mut();
    // SAFETY: by the caller.
    unsafe { pg_sys::clauselist_selectivity(step.root, list, 0, JoinType::JOIN_INNER, none) }
}
