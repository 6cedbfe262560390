//! Values as texts that mean the same whatever the session's settings are.

use std::ffi::CStr;

use pgrx::pg_sys;

use crate::{
    error::{Error, Result},
    pg::guc,
};

/// What the output functions depend on.
const FIXED: [(&CStr, &CStr); 5] = [
    (c"DateStyle", c"ISO"),
    (c"TimeZone", c"UTC"),
    (c"IntervalStyle", c"postgres"),
    (c"extra_float_digits", c"1"),
    (c"bytea_output", c"hex"),
];

/// Runs a closure under the settings that texts of values are made with.
pub fn with_fixed_settings<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    guc::with_each(&FIXED, run)
}

/// The value as its type's output function writes it.
///
/// # Safety
/// The datum must be a value of the type, and not NULL.
pub unsafe fn text_of(type_oid: pg_sys::Oid, value: pg_sys::Datum) -> Result<String> {
    let (mut function, mut is_varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: both out pointers are live; the function is the type's own, and the value is one of
    // the type's by the caller. The text is NUL-terminated, and copied below.
    let text = unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &mut function, &mut is_varlena);
        CStr::from_ptr(pg_sys::OidOutputFunctionCall(function, value))
    };
    let text = text.to_str().map_err(|_| Error::new("22021", "a value is not valid UTF-8"))?;
    Ok(text.to_owned())
}
