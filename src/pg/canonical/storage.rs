//! How values lie within arrays and rows.

use super::damaged;
use crate::error::Result;

/// What the catalog says about the bytes of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// typlen: bytes, or -1 for a varlena.
    pub len: i16,
    /// typbyval
    pub by_value: bool,
    /// typalign in bytes.
    pub align: u8,
}

/// The bytes of a value within another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner<'v> {
    /// The value, without its varlena header.
    Plain(&'v [u8]),
    /// A varlena that is compressed, with its header.
    Compressed(&'v [u8]),
}

impl Storage {
    /// The next element of an array; `at` is moved behind it.
    pub fn in_array<'v>(self, data: &'v [u8], at: &mut usize) -> Result<Inner<'v>> {
        let start = aligned(*at, self.align);
        self.take(data, start, at)
    }

    /// The next attribute of a row; `at` is moved behind it.
    pub fn in_row<'v>(self, data: &'v [u8], at: &mut usize) -> Result<Inner<'v>> {
        // A varlena with a short header is not aligned; its first byte is no zero, and padding is.
        let is_here = self.len == -1 && data.get(*at).is_some_and(|byte| *byte != 0);
        let start = if is_here { *at } else { aligned(*at, self.align) };
        self.take(data, start, at)
    }

    fn take<'v>(self, data: &'v [u8], start: usize, at: &mut usize) -> Result<Inner<'v>> {
        let rest = data.get(start..).unwrap_or_default();
        let (inner, length) = match usize::try_from(self.len) {
            Ok(length) => (rest.get(..length).map(Inner::Plain), length),
            Err(_) => varlena(rest)?,
        };
        *at = start.saturating_add(length);
        inner.ok_or_else(|| damaged("It ends within one of its parts."))
    }
}

/// A varlena at the start of `bytes`, and how long it says that it is.
fn varlena(bytes: &[u8]) -> Result<(Option<Inner<'_>>, usize)> {
    match bytes.first() {
        Some(1) => Err(damaged("One of its parts is stored elsewhere.")),
        Some(header) if header & 1 == 1 => {
            let length = usize::from(header >> 1);
            Ok((bytes.get(1..length).map(Inner::Plain), length))
        }
        _ => Ok(bytes.first_chunk().map_or((None, 0), |header| long(bytes, *header))),
    }
}

/// A varlena with a header of four bytes: a length, and two bits that say how it is stored.
fn long(bytes: &[u8], header: [u8; 4]) -> (Option<Inner<'_>>, usize) {
    let header = u32::from_le_bytes(header);
    let length = (header >> 2) as usize;
    let inner = match header & 3 {
        0 => bytes.get(4..length).map(Inner::Plain),
        _ => bytes.get(..length).map(Inner::Compressed),
    };
    (inner, length)
}

/// Whether the bits of an array or a row say that one of its parts is NULL.
#[inline]
pub fn is_null(nulls: Option<&[u8]>, number: usize) -> bool {
    let byte = nulls.and_then(|nulls| nulls.get(number / 8));
    byte.is_some_and(|byte| byte >> (number % 8) & 1 == 0)
}

/// The first place from `at` on that is a multiple of `align`.
pub fn aligned(at: usize, align: u8) -> usize {
    at.next_multiple_of(usize::from(align.max(1)))
}
