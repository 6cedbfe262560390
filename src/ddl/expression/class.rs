//! DuckDB's types as far as they decide what operators and functions mean.

use migrator_model::{
    Field, LogicalType as L, PgType as P, pg_type::Environment, policy::Losses, rules,
};

use super::Column;

/// A DuckDB type as far as it decides what operators and functions mean, given that the target
/// stores it in the type that keeps that meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ddl) enum Class {
    Boolean,
    /// Decimal digits (3, 5, 10, 19, 20, 39) tell the integer types apart.
    Integer {
        digits: u8,
        unsigned: bool,
    },
    Decimal {
        width: u8,
        scale: u8,
    },
    Float,
    Double,
    Text,
    /// A text with a collation of DuckDB's, which compares it otherwise.
    Collated(String),
    Date,
    Time,
    /// Fractional digits.
    Timestamp(u8),
    TimestampTz,
    Interval,
    Uuid,
    Blob,
    Json,
    Enum(Vec<String>),
    List(Box<Class>),
    /// A LIST of what an array cannot hold: a jsonb document, as those below it are.
    Documents(Box<Class>),
    /// The fields with their names.
    Struct(Vec<(String, Class)>),
    Map(Box<Class>, Box<Class>),
    /// The members with their tags.
    Union(Vec<(String, Class)>),
    /// NULL, or a string literal that has not met a typed value.
    Untyped,
    /// Everything else, by its name: it can be compared with NULL only.
    Opaque(String),
}

/// The DuckDB type of `x` in `x + 1`, for integers.
pub(in crate::ddl) const INTEGER: Class = Class::Integer { digits: 10, unsigned: false };
pub(in crate::ddl) const BIGINT: Class = Class::Integer { digits: 19, unsigned: false };

impl Class {
    /// The class of a column of a table or view.
    pub(in crate::ddl) fn of_column(column: &Column<'_>) -> Self {
        match (Self::of(column.logical, column.pg), column.collation) {
            (Self::Text, Some(collation)) => Self::Collated(collation.to_owned()),
            (class, _) => class,
        }
    }

    /// The class of a column; opaque where its target type has another meaning.
    pub(in crate::ddl) fn of(logical: &L, pg: &P) -> Self {
        let class = Self::of_logical(logical);
        let kept = match (&class, pg) {
            (Self::Boolean, P::Bool)
            | (Self::Integer { .. }, P::Int2 | P::Int4 | P::Int8)
            | (Self::Integer { .. }, P::Numeric(Some((_, 0))))
            | (Self::Decimal { .. }, P::Numeric(_))
            | (Self::Float, P::Float4)
            | (Self::Double, P::Float8)
            | (Self::Text, P::Text | P::Varchar(_))
            | (Self::Date, P::Date)
            | (Self::Time, P::Time(_))
            | (Self::Timestamp(_), P::Timestamp(_))
            | (Self::TimestampTz, P::TimestampTz(_))
            | (Self::Interval, P::Interval)
            | (Self::Uuid, P::Uuid)
            | (Self::Blob, P::Bytea)
            | (Self::Json, P::Json | P::Jsonb)
            | (Self::Enum(_), P::Enum { .. }) => true,
            (Self::Documents(_) | Self::Struct(_) | Self::Map(..) | Self::Union(_), P::Jsonb) => {
                true
            }
            (Self::List(_), P::Array(element)) => match logical {
                L::List(inner) | L::Array(inner, _) => {
                    !matches!(Self::of(inner, element), Self::Opaque(_))
                }
                _ => false,
            },
            _ => false,
        };
        if kept { class } else { Self::Opaque(logical.to_string()) }
    }

