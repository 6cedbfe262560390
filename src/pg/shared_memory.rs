//! The backend's view of the shared memory file: only ever copied from, because the process on
//! the other side may write to it at any time.

use std::{fs::File, ptr};

use memmap2::{Mmap, MmapOptions};

use crate::error::{Error, Result};

/// A buffer that a large row has made larger than this, in words, is given back after it.
const KEPT_WORDS: usize = 1 << 20;

/// The mapped file.
pub struct SharedMemory {
    map: Mmap,
}

/// Rows in the backend's own memory, MAXALIGNed.
#[derive(Default)]
pub struct RowBuffer {
    words: Vec<u64>,
    length: usize,
}

impl RowBuffer {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the words hold at least `length` initialised bytes.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.length) }
    }

    /// The bytes, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), self.length) }
    }

    /// Makes room for `length` bytes; what was there is of no use any more. A lack of memory is an
    /// error here: anywhere else it would abort the backend, and with it the cluster.
    pub fn resize(&mut self, length: usize) -> Result<()> {
        let words = length.div_ceil(8);
        if words > self.words.capacity() || words < KEPT_WORDS && KEPT_WORDS < self.words.capacity()
        {
            self.words = Vec::new();
            self.words.try_reserve_exact(words).map_err(|_| out_of_memory(length))?;
        }
        self.words.resize(words, 0);
        self.length = length;
        Ok(())
    }
}

/// The server's own words for it.
pub fn out_of_memory(bytes: usize) -> Error {
    Error::new("53200", "out of memory").detail(format!("Failed on request of size {bytes}."))
}

impl SharedMemory {
    /// Maps the whole file.
    pub fn map(file: &File, length: usize) -> std::io::Result<Self> {
        // SAFETY: the file's size is sealed, and no reference into the map ever leaves this type.
        let map = unsafe { MmapOptions::new().len(length).map(file)? };
        Ok(Self { map })
    }

    /// Copies `length` bytes from `from` into the buffer at `to`. False when either is too short.
    pub fn copy(&self, from: usize, length: usize, buffer: &mut RowBuffer, to: usize) -> bool {
        let inside =
            |start: usize, size: usize| start.checked_add(length).is_some_and(|end| end <= size);
        if !inside(from, self.map.len()) || !inside(to, buffer.length) {
            return false;
        }
        let target = buffer.bytes_mut()[to..].as_mut_ptr();
        // SAFETY: both ranges were checked; the other process may write meanwhile, so the bytes
        // are copied without a reference to them and checked only afterwards.
        unsafe { ptr::copy_nonoverlapping(self.map.as_ptr().add(from), target, length) };
        true
    }
}
