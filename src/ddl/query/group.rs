//! GROUP BY: columns, expressions, places and aliases, ALL, and sets of them.

use sqlparser::ast::{Expr, GroupByExpr, Value as Constant};

use super::{
    Untranslatable, block::Item, refuse, scope::Frame, statement::countable, translator::Translator,
};
use crate::ddl::expression::value::Value;

impl Translator<'_> {
    /// The text after GROUP BY.
    pub(super) fn group(
        &self,
        node: &GroupByExpr,
        frame: &Frame<'_, '_>,
        items: &[Item],
    ) -> Result<Option<String>, Untranslatable> {
        match node {
            GroupByExpr::All(modifiers) if modifiers.is_empty() => all(items),
            GroupByExpr::Expressions(nodes, modifiers) if modifiers.is_empty() => {
                if nodes.is_empty() {
                    return Ok(None);
                }
                self.keys(nodes, frame, items)
            }
            _ => refuse("a modifier of GROUP BY is not supported"),
        }
    }

    fn keys(
        &self,
        nodes: &[Expr],
        frame: &Frame<'_, '_>,
        items: &[Item],
    ) -> Result<Option<String>, Untranslatable> {
        let mut keys = Vec::new();
        let mut sets = Vec::new();
        for node in nodes {
            match node {
                Expr::GroupingSets(lists) => {
                    sets.push(self.sets("GROUPING SETS ", lists, frame, items)?)
                }
                Expr::Rollup(lists) => sets.push(self.sets("ROLLUP ", lists, frame, items)?),
                Expr::Cube(lists) => sets.push(self.sets("CUBE ", lists, frame, items)?),
                Expr::Tuple(nodes) if nodes.is_empty() => sets.push("()".into()),
                node => keys.push(self.key(node, frame, items)?),
            }
        }
        if sets.is_empty() {
            return printed(keys);
        }
        let mut parts: Vec<_> = keys.into_iter().map(|key| key.sql).collect();
        parts.extend(sets);
        Ok(Some(parts.join(", ")))
    }

    fn sets(
        &self,
        word: &str,
        lists: &[Vec<Expr>],
        frame: &Frame<'_, '_>,
        items: &[Item],
    ) -> Result<String, Untranslatable> {
        let mut sets = Vec::new();
        for list in lists {
            let mut keys = Vec::new();
            for node in list {
                let key = self.key(node, frame, items)?;
                if key.literal.is_some() {
                    return refuse("a constant in GROUPING SETS is not supported");
                }
                keys.push(key.sql);
            }
            sets.push(format!("({})", keys.join(", ")));
        }
        Ok(format!("{word}({})", sets.join(", ")))
    }

    fn key(
        &self,
        node: &Expr,
        frame: &Frame<'_, '_>,
        items: &[Item],
    ) -> Result<Value, Untranslatable> {
        let value = match place(node) {
            Some(place) => match items.get(place.wrapping_sub(1)) {
                Some(item) if !item.unnests => item.value.clone(),
                _ => return refuse("GROUP BY of a place that the select list has not"),
            },
            None => self.value(node, frame)?,
        };
        countable(&value.class, "GROUP BY")?;
        Ok(value)
    }
}

/// A number that stands for a member of the select list.
pub(super) fn place(node: &Expr) -> Option<usize> {
    match node {
        Expr::Value(value) => match &value.value {
            Constant::Number(text, false) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Everything selected that is no aggregate.
fn all(items: &[Item]) -> Result<Option<String>, Untranslatable> {
    if items.iter().any(|item| item.window || item.unnests) {
        return refuse("GROUP BY ALL beside a window or unnest is not supported");
    }
    let keys: Vec<_> =
        items.iter().filter(|item| !item.aggregate).map(|item| item.value.clone()).collect();
    if keys.is_empty() {
        return Ok(None);
    }
    for key in &keys {
        countable(&key.class, "GROUP BY")?;
    }
    printed(keys)
}

/// Keys without constants, which PostgreSQL takes for places, and which part nothing.
fn printed(keys: Vec<Value>) -> Result<Option<String>, Untranslatable> {
    let mut parts: Vec<String> = Vec::new();
    for key in keys.into_iter().filter(|key| key.literal.is_none()) {
        if !parts.contains(&key.sql) {
            parts.push(key.sql);
        }
    }
    match parts.is_empty() {
        true => refuse("GROUP BY of constants only is not supported"),
        false => Ok(Some(parts.join(", "))),
    }
}
