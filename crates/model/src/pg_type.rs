//! PostgreSQL's types as far as a DuckDB value can become one.

use serde::{Deserialize, Serialize};

use crate::ident::QualifiedName;

/// A column type in PostgreSQL, with its modifiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The variants bear PostgreSQL's own names.
pub enum PgType {
    Bool,
    Int2,
    Int4,
    Int8,
    /// Precision and scale, or unconstrained.
    Numeric(Option<(u16, i16)>),
    Float4,
    Float8,
    Text,
    /// Length in characters.
    Varchar(Option<u32>),
    /// Length in characters; None for `bpchar`, which has none.
    Char(Option<u32>),
    Bytea,
    /// Length in bits.
    Varbit(Option<u32>),
    /// Exact length in bits; None for `"bit"`, which has none: BIT alone means `bit(1)` in SQL.
    Bit(Option<u32>),
    Date,
    Time(Option<u8>),
    TimeTz(Option<u8>),
    /// Fractional digits, 0 to 6.
    Timestamp(Option<u8>),
    TimestampTz(Option<u8>),
    Interval,
    Uuid,
    Json,
    Jsonb,
    /// An enum type: its name, once it has one, and the labels in order.
    Enum {
        name: Option<QualifiedName>,
        labels: Vec<String>,
    },
    Array(Box<PgType>),
    /// pgvector's `vector`, with its dimensions.
    Vector(Option<u32>),
    /// pgvector's `halfvec`, with its dimensions.
    HalfVec(Option<u32>),
    /// pgvector's `sparsevec`, with its dimensions.
    SparseVec(Option<u32>),
    /// PostGIS' `geometry`, with what a column's modifier restricts it to.
    Geometry(Option<GeometryForm>),
    /// A row type: its name, once it has one, and its attributes.
    Composite {
        name: Option<QualifiedName>,
        attributes: Vec<(String, PgType)>,
    },
}

/// What PostGIS' type modifier restricts a column to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeometryForm {
    /// The SRID; 0 for any.
    pub srid: i32,
    /// The place in [`GEOMETRY_KINDS`]; 0 for any.
    pub kind: u8,
    /// Whether values have a Z ordinate; one that has none more or less does not fit.
    pub z: bool,
    /// Whether values have an M ordinate.
    pub m: bool,
}

/// The names of PostGIS' geometry types, at the places of their numbers (liblwgeom.h).
pub const GEOMETRY_KINDS: [&str; 16] = [
    "Geometry",
    "Point",
    "LineString",
    "Polygon",
    "MultiPoint",
    "MultiLineString",
    "MultiPolygon",
    "GeometryCollection",
    "CircularString",
    "CompoundCurve",
    "CurvePolygon",
    "MultiCurve",
    "MultiSurface",
    "PolyhedralSurface",
    "Triangle",
    "Tin",
];

impl std::fmt::Display for GeometryForm {
    /// Writes the modifier as `postgis_typmod_out()` does.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = GEOMETRY_KINDS.get(usize::from(self.kind)).unwrap_or(&GEOMETRY_KINDS[0]);
        let (z, m) = (if self.z { "Z" } else { "" }, if self.m { "M" } else { "" });
        write!(f, "{kind}{z}{m}")?;
        if self.srid > 0 { write!(f, ",{}", self.srid) } else { Ok(()) }
    }
}

/// pgvector's VECTOR_MAX_DIM, HALFVEC_MAX_DIM.
pub const MAX_VECTOR: u32 = 16_000;
/// pgvector's SPARSEVEC_MAX_DIM.
pub const MAX_SPARSE: u32 = 1_000_000_000;
/// pgvector's SPARSEVEC_MAX_NNZ: no sparse vector has more numbers that are not zero.
pub const MAX_NONZERO: u32 = 16_000;
/// The longest n of `bit(n)` (MaxAttrSize in bits, access/htup_details.h).
pub const MAX_BIT: u32 = 10 * 1024 * 1024 * 8;

/// Where the types of other extensions live in this database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The schema of pgvector, where it is installed.
    pub pgvector: Option<crate::Ident>,
    /// The schema of PostGIS, where it is installed.
    pub postgis: Option<crate::Ident>,
}

