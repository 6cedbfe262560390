//! Rows of values, `(a, b)`, which DuckDB prints as calls of `"row"`. They are STRUCTs there: a NULL
//! inside one is a value like any other.

use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{Untranslatable, class::Class, operators, refuse, value::Value, walk::Walker};

type Out = Result<Value, Untranslatable>;

/// The members of a row; None where a node is none.
pub(in crate::ddl) fn parts(node: &Expr) -> Option<Vec<&Expr>> {
    let function = match node {
        Expr::Nested(inner) => return parts(inner),
        Expr::Function(function) => function,
        _ => return None,
    };
    let Function { name, args: FunctionArguments::List(list), over: None, filter: None, .. } =
        function
    else {
        return None;
    };
    let named = name.0.len() == 1
        && name.0.iter().all(|part| part.as_ident().is_some_and(|name| name.value == "row"));
    let plain = list.clauses.is_empty() && list.duplicate_treatment.is_none();
    let node = |arg| match arg {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref node)) => Some(node),
        _ => None,
    };
    if named && plain { list.args.iter().map(node).collect() } else { None }
}

/// Whether both are rows.
pub(super) fn are(left: &Expr, right: &Expr) -> bool {
    parts(left).is_some() && parts(right).is_some()
}

/// A comparison of two rows; None where there are none.
pub(super) fn compared(
    walker: &mut Walker<'_>,
    left: &Expr,
    operator: &str,
    right: &Expr,
) -> Option<Out> {
    let (left, right) = (parts(left)?, parts(right)?);
    let same = match operator {
        "=" | "IS NOT DISTINCT FROM" => true,
        "<>" | "!=" | "IS DISTINCT FROM" => false,
        _ => return None,
    };
    Some(equal(walker, &left, &right).map(|value| match same {
        true => value,
        false => Value::new(format!("(NOT {})", value.sql), Class::Boolean),
    }))
}

fn equal(walker: &mut Walker<'_>, left: &[&Expr], right: &[&Expr]) -> Out {
    if left.len() != right.len() || left.is_empty() {
        return refuse("rows of different lengths are not compared");
    }
    let mut parts = Vec::new();
    for (left, right) in left.iter().zip(right) {
        let (left, right) = (walker.value(left)?, walker.value(right)?);
        parts.push(operators::compare(left, "IS NOT DISTINCT FROM", right)?.sql);
    }
    Ok(Value::new(format!("({})", parts.join(" AND ")), Class::Boolean))
}

/// A row IN a list of rows; None where these are none.
pub(super) fn in_list(walker: &mut Walker<'_>, row: &Expr, list: &[Expr]) -> Option<Out> {
    let row = parts(row)?;
    let list: Option<Vec<_>> = list.iter().map(parts).collect();
    let mut either = Vec::new();
    for other in list.filter(|list| !list.is_empty())? {
        match equal(walker, &row, &other) {
            Ok(value) => either.push(value.sql),
            Err(refused) => return Some(Err(refused)),
        }
    }
    Some(Ok(Value::new(format!("({})", either.join(" OR ")), Class::Boolean)))
}
