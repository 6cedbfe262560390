//! DuckDB's logical types as a closed enum, so that the compiler lists every gap when one is added.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A type with more levels than this is carried as [`LogicalType::Unknown`].
pub const MAX_DEPTH: usize = 24;

/// A named part of a STRUCT or a member of a UNION.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The field's name as DuckDB spells it; empty in a TUPLE.
    pub name: String,
    /// The field's type.
    pub logical: LogicalType,
}

impl Field {
    /// The field of this name: spelled exactly so, or else in another case, as DuckDB finds it.
    pub fn position(fields: &[Field], name: &str) -> Option<usize> {
        let exact = fields.iter().position(|field| field.name == name);
        let folded = || fields.iter().position(|f| f.name.eq_ignore_ascii_case(name));
        exact.or_else(folded)
    }
}

/// A logical type of DuckDB 2.0, with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The variants bear DuckDB's own names.
pub enum LogicalType {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    UTinyInt,
    USmallInt,
    UInteger,
    UBigInt,
    HugeInt,
    UHugeInt,
    BigNum,
    Float,
    Double,
    Decimal {
        width: u8,
        scale: u8,
    },
    Varchar,
    Json,
    Blob,
    Bit,
    Date,
    Time,
    TimeNs,
    TimeTz,
    Timestamp,
    TimestampS,
    TimestampMs,
    TimestampNs,
    TimestampTz,
    TimestampTzNs,
    Interval,
    Uuid,
    Enum(Vec<String>),
    List(Box<LogicalType>),
    Array(Box<LogicalType>, u32),
    Struct(Vec<Field>),
    Tuple(Vec<LogicalType>),
    Map(Box<LogicalType>, Box<LogicalType>),
    Union(Vec<Field>),
    Variant,
    Geometry {
        crs: Option<String>,
    },
    Null,
    /// A type this version does not know, by DuckDB's own text.
    Unknown(String),
}

impl LogicalType {
    /// The types directly inside this one, in order.
    pub fn children(&self) -> Vec<&LogicalType> {
        match self {
            Self::List(element) | Self::Array(element, _) => vec![element],
            Self::Map(key, value) => vec![key, value],
            Self::Struct(fields) | Self::Union(fields) => {
                fields.iter().map(|field| &field.logical).collect()
            }
            Self::Tuple(members) => members.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Whether values are whole numbers of up to 128 bits.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::TinyInt
                | Self::SmallInt
                | Self::Integer
                | Self::BigInt
                | Self::HugeInt
                | Self::UTinyInt
                | Self::USmallInt
                | Self::UInteger
                | Self::UBigInt
                | Self::UHugeInt
        )
    }

    /// Whether values are dates with a time, of any precision, with or without time zone.
    pub fn is_timestamp(&self) -> bool {
        matches!(
            self,
            Self::Timestamp
                | Self::TimestampS
                | Self::TimestampMs
                | Self::TimestampNs
                | Self::TimestampTz
                | Self::TimestampTzNs
        )
    }

    /// Whether `wanted` holds for this type or any type inside it.
    pub fn any(&self, wanted: &dyn Fn(&LogicalType) -> bool) -> bool {
        wanted(self) || self.children().into_iter().any(|child| child.any(wanted))
    }
}

impl fmt::Display for LogicalType {
    /// Writes the type as DuckDB's `typeof()` does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal { width, scale } => write!(f, "DECIMAL({width},{scale})"),
            Self::Enum(labels) => write!(f, "ENUM({})", list(labels, |label| literal(label))),
            Self::List(element) => write!(f, "{element}[]"),
            Self::Array(element, size) => write!(f, "{element}[{size}]"),
            Self::Struct(fields) => write!(f, "STRUCT({})", list(fields, field_text)),
            Self::Tuple(members) => write!(f, "TUPLE({})", list(members, ToString::to_string)),
            Self::Map(key, value) => write!(f, "MAP({key}, {value})"),
            Self::Union(fields) => write!(f, "UNION({})", list(fields, field_text)),
            Self::Geometry { crs: Some(crs) } => write!(f, "GEOMETRY({})", literal(crs)),
            Self::Unknown(text) => f.write_str(text),
            plain => f.write_str(plain_name(plain)),
        }
    }
}

fn plain_name(logical: &LogicalType) -> &'static str {
    match logical {
        LogicalType::Boolean => "BOOLEAN",
        LogicalType::TinyInt => "TINYINT",
        LogicalType::SmallInt => "SMALLINT",
        LogicalType::Integer => "INTEGER",
        LogicalType::BigInt => "BIGINT",
        LogicalType::UTinyInt => "UTINYINT",
        LogicalType::USmallInt => "USMALLINT",
        LogicalType::UInteger => "UINTEGER",
        LogicalType::UBigInt => "UBIGINT",
        LogicalType::HugeInt => "HUGEINT",
        LogicalType::UHugeInt => "UHUGEINT",
        LogicalType::BigNum => "BIGNUM",
        LogicalType::Float => "FLOAT",
        LogicalType::Double => "DOUBLE",
        LogicalType::Varchar => "VARCHAR",
        LogicalType::Json => "JSON",
        LogicalType::Blob => "BLOB",
        LogicalType::Bit => "BIT",
        LogicalType::Date => "DATE",
        LogicalType::Time => "TIME",
        LogicalType::TimeNs => "TIME_NS",
        LogicalType::TimeTz => "TIME WITH TIME ZONE",
        LogicalType::Timestamp => "TIMESTAMP",
        LogicalType::TimestampS => "TIMESTAMP_S",
        LogicalType::TimestampMs => "TIMESTAMP_MS",
        LogicalType::TimestampNs => "TIMESTAMP_NS",
        LogicalType::TimestampTz => "TIMESTAMP WITH TIME ZONE",
        LogicalType::TimestampTzNs => "TIMESTAMPTZ_NS",
        LogicalType::Interval => "INTERVAL",
        LogicalType::Uuid => "UUID",
        LogicalType::Variant => "VARIANT",
        LogicalType::Geometry { .. } => "GEOMETRY",
        LogicalType::Null => "\"NULL\"",
        _ => "UNKNOWN",
    }
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn field_text(field: &Field) -> String {
    format!("{} {}", crate::ident::duckdb_name(&field.name), field.logical)
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_types_print_as_duckdb_prints_them() {
        let inner = LogicalType::Array(Box::new(LogicalType::Float), 3);
        let logical = LogicalType::Struct(vec![
            Field { name: "a".into(), logical: LogicalType::List(Box::new(inner)) },
            Field { name: "b c".into(), logical: LogicalType::Enum(vec!["it's".into()]) },
        ]);
        assert_eq!(logical.to_string(), "STRUCT(a FLOAT[3][], \"b c\" ENUM('it''s'))");
    }

    #[test]
    fn any_looks_into_every_level() {
        let logical = LogicalType::List(Box::new(LogicalType::Map(
            Box::new(LogicalType::Varchar),
            Box::new(LogicalType::TimestampNs),
        )));
        assert!(logical.any(&|inner| *inner == LogicalType::TimestampNs));
        assert!(!logical.any(&|inner| *inner == LogicalType::Json));
    }
}
