//! SQL from within, as the current user. Everything but what says otherwise runs with safe
//! settings: no name or operator in it can be taken over by what the caller's search_path holds.

use std::ffi::CString;

use migrator_model::protocol::Failure;
use pgrx::{Spi, datum::DatumWithOid};
use serde::de::DeserializeOwned;

pub use super::receiver::Each;
use super::{receiver, search_path::SafeSettings, server};
use crate::error::{Error, Result};

/// Runs a statement; an ERROR of the server goes to the user as it is.
pub fn execute(sql: &str) -> Result<()> {
    execute_with(sql, &[]).map(|_| ())
}

/// Runs a statement with arguments and returns how many rows it touched.
pub fn execute_with(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<u64> {
    let _safe = SafeSettings::enter();
    run(sql, arguments)
}

/// Runs a statement with the caller's own settings, for triggers and constraints that are used to
/// them. Every name in it must be qualified, and it must hold no operator.
pub fn execute_as_called(sql: &str) -> Result<u64> {
    run(sql, &[])
}

fn run(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<u64> {
    let touched = Spi::connect_mut(|client| client.update(sql, None, arguments).map(|t| t.len()));
    touched.map(|rows| rows as u64).map_err(unexpected)
}

/// The rows of a query, read into structs by way of the server's own JSON: the query's column
/// names are the fields of `T`.
pub fn rows<T: DeserializeOwned>(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<Vec<T>> {
    let _safe = SafeSettings::enter();
    rows_as_called(sql, arguments)
}

/// The rows of a query about what was there before this statement: it runs in a read-only
/// transaction and on a standby, too.
pub fn rows_of_before<T: DeserializeOwned>(sql: &str) -> Result<Vec<T>> {
    rows_of_before_with(sql, &[])
}

/// The same with arguments.
pub fn rows_of_before_with<T: DeserializeOwned>(
    sql: &str,
    arguments: &[DatumWithOid<'_>],
) -> Result<Vec<T>> {
    let _safe = SafeSettings::enter();
    let sql = format!("SELECT pg_catalog.row_to_json(q)::pg_catalog.text FROM ({sql}) q");
    Spi::connect(|client| {
        let table = client.select(&sql, None, arguments).map_err(unexpected)?;
        table.map(|row| parse(row.get::<String>(1).map_err(unexpected)?)).collect()
    })
}

/// The rows of a query that only reads: also where nothing can be written, and else with what this
/// transaction has done itself.
pub fn read<T: DeserializeOwned>(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<Vec<T>> {
    match server::is_read_only() {
        true => rows_of_before_with(sql, arguments),
        false => rows(sql, arguments),
    }
}

/// Gives the first column of each row of a query, a text or a bytea, to `each` as it comes; NULL is
/// left out. Nothing is kept, the server may run it in parallel, and it sees what the calling
/// statement sees, whatever this transaction has done since. While it runs `each` must not touch
/// the database.
pub fn stream_of_before(sql: &str, each: &mut Each<'_>) -> Result<()> {
    let _safe = SafeSettings::enter();
    let sql = CString::new(sql).map_err(|_| Error::new("42601", "SQL cannot hold a NUL byte"))?;
    Spi::connect(|_| receiver::run(&sql, each))
}

/// The same with the caller's own settings, to look names up as the caller means them.
pub fn rows_as_called<T: DeserializeOwned>(
    sql: &str,
    arguments: &[DatumWithOid<'_>],
) -> Result<Vec<T>> {
    let sql = format!("SELECT pg_catalog.row_to_json(q)::pg_catalog.text FROM ({sql}) q");
    // Not read-only: it has to see what this function has just created.
    Spi::connect_mut(|client| {
        let table = client.update(&sql, None, arguments).map_err(unexpected)?;
        table.map(|row| parse(row.get::<String>(1).map_err(unexpected)?)).collect()
    })
}

/// The first row of a query, if there is one.
pub fn first<T: DeserializeOwned>(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<Option<T>> {
    Ok(rows(sql, arguments)?.into_iter().next())
}

/// The only row of a query.
pub fn one<T: DeserializeOwned>(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<T> {
    only(rows(sql, arguments)?)
}

/// The only row of a query with the caller's own settings.
pub fn one_as_called<T: DeserializeOwned>(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<T> {
    only(rows_as_called(sql, arguments)?)
}

fn only<T>(rows: Vec<T>) -> Result<T> {
    let first = rows.into_iter().next();
    first.ok_or_else(|| Failure::new("XX000", "query returned no row").into())
}

fn parse<T: DeserializeOwned>(text: Option<String>) -> Result<T> {
    serde_json::from_str(text.as_deref().unwrap_or("null"))
        .map_err(|error| Error::new("XX000", "unexpected catalog row").detail(format!("{error}.")))
}

fn unexpected(error: pgrx::spi::SpiError) -> Error {
    Error::new("XX000", format!("SPI failed: {error}"))
}
