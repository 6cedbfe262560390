//! A running scan: slots are copied into the backend's own memory and given back at once.

use migrator_model::{
    layout::MAX_FIELD_BYTES,
    page::PageRun,
    protocol::{Done, FullSlot, Reply, Request},
    reject::Reject,
    slot::{ENTRY_HEADER, Images, SLOT_BYTES},
};

use super::connection::{Connection, malformed};
use crate::{error::Result, pg::shared_memory::RowBuffer};

/// What a scan brings.
pub enum Event {
    /// The rows to expect, if DuckDB knows; once, before anything else.
    Expect(Option<u64>),
    /// Rows: their images lie in [`ScanStream::buffer`] at [`ScanStream::images`].
    Rows,
    /// Pages: they lie in [`ScanStream::pages`], back to back.
    Pages(PageRun),
    /// Rows that were not carried.
    Rejects(Vec<Reject>),
}

/// The rows of a scan, a slot at a time.
pub struct ScanStream<'c> {
    connection: &'c mut Connection,
    buffer: RowBuffer,
    images: Vec<(usize, usize)>,
    /// The bytes of a large row that have arrived.
    arrived: usize,
    done: Option<Done>,
}

impl<'c> ScanStream<'c> {
    pub(super) fn new(connection: &'c mut Connection) -> Self {
        let buffer = RowBuffer::default();
        Self { connection, buffer, images: Vec::new(), arrived: 0, done: None }
    }

    /// Waits for the next event; None at the end.
    pub fn next(&mut self) -> Result<Option<Event>> {
        while self.done.is_none() {
            match self.connection.receive()? {
                Reply::Expect(rows) => return Ok(Some(Event::Expect(rows))),
                Reply::Rejects(rejects) => return Ok(Some(Event::Rejects(rejects))),
                Reply::Slot(FullSlot { pages: Some(run), slot, used, .. }) => {
                    self.take_pages(slot, used)?;
                    return Ok(Some(Event::Pages(run)));
                }
                Reply::Slot(full) if self.take(&full)? => return Ok(Some(Event::Rows)),
                Reply::Slot(_) => {}
                Reply::Done(done) => self.done = Some(*done),
                _ => return Err(malformed()),
            }
        }
        Ok(None)
    }

    /// The rows that arrived last, and where their images lie: offset and length, MAXALIGNed.
    pub fn rows(&mut self) -> (&mut RowBuffer, &[(usize, usize)]) {
        (&mut self.buffer, &self.images)
    }

    /// The pages that arrived last.
    pub fn pages(&mut self) -> &mut [u8] {
        self.buffer.bytes_mut()
    }

    /// What the scan came to, once it is through.
    pub fn done(self) -> Result<Done> {
        self.done.ok_or_else(malformed)
    }

    /// Copies a slot and gives it back. False while a large row is still incomplete.
    fn take(&mut self, full: &FullSlot) -> Result<bool> {
        let complete = match full.fragment {
            None => self.take_rows(full)?,
            Some(fragment) => self.take_fragment(full, fragment.offset, fragment.total)?,
        };
        self.connection.send(&Request::Release(full.slot))?;
        Ok(complete)
    }

    fn take_pages(&mut self, slot: u32, used: usize) -> Result<()> {
        self.buffer.resize(used.min(SLOT_BYTES))?;
        self.copy(slot, used, 0)?;
        self.connection.send(&Request::Release(slot))
    }

    fn take_rows(&mut self, full: &FullSlot) -> Result<bool> {
        self.buffer.resize(full.used.min(SLOT_BYTES))?;
        self.copy(full.slot, full.used, 0)?;
        self.images.clear();
        let mut images = Images::new(self.buffer.bytes());
        let mut at = 0;
        for image in images.by_ref() {
            self.images.push((at + ENTRY_HEADER, image.len()));
            at += (ENTRY_HEADER + image.len()).next_multiple_of(8);
        }
        if images.intact() && self.images.len() == full.rows as usize {
            Ok(true)
        } else {
            Err(malformed())
        }
    }

    fn take_fragment(&mut self, full: &FullSlot, offset: usize, total: usize) -> Result<bool> {
        if offset == 0 {
            self.arrived = 0;
            self.buffer.resize(total.min(MAX_FIELD_BYTES + 1))?;
        }
        let fits = total == self.buffer.bytes().len() && offset == self.arrived;
        if !fits || full.used == 0 {
            return Err(malformed());
        }
        self.copy(full.slot, full.used, offset)?;
        self.arrived += full.used;
        self.images.clear();
        self.images.push((0, total));
        Ok(self.arrived == total)
    }

    fn copy(&mut self, slot: u32, used: usize, to: usize) -> Result<()> {
        let from = slot as usize * SLOT_BYTES;
        let inside = used <= SLOT_BYTES;
        let copied = inside && self.connection.memory.copy(from, used, &mut self.buffer, to);
        if copied { Ok(()) } else { Err(malformed()) }
    }
}
