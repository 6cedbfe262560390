//! The rows of a running scan as values of a row type: what `INSERT … SELECT` reads from when the
//! server itself has to route, check or transform rows.

use std::cell::RefCell;

use migrator_model::layout::Attribute;
use pgrx::{AnyElement, pg_sys, prelude::*};

use super::{
    call::Call,
    image_check::{self, AttributeShape, ImageShape},
    relation::Relation,
    shared_memory::RowBuffer,
};
use crate::error::{Error, Result};

/// Puts the next tuple image into the buffer; false at the end.
pub type NextImage<'a> = dyn FnMut(&mut RowBuffer) -> Result<bool> + 'a;

/// The scan that is being read, with what its images must be.
struct Active {
    next: *mut NextImage<'static>,
    shape: ImageShape,
    row_type: pg_sys::Oid,
    buffer: RowBuffer,
    /// Whether somebody has begun to read: the rows are for one reader only.
    claimed: bool,
}

thread_local! {
    static ACTIVE: RefCell<Option<Active>> = const { RefCell::new(None) };
}

/// Ends the scan's publicity, also when an ERROR unwinds: the scan of before is public again, where
/// a trigger of one load has run another.
struct Published(Option<Active>);

impl Drop for Published {
    fn drop(&mut self) {
        ACTIVE.with_borrow_mut(|active| *active = self.0.take());
    }
}

/// Makes a scan readable through `migrator.scan_rows()` while `run` runs, as rows of the relation
/// whose attributes the scan fills.
pub fn with_scan<T>(
    next: &mut NextImage<'_>,
    relation: &Relation,
    attributes: &[Attribute],
    run: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let next: *mut NextImage<'_> = next;
    // SAFETY: only the lifetime changes; `Published` removes the pointer before `next` ends.
    let next = unsafe { std::mem::transmute::<*mut NextImage<'_>, *mut NextImage<'static>>(next) };
    let row_type = relation.row_type();
    let shape = attributes.iter().map(AttributeShape::of).collect();
    let buffer = RowBuffer::default();
    let active = Active { next, shape, row_type, buffer, claimed: false };
    let _published = Published(ACTIVE.with_borrow_mut(|slot| slot.replace(active)));
    run()
}

/// Reserves the scan for one call of `migrator.scan_rows()`. A trigger that reads along would take
/// rows away; one that asks for another row type would misread every byte.
fn claim(row_type: pg_sys::Oid) -> Result<()> {
    ACTIVE.with_borrow_mut(|active| match active {
        Some(active) if !active.claimed && active.row_type == row_type => {
            active.claimed = true;
            Ok(())
        }
        Some(_) => Err(Error::new("55000", "the rows of the running load are not for this query")
            .detail("migrator.scan_rows() is a part of migrate_table().")),
        None => Err(no_load()),
    })
}

fn no_load() -> Error {
    Error::new("55000", "no load is running in this session")
        .detail("migrator.scan_rows() is a part of migrate_table().")
}

fn next_row() -> Result<Option<AnyElement>> {
    let mut active = ACTIVE.with_borrow_mut(Option::take).ok_or_else(no_load)?;
    // SAFETY: the scan outlives its publication, and `take` above made this the only user.
    let more = unsafe { (*active.next)(&mut active.buffer) }?;
    let row = more.then(|| datum(&mut active)).transpose()?;
    ACTIVE.with_borrow_mut(|slot| *slot = Some(active));
    Ok(row)
}

/// A copy of the image as a composite value in the current memory context. The server makes it:
/// it knows what else it wants to find in one.
fn datum(active: &mut Active) -> Result<AnyElement> {
    let Active { buffer, shape, row_type, .. } = active;
    image_check::check(buffer.bytes(), shape)?;
    // SAFETY: the image was checked and is MAXALIGNed in the buffer, which lives until the server
    // has copied it; the descriptor is released after that.
    unsafe {
        let mut tuple = pg_sys::HeapTupleData {
            t_len: buffer.bytes().len() as u32,
            t_data: buffer.bytes_mut().as_mut_ptr().cast(),
            ..Default::default()
        };
        let descriptor = pg_sys::lookup_rowtype_tupdesc(*row_type, -1);
        let datum = pg_sys::heap_copy_tuple_as_datum(&mut tuple, descriptor);
        if (*descriptor).tdrefcount >= 0 {
            pg_sys::DecrTupleDescRefCount(descriptor);
        }
        AnyElement::from_polymorphic_datum(datum, false, *row_type)
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
    call: Call<'_>,
) -> std::result::Result<SetOfIterator<'static, AnyElement>, pgrx::pg_sys::panic::ErrorReport> {
    let _ = rowtype;
    claim(call.type_of(0))?;
    let rows = std::iter::from_fn(|| match next_row() {
        Ok(row) => row,
        Err(error) => {
            pgrx::pg_sys::panic::ErrorReport::from(error).report(pgrx::PgLogLevel::ERROR);
            None
        }
    });
    Ok(SetOfIterator::new(rows))
}
