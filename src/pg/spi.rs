//! SQL from within: statements and queries as the current user.

use migrator_model::protocol::Failure;
use pgrx::{Spi, datum::DatumWithOid};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Runs a statement; an ERROR of the server goes to the user as it is.
pub fn execute(sql: &str) -> Result<()> {
    Spi::connect_mut(|client| client.update(sql, None, &[]).map(|_| ())).map_err(unexpected)
}

/// Runs a statement with arguments and returns how many rows it touched.
pub fn execute_with(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<u64> {
    let touched = Spi::connect_mut(|client| client.update(sql, None, arguments).map(|t| t.len()));
    touched.map(|rows| rows as u64).map_err(unexpected)
}

/// The rows of a query, read into structs by way of the server's own JSON: the query's column
/// names are the fields of `T`.
pub fn rows<T: DeserializeOwned>(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<Vec<T>> {
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
    first(sql, arguments)?.ok_or_else(|| Failure::new("XX000", "query returned no row").into())
}

fn parse<T: DeserializeOwned>(text: Option<String>) -> Result<T> {
    serde_json::from_str(text.as_deref().unwrap_or("null"))
        .map_err(|error| Error::new("XX000", "unexpected catalog row").detail(format!("{error}.")))
}

fn unexpected(error: pgrx::spi::SpiError) -> Error {
    Error::new("XX000", format!("SPI failed: {error}"))
}