impl PgType {
    /// The type as SQL, with every name that is not PostgreSQL's own qualified.
    pub fn sql(&self, environment: &Environment) -> String {
        match self {
            Self::Array(element) => format!("{}[]", element.sql(environment)),
            Self::Vector(_) | Self::HalfVec(_) | Self::SparseVec(_) => {
                qualified(&environment.pgvector, self)
            }
            Self::Bit(None) => format!("pg_catalog.{self}"),
            Self::Geometry(_) => qualified(&environment.postgis, self),
            Self::Enum { name: Some(name), .. } | Self::Composite { name: Some(name), .. } => {
                name.quoted()
            }
            plain => plain.to_string(),
        }
    }

    /// pgvector's types: what holds numbers of one kind, and can be scaled.
    pub fn is_vector(&self) -> bool {
        matches!(self, Self::Vector(_) | Self::HalfVec(_) | Self::SparseVec(_))
    }

    /// The type with so many dimensions (of bits: of that length); None takes them away. Any type
    /// whose values may be of one length or of many, others stay as they are.
    pub fn sized(&self, size: Option<u32>) -> PgType {
        match self {
            Self::Vector(_) => Self::Vector(size),
            Self::HalfVec(_) => Self::HalfVec(size),
            Self::SparseVec(_) => Self::SparseVec(size),
            Self::Bit(_) => Self::Bit(size),
            other => other.clone(),
        }
    }

    /// The type without a length that an explicit cast would fill or cut a value to: an assignment
    /// to the type with its length complains.
    pub fn without_length(&self) -> PgType {
        match self {
            Self::Bit(_) => Self::Bit(None),
            Self::Varbit(_) => Self::Varbit(None),
            Self::Char(_) => Self::Char(None),
            Self::Varchar(_) => Self::Varchar(None),
            Self::Array(element) => Self::Array(Box::new(element.without_length())),
            other => other.clone(),
        }
    }

    /// The greatest number that [`Self::sized`] may be given; None for a type that has one already,
    /// or never has.
    pub fn largest_size(&self) -> Option<u32> {
        match self {
            Self::Vector(None) | Self::HalfVec(None) => Some(MAX_VECTOR),
            Self::SparseVec(None) => Some(MAX_SPARSE),
            Self::Bit(None) => Some(MAX_BIT),
            _ => None,
        }
    }

    /// The innermost element type of an array, or the type itself.
    pub fn innermost(&self) -> &PgType {
        match self {
            Self::Array(element) => element.innermost(),
            other => other,
        }
    }
}

fn qualified(schema: &Option<crate::Ident>, pg: &PgType) -> String {
    match schema {
        Some(schema) => format!("{}.{pg}", schema.quoted()),
        None => pg.to_string(),
    }
}

impl std::fmt::Display for PgType {
    /// Writes the type as `format_type()` does; unnamed enums and row types by their kind.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Numeric(Some((precision, scale))) => write!(f, "numeric({precision},{scale})"),
            Self::Varchar(length) => with_modifier(f, "character varying", *length),
            Self::Char(Some(length)) => write!(f, "character({length})"),
            Self::Varbit(length) => with_modifier(f, "bit varying", *length),
            Self::Bit(Some(length)) => write!(f, "bit({length})"),
            Self::Time(digits) => temporal(f, "time", *digits, "without"),
            Self::TimeTz(digits) => temporal(f, "time", *digits, "with"),
            Self::Timestamp(digits) => temporal(f, "timestamp", *digits, "without"),
            Self::TimestampTz(digits) => temporal(f, "timestamp", *digits, "with"),
            Self::Vector(dimensions) => with_modifier(f, "vector", *dimensions),
            Self::HalfVec(dimensions) => with_modifier(f, "halfvec", *dimensions),
            Self::SparseVec(dimensions) => with_modifier(f, "sparsevec", *dimensions),
            Self::Geometry(Some(form)) => write!(f, "geometry({form})"),
            Self::Array(element) => write!(f, "{element}[]"),
            Self::Enum { name: Some(name), .. } | Self::Composite { name: Some(name), .. } => {
                f.write_str(name.name.as_str())
            }
            plain => f.write_str(plain_name(plain)),
        }
    }
}

