//! A running scan: slots are copied into the backend's own memory and given back at once.

use std::time::Instant;

use migrator_model::{
    layout::MAX_FIELD_BYTES,
    page::PageRun,
    protocol::{Done, FullSlot, Reply, Request, Scan},
    reject::Reject,
    slot::{ENTRY_HEADER, Images, SLOT_BYTES},
};

use super::{
    Reader,
    connection::{Connection, malformed},
};
use crate::{
    error::{Error, Result},
    pg::shared_memory::RowBuffer,
};

/// What a scan brings.
pub enum Event {
    /// The rows to expect, if DuckDB knows; once, before anything else.
    Expect(Option<u64>),
    /// Rows: their images lie in the buffer of [`ScanStream::rows`].
    Rows,
    /// Pages: they lie in [`ScanStream::pages`], back to back.
    Pages(PageRun),
    /// Rows that were not carried.
    Rejects(Vec<Reject>),
}

/// How much of a scan has come so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Rows.
    pub rows: u64,
    /// Bytes in slots.
    pub bytes: u64,
    /// Seconds spent waiting for them.
    pub seconds: f64,
}

/// The rows of a scan, a slot at a time.
pub struct ScanStream<'c> {
    connection: &'c mut Connection,
    arrivals: Arrivals,
}

impl<'c> ScanStream<'c> {
    pub(super) fn new(connection: &'c mut Connection) -> Self {
        Self { connection, arrivals: Arrivals::default() }
    }

    /// Waits for the next event; None at the end.
    pub fn next(&mut self) -> Result<Option<Event>> {
        self.arrivals.next(self.connection)
    }

    /// The rows that arrived last, and where their images lie: offset and length, MAXALIGNed.
    pub fn rows(&mut self) -> (&mut RowBuffer, &[(usize, usize)]) {
        self.arrivals.rows()
    }

    /// The pages that arrived last.
    pub fn pages(&mut self) -> &mut [u8] {
        self.arrivals.buffer.bytes_mut()
    }

    /// What the scan came to, once it is through.
    pub fn done(self) -> Result<Done> {
        self.arrivals.done.ok_or_else(malformed)
    }
}

/// A scan that has its reader for itself, for whoever must keep both between two calls of the server.
/// Dropping it ends the reader.
pub struct OwnedScan {
    reader: Reader,
    arrivals: Arrivals,
    rejected: u64,
}

impl OwnedScan {
    /// Starts a scan.
    pub fn begin(mut reader: Reader, scan: Scan) -> Result<Self> {
        reader.connection.begin(&Request::Scan(Box::new(scan)))?;
        Ok(Self { reader, arrivals: Arrivals::default(), rejected: 0 })
    }

    /// Waits for the next event; None at the end, when every row that the source gave has arrived.
    pub fn next(&mut self) -> Result<Option<Event>> {
        let event = self.arrivals.next(&mut self.reader.connection)?;
        match (&event, &self.arrivals.done) {
            (Some(Event::Rejects(rejects)), _) => self.rejected += rejects.len() as u64,
            (None, Some(done)) => self.check_complete(done)?,
            _ => {}
        }
        Ok(event)
    }

    fn check_complete(&self, done: &Done) -> Result<()> {
        let arrived = self.arrivals.figures.rows + self.rejected;
        if arrived == done.rows_read { Ok(()) } else { Err(rows_lost(done.rows_read, arrived)) }
    }

    /// The rows that arrived last, and where their images lie: offset and length, MAXALIGNed.
    pub fn rows(&mut self) -> (&mut RowBuffer, &[(usize, usize)]) {
        self.arrivals.rows()
    }

    /// How much has come so far.
    pub fn figures(&self) -> Figures {
        self.arrivals.figures
    }

    /// Leaves the scan, also in its middle: the reader ends it before it does something else.
    pub fn end(self) -> Reader {
        self.reader
    }
}

/// A row that is nowhere must not go unnoticed.
pub fn rows_lost(read: u64, arrived: u64) -> Error {
    Error::new("08P01", "the reader process lost rows")
        .detail(format!("It has read {read} rows, and {arrived} arrived."))
}

/// What has arrived of a scan.
#[derive(Default)]
struct Arrivals {
    buffer: RowBuffer,
    images: Vec<(usize, usize)>,
    /// The bytes of a large row that have arrived.
    arrived: usize,
    figures: Figures,
    done: Option<Done>,
}

impl Arrivals {
    fn next(&mut self, connection: &mut Connection) -> Result<Option<Event>> {
        while self.done.is_none() {
            match self.receive(connection)? {
                Reply::Expect(rows) => return Ok(Some(Event::Expect(rows))),
                Reply::Rejects(rejects) => return Ok(Some(Event::Rejects(rejects))),
                Reply::Slot(FullSlot { pages: Some(run), slot, used, .. }) => {
                    self.take_pages(connection, slot, used)?;
                    return Ok(Some(Event::Pages(run)));
                }
                Reply::Slot(full) if self.take(connection, &full)? => {
                    return Ok(Some(Event::Rows));
                }
                Reply::Slot(_) => {}
                Reply::Done(done) => self.done = Some(*done),
                _ => return Err(malformed()),
            }
        }
        Ok(None)
    }

    fn receive(&mut self, connection: &mut Connection) -> Result<Reply> {
        let since = Instant::now();
        let reply = connection.receive();
        self.figures.seconds += since.elapsed().as_secs_f64();
        reply
    }

    fn rows(&mut self) -> (&mut RowBuffer, &[(usize, usize)]) {
        (&mut self.buffer, &self.images)
    }

    /// Copies a slot and gives it back. False while a large row is still incomplete.
    fn take(&mut self, connection: &mut Connection, full: &FullSlot) -> Result<bool> {
        let complete = match full.fragment {
            None => self.take_rows(connection, full)?,
            Some(fragment) => {
                self.take_fragment(connection, full, fragment.offset, fragment.total)?
            }
        };
        connection.send(&Request::Release(full.slot))?;
        self.figures.bytes += full.used as u64;
        self.figures.rows += if complete { self.images.len() as u64 } else { 0 };
        Ok(complete)
    }

    fn take_pages(&mut self, connection: &mut Connection, slot: u32, used: usize) -> Result<()> {
        self.buffer.resize(used.min(SLOT_BYTES))?;
        self.copy(connection, slot, used, 0)?;
        connection.send(&Request::Release(slot))
    }

    fn take_rows(&mut self, connection: &Connection, full: &FullSlot) -> Result<bool> {
        self.buffer.resize(full.used.min(SLOT_BYTES))?;
        self.copy(connection, full.slot, full.used, 0)?;
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

    fn take_fragment(
        &mut self,
        connection: &Connection,
        full: &FullSlot,
        offset: usize,
        total: usize,
    ) -> Result<bool> {
        if offset == 0 {
            self.arrived = 0;
            self.buffer.resize(total.min(MAX_FIELD_BYTES + 1))?;
        }
        let fits = total == self.buffer.bytes().len() && offset == self.arrived;
        if !fits || full.used == 0 {
            return Err(malformed());
        }
        self.copy(connection, full.slot, full.used, offset)?;
        self.arrived += full.used;
        self.images.clear();
        self.images.push((0, total));
        Ok(self.arrived == total)
    }

    fn copy(&mut self, connection: &Connection, slot: u32, used: usize, to: usize) -> Result<()> {
        let from = slot as usize * SLOT_BYTES;
        let inside = used <= SLOT_BYTES;
        let copied = inside && connection.memory.copy(from, used, &mut self.buffer, to);
        if copied { Ok(()) } else { Err(malformed()) }
    }
}
