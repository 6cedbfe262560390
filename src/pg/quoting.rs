//! Names as the server itself would write them.

use std::ffi::{CStr, c_char};

use migrator_model::Ident;
use pgrx::pg_sys;

/// A name between double quotes where it needs them, as `quote_ident()` has it.
pub fn name(name: &Ident) -> String {
    let Ok(text) = std::ffi::CString::new(name.as_str()) else { return name.quoted() };
    // SAFETY: the text is NUL-terminated; what comes back is it, or a copy in the current memory
    // context.
    let quoted = unsafe { CStr::from_ptr(pg_sys::quote_identifier(text.as_ptr())) };
    quoted.to_string_lossy().into_owned()
}

/// A type with its modifier, as `format_type()` has it.
pub fn type_name(oid: pg_sys::Oid, typmod: i32) -> String {
    // SAFETY: the server makes a NUL-terminated text in the current memory context, also for a type
    // that it does not know.
    let text = unsafe { CStr::from_ptr(pg_sys::format_type_with_typemod(oid, typmod)) };
    text.to_string_lossy().into_owned()
}

/// A text of the server's; None for NULL.
///
/// # Safety
/// It must be NULL or NUL-terminated.
pub unsafe fn text_at(text: *const c_char) -> Option<String> {
    // SAFETY: by the caller.
    unsafe { (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned()) }
}

/// A name of the catalog's. Where the database is not UTF-8 what is none is shown as such.
pub fn text_of(name: &pg_sys::NameData) -> String {
    let bytes: Vec<u8> = name.data.iter().map(|byte| *byte as u8).collect();
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
