//! What the catalog says of an existing relation, as far as a load depends on it.

use migrator_model::{
    Ident, QualifiedName,
    layout::{Attribute, Target},
};
use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;

use super::{
    domain::{self, Domain},
    spi, types,
};
use crate::error::{Error, Result};

/// A relation.
#[derive(Debug, Deserialize)]
pub struct Facts {
    /// pg_class.oid
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// relkind
    pub kind: String,
    /// The access method's name; None for a relation without storage.
    pub access_method: Option<String>,
    /// relispartition
    pub is_partition: bool,
    /// Whether policies apply to the current user.
    pub row_security: bool,
    /// Whether an INSERT fires a trigger, foreign keys included.
    pub insert_triggers: bool,
    /// Whether it has rewrite rules.
    pub rules: bool,
    /// relpersistence
    pub persistence: String,
    /// Whether it has CHECK constraints.
    pub has_checks: bool,
    /// Whether somebody reads its changes by logical decoding.
    pub is_decoded: bool,
    /// Whether the current user may INSERT into all of it.
    pub may_insert: bool,
    /// Whether it has statistics that the current user may have gathered.
    pub may_analyze: bool,
    /// Its attributes, in order.
    #[serde(skip)]
    pub attributes: Vec<AttributeFacts>,
}

/// An attribute of a relation.
#[derive(Debug, Deserialize)]
pub struct AttributeFacts {
    /// attname
    pub name: String,
    /// atttypid
    pub type_oid: u32,
    /// The type as SQL shows it.
    pub type_name: String,
    /// atttypmod
    pub typmod: i32,
    /// attstorage
    pub storage: String,
    /// attnotnull
    pub not_null: bool,
    /// attisdropped
    pub dropped: bool,
    /// `s` for a stored generated column, else empty
    pub generated: String,
    /// Whether an absent value is computed: a default, an identity.
    pub has_default: bool,
    /// Whether the current user may INSERT into it.
    pub may_insert: bool,
    /// Whether the type is a domain.
    pub is_domain: bool,
    /// Its domain.
    #[serde(skip)]
    pub domain: Option<Domain>,
}

const RELATION: &str = "
    SELECT c.oid::int8 AS oid, n.nspname::text AS schema, c.relname::text AS name,
           c.relkind::text AS kind, a.amname::text AS access_method,
           c.relispartition AS is_partition, row_security_active(c.oid) AS row_security,
           EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled <> 'D'
                                              AND t.tgtype & 4 <> 0) AS insert_triggers,
           c.relhasrules AND c.relkind <> 'v' AS rules,
           c.relpersistence::text AS persistence,
           EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') AS has_checks,
           current_setting('wal_level') = 'logical' AND c.relpersistence = 'p' AND (
               EXISTS (SELECT FROM pg_publication p WHERE p.puballtables)
               OR EXISTS (SELECT FROM pg_publication_rel p WHERE p.prrelid = c.oid)
               OR EXISTS (SELECT FROM pg_publication_namespace p WHERE p.pnnspid = c.relnamespace)
               OR EXISTS (SELECT FROM pg_replication_slots s WHERE s.slot_type = 'logical'
                                                               AND s.database = current_database())
           ) AS is_decoded,
           has_table_privilege(c.oid, 'INSERT') AS may_insert,
           c.relkind IN ('r', 'p') AND pg_has_role(c.relowner, 'USAGE') AS may_analyze
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_am a ON a.oid = c.relam
     WHERE c.oid = $1";

const ATTRIBUTES: &str = "
    SELECT a.attname::text AS name, a.atttypid::int8 AS type_oid, t.typtype IS NOT DISTINCT FROM 'd' AS is_domain,
           format_type(a.atttypid, a.atttypmod) AS type_name, a.atttypmod AS typmod,
           a.attstorage::text AS storage, a.attnotnull AS not_null, a.attisdropped AS dropped,
           a.attgenerated::text AS generated,
           (a.atthasdef OR a.attidentity <> '') AND a.attgenerated = '' AS has_default,
           NOT a.attisdropped
               AND has_column_privilege(a.attrelid, a.attnum, 'INSERT') AS may_insert
      FROM pg_attribute a LEFT JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1 AND a.attnum > 0 ORDER BY a.attnum";

impl Facts {
    /// Looks a relation up by its OID.
    pub fn of(oid: u32) -> Result<Self> {
        let argument = [DatumWithOid::from(pg_sys::Oid::from(oid))];
        let mut facts: Facts = spi::one(RELATION, &argument)?;
        facts.attributes = spi::rows(ATTRIBUTES, &argument)?;
        for attribute in facts.attributes.iter_mut().filter(|attribute| attribute.is_domain) {
            attribute.domain = domain::of(attribute.type_oid)?;
        }
        Ok(facts)
    }

    /// Its name, qualified.
    pub fn qualified(&self) -> Result<QualifiedName> {
        Ok(QualifiedName::new(Ident::new(&self.schema)?, Ident::new(&self.name)?))
    }
}

impl AttributeFacts {
    /// What values are stored as; None for a type that no DuckDB value becomes.
    pub fn target(&self) -> Result<Option<Target>> {
        let (oid, typmod) = match &self.domain {
            Some(domain) => (domain.base, domain.typmod),
            None => (self.type_oid, self.typmod),
        };
        types::attribute_target(oid, typmod, &self.storage)
    }

    /// The domain whose constraints an INSERT has to check.
    pub fn checked_domain(&self) -> Option<&Domain> {
        self.domain.as_ref().filter(|domain| domain.constrained)
    }

    /// The attribute for a scan that fills it from this column, or leaves it NULL.
    pub fn filled_from(&self, source: Option<usize>) -> Result<Attribute> {
        let target = match self.dropped {
            true => None,
            false => self.target()?,
        };
        if target.is_none() && source.is_some() {
            let message = format!("no DuckDB value can become type {}", self.type_name);
            return Err(Error::new("0A000", message));
        }
        // What is not filled is not encoded either: any type will do.
        let target = target.filter(|_| source.is_some());
        Ok(Attribute { name: self.name.clone(), target, source, not_null: self.not_null })
    }
}

#[derive(Deserialize)]
struct Found {
    oid: Option<u32>,
}

/// The OID of a relation, by the search path in force; None when there is none.
pub fn relation_oid(name: &QualifiedName) -> Result<Option<u32>> {
    let argument = [DatumWithOid::from(name.quoted())];
    let found: Found = spi::one_as_called(
        "SELECT pg_catalog.to_regclass($1)::pg_catalog.oid::pg_catalog.int8 AS oid",
        &argument,
    )?;
    Ok(found.oid)
}

/// The schema that an unqualified CREATE goes to.
pub fn current_schema() -> Result<Ident> {
    #[derive(Deserialize)]
    struct Current {
        schema: Option<String>,
    }
    let current: Current =
        spi::one_as_called("SELECT pg_catalog.current_schema()::pg_catalog.text AS schema", &[])?;
    let schema = current.schema.ok_or_else(|| {
        Error::new("3F000", "no schema has been selected to create in")
            .hint("Set search_path, or name the target with its schema.")
    })?;
    Ok(Ident::new(&schema)?)
}
