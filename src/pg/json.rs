//! jsonb as the server writes it: numbers keep their digits, which those of Rust's would not.

use std::ffi::CStr;

use pgrx::{AnyElement, pg_sys};

/// The text of an argument that SQL declares as jsonb.
pub fn text(jsonb: AnyElement) -> String {
    let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: the function's SQL says that it is jsonb; the server's text is NUL-terminated.
    unsafe {
        pg_sys::getTypeOutputInfo(pg_sys::JSONBOID, &mut output, &mut is_varlena);
        let text = pg_sys::OidOutputFunctionCall(output, jsonb.datum());
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}
