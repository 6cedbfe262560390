//! A row value as it lies in memory: what a composite type's values and records are.

use super::{damaged, storage::is_null};
use crate::error::Result;

/// t_infomask: there is a bit for each attribute that says whether it is there.
const HAS_NULLS: u16 = 1;
/// t_infomask2: how many attributes there are.
const ATTRIBUTES: u16 = 0x07FF;
/// The header's bytes before those bits, without the varlena header, which is a part of it.
const FIXED: usize = 19;

/// A row value's parts.
pub struct Tuple<'v> {
    /// The type that it says it has.
    pub type_id: u32,
    /// The modifier: tells records apart.
    pub typmod: i32,
    /// Its attributes, from the first that is there.
    pub data: &'v [u8],
    attributes: usize,
    nulls: Option<&'v [u8]>,
}

impl<'v> Tuple<'v> {
    /// Takes a row value apart, given without its varlena header.
    pub fn read(bytes: &'v [u8]) -> Result<Self> {
        let cut = || damaged("A row value ends within its header.");
        let header = bytes.first_chunk::<FIXED>().ok_or_else(cut)?;
        let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let long = |at: usize| u32::from(short(at)) | u32::from(short(at + 2)) << 16;
        let attributes = usize::from(short(14) & ATTRIBUTES);
        let start = usize::from(header[18]).checked_sub(4).filter(|start| *start >= FIXED);
        let start = start.ok_or_else(cut)?;
        let nulls = FIXED..FIXED + attributes.div_ceil(8);
        let nulls = match short(16) & HAS_NULLS {
            0 => None,
            _ => Some(bytes.get(..start).and_then(|head| head.get(nulls)).ok_or_else(cut)?),
        };
        let data = bytes.get(start..).ok_or_else(cut)?;
        Ok(Self { type_id: long(4), typmod: long(0) as i32, data, attributes, nulls })
    }

    /// Whether an attribute is NULL. So is one that the type was given later: the server lets it
    /// have no default where there are values.
    pub fn is_null(&self, number: usize) -> bool {
        number >= self.attributes || is_null(self.nulls, number)
    }
}
