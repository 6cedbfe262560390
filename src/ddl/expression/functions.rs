//! The table of functions: DuckDB's names, how many arguments they take, when PostgreSQL would
//! call their translation stable or volatile, and how it is printed.

use std::ops::RangeInclusive;

use migrator_model::{ident::literal, reject::shown};
use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{
    Context, Untranslatable, numbers,
    operators::{self, sortable},
    refuse, temporal, texts,
    value::{BIGINT, Class, INTEGER, Literal, Value, comparable, unify},
    walk::Walker,
};
use crate::ddl::sequence::regclass;

type Out = Result<Value, Untranslatable>;

/// What PostgreSQL asks of functions in indexes and generated columns, and of those in checks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stability {
    Immutable,
    Stable,
    Volatile,
}
use Stability::{Immutable, Stable, Volatile};

/// A call: the name that was used, and its arguments.
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) args: Vec<Value>,
    pub(super) context: &'a Context<'a>,
}

/// One line of the table.
struct Function {
    names: &'static [&'static str],
    arity: RangeInclusive<usize>,
    stability: Stability,
    print: fn(Call<'_>) -> Out,
}

const fn line(
    names: &'static [&'static str],
    arity: RangeInclusive<usize>,
    stability: Stability,
    print: fn(Call<'_>) -> Out,
) -> Function {
    Function { names, arity, stability, print }
}

const ANY: usize = usize::MAX;

#[rustfmt::skip] // One line a function reads as the table it is.
static FUNCTIONS: &[Function] = &[
    line(&["coalesce", "ifnull"], 1..=ANY, Immutable, coalesce),
    line(&["nullif"], 2..=2, Immutable, nullif),
    line(&["if"], 3..=3, Immutable, either),
    line(&["greatest", "least"], 1..=ANY, Immutable, extreme),
    line(&["abs"], 1..=1, Immutable, numbers::abs),
    line(&["round"], 1..=2, Immutable, numbers::round),
    line(&["floor", "ceil", "ceiling", "trunc"], 1..=1, Immutable, numbers::whole),
    line(&["sqrt"], 1..=1, Immutable, numbers::sqrt),
    line(&["ln", "log", "log10"], 1..=1, Immutable, numbers::logarithm),
    line(&["pow", "power"], 2..=2, Immutable, |call| two(call, operators::power)),
    line(&["mod"], 2..=2, Immutable, |call| two(call, |a, b| operators::binary(a, &ast::BinaryOperator::Modulo, b))),
    line(&["isnan"], 1..=1, Immutable, numbers::isnan),
    line(&["length", "len", "char_length", "character_length", "array_length"], 1..=1, Immutable, length),
    line(&["strlen"], 1..=1, Immutable, |call| same(call, "octet_length", INTEGER)),
    line(&["octet_length"], 1..=1, Immutable, texts::octet_length),
    line(&["lower", "lcase"], 1..=1, Immutable, |call| same(call, "lower", Class::Text)),
    line(&["upper", "ucase"], 1..=1, Immutable, |call| same(call, "upper", Class::Text)),
    line(&["md5"], 1..=1, Immutable, |call| same(call, "md5", Class::Text)),
    line(&["trim"], 1..=2, Immutable, |call| texts::trim(call, "btrim")),
    line(&["ltrim"], 1..=2, Immutable, |call| texts::trim(call, "ltrim")),
    line(&["rtrim"], 1..=2, Immutable, |call| texts::trim(call, "rtrim")),
    line(&["substring", "substr"], 2..=3, Immutable, texts::substring),
    line(&["left", "right"], 2..=2, Immutable, texts::edge),
    line(&["concat"], 1..=ANY, Immutable, texts::concat),
    line(&["replace"], 3..=3, Immutable, |call| same(call, "replace", Class::Text)),
    line(&["strpos", "instr", "position"], 2..=2, Immutable, |call| same(call, "strpos", INTEGER)),
    line(&["starts_with", "prefix"], 2..=2, Immutable, |call| same(call, "starts_with", Class::Boolean)),
    line(&["ends_with", "suffix"], 2..=2, Immutable, texts::ends_with),
    line(&["contains"], 2..=2, Immutable, texts::contains),
    line(&["regexp_matches"], 2..=2, Immutable, |call| texts::regexp(call, false)),
    line(&["regexp_full_match"], 2..=2, Immutable, |call| texts::regexp(call, true)),
    line(&["like_escape", "ilike_escape", "not_like_escape", "not_ilike_escape"], 3..=3, Immutable, texts::like_escape),
    line(&["year", "month", "day", "dayofmonth", "quarter", "dayofweek", "weekday", "isodow",
           "dayofyear", "week", "weekofyear", "hour", "minute", "second"], 1..=1, Immutable, temporal::part_call),
    line(&["date_part", "datepart"], 2..=2, Immutable, temporal::date_part),
    line(&["date_trunc", "datetrunc"], 2..=2, Immutable, temporal::date_trunc),
    line(&["date_diff", "datediff"], 3..=3, Immutable, temporal::date_diff),
    line(&["to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"],
         1..=1, Immutable, temporal::interval_call),
    line(&["timezone"], 2..=2, Immutable, temporal::timezone),
    line(&["now", "get_current_timestamp", "transaction_timestamp", "current_timestamp"], 0..=0, Stable,
         |_| Ok(Value::new("pg_catalog.now()", Class::TimestampTz))),
    line(&["today", "current_date"], 0..=0, Stable, |_| Ok(Value::new("CURRENT_DATE", Class::Date))),
    line(&["localtimestamp", "current_localtimestamp"], 0..=0, Stable,
         |_| Ok(Value::new("LOCALTIMESTAMP", Class::Timestamp(6)))),
    line(&["gen_random_uuid", "uuid", "uuidv4"], 0..=0, Volatile,
         |_| Ok(Value::new("pg_catalog.gen_random_uuid()", Class::Uuid))),
    line(&["random"], 0..=0, Volatile, |_| Ok(Value::new("pg_catalog.random()", Class::Double))),
    line(&["nextval", "currval"], 1..=1, Volatile, sequence),
    line(&["json_valid"], 1..=1, Immutable, json_valid),
    line(&["list_value"], 0..=ANY, Immutable, |call| list_value(call.args)),
];

