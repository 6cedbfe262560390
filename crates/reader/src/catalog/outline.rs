//! One table or view as its readers see it: names and types. It takes a fraction of what a whole
//! description does, whose columns come from a function of DuckDB's that binds every view there is.

use migrator_model::{
    LogicalType, SourceName,
    catalog::{Column, Table},
    ident::literal,
    protocol::Failure,
};
use serde::Deserialize;

use super::{Found, Listed, collation, names::find_listed, query, table::bound};
use crate::{ffi::statement::Statement, open::Source};

/// A column of a base table.
#[derive(Deserialize)]
struct Raw {
    name: String,
    required: bool,
}

/// Puts it together, without defaults, comments, constraints, indexes and estimates.
pub fn outline(source: &Source, wanted: &SourceName) -> Result<Table, Failure> {
    match source.catalog().known(source, wanted) {
        Some(known) => of_found(source, &known.found, |_| known.collations.clone()),
        None => {
            let Listed { found, relation } = &*find_listed(source, wanted)?;
            let sql = relation.sql.as_deref().filter(|_| found.is_stored).unwrap_or_default();
            of_found(source, found, |count| collation::of_columns(sql, count))
        }
    }
}

fn of_found(
    source: &Source,
    found: &Found,
    collations: impl FnOnce(usize) -> Vec<Option<String>>,
) -> Result<Table, Failure> {
    let (columns, broken) = match bound(source, &format!("FROM {}", found.sql)) {
        Ok(statement) => {
            let collations = collations(statement.types().len());
            (columns(source, found, &statement, collations)?, None)
        }
        Err(reason) => (Vec::new(), Some(reason)),
    };
    Ok(Table {
        columns,
        constraints: Vec::new(),
        indexes: Vec::new(),
        comment: None,
        estimated_rows: None,
        sql: None,
        broken,
        name: found.name.clone(),
        sql_name: found.sql.clone(),
        kind: found.kind,
    })
}

fn columns(
    source: &Source,
    found: &Found,
    statement: &Statement<'_>,
    collations: Vec<Option<String>>,
) -> Result<Vec<Column>, Failure> {
    let required = required(source, found)?;
    let column = |((name, logical), collation): ((String, &LogicalType), _)| Column {
        nullable: !required.contains(&name),
        name,
        logical: logical.clone(),
        collation,
        default: None,
        generated: None,
        comment: None,
        enum_names: Vec::new(),
    };
    Ok(statement.names().into_iter().zip(statement.types()).zip(collations).map(column).collect())
}

/// The names of the columns that are NOT NULL.
fn required(source: &Source, found: &Found) -> Result<Vec<String>, Failure> {
    if !found.is_stored {
        return Ok(Vec::new());
    }
    let table = literal(&found.sql);
    let sql = format!("SELECT name, \"notnull\" AS required FROM pragma_table_info({table})");
    let all = query::rows::<Raw>(source, &sql)?;
    Ok(all.into_iter().filter(|column| column.required).map(|column| column.name).collect())
}
