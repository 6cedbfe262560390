//! What a source says of a table or a query: asked once, and remembered while the source stays the
//! same.

use std::{cell::RefCell, rc::Rc};

use migrator_model::{
    Field, LogicalType, SourceName,
    catalog::{Bounds, Column, TableKind},
    query::bare,
};

use super::{fit::There, kept, options::Relation};
use crate::{
    error::Result,
    source::{Reader, identity::Identity, named::ResolvedSource},
};

/// So many answers are remembered.
const MOST: usize = 64;

/// A table, view or query of a source.
#[derive(Debug)]
pub struct Described {
    /// Its name, as the source spells it; a query has none.
    pub name: Option<SourceName>,
    /// What stands behind FROM.
    pub from: String,
    /// Its columns.
    pub columns: Vec<There>,
    /// Its rows, where DuckDB knows their number without reading them.
    pub rows: Option<u64>,
}

/// An answer.
struct Remembered {
    source: Identity,
    relation: Relation,
    described: Rc<Described>,
}

thread_local! {
    /// The latest first.
    static REMEMBERED: RefCell<Vec<Remembered>> = const { RefCell::new(Vec::new()) };
}

/// Describes a relation of a source.
pub fn describe(source: &ResolvedSource, relation: &Relation) -> Result<Rc<Described>> {
    // What is asked below is at least as new as this.
    let identity = Identity::of(source)?;
    if let Some(known) = recall(&identity, relation) {
        return Ok(known);
    }
    let described = Rc::new(ask(source, relation)?);
    remember(Remembered {
        source: identity,
        relation: relation.clone(),
        described: Rc::clone(&described),
    });
    Ok(described)
}

fn recall(source: &Identity, relation: &Relation) -> Option<Rc<Described>> {
    REMEMBERED.with_borrow_mut(|all| {
        let is_it = |one: &Remembered| one.relation == *relation && one.source == *source;
        let at = all.iter().position(is_it)?;
        all[..=at].rotate_right(1);
        all.first().map(|one| Rc::clone(&one.described))
    })
}

fn remember(one: Remembered) {
    REMEMBERED.with_borrow_mut(|all| {
        all.truncate(MOST - 1);
        all.insert(0, one);
    });
}

fn ask(source: &ResolvedSource, relation: &Relation) -> Result<Described> {
    kept::with_reader(source, |reader| match relation {
        Relation::Table(name) => table(reader, name),
        Relation::Query(sql) => query(reader, sql),
    })
}

fn table(reader: &mut Reader, name: &SourceName) -> Result<Described> {
    let table = reader.outline(name)?;
    let is_view = table.kind == TableKind::View;
    let (rows, bounds) = match is_view {
        false => (reader.count(&table.name)?, reader.bounds(&table.name)?),
        true => (None, Vec::new()),
    };
    let bounds = bounds.into_iter().chain(std::iter::repeat(None));
    let column = |(column, bounds): (Column, Option<Bounds>)| There {
        collated: column.collation.is_some() || is_view && may_be_collated(&column.logical),
        name: column.name,
        logical: column.logical,
        not_null: !column.nullable,
        bounds,
    };
    let columns = table.columns.into_iter().zip(bounds).map(column).collect();
    Ok(Described { name: Some(table.name), from: table.sql_name, columns, rows })
}

/// A query is described as it will be read. The line breaks end a comment that it may end with.
fn query(reader: &mut Reader, sql: &str) -> Result<Described> {
    let from = format!("(\n{}\n)", bare(sql));
    let fields = reader.describe_query(&format!("SELECT * FROM {from}"))?;
    let column = |field: Field| There {
        collated: may_be_collated(&field.logical),
        name: field.name,
        logical: field.logical,
        not_null: false,
        bounds: None,
    };
    Ok(Described {
        name: None,
        from,
        columns: fields.into_iter().map(column).collect(),
        rows: None,
    })
}

/// A collation goes through views and queries, and nobody says that it is there.
fn may_be_collated(logical: &LogicalType) -> bool {
    *logical == LogicalType::Varchar
}
