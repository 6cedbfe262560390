//! Aggregates, alone and over windows.

use sqlparser::ast::{
    DuplicateTreatment, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, OrderByExpr,
};

use super::{Untranslatable, extremes, order, quantiles, refuse, scope::Frame, statistics};
use crate::ddl::{
    expression::{
        class::{BIGINT, Class},
        division::double,
        literals,
        operators::{shown_as_text, sortable},
        value::{Literal, Value},
    },
    helper::Helpers,
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
    (&["min", "max"], extremes::extreme),
    (&["bool_and", "bool_or"], truth),
    (&["count_if", "countif"], count_if),
    (&["string_agg", "group_concat", "listagg"], string_agg),
    (&["list", "array_agg"], list),
    (&["median", "quantile_cont"], quantiles::between),
    (&["quantile_disc", "quantile"], quantiles::one),
    (&["stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"], spread),
    (&["corr", "covar_pop", "covar_samp", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept",
       "regr_r2", "regr_slope", "regr_sxx", "regr_sxy", "regr_syy"], statistics::of_pairs),
    (&["skewness", "kurtosis", "kurtosis_pop"], statistics::shape),
    (&["product"], statistics::product),
    (&["entropy"], statistics::entropy),
    (&["histogram"], statistics::histogram),
    (&["any_value", "first", "arbitrary", "last"], extremes::one_of),
    (&["arg_min", "arg_max", "min_by", "max_by", "argmin", "argmax"], extremes::of_extreme),
    (&["bit_and", "bit_or", "bit_xor"], bits),
    (&["grouping"], grouping),
];

/// A call of an aggregate.
pub(super) struct Aggregate<'c> {
    pub(super) name: &'c str,
    pub(super) distinct: bool,
    pub(super) args: Vec<Value>,
    pub(super) order: Vec<(Value, &'static str)>,
    /// The condition of FILTER.
    filter: Option<String>,
    over: String,
    pub(super) windowed: bool,
    pub(super) helpers: Option<&'c Helpers>,
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
pub(super) fn fold(
    name: &str,
    values: &[Value],
    order: &str,
    helpers: Option<&Helpers>,
) -> Option<Out> {
    let print = find(name)?;
    let order = match order {
        "" => Vec::new(),
        order => vec![(Value::settled(order, BIGINT), "")],
    };
    let aggregate = Aggregate {
        name,
        distinct: false,
        args: values.to_vec(),
        order,
        filter: None,
        over: String::new(),
        windowed: false,
        helpers,
    };
    Some(aggregate.checked().and_then(|aggregate| print(&aggregate)))
}

fn find(name: &str) -> Option<Print> {
    AGGREGATES.iter().find(|(names, _)| names.contains(&name)).map(|(_, print)| *print)
}

/// The parts of a call.
fn aggregate<'c>(
    frame: &Frame<'_, 'c>,
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
    let filter = filter(frame, name, function)?;
    let (windowed, over) = (over.is_some(), over.unwrap_or_default().to_owned());
    let helpers = frame.translator.context.helpers;
    Aggregate { name, distinct, args, order, filter, over, windowed, helpers }.checked()
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
) -> Result<Option<String>, Untranslatable> {
    let plain = function.null_treatment.is_none()
        && matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax;
    match &function.filter {
        _ if !plain => refuse(format!("the arguments of function {name} are not plain")),
        None => Ok(None),
        Some(node) => Ok(Some(frame.translator.value(node, frame)?.boolean("FILTER")?.sql)),
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
    pub(super) fn print(&self, pg: &str, args: &str, ordered: bool) -> String {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let order = match ordered && !self.order.is_empty() {
            true => format!(" ORDER BY {}", order::printed(&self.order)),
            false => String::new(),
        };
        format!("pg_catalog.{pg}({distinct}{args}{order}){}", self.after(None))
    }

    /// FILTER, with one more condition perhaps, and OVER.
    pub(super) fn after(&self, more: Option<&str>) -> String {
        let conditions: Vec<_> = self.filter.as_deref().into_iter().chain(more).collect();
        match conditions.is_empty() {
            true => self.over.clone(),
            false => format!(" FILTER (WHERE {}){}", conditions.join(" AND "), self.over),
        }
    }

    /// An array of the values, in order, of the rows that meet a condition.
    pub(super) fn listed(&self, value: &str, order: &str, condition: Option<&str>) -> String {
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {order}") };
        format!("pg_catalog.array_agg({value}{order}){}", self.after(condition))
    }

    /// The only argument.
    pub(super) fn only(&self) -> Result<&Value, Untranslatable> {
        match self.args.as_slice() {
            [value] => Ok(value),
            _ => refuse(format!("function {} with {} arguments", self.name, self.args.len())),
        }
    }

    pub(super) fn refused(&self, class: &Class) -> Out {
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

/// DISTINCT only where an order says how the list looks.
fn list(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    if value.class.nested() {
        return call.refused(&value.class);
    }
    let sql = match call.order.as_slice() {
        // The argument has to be what it is sorted by.
        [(key, _)] if call.distinct && key.sql == value.sql => sortable(&value.sql, &value.class),
        _ if call.distinct => return refuse("a list of DISTINCT values in any order"),
        _ => value.sql.clone(),
    };
    let class = Class::List(Box::new(value.class.clone()));
    Ok(Value::settled(call.print("array_agg", &sql, true), class))
}

/// Exactly zero where all values are the same; PostgreSQL's sums may leave a rest.
fn spread(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    if !value.class.number() {
        return call.refused(&value.class);
    }
    let value = double(value.clone())?.sql;
    let print = |name: &str| call.print(name, &value, false);
    let sql = format!(
        "({} * CASE WHEN {} = {} THEN 0 ELSE 1 END)",
        print(call.name),
        print("min"),
        print("max")
    );
    Ok(Value::settled(sql, Class::Double))
}

/// DuckDB's type is that of the argument.
fn bits(call: &Aggregate<'_>) -> Out {
    let value = call.only()?;
    match value.class {
        Class::Integer { digits: 3 | 5 | 10, .. }
        | Class::Integer { digits: 19, unsigned: false } => {
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
