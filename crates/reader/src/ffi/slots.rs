//! The shared memory file, mapped.

use std::{fs::File, io};

use memmap2::{MmapMut, MmapOptions, UncheckedAdvice};
use migrator_model::slot::{MAX_SLOTS, SLOT_BYTES};

/// The slots. Each belongs to the reader until it has told the backend about it, and again once
/// the backend has given it back; `serve` keeps that order.
pub struct Slots {
    map: MmapMut,
}

impl Slots {
    /// Maps `bytes` bytes of the file: as many whole slots as fit.
    pub fn map(file: File, bytes: u64) -> io::Result<Self> {
        let most = (MAX_SLOTS * SLOT_BYTES) as u64;
        let whole = bytes.min(most) / SLOT_BYTES as u64 * SLOT_BYTES as u64;
        if whole == 0 || file.metadata()?.len() < whole {
            return Err(io::Error::other("the shared memory file has no room for a slot"));
        }
        let length = usize::try_from(whole).map_err(io::Error::other)?;
        // SAFETY: the backend has sealed the file's size, and it only reads from slots that it
        // owns, by copying; a torn read would be found by its check of every image.
        let map = unsafe { MmapOptions::new().len(length).map_mut(&file)? };
        Ok(Self { map })
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        (self.map.len() / SLOT_BYTES) as u32
    }

    /// Gives the memory back: none of the slots holds anything that anybody wants.
    pub fn forget(&mut self) {
        // SAFETY: the slots become zeros, in the backend, too. It reads none that it was told of before
        // it said that nothing is wanted for now. Where the kernel refuses, the memory stays.
        let _ = unsafe { self.map.unchecked_advise(UncheckedAdvice::Remove) };
    }

    /// The bytes of one slot; the caller owns it.
    pub fn slot(&mut self, number: u32) -> &mut [u8] {
        let start = number as usize * SLOT_BYTES;
        &mut self.map[start..start + SLOT_BYTES]
    }
}