    /// The class of a DuckDB type.
    pub(in crate::ddl) fn of_logical(logical: &L) -> Self {
        let integer = |digits, unsigned| Self::Integer { digits, unsigned };
        match logical {
            L::Boolean => Self::Boolean,
            L::TinyInt => integer(3, false),
            L::SmallInt => integer(5, false),
            L::Integer => integer(10, false),
            L::BigInt => integer(19, false),
            L::HugeInt => integer(39, false),
            L::UTinyInt => integer(3, true),
            L::USmallInt => integer(5, true),
            L::UInteger => integer(10, true),
            L::UBigInt => integer(20, true),
            L::UHugeInt => integer(39, true),
            L::Float => Self::Float,
            L::Double => Self::Double,
            L::Decimal { width, scale } => Self::Decimal { width: *width, scale: *scale },
            L::Varchar => Self::Text,
            L::Json => Self::Json,
            L::Blob => Self::Blob,
            L::Date => Self::Date,
            L::Time => Self::Time,
            L::Timestamp => Self::Timestamp(6),
            L::TimestampMs => Self::Timestamp(3),
            L::TimestampS => Self::Timestamp(0),
            L::TimestampTz => Self::TimestampTz,
            L::Interval => Self::Interval,
            L::Uuid => Self::Uuid,
            L::Enum(labels) => Self::Enum(labels.clone()),
            L::List(element) | L::Array(element, _) => {
                let class = Self::of_logical(element);
                match class.document() {
                    true => Self::Documents(Box::new(class)),
                    false => Self::List(Box::new(class)),
                }
            }
            L::Struct(fields) => Self::Struct(members(fields)),
            L::Union(fields) => Self::Union(members(fields)),
            L::Map(key, value) => {
                Self::Map(Box::new(Self::of_logical(key)), Box::new(Self::of_logical(value)))
            }
            other => Self::Opaque(other.to_string()),
        }
    }

    /// The DuckDB type of this class.
    pub(in crate::ddl) fn logical(&self) -> L {
        match self {
            Self::Boolean => L::Boolean,
            Self::Integer { digits, unsigned } => integer(*digits, *unsigned),
            Self::Decimal { width, scale } => L::Decimal { width: *width, scale: *scale },
            Self::Float => L::Float,
            Self::Double => L::Double,
            Self::Text | Self::Collated(_) => L::Varchar,
            Self::Date => L::Date,
            Self::Time => L::Time,
            Self::Timestamp(0) => L::TimestampS,
            Self::Timestamp(3) => L::TimestampMs,
            Self::Timestamp(_) => L::Timestamp,
            Self::TimestampTz => L::TimestampTz,
            Self::Interval => L::Interval,
            Self::Uuid => L::Uuid,
            Self::Blob => L::Blob,
            Self::Json => L::Json,
            Self::Enum(labels) => L::Enum(labels.clone()),
            Self::List(element) | Self::Documents(element) => L::List(Box::new(element.logical())),
            Self::Struct(fields) => L::Struct(fields_of(fields)),
            Self::Union(fields) => L::Union(fields_of(fields)),
            Self::Map(key, value) => L::Map(Box::new(key.logical()), Box::new(value.logical())),
            Self::Untyped => L::Null,
            Self::Opaque(name) => L::Unknown(name.clone()),
        }
    }

    /// PostgreSQL's type for it, where that is known by the class alone.
    pub(in crate::ddl) fn pg(&self, environment: &Environment) -> Option<String> {
        match self {
            Self::Enum(_) | Self::Opaque(_) => None,
            Self::List(element) => Some(format!("{}[]", element.pg(environment)?)),
            Self::Json | Self::Documents(_) | Self::Struct(_) | Self::Map(..) | Self::Union(_) => {
                Some("jsonb".into())
            }
            plain => {
                let mapped = rules::map(&plain.logical(), environment, &Losses::default());
                Some(mapped.pg.sql(environment))
            }
        }
    }