/// Names that the grammar takes for functions without parentheses.
pub(super) fn keyword(name: &ast::Ident) -> Option<&'static str> {
    const KEYWORDS: [&str; 3] = ["current_timestamp", "current_date", "localtimestamp"];
    let bare = name.quote_style.is_none();
    KEYWORDS.into_iter().find(|keyword| bare && name.value.eq_ignore_ascii_case(keyword))
}

/// Translates a call with its arguments.
pub(super) fn call(walker: &mut Walker<'_>, function: &ast::Function) -> Out {
    let name = name(function)?;
    let mut args = Vec::new();
    for node in nodes(function, &name)? {
        args.push(walker.value(node)?);
    }
    apply(&name, args, walker.context)
}

/// Translates a call by its name and translated arguments.
pub(super) fn apply(name: &str, args: Vec<Value>, context: &Context<'_>) -> Out {
    let Some(function) = FUNCTIONS.iter().find(|function| function.names.contains(&name)) else {
        return refuse(format!("function {} is not supported", shown(name)));
    };
    if !function.arity.contains(&args.len()) {
        return refuse(format!("function {name} with {} arguments is not supported", args.len()));
    }
    match function.stability {
        Volatile if !context.purpose.default() => {
            refuse(format!("function {name} can only be used in a default"))
        }
        Stable if context.purpose.immutable() => {
            refuse(format!("function {name} is not immutable"))
        }
        _ => (function.print)(Call { name, args, context }),
    }
}

/// The bare name of one of DuckDB's own functions.
fn name(function: &ast::Function) -> Result<String, Untranslatable> {
    let mut parts = Vec::new();
    for part in &function.name.0 {
        match part.as_ident() {
            Some(name) => parts.push(name.value.to_ascii_lowercase()),
            None => return refuse("a computed function name is not supported"),
        }
    }
    match parts.as_slice() {
        [name] => Ok(name.clone()),
        [schema, name] if ["main", "pg_catalog"].contains(&schema.as_str()) => Ok(name.clone()),
        [system, main, name] if system == "system" && main == "main" => Ok(name.clone()),
        _ => refuse(format!("function {} is not supported", shown(&function.name.to_string()))),
    }
}

/// The arguments of a plain call: no names, DISTINCT, ORDER BY, FILTER or OVER.
fn nodes<'a>(function: &'a ast::Function, name: &str) -> Result<Vec<&'a Expr>, Untranslatable> {
    let plain = function.filter.is_none()
        && function.over.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax;
    let list = match &function.args {
        FunctionArguments::None => &[][..],
        FunctionArguments::List(list)
            if list.clauses.is_empty() && list.duplicate_treatment.is_none() =>
        {
            &list.args[..]
        }
        _ => return refuse(format!("the arguments of function {} are not plain", shown(name))),
    };
    let node = |arg: &'a FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) => Some(node),
        _ => None,
    };
    match list.iter().map(node).collect::<Option<Vec<_>>>() {
        Some(nodes) if plain => Ok(nodes),
        _ => refuse(format!("the arguments of function {} are not plain", shown(name))),
    }
}

