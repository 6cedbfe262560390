//! Expressions whose value is known when a scan begins: parameters, columns of relations that are
//! scanned before, and what is computed from them. The executor computes it, so it may be anything
//! that does not change while the query runs.

use pgrx::pg_sys::{self, Expr, List, ParamKind};

use super::nodes::{Tree, elements};

/// Whether the value of an expression is known when a scan begins. `is_column` tells the columns of
/// what is scanned.
///
/// # Safety
/// It must be a live expression of the running planner's.
pub unsafe fn is_given(node: *mut Expr, is_column: &dyn Fn(&pg_sys::Var) -> bool) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let look = Look { is_column, compared: false };
        look.node(node) && !pg_sys::contain_volatile_functions(node.cast())
    }
}

/// Whether an expression is nothing but such a value, so that it cannot fail.
///
/// # Safety
/// It must be a live expression.
pub unsafe fn is_plain(node: *mut Expr) -> bool {
    // SAFETY: by the caller.
    matches!(unsafe { Tree::of(node) }, Tree::Var(_) | Tree::Param(_))
}

struct Look<'a> {
    is_column: &'a dyn Fn(&pg_sys::Var) -> bool,
    /// Whether a CASE around it says what it compares.
    compared: bool,
}

impl Look<'_> {
    /// # Safety
    /// NULL, or a live expression.
    unsafe fn node(&self, node: *mut Expr) -> bool {
        // SAFETY: by the caller; what is below a live expression is live.
        unsafe {
            pg_sys::check_stack_depth();
            match Tree::of(node) {
                Tree::Var(var) => {
                    var.varlevelsup == 0 && var.varattno > 0 && !(self.is_column)(var)
                }
                Tree::Const(_) | Tree::Current => true,
                Tree::CaseTest => self.compared,
                Tree::Param(param) => is_value(param),
                Tree::Operator(op) | Tree::Distinct(op) | Tree::NullIf(op) => {
                    !op.opretset && self.all(op.args)
                }
                Tree::AnyOf(any) => self.all(any.args),
                Tree::Function(function) => !function.funcretset && self.all(function.args),
                Tree::Boolean(boolean) => self.all(boolean.args),
                Tree::NullTest(test) => self.node(test.arg),
                Tree::BooleanTest(test) => self.node(test.arg),
                Tree::Case(case) => self.case(case),
                Tree::Coalesce(coalesce) => self.all(coalesce.args),
                Tree::MinMax(extreme) => self.all(extreme.args),
                Tree::Array(array) => self.all(array.elements),
                Tree::Relabel(relabel) => self.node(relabel.arg),
                Tree::ViaText(cast) => self.node(cast.arg),
                // Subqueries that depend on outer rows, aggregates, placeholders: nobody knows.
                Tree::Aggregate(_) | Tree::Other => false,
            }
        }
    }

    /// # Safety
    /// A live list of expressions.
    unsafe fn all(&self, list: *mut List) -> bool {
        // SAFETY: by the caller.
        unsafe { elements(list).all(|node| self.node(node)) }
    }

    /// # Safety
    /// A live CASE.
    unsafe fn case(&self, case: &pg_sys::CaseExpr) -> bool {
        let within = Look { compared: self.compared || !case.arg.is_null(), ..*self };
        // SAFETY: by the caller; the arms of a CASE are such nodes.
        unsafe {
            let mut arms = elements::<pg_sys::CaseWhen>(case.args);
            (case.arg.is_null() || self.node(case.arg))
                && (case.defresult.is_null() || self.node(case.defresult))
                && arms.all(|arm| within.node((*arm).expr) && self.node((*arm).result))
        }
    }
}

/// A parameter of the query, or what another part of it has made.
fn is_value(param: &pg_sys::Param) -> bool {
    [ParamKind::PARAM_EXTERN, ParamKind::PARAM_EXEC].contains(&param.paramkind)
}