fn plain_name(pg: &PgType) -> &'static str {
    match pg {
        PgType::Bool => "boolean",
        PgType::Int2 => "smallint",
        PgType::Int4 => "integer",
        PgType::Int8 => "bigint",
        PgType::Numeric(_) => "numeric",
        PgType::Float4 => "real",
        PgType::Float8 => "double precision",
        PgType::Text => "text",
        PgType::Char(_) => "bpchar",
        PgType::Bytea => "bytea",
        PgType::Bit(_) => "\"bit\"",
        PgType::Date => "date",
        PgType::Interval => "interval",
        PgType::Uuid => "uuid",
        PgType::Json => "json",
        PgType::Jsonb => "jsonb",
        PgType::Geometry(_) => "geometry",
        PgType::Enum { .. } => "enum",
        _ => "composite",
    }
}

fn with_modifier(
    f: &mut std::fmt::Formatter<'_>,
    name: &str,
    modifier: Option<u32>,
) -> std::fmt::Result {
    match modifier {
        Some(modifier) => write!(f, "{name}({modifier})"),
        None => f.write_str(name),
    }
}

fn temporal(
    f: &mut std::fmt::Formatter<'_>,
    name: &str,
    digits: Option<u8>,
    zone: &str,
) -> std::fmt::Result {
    match digits {
        Some(digits) => write!(f, "{name}({digits}) {zone} time zone"),
        None => write!(f, "{name} {zone} time zone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ident;

    #[test]
    fn types_print_as_format_type_prints_them() {
        assert_eq!(PgType::Numeric(Some((20, 0))).to_string(), "numeric(20,0)");
        assert_eq!(PgType::Timestamp(Some(3)).to_string(), "timestamp(3) without time zone");
        assert_eq!(PgType::Array(Box::new(PgType::Float4)).to_string(), "real[]");
        assert_eq!(PgType::SparseVec(Some(9)).to_string(), "sparsevec(9)");
        // SELECT format_type('bit'::regtype, 9), format_type('bit'::regtype, -1)
        assert_eq!(PgType::Bit(Some(9)).to_string(), "bit(9)");
        assert_eq!(PgType::Bit(None).to_string(), "\"bit\"");
    }

    #[test]
    fn what_has_no_size_can_be_given_one() {
        assert_eq!(PgType::SparseVec(None).largest_size(), Some(MAX_SPARSE));
        assert_eq!(PgType::Vector(Some(3)).largest_size(), None);
        assert_eq!(PgType::Text.largest_size(), None);
        assert_eq!(PgType::Bit(None).sized(Some(5)), PgType::Bit(Some(5)));
        assert_eq!(PgType::HalfVec(Some(5)).sized(None), PgType::HalfVec(None));
        assert_eq!(PgType::Varbit(None).sized(Some(5)), PgType::Varbit(None));
    }

    #[test]
    fn lengths_that_casts_make_values_fit_can_be_left_out() {
        let sql = |pg: PgType| pg.without_length().sql(&Environment::default());
        assert_eq!(sql(PgType::Bit(Some(5))), "pg_catalog.\"bit\"");
        assert_eq!(sql(PgType::Varbit(Some(5))), "bit varying");
        assert_eq!(sql(PgType::Char(Some(5))), "bpchar");
        assert_eq!(sql(PgType::Array(Box::new(PgType::Varchar(Some(5))))), "character varying[]");
        // A cast says itself that it does not fit.
        assert_eq!(sql(PgType::Vector(Some(5))), "vector(5)");
    }

    #[test]
    fn foreign_names_are_qualified() {
        let environment = Environment { pgvector: Some(Ident::new("ext").unwrap()), postgis: None };
        assert_eq!(PgType::Vector(Some(3)).sql(&environment), "\"ext\".vector(3)");
        assert_eq!(PgType::SparseVec(None).sql(&environment), "\"ext\".sparsevec");
        assert_eq!(PgType::Bit(None).sql(&environment), "pg_catalog.\"bit\"");
    }
}
