//! DuckDB's logical type handle → [`LogicalType`].

use std::ffi::{CStr, c_char, c_void};

use duckdb::ffi;
use migrator_model::{Field, LogicalType, logical_type::MAX_DEPTH};

/// A handle that is destroyed with its owner.
struct Handle(ffi::duckdb_logical_type);

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle came from DuckDB and is destroyed once.
        unsafe { ffi::duckdb_destroy_logical_type(&mut self.0) };
    }
}

/// Reads a type and destroys its handle.
pub(super) fn take(raw: ffi::duckdb_logical_type) -> LogicalType {
    read(&Handle(raw), 0)
}

fn read(handle: &Handle, depth: usize) -> LogicalType {
    use ffi as f;
    if handle.0.is_null() || depth > MAX_DEPTH {
        return LogicalType::Unknown(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    // SAFETY: the handle is live.
    let id = unsafe { f::duckdb_get_type_id(handle.0) };
    match id {
        f::DUCKDB_TYPE_DUCKDB_TYPE_VARCHAR => text_type(handle),
        f::DUCKDB_TYPE_DUCKDB_TYPE_DECIMAL => decimal(handle),
        f::DUCKDB_TYPE_DUCKDB_TYPE_ENUM => LogicalType::Enum(labels(handle)),
        f::DUCKDB_TYPE_DUCKDB_TYPE_LIST => LogicalType::List(Box::new(element(handle, depth))),
        f::DUCKDB_TYPE_DUCKDB_TYPE_ARRAY => array(handle, depth),
        f::DUCKDB_TYPE_DUCKDB_TYPE_STRUCT => structure(handle, depth),
        f::DUCKDB_TYPE_DUCKDB_TYPE_MAP => map(handle, depth),
        f::DUCKDB_TYPE_DUCKDB_TYPE_UNION => LogicalType::Union(members(handle, depth)),
        f::DUCKDB_TYPE_DUCKDB_TYPE_GEOMETRY => LogicalType::Geometry { crs: crs(handle) },
        plain => scalar(plain).unwrap_or_else(|| unknown(handle, plain)),
    }
}

fn scalar(id: ffi::DUCKDB_TYPE) -> Option<LogicalType> {
    use ffi as f;
    Some(match id {
        f::DUCKDB_TYPE_DUCKDB_TYPE_BOOLEAN => LogicalType::Boolean,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TINYINT => LogicalType::TinyInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_SMALLINT => LogicalType::SmallInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_INTEGER => LogicalType::Integer,
        f::DUCKDB_TYPE_DUCKDB_TYPE_BIGINT => LogicalType::BigInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_UTINYINT => LogicalType::UTinyInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_USMALLINT => LogicalType::USmallInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_UINTEGER => LogicalType::UInteger,
        f::DUCKDB_TYPE_DUCKDB_TYPE_UBIGINT => LogicalType::UBigInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_HUGEINT => LogicalType::HugeInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_UHUGEINT => LogicalType::UHugeInt,
        f::DUCKDB_TYPE_DUCKDB_TYPE_BIGNUM => LogicalType::BigNum,
        f::DUCKDB_TYPE_DUCKDB_TYPE_FLOAT => LogicalType::Float,
        f::DUCKDB_TYPE_DUCKDB_TYPE_DOUBLE => LogicalType::Double,
        f::DUCKDB_TYPE_DUCKDB_TYPE_BLOB => LogicalType::Blob,
        f::DUCKDB_TYPE_DUCKDB_TYPE_BIT => LogicalType::Bit,
        f::DUCKDB_TYPE_DUCKDB_TYPE_DATE => LogicalType::Date,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIME => LogicalType::Time,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIME_NS => LogicalType::TimeNs,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIME_TZ => LogicalType::TimeTz,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP => LogicalType::Timestamp,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_S => LogicalType::TimestampS,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_MS => LogicalType::TimestampMs,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_NS => LogicalType::TimestampNs,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_TZ => LogicalType::TimestampTz,
        f::DUCKDB_TYPE_DUCKDB_TYPE_TIMESTAMP_TZ_NS => LogicalType::TimestampTzNs,
        f::DUCKDB_TYPE_DUCKDB_TYPE_INTERVAL => LogicalType::Interval,
        f::DUCKDB_TYPE_DUCKDB_TYPE_UUID => LogicalType::Uuid,
        f::DUCKDB_TYPE_DUCKDB_TYPE_VARIANT => LogicalType::Variant,
        f::DUCKDB_TYPE_DUCKDB_TYPE_SQLNULL => LogicalType::Null,
        _ => return None,
    })
}

fn unknown(handle: &Handle, id: ffi::DUCKDB_TYPE) -> LogicalType {
    LogicalType::Unknown(alias(handle).unwrap_or_else(|| format!("number {id}")))
}

/// JSON is VARCHAR with an alias.
fn text_type(handle: &Handle) -> LogicalType {
    match alias(handle).as_deref() {
        Some("JSON") => LogicalType::Json,
        _ => LogicalType::Varchar,
    }
}

fn decimal(handle: &Handle) -> LogicalType {
    // SAFETY: the handle is live and a DECIMAL.
    let (width, scale) =
        unsafe { (ffi::duckdb_decimal_width(handle.0), ffi::duckdb_decimal_scale(handle.0)) };
    LogicalType::Decimal { width, scale }
}

fn labels(handle: &Handle) -> Vec<String> {
    // SAFETY: the handle is live and an ENUM; every index is below the dictionary's size.
    unsafe {
        let size = ffi::duckdb_enum_dictionary_size(handle.0);
        let label = |index| owned(ffi::duckdb_enum_dictionary_value(handle.0, u64::from(index)));
        (0..size).map(|index| label(index).unwrap_or_default()).collect()
    }
}

fn element(handle: &Handle, depth: usize) -> LogicalType {
    // SAFETY: the handle is live and a LIST.
    read(&Handle(unsafe { ffi::duckdb_list_type_child_type(handle.0) }), depth + 1)
}

fn array(handle: &Handle, depth: usize) -> LogicalType {
    // SAFETY: the handle is live and an ARRAY.
    let (child, size) = unsafe {
        (ffi::duckdb_array_type_child_type(handle.0), ffi::duckdb_array_type_array_size(handle.0))
    };
    LogicalType::Array(Box::new(read(&Handle(child), depth + 1)), size as u32)
}

/// A TUPLE reports itself as a STRUCT whose fields have no names; an empty STRUCT is a STRUCT.
fn structure(handle: &Handle, depth: usize) -> LogicalType {
    // SAFETY: the handle is live and a STRUCT; every index is below the count.
    let fields: Vec<Field> = unsafe {
        let field = |index| Field {
            name: owned(ffi::duckdb_struct_type_child_name(handle.0, index)).unwrap_or_default(),
            logical: read(&Handle(ffi::duckdb_struct_type_child_type(handle.0, index)), depth + 1),
        };
        (0..ffi::duckdb_struct_type_child_count(handle.0)).map(field).collect()
    };
    if !fields.is_empty() && fields.iter().all(|field| field.name.is_empty()) {
        return LogicalType::Tuple(fields.into_iter().map(|field| field.logical).collect());
    }
    LogicalType::Struct(fields)
}

fn map(handle: &Handle, depth: usize) -> LogicalType {
    // SAFETY: the handle is live and a MAP.
    let (key, value) = unsafe {
        (ffi::duckdb_map_type_key_type(handle.0), ffi::duckdb_map_type_value_type(handle.0))
    };
    let key = read(&Handle(key), depth + 1);
    LogicalType::Map(Box::new(key), Box::new(read(&Handle(value), depth + 1)))
}

fn members(handle: &Handle, depth: usize) -> Vec<Field> {
    // SAFETY: the handle is live and a UNION; every index is below the count.
    unsafe {
        let member = |index| Field {
            name: owned(ffi::duckdb_union_type_member_name(handle.0, index)).unwrap_or_default(),
            logical: read(&Handle(ffi::duckdb_union_type_member_type(handle.0, index)), depth + 1),
        };
        (0..ffi::duckdb_union_type_member_count(handle.0)).map(member).collect()
    }
}

fn crs(handle: &Handle) -> Option<String> {
    // SAFETY: the handle is live and a GEOMETRY.
    owned(unsafe { ffi::duckdb_geometry_type_get_crs(handle.0) }).filter(|crs| !crs.is_empty())
}

fn alias(handle: &Handle) -> Option<String> {
    // SAFETY: the handle is live.
    owned(unsafe { ffi::duckdb_logical_type_get_alias(handle.0) })
}

/// Copies a text that DuckDB allocated, and frees it. None for a null pointer.
pub(super) fn owned(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: a NUL-terminated text that DuckDB gave away; freed once.
    unsafe {
        let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
        ffi::duckdb_free(text.cast::<c_void>());
        Some(copy)
    }
}
