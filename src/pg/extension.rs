//! Extensions that are installed.

use migrator_model::{Ident, ident::literal};
use serde::Deserialize;

use super::spi;
use crate::error::{Error, Result};

/// Where the functions of an extension are; None: it is not installed.
pub fn schema(extension: &str) -> Result<Option<Ident>> {
    #[derive(Deserialize)]
    struct Schema {
        schema: String,
    }
    let sql = format!(
        "SELECT n.nspname::text AS schema FROM pg_extension e
           JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = {}",
        literal(extension)
    );
    let found = spi::rows_of_before::<Schema>(&sql)?.pop();
    found.map(|found| Ident::new(&found.schema).map_err(Error::from)).transpose()
}

/// Where our own are.
pub fn own_schema() -> Result<Ident> {
    schema("migrator")?.ok_or_else(|| Error::new("XX000", "extension expected"))
}
