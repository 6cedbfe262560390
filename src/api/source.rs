//! `source_tables`, `source_columns`, `source_info`: what a file holds.

use migrator_model::SourceName;
use pgrx::{JsonB, pg_sys::panic::ErrorReport, prelude::*};

use super::required;
use crate::{
    error::Result,
    load,
    pg::types,
    source::{Depth, Reader, named},
};

/// Lists the tables and views of a DuckDB file.
#[pg_extern(volatile, strict, parallel_unsafe)]
#[allow(clippy::type_complexity)]
fn source_tables(
    source: &str,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(schema_name, Option<String>),
            name!(table_name, String),
            name!(kind, String),
            name!(estimated_rows, Option<i64>),
            name!(column_count, Option<i64>),
            name!(has_primary_key, bool),
            name!(comment, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let mut reader = Reader::open(&named::resolve(source)?, Depth::Database)?;
    let tables = reader.tables()?;
    reader.close();
    Ok(TableIterator::new(tables.into_iter().map(|table| {
        let kind = table.kind.as_str().to_owned();
        let (schema, name) = (table.name.schema, table.name.name);
        let (rows, columns) = (table.estimated_rows, table.column_count);
        (schema, name, kind, rows, columns, table.has_primary_key, table.comment)
    })))
}

/// One column of a source and what becomes of it.
struct ColumnLine {
    schema: Option<String>,
    table: String,
    column: migrator_model::catalog::Column,
    ordinal: i32,
    mapping: migrator_model::rules::Mapping,
}

fn column_lines(source: &str, table_name: Option<&str>) -> Result<Vec<ColumnLine>> {
    let wanted = table_name.map(SourceName::parse).transpose()?;
    let mut reader = Reader::open(&named::resolve(source)?, Depth::Database)?;
    let environment = types::environment()?;
    let names = match wanted {
        Some(name) => vec![name],
        None => reader.tables()?.into_iter().map(|table| table.name).collect(),
    };
    let mut lines = Vec::new();
    for name in names {
        let table = reader.describe(&name)?;
        let mappings = load::mappings(&mut reader, &table, &environment)?;
        let SourceName { schema, name } = table.name;
        let columns = table.columns.into_iter().zip(mappings).zip(1..);
        lines.extend(columns.map(|((column, mapping), ordinal)| ColumnLine {
            schema: schema.clone(),
            table: name.clone(),
            column,
            ordinal,
            mapping,
        }));
    }
    reader.close();
    Ok(lines)
}

/// Lists the columns of a DuckDB file's table, or of all, and what each becomes in PostgreSQL.
#[pg_extern(volatile, parallel_unsafe)]
#[allow(clippy::type_complexity)]
fn source_columns(
    source: Option<&str>,
    table_name: default!(Option<&str>, "NULL"),
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(schema_name, Option<String>),
            name!(table_name, String),
            name!(column_name, String),
            name!(ordinal, i32),
            name!(source_type, String),
            name!(postgres_type, String),
            name!(fidelity, String),
            name!(note, Option<String>),
            name!(nullable, bool),
            name!(column_default, Option<String>),
            name!(comment, Option<String>),
        ),
    >,
    ErrorReport,
> {
    let lines = column_lines(required(source, "source")?, table_name)?;
    Ok(TableIterator::new(lines.into_iter().map(|line| {
        let ColumnLine { schema, table, column, ordinal, mapping } = line;
        let note = joined(mapping.note, column.collation_note());
        (
            schema,
            table,
            column.name,
            ordinal,
            column.logical.to_string(),
            mapping.pg.to_string(),
            mapping.fidelity.as_str().to_owned(),
            note,
            column.nullable,
            column.generated.or(column.default),
            column.comment,
        )
    })))
}

fn joined(note: String, more: Option<String>) -> Option<String> {
    match more {
        Some(more) if note.is_empty() => Some(more),
        Some(more) => Some(format!("{note}; {more}")),
        None => Some(note).filter(|note| !note.is_empty()),
    }
}

/// Describes a DuckDB file without reading its tables, and the reader's sandbox on this machine.
#[pg_extern(volatile, strict, parallel_unsafe)]
#[allow(clippy::type_complexity)]
fn source_info(
    source: &str,
) -> std::result::Result<
    TableIterator<
        'static,
        (
            name!(storage_version, i64),
            name!(written_by, String),
            name!(encrypted, bool),
            name!(has_wal, bool),
            name!(size_bytes, i64),
            name!(tables, Option<i64>),
            name!(fingerprint, String),
            name!(sandbox, JsonB),
        ),
    >,
    ErrorReport,
> {
    let source = named::resolve(source)?;
    let header = Reader::open(&source, Depth::Header)?;
    let ready = header.ready().clone();
    header.close();
    // An encrypted file's header is all that can be read of it without its key.
    let tables = match ready.file.encrypted && source.key.is_none() {
        true => None,
        false => Some(Reader::open(&source, Depth::Database)?.tables()?.len() as i64),
    };
    let info = ready.file;
    Ok(TableIterator::once((
        info.storage_version as i64,
        info.written_by,
        info.encrypted,
        info.has_wal,
        info.size_bytes as i64,
        tables,
        info.fingerprint,
        JsonB(serde_json::json!(ready.sandbox)),
    )))
}
