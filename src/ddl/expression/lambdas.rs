//! Functions that take a lambda: a query over the elements of the list, in their order.
//!
//! `x -> …` is a lambda in such a function and the arrow of JSON anywhere else; the parser takes it
//! for a lambda wherever a bare name is before the arrow.

use migrator_model::Ident;
use sqlparser::ast::{self, Expr, LambdaFunction, LambdaSyntax};

use super::{
    Context, Untranslatable,
    class::{BIGINT, Class},
    division::once,
    nested, refuse,
    value::Value,
    walk::{Scope, Walker},
};

type Out = Result<Value, Untranslatable>;

/// Translates a call whose second argument is a lambda; None for any other.
pub(super) fn call(walker: &mut Walker<'_>, name: &str, nodes: &[&Expr]) -> Option<Out> {
    let [list, lambda] = nodes else { return None };
    let lambda = as_lambda(lambda)?;
    let Some(scope) = walker.scope else {
        return Some(refuse("a lambda can only be used in a query"));
    };
    let transform = matches!(
        name,
        "list_transform" | "list_apply" | "array_transform" | "array_apply" | "apply"
    );
    let filter = matches!(name, "list_filter" | "array_filter" | "filter");
    Some(match (transform, filter) {
        (true, _) => match comprehension(list, lambda) {
            Some(parts) => comprehended(walker, scope, &parts),
            None => transformed(walker, scope, list, lambda),
        },
        (_, true) => filtered(walker, scope, list, lambda),
        _ => refuse(format!("function {name} is not supported")),
    })
}

fn as_lambda(node: &Expr) -> Option<&LambdaFunction> {
    match node {
        Expr::Nested(inner) => as_lambda(inner),
        Expr::Lambda(lambda) => Some(lambda),
        _ => None,
    }
}

/// The operands of JSON's arrow where the parser has taken it for a lambda.
pub(super) fn as_arrow(lambda: &LambdaFunction) -> Option<(Expr, &Expr)> {
    match (&lambda.syntax, &lambda.params[..]) {
        (LambdaSyntax::Arrow, [left]) if left.data_type.is_none() => {
            Some((Expr::Identifier(left.name.clone()), &lambda.body))
        }
        _ => None,
    }
}

/// The elements of a list as rows.
pub(super) struct Elements {
    list: Value,
    pub(super) from: String,
    /// An element.
    pub(super) element: Value,
    /// Its place, from 1.
    pub(super) place: Value,
}

impl Elements {
    /// A list's elements, under an alias that the statement has nowhere else.
    pub(super) fn of(list: Value, alias: &Ident) -> Result<Self, Untranslatable> {
        once(&list)?;
        let alias = alias.quoted();
        let rows = format!("WITH ORDINALITY AS {alias}(\"v\", \"n\")");
        let item = format!("{alias}.\"v\"");
        let (from, element) = match &list.class {
            Class::List(class) if !class.nested() => {
                let from = format!("pg_catalog.unnest({}) {rows}", list.sql);
                (from, Value::settled(item, (**class).clone()))
            }
            Class::Documents(class) => {
                let from = format!("pg_catalog.jsonb_array_elements({}) {rows}", list.sql);
                (from, nested::read(&item, &item, class)?)
            }
            other => return refuse(format!("a query over {} is not supported", other.name())),
        };
        let place = Value::settled(format!("{alias}.\"n\""), BIGINT);
        Ok(Self { list, from, element, place })
    }

    /// A list of what is made of each element, of those for which the condition holds, in an order.
    pub(super) fn collect(
        &self,
        result: &Value,
        condition: Option<&str>,
        order: &str,
        context: &Context<'_>,
    ) -> Out {
        let result = result.settle(context.environment)?;
        let filter = condition.map_or_else(String::new, |sql| format!(" WHERE {sql}"));
        let (sql, from) = (&result.sql, &self.from);
        let class = Box::new(result.class.clone());
        if result.class.nested() && !result.class.document() {
            return refuse(format!("a list of {} is not supported", class.name()));
        }
        let (all, class) = match result.class.document() {
            true => (
                format!(
                    "COALESCE((SELECT pg_catalog.jsonb_agg({sql} ORDER BY {order}) FROM {from}{filter}), '[]')"
                ),
                Class::Documents(class),
            ),
            false => (
                format!("ARRAY(SELECT {sql} FROM {from}{filter} ORDER BY {order})"),
                Class::List(class),
            ),
        };
        Ok(Value::settled(self.unless_null(&all), class))
    }

    /// How many they are.
    pub(super) fn count(&self) -> String {
        match self.list.class {
            Class::List(_) => format!("pg_catalog.cardinality({})", self.list.sql),
            _ => format!("pg_catalog.jsonb_array_length({})", self.list.sql),
        }
    }

    /// A value that is NULL where the list is.
    pub(super) fn unless_null(&self, sql: &str) -> String {
        format!("(CASE WHEN {} IS NOT NULL THEN {sql} END)", self.list.sql)
    }
}

/// Names that a lambda gives to an element and to its place, inside everything around it.
struct Inner<'s> {
    around: &'s dyn Scope,
    names: Vec<(String, Value)>,
}

