//! A query as it stands in a plan node.

use std::ffi::CString;

use pgrx::pg_sys::{self, List};

use super::{nodes, planning::Given, state::State};
use crate::{
    error::{Error, Result},
    readers::{
        plan::ScanPlan,
        pushdown::{self, Expression, Select},
    },
};

/// A query for the reader.
pub struct Query {
    /// What the executor gets.
    pub plan: ScanPlan,
    given: Vec<Given>,
}

impl Query {
    /// Writes the query of a relation.
    pub fn of(state: &State, select: &Select) -> Result<Self> {
        let said = state.planning.with_scope(|scope| pushdown::select(select, scope));
        let said = said.ok_or_else(|| Error::new("XX000", "a foreign scan cannot be said"))?;
        // Only some of the planning's parameters are this query's.
        let numbers: Vec<usize> = said.sql.parameters().into_iter().collect();
        let place = |number| numbers.iter().position(|own| *own == number).unwrap_or_default();
        let given: Option<Vec<_>> =
            numbers.iter().map(|number| state.planning.given(*number)).collect();
        let given = given.ok_or_else(|| Error::new("XX000", "a parameter is not known"))?;
        let origin = &state.origin;
        let plan = ScanPlan {
            server: origin.server,
            user: origin.user,
            label: origin.label.clone(),
            tables: origin.tables.clone(),
            limit: parameter(&select.limit).map(place),
            offset: parameter(&select.offset).map(place),
            sql: said.sql.renumbered(&place),
            columns: said.columns,
            fills: said.fills,
            parameters: given.iter().map(|given| given.kind).collect(),
            accept_lossy: origin.accept_lossy,
            nul_bytes: origin.nul_bytes.clone(),
        };
        Ok(Self { plan, given })
    }

    /// The plan as a node that the server can copy.
    pub fn private(&self) -> *mut List {
        // JSON has no NUL.
        let json = CString::new(self.plan.to_json()).unwrap_or_default();
        // SAFETY: the text is NUL-terminated, and copied.
        let text = unsafe { pg_sys::makeString(pg_sys::pstrdup(json.as_ptr())) };
        nodes::list([text])
    }

    /// The expressions of the parameters.
    pub fn parameters(&self) -> *mut List {
        // SAFETY: the expressions live as long as the planning; the plan gets copies.
        let copy = |given: &Given| unsafe { pg_sys::copyObjectImpl(given.expression.cast()) };
        nodes::list(self.given.iter().map(copy))
    }
}

/// The number of a parameter.
fn parameter(expression: &Option<Expression>) -> Option<usize> {
    match expression {
        Some(Expression::Parameter { number, .. }) => Some(*number),
        _ => None,
    }
}
