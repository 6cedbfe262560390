//! Aggregates, alone and over windows.

use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, OrderByExpr,
};

use super::{Untranslatable, order, refuse, scope::Frame};
use crate::ddl::expression::{
    division::double,
    literals,
    operators::{shown_as_text, sortable},
    value::{BIGINT, Class, Literal, Value},
};

type Out = Result<Value, Untranslatable>;
type Print = fn(&Aggregate<'_>) -> Out;

const HUGEINT: Class = Class::Integer { digits: 39, unsigned: false };

/// DuckDB's names and what prints them.
#[rustfmt::skip] // One line a function reads as the table it is.
static AGGREGATES: &[(&[&str], Print)] = &[
    (&["count", "count_star"], count),
    (&["sum"], sum),
    (&["avg", "mean"], average),
    (&["min", "max"], extreme),
    (&["bool_and", "bool_or"], truth),
    (&["count_if", "countif"], count_if),
    (&["string_agg", "group_concat", "listagg"], string_agg),
    (&["list", "array_agg"], list),
    (&["median", "quantile_cont"], quantile),
    (&["stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"], spread),
    (&["any_value", "first", "arbitrary", "last"], one_of),
    (&["arg_min", "arg_max", "min_by", "max_by", "argmin", "argmax"], of_extreme),
    (&["bit_and", "bit_or"], bits),
    (&["grouping"], grouping),
];

/// A call of an aggregate.
pub(super) struct Aggregate<'c> {
    name: &'c str,
    distinct: bool,
    args: Vec<Value>,
    order: Vec<(Value, &'static str)>,
    /// FILTER and OVER.
    after: String,
    windowed: bool,
}

/// Translates a call without OVER, if it is an aggregate's.
pub(super) fn call(frame: &Frame<'_, '_>, name: &str, function: &Function) -> Option<Out> {
    let print = find(name)?;
    let translator = frame.translator;
    let (own, outer) = (frame.own.get(), frame.outer.get());
    let value = aggregate(frame, name, function, None).and_then(|aggregate| print(&aggregate));
    translator.aggregates.set(translator.aggregates.get() + 1);
    if frame.outer.get() > outer && frame.own.get() == own {
        return Some(refuse("an aggregate of columns of the query around it is not supported"));
    }
    Some(value)
}

/// Translates an aggregate over a window.
pub(super) fn windowed(
    frame: &Frame<'_, '_>,
    name: &str,
    function: &Function,
    over: &str,
) -> Option<Out> {
    let print = find(name)?;
    Some(aggregate(frame, name, function, Some(over)).and_then(|aggregate| print(&aggregate)))
}

/// Translates an aggregate of values that are at hand, in an order if it matters.
pub(super) fn fold(name: &str, values: &[Value], order: &str) -> Option<Out> {
    let print = find(name)?;
    let order = match order {
        "" => Vec::new(),
        order => vec![(Value::settled(order, BIGINT), "")],
    };
    let (args, after) = (values.to_vec(), String::new());
    let aggregate = Aggregate { name, distinct: false, args, order, after, windowed: false };
    Some(aggregate.checked().and_then(|aggregate| print(&aggregate)))
}

fn find(name: &str) -> Option<Print> {
    AGGREGATES.iter().find(|(names, _)| names.contains(&name)).map(|(_, print)| *print)
}

/// The parts of a call.
fn aggregate<'c>(
    frame: &Frame<'_, '_>,
    name: &'c str,
    function: &Function,
    over: Option<&str>,
) -> Result<Aggregate<'c>, Untranslatable> {
    let (nodes, clauses, distinct) = match &function.args {
        FunctionArguments::List(list) => {
            let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
            (&list.args[..], &list.clauses[..], distinct)
        }
        FunctionArguments::None => (&[][..], &[][..], false),
        FunctionArguments::Subquery(_) => return refuse(format!("a query in function {name}")),
    };
    let args = arguments(frame, name, nodes)?;
    let order = order::inner(ordered(clauses, &function.within_group, name)?, frame)?;
    let after = format!("{}{}", filter(frame, name, function)?, over.unwrap_or_default());
    Aggregate { name, distinct, args, order, after, windowed: over.is_some() }.checked()
}

