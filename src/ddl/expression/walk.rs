//! The walk over sqlparser's tree: one arm per kind of node, the work is done elsewhere.

use migrator_model::{Ident, reject::shown};
use sqlparser::ast::{self, Expr};

use super::{
    Context, Purpose, Untranslatable, bits, casts,
    class::Class,
    division, floats, functions, json, lambdas, lists, literals, nested, operators, refuse, rows,
    slices,
    value::{Value, unify},
};

type Out = Result<Value, Untranslatable>;

/// Bytes of SQL for one value: parts are repeated in some translations, which could double them at
/// every level of a hostile expression.
const MAX_SQL: usize = 1 << 20;

/// What names and queries mean where an expression stands in a query.
pub(in crate::ddl) trait Scope {
    /// What a name stands for, with the names before its points.
    fn column(
        &self,
        qualifiers: &[ast::Ident],
        name: &ast::Ident,
    ) -> Result<Option<Value>, Untranslatable>;

    /// A call that is about several rows; None where it is an ordinary one.
    fn call(&self, name: &str, function: &ast::Function) -> Option<Out>;

    /// A node with a query inside; None where there is none.
    fn query(&self, node: &Expr) -> Option<Out>;

    /// A name like this one that the statement has nowhere else.
    fn alias(&self, name: &str) -> Result<Ident, Untranslatable>;

    /// An aggregate of values, in an order if it matters; None where it is none.
    fn fold(&self, name: &str, values: &[Value], order: &str) -> Option<Out>;
}

/// Translates the nodes of one expression and remembers the columns that it met.
pub(in crate::ddl) struct Walker<'a> {
    pub(in crate::ddl) context: &'a Context<'a>,
    /// None in the expressions of a table, which name its columns.
    pub(super) scope: Option<&'a dyn Scope>,
    used: Vec<Ident>,
}

impl<'a> Walker<'a> {
    pub(in crate::ddl) fn new(context: &'a Context<'a>) -> Self {
        Self { context, scope: None, used: Vec::new() }
    }

    /// A walker for an expression of a query.
    pub(in crate::ddl) fn within(context: &'a Context<'a>, scope: &'a dyn Scope) -> Self {
        Self { context, scope: Some(scope), used: Vec::new() }
    }

    pub(in crate::ddl) fn into_columns(self) -> Vec<Ident> {
        self.used
    }

    /// Translates a node with all below it.
    pub(in crate::ddl) fn value(&mut self, node: &Expr) -> Out {
        // A chain of operators is as deep as it is long, and a frame with all the arms is large.
        match node {
            Expr::Nested(inner) => self.value(inner),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            other => self.single(other),
        }
    }

    #[inline(never)]
    fn single(&mut self, node: &Expr) -> Out {
        match node {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => self.qualified(parts),
            Expr::Value(value) => match &value.value {
                ast::Value::Placeholder(name) => self.parameter(name),
                value => literals::value(value),
            },
            Expr::TypedString(typed) => match &typed.value.value {
                ast::Value::SingleQuotedString(text) => {
                    casts::cast(literals::string(text), &typed.data_type, self.context)
                }
                _ => self.unsupported(node),
            },
            Expr::Cast { kind, expr, data_type, .. } => self.cast(kind, expr, data_type),
            Expr::UnaryOp { op, expr } => self.unary(op, expr),
            Expr::Case { operand: None, conditions, else_result, .. } => {
                self.case(conditions, else_result.as_deref())
            }
            Expr::Array(array) => {
                let values = self.values(&array.elem)?;
                lists::list_value(values)
            }
            Expr::Function(function) => short(functions::call(self, function)?),
            Expr::Lambda(lambda) => match lambdas::as_arrow(lambda) {
                Some((left, right)) => self.binary(&left, &ast::BinaryOperator::Arrow, right),
                None => refuse("a lambda in this place is not supported"),
            },
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            _ => match self.scope.and_then(|scope| scope.query(node)) {
                Some(value) => value,
                None => self.predicate(node),
            },
        }
    }

