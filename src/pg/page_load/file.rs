//! Pages behind the end of a file: logged, given their checksums, written.
//!
//! Nothing of this goes through the buffer cache. A checkpoint does not see the pages, therefore:
//! each batch asks for the file to be synced by the next one, and when one has begun since the
//! first page was logged, the file is synced here before the transaction can end. At wal_level
//! minimal the server syncs the file at commit.

use pgrx::pg_sys;

use crate::pg::{compat, relation::Relation};

/// XLR_MAX_BLOCK_ID: the pages of one WAL record.
const BATCH: usize = 32;
/// RELSEG_SIZE: the blocks of one segment of a file.
const SEGMENT: u32 = 131_072;
/// BLCKSZ
const PAGE: usize = migrator_model::page::PAGE_BYTES;

/// A fork of a relation that grows.
pub struct ForkWriter {
    fork: pg_sys::ForkNumber::Type,
    /// The next block.
    next: u32,
    logged: bool,
    /// The server syncs the file at commit.
    synced_at_commit: bool,
    redo: pg_sys::XLogRecPtr,
}

impl ForkWriter {
    /// Starts behind the last block of a relation that is new in this subtransaction.
    pub fn begin(relation: &Relation, fork: pg_sys::ForkNumber::Type) -> Self {
        // SAFETY: the relation is open.
        unsafe {
            let storage = pg_sys::RelationGetSmgr(relation.raw());
            if !pg_sys::smgrexists(storage, fork) {
                pg_sys::smgrcreate(storage, fork, false);
            }
            let persistence = (*(*relation.raw()).rd_rel).relpersistence as u8;
            let logged = compat::relation_needs_wal(relation.raw());
            Self {
                fork,
                next: pg_sys::smgrnblocks(storage, fork),
                logged,
                synced_at_commit: !logged && persistence == pg_sys::RELPERSISTENCE_PERMANENT,
                redo: pg_sys::GetRedoRecPtr(),
            }
        }
    }

    /// The number of the next block.
    pub fn next(&self) -> u32 {
        self.next
    }

    /// Appends pages, which lie back to back, aligned for direct I/O.
    pub fn append(&mut self, relation: &Relation, pages: &mut [u8]) {
        for batch in pages.chunks_mut(BATCH * PAGE) {
            if self.logged {
                self.log(relation, batch);
            }
            self.write(relation, batch);
        }
        if self.logged {
            flush_in_background();
        }
    }

    fn log(&self, relation: &Relation, batch: &mut [u8]) {
        let mut blocks: heapless::Vec<u32, BATCH> =
            (self.next..).take(batch.len() / PAGE).collect();
        let mut pages: heapless::Vec<*mut u8, BATCH> =
            batch.chunks_exact_mut(PAGE).map(<[u8]>::as_mut_ptr).collect();
        let standard = self.fork == pg_sys::ForkNumber::MAIN_FORKNUM;
        // SAFETY: the relation is open, and each pointer is a page's of the batch.
        unsafe {
            compat::log_newpages(relation.raw(), self.fork, &mut blocks, &mut pages, standard);
        }
    }

    /// The checksum covers the LSN that logging has set.
    fn write(&mut self, relation: &Relation, batch: &mut [u8]) {
        let last = self.next + (batch.len() / PAGE) as u32 - 1;
        for page in batch.chunks_exact_mut(PAGE) {
            let ends_something = self.next == last || self.next % SEGMENT == SEGMENT - 1;
            let skip_fsync = self.synced_at_commit || !ends_something;
            let page = page.as_mut_ptr();
            // SAFETY: the relation is open, and this is a whole page.
            unsafe {
                pg_sys::PageSetChecksumInplace(page.cast(), self.next);
                compat::smgrextend(relation.raw(), self.fork, self.next, page, skip_fsync);
            }
            self.next += 1;
        }
    }

    /// Makes sure that the pages outlive a crash after the commit.
    pub fn finish(self, relation: &Relation) {
        // SAFETY: the relation is open.
        unsafe {
            if !self.synced_at_commit && pg_sys::GetRedoRecPtr() != self.redo {
                pg_sys::smgrimmedsync(pg_sys::RelationGetSmgr(relation.raw()), self.fork);
            }
        }
    }
}

/// Lets the WAL writer flush what was logged, as after an asynchronous commit: else this process
/// would do that itself, and wait, whenever the WAL buffers are full.
fn flush_in_background() {
    // SAFETY: notes a position that was logged, and wakes a process.
    unsafe { pg_sys::XLogSetAsyncXactLSN(pg_sys::XactLastRecEnd) };
}
