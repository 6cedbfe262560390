//! Types and collations as expressions know them.

use migrator_model::PgType;
use pgrx::pg_sys::{self, Oid};

use crate::{
    pg::{compat::planner::collate_is_c, types},
    readers::pushdown::{Collation, Kind},
};

/// A type's kind; a domain's values are those of the type that it is made of.
pub fn kind(type_oid: Oid) -> Kind {
    // SAFETY: looks the type up.
    match unsafe { pg_sys::getBaseType(type_oid) } {
        pg_sys::BOOLOID => Kind::Bool,
        pg_sys::INT2OID => Kind::Int2,
        pg_sys::INT4OID => Kind::Int4,
        pg_sys::INT8OID => Kind::Int8,
        pg_sys::NUMERICOID => Kind::Numeric,
        pg_sys::FLOAT4OID => Kind::Float4,
        pg_sys::FLOAT8OID => Kind::Float8,
        pg_sys::TEXTOID => Kind::Text,
        pg_sys::VARCHAROID => Kind::Varchar,
        pg_sys::BPCHAROID => Kind::BpChar,
        pg_sys::BYTEAOID => Kind::Bytea,
        pg_sys::DATEOID => Kind::Date,
        pg_sys::TIMEOID => Kind::Time,
        pg_sys::TIMESTAMPOID => Kind::Timestamp,
        pg_sys::TIMESTAMPTZOID => Kind::TimestampTz,
        pg_sys::INTERVALOID => Kind::Interval,
        pg_sys::UUIDOID => Kind::Uuid,
        other if is_enum(other) => Kind::Enum(other.to_u32()),
        other => Kind::Other(other.to_u32()),
    }
}

fn is_enum(type_oid: Oid) -> bool {
    // SAFETY: looks the type up.
    unsafe { pg_sys::get_typtype(type_oid) as u8 == pg_sys::TYPTYPE_ENUM }
}

/// What a collation decides about.
pub fn collation(collation: Oid) -> Collation {
    if collation == pg_sys::InvalidOid {
        return Collation::None;
    }
    // SAFETY: looks the collation up.
    match unsafe { pg_sys::get_collation_isdeterministic(collation) } {
        false => Collation::Nondeterministic,
        true if collate_is_c(collation) => Collation::Bytes,
        true => Collation::Deterministic,
    }
}

/// The type of an expression, if a DuckDB value can become one.
///
/// # Safety
/// It must be a live expression.
pub unsafe fn of_expression(node: *const pg_sys::Expr) -> Option<PgType> {
    let node = node.cast();
    // SAFETY: by the caller.
    let (oid, typmod) = unsafe { (pg_sys::exprType(node), pg_sys::exprTypmod(node)) };
    types::target(oid.to_u32(), typmod).ok().flatten().map(|target| target.pg)
}

/// The kind of a relation's column.
pub fn of_column(relation: Oid, attribute: i16) -> Kind {
    // SAFETY: a look-up.
    kind(unsafe { pg_sys::get_atttype(relation, attribute) })
}
