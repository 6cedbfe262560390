//! Bytes whose offsets count from somewhere else.

use super::Fault;

/// The bytes of a tuple, an array or a row value. Offsets count from where the value would start
/// with a four-byte header, wherever its payload really lies: alignment inside counts from there,
/// because that is how the server lays it out in memory before it looks inside.
#[derive(Clone, Copy)]
pub struct Span<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Span<'a> {
    /// Bytes of which the first has offset `start`.
    pub fn new(bytes: &'a [u8], start: usize) -> Self {
        Self { bytes, start }
    }

    /// The offset behind the last byte.
    pub fn end(self) -> usize {
        self.start + self.bytes.len()
    }

    /// `length` bytes at an offset.
    #[inline]
    pub fn get(self, at: usize, length: usize) -> Result<&'a [u8], Fault> {
        self.from(at).and_then(|bytes| bytes.get(..length)).ok_or(Fault::Length)
    }

    /// As many bytes as the array has, at an offset.
    #[inline]
    pub fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Fault> {
        self.from(at).and_then(|bytes| bytes.first_chunk().copied()).ok_or(Fault::Length)
    }

    /// Padding is zero wherever the server writes some. Nothing reads it, but values that are
    /// equal byte by byte are taken for the same, and only then.
    #[inline]
    pub fn padding(self, from: usize, to: usize) -> Result<(), Fault> {
        if from < to { self.zeros(from, to - from) } else { Ok(()) }
    }

    fn zeros(self, at: usize, length: usize) -> Result<(), Fault> {
        match self.get(at, length)?.iter().all(|byte| *byte == 0) {
            true => Ok(()),
            false => Err(Fault::Padding),
        }
    }

    #[inline]
    fn from(self, at: usize) -> Option<&'a [u8]> {
        self.bytes.get(at.checked_sub(self.start)?..)
    }
}
