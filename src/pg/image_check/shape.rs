//! What an image must look like: the target's attributes, as far as checking values goes.

use migrator_model::{
    PgType,
    layout::{
        Attribute, HAS_NULL, HAS_VARWIDTH, INFOMASK_AT, Inner, MAX_ALIGN, Physical,
        ROW_TYPE_FIELDS, RowType, Target,
    },
};

/// The attributes of a relation, in order.
pub type ImageShape = Vec<AttributeShape>;

/// One attribute, or the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeShape {
    /// attlen: bytes, or -1 for a varlena.
    pub len: i16,
    /// attalign in bytes; private, because it must be a power of two.
    align: u8,
    /// Whether a value may have a one-byte header.
    pub packable: bool,
    /// attnotnull
    pub not_null: bool,
    /// What is inside.
    pub value: ValueShape,
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueShape {
    /// No value at all: dropped, or filled from nothing.
    Nothing,
    /// Any bits of the type's length: integers, floats, uuid, interval.
    AnyBits,
    /// boolean
    Bool,
    /// date
    Date,
    /// time, in multiples of so many microseconds.
    Time(i64),
    /// time with time zone, the same.
    TimeTz(i64),
    /// timestamp with or without time zone, the same.
    Timestamp(i64),
    /// An enum: the OIDs of its labels, sorted.
    Enum(Vec<u32>),
    /// bytea
    Bytea,
    /// text, character varying, character, json
    Text(Length),
    /// bit and bit varying
    Bits(Length),
    /// numeric
    Numeric(Option<NumericLimit>),
    /// jsonb
    Jsonb,
    /// An array.
    Array(Box<ArrayShape>),
    /// A row type.
    Row(Box<RowShape>),
    /// pgvector's vector, with its dimensions
    Vector(Option<u32>),
    /// pgvector's halfvec, with its dimensions
    HalfVec(Option<u32>),
    /// pgvector's sparsevec, with its dimensions
    SparseVec(Option<u32>),
    /// PostGIS' geometry
    Geometry,
}

/// How many characters a text has, or bits a bit string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Any number.
    Any,
    /// character varying(n), bit varying(n)
    AtMost(u32),
    /// character(n), filled with blanks; bit(n)
    Exactly(u32),
}

/// The modifier of numeric(precision, scale).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumericLimit {
    /// Digits behind the point; negative: zeros in front of it.
    pub scale: i32,
    /// The most digits in front of the point; negative: zeros behind it.
    pub whole: i32,
}

/// An array type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayShape {
    /// The element type's OID.
    pub element_oid: u32,
    /// The elements.
    pub element: AttributeShape,
}

/// A row type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowShape {
    /// From datum_typmod to t_ctid, the same in all values of the type.
    pub type_fields: Vec<u8>,
    /// What t_infomask holds apart from what the attributes decide.
    pub flags: u16,
    /// The attributes.
    pub attributes: ImageShape,
}

impl AttributeShape {
    /// A value that is stored like this.
    pub fn new(physical: &Physical, value: ValueShape) -> Self {
        let align = physical.align.min(MAX_ALIGN as u8).next_power_of_two();
        let Physical { len, packable, .. } = *physical;
        // No table has values of any other length.
        let value = if len == -1 || len > 0 { value } else { ValueShape::Nothing };
        Self { len, align, packable, not_null: false, value }
    }

    /// An attribute of the target, as the encoder fills it.
    pub fn of(attribute: &Attribute) -> Self {
        let filled = attribute.source.and(attribute.target.as_ref());
        let shape = filled.map_or_else(Self::nothing, |target| {
            Self::new(&target.physical, ValueShape::of(target))
        });
        Self { not_null: attribute.not_null, ..shape }
    }

    /// The elements of an array: every varlena has a four-byte header.
    fn element(target: &Target) -> Self {
        Self { packable: false, ..Self::new(&target.physical, ValueShape::of(target)) }
    }

    fn nothing() -> Self {
        Self { len: -1, align: 1, packable: true, not_null: false, value: ValueShape::Nothing }
    }

    /// attalign in bytes.
    #[inline]
    pub fn align(&self) -> usize {
        usize::from(self.align)
    }
}

impl ValueShape {
    /// What values of the target must be.
    pub fn of(target: &Target) -> Self {
        match (&target.pg, &target.inner) {
            (PgType::Array(_), Inner::Element(element)) => Self::Array(Box::new(ArrayShape {
                element_oid: element.physical.oid,
                element: AttributeShape::element(element),
            })),
            (PgType::Enum { .. }, Inner::Labels(oids)) => {
                let mut oids = oids.clone();
                oids.sort_unstable();
                Self::Enum(oids)
            }
            (PgType::Composite { .. }, Inner::Row(row)) => Self::Row(Box::new(RowShape::of(row))),
            (pg, Inner::Scalar) => Self::scalar(pg),
            _ => Self::Nothing,
        }
    }

    fn scalar(pg: &PgType) -> Self {
        use PgType as P;
        match pg {
            P::Int2 | P::Int4 | P::Int8 | P::Float4 | P::Float8 => Self::AnyBits,
            // PostgreSQL 17 has infinite intervals, and no other invalid ones.
            P::Uuid | P::Interval => Self::AnyBits,
            P::Bool => Self::Bool,
            P::Date => Self::Date,
            P::Time(digits) => Self::Time(unit(*digits)),
            P::TimeTz(digits) => Self::TimeTz(unit(*digits)),
            P::Timestamp(digits) | P::TimestampTz(digits) => Self::Timestamp(unit(*digits)),
            P::Bytea => Self::Bytea,
            P::Varbit(limit) => Self::Bits(limit.map_or(Length::Any, Length::AtMost)),
            P::Bit(length) => Self::Bits(length.map_or(Length::Any, Length::Exactly)),
            P::Numeric(limit) => Self::Numeric(limit.map(NumericLimit::from)),
            P::Jsonb => Self::Jsonb,
            P::Vector(wanted) => Self::Vector(*wanted),
            P::HalfVec(wanted) => Self::HalfVec(*wanted),
            P::SparseVec(wanted) => Self::SparseVec(*wanted),
            P::Geometry(_) => Self::Geometry,
            text => Length::of(text).map_or(Self::Nothing, Self::Text),
        }
    }
}

impl Length {
    fn of(pg: &PgType) -> Option<Self> {
        Some(match pg {
            PgType::Text | PgType::Json | PgType::Varchar(None) | PgType::Char(None) => Self::Any,
            PgType::Varchar(Some(most)) => Self::AtMost(*most),
            PgType::Char(Some(length)) => Self::Exactly(*length),
            _ => return None,
        })
    }
}

impl From<(u16, i16)> for NumericLimit {
    fn from((precision, scale): (u16, i16)) -> Self {
        Self { scale: scale.into(), whole: i32::from(precision) - i32::from(scale) }
    }
}

impl RowShape {
    fn of(row: &RowType) -> Self {
        let RowType { header, attributes } = row;
        let flags = header.get(INFOMASK_AT..).and_then(<[u8]>::first_chunk).copied();
        let flags = u16::from_le_bytes(flags.unwrap_or_default()) & !(HAS_NULL | HAS_VARWIDTH);
        let type_fields = header.get(ROW_TYPE_FIELDS).unwrap_or_default().to_vec();
        Self { type_fields, flags, attributes: attributes.iter().map(AttributeShape::of).collect() }
    }
}

/// The microseconds of a type with so many fractional digits.
fn unit(digits: Option<u8>) -> i64 {
    10_i64.pow(6 - u32::from(digits.unwrap_or(6).min(6)))
}
