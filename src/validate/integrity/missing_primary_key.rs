//! Tables whose rows nothing tells apart.

use serde::Deserialize;

use super::{look::Look, task::Task};
use crate::{error::Result, pg::spi};

/// Any table; a materialized view can have no primary key.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    #[derive(Deserialize)]
    struct Index {
        name: String,
    }
    if look.relation.kind == "m" {
        return Ok(Vec::new());
    }
    let found: Vec<Index> = spi::rows_of_before(&format!(
        "SELECT c.relname::text AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE i.indrelid = {} AND i.indisprimary",
        look.relation.oid
    ))?;
    let found = found.first().map(|index| index.name.as_str());
    let actual = if found.is_some() { "a primary key" } else { "none" };
    Ok(vec![Task::known(look.check().compare("a primary key", actual))])
}
