//! Domains: what they are made of, and whether somebody has to check their values.

use migrator_model::{Ident, QualifiedName};
use pgrx::pg_sys;

use super::types;
use crate::error::Result;

/// A domain, down to the type that is none.
#[derive(Debug)]
pub struct Domain {
    /// The base type's OID.
    pub base: u32,
    /// Its modifier.
    pub typmod: i32,
    /// Whether the domain, or one that it is made of, has constraints.
    pub constrained: bool,
    /// The domain's name, qualified and quoted.
    pub name: String,
    /// The base type's name, the same.
    pub base_name: String,
}

/// Looks a domain up; None for a type that is none.
pub fn of(type_oid: u32) -> Result<Option<Domain>> {
    let row = types::row(type_oid)?;
    if row.kind != pg_sys::TYPTYPE_DOMAIN {
        return Ok(None);
    }
    let (oid, mut typmod) = (pg_sys::Oid::from(type_oid), -1);
    // SAFETY: the type is a domain, and the out pointer is live.
    let (base, constrained) = unsafe {
        (pg_sys::getBaseTypeAndTypmod(oid, &mut typmod), pg_sys::DomainHasConstraints(oid))
    };
    let base = base.to_u32();
    let (name, base_name) = (quoted(&row)?, quoted(&types::row(base)?)?);
    Ok(Some(Domain { base, typmod, constrained, name, base_name }))
}

fn quoted(row: &types::TypeRow) -> Result<String> {
    let schema = types::schema_name(row.schema)?;
    let name = QualifiedName::new(Ident::new(&schema)?, Ident::new(&row.name)?);
    Ok(name.quoted())
}
