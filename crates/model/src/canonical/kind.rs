//! What values mean, whatever holds them.

use serde::{Deserialize, Serialize};

use crate::pg_type::PgType;

/// The meaning of a value: decides its canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The variants bear the names of what they mean.
pub enum Kind {
    Bool,
    /// An integer of any width.
    Integer,
    Numeric,
    Float4,
    Float8,
    Text,
    /// character(n): blanks at the end mean nothing.
    Char,
    Bytes,
    Bits,
    Date,
    Time,
    TimeTz,
    /// With or without time zone: both count from 2000-01-01 00:00:00 UTC.
    Timestamp,
    Interval,
    Uuid,
    /// A JSON document as jsonb understands it.
    Json,
    /// An array of PostgreSQL: a rectangle of elements.
    Array(Box<Kind>),
    /// A row type: names and kinds of its attributes, in their order.
    Row(Vec<(String, Kind)>),
    /// pgvector's vector.
    Vector,
    /// pgvector's halfvec.
    HalfVec,
    /// pgvector's sparsevec.
    SparseVec,
}

impl Kind {
    /// What the values of a PostgreSQL type mean. A geometry counts as its ISO WKB.
    pub fn of(pg: &PgType) -> Self {
        use PgType as P;
        match pg {
            P::Bool => Self::Bool,
            P::Int2 | P::Int4 | P::Int8 => Self::Integer,
            P::Numeric(_) => Self::Numeric,
            P::Float4 => Self::Float4,
            P::Float8 => Self::Float8,
            P::Text | P::Varchar(_) | P::Json | P::Enum { .. } => Self::Text,
            P::Char(_) => Self::Char,
            P::Bytea | P::Geometry(_) => Self::Bytes,
            P::Varbit(_) | P::Bit(_) => Self::Bits,
            P::Date => Self::Date,
            P::Time(_) => Self::Time,
            P::TimeTz(_) => Self::TimeTz,
            P::Timestamp(_) | P::TimestampTz(_) => Self::Timestamp,
            P::Interval => Self::Interval,
            P::Uuid => Self::Uuid,
            P::Jsonb => Self::Json,
            P::Array(element) => Self::Array(Box::new(Self::of(element))),
            P::Vector(_) => Self::Vector,
            P::HalfVec(_) => Self::HalfVec,
            P::SparseVec(_) => Self::SparseVec,
            P::Composite { attributes, .. } => Self::Row(
                attributes.iter().map(|(name, pg)| (name.clone(), Self::of(pg))).collect(),
            ),
        }
    }
}
