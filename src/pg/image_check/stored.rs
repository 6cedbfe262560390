//! Values that are stored otherwise than as they are: compressed in the tuple, or out of line
//! (varatt.h; postgres.h before PostgreSQL 16).

use migrator_model::page::{EXTERNAL_TAG, TOAST_POINTER};

use super::{AttributeShape, Fault};

/// What a tuple may hold besides plain values; given by the caller. Values inside of arrays and
/// rows are always plain.
pub trait StoredValues {
    /// A value compressed in line: `stored` is va_tcinfo and what follows. Checks that it
    /// decompresses to what the attribute may hold.
    fn compressed(
        &mut self,
        at: usize,
        attribute: &AttributeShape,
        stored: &[u8],
    ) -> Result<(), Fault>;

    /// A value out of line. Checks that it is there, or sees to it that somebody does.
    fn pointer(
        &mut self,
        at: usize,
        attribute: &AttributeShape,
        pointer: Pointer,
    ) -> Result<(), Fault>;
}

/// A tuple with nothing but plain values: rows that are not on pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inline;

impl StoredValues for Inline {
    fn compressed(&mut self, _: usize, _: &AttributeShape, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::Varlena)
    }

    fn pointer(&mut self, _: usize, _: &AttributeShape, _: Pointer) -> Result<(), Fault> {
        Err(Fault::Varlena)
    }
}

/// struct varatt_external
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// va_rawsize: the length with a four-byte header, not compressed.
    pub raw_size: u32,
    /// va_extinfo: the bytes that are stored, and the method.
    pub ext_info: u32,
    /// va_valueid
    pub value: u32,
    /// va_toastrelid
    pub relation: u32,
}

impl Pointer {
    /// Any other kind of pointer leads into somebody's memory.
    pub(super) fn read(bytes: &[u8; TOAST_POINTER]) -> Result<Self, Fault> {
        let words = bytes.strip_prefix(&EXTERNAL_TAG).unwrap_or_default().as_chunks();
        let ([raw_size, ext_info, value, relation], []) = words else {
            return Err(Fault::Varlena);
        };
        let [raw_size, ext_info, value, relation] =
            [raw_size, ext_info, value, relation].map(|word| u32::from_le_bytes(*word));
        Ok(Self { raw_size, ext_info, value, relation })
    }
}

/// A value that is not stored as it is.
pub enum Stored<'a> {
    /// va_tcinfo and what follows.
    Compressed(&'a [u8]),
    /// Where the value is.
    Pointer(Pointer),
}

/// For values inside of others.
pub fn refuse(_: Stored<'_>) -> Result<(), Fault> {
    Err(Fault::Varlena)
}
