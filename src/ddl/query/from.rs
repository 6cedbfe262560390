//! FROM: relations, queries and their aliases.

use migrator_model::Ident;
use sqlparser::ast::{Query, TableAlias, TableFactor, TableWithJoins};

use super::{
    RelationColumn, Untranslatable, refuse, sample,
    scope::{Field, Frame, Table, Tables},
    translator::{Translator, relation_name},
    with::Ctes,
};
use crate::ddl::expression::{class::Class, value::Value};

/// A part of FROM.
#[derive(Clone, Debug, Default)]
pub(super) struct From {
    /// None for nothing at all.
    pub(super) sql: Option<String>,
    pub(super) tables: Tables,
    /// What SEMI and ANTI joins ask of the rows.
    pub(super) filters: Vec<String>,
    /// Whether the text is a join.
    pub(super) joined: bool,
}

impl From {
    pub(super) fn single(sql: String, table: Table) -> Self {
        let visible = table.fields.clone();
        let tables = Tables { tables: vec![table], visible };
        Self { sql: Some(sql), tables, ..Self::default() }
    }
}

impl Translator<'_> {
    /// Translates FROM: its members stand side by side, each sees those to its left.
    pub(super) fn from(
        &self,
        nodes: &[TableWithJoins],
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        sample::check(nodes)?;
        let mut whole = From::default();
        for node in nodes {
            let next = self.joined(node, &around.beside(&whole.tables), ctes)?;
            whole.sql = match (whole.sql, next.sql) {
                (Some(left), Some(right)) => Some(format!("{left}, {right}")),
                (left, right) => left.or(right),
            };
            whole.tables.tables.extend(next.tables.tables);
            whole.tables.visible.extend(next.tables.visible);
            whole.filters.extend(next.filters);
        }
        Ok(whole)
    }

    /// Translates a table with the joins after it.
    pub(super) fn joined(
        &self,
        node: &TableWithJoins,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let mut left = self.factor(&node.relation, around, ctes)?;
        for join in &node.joins {
            let right = self.factor(&join.relation, &around.beside(&left.tables), ctes)?;
            let operator = &join.join_operator;
            // The parser's word for an ASOF join, as it was rewritten.
            left = match join.global {
                true => self.asof(left, operator, right, around, ctes)?,
                false => self.join(left, operator, right, around, ctes)?,
            };
        }
        Ok(left)
    }

    pub(super) fn factor(
        &self,
        node: &TableFactor,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let from = self.unsampled(node, around, ctes)?;
        match sample::of(node) {
            Some(sample) => {
                let query = matches!(node, TableFactor::Derived { .. });
                self.sampled(from, sample, !query)
            }
            None => Ok(from),
        }
    }

    fn unsampled(
        &self,
        node: &TableFactor,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        match node {
            TableFactor::Table { name, args: None, alias, .. } => {
                self.named(name, alias.as_ref(), ctes)
            }
            TableFactor::Table {
                name, args: Some(args), alias, with_ordinality: false, ..
            } => self.table_function(name, &args.args, alias.as_ref(), around, ctes),
            TableFactor::Function { name, args, alias, with_ordinality: false, .. } => {
                self.table_function(name, args, alias.as_ref(), around, ctes)
            }
            TableFactor::Derived { subquery, alias, .. } => {
                self.subquery(subquery, "unnamed_subquery", alias.as_ref(), around, ctes)
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.joined(table_with_joins, around, ctes)
            }
            TableFactor::Unpivot { .. } => self.unpivot(node, around, ctes),
            TableFactor::Pivot { .. } => self.pivot(node, around, ctes),
            _ => refuse("a part of FROM is not supported"),
        }
    }

    /// A relation, or what WITH calls so.
    fn named(
        &self,
        name: &sqlparser::ast::ObjectName,
        alias: Option<&TableAlias>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let (schema, bare) = relation_name(name)?;
        let wanted = alias.map_or(bare, |alias| &alias.name.value);
        let ident = self.alias(wanted)?;
        if let (None, Some(cte)) = (schema, ctes.find(bare)) {
            let fields = cte.columns.iter().map(|column| column.field(&ident)).collect();
            let sql = format!("{} AS {}", cte.ident.quoted(), ident.quoted());
            return Ok(From::single(sql, table(None, wanted, fields, alias)?));
        }
        let relation = self.relation(name)?;
        let column =
            |one: &RelationColumn| field(&ident, &one.source, &one.ident, one.class.clone());
        let fields = relation.columns.iter().map(column).collect();
        let schema = alias.is_none().then_some(relation.schema);
        let sql = format!("{} AS {}", relation.target.quoted(), ident.quoted());
        Ok(From::single(sql, table(schema, wanted, fields, alias)?))
    }

    /// A query in FROM; DuckDB lets it see what is to its left without saying LATERAL.
    pub(super) fn subquery(
        &self,
        query: &Query,
        name: &str,
        alias: Option<&TableAlias>,
        around: &Frame<'_, '_>,
        ctes: &Ctes<'_>,
    ) -> Result<From, Untranslatable> {
        let before = around.lateral();
        let output = self.query(query, around, ctes, None)?;
        let word = if around.lateral() > before { "LATERAL " } else { "" };
        let wanted = alias.map_or(name, |alias| &alias.name.value);
        let ident = self.alias(wanted)?;
        let fields = output.columns.iter().map(|column| column.field(&ident)).collect();
        let sql = format!("{word}({}) AS {}", output.sql, ident.quoted());
        Ok(From::single(sql, table(None, wanted, fields, alias)?))
    }
}

/// A table with the names that its alias gives to its columns.
pub(super) fn table(
    schema: Option<String>,
    name: &str,
    mut fields: Vec<Field>,
    alias: Option<&TableAlias>,
) -> Result<Table, Untranslatable> {
    // DuckDB prints AS before every alias: a bare word is a clause that the parser does not know.
    if alias.is_some_and(|alias| !alias.explicit) {
        return refuse("an alias without AS is not supported");
    }
    let renamed = alias.map_or(&[][..], |alias| &alias.columns);
    if renamed.len() > fields.len() || alias.is_some_and(|alias| alias.at.is_some()) {
        return refuse("an alias with more columns than the table");
    }
    for (field, column) in fields.iter_mut().zip(renamed) {
        field.name.clone_from(&column.name.value);
    }
    Ok(Table { schema, name: name.to_owned(), fields })
}

/// A column of a table that has an alias.
pub(super) fn field(alias: &Ident, name: &str, ident: &Ident, class: Class) -> Field {
    let sql = format!("{}.{}", alias.quoted(), ident.quoted());
    Field { name: name.to_owned(), value: Value::settled(sql, class) }
}
