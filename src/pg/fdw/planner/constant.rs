//! Constants as texts.

use pgrx::pg_sys::{self, Datum, Oid};

use super::types;
use crate::{
    pg::fdw::output,
    readers::pushdown::{Expression, Kind},
};

/// A constant; None for one of a type that we know nothing of.
///
/// # Safety
/// It must be live.
pub unsafe fn constant(node: &pg_sys::Const) -> Option<Expression> {
    let kind = types::kind(node.consttype);
    if node.constisnull {
        return Some(Expression::Constant { kind, value: None });
    }
    // SAFETY: by the caller; the value is one of the type's, and not NULL.
    let value = with_settings(kind, || unsafe { text(kind, node.consttype, node.constvalue) })?;
    Some(Expression::Constant { kind, value: Some(value) })
}

/// The elements of an array that is a constant; None for NULL.
///
/// # Safety
/// It must be live.
pub unsafe fn elements(node: &pg_sys::Const) -> Option<Vec<Expression>> {
    // SAFETY: a look-up.
    let element = unsafe { pg_sys::get_element_type(pg_sys::getBaseType(node.consttype)) };
    if node.constisnull || element == pg_sys::InvalidOid {
        return None;
    }
    let kind = types::kind(element);
    // SAFETY: by the caller; the value is an array of such elements, and not NULL.
    let values = unsafe { deconstructed(element, node.constvalue) };
    let one = |value: Option<Datum>| {
        // SAFETY: the elements are values of the type.
        let value = value.map(|value| unsafe { text(kind, element, value) });
        match value {
            Some(text) => Some(Expression::Constant { kind, value: Some(text?) }),
            None => Some(Expression::Constant { kind, value: None }),
        }
    };
    with_settings(kind, || values.into_iter().map(one).collect())
}

/// The elements of an array, of whatever dimensions, in their order.
///
/// # Safety
/// The datum must be an array of this element type.
unsafe fn deconstructed(element: Oid, array: Datum) -> Vec<Option<Datum>> {
    let (mut len, mut by_value, mut align) = (0, false, 0);
    let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
    // SAFETY: by the caller; all out pointers are live, and the server makes arrays of `count`.
    unsafe {
        pg_sys::get_typlenbyvalalign(element, &mut len, &mut by_value, &mut align);
        let array = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast();
        pg_sys::deconstruct_array(
            array,
            element,
            i32::from(len),
            by_value,
            align,
            &mut values,
            &mut nulls,
            &mut count,
        );
        let at = |at: usize| (!*nulls.add(at)).then(|| *values.add(at));
        (0..usize::try_from(count).unwrap_or(0)).map(at).collect()
    }
}

/// # Safety
/// The datum must be a value of the type, and not NULL.
unsafe fn text(kind: Kind, type_oid: Oid, value: Datum) -> Option<String> {
    // Whose output function nobody here reads is not called.
    let known = !matches!(kind, Kind::Other(_));
    // SAFETY: by the caller.
    known.then(|| unsafe { output::text_of(type_oid, value).ok() }).flatten()
}

/// Runs a closure under fixed settings, where the texts of a type depend on them.
fn with_settings<T>(kind: Kind, run: impl FnOnce() -> Option<T>) -> Option<T> {
    match kind {
        Kind::Float4
        | Kind::Float8
        | Kind::Bytea
        | Kind::Date
        | Kind::Time
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Interval => output::with_fixed_settings(|| Ok(run())).ok().flatten(),
        _ => run(),
    }
}
