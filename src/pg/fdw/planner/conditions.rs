//! Who checks a condition on rows: DuckDB, PostgreSQL, or both.

use pgrx::pg_sys::{self, RelOptInfo, RestrictInfo};

use super::{expression::Translator, planning::Planning};
use crate::{
    readers::pushdown::{self, Expression},
    settings,
};

/// Where a condition is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// DuckDB decides as PostgreSQL would.
    There,
    /// DuckDB leaves rows out that cannot fulfil it; PostgreSQL decides about the others.
    Both,
    /// Only PostgreSQL.
    Here,
}

/// A condition of the planner's.
pub struct Condition {
    /// The planner's own.
    pub restriction: *mut RestrictInfo,
    /// The condition for DuckDB, unless it is `Here`.
    pub expression: Option<Expression>,
    /// Who checks it.
    pub place: Place,
}

/// DuckDB gets no more conditions than these in one query.
pub const MOST: usize = 100;

impl Condition {
    /// A condition that only PostgreSQL checks.
    pub fn here(restriction: *mut RestrictInfo) -> Self {
        Self { restriction, expression: None, place: Place::Here }
    }

    /// Decides who checks a condition on the rows of a foreign table.
    ///
    /// # Safety
    /// Both must be the running planner's.
    pub unsafe fn of(
        restriction: *mut RestrictInfo,
        rel: *mut RelOptInfo,
        planning: &Planning,
        translator: &mut Translator<'_>,
    ) -> Self {
        // SAFETY: by the caller.
        let said = unsafe {
            // What DuckDB's messages say must not tell of rows that a view hides.
            let may = settings::pushdown()
                && pg_sys::restriction_is_securely_promotable(restriction, rel);
            may.then(|| said((*restriction).clause, planning, translator)).flatten()
        };
        match said {
            None => Self::here(restriction),
            Some((expression, is_exact)) => {
                let place = if is_exact { Place::There } else { Place::Both };
                Self { restriction, expression: Some(expression), place }
            }
        }
    }

    /// Whether it is the same for all rows: the server checks such a one before a scan begins.
    ///
    /// # Safety
    /// The planner must still be running.
    pub unsafe fn is_gate(&self) -> bool {
        // SAFETY: by the caller.
        unsafe { (*self.restriction).pseudoconstant }
    }

    /// The condition itself.
    ///
    /// # Safety
    /// The planner must still be running.
    pub unsafe fn clause(&self) -> *mut pg_sys::Expr {
        // SAFETY: by the caller.
        unsafe { (*self.restriction).clause }
    }
}

/// The condition for DuckDB, and whether it decides as PostgreSQL would.
fn said(
    clause: *mut pg_sys::Expr,
    planning: &Planning,
    translator: &mut Translator<'_>,
) -> Option<(Expression, bool)> {
    translator.is_weaker = false;
    let expression = translator.condition(clause)?;
    let filter = planning.with_scope(|scope| pushdown::filter(&expression, scope))?;
    Some((expression, filter.exact && !translator.is_weaker))
}
