//! What a query gives: columns that the reader sees, and where each output comes from.

use migrator_model::{Field, LogicalType, rules};

use super::{
    aggregate, column,
    expression::{Expression, Kind},
    relation::{Output, Scope},
    sql::Sql,
    value::{Value, value},
};
use crate::readers::plan::Fill;

/// The list behind SELECT.
#[derive(Default)]
pub struct Outputs {
    /// Its items.
    pub items: Vec<Sql>,
    /// The columns, one for each item.
    pub columns: Vec<Field>,
    /// Where the outputs come from.
    pub fills: Vec<Fill>,
}

impl Outputs {
    /// All outputs. Where rows are gathered (GROUP BY, DISTINCT) a column is said as the value that is
    /// gathered.
    pub fn of(outputs: &[Output], is_gathered: bool, scope: &Scope) -> Option<Self> {
        let mut list = Self::default();
        for output in outputs {
            let fill = list.add(output, is_gathered, scope)?;
            list.fills.push(fill);
        }
        Some(list)
    }

    fn add(&mut self, output: &Output, is_gathered: bool, scope: &Scope) -> Option<Fill> {
        let expression = &output.expression;
        if let Some((sum, count)) = aggregate::average(expression, scope) {
            let sum = self.push("avg", sum);
            let count = self.push("count", Value::new(count, LogicalType::BigInt));
            return Some(Fill::Average { sum, count });
        }
        let value = match expression {
            Expression::Column { .. } if !is_gathered => as_it_is(expression, scope)?,
            _ => shown(expression, scope)?,
        };
        rules::allows(&value.logical, &output.pg)
            .then(|| Fill::Column(self.push(&name(expression, scope), value)))
    }

    /// Appends an item; its place.
    pub fn push(&mut self, name: &str, value: Value) -> usize {
        self.items.push(value.sql);
        self.columns.push(Field { name: name.to_owned(), logical: value.logical });
        self.items.len() - 1
    }
}

/// A column of any type, as the source has it.
fn as_it_is(expression: &Expression, scope: &Scope) -> Option<Value> {
    let Expression::Column { relation, attribute, .. } = expression else { return None };
    let found = scope.column(*relation, *attribute)?;
    Some(Value::new(column::bare(*relation, found), found.logical.clone()))
}

/// Whether an expression can be an output.
pub fn is_output(expression: &Expression, scope: &Scope) -> bool {
    match expression {
        Expression::Column { .. } => as_it_is(expression, scope).is_some(),
        Expression::Aggregate { .. } if aggregate::average(expression, scope).is_some() => true,
        other => shown(other, scope).is_some(),
    }
}

/// A value that comes out as PostgreSQL would show it, of a type that is certain.
fn shown(expression: &Expression, scope: &Scope) -> Option<Value> {
    let value = value(expression, scope)?;
    let is_label = matches!(expression.kind(), Kind::Enum(_));
    let is_column = matches!(expression, Expression::Column { .. });
    if !value.facts.plain || is_label && !is_column {
        return None;
    }
    let is_certain = is_column || matches!(expression, Expression::Aggregate { .. });
    let logical = value.logical.clone();
    Some(if is_certain { value } else { value.map_sql(|sql| sql.cast(&logical)) })
}

/// What messages about a bad value call it.
fn name(expression: &Expression, scope: &Scope) -> String {
    match expression {
        Expression::Column { relation, attribute, .. } => {
            scope.column(*relation, *attribute).map_or_else(String::new, |c| c.name.clone())
        }
        Expression::Function { name, .. } | Expression::Aggregate { name, .. } => name.clone(),
        _ => "?column?".to_owned(),
    }
}
