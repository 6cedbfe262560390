//! The table of functions: DuckDB's names, how many arguments they take, when PostgreSQL would
//! call their translation stable or volatile, and how it is printed.

use std::ops::RangeInclusive;

use migrator_model::{ident::literal, reject::shown};
use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::{
    Context, Untranslatable, literals,
    operators::{self, shown_as_text, sortable},
    patterns, refuse, temporal,
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
struct Call<'a> {
    name: &'a str,
    args: Vec<Value>,
    context: &'a Context<'a>,
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
    line(&["abs"], 1..=1, Immutable, abs),
    line(&["round"], 1..=2, Immutable, round),
    line(&["floor", "ceil", "ceiling", "trunc"], 1..=1, Immutable, whole),
    line(&["sqrt"], 1..=1, Immutable, sqrt),
    line(&["ln", "log", "log10"], 1..=1, Immutable, logarithm),
    line(&["pow", "power"], 2..=2, Immutable, |call| two(call, operators::power)),
    line(&["add"], 2..=2, Immutable, |call| two(call, |a, b| operators::binary(a, &ast::BinaryOperator::Plus, b))),
    line(&["mod"], 2..=2, Immutable, |call| two(call, |a, b| operators::binary(a, &ast::BinaryOperator::Modulo, b))),
    line(&["isnan"], 1..=1, Immutable, isnan),
    line(&["length", "len", "char_length", "character_length", "array_length"], 1..=1, Immutable, length),
    line(&["strlen"], 1..=1, Immutable, |call| texts(call, "octet_length", INTEGER)),
    line(&["octet_length"], 1..=1, Immutable, octet_length),
    line(&["lower", "lcase"], 1..=1, Immutable, |call| texts(call, "lower", Class::Text)),
    line(&["upper", "ucase"], 1..=1, Immutable, |call| texts(call, "upper", Class::Text)),
    line(&["md5"], 1..=1, Immutable, |call| texts(call, "md5", Class::Text)),
    line(&["trim"], 1..=2, Immutable, |call| trim(call, "btrim")),
    line(&["ltrim"], 1..=2, Immutable, |call| trim(call, "ltrim")),
    line(&["rtrim"], 1..=2, Immutable, |call| trim(call, "rtrim")),
    line(&["substring", "substr"], 2..=3, Immutable, substring),
    line(&["left", "right"], 2..=2, Immutable, edge),
    line(&["concat"], 1..=ANY, Immutable, concat),
    line(&["replace"], 3..=3, Immutable, |call| texts(call, "replace", Class::Text)),
    line(&["strpos", "instr", "position"], 2..=2, Immutable, |call| texts(call, "strpos", INTEGER)),
    line(&["starts_with", "prefix"], 2..=2, Immutable, |call| texts(call, "starts_with", Class::Boolean)),
    line(&["ends_with", "suffix"], 2..=2, Immutable, ends_with),
    line(&["contains"], 2..=2, Immutable, contains),
    line(&["regexp_matches"], 2..=2, Immutable, |call| regexp(call, false)),
    line(&["regexp_full_match"], 2..=2, Immutable, |call| regexp(call, true)),
    line(&["like_escape", "ilike_escape", "not_like_escape", "not_ilike_escape"], 3..=3, Immutable, like_escape),
    line(&["year", "month", "day", "dayofmonth", "quarter", "dayofweek", "weekday", "isodow",
           "dayofyear", "week", "weekofyear", "hour", "minute", "second"], 1..=1, Immutable, part),
    line(&["date_part", "datepart"], 2..=2, Immutable, date_part),
    line(&["date_trunc", "datetrunc"], 2..=2, Immutable, date_trunc),
    line(&["date_diff", "datediff"], 3..=3, Immutable, date_diff),
    line(&["to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"],
         1..=1, Immutable, interval),
    line(&["timezone"], 2..=2, Immutable, timezone),
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

fn one(call: Call<'_>) -> Result<Value, Untranslatable> {
    let missing = format!("function {} needs an argument", call.name);
    call.args.into_iter().next().ok_or_else(|| Untranslatable::new(missing))
}

fn pair(call: Call<'_>) -> Result<(Value, Value), Untranslatable> {
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
fn texts(call: Call<'_>, pg: &str, class: Class) -> Out {
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

fn abs(call: Call<'_>) -> Out {
    let value = one(call)?;
    if !value.class.number() {
        return refuse(format!("function abs of {} is not supported", value.class.name()));
    }
    Ok(Value::new(format!("pg_catalog.abs({})", value.sql), value.class))
}

/// DuckDB rounds half away from zero, as PostgreSQL's numeric does and double precision does not.
fn round(call: Call<'_>) -> Out {
    let digits = match call.args.get(1).map(|arg| &arg.literal) {
        None => 0,
        Some(Some(Literal::Integer(digits @ 0..=38))) => *digits,
        Some(_) => return refuse("function round with computed or negative digits"),
    };
    let value = one(call)?;
    match value.class {
        Class::Integer { .. } => Ok(value),
        Class::Decimal { width, scale } => {
            let scale = scale.min(u8::try_from(digits).unwrap_or(scale));
            let sql = format!("pg_catalog.round(({})::numeric, {digits})", value.sql);
            Ok(Value::new(sql, Class::Decimal { width, scale }))
        }
        other => refuse(format!("function round of {} rounds differently", other.name())),
    }
}

fn whole(call: Call<'_>) -> Out {
    let name = if call.name == "ceiling" { "ceil" } else { call.name };
    let value = one(Call { name, ..call })?;
    let (sql, class) = match value.class {
        Class::Decimal { width, .. } => {
            (format!("({})::numeric", value.sql), Class::Decimal { width, scale: 0 })
        }
        Class::Double => (value.sql, Class::Double),
        other => return refuse(format!("function {name} of {} is not supported", other.name())),
    };
    Ok(Value::new(format!("pg_catalog.{name}({sql})"), class))
}

/// PostgreSQL fails where DuckDB yields NaN.
fn sqrt(call: Call<'_>) -> Out {
    let sql = double(one(call)?)?;
    let nan = "'NaN'::double precision";
    let sql = format!("(CASE WHEN {sql} < 0 THEN {nan} ELSE pg_catalog.sqrt({sql}) END)");
    Ok(Value::new(sql, Class::Double))
}

/// PostgreSQL fails where DuckDB yields NaN or minus infinity.
fn logarithm(call: Call<'_>) -> Out {
    let pg = if call.name == "ln" { "ln" } else { "log" };
    let sql = double(one(call)?)?;
    let (nan, least) = ("'NaN'::double precision", "'-Infinity'::double precision");
    let sql = format!(
        "(CASE WHEN {sql} < 0 THEN {nan} WHEN {sql} = 0 THEN {least} \
         ELSE pg_catalog.{pg}({sql}) END)"
    );
    Ok(Value::new(sql, Class::Double))
}

fn double(value: Value) -> Result<String, Untranslatable> {
    Ok(literals::convert(value, &Class::Double)?.sql)
}

fn isnan(call: Call<'_>) -> Out {
    let value = one(call)?;
    match value.class {
        Class::Double | Class::Float => {
            let sql = format!("({} = 'NaN'::double precision)", value.sql);
            Ok(Value::new(sql, Class::Boolean))
        }
        other => refuse(format!("function isnan of {} is not supported", other.name())),
    }
}

fn length(call: Call<'_>) -> Out {
    match call.args.first().map(|arg| &arg.class) {
        Some(Class::List(element)) if !matches!(**element, Class::List(_)) => {
            let sql = format!("pg_catalog.cardinality({})", joined(&call.args));
            Ok(Value::new(sql, INTEGER))
        }
        Some(Class::Text | Class::Untyped) if call.name != "array_length" => {
            texts(call, "char_length", INTEGER)
        }
        other => {
            let class = other.map(Class::name).unwrap_or_default();
            refuse(format!("function {} of {class} is not supported", call.name))
        }
    }
}

fn octet_length(call: Call<'_>) -> Out {
    let value = one(call)?;
    match value.class {
        Class::Blob => Ok(Value::new(format!("pg_catalog.octet_length({})", value.sql), INTEGER)),
        other => refuse(format!("function octet_length of {} is not supported", other.name())),
    }
}

/// DuckDB trims every character of Unicode's class Zs by default, PostgreSQL the space only.
fn trim(call: Call<'_>, pg: &str) -> Out {
    const SPACES: &str = " \u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\
                          \u{2007}\u{2008}\u{2009}\u{200a}\u{202f}\u{205f}\u{3000}";
    let mut args = call.args;
    if args.len() == 1 {
        args.push(literals::string(SPACES));
    }
    texts(Call { args, ..call }, pg, Class::Text)
}

/// A start below 1 and a negative length mean other things in DuckDB.
fn substring(call: Call<'_>) -> Out {
    let at = |place: usize, least: i128| match call.args.get(place).map(|arg| &arg.literal) {
        None => Ok(String::new()),
        Some(Some(Literal::Integer(n))) if (least..=0x7fff_ffff).contains(n) => {
            Ok(format!(", {n}"))
        }
        Some(_) => refuse(format!("function {} needs literal positions from 1", call.name)),
    };
    let (start, length) = (at(1, 1)?, at(2, 0)?);
    let text = one(call)?.text("substring")?.sql;
    Ok(Value::new(format!("pg_catalog.substr({text}{start}{length})"), Class::Text))
}

fn edge(call: Call<'_>) -> Out {
    let name = call.name;
    let (text, count) = pair(call)?;
    match count.literal {
        Some(Literal::Integer(count @ 0..=0x7fff_ffff)) => {
            let sql = format!("pg_catalog.{name}({}, {count})", text.text(name)?.sql);
            Ok(Value::new(sql, Class::Text))
        }
        _ => refuse(format!("function {name} needs a literal length")),
    }
}

/// `concat` leaves NULLs out; PostgreSQL's own is not immutable.
fn concat(call: Call<'_>) -> Out {
    let mut parts = Vec::new();
    for arg in call.args {
        parts.push(format!("COALESCE({}, '')", shown_as_text(arg)?.sql));
    }
    Ok(Value::new(format!("({})", parts.join(" || ")), Class::Text))
}

fn ends_with(call: Call<'_>) -> Out {
    let (text, end) = pair(call)?;
    let (text, end) = (text.text("ends_with")?.sql, end.text("ends_with")?.sql);
    let sql = format!("(pg_catalog.right({text}, pg_catalog.char_length({end})) = {end})");
    Ok(Value::new(sql, Class::Boolean))
}

fn contains(call: Call<'_>) -> Out {
    let found = texts(call, "strpos", INTEGER)?;
    Ok(Value::new(format!("({} > 0)", found.sql), Class::Boolean))
}

fn regexp(call: Call<'_>, full: bool) -> Out {
    let (text, pattern) = pair(call)?;
    patterns::regexp(text, &pattern, full)
}

fn like_escape(call: Call<'_>) -> Out {
    let operator = match call.name {
        "like_escape" => "LIKE",
        "not_like_escape" => "NOT LIKE",
        "ilike_escape" => "ILIKE",
        _ => "NOT ILIKE",
    };
    let escape = match call.args.get(2) {
        Some(escape) => escape.string("the escape character of LIKE")?.to_owned(),
        None => String::new(),
    };
    let (text, pattern) = pair(call)?;
    patterns::like(text, operator, pattern, &escape)
}

fn part(call: Call<'_>) -> Out {
    let name = call.name;
    temporal::part(name, one(call)?)
}

fn date_part(call: Call<'_>) -> Out {
    let (unit, value) = pair(call)?;
    temporal::part(&unit.string("the part of date_part")?.to_ascii_lowercase(), value)
}

fn date_trunc(call: Call<'_>) -> Out {
    let (unit, value) = pair(call)?;
    temporal::truncate(unit.string("the unit of date_trunc")?, value)
}

/// Whole days between dates; other units count the boundaries crossed.
fn date_diff(call: Call<'_>) -> Out {
    match call.args.as_slice() {
        [unit, from, to] if from.class == Class::Date && to.class == Class::Date => {
            match unit.string("the unit of date_diff")?.to_ascii_lowercase().as_str() {
                "day" | "days" => {
                    Ok(Value::new(format!("({} - {})::bigint", to.sql, from.sql), BIGINT))
                }
                other => refuse(format!("date_diff in {} is not supported", shown(other))),
            }
        }
        _ => refuse("date_diff of other than DATE is not supported"),
    }
}

fn interval(call: Call<'_>) -> Out {
    let name = call.name;
    temporal::interval(name, one(call)?)
}

/// AT TIME ZONE: names of zones are not the same everywhere, UTC is.
fn timezone(call: Call<'_>) -> Out {
    let (zone, value) = pair(call)?;
    let class = match value.class {
        Class::TimestampTz => Class::Timestamp(6),
        Class::Timestamp(_) => Class::TimestampTz,
        other => return refuse(format!("AT TIME ZONE of {} is not supported", other.name())),
    };
    if zone.string("the time zone")? != "UTC" {
        return refuse("AT TIME ZONE other than UTC is not supported");
    }
    Ok(Value::new(format!("pg_catalog.timezone('UTC', {})", value.sql), class))
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
