//! ORDER BY: DuckDB puts NULLs last in both directions and compares texts by their bytes.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, OrderBy, OrderByExpr,
    OrderByKind, OrderByOptions, OrderBySort,
};

use super::{
    Untranslatable,
    block::Item,
    group::place,
    refuse,
    scope::{Frame, alike},
    statement::countable,
};
use crate::ddl::expression::{class::Class, operators::sortable, value::Value};

/// One thing to sort by.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Which member of the select list it is, if it is one.
    pub(super) place: Option<usize>,
    pub(super) value: Value,
    pub(super) direction: &'static str,
}

/// Translates ORDER BY of a SELECT with these members.
pub(super) fn keys(
    order: Option<&OrderBy>,
    frame: &Frame<'_, '_>,
    items: &[Item],
) -> Result<Vec<Key>, Untranslatable> {
    let Some(order) = order else { return Ok(Vec::new()) };
    if order.interpolate.is_some() {
        return refuse("INTERPOLATE is not supported");
    }
    let nodes = match &order.kind {
        OrderByKind::All(options) => return all(items, options),
        OrderByKind::Expressions(nodes) => nodes,
    };
    let mut keys = Vec::new();
    for node in nodes {
        if everything(&node.expr) {
            keys.extend(all(items, &node.options)?);
        } else {
            keys.push(key(node, frame, items)?);
        }
    }
    Ok(keys)
}

fn key(node: &OrderByExpr, frame: &Frame<'_, '_>, items: &[Item]) -> Result<Key, Untranslatable> {
    let direction = direction(node)?;
    let found = match (&node.expr, place(&node.expr)) {
        (_, Some(place)) => Some(place.wrapping_sub(1)),
        (Expr::Identifier(name), None) if frame.alias(&name.value)?.is_some() => {
            items.iter().position(|item| alike(&item.name, &name.value))
        }
        _ => None,
    };
    if let Some(place) = found {
        return match items.get(place) {
            Some(item) => at(place, item, direction),
            None => refuse("ORDER BY of a place that the select list has not"),
        };
    }
    let value = frame.translator.value(&node.expr, frame)?;
    match items.iter().position(|item| item.value.sql == value.sql) {
        Some(place) => at(place, &Item::plain("", value), direction),
        None => Ok(Key { place: None, value: checked(value)?, direction }),
    }
}

fn at(place: usize, item: &Item, direction: &'static str) -> Result<Key, Untranslatable> {
    Ok(Key { place: Some(place), value: checked(item.value.clone())?, direction })
}

fn checked(value: Value) -> Result<Value, Untranslatable> {
    countable(&value.class, "ORDER BY")?;
    Ok(value)
}

fn all(items: &[Item], options: &OrderByOptions) -> Result<Vec<Key>, Untranslatable> {
    let direction = words(options)?;
    items.iter().enumerate().map(|(place, item)| self::at(place, item, direction)).collect()
}

/// `COLUMNS(*)`, as DuckDB prints ORDER BY ALL.
fn everything(node: &Expr) -> bool {
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = node else {
        return false;
    };
    name.to_string().eq_ignore_ascii_case("columns")
        && matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)])
}

/// The words after a key.
pub(super) fn direction(node: &OrderByExpr) -> Result<&'static str, Untranslatable> {
    match node.with_fill {
        Some(_) => refuse("WITH FILL is not supported"),
        None => words(&node.options),
    }
}

fn words(options: &OrderByOptions) -> Result<&'static str, Untranslatable> {
    Ok(match (&options.sort, options.nulls_first.unwrap_or(false)) {
        (None | Some(OrderBySort::Asc), false) => " NULLS LAST",
        (None | Some(OrderBySort::Asc), true) => " NULLS FIRST",
        (Some(OrderBySort::Desc), false) => " DESC NULLS LAST",
        (Some(OrderBySort::Desc), true) => " DESC NULLS FIRST",
        _ => return refuse("ORDER BY USING is not supported"),
    })
}

/// Whether every key can be said by its place: a text cannot, because its collation is not that of
/// the column.
pub(super) fn by_place(keys: &[Key], items: &[Item]) -> bool {
    let plain = |place: usize| items.get(place).is_some_and(|item| item.value.class != Class::Text);
    keys.iter().all(|key| key.place.is_some_and(plain))
}

/// The whole clause, or nothing. A constant sorts nothing, and PostgreSQL would refuse it.
pub(super) fn clause(keys: &[Key], items: &[Item]) -> String {
    let mut parts = Vec::new();
    for key in keys.iter().filter(|key| key.value.literal.is_none()) {
        let text = match key.place {
            Some(place) if by_place(std::slice::from_ref(key), items) => (place + 1).to_string(),
            _ => sortable(&key.value.sql, &key.value.class),
        };
        parts.push(format!("{text}{}", key.direction));
    }
    if parts.is_empty() { String::new() } else { format!(" ORDER BY {}", parts.join(", ")) }
}

/// Keys that are sorted by elsewhere than at a query's end.
pub(super) fn inner(
    nodes: &[OrderByExpr],
    frame: &Frame<'_, '_>,
) -> Result<Vec<(Value, &'static str)>, Untranslatable> {
    let mut keys = Vec::new();
    for node in nodes {
        let value = checked(frame.translator.value(&node.expr, frame)?)?;
        if value.literal.is_none() {
            keys.push((value, direction(node)?));
        }
    }
    Ok(keys)
}

/// Keys with the words after them.
pub(super) fn printed(keys: &[(Value, &'static str)]) -> String {
    let text = |(value, words): &(Value, &'static str)| {
        format!("{}{words}", sortable(&value.sql, &value.class))
    };
    keys.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Whether a row is the first of those that are alike, for DISTINCT ON.
pub(super) fn first_of(
    nodes: &[Expr],
    frame: &Frame<'_, '_>,
    keys: &[Key],
) -> Result<Value, Untranslatable> {
    if keys.is_empty() {
        return refuse("DISTINCT ON without ORDER BY keeps any row");
    }
    let mut parts = Vec::new();
    for node in nodes {
        let value = checked(frame.translator.value(node, frame)?)?;
        if value.literal.is_some() {
            return refuse("DISTINCT ON of a constant is not supported");
        }
        parts.push(value.sql);
    }
    let order: Vec<_> = keys.iter().map(|key| (key.value.clone(), key.direction)).collect();
    let sql = format!(
        "(pg_catalog.row_number() OVER (PARTITION BY {} ORDER BY {}) = 1)",
        parts.join(", "),
        printed(&order)
    );
    Ok(Value::settled(sql, Class::Boolean))
}
