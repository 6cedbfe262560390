//! The tuple image: a complete PostgreSQL heap tuple, as it lies on a page.
//!
//! Format: access/htup_details.h and access/tupmacs.h of PostgreSQL 15 to 18, little endian.
//! The backend describes the target's attributes with [`Attribute`]; the reader builds images.

use serde::{Deserialize, Serialize};

use crate::pg_type::PgType;

/// MAXIMUM_ALIGNOF: tuples and their data start at multiples of this.
pub const MAX_ALIGN: usize = 8;
/// SizeofHeapTupleHeader: the fixed part, before the null bitmap.
pub const HEADER_BYTES: usize = 23;
/// Offset of t_infomask2 (number of attributes) in the header.
pub const INFOMASK2_AT: usize = 18;
/// Offset of t_infomask in the header.
pub const INFOMASK_AT: usize = 20;
/// Offset of t_hoff in the header.
pub const HOFF_AT: usize = 22;
/// The part of a row value's header that is its type's: from datum_typmod to t_ctid.
pub const ROW_TYPE_FIELDS: std::ops::Range<usize> = 4..INFOMASK2_AT;
/// HEAP_HASNULL
pub const HAS_NULL: u16 = 0x0001;
/// HEAP_HASVARWIDTH
pub const HAS_VARWIDTH: u16 = 0x0002;
/// VARATT_SHORT_MAX - VARHDRSZ_SHORT: the largest payload with a one-byte header.
pub const SHORT_PAYLOAD: usize = 126;
/// MaxHeapAttributeNumber
pub const MAX_ATTRIBUTES: usize = 1600;
/// MaxAllocSize: no field and no tuple in memory is larger.
pub const MAX_FIELD_BYTES: usize = 0x3fff_ffff;

/// Rounds up to the next multiple of `align`, a power of two.
pub const fn align_up(offset: usize, align: usize) -> usize {
    (offset + align - 1) & !(align - 1)
}

/// How a type is stored: the columns of pg_type (or pg_attribute) that decide its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Physical {
    /// The type's OID; 0 in a dry run.
    pub oid: u32,
    /// typlen: bytes, or -1 for a varlena.
    pub len: i16,
    /// typalign in bytes: 1, 2, 4 or 8.
    pub align: u8,
    /// Whether values may have a one-byte varlena header: attstorage is not `p`.
    pub packable: bool,
}

/// A type a value becomes, with all that its bytes depend on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What the value means.
    pub pg: PgType,
    /// How it is stored.
    pub physical: Physical,
    /// What it is made of.
    pub inner: Inner,
}

/// The parts of a [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inner {
    /// A scalar.
    Scalar,
    /// An array of these.
    Element(Box<Target>),
    /// An enum: pg_enum's OIDs in the order of the PostgreSQL labels.
    Labels(Vec<u32>),
    /// A row type.
    Row(RowType),
}

/// The parts of a row type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowType {
    /// The header of a value without any attribute set, as the server makes it: where the version
    /// stamps its values, they bear this stamp.
    pub header: [u8; HEADER_BYTES],
    /// Its attributes; `source` is the position among those that are not dropped.
    pub attributes: Vec<Attribute>,
}

/// One attribute of the target relation or row type, in attnum order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// attname
    pub name: String,
    /// The type; None when the attribute is dropped.
    pub target: Option<Target>,
    /// The scan column (from 0) it is filled from; None leaves it NULL.
    pub source: Option<usize>,
    /// attnotnull
    pub not_null: bool,
}

impl Target {
    /// A target as PostgreSQL's own catalogs have it, for dry runs: OIDs are zero.
    pub fn dry(pg: &PgType) -> Target {
        let inner = match pg {
            PgType::Array(element) => Inner::Element(Box::new(Target::dry(element))),
            PgType::Enum { labels, .. } => Inner::Labels(vec![0; labels.len()]),
            PgType::Composite { attributes, .. } => {
                let attributes = dry_attributes(attributes);
                Inner::Row(RowType { header: [0; HEADER_BYTES], attributes })
            }
            _ => Inner::Scalar,
        };
        let (len, align) = dry_size(pg);
        let physical = Physical { oid: 0, len, align, packable: len == -1 };
        Target { pg: pg.clone(), physical, inner }
    }
}

fn dry_attributes(attributes: &[(String, PgType)]) -> Vec<Attribute> {
    let attribute = |(index, (name, pg)): (usize, &(String, PgType))| Attribute {
        name: name.clone(),
        target: Some(Target::dry(pg)),
        source: Some(index),
        not_null: false,
    };
    attributes.iter().enumerate().map(attribute).collect()
}

fn dry_size(pg: &PgType) -> (i16, u8) {
    match pg {
        PgType::Bool => (1, 1),
        PgType::Int2 => (2, 2),
        PgType::Int4 | PgType::Float4 | PgType::Date | PgType::Enum { .. } => (4, 4),
        PgType::Int8 | PgType::Float8 | PgType::Time(_) => (8, 8),
        PgType::Timestamp(_) | PgType::TimestampTz(_) => (8, 8),
        PgType::TimeTz(_) => (12, 8),
        PgType::Interval => (16, 8),
        PgType::Uuid => (16, 1),
        PgType::Composite { .. } | PgType::Geometry(_) => (-1, 8),
        PgType::Array(element) if dry_size(element).1 == 8 => (-1, 8),
        _ => (-1, 4),
    }
}
