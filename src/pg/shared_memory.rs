//! The backend's view of the shared memory file: only ever copied from, because the process on
//! the other side may write to it at any time.

use std::{fs::File, ptr};

use memmap2::{Mmap, MmapOptions};

use crate::error::{Error, Result};

/// PG_IO_ALIGN_SIZE: what direct I/O wants of the pages that it writes.
const BLOCK_BYTES: usize = 4096;
/// A buffer that a large row has made larger than this, in blocks, is given back after it.
const KEPT_BLOCKS: usize = 1 << 11;

/// A piece of a buffer.
#[derive(Clone, Copy)]
#[repr(C, align(4096))]
struct Block([u8; BLOCK_BYTES]);

/// The mapped file.
pub struct SharedMemory {
    map: Mmap,
}

/// Rows or pages in the backend's own memory, aligned for both.
#[derive(Default)]
pub struct RowBuffer {
    blocks: Vec<Block>,
    length: usize,
}

impl RowBuffer {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the blocks hold at least `length` initialised bytes.
        unsafe { std::slice::from_raw_parts(self.blocks.as_ptr().cast(), self.length) }
    }

    /// The bytes, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.blocks.as_mut_ptr().cast(), self.length) }
    }

    /// Makes room for `length` bytes; what was there is of no use any more. A lack of memory is an
    /// error here: anywhere else it would abort the backend, and with it the cluster.
    pub fn resize(&mut self, length: usize) -> Result<()> {
        let (blocks, capacity) = (length.div_ceil(BLOCK_BYTES), self.blocks.capacity());
        if blocks > capacity || blocks < KEPT_BLOCKS && KEPT_BLOCKS < capacity {
            self.blocks = Vec::new();
            self.blocks.try_reserve_exact(blocks).map_err(|_| out_of_memory(length))?;
        }
        self.blocks.resize(blocks, Block([0; BLOCK_BYTES]));
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
