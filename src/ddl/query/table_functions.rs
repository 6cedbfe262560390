//! Functions that yield rows: `range`, `generate_series` and `unnest`.

use migrator_model::reject::shown;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    ObjectName, TableAlias,
};

use super::{
    Untranslatable, dates,
    from::{self, From},
    refuse,
    scope::Frame,
    translator::Translator,
    with::Ctes,
};
use crate::ddl::expression::{
    class::{BIGINT, Class},
    value::{Literal, Value},
};

impl Translator<'_> {
    /// A function in FROM.
    pub(super) fn table_function(
        &self,
        name: &ObjectName,
        args: &[FunctionArg],
        alias: Option<&TableAlias>,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let inlined = self.context.macros.table_call(name, args, |query| {
            let last = name.0.last().and_then(|part| part.as_ident());
            let called = last.map_or("macro", |name| &name.value);
            self.subquery(query, called, alias, around, ctes)
        });
        if let Some(from) = inlined {
            return from;
        }
        let called = bare(name)?;
        let tables = super::scope::Tables::default();
        let frame = around.inside(&tables, ctes);
        let mut values = Vec::new();
        for arg in args {
            let FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) = arg else {
                return refuse(format!("the arguments of {} are not plain", shown(&called)));
            };
            values.push(self.value(node, &frame)?);
        }
        let dates = dates::series(&called, &values, self.context.helpers).transpose()?;
        let (sql, class) = match (called.as_str(), dates) {
            (_, Some(sql)) => (sql, Class::Timestamp(6)),
            ("range", _) => (series(values, true)?, BIGINT),
            ("generate_series", _) => (series(values, false)?, BIGINT),
            ("unnest", _) => rows(values)?,
            (other, _) => {
                return refuse(format!("table function {} is not supported", shown(other)));
            }
        };
        let wanted = alias.map_or(called.as_str(), |alias| &alias.name.value);
        let (ident, column) = (self.alias(wanted)?, self.alias(&called)?);
        let field = from::field(&ident, &called, &column, class);
        let sql = format!("{sql} AS {}({})", ident.quoted(), column.quoted());
        Ok(From::single(sql, from::table(None, wanted, vec![field], alias)?))
    }
}

pub(super) fn bare(name: &ObjectName) -> Result<String, Untranslatable> {
    match name.0.as_slice() {
        [part] => part
            .as_ident()
            .map_or_else(|| refuse("a computed name"), |name| Ok(name.value.to_lowercase())),
        _ => refuse(format!("table function {} is not supported", shown(&name.to_string()))),
    }
}

/// Whole numbers in steps; `range` leaves out its end, which is one less for whole steps only when
/// the step is one.
fn series(values: Vec<Value>, open: bool) -> Result<String, Untranslatable> {
    let mut numbers = Vec::new();
    for value in values {
        numbers.push(value.integer("a series")?);
    }
    let step = match numbers.get(2).map(|step| &step.literal) {
        None => 1,
        Some(Some(Literal::Integer(step))) if *step != 0 => *step,
        Some(_) => return refuse("a series with a computed step is not supported"),
    };
    let zero = Value::new("0", BIGINT);
    let (from, to) = match numbers.as_slice() {
        [to] => (&zero, to),
        [from, to, ..] => (from, to),
        [] => return refuse("a series without an end"),
    };
    // The last number before an end that is left out, whatever the step.
    let end = match (open, step > 0) {
        (false, _) => format!("({})::bigint", to.sql),
        (true, true) => format!("({})::bigint - 1", to.sql),
        (true, false) => format!("({})::bigint + 1", to.sql),
    };
    let step = if step == 1 { String::new() } else { format!(", {step}") };
    Ok(format!("pg_catalog.generate_series(({})::bigint, {end}{step})", from.sql))
}

fn rows(values: Vec<Value>) -> Result<(String, Class), Untranslatable> {
    match values.as_slice() {
        [Value { sql, class: Class::List(element), .. }] if !element.nested() => {
            Ok((format!("pg_catalog.unnest({sql})"), (**element).clone()))
        }
        [value] => refuse(format!("unnest of {} is not supported", value.class.name())),
        _ => refuse("unnest with options is not supported"),
    }
}

/// The arguments of `unnest`.
fn unnest(node: &Expr) -> Option<&FunctionArgumentList> {
    match node {
        Expr::Function(Function { name, args: FunctionArguments::List(list), .. })
            if bare(name).is_ok_and(|name| name == "unnest") =>
        {
            Some(list)
        }
        _ => None,
    }
}

/// The STRUCT whose fields `unnest` makes columns of; None for anything else.
pub(super) fn unnested_struct(
    translator: &Translator<'_>,
    node: &Expr,
    frame: &Frame<'_, '_>,
) -> Result<Option<Value>, Untranslatable> {
    match unnest(node).map(|list| list.args.as_slice()) {
        Some([FunctionArg::Unnamed(FunctionArgExpr::Expr(node))]) => {
            let value = translator.value(node, frame)?;
            Ok(Some(value).filter(|value| matches!(value.class, Class::Struct(_))))
        }
        _ => Ok(None),
    }
}

/// `unnest` as a whole member of a select list; None for anything else.
pub(super) fn unnested(
    translator: &Translator<'_>,
    node: &Expr,
    frame: &Frame<'_, '_>,
) -> Result<Option<Value>, Untranslatable> {
    let Some(list) = unnest(node) else { return Ok(None) };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(node))] => {
            if let Some(value) = dates::unnested(node, frame)? {
                return Ok(Some(value));
            }
            let (sql, class) = rows(vec![translator.value(node, frame)?])?;
            Ok(Some(Value::settled(sql, class)))
        }
        _ => refuse("unnest with options is not supported"),
    }
}
