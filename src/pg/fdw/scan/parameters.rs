//! The values of a scan's parameters, as texts that DuckDB's literals are made of.

use pgrx::{PgList, pg_sys};

use crate::{
    error::{Error, Result},
    pg::fdw::output,
    readers::{
        plan::ScanPlan,
        pushdown::{Kind, Sql, sql::Argument},
    },
};

/// The expressions behind the parameters of a plan.
pub struct Parameters {
    expressions: Vec<Parameter>,
    limit: Option<usize>,
    offset: Option<usize>,
    context: *mut pg_sys::ExprContext,
}

struct Parameter {
    state: *mut pg_sys::ExprState,
    type_oid: pg_sys::Oid,
    kind: Kind,
}

impl Parameters {
    /// Prepares the expressions of a plan node.
    ///
    /// # Safety
    /// The node must be live, and the current memory context must live as long as it.
    pub unsafe fn new(node: *mut pg_sys::ForeignScanState, plan: &ScanPlan) -> Result<Self> {
        // SAFETY: by the caller; the node's plan is a ForeignScan, whose expressions are a list or
        // NIL.
        unsafe {
            let foreign = (*node).ss.ps.plan.cast::<pg_sys::ForeignScan>();
            let nodes = (*foreign).fdw_exprs;
            let states = pg_sys::ExecInitExprList(nodes, &raw mut (*node).ss.ps);
            let nodes = PgList::<pg_sys::Node>::from_pg(nodes);
            let states = PgList::<pg_sys::ExprState>::from_pg(states);
            if nodes.len() != plan.parameters.len() {
                return Err(Error::new("XX000", "the plan does not fit its parameters"));
            }
            type Pair = (*mut pg_sys::ExprState, *mut pg_sys::Node);
            let parameter = |((state, node), kind): (Pair, &Kind)| Parameter {
                state,
                type_oid: pg_sys::exprType(node),
                kind: *kind,
            };
            let pairs = states.iter_ptr().zip(nodes.iter_ptr()).zip(&plan.parameters);
            let expressions = pairs.map(parameter).collect();
            let context = (*node).ss.ps.ps_ExprContext;
            Ok(Self { expressions, limit: plan.limit, offset: plan.offset, context })
        }
    }

    /// The query with the values that the parameters have now. They are computed with the session's
    /// settings, which they may depend on; only what they are written as must not.
    ///
    /// # Safety
    /// The node must be running.
    pub unsafe fn query(&self, sql: &Sql) -> Result<String> {
        // SAFETY: by the caller.
        let value = |parameter: &Parameter| unsafe { parameter.value(self.context) };
        let values: Vec<_> = self.expressions.iter().map(value).collect();
        let text = |(parameter, value): (&Parameter, &Option<pg_sys::Datum>)| {
            Ok((parameter.kind, parameter.text(*value)?))
        };
        let texts = || self.expressions.iter().zip(&values).map(text).collect::<Result<Vec<_>>>();
        let texts = match values.is_empty() {
            true => Vec::new(),
            false => output::with_fixed_settings(texts)?,
        };
        self.check_counts(&texts)?;
        sql.with(&texts).ok_or_else(|| Error::new("XX000", "a parameter has no literal"))
    }

    /// The server's own errors about LIMIT and OFFSET.
    fn check_counts(&self, texts: &[Argument]) -> Result<()> {
        let is_negative = |at: Option<usize>| {
            let (_, value) = at.and_then(|at| texts.get(at))?;
            value.as_deref().filter(|value| value.starts_with('-'))
        };
        if is_negative(self.offset).is_some() {
            return Err(Error::new("2201X", "OFFSET must not be negative"));
        }
        match is_negative(self.limit) {
            Some(_) => Err(Error::new("2201W", "LIMIT must not be negative")),
            None => Ok(()),
        }
    }
}

impl Parameter {
    unsafe fn value(&self, context: *mut pg_sys::ExprContext) -> Option<pg_sys::Datum> {
        let mut is_null = false;
        // SAFETY: by the caller: state and context belong to a running node.
        let value = unsafe { pg_sys::ExecEvalExprSwitchContext(self.state, context, &mut is_null) };
        (!is_null).then_some(value)
    }

    fn text(&self, value: Option<pg_sys::Datum>) -> Result<Option<String>> {
        // SAFETY: the value is what the expression has given, which is of its type.
        value.map(|value| unsafe { output::text_of(self.type_oid, value) }).transpose()
    }
}
