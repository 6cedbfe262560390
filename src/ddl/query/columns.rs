//! `COLUMNS(…)`: an expression that is said once and meant for several columns.

use std::cell::{Cell, RefCell};

use regex::Regex;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    SelectItemQualifiedWildcardKind, Value as Constant,
};

use super::{
    Untranslatable,
    block::Item,
    items::table_star,
    refuse,
    scope::{Field, Frame, alike},
    translator::Translator,
};
use crate::ddl::expression::value::Value;

/// The columns that an expression is meant for, while it is translated.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Whether this is a member of a select list.
    allowed: Cell<bool>,
    /// The column that it is translated for now.
    place: Cell<usize>,
    fields: RefCell<Vec<Field>>,
}

impl Translator<'_> {
    /// A member of a select list, once for every column that it is meant for.
    pub(super) fn expanded(
        &self,
        node: &Expr,
        alias: Option<&str>,
        frame: &Frame<'_, '_>,
    ) -> Result<Vec<Item>, Untranslatable> {
        let columns = &frame.columns;
        columns.allowed.set(true);
        columns.place.set(0);
        columns.fields.borrow_mut().clear();
        let mut items = vec![self.item(node, alias, frame)?];
        let fields = columns.fields.borrow().clone();
        if alias.is_some() && !fields.is_empty() {
            return refuse("COLUMNS with an alias is not supported");
        }
        for place in 1..fields.len() {
            columns.place.set(place);
            items.push(self.item(node, None, frame)?);
        }
        columns.allowed.set(false);
        for (item, field) in items.iter_mut().zip(fields) {
            item.name = field.name;
        }
        Ok(items)
    }
}

/// The value of `COLUMNS(…)` for the column that it is translated for now.
pub(super) fn value(frame: &Frame<'_, '_>, function: &Function) -> Result<Value, Untranslatable> {
    let columns = &frame.columns;
    if !columns.allowed.get() {
        return refuse("COLUMNS outside of a select list is not supported");
    }
    // Its own arguments are no place for another one.
    columns.allowed.set(false);
    let fields = selected(frame, function)?;
    columns.allowed.set(true);
    let mut known = columns.fields.borrow_mut();
    let same = |(one, two): (&Field, &Field)| one.value.sql == two.value.sql;
    if known.is_empty() {
        known.clone_from(&fields);
    } else if known.len() != fields.len() || !known.iter().zip(&fields).all(same) {
        return refuse("several COLUMNS of different columns are not supported");
    }
    frame.own.set(frame.own.get() + 1);
    match fields.get(columns.place.get()) {
        Some(field) => Ok(field.value.clone()),
        None => refuse("COLUMNS that stand for nothing are not supported"),
    }
}

fn selected(frame: &Frame<'_, '_>, function: &Function) -> Result<Vec<Field>, Untranslatable> {
    let FunctionArguments::List(list) = &function.args else {
        return refuse("COLUMNS in this form is not supported");
    };
    let visible = &frame.tables.visible;
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)] => Ok(visible.clone()),
        [FunctionArg::Unnamed(FunctionArgExpr::WildcardWithOptions(options))] => {
            let items = frame.translator.star(visible, options, frame)?;
            let field = |item: Item| Field { name: item.name, value: item.value };
            Ok(items.into_iter().map(field).collect())
        }
        [FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name))] => {
            table_star(&SelectItemQualifiedWildcardKind::ObjectName(name.clone()), frame)
        }
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(node))] => named(visible, node),
        _ => refuse("COLUMNS in this form is not supported"),
    }
}

/// Those that a regular expression finds something in, or those of a list of names.
fn named(visible: &[Field], node: &Expr) -> Result<Vec<Field>, Untranslatable> {
    if let Some(pattern) = text(node) {
        let pattern = regex(pattern, visible)?;
        return Ok(visible.iter().filter(|field| pattern.is_match(&field.name)).cloned().collect());
    }
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = node else {
        return refuse("COLUMNS in this form is not supported");
    };
    if name.to_string() != "list_value" {
        return refuse("COLUMNS of a function is not supported");
    }
    let mut names = Vec::new();
    for arg in &list.args {
        match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(node)) => names.extend(text(node)),
            _ => return refuse("COLUMNS in this form is not supported"),
        }
    }
    if names.len() != list.args.len() {
        return refuse("COLUMNS of computed names is not supported");
    }
    let wanted = |field: &&Field| names.iter().any(|name| alike(name, &field.name));
    Ok(visible.iter().filter(wanted).cloned().collect())
}

fn text(node: &Expr) -> Option<&str> {
    match node {
        Expr::Value(value) => match &value.value {
            Constant::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// RE2's syntax is that of the crate, but for classes inside classes, ends of words, and what is
/// not ASCII.
fn regex(pattern: &str, fields: &[Field]) -> Result<Regex, Untranslatable> {
    let ascii = pattern.is_ascii() && fields.iter().all(|field| field.name.is_ascii());
    let own = ["&&", "--", "~~", "\\<", "\\>", "\\b{", "[["];
    let other = own.iter().any(|part| pattern.contains(part));
    match Regex::new(pattern) {
        Ok(regex) if ascii && !other => Ok(regex),
        _ => refuse("the regular expression of COLUMNS may mean something else here"),
    }
}
