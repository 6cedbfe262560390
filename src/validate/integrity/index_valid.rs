//! Indexes that the server does not use or does not keep: what a broken CREATE INDEX CONCURRENTLY
//! leaves behind.

use migrator_model::{Ident, QualifiedName, ident::quote};
use serde::Deserialize;

use super::{look::Look, task::Task};
use crate::{error::Result, pg::spi, validate::check::Check};

#[derive(Deserialize)]
struct Index {
    schema: String,
    name: String,
    columns: String,
    is_partitioned: bool,
    valid: bool,
    ready: bool,
}

/// The indexes of the relation.
pub fn plan(look: Look<'_>) -> Result<Vec<Task<'_>>> {
    let indexes: Vec<Index> = spi::rows_of_before(&format!(
        "SELECT n.nspname::text AS schema, c.relname::text AS name,
                c.relkind = 'I' AS is_partitioned, i.indisvalid AS valid, i.indisready AS ready,
                (SELECT string_agg(pg_get_indexdef(c.oid, s, false), ', ' ORDER BY s)
                   FROM generate_series(1, i.indnkeyatts) s) AS columns
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE i.indrelid = {} ORDER BY c.relname",
        look.relation.oid
    ))?;
    indexes.into_iter().map(|index| Ok(Task::known(verdict(look, index)?))).collect()
}

fn verdict(look: Look<'_>, index: Index) -> Result<Check> {
    let remedy = index.remedy()?;
    let actual = match (index.valid, index.ready) {
        (true, true) => "valid",
        (false, true) => "not valid",
        (_, false) => "not ready",
    };
    let check = look.check().column(index.columns).note(format!("index {}", quote(&index.name)));
    let check = check.compare("valid", actual);
    Ok(Check { remedy: if actual == "valid" { None } else { remedy }, ..check })
}

impl Index {
    /// An index of a partitioned table is valid when each partition has its own: there is nothing
    /// to build again.
    fn remedy(&self) -> Result<Option<String>> {
        let name = QualifiedName::new(Ident::new(&self.schema)?, Ident::new(&self.name)?);
        let statement = format!("REINDEX INDEX CONCURRENTLY {}", name.quoted());
        Ok((!self.is_partitioned).then_some(statement))
    }
}
