//! Chooses what reads a column: the only place that looks at types, once per chunk.

use migrator_model::{
    LogicalType,
    canonical::{Canonical, Kind},
};

use super::{
    bits, document, embedding, json, list,
    nul::Nul,
    number,
    read::is_nested,
    row, text, time,
    values::{Bound, by_row, each},
};
use crate::vector::{Data, Validity, Vector};

/// What the values of a column mean.
#[derive(Clone, Copy)]
pub struct Column<'c> {
    /// DuckDB's type, of which the vector holds what `read` says.
    pub logical: &'c LogicalType,
    /// What the target makes of it.
    pub kind: &'c Kind,
    /// Fractional digits of seconds that the target keeps; None: all.
    pub digits: Option<u8>,
    /// What has become of NUL bytes.
    pub nul: Nul<'c>,
    /// Whether vectors were scaled to length 1.
    pub normalize: bool,
}

/// Binds a column to a vector. What no value of the kind can be is invalid, whatever it is.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Bound<'c> {
    bound(column, vector).unwrap_or_else(|| invalid(vector))
}

fn bound<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    use LogicalType as L;
    let validity = vector.validity;
    match (column.kind, column.logical, &vector.data) {
        (_, L::Null, _) | (_, _, Data::Null) => Some(by_row(Validity(None), |_, out| out.null())),
        (Kind::Bool, L::Boolean, Data::Bool(stored)) => {
            Some(each(validity, stored, |value, out| out.bool(*value != 0)))
        }
        (Kind::Integer, ..) => number::integers(column, vector),
        (Kind::Numeric, ..) => number::numerics(column, vector),
        (Kind::Float4 | Kind::Float8, ..) => number::floats(column.kind, vector),
        (Kind::Json, L::Varchar | L::Json | L::Variant, _) => json::bind(column.nul, vector),
        (Kind::Json, ..) => Some(document::bind(column, vector)),
        (Kind::Text, logical, _) if is_nested(logical) && *logical != L::Variant => {
            Some(document::bind(column, vector))
        }
        (Kind::Text | Kind::Char, ..) => text::bind(column, vector),
        (Kind::Bytes | Kind::Uuid, ..) => text::bind_bytes(column, vector),
        (Kind::Bits, ..) => bits::bind(vector),
        (Kind::Date | Kind::Time | Kind::TimeTz | Kind::Timestamp | Kind::Interval, ..) => {
            time::bind(column, vector)
        }
        (Kind::Array(element), ..) => list::bind(column, element, vector),
        (Kind::Row(attributes), L::Struct(fields), Data::Struct(parts)) => {
            row::bind(column, attributes, fields, parts, validity)
        }
        (Kind::Vector | Kind::HalfVec | Kind::SparseVec, ..) => embedding::bind(column, vector),
        _ => None,
    }
}

/// Values of a type that the target's cannot hold.
fn invalid<'c>(vector: &'c Vector<'c>) -> Bound<'c> {
    match &vector.data {
        Data::Str(stored) => each(vector.validity, stored, |value, out| out.invalid(value.bytes())),
        _ => by_row(vector.validity, |_, out: &mut Canonical| out.invalid(b"")),
    }
}
