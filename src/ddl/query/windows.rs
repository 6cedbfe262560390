//! Window functions: DuckDB prints named windows where they are used.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, WindowFrame, WindowFrameBound,
    WindowFrameUnits, WindowSpec, WindowType,
};

use super::{Untranslatable, aggregates, order, refuse, scope::Frame, statement::countable};
use crate::ddl::expression::value::{BIGINT, Class, Literal, Value, unify};

type Out = Result<Value, Untranslatable>;

/// Translates a call with OVER.
pub(super) fn call(frame: &Frame<'_, '_>, name: &str, function: &Function) -> Out {
    let Some(WindowType::WindowSpec(spec)) = &function.over else {
        return refuse("a named window is not supported");
    };
    let over = format!(" OVER ({})", window(spec, frame)?);
    let windows = &frame.translator.windows;
    let value = match aggregates::windowed(frame, name, function, &over) {
        Some(value) => value,
        None => own(frame, name, function, &over),
    };
    windows.set(windows.get() + 1);
    value
}

/// Functions that only windows have.
fn own(frame: &Frame<'_, '_>, name: &str, function: &Function, over: &str) -> Out {
    let args = arguments(frame, name, function)?;
    let call = |class: Class| Ok(Value::settled(format!("pg_catalog.{name}(){over}"), class));
    match (name, args.as_slice()) {
        ("row_number" | "rank" | "dense_rank", []) => call(BIGINT),
        ("percent_rank" | "cume_dist", []) => call(Class::Double),
        ("ntile", [count]) => {
            let sql = format!("(pg_catalog.ntile({}){over})::bigint", number(count, 1, name)?);
            Ok(Value::settled(sql, BIGINT))
        }
        ("first_value" | "first" | "last_value" | "last", [value]) => {
            let pg = if name.starts_with("first") { "first_value" } else { "last_value" };
            shaped(value, format!("pg_catalog.{pg}({}){over}", value.sql))
        }
        ("nth_value", [value, place]) => {
            let place = number(place, 1, name)?;
            shaped(value, format!("pg_catalog.nth_value({}, {place}){over}", value.sql))
        }
        ("lag" | "lead", [value, rest @ ..]) => neighbour(name, value, rest, over),
        _ => refuse(format!("function {name} over a window is not supported")),
    }
}

fn arguments(
    frame: &Frame<'_, '_>,
    name: &str,
    function: &Function,
) -> Result<Vec<Value>, Untranslatable> {
    let list = match &function.args {
        FunctionArguments::List(list) => list,
        FunctionArguments::None => return Ok(Vec::new()),
        FunctionArguments::Subquery(_) => return refuse(format!("a query in function {name}")),
    };
    let plain = list.clauses.is_empty()
        && list.duplicate_treatment.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty();
    if !plain {
        return refuse(format!("function {name} with IGNORE NULLS, ORDER BY or FILTER"));
    }
    let value = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) => frame.translator.value(node, frame),
        _ => refuse(format!("the arguments of function {name} are not plain")),
    };
    list.args.iter().map(value).collect()
}

fn number(value: &Value, least: i128, name: &str) -> Result<i128, Untranslatable> {
    match value.literal {
        Some(Literal::Integer(number)) if (least..=0x7fff_ffff).contains(&number) => Ok(number),
        _ => refuse(format!("function {name} needs a literal number")),
    }
}

fn shaped(value: &Value, sql: String) -> Out {
    match value.class {
        Class::Untyped => refuse("a window function of NULL or of a string is not supported"),
        _ => Ok(Value { settled: value.settled, ..Value::new(sql, value.class.clone()) }),
    }
}

fn neighbour(name: &str, value: &Value, rest: &[Value], over: &str) -> Out {
    let offset = rest.first().map_or(Ok(1), |offset| number(offset, 0, name))?;
    let (values, default) = match rest.get(1) {
        None => (vec![value.clone()], String::new()),
        Some(default) => {
            let (values, class) = unify(vec![value.clone(), default.clone()], name)?;
            if class != value.class || rest.len() > 2 {
                return refuse(format!("function {name} with a default of another type"));
            }
            let default =
                values.get(1).map_or_else(String::new, |default| format!(", {}", default.sql));
            (values, default)
        }
    };
    match values.first() {
        Some(value) => {
            shaped(value, format!("pg_catalog.{name}({}, {offset}{default}){over}", value.sql))
        }
        None => refuse(format!("function {name} needs an argument")),
    }
}

/// What stands between the parentheses of OVER.
fn window(spec: &WindowSpec, frame: &Frame<'_, '_>) -> Result<String, Untranslatable> {
    if spec.window_name.is_some() {
        return refuse("a named window is not supported");
    }
    let mut parts = Vec::new();
    let mut keys = Vec::new();
    for node in &spec.partition_by {
        let value = frame.translator.value(node, frame)?;
        countable(&value.class, "PARTITION BY")?;
        if value.literal.is_none() {
            keys.push(value.sql);
        }
    }
    if !keys.is_empty() {
        parts.push(format!("PARTITION BY {}", keys.join(", ")));
    }
    let order = order::inner(&spec.order_by, frame)?;
    if !order.is_empty() {
        parts.push(format!("ORDER BY {}", order::printed(&order)));
    }
    if let Some(limits) = &spec.window_frame {
        let classes: Vec<_> = order.iter().map(|(value, _)| &value.class).collect();
        parts.push(bounds(limits, &classes, frame)?);
    }
    Ok(parts.join(" "))
}

fn bounds(
    limits: &WindowFrame,
    order: &[&Class],
    frame: &Frame<'_, '_>,
) -> Result<String, Untranslatable> {
    let units = match limits.units {
        WindowFrameUnits::Rows => "ROWS",
        WindowFrameUnits::Range => "RANGE",
        WindowFrameUnits::Groups => "GROUPS",
    };
    let range = limits.units == WindowFrameUnits::Range;
    let bound = |bound: &WindowFrameBound| match bound {
        WindowFrameBound::CurrentRow => Ok("CURRENT ROW".to_owned()),
        WindowFrameBound::Preceding(None) => Ok("UNBOUNDED PRECEDING".into()),
        WindowFrameBound::Following(None) => Ok("UNBOUNDED FOLLOWING".into()),
        WindowFrameBound::Preceding(Some(node)) => {
            Ok(format!("{} PRECEDING", distance(node, range, order, frame)?))
        }
        WindowFrameBound::Following(Some(node)) => {
            Ok(format!("{} FOLLOWING", distance(node, range, order, frame)?))
        }
    };
    let start = bound(&limits.start_bound)?;
    let end = limits.end_bound.as_ref().map_or_else(|| Ok("CURRENT ROW".to_owned()), bound)?;
    Ok(format!("{units} BETWEEN {start} AND {end}"))
}

/// How far a frame reaches: rows or groups, or a difference of the values sorted by.
fn distance(
    node: &Expr,
    range: bool,
    order: &[&Class],
    frame: &Frame<'_, '_>,
) -> Result<String, Untranslatable> {
    let value = frame.translator.value(node, frame)?;
    let number = matches!(value.literal, Some(Literal::Integer(0..=0x7fff_ffff)));
    let fits = match (range, order) {
        (false, _) => number,
        (true, [Class::Integer { digits: ..=19, .. } | Class::Decimal { .. } | Class::Double]) => {
            number
        }
        (true, [Class::Date | Class::Timestamp(_)]) => value.class == Class::Interval,
        _ => false,
    };
    if fits { Ok(value.sql) } else { refuse("this bound of a window is not supported") }
}
