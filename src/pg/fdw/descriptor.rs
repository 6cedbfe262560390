//! Attributes of tuple descriptors, as far as a scan fills them: from the relation cache, so that
//! the planner may ask and a standby can.

use migrator_model::layout::Target;
use pgrx::{PgTupleDesc, pg_sys};

use crate::{
    error::Result,
    pg::{quoting, relation::Relation, types},
};

/// A relation's name and attributes.
#[derive(Debug)]
pub struct RelationShape {
    /// relname
    pub name: String,
    /// By attnum - 1; None for what no scan fills: dropped columns, and what the server computes
    /// when it is read.
    pub columns: Vec<Option<ColumnShape>>,
}

/// An attribute.
#[derive(Debug)]
pub struct ColumnShape {
    /// attname
    pub name: String,
    /// atttypid
    pub type_oid: u32,
    /// atttypmod
    pub typmod: i32,
    /// What values are stored as, a domain's as those of the type that it is made of; None for a
    /// type that no DuckDB value becomes.
    pub target: Option<Target>,
    /// Whether the type is a domain whose values somebody has to check.
    pub is_checked: bool,
}

/// A relation, which stays locked as for SELECT until the end of the transaction.
pub fn of_relation(oid: u32) -> Result<RelationShape> {
    let relation = Relation::open_for_select(oid);
    // SAFETY: the relation is open, so its descriptor is live; it is only read here.
    let descriptor = unsafe { PgTupleDesc::from_pg_unchecked((*relation.raw()).rd_att) };
    let column = |attribute: &pg_sys::FormData_pg_attribute| match is_filled(attribute) {
        true => column(attribute).map(Some),
        false => Ok(None),
    };
    let columns = descriptor.iter().map(column).collect::<Result<_>>()?;
    Ok(RelationShape { name: relation.name(), columns })
}

/// Since 18 a generated column may be virtual.
fn is_filled(attribute: &pg_sys::FormData_pg_attribute) -> bool {
    !attribute.attisdropped && attribute.attgenerated as u8 != b'v'
}

/// An attribute that is not dropped.
pub fn column(attribute: &pg_sys::FormData_pg_attribute) -> Result<ColumnShape> {
    let (type_oid, mut typmod) = (attribute.atttypid, attribute.atttypmod);
    // SAFETY: looks the type up; a domain's modifier is that of the type that it is made of.
    let (base, is_checked) = unsafe {
        let base = pg_sys::getBaseTypeAndTypmod(type_oid, &mut typmod);
        (base, base != type_oid && pg_sys::DomainHasConstraints(type_oid))
    };
    let storage = char::from(attribute.attstorage as u8).to_string();
    Ok(ColumnShape {
        name: quoting::text_of(&attribute.attname),
        type_oid: type_oid.to_u32(),
        typmod: attribute.atttypmod,
        target: types::attribute_target(base.to_u32(), typmod, &storage)?,
        is_checked,
    })
}

/// The type of a column as SQL shows it.
pub fn type_name(type_oid: u32, typmod: i32) -> String {
    quoting::type_name(pg_sys::Oid::from(type_oid), typmod)
}
