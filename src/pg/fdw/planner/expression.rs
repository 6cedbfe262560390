//! The server's expressions as plain data, where DuckDB might compute them. What has another meaning
//! than its name says, or depends on more than its operands, is none of them.

use std::collections::BTreeSet;

use pgrx::pg_sys::{self, BoolExprType, BoolTestType, Expr, List, NullTestType, Oid};

use super::{
    catalog::{self, Operator},
    constant, given,
    nodes::{self, Tree},
    planning::Planning,
    types,
};
use crate::readers::pushdown::{Expression, Kind, Truth};

/// Whose columns an expression may use.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The relations whose columns are there.
    pub visible: BTreeSet<u32>,
    /// Those that only decide which rows there are: the right side of EXISTS.
    pub hidden: BTreeSet<u32>,
}

impl Columns {
    fn holds(&self, var: &pg_sys::Var) -> bool {
        let relation = var.varno as u32;
        self.visible.contains(&relation) || self.hidden.contains(&relation)
    }
}

/// What is nested deeper stays here: plain data has no guard against the end of the stack.
const DEEPEST: usize = 64;

/// Translates expressions.
pub struct Translator<'a> {
    planning: &'a Planning,
    columns: &'a Columns,
    /// Whether the columns of other relations are known.
    has_outer_rows: bool,
    /// What the CASEs around compare.
    compared: Vec<Expression>,
    /// How deep the expression is that is being translated.
    depth: usize,
    /// Whether it may be that the value is never asked for.
    is_guarded: bool,
    /// Whether a condition says less than the server's.
    pub is_weaker: bool,
}

impl<'a> Translator<'a> {
    /// For expressions over these columns.
    ///
    /// # Safety
    /// All expressions that it gets must be live, and the running planner's.
    pub unsafe fn new(planning: &'a Planning, columns: &'a Columns) -> Self {
        Self {
            planning,
            columns,
            has_outer_rows: false,
            compared: Vec::new(),
            depth: 0,
            is_guarded: false,
            is_weaker: false,
        }
    }

    /// For a scan that begins anew for each row of other relations.
    pub fn for_each_outer_row(self) -> Self {
        Self { has_outer_rows: true, ..self }
    }

    /// A condition on rows. Of AND it may be a part, which lets more rows through: see `is_weaker`.
    pub fn condition(&mut self, node: *mut Expr) -> Option<Expression> {
        self.depth += 1;
        let condition = (self.depth <= DEEPEST).then(|| self.condition_here(node)).flatten();
        self.depth -= 1;
        condition
    }

    fn condition_here(&mut self, node: *mut Expr) -> Option<Expression> {
        // SAFETY: by `new`.
        let Tree::Boolean(boolean) = (unsafe { Tree::of(node) }) else {
            return self.expression(node);
        };
        match boolean.boolop {
            BoolExprType::AND_EXPR => {
                let arms = self.list(boolean.args);
                let count = arms.len();
                let parts: Vec<_> =
                    arms.into_iter().filter_map(|node| self.condition(node)).collect();
                self.is_weaker |= parts.len() < count;
                combined(parts, Expression::And)
            }
            BoolExprType::OR_EXPR => {
                let arms = self.list(boolean.args).into_iter();
                combined(
                    arms.map(|node| self.condition(node)).collect::<Option<_>>()?,
                    Expression::Or,
                )
            }
            _ => self.expression(node),
        }
    }

    /// An expression.
    pub fn expression(&mut self, node: *mut Expr) -> Option<Expression> {
        self.depth += 1;
        let expression = (self.depth <= DEEPEST).then(|| self.at_this_depth(node)).flatten();
        self.depth -= 1;
        expression
    }

    fn at_this_depth(&mut self, node: *mut Expr) -> Option<Expression> {
        // SAFETY: by `new`.
        match unsafe { Tree::of(node) } {
            // SAFETY: the same.
            Tree::Const(node) => unsafe { constant::constant(node) },
            _ => self.parameter(node).or_else(|| self.computed(node)),
        }
    }

    /// What the executor knows when the scan begins. Where a CASE decides whether it is asked for, it
    /// must not be computed before.
    fn parameter(&mut self, node: *mut Expr) -> Option<Expression> {
        // SAFETY: by `new`.
        unsafe {
            let is_column = |var: &pg_sys::Var| !self.has_outer_rows || self.columns.holds(var);
            if self.is_guarded && !given::is_plain(node) || !given::is_given(node, &is_column) {
                return None;
            }
            let kind = types::kind(pg_sys::exprType(node.cast()));
            let number = || self.planning.number(node, kind);
            let known = !matches!(kind, Kind::Other(_));
            known.then(|| Expression::Parameter { number: number(), kind })
        }
    }

