//! Values of row types.

use migrator_model::layout::HEADER_BYTES;
use pgrx::pg_sys;

/// The header of a value of this row type whose attributes are all NULL. Newer minor releases
/// stamp such values with a version of their type; the server is asked rather than imitated.
pub fn header(type_oid: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    // SAFETY: raises an ERROR for what is no row type; arrays have one element per attribute, and
    // a datum is never shorter than its header.
    unsafe {
        let descriptor = pg_sys::lookup_rowtype_tupdesc_copy(pg_sys::Oid::from(type_oid), -1);
        let count = (*descriptor).natts as usize;
        let mut values = vec![pg_sys::Datum::null(); count];
        let mut nulls = vec![true; count];
        let tuple = pg_sys::heap_form_tuple(descriptor, values.as_mut_ptr(), nulls.as_mut_ptr());
        let datum = pg_sys::heap_copy_tuple_as_datum(tuple, descriptor);
        let bytes = datum.cast_mut_ptr::<u8>();
        header.copy_from_slice(std::slice::from_raw_parts(bytes, HEADER_BYTES));
        pg_sys::pfree(bytes.cast());
        pg_sys::heap_freetuple(tuple);
        pg_sys::FreeTupleDesc(descriptor);
    }
    header
}
