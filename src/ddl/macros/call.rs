//! Calls: what a macro stands for, with the arguments in the places of the parameters.

use std::ops::ControlFlow;

use migrator_model::reject::shown;
use sqlparser::ast::{
    AccessExpr, CastKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName, Query, VisitMut, visit_expressions, visit_expressions_mut,
};

use super::{Body, Form, Macros, Parsed};
use crate::ddl::Untranslatable;

fn refuse<T>(reason: impl Into<String>) -> Result<T, Untranslatable> {
    Err(Untranslatable::new(reason))
}

/// A parameter and what stands in its place.
type Binding = (String, Expr);

impl Macros {
    /// Translates a call as an expression, if its name is a macro's.
    pub(in crate::ddl) fn call<T>(
        &self,
        name: &ObjectName,
        arguments: &FunctionArguments,
        run: impl FnOnce(&Expr) -> Result<T, Untranslatable>,
    ) -> Option<Result<T, Untranslatable>> {
        let one = self.named(name, false)?;
        let list = match arguments {
            FunctionArguments::List(list) => &list.args[..],
            _ => &[],
        };
        Some(self.expanded(one, list, |form, bindings| {
            let Body::Expression(body) = &form.body else { return refuse("a table macro") };
            let mut body = body.clone();
            replace(&mut body, bindings)?;
            run(&body)
        }))
    }

    /// Translates a call in FROM, if its name is a table macro's.
    pub(in crate::ddl) fn table_call<T>(
        &self,
        name: &ObjectName,
        arguments: &[FunctionArg],
        run: impl FnOnce(&Query) -> Result<T, Untranslatable>,
    ) -> Option<Result<T, Untranslatable>> {
        let one = self.named(name, true)?;
        Some(self.expanded(one, arguments, |form, bindings| {
            let Body::Query(body) = &form.body else { return refuse("a scalar macro") };
            let mut body = body.clone();
            replace(&mut body, bindings)?;
            run(&body)
        }))
    }

    fn named(&self, name: &ObjectName, is_table: bool) -> Option<&Parsed> {
        let parts: Option<Vec<&Ident>> = name.0.iter().map(|part| part.as_ident()).collect();
        match parts?.as_slice() {
            [name] => self.find(None, &name.value, is_table),
            [schema, name] | [_, schema, name] => {
                self.find(Some(&schema.value), &name.value, is_table)
            }
            _ => None,
        }
    }

    fn expanded<T>(
        &self,
        one: &Parsed,
        arguments: &[FunctionArg],
        run: impl FnOnce(&Form, &[Binding]) -> Result<T, Untranslatable>,
    ) -> Result<T, Untranslatable> {
        let given = Given::read(arguments)?;
        let mut fitting = Vec::new();
        for form in &one.forms {
            let form = form.as_ref().map_err(Clone::clone)?;
            fitting.extend(form.bind(&given).map(|bindings| (form, bindings)));
        }
        match fitting.as_slice() {
            [(form, bindings)] => self.inside(form.depth, || run(form, bindings)),
            [] => refuse(format!("no form of macro {} takes these arguments", shown(&one.name))),
            _ => refuse(format!("several forms of macro {} take these", shown(&one.name))),
        }
    }
}

/// Arguments by place and by name.
struct Given<'a> {
    placed: Vec<&'a Expr>,
    named: Vec<(&'a str, &'a Expr)>,
}

impl<'a> Given<'a> {
    fn read(arguments: &'a [FunctionArg]) -> Result<Self, Untranslatable> {
        let mut given = Self { placed: Vec::new(), named: Vec::new() };
        for argument in arguments {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) => given.placed.push(node),
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(node), .. } => {
                    given.named.push((&name.value, node));
                }
                _ => return refuse("the arguments of a macro are not plain"),
            }
        }
        Ok(given)
    }
}

impl Form {
    /// What stands in the place of each parameter; None where the arguments do not fit.
    fn bind(&self, given: &Given<'_>) -> Option<Vec<Binding>> {
        let known = |name: &str| self.parameters.iter().any(|p| p.name.eq_ignore_ascii_case(name));
        if given.placed.len() > self.parameters.len()
            || !given.named.iter().all(|(name, _)| known(name))
        {
            return None;
        }
        let mut bindings = Vec::new();
        for (at, parameter) in self.parameters.iter().enumerate() {
            let named = given.named.iter().find(|(n, _)| parameter.name.eq_ignore_ascii_case(n));
            let value = match (given.placed.get(at), named) {
                (Some(_), Some(_)) => return None,
                (Some(node), None) | (None, Some((_, node))) => (*node).clone(),
                (None, None) => parameter.default.clone()?,
            };
            bindings.push((parameter.name.clone(), typed(value, parameter.data_type.as_ref())));
        }
        Some(bindings)
    }
}

/// DuckDB casts an argument to the parameter's type.
fn typed(value: Expr, data_type: Option<&DataType>) -> Expr {
    let Some(data_type) = data_type else { return Expr::Nested(Box::new(value)) };
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(value),
        data_type: data_type.clone(),
        format: None,
    }
}

/// Puts values in the places of the names that stand for them.
pub(super) fn replace(
    body: &mut (impl VisitMut + sqlparser::ast::Visit),
    bindings: &[Binding],
) -> Result<(), Untranslatable> {
    let find =
        |name: &Ident| bindings.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name.value));
    let shadowed = visit_expressions(body, |node| match node {
        Expr::Lambda(lambda) if lambda.params.iter().any(|p| find(&p.name).is_some()) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    if shadowed.is_break() {
        return refuse("a lambda's parameter has the name of the macro's");
    }
    let _ = visit_expressions_mut(body, |node| {
        if let Some(value) = in_place_of(node, find) {
            *node = value;
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(())
}

fn in_place_of<'b>(node: &Expr, find: impl Fn(&Ident) -> Option<&'b Binding>) -> Option<Expr> {
    match node {
        Expr::Identifier(name) => find(name).map(|(_, value)| value.clone()),
        // A field of a STRUCT that is an argument.
        Expr::CompoundIdentifier(parts) => {
            let (first, fields) = parts.split_first()?;
            let (_, value) = find(first)?;
            let field = |name: &Ident| AccessExpr::Dot(Expr::Identifier(name.clone()));
            Some(Expr::CompoundFieldAccess {
                root: Box::new(value.clone()),
                access_chain: fields.iter().map(field).collect(),
            })
        }
        _ => None,
    }
}
