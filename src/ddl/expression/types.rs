//! DuckDB's type names, as its catalog prints them in casts.

use migrator_model::{Field, LogicalType as L, reject::shown};
use sqlparser::ast::{
    ArrayElemTypeDef, DataType as D, EnumMember, ExactNumberInfo, ObjectName, TimezoneInfo,
};

use super::{Untranslatable, refuse};

/// A type name as a logical type.
pub(in crate::ddl) fn logical(data_type: &D) -> Result<L, Untranslatable> {
    let known = match data_type {
        D::Array(ArrayElemTypeDef::SquareBracket(element, None)) => {
            return Ok(L::List(Box::new(logical(element)?)));
        }
        D::Array(ArrayElemTypeDef::SquareBracket(element, Some(size))) => {
            let Ok(size) = u32::try_from(*size) else { return unknown(data_type) };
            return Ok(L::Array(Box::new(logical(element)?), size));
        }
        D::Decimal(info) | D::Numeric(info) | D::Dec(info) => decimal(info),
        D::Enum(members, None) => labels(members),
        D::Struct(fields, _) => {
            let mut parts = Vec::new();
            for field in fields {
                let name = field.field_name.as_ref().map_or("", |name| &name.value).to_owned();
                parts.push(Field { name, logical: logical(&field.field_type)? });
            }
            Some(L::Struct(parts))
        }
        D::Timestamp(None, zone) => Some(match zone {
            TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => L::Timestamp,
            TimezoneInfo::Tz | TimezoneInfo::WithTimeZone => L::TimestampTz,
        }),
        D::Time(None, zone) => Some(match zone {
            TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => L::Time,
            TimezoneInfo::Tz | TimezoneInfo::WithTimeZone => L::TimeTz,
        }),
        D::Custom(name, modifiers) if modifiers.is_empty() => custom(name),
        plain => simple(plain),
    };
    known.map_or_else(|| unknown(data_type), Ok)
}

fn unknown<T>(data_type: &D) -> Result<T, Untranslatable> {
    refuse(format!("type {} is not supported", shown(&data_type.to_string())))
}

/// Types without parameters. DuckDB ignores the length of a VARCHAR.
fn simple(data_type: &D) -> Option<L> {
    Some(match data_type {
        D::Boolean | D::Bool => L::Boolean,
        D::TinyInt(None) => L::TinyInt,
        D::SmallInt(None) | D::Int2(None) => L::SmallInt,
        D::Integer(None) | D::Int(None) | D::Int4(None) => L::Integer,
        D::BigInt(None) | D::Int8(None) => L::BigInt,
        D::HugeInt => L::HugeInt,
        D::UTinyInt => L::UTinyInt,
        D::USmallInt => L::USmallInt,
        D::UBigInt => L::UBigInt,
        D::UHugeInt => L::UHugeInt,
        D::Real | D::Float4 | D::Float(ExactNumberInfo::None) => L::Float,
        D::Double(ExactNumberInfo::None) | D::DoublePrecision | D::Float8 => L::Double,
        D::Varchar(_) | D::Text | D::String(None) => L::Varchar,
        D::Blob(None) | D::Bytea => L::Blob,
        D::Date => L::Date,
        D::Datetime(None) => L::Timestamp,
        D::Interval { fields: None, precision: None } => L::Interval,
        D::Uuid => L::Uuid,
        D::JSON => L::Json,
        _ => return None,
    })
}

/// Names that sqlparser has no variant for, bare or quoted.
fn custom(name: &ObjectName) -> Option<L> {
    let [part] = name.0.as_slice() else { return None };
    Some(match part.as_ident()?.value.to_ascii_lowercase().as_str() {
        "uinteger" | "uint32" => L::UInteger,
        "timestamp_us" => L::Timestamp,
        "timestamp_ms" => L::TimestampMs,
        "timestamp_s" => L::TimestampS,
        "timestamp_ns" => L::TimestampNs,
        "time_ns" => L::TimeNs,
        "json" => L::Json,
        "varchar" | "text" => L::Varchar,
        "date" => L::Date,
        "boolean" => L::Boolean,
        "uuid" => L::Uuid,
        "blob" => L::Blob,
        _ => return None,
    })
}

fn decimal(info: &ExactNumberInfo) -> Option<L> {
    let (width, scale) = match info {
        ExactNumberInfo::None => (18, 3),
        ExactNumberInfo::Precision(width) => (*width, 0),
        ExactNumberInfo::PrecisionAndScale(width, scale) => (*width, u64::try_from(*scale).ok()?),
    };
    let (width, scale) = (u8::try_from(width).ok()?, u8::try_from(scale).ok()?);
    ((1..=38).contains(&width) && scale <= width).then_some(L::Decimal { width, scale })
}

fn labels(members: &[EnumMember]) -> Option<L> {
    let label = |member: &EnumMember| match member {
        EnumMember::Name(label) => Some(label.clone()),
        EnumMember::NamedValue(..) => None,
    };
    members.iter().map(label).collect::<Option<_>>().map(L::Enum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::{dialect::DuckDbDialect, parser::Parser};

    fn read(text: &str) -> Option<String> {
        let mut parser = Parser::new(&DuckDbDialect {}).try_with_sql(text).unwrap();
        logical(&parser.parse_data_type().unwrap()).ok().map(|logical| logical.to_string())
    }

    #[test]
    fn names_are_read_in_any_case() {
        assert_eq!(read("utinyint").unwrap(), "UTINYINT");
        assert_eq!(read("uinteger").unwrap(), "UINTEGER");
        assert_eq!(read("\"json\"").unwrap(), "JSON");
        assert_eq!(read("TIMESTAMP_US").unwrap(), "TIMESTAMP");
        assert_eq!(read("timestamptz").unwrap(), "TIMESTAMP WITH TIME ZONE");
        assert_eq!(read("DECIMAL(14, 5)").unwrap(), "DECIMAL(14,5)");
        assert_eq!(read("VARCHAR(10)").unwrap(), "VARCHAR");
        assert_eq!(read("STRUCT(a INTEGER)[]").unwrap(), "STRUCT(a INTEGER)[]");
        assert_eq!(read("FLOAT[3]").unwrap(), "FLOAT[3]");
        assert_eq!(read("enum('a', 'b')").unwrap(), "ENUM('a', 'b')");
    }

    #[test]
    fn every_plain_type_that_duckdb_prints_is_read() {
        let names = "BOOLEAN TINYINT SMALLINT INTEGER BIGINT HUGEINT UTINYINT USMALLINT UINTEGER \
                     UBIGINT UHUGEINT FLOAT DOUBLE VARCHAR BLOB DATE TIME TIMESTAMP TIMESTAMP_S \
                     TIMESTAMP_MS TIMESTAMP_NS INTERVAL UUID";
        for name in names.split_whitespace() {
            assert_eq!(read(name).as_deref(), Some(name));
            assert_eq!(read(&name.to_lowercase()).as_deref(), Some(name));
        }
    }

    #[test]
    fn other_names_are_refused() {
        assert_eq!(read("order_status"), None);
        assert_eq!(read("DECIMAL(39, 5)"), None);
        assert_eq!(read("MAP(VARCHAR, INTEGER)"), None);
    }
}
