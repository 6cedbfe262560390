//! The rows of a running scan as values of a row type: what `INSERT … SELECT` reads from when the
//! server itself has to route, check or transform rows.

use std::cell::RefCell;

use pgrx::{AnyElement, pg_sys, prelude::*};

use super::{
    image_check::{self, ImageShape},
    shared_memory::RowBuffer,
};
use crate::error::{Error, Result};

/// Gives the next tuple image; None at the end.
pub type NextImage<'a> = dyn FnMut(&mut Vec<u8>) -> Result<bool> + 'a;

/// The scan that is being read, with the shape its images must have.
struct Active {
    next: *mut NextImage<'static>,
    shape: ImageShape,
}

thread_local! {
    static ACTIVE: RefCell<Option<Active>> = const { RefCell::new(None) };
}

/// Ends the scan's publicity, also when an ERROR unwinds.
struct Published;

impl Drop for Published {
    fn drop(&mut self) {
        ACTIVE.with_borrow_mut(Option::take);
    }
}

/// Makes a scan readable through `migrator.scan_rows()` while `run` runs.
pub fn with_scan<T>(
    next: &mut NextImage<'_>,
    shape: ImageShape,
    run: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let next: *mut NextImage<'_> = next;
    // SAFETY: only the lifetime changes; `Published` removes the pointer before `next` ends.
    let next = unsafe { std::mem::transmute::<*mut NextImage<'_>, *mut NextImage<'static>>(next) };
    ACTIVE.with_borrow_mut(|active| *active = Some(Active { next, shape }));
    let _published = Published;
    run()
}

fn next_row(type_oid: pg_sys::Oid) -> Result<Option<AnyElement>> {
    let Some(active) = ACTIVE.with_borrow_mut(Option::take) else {
        return Err(Error::new("55000", "no load is running in this session")
            .detail("migrator.scan_rows() is a part of migrate_table()."));
    };
    let mut image = Vec::new();
    // SAFETY: the scan outlives its publication, and `take` above made this the only user.
    let more = unsafe { (*active.next)(&mut image) };
    let row = match more {
        Ok(true) => Some(datum(&image, &active.shape, type_oid)),
        Ok(false) => None,
        Err(error) => return Err(error),
    };
    ACTIVE.with_borrow_mut(|slot| *slot = Some(active));
    row.transpose()
}

/// A copy of the image as a composite value in the current memory context. The server makes it:
/// it knows what else it wants to find in one.
fn datum(image: &[u8], shape: &ImageShape, type_oid: pg_sys::Oid) -> Result<AnyElement> {
    image_check::check(image, shape)?;
    let mut buffer = RowBuffer::default();
    buffer.resize(image.len());
    buffer.bytes_mut().copy_from_slice(image);
    // SAFETY: the image was checked and is MAXALIGNed in the buffer, which lives until the server
    // has copied it; the descriptor is released after that.
    unsafe {
        let mut tuple = pg_sys::HeapTupleData {
            t_len: image.len() as u32,
            t_data: buffer.bytes_mut().as_mut_ptr().cast(),
            ..Default::default()
        };
        let descriptor = pg_sys::lookup_rowtype_tupdesc(type_oid, -1);
        let datum = pg_sys::heap_copy_tuple_as_datum(&mut tuple, descriptor);
        if (*descriptor).tdrefcount >= 0 {
            pg_sys::DecrTupleDescRefCount(descriptor);
        }
        AnyElement::from_polymorphic_datum(datum, false, type_oid)
            .ok_or_else(|| Error::new("XX000", "a row cannot be NULL"))
    }
}

/// Rows of the load that is running in this session, as values of the given row type.
#[pg_extern(sql = "
CREATE FUNCTION migrator.scan_rows(rowtype anyelement) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'scan_rows_wrapper';
")]
fn scan_rows(
    rowtype: Option<AnyElement>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> std::result::Result<SetOfIterator<'static, AnyElement>, pgrx::pg_sys::panic::ErrorReport> {
    let _ = rowtype;
    // SAFETY: the server has set up the call.
    let type_oid = unsafe { pg_sys::get_fn_expr_argtype((*fcinfo).flinfo, 0) };
    let rows = std::iter::from_fn(move || match next_row(type_oid) {
        Ok(row) => row,
        Err(error) => {
            pgrx::pg_sys::panic::ErrorReport::from(error).report(pgrx::PgLogLevel::ERROR);
            None
        }
    });
    Ok(SetOfIterator::new(rows))
}
