//! What all relations share for which one query is planned: the foreign tables, and the values that
//! are known when a scan begins.

use std::{cell::RefCell, rc::Rc};

use pgrx::pg_sys::{self, Expr, PlannerInfo};

use super::{nodes, state::State};
use crate::readers::pushdown::{Kind, RemoteTable, Scope};

/// The planning of one query. A subquery that stays one has its own.
pub struct Planning {
    scope: RefCell<Scope>,
    given: RefCell<Vec<Given>>,
    context: pg_sys::MemoryContext,
}

/// A value that is known when a scan begins.
#[derive(Clone, Copy)]
pub struct Given {
    /// What computes it.
    pub expression: *mut Expr,
    /// Its type.
    pub kind: Kind,
}

impl Planning {
    /// The planning of this query, which the first foreign table begins.
    ///
    /// # Safety
    /// It must be the planner that is running.
    pub unsafe fn of(root: *mut PlannerInfo) -> Rc<Self> {
        // SAFETY: by the caller.
        unsafe {
            let begun = State::any(root).map(|state| Rc::clone(&state.planning));
            let context = (*root).planner_cxt;
            let begin = || Self { scope: RefCell::default(), given: RefCell::default(), context };
            begun.unwrap_or_else(|| Rc::new(begin()))
        }
    }

    /// Adds a foreign table by its index in the range table.
    pub fn add(&self, relation: u32, table: RemoteTable) {
        self.scope.borrow_mut().0.insert(relation, table);
    }

    /// Looks at the foreign tables.
    pub fn with_scope<T>(&self, look: impl FnOnce(&Scope) -> T) -> T {
        look(&self.scope.borrow())
    }

    /// The number of a value that is known when a scan begins: the same for the same expression.
    ///
    /// # Safety
    /// It must be a live expression.
    pub unsafe fn number(&self, expression: *mut Expr, kind: Kind) -> usize {
        let mut given = self.given.borrow_mut();
        // SAFETY: by the caller, and ours are copies that live as long as the planning.
        let known =
            given.iter().position(|one| unsafe { nodes::equal(one.expression, expression) });
        known.unwrap_or_else(|| {
            // Join orders may be tried out in a memory context that goes away.
            // SAFETY: the planner's own context; copies a live node.
            let expression = unsafe {
                let before = pg_sys::MemoryContextSwitchTo(self.context);
                let copy = pg_sys::copyObjectImpl(expression.cast()).cast();
                pg_sys::MemoryContextSwitchTo(before);
                copy
            };
            given.push(Given { expression, kind });
            given.len() - 1
        })
    }

    /// The value of a number.
    pub fn given(&self, number: usize) -> Option<Given> {
        self.given.borrow().get(number).copied()
    }
}