fn arguments(
    frame: &Frame<'_, '_>,
    name: &str,
    nodes: &[FunctionArg],
) -> Result<Vec<Value>, Untranslatable> {
    let mut args = Vec::new();
    for node in nodes {
        match node {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) => {
                args.push(frame.translator.value(node, frame)?);
            }
            FunctionArg::Unnamed(FunctionArgExpr::Wildcard) if name == "count" => {}
            _ => return refuse(format!("the arguments of function {name} are not plain")),
        }
    }
    Ok(args)
}

fn filter(
    frame: &Frame<'_, '_>,
    name: &str,
    function: &Function,
) -> Result<String, Untranslatable> {
    let plain = function.null_treatment.is_none()
        && matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax;
    match &function.filter {
        _ if !plain => refuse(format!("the arguments of function {name} are not plain")),
        None => Ok(String::new()),
        Some(node) => {
            let value = frame.translator.value(node, frame)?.boolean("FILTER")?;
            Ok(format!(" FILTER (WHERE {})", value.sql))
        }
    }
}

fn ordered<'c>(
    clauses: &'c [FunctionArgumentClause],
    within: &'c [OrderByExpr],
    name: &str,
) -> Result<&'c [OrderByExpr], Untranslatable> {
    match (clauses, within) {
        ([], within) => Ok(within),
        ([FunctionArgumentClause::OrderBy(nodes)], []) => Ok(nodes),
        _ => refuse(format!("the arguments of function {name} are not plain")),
    }
}

impl<'c> Aggregate<'c> {
    fn checked(self) -> Result<Self, Untranslatable> {
        if self.windowed && (self.distinct || !self.order.is_empty()) {
            return refuse(format!("{} with DISTINCT or ORDER BY over a window", self.name));
        }
        match self.args.first() {
            Some(value) if self.distinct && !value.class.comparable() => {
                refuse(format!("DISTINCT of {} is not supported", value.class.name()))
            }
            _ => Ok(self),
        }
    }

    /// The call of PostgreSQL's function; an order only where it matters.
    fn print(&self, pg: &str, args: &str, ordered: bool) -> String {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let order = match ordered && !self.order.is_empty() {
            true => format!(" ORDER BY {}", order::printed(&self.order)),
            false => String::new(),
        };
        format!("pg_catalog.{pg}({distinct}{args}{order}){}", self.after)
    }

    /// The only argument.
    fn only(&self) -> Result<&Value, Untranslatable> {
        match self.args.as_slice() {
            [value] => Ok(value),
            _ => refuse(format!("function {} with {} arguments", self.name, self.args.len())),
        }
    }

    fn refused(&self, class: &Class) -> Out {
        refuse(format!("function {} of {} is not supported", self.name, class.name()))
    }
}

fn count(call: &Aggregate<'_>) -> Out {
    let args = match call.args.as_slice() {
        [] if !call.distinct => "*",
        [value] => &value.sql,
        _ => return refuse("count of several values is not supported"),
    };
    Ok(Value::settled(call.print("count", args, false), BIGINT))
}

/// Sums of integers are HUGEINT, those of decimals have 38 digits.
fn sum(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    match &value.class {
        Class::Integer { digits: 39.., unsigned: true } => call.refused(&value.class),
        Class::Integer { .. } => Ok(whole(&call.print("sum", &value.sql, false))),
        Class::Boolean => {
            Ok(whole(&call.print("sum", &format!("({})::integer", value.sql), false)))
        }
        Class::Decimal { scale, .. } => Ok(Value::new(
            call.print("sum", &value.sql, false),
            Class::Decimal { width: 38, scale: *scale },
        )),
        Class::Double | Class::Float => {
            Ok(Value::settled(call.print("sum", &double(value.clone())?.sql, false), Class::Double))
        }
        other => call.refused(other),
    }
}

