//! The tables of functions: DuckDB's names, how many arguments they take, when PostgreSQL would
//! call their translation stable or volatile, and how it is printed. Each family has its file.

use std::ops::RangeInclusive;

use migrator_model::{ident::literal, reject::shown};
use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{
    Context, Untranslatable, bits,
    class::{BIGINT, Class, INTEGER},
    codes, dates, differences, floats, formats, globs, json, lambdas, list_folds, lists, moments,
    nested, numbers,
    operators::sortable,
    parts, patterns, refuse, regexps, slices, strptime, temporal, texts,
    value::{Literal, Value, comparable, equatable, unify},
    walk::Walker,
};
use crate::ddl::sequence::regclass;

type Out = Result<Value, Untranslatable>;

/// What PostgreSQL asks of functions in indexes and generated columns, and of those in checks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::ddl) enum Stability {
    Immutable,
    Stable,
    Volatile,
    /// Only taken in queries, where nothing has to stay as it is.
    Queried,
}
use Stability::{Immutable, Queried, Stable, Volatile};

/// A call: the name that was used, and its arguments.
pub(in crate::ddl) struct Call<'a> {
    pub(in crate::ddl) name: &'a str,
    pub(in crate::ddl) args: Vec<Value>,
    pub(in crate::ddl) context: &'a Context<'a>,
}

/// One line of a table.
pub(in crate::ddl) struct Function {
    names: &'static [&'static str],
    arity: RangeInclusive<usize>,
    stability: Stability,
    print: fn(Call<'_>) -> Out,
}

/// Makes a line: names, how many arguments, what PostgreSQL would call it, and what prints it.
pub(in crate::ddl) const fn line(
    names: &'static [&'static str],
    arity: RangeInclusive<usize>,
    stability: Stability,
    print: fn(Call<'_>) -> Out,
) -> Function {
    Function { names, arity, stability, print }
}

/// No limit to the number of arguments.
pub(in crate::ddl) const ANY: usize = usize::MAX;

/// All tables.
static TABLES: [&[Function]; 20] = [
    GENERAL,
    numbers::FUNCTIONS,
    floats::FUNCTIONS,
    bits::FUNCTIONS,
    texts::FUNCTIONS,
    slices::FUNCTIONS,
    codes::FUNCTIONS,
    formats::FUNCTIONS,
    patterns::FUNCTIONS,
    globs::FUNCTIONS,
    regexps::FUNCTIONS,
    temporal::FUNCTIONS,
    dates::FUNCTIONS,
    parts::FUNCTIONS,
    differences::FUNCTIONS,
    moments::FUNCTIONS,
    strptime::FUNCTIONS,
    lists::FUNCTIONS,
    json::FUNCTIONS,
    nested::FUNCTIONS,
];

#[rustfmt::skip] // One line a function reads as the table it is.
static GENERAL: &[Function] = &[
    line(&["coalesce", "ifnull"], 1..=ANY, Immutable, coalesce),
    line(&["nullif"], 2..=2, Immutable, nullif),
    line(&["if"], 3..=3, Immutable, either),
    line(&["greatest", "least"], 1..=ANY, Immutable, extreme),
    line(&["length", "len", "char_length", "character_length", "array_length"], 1..=1, Immutable, length),
    line(&["typeof"], 1..=1, Queried, type_of),
    line(&["gen_random_uuid", "uuid", "uuidv4"], 0..=0, Volatile,
         |_| Ok(Value::new("pg_catalog.gen_random_uuid()", Class::Uuid))),
    line(&["random"], 0..=0, Volatile, |_| Ok(Value::new("pg_catalog.random()", Class::Double))),
    line(&["nextval", "currval"], 1..=1, Volatile, sequence),
];

/// Names that the grammar takes for functions without parentheses.
pub(in crate::ddl) fn keyword(name: &ast::Ident) -> Option<&'static str> {
    const KEYWORDS: [&str; 3] = ["current_timestamp", "current_date", "localtimestamp"];
    let bare = name.quote_style.is_none();
    KEYWORDS.into_iter().find(|keyword| bare && name.value.eq_ignore_ascii_case(keyword))
}

/// Translates a call with its arguments.
pub(in crate::ddl) fn call(walker: &mut Walker<'_>, function: &ast::Function) -> Out {
    if plain(function)
        && let Some(value) =
            walker.context.macros.call(&function.name, &function.args, |body| walker.value(body))
    {
        return value;
    }
    let name = name(function)?;
    if let Some(value) = walker.scope.and_then(|scope| scope.call(&name, function)) {
        return value;
    }
    if matches!(name.as_str(), "struct_pack" | "struct_insert" | "union_value")
        && walker.context.purpose.view()
    {
        return named(walker, &name, function);
    }
    let nodes = nodes(function, &name)?;
    if let Some(value) = lambdas::call(walker, &name, &nodes) {
        return value;
    }
    let mut args = Vec::new();
    for node in nodes {
        args.push(walker.value(node)?);
    }
    let context = walker.context;
    if let Some(value) = list_folds::call(walker, Call { name: &name, args: args.clone(), context })
    {
        return value;
    }
    apply(&name, args, context)
}

/// Functions whose arguments have names.
fn named(walker: &mut Walker<'_>, name: &str, function: &ast::Function) -> Out {
    let (mut first, mut fields) = (None, Vec::new());
    for (name, node) in lambdas::arguments(function, name).unwrap_or_default() {
        let value = walker.value(node)?;
        match name {
            Some(name) => fields.push((name.to_owned(), value)),
            None if fields.is_empty() && first.is_none() => first = Some(value),
            None => return refuse("an argument after those with names"),
        }
    }
    let context = walker.context;
    match (name, first) {
        _ if fields.is_empty() || !plain(function) => {
            refuse(format!("the arguments of function {name} are not plain"))
        }
        ("struct_pack", None) => nested::struct_pack(fields, context),
        ("struct_insert", Some(base)) => nested::struct_insert(&base, fields, context),
        ("union_value", None) => nested::union_value(fields, context),
        _ => refuse(format!("the arguments of function {name} are not plain")),
    }
}

