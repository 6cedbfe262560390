//! ASOF joins: of all rows on the right that fit, the nearest. Which one that is among rows that are
//! equally near is open in both systems.

use sqlparser::ast::{BinaryOperator, Expr, JoinConstraint, JoinOperator};

use super::{
    Untranslatable,
    block::{Block, Item, Output},
    from::From,
    refuse,
    scope::{Field, Frame, Table, Tables},
    statement::countable,
    translator::Translator,
    with::Ctes,
};
use crate::ddl::expression::{operators::sortable, value::Value};

impl Translator<'_> {
    /// Joins two parts of FROM by LATERAL.
    pub(super) fn asof(
        &self,
        left: From,
        operator: &JoinOperator,
        right: From,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let (words, node) = match operator {
            JoinOperator::Join(JoinConstraint::On(node))
            | JoinOperator::Inner(JoinConstraint::On(node)) => ("INNER JOIN", node),
            JoinOperator::Left(JoinConstraint::On(node))
            | JoinOperator::LeftOuter(JoinConstraint::On(node)) => ("LEFT JOIN", node),
            _ => return refuse("this kind of ASOF JOIN is not supported"),
        };
        if right.tables.tables.len() != 1 || right.joined || !right.filters.is_empty() {
            return refuse("an ASOF JOIN with a join on its right is not supported");
        }
        let (near, descending) = self.nearest(node, &left, &right, around, ctes)?;
        let visible = [left.tables.visible.clone(), right.tables.visible.clone()].concat();
        let tables = [left.tables.tables.clone(), right.tables.tables.clone()].concat();
        let both = Tables { tables, visible };
        let condition = self.value(node, &around.inside(&both, ctes))?.boolean("a join")?.sql;
        let inner = self.first(&right, condition, &near, descending)?;
        let Some(table) = right.tables.tables.first() else { return refuse("a join of nothing") };
        let alias = self.alias(&table.name)?;
        let fields: Vec<_> = inner.columns.iter().map(|column| column.field(&alias)).collect();
        let (schema, name) = (table.schema.clone(), table.name.clone());
        let table = Table { schema, name, fields: fields.clone() };
        let tables = Tables {
            tables: [left.tables.tables, vec![table]].concat(),
            visible: [left.tables.visible, fields].concat(),
        };
        let text = left.sql.unwrap_or_default();
        let sql = format!("{text} {words} LATERAL ({}) AS {} ON true", inner.sql, alias.quoted());
        Ok(From { sql: Some(sql), tables, filters: left.filters, joined: true })
    }

    /// What is sorted by on the right, and whether the greatest is nearest.
    fn nearest(
        &self,
        node: &Expr,
        left: &From,
        right: &From,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<(Value, bool), Untranslatable> {
        let mut found = None;
        for (one, operator, two) in conjuncts(node)? {
            let greater = match operator {
                BinaryOperator::Eq => continue,
                BinaryOperator::Gt | BinaryOperator::GtEq => true,
                BinaryOperator::Lt | BinaryOperator::LtEq => false,
                _ => return refuse("this condition of an ASOF JOIN is not supported"),
            };
            let value = |node: &Expr, from: &From| {
                self.value(node, &around.inside(&from.tables, ctes)).ok()
            };
            let near = match (value(one, left), value(two, right)) {
                (Some(_), Some(near)) => (near, greater),
                _ => match (value(one, right), value(two, left)) {
                    (Some(near), Some(_)) => (near, !greater),
                    _ => return refuse("this condition of an ASOF JOIN is not supported"),
                },
            };
            if found.replace(near).is_some() {
                return refuse("an ASOF JOIN has one condition that is no equality");
            }
        }
        found.map_or_else(|| refuse("an ASOF JOIN without order"), Ok)
    }

    /// The query of the nearest row.
    fn first(
        &self,
        right: &From,
        condition: String,
        near: &Value,
        descending: bool,
    ) -> Result<Output, Untranslatable> {
        let item = |field: &Field| Item::plain(&field.name, field.value.clone());
        let items = right.tables.visible.iter().map(item).collect();
        let filters = vec![condition];
        let block = Block { items, from: right.sql.clone(), filters, ..Block::default() };
        let mut output = block.output(self, false, None)?;
        countable(&near.class, "ASOF JOIN")?;
        let direction = if descending { " DESC" } else { "" };
        let key = sortable(&near.sql, &near.class);
        output.sql += &format!(" ORDER BY {key}{direction} LIMIT 1");
        Ok(output)
    }
}

/// The comparisons that AND joins.
fn conjuncts(node: &Expr) -> Result<Vec<(&Expr, &BinaryOperator, &Expr)>, Untranslatable> {
    match node {
        Expr::Nested(inner) => conjuncts(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            Ok([conjuncts(left)?, conjuncts(right)?].concat())
        }
        Expr::BinaryOp { left, op, right } => Ok(vec![(left, op, right)]),
        _ => refuse("this condition of an ASOF JOIN is not supported"),
    }
}