fn whole(sql: &str) -> Value {
    Value::settled(format!("({sql})::numeric(39,0)"), HUGEINT)
}

/// DuckDB divides the exact sum by the count and rounds once; PostgreSQL's own avg of integers
/// yields fewer digits, and that of DOUBLE overflows early.
fn average(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    let sum = |sql: &str| call.print("sum", sql, false);
    let count = call.print("count", &value.sql, false);
    let sql = match &value.class {
        Class::Integer { digits: 39.., unsigned: true } => return call.refused(&value.class),
        class @ (Class::Integer { .. } | Class::Decimal { .. }) => {
            let scale = 38 + class.decimal().map_or(0, |(_, scale)| u32::from(scale));
            let sum = sum(&value.sql);
            format!("(({sum})::numeric({},{scale}) / {count})::double precision", scale + 40)
        }
        Class::Double | Class::Float => {
            format!("({} / {count})", sum(&double(value.clone())?.sql))
        }
        other => return call.refused(other),
    };
    Ok(Value::settled(sql, Class::Double))
}

/// `min` and `max`; PostgreSQL has none for every type that DuckDB has it for.
fn extreme(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    let (sql, class) = (&value.sql, value.class.clone());
    let printed = match &class {
        Class::Boolean => {
            call.print(if call.name == "min" { "bool_and" } else { "bool_or" }, sql, false)
        }
        // The text of a UUID sorts as its bytes do.
        Class::Uuid => {
            let text = sortable(&format!("({sql})::text"), &Class::Text);
            format!("({})::uuid", call.print(call.name, &text, false))
        }
        Class::Blob => return call.refused(&class),
        class if class.comparable() => call.print(call.name, &sortable(sql, class), false),
        _ => return call.refused(&class),
    };
    Ok(Value { settled: value.settled, ..Value::new(printed, class) })
}

fn truth(call: &Aggregate<'_>) -> Out {
    let value = call.only()?.clone().boolean(call.name)?;
    Ok(Value::settled(call.print(call.name, &value.sql, false), Class::Boolean))
}

/// A sum, so that it is NULL where nothing was asked.
fn count_if(call: &Aggregate<'_>) -> Out {
    let value = call.only()?.clone().boolean(call.name)?;
    Ok(whole(&call.print("sum", &format!("({})::integer", value.sql), false)))
}

fn string_agg(call: &Aggregate<'_>) -> Out {
    let (value, separator) = match call.args.as_slice() {
        [value] => (value, ",".to_owned()),
        [value, separator] => (value, separator.string("the separator")?.to_owned()),
        _ => return refuse(format!("function {} with {} arguments", call.name, call.args.len())),
    };
    let text = shown_as_text(value.clone())?;
    if call.distinct && value.class != Class::Text && !call.order.is_empty() {
        return refuse("string_agg of DISTINCT values of another type in order");
    }
    // With DISTINCT the order has to be that of the argument itself.
    let sql = if call.distinct { sortable(&text.sql, &Class::Text) } else { text.sql };
    let separator = literals::typed(&separator, &Class::Text)?.sql;
    Ok(Value::settled(call.print("string_agg", &format!("{sql}, {separator}"), true), Class::Text))
}

fn list(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    if call.distinct || value.class.nested() {
        return refuse(format!("function {} of this argument is not supported", call.name));
    }
    let class = Class::List(Box::new(value.class.clone()));
    Ok(Value::settled(call.print("array_agg", &value.sql, true), class))
}

