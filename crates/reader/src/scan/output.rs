//! Fills slots and hands them over; waits for the backend to give some back.

use std::{
    io,
    time::{Duration, Instant},
};

use migrator_model::{
    protocol::{FullSlot, Reply},
    reject::Reject,
    slot::{Fragment, FreeSlots, MAX_SLOT_IMAGE, SlotWriter},
};

use crate::{ffi::slots::Slots, serve::Backend};

/// Rejects travel in batches of this many.
const REJECT_BATCH: usize = 100;

/// Where rows go.
pub struct Output<'a> {
    backend: &'a mut Backend,
    slots: &'a mut Slots,
    free: FreeSlots,
    current: Option<FullSlot>,
    rejects: Vec<Reject>,
    waited: Duration,
}

impl<'a> Output<'a> {
    /// Starts with every slot free.
    pub fn new(backend: &'a mut Backend, slots: &'a mut Slots) -> Self {
        backend.begin_scan();
        let free = FreeSlots::all(slots.count());
        Self { backend, slots, free, current: None, rejects: Vec::new(), waited: Duration::ZERO }
    }

    /// Whether the backend wants no more rows.
    pub fn is_stopped(&self) -> bool {
        self.backend.is_stopped()
    }

    /// Says something in between.
    pub fn say(&mut self, reply: &Reply) -> io::Result<()> {
        self.backend.say(reply)
    }

    /// Sends one row.
    pub fn push(&mut self, image: &[u8]) -> io::Result<()> {
        if image.len() > MAX_SLOT_IMAGE {
            return self.push_large(image);
        }
        while !self.fits(image)? {
            self.hand_over()?;
        }
        Ok(())
    }

    /// Tries the current slot, or a fresh one when there is none.
    fn fits(&mut self, image: &[u8]) -> io::Result<bool> {
        let mut current = match self.current.take() {
            Some(current) => current,
            None => FullSlot { slot: self.take_free()?, used: 0, rows: 0, fragment: None },
        };
        let slot = self.slots.slot(current.slot);
        let mut writer = SlotWriter::resume(slot, current.used, current.rows);
        let pushed = writer.push(image);
        (current.used, current.rows) = (writer.used(), writer.rows());
        self.current = Some(current);
        Ok(pushed)
    }

    /// A row larger than a slot goes in parts, each in a slot of its own.
    fn push_large(&mut self, image: &[u8]) -> io::Result<()> {
        self.hand_over()?;
        for (part, bytes) in image.chunks(MAX_SLOT_IMAGE).enumerate() {
            let offset = part * MAX_SLOT_IMAGE;
            let slot = self.take_free()?;
            self.slots.slot(slot)[..bytes.len()].copy_from_slice(bytes);
            let rows = u32::from(offset + bytes.len() == image.len());
            let fragment = Some(Fragment { offset, total: image.len() });
            self.say(&Reply::Slot(FullSlot { slot, used: bytes.len(), rows, fragment }))?;
        }
        Ok(())
    }

    fn hand_over(&mut self) -> io::Result<()> {
        match self.current.take() {
            Some(full) if full.rows > 0 => self.say(&Reply::Slot(full)),
            Some(empty) => {
                self.free.give(empty.slot);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn take_free(&mut self) -> io::Result<u32> {
        while let Ok(slot) = self.backend.released.try_recv() {
            self.free.give(slot);
        }
        if let Some(slot) = self.free.take() {
            return Ok(slot);
        }
        let since = Instant::now();
        let slot = self.backend.released.recv().map_err(io::Error::other);
        self.waited += since.elapsed();
        slot
    }

    /// Sends one rejected row.
    pub fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.rejects.push(reject);
        if self.rejects.len() < REJECT_BATCH { Ok(()) } else { self.send_rejects() }
    }

    fn send_rejects(&mut self) -> io::Result<()> {
        match std::mem::take(&mut self.rejects) {
            none if none.is_empty() => Ok(()),
            some => self.say(&Reply::Rejects(some)),
        }
    }

    /// Sends what is left, and waits until every slot is back: the next scan starts with all.
    /// Returns the time spent waiting for slots.
    pub fn finish(mut self) -> io::Result<Duration> {
        self.hand_over()?;
        self.send_rejects()?;
        while self.free.len() < self.slots.count() as usize {
            let slot = self.backend.released.recv().map_err(io::Error::other)?;
            self.free.give(slot);
        }
        Ok(self.waited)
    }
}
