//! A macro by itself: functions of PostgreSQL, one for each kind of values that it takes.
//!
//! A parameter of a macro mostly has no type: the body means something for numbers, or for texts, or
//! for both. Each type is tried, and those are kept for which everything in the body translates.
//! Parameters that are numbers have one type in a function; one with a default that is none of it
//! is numeric.

use std::collections::HashSet;

use migrator_model::{
    Ident, LogicalType, QualifiedName, catalog::Macro, pg_type::Environment, policy::Losses, rules,
};
use sqlparser::ast::{Expr, Query, Value as Constant};

use super::{Body, Form, Macros, call::replace};
use crate::ddl::{
    Untranslatable,
    expression::{
        Context, Purpose, casts,
        class::{BIGINT, Class, INTEGER},
        division, types,
        value::Value,
        walk::Walker,
    },
    query::{self, Catalog},
};

/// More functions than this are nobody's idea of what a macro is.
const MAX_FUNCTIONS: usize = 24;
/// Parameters without a type, each of which is tried with every type.
const MAX_UNTYPED: usize = 4;

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// CREATE FUNCTION.
    pub sql: String,
    /// Name and types of the arguments, as COMMENT ON FUNCTION wants it.
    pub signature: String,
}

/// What a parameter can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Date,
    Timestamp,
    Boolean,
}

const KINDS: [Kind; 5] = [Kind::Number, Kind::Text, Kind::Date, Kind::Timestamp, Kind::Boolean];

/// The types that parameters that are numbers share.
const NUMBERS: [Number; 4] = [Number::Integer, Number::Bigint, Number::Numeric, Number::Double];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    Integer,
    Bigint,
    /// A function has one type for decimals of any width.
    Numeric,
    Double,
}

/// The functions that a macro becomes; none is an error.
pub fn functions(
    one: &Macro,
    name: &QualifiedName,
    catalog: &Catalog<'_>,
) -> Result<Vec<Function>, Untranslatable> {
    let mut made = Vec::new();
    let mut known = HashSet::new();
    let mut reason = None;
    let parsed = Macros::new(std::slice::from_ref(one));
    for form in parsed.list.iter().flat_map(|parsed| &parsed.forms) {
        let form = form.as_ref().map_err(Clone::clone)?;
        for types in assignments(form)? {
            match function(form, &types, name, catalog) {
                Ok(function) if known.insert(function.signature.clone()) => made.push(function),
                Ok(_) => {}
                // The first type that is tried is the most likely.
                Err(refused) => reason = reason.or(Some(refused)),
            }
        }
    }
    match made.len() {
        0 => Err(reason.unwrap_or_else(|| Untranslatable::new("it has no form"))),
        1..=MAX_FUNCTIONS => Ok(made),
        _ => Err(Untranslatable::new("it would be too many functions")),
    }
}

/// A type of a parameter: its class, twice where it is a decimal, of which any may come.
#[derive(Clone, Debug)]
struct Type {
    class: Class,
    other: Class,
    pg: String,
}

impl Type {
    fn of(number: Number) -> Self {
        let decimal = |width, scale| Class::Decimal { width, scale };
        let (class, other, pg) = match number {
            Number::Integer => (INTEGER, INTEGER, "integer"),
            Number::Bigint => (BIGINT, BIGINT, "bigint"),
            Number::Numeric => (decimal(9, 2), decimal(7, 4), "numeric"),
            Number::Double => (Class::Double, Class::Double, "double precision"),
        };
        Self { class, other, pg: pg.into() }
    }

    fn plain(class: Class, pg: &str) -> Self {
        Self { other: class.clone(), class, pg: pg.into() }
    }

    fn of_kind(kind: Kind, number: Number) -> Self {
        match kind {
            Kind::Number => Self::of(number),
            Kind::Text => Self::plain(Class::Text, "text"),
            Kind::Date => Self::plain(Class::Date, "date"),
            Kind::Timestamp => Self::plain(Class::Timestamp(6), "timestamp without time zone"),
            Kind::Boolean => Self::plain(Class::Boolean, "boolean"),
        }
    }
}

