//! The walk over sqlparser's tree: one arm per kind of node, the work is done elsewhere.

use migrator_model::{Ident, reject::shown};
use sqlparser::ast::{self, Expr};

use super::{
    Context, Purpose, Untranslatable, casts, functions, literals, operators, refuse,
    value::{Class, Value, unify},
};

type Out = Result<Value, Untranslatable>;

/// Translates the nodes of one expression and remembers the columns that it met.
pub(super) struct Walker<'a> {
    pub(super) context: &'a Context<'a>,
    used: Vec<Ident>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self { context, used: Vec::new() }
    }

    pub(super) fn into_columns(self) -> Vec<Ident> {
        self.used
    }

    /// Translates a node with all below it.
    pub(super) fn value(&mut self, node: &Expr) -> Out {
        match node {
            Expr::Nested(inner) => self.value(inner),
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => self.qualified(parts),
            Expr::Value(value) => literals::value(&value.value),
            Expr::TypedString(typed) => match &typed.value.value {
                ast::Value::SingleQuotedString(text) => {
                    casts::cast(literals::string(text), &typed.data_type, self.context)
                }
                _ => self.unsupported(node),
            },
            Expr::Cast { kind, expr, data_type, .. } => self.cast(kind, expr, data_type),
            Expr::UnaryOp { op, expr } => self.unary(op, expr),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::Case { operand: None, conditions, else_result, .. } => {
                self.case(conditions, else_result.as_deref())
            }
            Expr::Array(array) => {
                let values = self.values(&array.elem)?;
                functions::list_value(values)
            }
            Expr::Function(function) => functions::call(self, function),
            _ => self.predicate(node),
        }
    }

    /// Translates nodes in order.
    pub(super) fn values(&mut self, nodes: &[Expr]) -> Result<Vec<Value>, Untranslatable> {
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
        let (left, right) = (self.value(left)?, self.value(right)?);
        operators::compare(left, operator, right)
    }

    fn cast(&mut self, kind: &ast::CastKind, node: &Expr, to: &ast::DataType) -> Out {
        if !matches!(kind, ast::CastKind::Cast | ast::CastKind::DoubleColon) {
            return refuse("TRY_CAST has no counterpart");
        }
        let value = self.value(node)?;
        casts::cast(value, to, self.context)
    }

    fn unary(&mut self, operator: &ast::UnaryOperator, node: &Expr) -> Out {
        let value = self.value(node)?;
        operators::unary(operator, value)
    }

    fn binary(&mut self, left: &Expr, operator: &ast::BinaryOperator, right: &Expr) -> Out {
        let (left, right) = (self.value(left)?, self.value(right)?);
        operators::binary(left, operator, right)
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
        match functions::keyword(name) {
            Some(function) if self.find(&name.value).is_none() => {
                functions::apply(function, Vec::new(), self.context)
            }
            _ => self.column(&name.value),
        }
    }

    /// `table.column` is the column; anything else with a point is a part of a STRUCT.
    fn qualified(&mut self, parts: &[ast::Ident]) -> Out {
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
        Ok(Value::new(column.ident.quoted(), Class::of(column.logical, column.pg)))
    }

    fn unsupported(&self, node: &Expr) -> Out {
        refuse(format!("the expression {} is not supported", shown(&node.to_string())))
    }
}

/// Whether floor or ceil came without a unit or a scale.
fn plain(field: &ast::CeilFloorKind) -> bool {
    matches!(field, ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime))
}

fn negate(value: Value, negated: bool) -> Out {
    Ok(if negated { Value::new(format!("(NOT {})", value.sql), Class::Boolean) } else { value })
}

/// The name of the column that an expression consists of.
pub(super) fn only_column(node: &Expr) -> Option<String> {
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
