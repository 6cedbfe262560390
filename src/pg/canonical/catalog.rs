//! What the server's catalog says about types.

use std::ffi::CStr;

use pgrx::{PgTupleDesc, pg_sys};

use super::storage::Storage;
use crate::{error::Result, pg::relation::alignment};

/// A type, or what a domain is made of.
pub fn base_type(oid: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: raises an ERROR when there is no such type.
    unsafe { pg_sys::getBaseType(oid) }
}

/// The elements' type, as an array says it; None for what is no array.
pub fn element_type(oid: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: a plain look-up.
    let element = unsafe { pg_sys::get_element_type(oid) };
    (element != pg_sys::InvalidOid).then_some(element)
}

/// Whether a type is an enum.
pub fn is_enum(oid: pg_sys::Oid) -> bool {
    // SAFETY: a plain look-up.
    unsafe { pg_sys::type_is_enum(oid) }
}

/// Whether a type is a row type: a composite type, or any record.
pub fn is_row(oid: pg_sys::Oid) -> bool {
    // SAFETY: a plain look-up.
    unsafe { pg_sys::type_is_rowtype(oid) }
}

/// How values of a type are stored.
pub fn storage(oid: pg_sys::Oid) -> Storage {
    let (mut len, mut by_value, mut align) = (0, false, 0);
    // SAFETY: raises an ERROR when there is no such type; the places are live.
    unsafe { pg_sys::get_typlenbyvalalign(oid, &mut len, &mut by_value, &mut align) };
    Storage { len, by_value, align: alignment(align as u8) }
}

/// A type as SQL shows it.
pub fn shown(oid: pg_sys::Oid) -> String {
    // SAFETY: never NULL, NUL-terminated, and ours to free.
    unsafe {
        let text = pg_sys::format_type_be(oid);
        let shown = CStr::from_ptr(text).to_string_lossy().into_owned();
        pg_sys::pfree(text.cast());
        shown
    }
}

/// typname
pub fn name(oid: pg_sys::Oid) -> Option<Vec<u8>> {
    let cache = pg_sys::SysCacheIdentifier::TYPEOID;
    from_cache(cache, oid, |row: &pg_sys::FormData_pg_type| bytes(&row.typname))
}

/// enumlabel
pub fn enum_label(value: u32) -> Option<Vec<u8>> {
    let cache = pg_sys::SysCacheIdentifier::ENUMOID;
    let oid = pg_sys::Oid::from(value);
    from_cache(cache, oid, |row: &pg_sys::FormData_pg_enum| bytes(&row.enumlabel))
}

fn bytes(name: &pg_sys::NameData) -> Vec<u8> {
    name.data.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0).collect()
}

/// Reads a row of a catalog, of the struct that its cache holds.
fn from_cache<R, T>(
    cache: pg_sys::SysCacheIdentifier::Type,
    oid: pg_sys::Oid,
    read: impl FnOnce(&R) -> T,
) -> Option<T> {
    // SAFETY: by the callers, who name cache and struct together; what is found is held until it
    // was read.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(cache as i32, oid.into());
        let row = pg_sys::heap_tuple_get_struct::<R>(tuple).as_ref()?;
        let read = read(row);
        pg_sys::ReleaseSysCache(tuple);
        Some(read)
    }
}

/// Looks at the attributes of a row type; of a record its modifier says which.
pub fn with_row_type<T>(
    oid: u32,
    typmod: i32,
    look: impl FnOnce(&PgTupleDesc<'_>) -> Result<T>,
) -> Result<T> {
    // SAFETY: raises an ERROR when there is no such row type; the reference goes with the wrapper.
    let descriptor = unsafe {
        PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(pg_sys::Oid::from(oid), typmod))
    };
    look(&descriptor)
}
