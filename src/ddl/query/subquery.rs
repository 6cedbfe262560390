//! Queries inside expressions: a value, EXISTS, IN and comparisons with ANY.

use sqlparser::ast::{BinaryOperator, Expr, Query};

use super::{Untranslatable, block::Output, refuse, scope::Frame};
use crate::ddl::expression::{class::Class, literals, operators::sortable, rows, value::Value};

type Out = Result<Value, Untranslatable>;

/// Translates a node with a query inside; None where there is none.
pub(super) fn value(frame: &Frame<'_, '_>, node: &Expr) -> Option<Out> {
    match node {
        Expr::Subquery(query) => Some(scalar(frame, query)),
        Expr::Exists { subquery, negated } => Some(exists(frame, subquery, *negated)),
        Expr::InSubquery { expr, subquery, negated } => {
            Some(any(frame, expr, "=", subquery).map(|value| negate(value, *negated)))
        }
        Expr::AnyOp { left, compare_op, right, .. } => match right.as_ref() {
            Expr::Subquery(query) => Some(match operator(compare_op) {
                Some(operator) => any(frame, left, operator, query),
                None => refuse(format!("{compare_op} ANY is not supported")),
            }),
            _ => None,
        },
        _ => None,
    }
}

fn negate(value: Value, negated: bool) -> Value {
    match negated {
        true => Value::settled(format!("(NOT {})", value.sql), Class::Boolean),
        false => value,
    }
}

fn operator(operator: &BinaryOperator) -> Option<&'static str> {
    Some(match operator {
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        _ => return None,
    })
}

/// Translates the query; what it counts is not counted for the one around it.
fn inner(frame: &Frame<'_, '_>, query: &Query) -> Result<Output, Untranslatable> {
    let translator = frame.translator;
    let counted = (translator.aggregates.get(), translator.windows.get());
    let output = translator.query(query, frame, frame.ctes, None);
    translator.aggregates.set(counted.0);
    translator.windows.set(counted.1);
    output
}

fn column(frame: &Frame<'_, '_>, query: &Query) -> Result<(String, Class), Untranslatable> {
    let output = inner(frame, query)?;
    match output.columns.as_slice() {
        [column] => Ok((output.sql, column.class.clone())),
        _ => refuse("a query with several columns is not a value"),
    }
}

fn scalar(frame: &Frame<'_, '_>, query: &Query) -> Out {
    let (sql, class) = column(frame, query)?;
    match class {
        Class::Untyped => refuse("a query that yields NULL only is not supported"),
        class => Ok(Value::settled(format!("({sql})"), class)),
    }
}

fn exists(frame: &Frame<'_, '_>, query: &Query, negated: bool) -> Out {
    let value = Value::settled(format!("(EXISTS ({}))", inner(frame, query)?.sql), Class::Boolean);
    Ok(negate(value, negated))
}

/// A comparison with any row; NULLs count alike in both systems.
fn any(frame: &Frame<'_, '_>, left: &Expr, operator: &str, query: &Query) -> Out {
    let nodes = match rows::parts(left) {
        Some(nodes) if operator == "=" => nodes,
        _ => vec![left],
    };
    let mut values = Vec::new();
    for node in &nodes {
        values.push(frame.translator.value(node, frame)?);
    }
    let output = inner(frame, query)?;
    if values.len() != output.columns.len() {
        return refuse("a query with other columns than what it is compared with");
    }
    let mut texts = Vec::new();
    for (value, column) in values.into_iter().zip(&output.columns) {
        texts.push(probe(value, operator, &column.class)?);
    }
    let left = match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("({})", texts.join(", ")),
    };
    Ok(Value::settled(format!("({left} {operator} ANY ({}))", output.sql), Class::Boolean))
}

/// The value that is compared with a column of a class.
fn probe(left: Value, operator: &str, class: &Class) -> Result<String, Untranslatable> {
    if !class.comparable() {
        return refuse(format!("ANY of {} is not supported", class.name()));
    }
    let left = match (left.class.exact(), class.exact()) {
        (true, true) => left,
        _ if left.class == Class::Untyped => literals::convert(left, class)?,
        _ => left,
    };
    if left.class != *class && !(left.class.exact() && class.exact()) {
        let (left, right) = (left.class.name(), class.name());
        return refuse(format!("{left} {operator} ANY of {right} is not supported"));
    }
    let order = operator.starts_with(['<', '>']) && operator != "<>";
    Ok(if order { sortable(&left.sql, &left.class) } else { left.sql })
}
