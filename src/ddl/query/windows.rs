//! Window functions: DuckDB prints named windows where they are used.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    NullTreatment, WindowFrame, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};

use super::{
    Untranslatable, aggregates, order, refuse, rewrite, scope::Frame, statement::countable,
};
use crate::ddl::expression::{
    class::{BIGINT, Class},
    value::{Literal, Value, unify},
};

type Out = Result<Value, Untranslatable>;

/// Translates a call with OVER.
pub(super) fn call(frame: &Frame<'_, '_>, name: &str, function: &Function) -> Out {
    let Some(WindowType::WindowSpec(spec)) = &function.over else {
        return refuse("a named window is not supported");
    };
    let windows = &frame.translator.windows;
    let value = if skips_nulls(function) {
        without_nulls(frame, name, function, spec)
    } else {
        let over = format!(" OVER ({})", window(spec, frame, None)?);
        match aggregates::windowed(frame, name, function, &over) {
            Some(value) => value,
            None => own(frame, name, function, spec, &over),
        }
    };
    windows.set(windows.get() + 1);
    value
}

/// Whether IGNORE NULLS stands among the arguments or after them.
fn skips_nulls(function: &Function) -> bool {
    const SKIPPED: FunctionArgumentClause =
        FunctionArgumentClause::IgnoreOrRespectNulls(NullTreatment::IgnoreNulls);
    let inside = matches!(&function.args, FunctionArguments::List(list)
        if list.clauses.contains(&SKIPPED));
    inside || function.null_treatment == Some(NullTreatment::IgnoreNulls)
}

/// IGNORE NULLS: one of an array of all values of the window but NULLs. `lag` and `lead` look
/// before and after the row, wherever the frame ends.
fn without_nulls(frame: &Frame<'_, '_>, name: &str, function: &Function, spec: &WindowSpec) -> Out {
    let args = arguments(frame, name, function)?;
    let Some((value, rest)) = args.split_first() else {
        return refuse(format!("function {name} needs an argument"));
    };
    let limits = match name {
        "lag" => Some("ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"),
        "lead" => Some("ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"),
        _ => None,
    };
    let over = window(spec, frame, limits)?;
    let print = |function: &str| {
        let sql = &value.sql;
        format!("pg_catalog.{function}({sql}) FILTER (WHERE {sql} IS NOT NULL) OVER ({over})")
    };
    let (list, count) = (format!("({})", print("array_agg")), print("count"));
    let once = |rest: &[Value]| rest.first().map_or(Ok(1), |place| number(place, 1, name));
    if matches!(value.class, Class::List(_) | Class::Opaque(_)) {
        return refuse(format!("function {name} of {} with IGNORE NULLS", value.class.name()));
    }
    match (name, rest) {
        ("first_value", []) => shaped(value, format!("{list}[1]")),
        ("last_value", []) => shaped(value, format!("{list}[{count}]")),
        ("nth_value", [_]) => shaped(value, format!("{list}[{}]", once(rest)?)),
        ("lag" | "lead", [] | [_] | [_, _]) => {
            let place = match name {
                "lag" => format!("{count} - {}", once(rest)? - 1),
                _ => once(rest)?.to_string(),
            };
            let found = Value::new(format!("{list}[{place}]"), value.class.clone());
            let Some(default) = rest.get(1) else { return shaped(value, found.sql) };
            let (values, class) = unify(vec![found, default.clone()], name)?;
            let sql: Vec<_> = values.iter().map(|value| value.sql.as_str()).collect();
            match class == value.class {
                true => shaped(value, format!("COALESCE({})", sql.join(", "))),
                false => refuse(format!("function {name} with a default of another type")),
            }
        }
        _ => refuse(format!("function {name} with IGNORE NULLS is not supported")),
    }
}

/// Functions that only windows have.
fn own(
    frame: &Frame<'_, '_>,
    name: &str,
    function: &Function,
    spec: &WindowSpec,
    over: &str,
) -> Out {
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
        ("lag" | "lead", _) if spec.window_name.is_some() => {
            refuse(format!("function {name} with EXCLUDE is not supported"))
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
    let nulls = |clause: &_| matches!(clause, FunctionArgumentClause::IgnoreOrRespectNulls(_));
    let plain = list.clauses.iter().all(nulls)
        && list.duplicate_treatment.is_none()
        && function.filter.is_none()
        && function.within_group.is_empty();
    if !plain {
        return refuse(format!("function {name} with ORDER BY, DISTINCT or FILTER"));
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

/// What stands between the parentheses of OVER; other limits can be set in place of its own.
fn window(
    spec: &WindowSpec,
    frame: &Frame<'_, '_>,
    other: Option<&str>,
) -> Result<String, Untranslatable> {
    let excluded = match &spec.window_name {
        Some(name) if spec.window_frame.is_some() => rewrite::exclusion(&name.value),
        _ => None,
    };
    if spec.window_name.is_some() && (excluded.is_none() || other.is_some()) {
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
    if let Some(limits) = other {
        parts.push(limits.to_owned());
    } else if let Some(limits) = &spec.window_frame {
        let classes: Vec<_> = order.iter().map(|(value, _)| &value.class).collect();
        parts.push(bounds(limits, &classes, frame)?);
    }
    parts.extend(excluded.map(str::to_owned));
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