/// Every combination of types that the parameters may have.
fn assignments(form: &Form) -> Result<Vec<Vec<Type>>, Untranslatable> {
    let untyped = form.parameters.iter().filter(|parameter| parameter.data_type.is_none()).count();
    if untyped > MAX_UNTYPED {
        return Err(Untranslatable::new("it has many parameters without a type"));
    }
    let mut all = Vec::new();
    for combination in 0..KINDS.len().pow(u32::try_from(untyped).unwrap_or(0)) {
        let mut rest = combination;
        let mut kinds = Vec::new();
        for _ in 0..untyped {
            kinds.push(KINDS[rest % KINDS.len()]);
            rest /= KINDS.len();
        }
        let numbers = if kinds.contains(&Kind::Number) { &NUMBERS[..] } else { &NUMBERS[..1] };
        for number in numbers {
            all.push(assigned(form, &kinds, *number)?);
        }
    }
    Ok(all)
}

fn assigned(form: &Form, kinds: &[Kind], number: Number) -> Result<Vec<Type>, Untranslatable> {
    let mut kinds = kinds.iter();
    let mut types = Vec::new();
    for parameter in &form.parameters {
        types.push(match &parameter.data_type {
            Some(data_type) => declared(data_type)?,
            None => {
                let kind = kinds.next().copied().unwrap_or(Kind::Text);
                let decimal = parameter.default.as_ref().is_some_and(is_decimal);
                let exact = matches!(number, Number::Integer | Number::Bigint);
                let number = if decimal && exact { Number::Numeric } else { number };
                Type::of_kind(kind, number)
            }
        });
    }
    Ok(types)
}

fn declared(data_type: &sqlparser::ast::DataType) -> Result<Type, Untranslatable> {
    let logical = types::logical(data_type)?;
    let environment = Environment::default();
    let pg = rules::map(&logical, &environment, &Losses::default()).pg;
    let class = Class::of(&logical, &pg);
    if let LogicalType::Decimal { .. } = logical {
        return Ok(Type::plain(class, "numeric"));
    }
    Ok(Type::plain(class, &pg.sql(&environment)))
}

fn is_decimal(node: &Expr) -> bool {
    match node {
        Expr::Nested(inner) => is_decimal(inner),
        Expr::Value(value) => {
            matches!(&value.value, Constant::Number(text, _) if text.contains('.'))
        }
        _ => false,
    }
}

/// What a function is made of.
#[derive(PartialEq, Eq)]
struct Made {
    returns: String,
    body: String,
    immutable: bool,
}

fn function(
    form: &Form,
    types: &[Type],
    name: &QualifiedName,
    catalog: &Catalog<'_>,
) -> Result<Function, Untranslatable> {
    let classes: Vec<_> = types.iter().map(|one| one.class.clone()).collect();
    let others: Vec<_> = types.iter().map(|one| one.other.clone()).collect();
    let made = made(form, &classes, catalog)?;
    if classes != others && self::made(form, &others, catalog)? != made {
        return Err(Untranslatable::new("its result depends on the width of a DECIMAL"));
    }
    let volatility = volatility(&made);
    let signature: Vec<_> = types.iter().map(|one| one.pg.clone()).collect();
    Ok(Function {
        sql: format!(
            "CREATE FUNCTION {}({}) RETURNS {} LANGUAGE sql {volatility} {}",
            name.quoted(),
            parameters(form, types, &made.returns, catalog)?,
            made.returns,
            made.body
        ),
        signature: format!("{}({})", name.quoted(), signature.join(", ")),
    })
}

fn made(form: &Form, classes: &[Class], catalog: &Catalog<'_>) -> Result<Made, Untranslatable> {
    let value =
        |(at, class): (usize, &Class)| Value::settled(format!("${}", at + 1), class.clone());
    let values: Vec<_> = classes.iter().enumerate().map(value).collect();
    let placeholder =
        |number: usize| Expr::Value(Constant::Placeholder(format!("${number}")).into());
    let names = form.parameters.iter().map(|parameter| parameter.name.clone());
    let bindings: Vec<_> = names.zip((1..).map(placeholder)).collect();
    match &form.body {
        Body::Expression(body) => {
            let mut body = body.clone();
            replace(&mut body, &bindings)?;
            scalar(&body, &values, catalog)
        }
        Body::Query(body) => {
            let mut body = body.clone();
            replace(&mut body, &bindings)?;
            table(&body, &values, catalog)
        }
    }
}

