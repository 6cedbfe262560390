//! Rows on finished pages, and their values out of line on pages of the TOAST relation.

use std::io;

use migrator_model::{
    page::{PageRun, Pages, StoredValue, TOAST_CHUNK},
    protocol::{FullSlot, Reply},
};

use super::lender::Lender;
use crate::{
    pages::{builder::PageWriter, toast::Values},
    scan::batch::Batch,
};

/// The pages of a table.
pub struct PagedSlots {
    heap: Filling,
    toast: Filling,
}

/// The slot of one relation that is being filled.
struct Filling {
    toast: bool,
    writer: PageWriter,
    slot: Option<u32>,
    rows: u32,
    values: Vec<StoredValue>,
}

impl PagedSlots {
    /// Starts with no page.
    pub fn new(pages: &Pages) -> Self {
        Self {
            heap: Filling::new(false, PageWriter::new(pages.xid, pages.reserve)),
            toast: Filling::new(true, PageWriter::new(pages.xid, 0)),
        }
    }

    /// Sends the rows of a batch.
    pub fn push(&mut self, lender: &mut Lender<'_>, batch: &Batch) -> io::Result<()> {
        self.push_values(lender, &batch.values)?;
        for image in batch.images() {
            self.heap.put(lender, |writer, slot| writer.put_row(slot, image))?;
            self.heap.rows += 1;
        }
        Ok(())
    }

    fn push_values(&mut self, lender: &mut Lender<'_>, values: &Values) -> io::Result<()> {
        for value in &values.list {
            let bytes = &values.bytes[value.start..value.start + value.length];
            for (sequence, data) in (0..).zip(bytes.chunks(TOAST_CHUNK)) {
                let id = value.id;
                self.toast
                    .put(lender, |writer, slot| writer.put_chunk(slot, id, sequence, data))?;
                if sequence == 0 {
                    self.toast.values.push(value.stored);
                }
            }
        }
        Ok(())
    }

    /// Sends what is left.
    pub fn hand_over(&mut self, lender: &mut Lender<'_>) -> io::Result<()> {
        self.toast.hand_over(lender)?;
        self.heap.hand_over(lender)
    }
}

impl Filling {
    fn new(toast: bool, writer: PageWriter) -> Self {
        Self { toast, writer, slot: None, rows: 0, values: Vec::new() }
    }

    /// Adds a tuple, if need be to a fresh slot.
    fn put(
        &mut self,
        lender: &mut Lender<'_>,
        put: impl Fn(&mut PageWriter, &mut [u8]) -> bool,
    ) -> io::Result<()> {
        loop {
            let slot = match self.slot {
                Some(slot) => slot,
                None => *self.slot.insert(lender.take()?),
            };
            if put(&mut self.writer, lender.slot(slot)) {
                return Ok(());
            }
            self.hand_over(lender)?;
        }
    }

    fn hand_over(&mut self, lender: &mut Lender<'_>) -> io::Result<()> {
        let Some(slot) = self.slot.take() else { return Ok(()) };
        let first = self.writer.first();
        let used = self.writer.finish(lender.slot(slot));
        let values = std::mem::take(&mut self.values);
        let pages = Some(PageRun { toast: self.toast, first, values });
        let rows = std::mem::take(&mut self.rows);
        lender.say(&Reply::Slot(FullSlot { slot, used, rows, fragment: None, pages }))
    }
}
