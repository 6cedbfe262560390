//! Reads canonical bytes that may end too early.

/// The bytes end, or are no longer worth reading, before the value does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut;

/// Whether a value was there to its end.
pub(super) type Whole = Result<(), Cut>;

/// What is not read yet.
pub(super) struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Cut> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Cut)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Cut> {
        self.array().map(|[byte]| byte)
    }

    /// Whether the next value has this tag.
    pub(super) fn is_at(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    pub(super) fn count(&mut self) -> Result<usize, Cut> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// As many bytes, or all that are left.
    pub(super) fn up_to(&mut self, count: usize) -> (&'b [u8], Whole) {
        let (part, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        (part, if part.len() < count && count != usize::MAX { Err(Cut) } else { Ok(()) })
    }

    /// A payload that begins with its length.
    pub(super) fn sized(&mut self) -> Result<(&'b [u8], Whole), Cut> {
        let length = self.count()?;
        Ok(self.up_to(length))
    }
}