/// Between two neighbours, in DOUBLE; `quantile_cont(0.5 ORDER BY x)` is PERCENTILE_CONT.
fn quantile(call: &Aggregate<'_>) -> Out {
    let (value, direction, fraction) = match (call.args.as_slice(), call.order.as_slice()) {
        ([value], []) if call.name == "median" => (value, "", "0.5"),
        ([value, fraction], []) => (value, "", &*fraction.sql),
        ([fraction], [(value, direction)]) => (value, *direction, &*fraction.sql),
        _ => {
            return refuse(format!("function {} with these arguments is not supported", call.name));
        }
    };
    if call.windowed || call.distinct || fraction.parse::<f64>().is_err() {
        return refuse(format!("function {} in this form is not supported", call.name));
    }
    let direction = if direction.contains("DESC") { " DESC" } else { "" };
    match &value.class {
        Class::Integer { digits: ..=19, .. } | Class::Double => {
            let value = double(value.clone())?.sql;
            let sql = format!(
                "pg_catalog.percentile_cont({fraction}) WITHIN GROUP (ORDER BY {value}{direction}){}",
                call.after
            );
            Ok(Value::settled(sql, Class::Double))
        }
        other => call.refused(other),
    }
}

fn spread(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    if !value.class.number() {
        return call.refused(&value.class);
    }
    Ok(Value::settled(call.print(call.name, &double(value.clone())?.sql, false), Class::Double))
}

/// One value of many: only where their order is said.
fn one_of(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    if call.order.is_empty() || call.distinct || call.windowed {
        return refuse(format!("function {} without an order yields any value", call.name));
    }
    match &value.class {
        class if class.nested() => return call.refused(class),
        _ => {}
    }
    let filter = (call.name == "any_value").then(|| format!("{} IS NOT NULL", value.sql));
    let list = listed(call, &value.sql, &order::printed(&call.order), filter)?;
    let place = match call.name {
        "last" => format!("pg_catalog.count(*){}", call.after),
        _ => "1".to_owned(),
    };
    Ok(Value {
        settled: value.settled,
        ..Value::new(format!("({list})[{place}]"), value.class.clone())
    })
}

/// The value where another one is least or greatest; rows with a NULL are left out.
fn of_extreme(call: &Aggregate<'_>) -> Out {
    let [value, by] = call.args.as_slice() else {
        return refuse(format!("function {} with {} arguments", call.name, call.args.len()));
    };
    let fits = !value.class.nested();
    if !fits || !by.class.comparable() || call.windowed || call.distinct || !call.order.is_empty() {
        return refuse(format!("function {} in this form is not supported", call.name));
    }
    let least = call.name.contains("min");
    let order = format!("{}{}", sortable(&by.sql, &by.class), if least { "" } else { " DESC" });
    let filter = format!("{} IS NOT NULL AND {} IS NOT NULL", value.sql, by.sql);
    let list = listed(call, &value.sql, &order, Some(filter))?;
    Ok(Value { settled: value.settled, ..Value::new(format!("({list})[1]"), value.class.clone()) })
}

fn listed(
    call: &Aggregate<'_>,
    value: &str,
    order: &str,
    filter: Option<String>,
) -> Result<String, Untranslatable> {
    let after = match filter {
        Some(_) if !call.after.is_empty() => {
            return refuse(format!("function {} with FILTER is not supported", call.name));
        }
        Some(filter) => format!(" FILTER (WHERE {filter})"),
        None => call.after.clone(),
    };
    Ok(format!("pg_catalog.array_agg({value} ORDER BY {order}){after}"))
}

fn bits(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    match value.class {
        Class::Integer { digits: 5 | 10 | 19, unsigned: false } => {
            Ok(Value::settled(call.print(call.name, &value.sql, false), value.class.clone()))
        }
        ref other => call.refused(other),
    }
}

fn grouping(call: &Aggregate<'_>) -> Out {
    let args: Vec<_> = call.args.iter().map(|value| value.sql.as_str()).collect();
    let literal = call.args.iter().any(|value| matches!(value.literal, Some(Literal::Integer(_))));
    if call.windowed || literal || args.is_empty() {
        return refuse("GROUPING in this form is not supported");
    }
    Ok(Value::settled(format!("GROUPING({})::bigint", args.join(", ")), BIGINT))
}
