//! The table whose indexes change, and the indexes that it has.

use migrator_model::{Ident, QualifiedName};
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use crate::{
    error::{Error, Result},
    pg::{index_lock, spi},
};

/// The table.
#[derive(Clone, Debug)]
pub struct Target {
    /// pg_class.oid
    pub oid: u32,
    /// Its name.
    pub name: QualifiedName,
    kind: String,
    persistence: String,
    /// Whether the current role has the owner's rights.
    pub is_owner: bool,
}

/// An index as the catalog has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Index {
    /// pg_class.oid
    pub oid: u32,
    /// Its table.
    pub table: u32,
    /// Whether queries use it.
    pub is_valid: bool,
    schema: String,
    name: String,
}

const TARGET: &str = "
    SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
           c.relpersistence::text AS persistence, pg_has_role(c.relowner, 'USAGE') AS is_owner
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1";

const INDEX: &str = "
    SELECT c.oid::int8 AS oid, i.indrelid::int8 AS table, i.indisvalid AS is_valid,
           n.nspname::text AS schema, c.relname::text AS name
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace";

impl Target {
    /// Looks it up.
    pub fn of(oid: u32) -> Result<Self> {
        #[derive(Deserialize)]
        struct Found {
            schema: String,
            name: String,
            kind: String,
            persistence: String,
            is_owner: bool,
        }
        let found: Option<Found> =
            spi::first(TARGET, &[DatumWithOid::from(pg_sys::Oid::from(oid))])?;
        let missing = || Error::new("42P01", format!("relation with OID {oid} does not exist"));
        let Found { schema, name, kind, persistence, is_owner } = found.ok_or_else(missing)?;
        let name = QualifiedName::new(Ident::new(&schema)?, Ident::new(&name)?);
        Ok(Self { oid, name, kind, persistence, is_owner })
    }

    /// Refuses what a worker would fail with: then nothing is queued.
    pub fn check_for_worker(&self) -> Result<()> {
        let name = self.name.name.quoted();
        if !self.is_owner {
            return Err(Error::new("42501", format!("must be owner of table {}", self.name.name)));
        }
        if self.kind == "p" {
            let message = format!("cannot change indexes of partitioned table {name} concurrently");
            return Err(Error::new("0A000", message).hint(
                "Change those of its partitions concurrently, or all without concurrently.",
            ));
        }
        if !matches!(self.kind.as_str(), "r" | "m") {
            let message = format!("{name} is not a table or materialized view");
            return Err(Error::new("42809", message));
        }
        match self.persistence.as_str() {
            "t" => Err(Error::new(
                "0A000",
                format!("cannot change indexes of temporary table {name} concurrently"),
            )
            .detail("No other session sees it.")),
            _ => Ok(()),
        }
    }
}

impl Index {
    /// One with this OID.
    pub fn of(oid: u32) -> Result<Option<Self>> {
        let argument = [DatumWithOid::from(pg_sys::Oid::from(oid))];
        spi::first(&format!("{INDEX} WHERE c.oid = $1"), &argument)
    }

    /// One with this name, as statements write it with its schema.
    pub fn named(name: &str) -> Result<Option<Self>> {
        let argument = [DatumWithOid::from(name.to_owned())];
        spi::first(&format!("{INDEX} WHERE c.oid = to_regclass($1)"), &argument)
    }

    /// Whether it is INVALID under its name and nobody is building it: that one's lock of the table is
    /// waited for, and kept until the transaction ends.
    pub fn is_locked_invalid(&self) -> bool {
        index_lock::is_locked_invalid(self.table, self.oid, &self.schema, &self.name)
    }

    /// Its name.
    pub fn name(&self) -> Result<QualifiedName> {
        Ok(QualifiedName::new(Ident::new(&self.schema)?, Ident::new(&self.name)?))
    }
}
