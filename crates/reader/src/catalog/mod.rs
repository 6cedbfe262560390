//! Reads DuckDB's catalog into the model. It knows names and types; what they become in
//! PostgreSQL is the type rules' business.

mod bounds;
mod cache;
mod collation;
mod macros;
mod names;
mod objects;
mod outline;
mod plan;
mod query;
mod raw;
mod table;

use std::rc::Rc;

use migrator_model::{
    SourceName,
    catalog::{Table, TableKind, TableSummary},
    ident::quote,
    protocol::{Failure, SourceKind},
};

pub use self::{
    bounds::bounds,
    cache::Cache,
    names::{count, count_of, find, row_id},
    objects::objects,
    outline::outline,
    query::rows,
};
use crate::open::Source;

/// A table or view that was found.
pub struct Found {
    /// Its full name, as DuckDB spells it.
    pub name: SourceName,
    /// Its name in DuckDB SQL.
    pub sql: String,
    /// Table or view.
    pub kind: TableKind,
    /// Whether its rows lie in a database, with identifiers, statistics and a known number: whatever
    /// else there is takes a computation to read.
    pub is_stored: bool,
}

/// The same with what the catalog says of it.
pub struct Listed {
    /// The table or view.
    pub found: Rc<Found>,
    relation: raw::Relation,
}

impl Listed {
    /// A view of ours stands for a file, which is a table to everybody else.
    fn new(kind: SourceKind, schema: &raw::Schema, mut relation: raw::Relation) -> Self {
        let is_file = kind != SourceKind::Database;
        relation.sql = relation.sql.filter(|_| !is_file);
        let is_view = relation.is_view && !is_file;
        let found = Found {
            name: SourceName { schema: Some(schema.name.clone()), name: relation.name.clone() },
            sql: format!("{}.{}", schema.quoted, quote(&relation.name)),
            kind: if is_view { TableKind::View } else { TableKind::Table },
            is_stored: !relation.is_view,
        };
        Self { found: Rc::new(found), relation }
    }
}

impl Found {
    /// Whether DuckDB knows something of its values without reading them.
    fn has_statistics(&self, kind: SourceKind) -> bool {
        self.is_stored || kind == SourceKind::Parquet
    }
}

/// Answers `source_tables()`.
pub fn tables(source: &Source) -> Result<Vec<TableSummary>, Failure> {
    let summary = |listed: &Listed| {
        let Listed { found, relation } = listed;
        Ok(TableSummary {
            name: found.name.clone(),
            kind: found.kind,
            estimated_rows: table::estimated_rows(source, listed)?,
            column_count: relation.column_count,
            has_primary_key: relation.has_primary_key,
            comment: relation.comment.clone(),
        })
    };
    source.catalog().relations(source)?.iter().map(|listed| summary(listed)).collect()
}

/// Describes one table or view.
pub fn describe(source: &Source, wanted: &SourceName) -> Result<Table, Failure> {
    table::table(source, &*names::find_listed(source, wanted)?)
}