impl Scope for Inner<'_> {
    fn column(
        &self,
        qualifiers: &[ast::Ident],
        name: &ast::Ident,
    ) -> Result<Option<Value>, Untranslatable> {
        let mut parts = qualifiers.iter().chain([name]);
        let first = parts.next().map_or("", |first| first.value.as_str());
        match self.names.iter().find(|(own, _)| own.eq_ignore_ascii_case(first)) {
            Some((_, value)) => {
                let fields =
                    parts.try_fold(value.clone(), |value, name| nested::field(value, &name.value));
                fields.map(Some)
            }
            None => self.around.column(qualifiers, name),
        }
    }

    fn call(&self, name: &str, function: &ast::Function) -> Option<Out> {
        self.around.call(name, function).map(|_| refuse("an aggregate inside a lambda"))
    }

    fn query(&self, node: &Expr) -> Option<Out> {
        self.around.query(node).map(|_| refuse("a query inside a lambda"))
    }

    fn alias(&self, name: &str) -> Result<Ident, Untranslatable> {
        self.around.alias(name)
    }

    fn fold(&self, name: &str, values: &[Value], order: &str) -> Option<Out> {
        self.around.fold(name, values, order)
    }
}

/// Translates what a lambda says of an element.
fn said(
    walker: &Walker<'_>,
    scope: &dyn Scope,
    lambda: &LambdaFunction,
    elements: &Elements,
    body: &Expr,
) -> Out {
    let mut names = Vec::new();
    for (parameter, value) in lambda.params.iter().zip([&elements.element, &elements.place]) {
        names.push((parameter.name.value.clone(), value.clone()));
    }
    if names.len() < lambda.params.len() {
        return refuse("a lambda with more than two parameters is not supported");
    }
    Walker::within(walker.context, &Inner { around: scope, names }).value(body)
}

fn elements(
    walker: &mut Walker<'_>,
    scope: &dyn Scope,
    list: &Expr,
) -> Result<Elements, Untranslatable> {
    let list = walker.value(list)?;
    Elements::of(list, &scope.alias("e")?)
}

fn transformed(
    walker: &mut Walker<'_>,
    scope: &dyn Scope,
    list: &Expr,
    lambda: &LambdaFunction,
) -> Out {
    let elements = elements(walker, scope, list)?;
    let result = said(walker, scope, lambda, &elements, &lambda.body)?;
    elements.collect(&result, None, &elements.place.sql, walker.context)
}

fn filtered(
    walker: &mut Walker<'_>,
    scope: &dyn Scope,
    list: &Expr,
    lambda: &LambdaFunction,
) -> Out {
    let elements = elements(walker, scope, list)?;
    let keep = said(walker, scope, lambda, &elements, &lambda.body)?.boolean("a lambda")?;
    elements.collect(&elements.element, Some(&keep.sql), &elements.place.sql, walker.context)
}

/// `[result FOR x IN list IF condition]`, which DuckDB prints as three calls with a STRUCT between
/// them.
struct Comprehension<'a> {
    list: &'a Expr,
    lambda: &'a LambdaFunction,
    condition: &'a Expr,
    result: &'a Expr,
}

fn comprehension<'a>(list: &'a Expr, outer: &LambdaFunction) -> Option<Comprehension<'a>> {
    let (filtered, keep) = lambda_call(list, "list_filter")?;
    let (list, lambda) = lambda_call(filtered, "list_apply")?;
    let part = |lambda: &LambdaFunction| match lambda.body.as_ref() {
        Expr::Function(function) => {
            let arguments = arguments(function, "struct_extract")?;
            match arguments.as_slice() {
                [(None, Expr::Identifier(_)), (None, Expr::Value(name))] => Some(name.to_string()),
                _ => None,
            }
        }
        _ => None,
    };
    if part(outer)? != "'result'" || part(keep)? != "'filter'" {
        return None;
    }
    let Expr::Function(pack) = lambda.body.as_ref() else { return None };
    match arguments(pack, "struct_pack")?.as_slice() {
        [(Some("filter"), condition), (Some("result"), result)] => {
            Some(Comprehension { list, lambda, condition, result })
        }
        _ => None,
    }
}

fn comprehended(walker: &mut Walker<'_>, scope: &dyn Scope, parts: &Comprehension<'_>) -> Out {
    let elements = elements(walker, scope, parts.list)?;
    let keep = said(walker, scope, parts.lambda, &elements, parts.condition)?.boolean("IF")?;
    let result = said(walker, scope, parts.lambda, &elements, parts.result)?;
    elements.collect(&result, Some(&keep.sql), &elements.place.sql, walker.context)
}

/// The list and the lambda of a call of this function.
fn lambda_call<'a>(node: &'a Expr, name: &str) -> Option<(&'a Expr, &'a LambdaFunction)> {
    let Expr::Function(function) = node else { return None };
    match arguments(function, name)?.as_slice() {
        [(None, list), (None, lambda)] => Some((list, as_lambda(lambda)?)),
        _ => None,
    }
}

/// The arguments of a call of this function, with their names.
pub(super) fn arguments<'a>(
    function: &'a ast::Function,
    name: &str,
) -> Option<Vec<(Option<&'a str>, &'a Expr)>> {
    let ast::FunctionArguments::List(list) = &function.args else { return None };
    let own = function.name.0.last()?.as_ident()?;
    if !own.value.eq_ignore_ascii_case(name) {
        return None;
    }
    let argument = |argument: &'a ast::FunctionArg| match argument {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(node)) => Some((None, node)),
        ast::FunctionArg::Named { name, arg: ast::FunctionArgExpr::Expr(node), .. } => {
            Some((Some(name.value.as_str()), node))
        }
        _ => None,
    };
    list.args.iter().map(argument).collect()
}
