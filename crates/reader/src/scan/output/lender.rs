//! The slots that are free, and the backend that gives others back.

use std::{
    io,
    time::{Duration, Instant},
};

use migrator_model::{protocol::Reply, slot::FreeSlots};

use crate::{
    ffi::slots::Slots,
    serve::{Backend, WAKE},
};

/// Lends slots out.
pub struct Lender<'a> {
    backend: &'a mut Backend,
    slots: &'a mut Slots,
    free: FreeSlots,
    waited: Duration,
}

impl<'a> Lender<'a> {
    /// Starts with every slot free.
    pub fn new(backend: &'a mut Backend, slots: &'a mut Slots) -> Self {
        backend.begin_scan();
        let free = FreeSlots::all(slots.count());
        Self { backend, slots, free, waited: Duration::ZERO }
    }

    /// Whether the backend wants no more rows.
    pub fn is_stopped(&self) -> bool {
        self.backend.is_stopped()
    }

    /// Says something. A slot that it names is the backend's from then on.
    pub fn say(&mut self, reply: &Reply) -> io::Result<()> {
        self.backend.say(reply)
    }

    /// The bytes of a slot that was taken.
    pub fn slot(&mut self, slot: u32) -> &mut [u8] {
        self.slots.slot(slot)
    }

    /// Whether only one slot is out, which is the one that is being filled.
    pub fn lends_one(&mut self) -> bool {
        self.take_back();
        self.free.len() + 1 == self.slots.count() as usize
    }

    /// Takes back what the backend has given back.
    fn take_back(&mut self) {
        while let Ok(slot) = self.backend.released.try_recv() {
            self.take_one_back(slot);
        }
    }

    fn take_one_back(&mut self, slot: u32) {
        if slot != WAKE {
            self.free.give(slot);
        }
    }

    /// Waits until one is given back. A backend that wants no more rows need not give any back.
    fn wait(&mut self) -> io::Result<()> {
        // What wakes this thread comes after the word to stop, so it cannot be missed.
        if self.is_stopped() {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let slot = self.backend.released.recv().map_err(io::Error::other)?;
        self.take_one_back(slot);
        Ok(())
    }

    /// Takes a free slot, and waits for one if there is none.
    pub fn take(&mut self) -> io::Result<u32> {
        self.take_back();
        let since = Instant::now();
        loop {
            if let Some(slot) = self.free.take() {
                self.waited += since.elapsed();
                return Ok(slot);
            }
            self.wait()?;
        }
    }

    /// The time spent waiting for slots.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Takes back a slot that nothing was put into.
    pub fn give(&mut self, slot: u32) {
        self.free.give(slot);
    }

    /// Waits until every slot is back: the next scan starts with all. Returns the time that was
    /// spent waiting before the end.
    pub fn finish(mut self) -> io::Result<Duration> {
        while self.free.len() < self.slots.count() as usize {
            self.wait()?;
        }
        Ok(self.waited)
    }
}
