//! From what values mean, and the type that they have, to how they are read.

use migrator_model::canonical::Kind;
use pgrx::pg_sys;

use super::{
    array::ArrayDecoder,
    catalog,
    decoder::{Decoder, Form},
    enumeration::Labels,
    row::{Attribute, RowDecoder, Shape},
    scalar::Scalar,
    storage::Storage,
};
use crate::{
    error::{Error, Result},
    pg::relation::alignment,
};

/// How values of a type are read that mean this. A type that cannot mean it is an error.
pub fn bind(kind: &Kind, type_id: pg_sys::Oid) -> Result<Decoder> {
    let base = catalog::base_type(type_id);
    let form = form(kind, base)?.ok_or_else(|| misfit(kind, type_id))?;
    Ok(Decoder { storage: catalog::storage(base), form })
}

fn misfit(kind: &Kind, type_id: pg_sys::Oid) -> Error {
    let kind = format!("{kind:?}");
    let kind = kind.split('(').next().unwrap_or_default();
    let shown = catalog::shown(type_id);
    Error::new("42804", format!("values of type {shown} cannot be compared as {kind}"))
}

fn form(kind: &Kind, base: pg_sys::Oid) -> Result<Option<Form>> {
    match kind {
        Kind::Array(element) => array(element, base),
        Kind::Row(attributes) => row(attributes, base),
        Kind::Text if catalog::is_enum(base) => {
            Ok(Some(Form::Enum(Labels::new(catalog::enum_label))))
        }
        Kind::Vector | Kind::HalfVec | Kind::SparseVec => {
            Ok(embedding(kind, base).map(Form::Scalar))
        }
        _ => Ok(scalar(kind, base).map(Form::Scalar)),
    }
}

fn array(element: &Kind, base: pg_sys::Oid) -> Result<Option<Form>> {
    let Some(element_type) = catalog::element_type(base) else { return Ok(None) };
    let element = bind(element, element_type)?;
    let array = ArrayDecoder { element, element_type: element_type.to_u32() };
    Ok(Some(Form::Array(Box::new(array))))
}

fn row(attributes: &[(String, Kind)], base: pg_sys::Oid) -> Result<Option<Form>> {
    if !catalog::is_row(base) {
        return Ok(None);
    }
    let kinds: Vec<_> = attributes.iter().map(|(_, kind)| kind.clone()).collect();
    let known = match base {
        pg_sys::RECORDOID => None,
        named => Some(shape(named.to_u32(), -1, &kinds)?),
    };
    Ok(Some(Form::Row(Box::new(RowDecoder::new(kinds, known, self::shape)))))
}

/// How the attributes of a row type are read.
pub fn shape(type_id: u32, typmod: i32, kinds: &[Kind]) -> Result<Shape> {
    catalog::with_row_type(type_id, typmod, |descriptor| {
        let kept = descriptor.iter().filter(|facts| !facts.attisdropped).count();
        if kept != kinds.len() {
            return Err(Error::new("42804", "a row type has other attributes than its kind")
                .detail(format!("It has {kept}, the kind has {}.", kinds.len())));
        }
        let mut kinds = kinds.iter();
        let attributes = descriptor.iter().map(|facts| {
            let kind = if facts.attisdropped { None } else { kinds.next() };
            attribute(facts, kind)
        });
        let typmod = (type_id == pg_sys::RECORDOID.to_u32()).then_some(typmod);
        Ok(Shape { type_id, typmod, attributes: attributes.collect::<Result<_>>()? })
    })
}

fn attribute(facts: &pg_sys::FormData_pg_attribute, kind: Option<&Kind>) -> Result<Attribute> {
    let storage = Storage {
        len: facts.attlen,
        by_value: facts.attbyval,
        align: alignment(facts.attalign as u8),
    };
    let decoder = kind.map(|kind| bind(kind, facts.atttypid)).transpose()?;
    Ok(Attribute { storage, decoder })
}

fn scalar(kind: &Kind, base: pg_sys::Oid) -> Option<Scalar> {
    Some(match (kind, base) {
        (Kind::Bool, pg_sys::BOOLOID) => Scalar::Bool,
        (Kind::Integer, pg_sys::INT2OID) => Scalar::Int2,
        (Kind::Integer, pg_sys::INT4OID) => Scalar::Int4,
        (Kind::Integer, pg_sys::INT8OID) => Scalar::Int8,
        (Kind::Numeric, pg_sys::NUMERICOID) => Scalar::Numeric,
        (Kind::Float4, pg_sys::FLOAT4OID) => Scalar::Float4,
        (Kind::Float8, pg_sys::FLOAT8OID) => Scalar::Float8,
        (Kind::Text, pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::JSONOID) => Scalar::Text,
        (Kind::Text, pg_sys::NAMEOID) => Scalar::Name,
        (Kind::Char, pg_sys::BPCHAROID) => Scalar::Char,
        (Kind::Bytes, pg_sys::BYTEAOID) => Scalar::Bytes,
        (Kind::Bits, pg_sys::BITOID | pg_sys::VARBITOID) => Scalar::Bits,
        (Kind::Date, pg_sys::DATEOID) => Scalar::Date,
        (Kind::Time, pg_sys::TIMEOID) => Scalar::Time,
        (Kind::TimeTz, pg_sys::TIMETZOID) => Scalar::TimeTz,
        (Kind::Timestamp, pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID) => Scalar::Timestamp,
        (Kind::Interval, pg_sys::INTERVALOID) => Scalar::Interval,
        (Kind::Uuid, pg_sys::UUIDOID) => Scalar::Uuid,
        (Kind::Json, pg_sys::JSONBOID) => Scalar::Jsonb,
        _ => return None,
    })
}

/// pgvector's types have no fixed OID.
fn embedding(kind: &Kind, base: pg_sys::Oid) -> Option<Scalar> {
    match (kind, catalog::name(base)?.as_slice()) {
        (Kind::Vector, b"vector") => Some(Scalar::Vector),
        (Kind::HalfVec, b"halfvec") => Some(Scalar::HalfVec),
        (Kind::SparseVec, b"sparsevec") => Some(Scalar::SparseVec),
        _ => None,
    }
}