    /// DuckDB's word, for messages.
    pub(in crate::ddl) fn name(&self) -> String {
        match self {
            Self::Boolean => "BOOLEAN".into(),
            Self::Integer { digits, unsigned } => {
                let sign = if *unsigned { "U" } else { "" };
                let size = match digits {
                    3 => "TINYINT",
                    5 => "SMALLINT",
                    10 => "INTEGER",
                    19 | 20 => "BIGINT",
                    _ => "HUGEINT",
                };
                format!("{sign}{size}")
            }
            Self::Decimal { width, scale } => format!("DECIMAL({width},{scale})"),
            Self::Float => "FLOAT".into(),
            Self::Double => "DOUBLE".into(),
            Self::Text => "VARCHAR".into(),
            Self::Collated(collation) => format!("VARCHAR COLLATE {collation}"),
            Self::Date => "DATE".into(),
            Self::Time => "TIME".into(),
            Self::Timestamp(_) => "TIMESTAMP".into(),
            Self::TimestampTz => "TIMESTAMP WITH TIME ZONE".into(),
            Self::Interval => "INTERVAL".into(),
            Self::Uuid => "UUID".into(),
            Self::Blob => "BLOB".into(),
            Self::Json => "JSON".into(),
            Self::Enum(_) => "ENUM".into(),
            Self::List(element) | Self::Documents(element) => format!("{}[]", element.name()),
            Self::Struct(_) | Self::Map(..) | Self::Union(_) => self.logical().to_string(),
            Self::Untyped => "\"NULL\"".into(),
            Self::Opaque(name) => name.clone(),
        }
    }

    /// Whether values are exact numbers.
    pub(in crate::ddl) fn exact(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Decimal { .. })
    }

    /// Whether values are numbers.
    pub(in crate::ddl) fn number(&self) -> bool {
        self.exact() || matches!(self, Self::Float | Self::Double)
    }

    /// Whether values are a day or a point in time without a zone.
    pub(in crate::ddl) fn datetime(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp(_))
    }

    /// Width and scale as a DECIMAL holds them, for exact numbers.
    pub(in crate::ddl) fn decimal(&self) -> Option<(u8, u8)> {
        match self {
            Self::Integer { digits, .. } => Some((*digits, 0)),
            Self::Decimal { width, scale } => Some((*width, *scale)),
            _ => None,
        }
    }

    /// Whether `=` means the same in both systems.
    pub(in crate::ddl) fn comparable(&self) -> bool {
        !matches!(
            self,
            Self::Json | Self::List(_) | Self::Untyped | Self::Opaque(_) | Self::Collated(_)
        ) && !self.document()
    }

    /// Whether values are jsonb documents, though they are not JSON in DuckDB.
    pub(in crate::ddl) fn document(&self) -> bool {
        matches!(self, Self::Documents(_) | Self::Struct(_) | Self::Map(..) | Self::Union(_))
    }

    /// Whether an array cannot have such elements.
    pub(in crate::ddl) fn nested(&self) -> bool {
        self.document()
            || matches!(self, Self::List(_) | Self::Untyped | Self::Opaque(_) | Self::Collated(_))
    }
}

fn members(fields: &[Field]) -> Vec<(String, Class)> {
    fields.iter().map(|field| (field.name.clone(), Class::of_logical(&field.logical))).collect()
}

fn fields_of(members: &[(String, Class)]) -> Vec<Field> {
    let field =
        |(name, class): &(String, Class)| Field { name: name.clone(), logical: class.logical() };
    members.iter().map(field).collect()
}

fn integer(digits: u8, unsigned: bool) -> L {
    match (digits, unsigned) {
        (3, false) => L::TinyInt,
        (5, false) => L::SmallInt,
        (10, false) => L::Integer,
        (19 | 20, false) => L::BigInt,
        (_, false) => L::HugeInt,
        (3, true) => L::UTinyInt,
        (5, true) => L::USmallInt,
        (10, true) => L::UInteger,
        (19 | 20, true) => L::UBigInt,
        (_, true) => L::UHugeInt,
    }
}
