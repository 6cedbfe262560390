//! DuckDB's SELECT statements as PostgreSQL's. As in [`expression`](super::expression), only what
//! means exactly the same is translated, and everything else is refused with its reason.
//!
//! Nothing is left to the server's own rules for names: stars are expanded, aliases are replaced by
//! what they stand for, every relation has an alias that occurs once in the whole statement, and
//! every column is named with it. Where both systems leave an order open, it stays open.

mod aggregates;
mod asof;
mod block;
mod columns;
mod dates;
mod dialect;
mod extremes;
mod from;
mod group;
mod items;
mod join;
mod order;
pub(super) mod parse;
mod pivot;
mod quantiles;
mod rewrite;
mod sample;
mod scope;
mod sets;
mod statement;
mod statistics;
mod subquery;
mod table_functions;
mod translator;
mod windows;
mod with;

use migrator_model::{Ident, LogicalType, QualifiedName, pg_type::Environment, reject::shown};

use sqlparser::ast::Query;

use self::translator::Translator;
use super::{
    expression::{Column, class::Class, value::Value},
    helper::Helpers,
    macros::Macros,
};

pub use super::Untranslatable;

/// A table or view that a query may read.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its schema in the source.
    schema: String,
    /// Its name in the target.
    target: QualifiedName,
    /// Its columns, in order.
    columns: Vec<RelationColumn>,
}

#[derive(Clone, Debug)]
struct RelationColumn {
    source: String,
    ident: Ident,
    logical: LogicalType,
    class: Class,
}

impl Relation {
    /// Puts it together.
    pub fn new<'a>(
        schema: &str,
        target: QualifiedName,
        columns: impl IntoIterator<Item = Column<'a>>,
    ) -> Self {
        let column = |column: Column<'_>| RelationColumn {
            source: column.source.to_owned(),
            ident: column.ident.clone(),
            logical: column.logical.clone(),
            class: Class::of_column(&column),
        };
        Self { schema: schema.into(), target, columns: columns.into_iter().map(column).collect() }
    }
}

/// A query in PostgreSQL's SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranslatedQuery {
    /// The text, without a semicolon.
    pub sql: String,
    /// Its columns.
    pub columns: Vec<ResultColumn>,
    /// The relations it reads, each once.
    pub uses: Vec<QualifiedName>,
}

/// A column of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub ident: Ident,
    /// What it is in DuckDB, as far as that is known.
    pub(super) class: Class,
}

impl ResultColumn {
    /// Its type in DuckDB.
    pub fn logical(&self) -> LogicalType {
        self.class.logical()
    }

    /// Its COLLATE in DuckDB.
    pub fn collation(&self) -> Option<&str> {
        match &self.class {
            Class::Collated(collation) => Some(collation),
            _ => None,
        }
    }
}

/// Finds a relation by its schema, if one is written, and its name; DuckDB ignores the case.
pub type Lookup<'a> = dyn Fn(Option<&str>, &str) -> Option<Relation> + 'a;

/// What a query may refer to.
#[derive(Clone, Copy)]
pub struct Catalog<'a> {
    /// Tables and views.
    pub relations: &'a Lookup<'a>,
    /// Finds a sequence by the argument of `nextval`.
    pub sequences: &'a dyn Fn(&str) -> Option<QualifiedName>,
    /// Macros.
    pub macros: &'a Macros,
    /// Where helper functions go.
    pub helpers: &'a Helpers,
    /// Finds an enum type by its labels.
    pub enums: &'a dyn Fn(&[String]) -> Option<QualifiedName>,
    /// Where other extensions' types live.
    pub environment: &'a Environment,
}

/// Translates the query of a view from `CREATE VIEW … AS …`, as DuckDB's catalog prints it.
///
/// Where the catalog knows the view itself, its columns give the names, and DuckDB's types have to
/// be met.
pub fn translate_view(sql: &str, catalog: &Catalog<'_>) -> Result<TranslatedQuery, Untranslatable> {
    let view = parse::view(sql)?;
    let (schema, name) = translator::relation_name(&view.name)?;
    let known = (catalog.relations)(schema.as_deref(), name);
    let names = match &known {
        Some(relation) => Some(relation.columns.iter().map(|c| c.ident.clone()).collect()),
        None if view.columns.is_empty() => None,
        None => {
            let ident =
                |name: &str| Ident::new(name).map_err(|e| Untranslatable::new(e.to_string()));
            Some(view.columns.iter().map(|c| ident(&c.name.value)).collect::<Result<Vec<_>, _>>()?)
        }
    };
    let translated = translate(&view.query, catalog, &[], names.as_deref())?;
    if let Some(relation) = known {
        check(&translated.columns, &relation.columns)?;
    }
    Ok(translated)
}

/// Translates a query, in which `$1` and those after it stand for the parameters.
pub(super) fn translate(
    query: &Query,
    catalog: &Catalog<'_>,
    parameters: &[Value],
    names: Option<&[Ident]>,
) -> Result<TranslatedQuery, Untranslatable> {
    catalog.macros.restart();
    let translator = Translator::new(catalog, parameters);
    let output = translator.statement(query, names)?;
    let column = |column: block::Column| ResultColumn { ident: column.ident, class: column.class };
    let columns = output.columns.into_iter().map(column).collect();
    Ok(TranslatedQuery { sql: output.sql, columns, uses: translator.into_uses() })
}

/// Compares the types that were worked out here with those that DuckDB worked out.
fn check(columns: &[ResultColumn], known: &[RelationColumn]) -> Result<(), Untranslatable> {
    for (column, known) in columns.iter().zip(known) {
        let class = Class::of_logical(&known.logical);
        let same = column.class == class
            || matches!((&column.class, &class), (Class::Collated(_), Class::Text));
        if !same && column.class.name() != known.logical.to_string() {
            let (name, ours) = (shown(&known.source), column.class.name());
            let reason = format!("column \"{name}\" is {} and would be {ours}", known.logical);
            return refuse(reason);
        }
    }
    Ok(())
}

fn refuse<T>(reason: impl Into<String>) -> Result<T, Untranslatable> {
    Err(Untranslatable::new(reason))
}

#[cfg(test)]
mod tests;
