//! Tuple images into an ordinary heap table, many at a time, as COPY does it: heap_multi_insert,
//! CHECK constraints before it, index entries after it.

use std::ptr;

use migrator_model::layout::Attribute;
use pgrx::pg_sys;

use super::{
    compat,
    image_check::{self, AttributeShape, ImageShape},
    relation::Relation,
    shared_memory::RowBuffer,
};
use crate::error::Result;

/// COPY's own batch: more would keep more pages pinned for no gain.
const BATCH: usize = 1000;
/// HEAP_INSERT_SKIP_FSM: a bulk load does not look for room in existing pages.
const SKIP_FSM: i32 = 0x0002;

/// An insert in progress.
pub struct BulkInsert<'r> {
    relation: &'r Relation,
    shape: ImageShape,
    state: pg_sys::BulkInsertState,
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    estate: *mut pg_sys::EState,
    expressions: *mut pg_sys::ExprContext,
    result_relation: *mut pg_sys::ResultRelInfo,
    has_checks: bool,
    has_indexes: bool,
    command: pg_sys::CommandId,
}

impl<'r> BulkInsert<'r> {
    /// Prepares the relation, which must be an ordinary heap table without triggers, and whose
    /// attributes these are.
    pub fn begin(relation: &'r Relation, attributes: &[Attribute]) -> Self {
        // SAFETY: the relation is open; everything allocated here lives in the caller's memory
        // context and goes with it.
        unsafe {
            let raw = relation.raw();
            let estate = pg_sys::CreateExecutorState();
            let result_relation =
                pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
            (*result_relation).type_ = pg_sys::NodeTag::T_ResultRelInfo;
            pg_sys::InitResultRelInfo(result_relation, raw, 0, ptr::null_mut(), 0);
            pg_sys::ExecOpenIndices(result_relation, false);
            let constraints = (*(*raw).rd_att).constr;
            Self {
                relation,
                shape: attributes.iter().map(AttributeShape::of).collect(),
                state: pg_sys::GetBulkInsertState(),
                slots: Vec::new(),
                estate,
                expressions: pg_sys::MakePerTupleExprContext(estate),
                result_relation,
                has_checks: !constraints.is_null() && (*constraints).num_check > 0,
                has_indexes: (*result_relation).ri_NumIndices > 0,
                command: pg_sys::GetCurrentCommandId(true),
            }
        }
    }

    /// Inserts the images that lie in the buffer at these ranges, each MAXALIGNed. The server
    /// fills in their headers where they lie.
    pub fn insert(&mut self, buffer: &mut RowBuffer, images: &[(usize, usize)]) -> Result<()> {
        for (start, length) in images {
            image_check::check(&buffer.bytes()[*start..*start + *length], &self.shape)?;
        }
        let base = buffer.bytes_mut().as_mut_ptr();
        for batch in images.chunks(BATCH) {
            self.make_slots(batch.len());
            // SAFETY: every range was checked to lie in the buffer, which outlives the batch.
            unsafe { self.insert_batch(base, batch) };
        }
        Ok(())
    }

    fn make_slots(&mut self, count: usize) {
        while self.slots.len() < count {
            // SAFETY: the relation is open, and with it its descriptor.
            let slot = unsafe {
                let descriptor = (*self.relation.raw()).rd_att;
                pg_sys::MakeSingleTupleTableSlot(descriptor, &raw const pg_sys::TTSOpsHeapTuple)
            };
            self.slots.push(slot);
        }
    }

    unsafe fn insert_batch(&mut self, base: *mut u8, batch: &[(usize, usize)]) {
        // SAFETY: by the caller, and see the steps.
        unsafe {
            for ((start, length), slot) in batch.iter().zip(&self.slots) {
                self.store(base.add(*start), *length, *slot);
            }
            if self.has_checks {
                self.check_constraints(batch.len());
            }
            self.multi_insert(batch.len());
            for slot in &self.slots[..batch.len()] {
                if self.has_indexes {
                    compat::exec_insert_index_tuples(self.result_relation, *slot, self.estate);
                    self.reset_expression_memory();
                }
                pg_sys::ExecClearTuple(*slot);
            }
        }
    }

    /// heap_multi_insert leaks: COPY, too, calls it in a context that is reset after each batch.
    unsafe fn multi_insert(&mut self, count: usize) {
        // SAFETY: the slots hold tuples of the relation, and nothing that outlives the call is
        // allocated in it.
        unsafe {
            let context = (*self.expressions).ecxt_per_tuple_memory;
            let before = pg_sys::MemoryContextSwitchTo(context);
            pg_sys::heap_multi_insert(
                self.relation.raw(),
                self.slots.as_mut_ptr(),
                count as i32,
                self.command,
                SKIP_FSM,
                self.state,
            );
            pg_sys::MemoryContextSwitchTo(before);
            pg_sys::MemoryContextReset(context);
        }
    }

    /// Puts the image into a slot as a tuple that the slot owns: then nothing copies it again.
    /// Only the small HeapTupleData is the server's to free; the image stays in our buffer.
    unsafe fn store(&self, image: *mut u8, length: usize, slot: *mut pg_sys::TupleTableSlot) {
        // SAFETY: the image was checked, and lives until the slot is cleared.
        unsafe {
            let tuple =
                pg_sys::palloc0(size_of::<pg_sys::HeapTupleData>()).cast::<pg_sys::HeapTupleData>();
            (*tuple).t_len = length as u32;
            (*tuple).t_tableOid = (*self.relation.raw()).rd_id;
            (*tuple).t_self.ip_blkid = pg_sys::BlockIdData { bi_hi: u16::MAX, bi_lo: u16::MAX };
            (*tuple).t_data = image.cast();
            (*slot).tts_tableOid = (*self.relation.raw()).rd_id;
            pg_sys::ExecStoreHeapTuple(tuple, slot, true);
        }
    }

    unsafe fn check_constraints(&self, count: usize) {
        for slot in &self.slots[..count] {
            // SAFETY: the slot holds a tuple of the relation.
            unsafe {
                pg_sys::ExecConstraints(self.result_relation, *slot, self.estate);
                self.reset_expression_memory();
            }
        }
    }

    unsafe fn reset_expression_memory(&self) {
        // SAFETY: the context is the executor state's, which is live.
        unsafe { pg_sys::MemoryContextReset((*self.expressions).ecxt_per_tuple_memory) };
    }

    /// Ends the insert: unpins, and closes the indexes.
    pub fn finish(self) {
        // SAFETY: everything was made by `begin` and is given back once.
        unsafe {
            for slot in &self.slots {
                pg_sys::ExecDropSingleTupleTableSlot(*slot);
            }
            pg_sys::FreeBulkInsertState(self.state);
            pg_sys::ExecCloseIndices(self.result_relation);
            pg_sys::FreeExecutorState(self.estate);
        }
    }
}