/// A body that is an expression; one that may stand in an index is immutable.
fn scalar(body: &Expr, values: &[Value], catalog: &Catalog<'_>) -> Result<Made, Untranslatable> {
    let translated = |purpose| {
        let context = Context {
            columns: &[],
            sequences: catalog.sequences,
            environment: catalog.environment,
            purpose,
            macros: catalog.macros,
            helpers: Some(catalog.helpers),
            parameters: values,
        };
        catalog.macros.restart();
        Walker::new(&context).value(body)
    };
    let value = translated(Purpose::View)?;
    let immutable = translated(Purpose::Index).is_ok_and(|same| same.sql == value.sql);
    let returns = type_of(&value.class, catalog)?;
    let sql = match value.class {
        Class::Text if value.sql.contains("COLLATE") => {
            format!("({} COLLATE pg_catalog.\"default\")", value.sql)
        }
        _ => value.sql,
    };
    Ok(Made { returns, body: format!("RETURN {sql}"), immutable })
}

/// A body that is a query.
fn table(body: &Query, values: &[Value], catalog: &Catalog<'_>) -> Result<Made, Untranslatable> {
    let query = query::translate(body, catalog, values, None)?;
    let mut columns = Vec::new();
    for column in &query.columns {
        let pg = type_of(&column.class, catalog)?;
        columns.push(format!("{} {pg}", column.ident.quoted()));
    }
    let returns = format!("TABLE ({})", columns.join(", "));
    Ok(Made { returns, body: format!("BEGIN ATOMIC {}; END", query.sql), immutable: false })
}

fn type_of(class: &Class, catalog: &Catalog<'_>) -> Result<String, Untranslatable> {
    let pg = match class {
        // A function's types have no modifiers.
        Class::Decimal { .. } => Some("numeric".to_owned()),
        Class::Enum(labels) => (catalog.enums)(labels).map(|name| name.quoted()),
        Class::List(element) => Some(type_of(element, catalog)? + "[]"),
        class => class.pg(catalog.environment),
    };
    pg.ok_or_else(|| Untranslatable::new(format!("a result of {} is not supported", class.name())))
}

fn volatility(made: &Made) -> &'static str {
    let constant = division::once(&Value::new(made.body.clone(), Class::Untyped)).is_ok();
    match (constant, made.immutable) {
        (false, _) => "VOLATILE",
        (true, true) => "IMMUTABLE PARALLEL SAFE",
        (true, false) => "STABLE PARALLEL SAFE",
    }
}

/// Parameters with their names, unless a column of the result has the same.
fn parameters(
    form: &Form,
    types: &[Type],
    returns: &str,
    catalog: &Catalog<'_>,
) -> Result<String, Untranslatable> {
    let mut list = Vec::new();
    let mut defaults = false;
    for (parameter, one) in form.parameters.iter().zip(types) {
        let name = Ident::clipped(&parameter.name.replace('\0', ""));
        let name = name.map(|name| name.quoted()).unwrap_or_default();
        let taken =
            returns.contains(&format!("({name} ")) || returns.contains(&format!(", {name} "));
        let mut text = if taken { one.pg.clone() } else { format!("{name} {}", one.pg) };
        match &parameter.default {
            Some(default) => {
                text += &format!(" DEFAULT {}", default_of(default, &one.class, catalog)?);
                defaults = true;
            }
            None if defaults => {
                return Err(Untranslatable::new("a parameter after one with a default has none"));
            }
            None => {}
        }
        list.push(text);
    }
    Ok(list.join(", "))
}

fn default_of(node: &Expr, class: &Class, catalog: &Catalog<'_>) -> Result<String, Untranslatable> {
    let context = Context {
        columns: &[],
        sequences: catalog.sequences,
        environment: catalog.environment,
        purpose: Purpose::View,
        macros: catalog.macros,
        helpers: None,
        parameters: &[],
    };
    let value = Walker::new(&context).value(node)?;
    let logical = class.logical();
    let pg = rules::map(&logical, catalog.environment, &Losses::default()).pg;
    Ok(casts::assign(value, class, &pg, &context)?.sql)
}