    fn computed(&mut self, node: *mut Expr) -> Option<Expression> {
        // SAFETY: by `new`.
        match unsafe { Tree::of(node) } {
            Tree::Var(var) => self.column(var),
            Tree::Operator(operator) => self.operator(operator),
            Tree::Distinct(operator) => self.distinct(operator),
            Tree::NullIf(operator) => self.null_if(operator),
            Tree::AnyOf(any) => self.any_of(any),
            Tree::Function(function) => self.function(function, node),
            Tree::Boolean(boolean) => self.boolean(boolean),
            Tree::NullTest(test) => self.null_test(test),
            Tree::BooleanTest(test) => self.truth(test),
            Tree::Case(case) => self.case(case),
            Tree::CaseTest => self.compared.last().cloned(),
            Tree::Coalesce(coalesce) => self.coalesce(coalesce),
            Tree::Relabel(relabel) => Some(Expression::Relabel {
                operand: self.boxed(relabel.arg)?,
                result: types::kind(relabel.resulttype),
            }),
            Tree::Aggregate(aggregate) => self.aggregate(aggregate),
            _ => None,
        }
    }

    fn column(&self, var: &pg_sys::Var) -> Option<Expression> {
        let (relation, attribute) = (var.varno as u32, var.varattno);
        let is_there =
            self.planning.with_scope(|scope| scope.column(relation, attribute).is_some());
        let usable = var.varlevelsup == 0 && self.columns.visible.contains(&relation) && is_there;
        let kind = types::kind(var.vartype);
        usable.then_some(Expression::Column { relation, attribute, kind })
    }

    fn operator(&mut self, node: &pg_sys::OpExpr) -> Option<Expression> {
        let operator = catalog::operator(node.opno)?;
        let operands = self.all(node.args)?;
        Some(applied(&operator, operands, node.opresulttype, node.inputcollid))
    }

    fn distinct(&mut self, node: &pg_sys::OpExpr) -> Option<Expression> {
        let [left, right] = self.compared_pair(node)?;
        let collation = types::collation(node.inputcollid);
        Some(Expression::IsDistinct { left: left.into(), right: right.into(), collation })
    }

    fn null_if(&mut self, node: &pg_sys::OpExpr) -> Option<Expression> {
        let [left, right] = self.compared_pair(node)?;
        let collation = types::collation(node.inputcollid);
        Some(Expression::NullIf { left: left.into(), right: right.into(), collation })
    }

    /// The operands of a node that compares by `=`.
    fn compared_pair(&mut self, node: &pg_sys::OpExpr) -> Option<[Expression; 2]> {
        let operands = catalog::is_equality(node.opno).then(|| self.all(node.args))??;
        operands.try_into().ok()
    }

    fn any_of(&mut self, node: &pg_sys::ScalarArrayOpExpr) -> Option<Expression> {
        let operator = catalog::operator(node.opno)?;
        let [left, array] = self.list(node.args).try_into().ok()?;
        let left = self.expression(left)?;
        // SAFETY: by `new`.
        match unsafe { Tree::of(array) } {
            Tree::Const(array) => Some(Expression::AnyOf {
                operator: operator.name,
                all: !node.useOr,
                left: left.into(),
                // SAFETY: the same.
                elements: unsafe { constant::elements(array) }?,
                collation: types::collation(node.inputcollid),
            }),
            Tree::Array(array) if !array.multidims => {
                let one = |element| {
                    let operands = vec![left.clone(), element];
                    applied(&operator, operands, pg_sys::BOOLOID, node.inputcollid)
                };
                let arms = self.all(array.elements)?.into_iter().map(one).collect();
                combined(arms, if node.useOr { Expression::Or } else { Expression::And })
            }
            _ => None,
        }
    }

    fn function(&mut self, node: &pg_sys::FuncExpr, top: *mut Expr) -> Option<Expression> {
        if node.funcretset || node.funcvariadic {
            return None;
        }
        Some(Expression::Function {
            name: catalog::function(node.funcid)?,
            arguments: self.all(node.args)?,
            result: types::kind(node.funcresulttype),
            // SAFETY: by `new`.
            typmod: unsafe { pg_sys::exprTypmod(top.cast()) },
            collation: types::collation(node.inputcollid),
        })
    }

    fn boolean(&mut self, node: &pg_sys::BoolExpr) -> Option<Expression> {
        let mut arms = self.all(node.args)?;
        match node.boolop {
            BoolExprType::AND_EXPR => combined(arms, Expression::And),
            BoolExprType::OR_EXPR => combined(arms, Expression::Or),
            _ => Some(Expression::Not(arms.pop()?.into())),
        }
    }

    fn null_test(&mut self, node: &pg_sys::NullTest) -> Option<Expression> {
        let not = node.nulltesttype == NullTestType::IS_NOT_NULL;
        let operand = (!node.argisrow).then(|| self.boxed(node.arg))??;
        Some(Expression::IsNull { operand, not })
    }

