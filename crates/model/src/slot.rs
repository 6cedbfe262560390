//! A slot of the shared memory file: where rows travel from the reader to the backend.
//!
//! Shape: entries back to back from the start of the slot, each `u32 length, u32 zero`, then
//! the tuple image, then zeros up to a multiple of 8, so that every image is MAXALIGNed. A row
//! that fits no slot travels as [`Fragment`]s: slots that hold nothing but consecutive bytes of it.

use serde::{Deserialize, Serialize};

use crate::layout::{MAX_ALIGN, align_up};

/// The size of one slot in bytes.
pub const SLOT_BYTES: usize = 1 << 20;
/// The bytes in front of each image.
pub const ENTRY_HEADER: usize = 8;
/// The largest image that fits a slot.
pub const MAX_SLOT_IMAGE: usize = SLOT_BYTES - ENTRY_HEADER;

/// A part of a row that is larger than a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragment {
    /// The offset of this part in the image.
    pub offset: usize,
    /// The image's length in bytes.
    pub total: usize,
}

/// The most slots there are: 1 GiB.
pub const MAX_SLOTS: usize = 1024;

/// The numbers of the slots that hold nothing.
#[derive(Debug, Default)]
pub struct FreeSlots(heapless::Vec<u32, MAX_SLOTS>);

impl FreeSlots {
    /// The slots from 0 to `count`, at most [`MAX_SLOTS`].
    pub fn all(count: u32) -> Self {
        Self((0..count.min(MAX_SLOTS as u32)).rev().collect())
    }

    /// Takes one out, if there is one.
    pub fn take(&mut self) -> Option<u32> {
        self.0.pop()
    }

    /// Puts one back. A slot that is there already, or one too many, is ignored.
    pub fn give(&mut self, slot: u32) {
        if !self.0.contains(&slot) {
            let _ = self.0.push(slot);
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends entries to a slot.
pub struct SlotWriter<'a> {
    slot: &'a mut [u8],
    used: usize,
    rows: u32,
}

impl<'a> SlotWriter<'a> {
    /// Starts an empty slot.
    pub fn new(slot: &'a mut [u8]) -> Self {
        Self { slot, used: 0, rows: 0 }
    }

    /// Goes on with a slot that holds `rows` rows in its first `used` bytes.
    pub fn resume(slot: &'a mut [u8], used: usize, rows: u32) -> Self {
        Self { slot, used, rows }
    }

    /// Appends an image. Returns false, with nothing written, when it does not fit.
    pub fn push(&mut self, image: &[u8]) -> bool {
        let start = self.used + ENTRY_HEADER;
        let end = align_up(start + image.len(), MAX_ALIGN);
        if end > self.slot.len() {
            return false;
        }
        let length = (image.len() as u32).to_le_bytes();
        self.slot[self.used..self.used + 4].copy_from_slice(&length);
        self.slot[self.used + 4..start].fill(0);
        self.slot[start..start + image.len()].copy_from_slice(image);
        self.slot[start + image.len()..end].fill(0);
        self.used = end;
        self.rows += 1;
        true
    }

    /// The bytes in use.
    pub fn used(&self) -> usize {
        self.used
    }

    /// The entries in the slot.
    pub fn rows(&self) -> u32 {
        self.rows
    }
}

/// Iterates over the images of a slot. It trusts nothing: a length that leads out of the used
/// part ends the iteration, and [`Images::intact`] tells.
pub struct Images<'a> {
    used: &'a [u8],
    at: usize,
}

impl<'a> Images<'a> {
    /// The images in the used part of a slot.
    pub fn new(used: &'a [u8]) -> Self {
        Self { used, at: 0 }
    }

    /// Whether everything up to the end was read.
    pub fn intact(&self) -> bool {
        self.at == self.used.len()
    }
}

impl<'a> Iterator for Images<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let header = self.used.get(self.at..self.at + 4)?;
        let length = u32::from_le_bytes(header.try_into().ok()?) as usize;
        let start = self.at + ENTRY_HEADER;
        let image = self.used.get(start..start.checked_add(length)?)?;
        self.at = align_up(start + length, MAX_ALIGN);
        Some(image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_come_back_as_they_went_in() {
        let mut slot = vec![0xff; 64];
        let mut writer = SlotWriter::new(&mut slot);
        assert!(writer.push(b"twelve bytes"));
        assert!(writer.push(b"8 bytes."));
        assert!(!writer.push(&[0; 32]));
        let (used, rows) = (writer.used(), writer.rows());
        assert_eq!((used, rows), (40, 2));
        let mut images = Images::new(&slot[..used]);
        assert_eq!(images.next(), Some(&b"twelve bytes"[..]));
        assert_eq!(images.next(), Some(&b"8 bytes."[..]));
        assert_eq!(images.next(), None);
        assert!(images.intact());
    }

    #[test]
    fn a_wrong_length_is_noticed() {
        let mut slot = vec![0; 32];
        slot[0] = 200;
        let mut images = Images::new(&slot);
        assert_eq!(images.next(), None);
        assert!(!images.intact());
    }
}
