//! A chunk's vectors as safe slices. Layouts: reference/duckdb.md §3.

use std::slice;

use duckdb::ffi;
use migrator_model::LogicalType;

use crate::vector::{Data, Validity, Vector};

/// The view of one vector of `rows` rows.
///
/// # Safety
/// The vector must be flat, of this logical type, hold at least `rows` rows, and outlive `'a`.
pub(super) unsafe fn view<'a>(
    raw: ffi::duckdb_vector,
    logical: &LogicalType,
    rows: usize,
) -> Vector<'a> {
    // SAFETY: passed on from the caller.
    unsafe { Vector { validity: validity(raw, rows), data: data(raw, logical, rows) } }
}

unsafe fn validity<'a>(raw: ffi::duckdb_vector, rows: usize) -> Validity<'a> {
    // SAFETY: the vector is live; its mask, if there is one, has a word for each 64 rows.
    unsafe {
        let words = ffi::duckdb_vector_get_validity(raw);
        let some = !words.is_null() && rows > 0;
        Validity(some.then(|| slice::from_raw_parts(words, rows.div_ceil(64))))
    }
}

/// The vector's values as a slice of what DuckDB stores for the type.
unsafe fn values<'a, T>(raw: ffi::duckdb_vector, rows: usize) -> &'a [T] {
    // SAFETY: the vector is live; T is the stored form of its type, so `rows` of them are there.
    unsafe {
        let start = ffi::duckdb_vector_get_data(raw).cast::<T>();
        if start.is_null() || rows == 0 { &[] } else { slice::from_raw_parts(start, rows) }
    }
}

unsafe fn data<'a>(raw: ffi::duckdb_vector, logical: &LogicalType, rows: usize) -> Data<'a> {
    use LogicalType as L;
    // SAFETY: the caller vouches for the type, which decides the stored form and the children.
    unsafe {
        match logical {
            L::Boolean => Data::Bool(values(raw, rows)),
            L::TinyInt => Data::I8(values(raw, rows)),
            L::SmallInt => Data::I16(values(raw, rows)),
            L::Integer | L::Date => Data::I32(values(raw, rows)),
            L::UTinyInt => Data::U8(values(raw, rows)),
            L::USmallInt => Data::U16(values(raw, rows)),
            L::UInteger => Data::U32(values(raw, rows)),
            L::UBigInt | L::TimeTz => Data::U64(values(raw, rows)),
            L::HugeInt | L::Uuid => Data::I128(values(raw, rows)),
            L::UHugeInt => Data::U128(values(raw, rows)),
            L::Float => Data::F32(values(raw, rows)),
            L::Double => Data::F64(values(raw, rows)),
            L::Interval => Data::Interval(values(raw, rows)),
            L::Decimal { width, .. } => decimal(raw, *width, rows),
            L::Enum(labels) => indexes(raw, labels.len(), rows),
            L::List(_) | L::Map(..) => list(raw, logical, rows),
            L::Array(element, size) => array(raw, element, *size as usize, rows),
            L::Struct(_) | L::Tuple(_) => {
                Data::Struct(parts(raw, logical.children().into_iter(), 0, rows))
            }
            L::Union(_) => union(raw, logical, rows),
            // A scan casts VARIANT to JSON and refuses unknown types, so none of these is read.
            L::Null | L::Unknown(_) | L::Variant => Data::Null,
            L::Varchar | L::Json | L::Blob | L::Bit | L::BigNum | L::Geometry { .. } => {
                Data::Str(values(raw, rows))
            }
            L::BigInt
            | L::Time
            | L::TimeNs
            | L::Timestamp
            | L::TimestampS
            | L::TimestampMs
            | L::TimestampNs
            | L::TimestampTz
            | L::TimestampTzNs => Data::I64(values(raw, rows)),
        }
    }
}

unsafe fn decimal<'a>(raw: ffi::duckdb_vector, width: u8, rows: usize) -> Data<'a> {
    // SAFETY: the width decides the stored form.
    unsafe {
        match width {
            0..=4 => Data::I16(values(raw, rows)),
            5..=9 => Data::I32(values(raw, rows)),
            10..=18 => Data::I64(values(raw, rows)),
            _ => Data::I128(values(raw, rows)),
        }
    }
}

unsafe fn indexes<'a>(raw: ffi::duckdb_vector, labels: usize, rows: usize) -> Data<'a> {
    // SAFETY: the number of labels decides the stored form.
    unsafe {
        match labels {
            0..=0xff => Data::U8(values(raw, rows)),
            0x100..=0xffff => Data::U16(values(raw, rows)),
            _ => Data::U32(values(raw, rows)),
        }
    }
}

unsafe fn list<'a>(raw: ffi::duckdb_vector, logical: &LogicalType, rows: usize) -> Data<'a> {
    // SAFETY: a LIST or MAP has a child vector with the number of elements it tells.
    unsafe {
        let child = ffi::duckdb_list_vector_get_child(raw);
        let elements = ffi::duckdb_list_vector_get_size(raw) as usize;
        let child = match logical {
            LogicalType::Map(key, value) => {
                let pair = [key.as_ref(), value.as_ref()].into_iter();
                let data = Data::Struct(parts(child, pair, 0, elements));
                Vector { validity: validity(child, elements), data }
            }
            other => view(child, other.children()[0], elements),
        };
        Data::List { entries: values(raw, rows), child: Box::new(child) }
    }
}

unsafe fn array<'a>(
    raw: ffi::duckdb_vector,
    element: &LogicalType,
    size: usize,
    rows: usize,
) -> Data<'a> {
    // SAFETY: an ARRAY's child holds `size` elements for each row.
    let child = unsafe { view(ffi::duckdb_array_vector_get_child(raw), element, rows * size) };
    Data::Array { size, child: Box::new(child) }
}

unsafe fn parts<'a, 'l>(
    raw: ffi::duckdb_vector,
    logicals: impl Iterator<Item = &'l LogicalType>,
    first: u64,
    rows: usize,
) -> Vec<Vector<'a>> {
    // SAFETY: a STRUCT has a child of as many rows for each of its fields.
    let part = |(logical, index): (&LogicalType, u64)| unsafe {
        view(ffi::duckdb_struct_vector_get_child(raw, index), logical, rows)
    };
    logicals.zip(first..).map(part).collect()
}

unsafe fn union<'a>(raw: ffi::duckdb_vector, logical: &LogicalType, rows: usize) -> Data<'a> {
    // SAFETY: a UNION is stored as a STRUCT of the tag and the members.
    unsafe {
        let tags = values(ffi::duckdb_struct_vector_get_child(raw, 0), rows);
        Data::Union { tags, members: parts(raw, logical.children().into_iter(), 1, rows) }
    }
}
