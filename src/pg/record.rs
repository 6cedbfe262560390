//! The rows of a function that returns SETOF record: what the caller's column definition list says,
//! and the tuplestore that the rows go into, which spills to disk beyond work_mem.

use std::marker::PhantomData;

use migrator_model::layout::{Attribute, Target};
use pgrx::{PgTupleDesc, pg_sys};

use super::{
    call::Call,
    image_check::{self, AttributeShape, ImageShape},
    quoting,
    shared_memory::RowBuffer,
    types,
};
use crate::error::{Error, Result};

/// A column of the column definition list.
#[derive(Clone, Debug)]
pub struct RecordColumn {
    /// Its name.
    pub name: String,
    /// Its type as SQL shows it.
    pub type_name: String,
    type_oid: u32,
    typmod: i32,
    storage: char,
}

impl RecordColumn {
    fn of(attribute: &pg_sys::FormData_pg_attribute) -> Self {
        let (type_oid, typmod) = (attribute.atttypid, attribute.atttypmod);
        Self {
            name: quoting::text_of(&attribute.attname),
            type_name: quoting::type_name(type_oid, typmod),
            type_oid: type_oid.to_u32(),
            typmod,
            storage: char::from(attribute.attstorage as u8),
        }
    }

    /// What its values are stored as; None for a type that no DuckDB value becomes.
    pub fn target(&self) -> Result<Option<Target>> {
        types::attribute_target(self.type_oid, self.typmod, &self.storage.to_string())
    }
}

/// The rows of a call, while they are made.
pub struct RecordSet<'c> {
    info: *mut pg_sys::ReturnSetInfo,
    of: PhantomData<&'c pg_sys::FunctionCallInfoBaseData>,
}

impl<'c> RecordSet<'c> {
    /// Takes the call over. Where the caller has not said what the columns are, or cannot take
    /// rows, the error is the server's own.
    pub fn of(call: &Call<'c>) -> Result<Self> {
        // SAFETY: the call is running; what the node says it is decides what it is taken for.
        unsafe {
            let info = (*call.raw()).resultinfo.cast::<pg_sys::ReturnSetInfo>();
            if info.is_null() || (*info).type_ != pg_sys::NodeTag::T_ReturnSetInfo {
                return Err(not_here("set-valued function", "a set"));
            }
            let modes = (*info).allowedModes as u32;
            if modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize == 0 {
                return Err(not_here("set-valued function", "all rows at once"));
            }
            if (*info).expectedDesc.is_null() {
                return Err(not_here("function returning record", "type record").hint(
                    "Call it in FROM, with a column definition list: read_describe() prints one.",
                ));
            }
            Ok(Self { info, of: PhantomData })
        }
    }

    /// What the caller wants.
    pub fn columns(&self) -> Vec<RecordColumn> {
        // SAFETY: the executor's descriptor lives as long as the call; it is only read here.
        let descriptor = unsafe { PgTupleDesc::from_pg_unchecked((*self.info).expectedDesc) };
        descriptor.iter().map(RecordColumn::of).collect()
    }

    /// Begins to take rows whose columns are filled like this.
    pub fn begin(self, attributes: &[Attribute]) -> RowStore<'c> {
        let shape = attributes.iter().map(AttributeShape::of).collect();
        // SAFETY: the call is running; store and descriptor live in the memory of the query, and
        // are the executor's from here on.
        unsafe {
            let Self { info, of } = self;
            let before = pg_sys::MemoryContextSwitchTo((*(*info).econtext).ecxt_per_query_memory);
            let random = pg_sys::SetFunctionReturnMode::SFRM_Materialize_Random;
            let random = (*info).allowedModes as u32 & random != 0;
            let store = pg_sys::tuplestore_begin_heap(random, false, pg_sys::work_mem);
            (*info).returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
            (*info).setResult = store;
            (*info).setDesc = pg_sys::CreateTupleDescCopy((*info).expectedDesc);
            pg_sys::MemoryContextSwitchTo(before);
            RowStore { store, shape, of }
        }
    }
}

/// Where the rows go.
pub struct RowStore<'c> {
    store: *mut pg_sys::Tuplestorestate,
    shape: ImageShape,
    of: PhantomData<&'c pg_sys::FunctionCallInfoBaseData>,
}

impl RowStore<'_> {
    /// Takes the images that lie in the buffer at these ranges, each MAXALIGNed.
    pub fn put(&mut self, buffer: &mut RowBuffer, images: &[(usize, usize)]) -> Result<()> {
        for (start, length) in images {
            image_check::check(&buffer.bytes()[*start..*start + *length], &self.shape)?;
        }
        let base = buffer.bytes_mut().as_mut_ptr();
        for (start, length) in images {
            // SAFETY: every range was checked to lie in the buffer; the store copies the tuple.
            unsafe {
                let mut tuple = pg_sys::HeapTupleData {
                    t_len: *length as u32,
                    t_data: base.add(*start).cast(),
                    ..Default::default()
                };
                pg_sys::tuplestore_puttuple(self.store, &mut tuple);
            }
        }
        Ok(())
    }
}

fn not_here(what: &str, cannot: &str) -> Error {
    Error::new("0A000", format!("{what} called in context that cannot accept {cannot}"))
}