    /// Translates nodes in order.
    pub(in crate::ddl) fn values(&mut self, nodes: &[Expr]) -> Result<Vec<Value>, Untranslatable> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    /// Nodes that ask something, and functions to which the grammar gives a node of their own.
    fn predicate(&mut self, node: &Expr) -> Out {
        match node {
            Expr::IsNull(inner) => Ok(operators::is_null(self.value(inner)?, "IS NULL")),
            Expr::IsNotNull(inner) => Ok(operators::is_null(self.value(inner)?, "IS NOT NULL")),
            Expr::IsTrue(inner) => operators::is_truth(self.value(inner)?, "IS TRUE"),
            Expr::IsNotTrue(inner) => operators::is_truth(self.value(inner)?, "IS NOT TRUE"),
            Expr::IsFalse(inner) => operators::is_truth(self.value(inner)?, "IS FALSE"),
            Expr::IsNotFalse(inner) => operators::is_truth(self.value(inner)?, "IS NOT FALSE"),
            Expr::IsDistinctFrom(left, right) => self.compared(left, "IS DISTINCT FROM", right),
            Expr::IsNotDistinctFrom(left, right) => {
                self.compared(left, "IS NOT DISTINCT FROM", right)
            }
            Expr::InList { expr, list, negated } => {
                if let Some(value) = rows::in_list(self, expr, list) {
                    return negate(value?, *negated);
                }
                let mut values = vec![self.value(expr)?];
                values.extend(self.values(list)?);
                negate(operators::in_list(values)?, *negated)
            }
            Expr::Between { expr, negated, low, high, .. } => {
                let values = vec![self.value(expr)?, self.value(low)?, self.value(high)?];
                negate(operators::between(values)?, *negated)
            }
            Expr::Floor { expr, field } if plain(field) => self.named("floor", &[expr]),
            Expr::Ceil { expr, field } if plain(field) => self.named("ceil", &[expr]),
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let mut nodes = vec![expr.as_ref(), from.as_ref()];
                nodes.extend(substring_for.as_deref());
                self.named("substring", &nodes)
            }
            Expr::Trim { expr, trim_where: None, trim_what: None, trim_characters: None } => {
                self.named("trim", &[expr])
            }
            other => self.unsupported(other),
        }
    }

    fn named(&mut self, name: &str, nodes: &[&Expr]) -> Out {
        let values: Result<Vec<_>, _> = nodes.iter().map(|node| self.value(node)).collect();
        functions::apply(name, values?, self.context)
    }

    fn compared(&mut self, left: &Expr, operator: &str, right: &Expr) -> Out {
        if let Some(value) = rows::compared(self, left, operator, right) {
            return value;
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        operators::compare(left, operator, right)
    }

    fn cast(&mut self, kind: &ast::CastKind, node: &Expr, to: &ast::DataType) -> Out {
        let value = self.value(node)?;
        match kind {
            ast::CastKind::Cast | ast::CastKind::DoubleColon => {
                casts::cast(value, to, self.context)
            }
            ast::CastKind::TryCast => casts::try_cast(value, to, self.context),
            ast::CastKind::SafeCast => refuse("SAFE_CAST is not supported"),
        }
    }

    fn unary(&mut self, operator: &ast::UnaryOperator, node: &Expr) -> Out {
        let value = self.value(node)?;
        operators::unary(operator, value)
    }

    fn binary(&mut self, left: &Expr, operator: &ast::BinaryOperator, right: &Expr) -> Out {
        if rows::are(left, right) {
            return self.compared_rows(left, operator, right);
        }
        if operators::compares(operator) && (caseless(left) || caseless(right)) {
            return self.without_case(left, operator, right);
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        self.combined(left, operator, right)
    }

    #[inline(never)]
    fn compared_rows(&mut self, left: &Expr, operator: &ast::BinaryOperator, right: &Expr) -> Out {
        match rows::compared(self, left, &operator.to_string(), right) {
            Some(value) => value,
            None => {
                let (left, right) = (self.value(left)?, self.value(right)?);
                self.combined(left, operator, right)
            }
        }
    }

    /// DuckDB compares texts with `COLLATE nocase` in small letters.
    #[inline(never)]
    fn without_case(&mut self, left: &Expr, operator: &ast::BinaryOperator, right: &Expr) -> Out {
        let inner = |node| if let (inner, true) = bare(node) { inner } else { node };
        let (left, right) = (self.value(inner(left))?, self.value(inner(right))?);
        let lower = |value| functions::apply("lower", vec![value], self.context);
        operators::binary(lower(left)?, operator, lower(right)?)
    }

    #[inline(never)]
    fn combined(&self, left: Value, operator: &ast::BinaryOperator, right: Value) -> Out {
        match operator {
            ast::BinaryOperator::Divide if self.context.purpose.view() => {
                short(division::divide(left, right)?)
            }
            ast::BinaryOperator::BitwiseXor => {
                short(floats::power(left, right, self.context.purpose.view())?)
            }
            ast::BinaryOperator::PGBitwiseShiftLeft => bits::left(left, right, self.context),
            ast::BinaryOperator::PGBitwiseShiftRight => bits::right(left, right),
            ast::BinaryOperator::Custom(name) => {
                functions::apply(name, vec![left, right], self.context)
            }
            ast::BinaryOperator::Arrow if self.context.purpose.view() => json::arrow(left, &right),
            ast::BinaryOperator::LongArrow if self.context.purpose.view() => {
                json::long_arrow(left, &right, self.context)
            }
            ast::BinaryOperator::StringConcat if matches!(left.class, Class::List(_)) => {
                lists::joined_lists(left, right)
            }
            _ => operators::binary(left, operator, right),
        }
    }

    /// `x[1]`, `x[1:2]`, `x['a']`, `x.a` and chains of them.
    fn access(&mut self, root: &Expr, chain: &[ast::AccessExpr]) -> Out {
        let mut value = self.value(root)?;
        for step in chain {
            value = self.step(value, step)?;
        }
        short(value)
    }

    fn step(&mut self, value: Value, step: &ast::AccessExpr) -> Out {
        if !self.context.purpose.view() && value.class.document() {
            return refuse("a part of a STRUCT can only be used in a query");
        }
        match step {
            ast::AccessExpr::Dot(Expr::Identifier(name)) => nested::field(value, &name.value),
            ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                let index = self.value(index)?;
                match value.class {
                    Class::Text => slices::character(value, index),
                    _ if value.class.document() => nested::entry(value, &index),
                    _ => lists::element(value, &index),
                }
            }
            ast::AccessExpr::Subscript(ast::Subscript::Slice {
                lower_bound,
                upper_bound,
                stride: None,
            }) => {
                let mut bound =
                    |node: &Option<Expr>| node.as_ref().map(|node| self.value(node)).transpose();
                let (low, high) = (bound(lower_bound)?, bound(upper_bound)?);
                match value.class {
                    Class::Text => slices::slice(value, low, high, self.context),
                    _ => lists::slice(value, low, high),
                }
            }
            _ => refuse("this part of a value is not supported"),
        }
    }

    fn case(&mut self, branches: &[ast::CaseWhen], otherwise: Option<&Expr>) -> Out {
        let mut conditions = Vec::new();
        let mut results = Vec::new();
        for ast::CaseWhen { condition, result } in branches {
            conditions.push(self.value(condition)?.boolean("a CASE condition")?);
            results.push(self.value(result)?);
        }
        results.push(otherwise.map_or_else(|| Ok(Value::null()), |node| self.value(node))?);
        let (mut results, class) = unify(results, "CASE")?;
        let last = results.pop().unwrap_or_else(Value::null);
        let mut sql = "(CASE".to_owned();
        for (condition, result) in conditions.iter().zip(&results) {
            sql += &format!(" WHEN {} THEN {}", condition.sql, result.sql);
        }
        sql += &format!(" ELSE {} END)", last.sql);
        Ok(Value::new(sql, class))
    }

    fn name(&mut self, name: &ast::Ident) -> Out {
        if let Some(scope) = self.scope
            && let Some(value) = scope.column(&[], name)?
        {
            return Ok(value);
        }
        match functions::keyword(name) {
            Some(function) if self.find(&name.value).is_none() => {
                functions::apply(function, Vec::new(), self.context)
            }
            _ => self.column(&name.value),
        }
    }

    /// `table.column` is the column; anything else with a point is a part of a STRUCT.
    fn qualified(&mut self, parts: &[ast::Ident]) -> Out {
        if let (Some(scope), Some((name, qualifiers))) = (self.scope, parts.split_last()) {
            return match scope.column(qualifiers, name)? {
                Some(value) => Ok(value),
                None => refuse(format!("column \"{}\" does not exist", shown(&name.value))),
            };
        }
        match parts {
            [table, column] if self.find(&table.value).is_none() => self.column(&column.value),
            _ => refuse("the fields of a STRUCT cannot be reached in jsonb with the same meaning"),
        }
    }

    fn find(&self, name: &str) -> Option<&'a super::Column<'a>> {
        let folded = name.to_ascii_lowercase();
        self.context.columns.iter().find(|column| column.source.to_ascii_lowercase() == folded)
    }

    fn column(&mut self, name: &str) -> Out {
        let Some(column) = self.find(name) else {
            return refuse(format!("column \"{}\" does not exist", shown(name)));
        };
        match self.context.purpose {
            Purpose::Default { .. } => return refuse("a default cannot use columns"),
            Purpose::Generated { .. } if column.generated => {
                return refuse("a generated column cannot use another generated column");
            }
            _ => {}
        }
        if !self.used.contains(column.ident) {
            self.used.push(column.ident.clone());
        }
        Ok(Value::settled(column.ident.quoted(), Class::of_column(column)))
    }

    /// `$1`: a parameter of a function.
    fn parameter(&self, name: &str) -> Out {
        let number = name.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let value = number.and_then(|number| self.context.parameters.get(number.checked_sub(1)?));
        value.cloned().map_or_else(|| refuse("a parameter is not known"), Ok)
    }

    fn unsupported(&self, node: &Expr) -> Out {
        refuse(format!("the expression {} is not supported", shown(&node.to_string())))
    }
}

/// Refuses what has grown too long.
fn short(value: Value) -> Out {
    if value.sql.len() > MAX_SQL { refuse("the translation is too long") } else { Ok(value) }
}

/// Whether floor or ceil came without a unit or a scale.
fn plain(field: &ast::CeilFloorKind) -> bool {
    matches!(field, ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime))
}

fn negate(value: Value, negated: bool) -> Out {
    Ok(if negated { Value::new(format!("(NOT {})", value.sql), Class::Boolean) } else { value })
}

/// What `COLLATE nocase` is about, or the whole.
fn bare(node: &Expr) -> (&Expr, bool) {
    match node {
        Expr::Nested(inner) => bare(inner),
        Expr::Collate { expr, collation } => {
            (expr, collation.to_string().eq_ignore_ascii_case("nocase"))
        }
        _ => (node, false),
    }
}

fn caseless(node: &Expr) -> bool {
    bare(node).1
}

/// The name of the column that an expression consists of.
pub(in crate::ddl) fn only_column(node: &Expr) -> Option<String> {
    match node {
        Expr::Nested(inner) => only_column(inner),
        Expr::Identifier(name) => Some(name.value.clone()),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [_, name] => Some(name.value.clone()),
            _ => None,
        },
        _ => None,
    }
}
