//! Reads DuckDB's catalog into the model. It knows names and types; what they become in
//! PostgreSQL is the type rules' business.

mod cache;
mod collation;
mod macros;
mod names;
mod objects;
mod query;
mod raw;
mod table;

use migrator_model::{
    SourceName,
    catalog::{Table, TableKind, TableSummary},
    ident::quote,
    protocol::Failure,
};

pub use self::{
    cache::Cache,
    names::{count, find, row_id},
    objects::objects,
    query::rows,
};
use crate::open::Source;

/// A table or view that was found.
#[derive(Clone)]
pub struct Found {
    /// Its full name, as DuckDB spells it.
    pub name: SourceName,
    /// Its name in DuckDB SQL.
    pub sql: String,
    /// Table or view.
    pub kind: TableKind,
    relation: raw::Relation,
}

impl Found {
    fn new(schema: &raw::Schema, relation: raw::Relation) -> Self {
        Self {
            name: SourceName { schema: Some(schema.name.clone()), name: relation.name.clone() },
            sql: format!("{}.{}", schema.quoted, quote(&relation.name)),
            kind: if relation.is_view { TableKind::View } else { TableKind::Table },
            relation,
        }
    }
}

/// Answers `source_tables()`.
pub fn tables(source: &Source) -> Result<Vec<TableSummary>, Failure> {
    let summary = |found: &Found| TableSummary {
        name: found.name.clone(),
        kind: found.kind,
        estimated_rows: found.relation.estimated_size,
        column_count: found.relation.column_count,
        has_primary_key: found.relation.has_primary_key,
        comment: found.relation.comment.clone(),
    };
    Ok(source.catalog()?.relations.iter().map(summary).collect())
}

/// Describes one table or view.
pub fn describe(source: &Source, wanted: &SourceName) -> Result<Table, Failure> {
    let cache = source.catalog()?;
    let found = find(&cache, wanted)?;
    Ok(table::table(source, &cache, found))
}
