//! Images into the scan's slot: as they lie, where the image is the scan tuple.

use std::{ffi::c_void, ptr};

use migrator_model::layout::Attribute;
use pgrx::{direct_function_call_as_datum, pg_sys};

use super::layout::{Layout, Part};
use crate::{
    error::{Error, Result},
    pg::image_check::{self, ImageShape},
};

/// What puts images into the slot of a scan.
pub struct Storing {
    shape: ImageShape,
    /// The tuple that the slot holds: it points to the image.
    tuple: Box<pg_sys::HeapTupleData>,
    table: pg_sys::Oid,
    domains: Vec<Domain>,
    makeup: Option<Makeup>,
}

/// An attribute whose values somebody has to check.
struct Domain {
    attribute: usize,
    oid: pg_sys::Oid,
    /// What the server keeps between two checks, and where.
    kept: *mut c_void,
    context: pg_sys::MemoryContext,
}

/// What makes a scan tuple out of an image that is none.
struct Makeup {
    parts: Vec<Part>,
    descriptor: pg_sys::TupleDesc,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl Storing {
    /// For images of this layout; `table` is the OID of the base relation, or invalid.
    ///
    /// # Safety
    /// The current memory context must live as long as the scan.
    pub unsafe fn new(layout: &mut Layout, table: pg_sys::Oid) -> Self {
        let mut tuple = Box::new(pg_sys::HeapTupleData { t_tableOid: table, ..Default::default() });
        tuple.t_self.ip_blkid = pg_sys::BlockIdData { bi_hi: u16::MAX, bi_lo: u16::MAX };
        // SAFETY: a plain variable of this backend.
        let context = unsafe { pg_sys::CurrentMemoryContext };
        let domain = |(attribute, oid): &(usize, pg_sys::Oid)| Domain {
            attribute: *attribute,
            oid: *oid,
            kept: ptr::null_mut(),
            context,
        };
        Self {
            shape: std::mem::take(&mut layout.shape),
            tuple,
            table,
            domains: layout.checked.iter().map(domain).collect(),
            makeup: layout.makeup.take().map(|parts| Makeup::new(parts, &layout.attributes)),
        }
    }

    /// Puts an image into the slot. What the slot holds is of no use after the image has gone.
    ///
    /// # Safety
    /// The slot must be the scan's, which is one for heap tuples. The image must be MAXALIGNed and
    /// stay where it is until the slot gets another row or is cleared.
    pub unsafe fn store(
        &mut self,
        image: &mut [u8],
        slot: *mut pg_sys::TupleTableSlot,
    ) -> Result<()> {
        image_check::check(image, &self.shape)?;
        self.tuple.t_len = image.len() as u32;
        self.tuple.t_data = image.as_mut_ptr().cast();
        // SAFETY: by the caller; the image was checked, and the tuple lives as long as the slot.
        unsafe {
            match &mut self.makeup {
                None => {
                    pg_sys::ExecStoreHeapTuple(&raw mut *self.tuple, slot, false);
                    (*slot).tts_tableOid = self.table;
                    self.domains.iter_mut().for_each(|domain| domain.check_slot(slot));
                }
                Some(makeup) => {
                    makeup.deform(&raw mut *self.tuple);
                    self.domains.iter_mut().for_each(|domain| domain.check_made(makeup));
                    makeup.store(slot)?;
                }
            }
        }
        Ok(())
    }
}

impl Domain {
    /// Raises the server's own ERROR for a value that violates a constraint.
    unsafe fn check(&mut self, value: pg_sys::Datum, is_null: bool) {
        // SAFETY: the value is one of the type that the domain is made of; what is kept was made
        // by the same function, in the same context.
        unsafe {
            pg_sys::domain_check(value, is_null, self.oid, &raw mut self.kept, self.context);
        }
    }

    unsafe fn check_slot(&mut self, slot: *mut pg_sys::TupleTableSlot) {
        let mut is_null = false;
        // SAFETY: the slot holds a row, which has this attribute.
        unsafe {
            let value = pg_sys::slot_getattr(slot, self.attribute as i32 + 1, &mut is_null);
            self.check(value, is_null);
        }
    }

    unsafe fn check_made(&mut self, made: &Makeup) {
        // SAFETY: the image was taken apart, and has this attribute.
        unsafe { self.check(made.values[self.attribute], made.nulls[self.attribute]) };
    }
}

impl Makeup {
    fn new(parts: Vec<Part>, attributes: &[Attribute]) -> Self {
        // The type of what is always NULL does not matter.
        let oid = |attribute: &Attribute| match &attribute.target {
            Some(target) => pg_sys::Oid::from(target.physical.oid),
            None => pg_sys::INT4OID,
        };
        let count = attributes.len();
        // SAFETY: makes a descriptor in the current memory context; its entries are in its range.
        let descriptor = unsafe {
            let descriptor = pg_sys::CreateTemplateTupleDesc(count as i32);
            for (attnum, oid) in (1..).zip(attributes.iter().map(oid)) {
                pg_sys::TupleDescInitEntry(descriptor, attnum, ptr::null(), oid, -1, 0);
            }
            descriptor
        };
        let (values, nulls) = (vec![pg_sys::Datum::null(); count], vec![true; count]);
        Self { parts, descriptor, values, nulls }
    }

    /// Takes an image apart. The values point into it.
    unsafe fn deform(&mut self, tuple: pg_sys::HeapTuple) {
        // SAFETY: the image was checked against the types of the descriptor, and the arrays have
        // an element for each.
        unsafe {
            let (values, nulls) = (self.values.as_mut_ptr(), self.nulls.as_mut_ptr());
            pg_sys::heap_deform_tuple(tuple, self.descriptor, values, nulls);
        }
    }

    unsafe fn store(&self, slot: *mut pg_sys::TupleTableSlot) -> Result<()> {
        // SAFETY: the slot has an attribute for each part.
        unsafe {
            pg_sys::ExecClearTuple(slot);
            for (at, part) in self.parts.iter().enumerate() {
                let value = match *part {
                    Part::Attribute(from) => (!self.nulls[from]).then_some(self.values[from]),
                    Part::Quotient(sum, count) => self.quotient(sum, count)?,
                };
                *(*slot).tts_isnull.add(at) = value.is_none();
                *(*slot).tts_values.add(at) = value.unwrap_or(pg_sys::Datum::null());
            }
            pg_sys::ExecStoreVirtualTuple(slot);
        }
        Ok(())
    }

    /// As avg() divides: numeric's rules decide about the digits.
    unsafe fn quotient(&self, sum: usize, count: usize) -> Result<Option<pg_sys::Datum>> {
        if self.nulls[sum] || self.nulls[count] {
            return Ok(None);
        }
        let (sum, count) = (self.values[sum], self.values[count]);
        // SAFETY: a numeric and a bigint; what is made lives until the next row.
        let quotient = unsafe {
            let count = direct_function_call_as_datum(pg_sys::int8_numeric, &[Some(count)]);
            direct_function_call_as_datum(pg_sys::numeric_div, &[Some(sum), count])
        };
        quotient.map(Some).ok_or_else(|| Error::new("XX000", "a quotient cannot be NULL"))
    }
}