/// The argument of `nextval` in an expression that is nothing else.
pub(super) fn only_nextval(node: &Expr) -> Option<String> {
    match node {
        Expr::Nested(inner) => only_nextval(inner),
        Expr::Function(function) if name(function).is_ok_and(|name| name == "nextval") => {
            match nodes(function, "nextval").ok()?.as_slice() {
                [Expr::Value(value)] => match &value.value {
                    ast::Value::SingleQuotedString(text) => Some(text.clone()),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

fn joined(values: &[Value]) -> String {
    values.iter().map(|value| value.sql.as_str()).collect::<Vec<_>>().join(", ")
}

pub(super) fn one(call: Call<'_>) -> Result<Value, Untranslatable> {
    let missing = format!("function {} needs an argument", call.name);
    call.args.into_iter().next().ok_or_else(|| Untranslatable::new(missing))
}

pub(super) fn pair(call: Call<'_>) -> Result<(Value, Value), Untranslatable> {
    let name = call.name;
    let mut args = call.args.into_iter();
    match (args.next(), args.next()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => refuse(format!("function {name} needs two arguments")),
    }
}

fn two(call: Call<'_>, print: fn(Value, Value) -> Out) -> Out {
    let (first, second) = pair(call)?;
    print(first, second)
}

/// A function of texts with a namesake, or a twin by another name, in PostgreSQL.
pub(super) fn same(call: Call<'_>, pg: &str, class: Class) -> Out {
    let name = call.name;
    let args: Result<Vec<_>, _> = call.args.into_iter().map(|arg| arg.text(name)).collect();
    Ok(Value::new(format!("pg_catalog.{pg}({})", joined(&args?)), class))
}

fn coalesce(call: Call<'_>) -> Out {
    let (values, class) = unify(call.args, call.name)?;
    Ok(Value::new(format!("COALESCE({})", joined(&values)), class))
}

fn nullif(call: Call<'_>) -> Out {
    let zero = matches!(call.args.get(1).map(|arg| &arg.literal), Some(Some(Literal::Integer(0))));
    let (values, class) = comparable(call.args, call.name)?;
    let literal = zero.then_some(Literal::NonZero);
    Ok(Value { sql: format!("NULLIF({})", joined(&values)), class, literal })
}

fn either(call: Call<'_>) -> Out {
    let mut args = call.args.into_iter();
    let Some(condition) = args.next() else { return refuse("function if needs a condition") };
    let condition = condition.boolean("function if")?.sql;
    let (values, class) = unify(args.collect(), "function if")?;
    match values.as_slice() {
        [yes, no] => {
            let sql = format!("(CASE WHEN {condition} THEN {} ELSE {} END)", yes.sql, no.sql);
            Ok(Value::new(sql, class))
        }
        _ => refuse("function if needs two results"),
    }
}

/// Both systems leave NULLs out.
fn extreme(call: Call<'_>) -> Out {
    let name = call.name;
    let (mut values, class) = comparable(call.args, name)?;
    if let Some(first) = values.first_mut() {
        first.sql = sortable(&first.sql, &class);
    }
    Ok(Value::new(format!("{}({})", name.to_ascii_uppercase(), joined(&values)), class))
}

fn length(call: Call<'_>) -> Out {
    match call.args.first().map(|arg| &arg.class) {
        Some(Class::List(element)) if !matches!(**element, Class::List(_)) => {
            let sql = format!("pg_catalog.cardinality({})", joined(&call.args));
            Ok(Value::new(sql, INTEGER))
        }
        Some(Class::Text | Class::Untyped) if call.name != "array_length" => {
            same(call, "char_length", INTEGER)
        }
        other => {
            let class = other.map(Class::name).unwrap_or_default();
            refuse(format!("function {} of {class} is not supported", call.name))
        }
    }
}

fn sequence(call: Call<'_>) -> Out {
    let name = call.name;
    let context = call.context;
    let argument = one(call)?;
    let source = argument.string("the sequence")?;
    match (context.sequences)(source) {
        Some(sequence) => {
            Ok(Value::new(format!("pg_catalog.{name}({})", regclass(&sequence)), BIGINT))
        }
        None => refuse(format!("sequence {} is not loaded", literal(&shown(source)))),
    }
}

/// A JSON column holds valid JSON only. For a text PostgreSQL before 16 has no such test.
fn json_valid(call: Call<'_>) -> Out {
    let value = one(call)?;
    match value.class {
        Class::Json => {
            let sql = format!("(CASE WHEN {} IS NOT NULL THEN true END)", value.sql);
            Ok(Value::new(sql, Class::Boolean))
        }
        other => refuse(format!("function json_valid of {} has no counterpart", other.name())),
    }
}

/// A list; an empty one waits for its type.
pub(super) fn list_value(values: Vec<Value>) -> Out {
    if values.is_empty() {
        return Ok(Value::new("'{}'", Class::List(Box::new(Class::Untyped))));
    }
    let (values, class) = unify(values, "a list")?;
    let sql = format!("ARRAY[{}]", joined(&values));
    Ok(Value::new(sql, Class::List(Box::new(class))))
}
