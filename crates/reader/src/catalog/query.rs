//! Runs a catalog query and reads its rows into plain structs, by way of DuckDB's own JSON.

use migrator_model::protocol::Failure;
use serde::de::DeserializeOwned;

use crate::{open::Source, vector::Data};

/// The rows of `sql`, whose column names are the fields of `T`.
pub fn rows<T: DeserializeOwned>(source: &Source, sql: &str) -> Result<Vec<T>, Failure> {
    let failed = |error| source.explain(&error);
    let statement = source
        .session()
        .prepare(&format!("SELECT CAST(to_json(q) AS VARCHAR) FROM ({sql}) q"))
        .map_err(failed)?;
    let mut stream = statement.stream().map_err(failed)?;
    let mut found = Vec::new();
    while let Some(chunk) = stream.next_chunk().map_err(failed)? {
        for vector in chunk.vectors() {
            let Data::Str(texts) = vector.data else { continue };
            for text in texts {
                found.push(serde_json::from_slice(text.bytes()).map_err(unexpected)?);
            }
        }
    }
    Ok(found)
}

fn unexpected(error: serde_json::Error) -> Failure {
    Failure::new("XX000", "unexpected answer from DuckDB's catalog").detail(format!("{error}."))
}
