//! Operators, functions and aggregates by their OIDs: the server's own, as it came. What users make,
//! or an extension does, may mean anything.

use std::ffi::{CStr, c_char};

use pgrx::pg_sys::{self, Oid};

/// An operator.
#[derive(Debug)]
pub struct Operator {
    /// oprname
    pub name: String,
    /// oprleft; None for a prefix operator.
    pub left: Option<Oid>,
    /// oprright
    pub right: Oid,
}

/// An operator that depends on nothing but its operands.
pub fn operator(oid: Oid) -> Option<Operator> {
    let (mut left, mut right) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
    // SAFETY: look-ups; both out pointers are live.
    let (name, function) = unsafe {
        if !is_the_servers(oid) {
            return None;
        }
        pg_sys::op_input_types(oid, &mut left, &mut right);
        (text(pg_sys::get_opname(oid))?, pg_sys::get_opcode(oid))
    };
    let left = Some(left).filter(|left| *left != pg_sys::InvalidOid);
    is_immutable(function).then_some(Operator { name, left, right })
}

/// The name of a function or an aggregate that depends on nothing but its arguments.
pub fn function(oid: Oid) -> Option<String> {
    if !is_the_servers(oid) || !is_immutable(oid) {
        return None;
    }
    // SAFETY: a look-up.
    text(unsafe { pg_sys::get_func_name(oid) })
}

/// Whether an operator is the `=` that a type comes with.
pub fn is_equality(oid: Oid) -> bool {
    operator(oid).is_some_and(|operator| operator.name == "=")
}

/// Whether an operator family is the one that a type is sorted by where nothing else is said.
pub fn is_default_order(family: Oid, type_oid: Oid) -> bool {
    let wanted = pg_sys::TYPECACHE_BTREE_OPFAMILY as i32;
    // SAFETY: the cache's entry stays for as long as the backend.
    let default = unsafe { (*pg_sys::lookup_type_cache(type_oid, wanted)).btree_opf };
    family == default
}

/// Only the server's own bootstrap gives such numbers, and only to what is in pg_catalog.
fn is_the_servers(oid: Oid) -> bool {
    oid.to_u32() < pg_sys::FirstUnpinnedObjectId
}

fn is_immutable(function: Oid) -> bool {
    // SAFETY: a look-up of a function that there is.
    unsafe { pg_sys::func_volatile(function) as u8 == pg_sys::PROVOLATILE_IMMUTABLE }
}

fn text(name: *mut c_char) -> Option<String> {
    // SAFETY: NULL, or a NUL-terminated text in the current memory context.
    let name = unsafe { (!name.is_null()).then(|| CStr::from_ptr(name)) }?;
    name.to_str().ok().map(str::to_owned)
}
