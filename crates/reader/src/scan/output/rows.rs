//! Rows as entries of slots.

use std::{
    io,
    time::{Duration, Instant},
};

use migrator_model::{
    protocol::{FullSlot, Reply},
    slot::{Fragment, MAX_SLOT_IMAGE, SlotWriter},
};

use super::lender::Lender;

/// How often a slot that is not full is sent to a backend that has nothing to do: each costs both
/// sides some microseconds.
const HASTE: Duration = Duration::from_micros(500);

/// The slot that is being filled.
#[derive(Default)]
pub struct RowSlots {
    current: Option<FullSlot>,
    sent: Option<Instant>,
}

impl RowSlots {
    /// Sends what there is when the backend waits for it: the first rows of a scan, and those that
    /// DuckDB takes its time for.
    pub fn offer(&mut self, lender: &mut Lender<'_>) -> io::Result<()> {
        let hurries = self.sent.is_none_or(|sent| sent.elapsed() >= HASTE);
        match &self.current {
            Some(current) if current.rows > 0 && hurries && lender.lends_one() => {
                self.hand_over(lender)
            }
            _ => Ok(()),
        }
    }

    /// Sends one row.
    pub fn push(&mut self, lender: &mut Lender<'_>, image: &[u8]) -> io::Result<()> {
        if image.len() > MAX_SLOT_IMAGE {
            return self.push_large(lender, image);
        }
        while !self.fits(lender, image)? {
            self.hand_over(lender)?;
        }
        Ok(())
    }

    /// Tries the current slot, or a fresh one when there is none.
    fn fits(&mut self, lender: &mut Lender<'_>, image: &[u8]) -> io::Result<bool> {
        let mut current = match self.current.take() {
            Some(current) => current,
            None => {
                FullSlot { slot: lender.take()?, used: 0, rows: 0, fragment: None, pages: None }
            }
        };
        let slot = lender.slot(current.slot);
        let mut writer = SlotWriter::resume(slot, current.used, current.rows);
        let pushed = writer.push(image);
        (current.used, current.rows) = (writer.used(), writer.rows());
        self.current = Some(current);
        Ok(pushed)
    }

    /// A row larger than a slot goes in parts, each in a slot of its own.
    fn push_large(&mut self, lender: &mut Lender<'_>, image: &[u8]) -> io::Result<()> {
        self.hand_over(lender)?;
        for (part, bytes) in image.chunks(MAX_SLOT_IMAGE).enumerate() {
            let offset = part * MAX_SLOT_IMAGE;
            let slot = lender.take()?;
            lender.slot(slot)[..bytes.len()].copy_from_slice(bytes);
            let rows = u32::from(offset + bytes.len() == image.len());
            let fragment = Some(Fragment { offset, total: image.len() });
            let used = bytes.len();
            lender.say(&Reply::Slot(FullSlot { slot, used, rows, fragment, pages: None }))?;
        }
        Ok(())
    }

    /// Sends what is in the slot.
    pub fn hand_over(&mut self, lender: &mut Lender<'_>) -> io::Result<()> {
        match self.current.take() {
            Some(full) if full.rows > 0 => {
                self.sent = Some(Instant::now());
                lender.say(&Reply::Slot(full))
            }
            Some(empty) => {
                lender.give(empty.slot);
                Ok(())
            }
            None => Ok(()),
        }
    }
}