    fn truth(&mut self, node: &pg_sys::BooleanTest) -> Option<Expression> {
        let truth = match node.booltesttype {
            BoolTestType::IS_TRUE => Truth::True,
            BoolTestType::IS_NOT_TRUE => Truth::NotTrue,
            BoolTestType::IS_FALSE => Truth::False,
            BoolTestType::IS_NOT_FALSE => Truth::NotFalse,
            BoolTestType::IS_UNKNOWN => Truth::Unknown,
            BoolTestType::IS_NOT_UNKNOWN => Truth::NotUnknown,
            _ => return None,
        };
        Some(Expression::Is { operand: self.boxed(node.arg)?, truth })
    }

    fn case(&mut self, node: &pg_sys::CaseExpr) -> Option<Expression> {
        let result = types::kind(node.casetype);
        let compares = !node.arg.is_null();
        if compares {
            let compared = self.expression(node.arg)?;
            self.compared.push(compared);
        }
        let arms = self.guarded(|this| this.arms(node.args));
        if compares {
            self.compared.pop();
        }
        let otherwise = match node.defresult.is_null() {
            true => Expression::Constant { kind: result, value: None },
            false => self.guarded(|this| this.expression(node.defresult))?,
        };
        Some(Expression::Case { arms: arms?, otherwise: otherwise.into(), result })
    }

    fn arms(&mut self, list: *mut List) -> Option<Vec<(Expression, Expression)>> {
        let arm = |arm: *mut pg_sys::CaseWhen| {
            // SAFETY: by `new`; CASE has such arms.
            let (condition, value) = unsafe { ((*arm).expr, (*arm).result) };
            Some((self.expression(condition)?, self.expression(value)?))
        };
        // SAFETY: the same.
        unsafe { nodes::elements(list) }.map(arm).collect()
    }

    fn coalesce(&mut self, node: &pg_sys::CoalesceExpr) -> Option<Expression> {
        let result = types::kind(node.coalescetype);
        Some(Expression::Coalesce { arguments: self.guarded(|this| this.all(node.args))?, result })
    }

    /// Translates what may never be asked for.
    fn guarded<T>(&mut self, translate: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.is_guarded, true);
        let translated = translate(self);
        self.is_guarded = before;
        translated
    }

    fn aggregate(&mut self, node: &pg_sys::Aggref) -> Option<Expression> {
        let is_plain = node.aggkind as u8 == NORMAL
            && node.aggsplit == pg_sys::AggSplit::AGGSPLIT_SIMPLE
            && node.agglevelsup == 0
            && node.aggorder.is_null()
            && node.aggdirectargs.is_null()
            && !node.aggvariadic
            && self.is_distinct_by_equality(node.aggdistinct);
        let filter = match node.aggfilter.is_null() {
            true => None,
            false => Some(self.boxed(node.aggfilter)?),
        };
        let name = is_plain.then(|| catalog::function(node.aggfnoid))??;
        // SAFETY: by `new`; the arguments of an aggregate are such entries.
        let argument = |entry: *mut pg_sys::TargetEntry| self.expression(unsafe { (*entry).expr });
        Some(Expression::Aggregate {
            name,
            // SAFETY: the same.
            arguments: unsafe { nodes::elements(node.args) }
                .map(argument)
                .collect::<Option<_>>()?,
            distinct: !node.aggdistinct.is_null(),
            filter,
            result: types::kind(node.aggtype),
            collation: types::collation(node.inputcollid),
        })
    }

    fn is_distinct_by_equality(&self, clauses: *mut List) -> bool {
        // SAFETY: by `new`; DISTINCT has such clauses.
        unsafe {
            nodes::elements::<pg_sys::SortGroupClause>(clauses)
                .all(|clause| catalog::is_equality((*clause).eqop))
        }
    }

    fn all(&mut self, list: *mut List) -> Option<Vec<Expression>> {
        self.list(list).into_iter().map(|node| self.expression(node)).collect()
    }

    fn list(&self, list: *mut List) -> Vec<*mut Expr> {
        // SAFETY: by `new`.
        unsafe { nodes::elements(list) }.collect()
    }

    fn boxed(&mut self, node: *mut Expr) -> Option<Box<Expression>> {
        self.expression(node).map(Box::new)
    }
}

/// AGGKIND_NORMAL: neither an ordered set nor a hypothetical one.
const NORMAL: u8 = b'n';

/// An operator on these operands.
fn applied(
    operator: &Operator,
    operands: Vec<Expression>,
    result: Oid,
    collation: Oid,
) -> Expression {
    let declared = operator.left.into_iter().chain([operator.right]);
    // Of any enum means: of this one.
    let kind = |(oid, operand): (Oid, &Expression)| match oid {
        pg_sys::ANYENUMOID => operand.kind(),
        _ => types::kind(oid),
    };
    Expression::Operator {
        declared: declared.zip(&operands).map(kind).collect(),
        name: operator.name.clone(),
        operands,
        result: types::kind(result),
        collation: types::collation(collation),
    }
}

/// One condition of several; None of none.
fn combined(
    mut parts: Vec<Expression>,
    combine: fn(Vec<Expression>) -> Expression,
) -> Option<Expression> {
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(combine(parts)),
    }
}
