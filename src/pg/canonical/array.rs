//! Arrays: a header, the length and lower bound of each dimension, a bit for each element that
//! says whether it is there, and the elements.

use migrator_model::canonical::Canonical;

use super::{
    damaged,
    decoder::Decoder,
    storage::{aligned, is_null},
};
use crate::error::Result;

/// How arrays of a type are read.
#[derive(Debug)]
pub struct ArrayDecoder {
    /// How elements are read.
    pub element: Decoder,
    /// The type that an array says its elements have: a domain where they are of one.
    pub element_type: u32,
}

/// MAXDIM
const MAX_DIMENSIONS: usize = 6;

/// The bytes of a varlena header, which is a part of the array's own.
const HEADER: usize = 4;

/// An array's parts.
struct Array<'v> {
    lengths: &'v [[u8; 4]],
    count: usize,
    nulls: Option<&'v [u8]>,
    data: &'v [u8],
}

impl ArrayDecoder {
    /// Appends an array.
    pub fn put(&mut self, bytes: &[u8], out: &mut Canonical) -> Result<()> {
        let array = Array::read(bytes, self.element_type)?;
        array.put_lengths(out);
        let mut at = 0;
        for number in 0..array.count {
            if array.is_null(number) {
                out.null();
                continue;
            }
            let value = self.element.storage.in_array(array.data, &mut at)?;
            self.element.inner(value, out)?;
        }
        Ok(())
    }
}

impl<'v> Array<'v> {
    fn read(bytes: &'v [u8], element_type: u32) -> Result<Self> {
        let cut = || damaged("An array ends within its header.");
        let (header, rest) = bytes.split_first_chunk::<12>().ok_or_else(cut)?;
        let [dimensions, data_at, holds] = words(header);
        let dimensions = dimensions as usize;
        if dimensions > MAX_DIMENSIONS {
            return Err(damaged("An array has too many dimensions."));
        }
        if holds != element_type {
            return Err(damaged("An array holds elements of another type."));
        }
        let (lengths, _) = rest.split_at_checked(4 * dimensions).ok_or_else(cut)?;
        let lengths = lengths.as_chunks().0;
        let count = count(lengths)?;
        let nulls_at = 12 + 8 * dimensions;
        let (nulls, data_at) = match data_at as usize {
            0 => (None, aligned(HEADER + nulls_at, 8)),
            data_at => {
                let nulls = bytes.get(nulls_at..nulls_at.saturating_add(count.div_ceil(8)));
                (Some(nulls.ok_or_else(cut)?), data_at)
            }
        };
        // An empty array ends before its data.
        let data = bytes.get(data_at.saturating_sub(HEADER)..).unwrap_or_default();
        Ok(Self { lengths, count, nulls, data })
    }

    fn put_lengths(&self, out: &mut Canonical) {
        let mut lengths = [0; MAX_DIMENSIONS];
        for (length, bytes) in lengths.iter_mut().zip(self.lengths) {
            *length = u32::from_le_bytes(*bytes);
        }
        let dimensions = if self.count == 0 { 0 } else { self.lengths.len() };
        out.array(&lengths[..dimensions]);
    }

    fn is_null(&self, number: usize) -> bool {
        is_null(self.nulls, number)
    }
}

fn words(bytes: &[u8; 12]) -> [u32; 3] {
    let word =
        |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    [word(0), word(4), word(8)]
}

/// How many elements there are; none without dimensions.
fn count(lengths: &[[u8; 4]]) -> Result<usize> {
    if lengths.is_empty() {
        return Ok(0);
    }
    let lengths = lengths.iter().map(|length| i32::from_le_bytes(*length));
    let product = |count: usize, length| count.checked_mul(usize::try_from(length).ok()?);
    let count = lengths.into_iter().try_fold(1, product);
    count.ok_or_else(|| damaged("An array has an impossible number of elements."))
}