/// Translates a call by its name and translated arguments.
pub(in crate::ddl) fn apply(name: &str, args: Vec<Value>, context: &Context<'_>) -> Out {
    let all = TABLES.iter().copied().flatten();
    let named: Vec<_> = all.filter(|function| function.names.contains(&name)).collect();
    let takes = |function: &&&Function| function.arity.contains(&args.len());
    // One name can stand in two tables, for numbers and for dates.
    let mut fitting: Vec<_> = named.iter().filter(takes).collect();
    let Some(last) = fitting.pop() else {
        return match named.is_empty() {
            true => refuse(format!("function {} is not supported", shown(name))),
            false => wrong_number(name, args.len()),
        };
    };
    let tried = fitting.iter().map(|function| printed(function, name, args.clone(), context));
    let done = { tried }.find(Result::is_ok);
    done.unwrap_or_else(|| printed(last, name, args, context))
}

fn wrong_number(name: &str, count: usize) -> Out {
    refuse(format!("function {name} with {count} arguments is not supported"))
}

fn printed(function: &Function, name: &str, args: Vec<Value>, context: &Context<'_>) -> Out {
    match function.stability {
        Volatile if !context.purpose.volatile() => {
            refuse(format!("function {name} can only be used in a default"))
        }
        Queried if !context.purpose.view() => refuse(format!("function {name} is not supported")),
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

/// Whether nothing stands behind the arguments.
fn plain(function: &ast::Function) -> bool {
    function.filter.is_none()
        && function.over.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
        && matches!(function.parameters, FunctionArguments::None)
        && !function.uses_odbc_syntax
}

/// The arguments of a plain call: no names, DISTINCT, ORDER BY, FILTER or OVER.
fn nodes<'a>(function: &'a ast::Function, name: &str) -> Result<Vec<&'a Expr>, Untranslatable> {
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
        Some(nodes) if plain(function) => Ok(nodes),
        _ => refuse(format!("the arguments of function {} are not plain", shown(name))),
    }
}

/// The argument of `nextval` in an expression that is nothing else.
pub(in crate::ddl) fn only_nextval(node: &Expr) -> Option<String> {
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

pub(in crate::ddl) fn joined(values: &[Value]) -> String {
    values.iter().map(|value| value.sql.as_str()).collect::<Vec<_>>().join(", ")
}

pub(in crate::ddl) fn one(call: Call<'_>) -> Result<Value, Untranslatable> {
    let missing = format!("function {} needs an argument", call.name);
    call.args.into_iter().next().ok_or_else(|| Untranslatable::new(missing))
}

pub(in crate::ddl) fn pair(call: Call<'_>) -> Result<(Value, Value), Untranslatable> {
    let name = call.name;
    let mut args = call.args.into_iter();
    match (args.next(), args.next()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => refuse(format!("function {name} needs two arguments")),
    }
}

pub(in crate::ddl) fn two(call: Call<'_>, print: fn(Value, Value) -> Out) -> Out {
    let (first, second) = pair(call)?;
    print(first, second)
}

/// A function of texts with a namesake, or a twin by another name, in PostgreSQL.
pub(in crate::ddl) fn same(call: Call<'_>, pg: &str, class: Class) -> Out {
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
    let (values, class) = equatable(call.args, call.name)?;
    let literal = zero.then_some(Literal::NonZero);
    Ok(Value { sql: format!("NULLIF({})", joined(&values)), class, literal, settled: false })
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

/// A constant. Lists and arrays are one class, and what is computed may have a type that does not
/// matter elsewhere.
fn type_of(call: Call<'_>) -> Out {
    let value = one(call)?;
    let name = match value.class {
        Class::List(_) | Class::Opaque(_) => return refuse("typeof of a nested type"),
        Class::Untyped if value.literal != Some(Literal::Null) => Class::Text.logical(),
        _ if !value.settled && value.literal.is_none() => {
            return refuse("typeof of what is computed");
        }
        class => class.logical(),
    };
    Ok(Value::settled(format!("{}::text", literal(&name.to_string())), Class::Text))
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
    let view = call.context.purpose.view();
    match call.args.first().map(|arg| &arg.class) {
        Some(Class::Documents(_)) => {
            let sql = format!("pg_catalog.jsonb_array_length({})", joined(&call.args));
            Ok(counted(Value::new(sql, INTEGER), view))
        }
        Some(Class::List(element)) if !element.nested() => {
            let sql = format!("pg_catalog.cardinality({})", joined(&call.args));
            Ok(counted(Value::new(sql, INTEGER), view))
        }
        Some(Class::Text | Class::Untyped) if call.name != "array_length" => {
            Ok(counted(same(call, "char_length", INTEGER)?, view))
        }
        other => {
            let class = other.map(Class::name).unwrap_or_default();
            refuse(format!("function {} of {class} is not supported", call.name))
        }
    }
}

pub(in crate::ddl) fn number(call: Call<'_>, pg: &str) -> Out {
    let view = call.context.purpose.view();
    Ok(counted(same(call, pg, INTEGER)?, view))
}

/// A number of things is BIGINT in DuckDB, which shows where it is a column.
pub(in crate::ddl) fn counted(value: Value, view: bool) -> Value {
    match view {
        true => Value::settled(format!("({})::bigint", value.sql), BIGINT),
        false => value,
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
