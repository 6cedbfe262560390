//! Pages by hand.

use migrator_model::page::{
    ALL_VISIBLE, CTID_AT, FLAGS_AT, FROZEN, LINE_POINTER, LOWER_AT, LP_LENGTH_SHIFT, LP_NORMAL,
    PAGE_BYTES, PAGE_HEADER, PAGE_VERSION, SPECIAL_AT, StoredValue, UPPER_AT, VERSION_AT,
};

use super::*;
use crate::pg::image_check::{Assemble, ImageError, Pointer, StoredValues, ToastReader};

pub const BLOCK: u32 = 0x0003_0201;
pub const XID: u32 = 725;
pub const TOAST: u32 = 16_430;

/// What was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Compressed(usize, Vec<u8>),
    Pointer(usize, Pointer),
}

/// Passes everything.
#[derive(Debug, Default)]
pub struct Recorder(pub Vec<Told>);

impl StoredValues for Recorder {
    fn compressed(&mut self, at: usize, _: &AttributeShape, stored: &[u8]) -> Result<(), Fault> {
        self.0.push(Told::Compressed(at, stored.to_vec()));
        Ok(())
    }

    fn pointer(&mut self, at: usize, _: &AttributeShape, pointer: Pointer) -> Result<(), Fault> {
        self.0.push(Told::Pointer(at, pointer));
        Ok(())
    }
}

/// Keeps values that are whole.
#[derive(Debug, Default)]
pub struct Collector {
    pub values: Vec<(u32, StoredValue, Vec<u8>)>,
    bytes: Vec<u8>,
    size: usize,
}

impl Assemble for Collector {
    type Error = ImageError;

    fn begin(&mut self, size: usize) -> Result<(), ImageError> {
        self.bytes.clear();
        self.size = size;
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        self.bytes.extend_from_slice(bytes);
        assert!(self.bytes.len() <= self.size);
        Ok(())
    }

    fn end(&mut self, value: u32, stored: &StoredValue) -> Result<(), ImageError> {
        assert_eq!(self.bytes.len(), self.size);
        self.values.push((value, *stored, self.bytes.clone()));
        Ok(())
    }
}

pub fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&value);
}

/// An image as a tuple of a page.
fn placed(image: &[u8], block: u32, number: u16) -> Vec<u8> {
    let mut tuple = image.to_vec();
    put(&mut tuple, 0, XID.to_le_bytes());
    put(&mut tuple, CTID_AT, ((block >> 16) as u16).to_le_bytes());
    put(&mut tuple, CTID_AT + 2, (block as u16).to_le_bytes());
    put(&mut tuple, CTID_AT + 4, number.to_le_bytes());
    tuple[INFOMASK_AT + 1] |= (FROZEN >> 8) as u8;
    tuple
}

pub fn page(block: u32, images: &[Vec<u8>]) -> Vec<u8> {
    let mut page = vec![0; PAGE_BYTES];
    let (mut lower, mut upper) = (PAGE_HEADER, PAGE_BYTES);
    for (image, number) in images.iter().zip(1..) {
        upper -= image.len().next_multiple_of(8);
        let pointer = upper as u32 | LP_NORMAL | (image.len() as u32) << LP_LENGTH_SHIFT;
        page[upper..upper + image.len()].copy_from_slice(&placed(image, block, number));
        put(&mut page, lower, pointer.to_le_bytes());
        lower += LINE_POINTER;
    }
    put(&mut page, FLAGS_AT, ALL_VISIBLE.to_le_bytes());
    put(&mut page, LOWER_AT, (lower as u16).to_le_bytes());
    put(&mut page, UPPER_AT, (upper as u16).to_le_bytes());
    put(&mut page, SPECIAL_AT, (PAGE_BYTES as u16).to_le_bytes());
    put(&mut page, VERSION_AT, PAGE_VERSION.to_le_bytes());
    page
}

/// An image of a TOAST relation's tuple.
pub fn chunk(value: u32, sequence: u32, data: &[u8]) -> Vec<u8> {
    let data = [&words(&[value, sequence])[..], &long(data)].concat();
    image(HAS_VARWIDTH, 3, 24, &data)
}

/// All chunks of a value.
pub fn chunks(value: u32, bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.chunks(1996).zip(0..).map(|(data, sequence)| chunk(value, sequence, data)).collect()
}

/// A value that is not compressed.
pub fn plain(attribute: u16, size: usize) -> StoredValue {
    StoredValue { attribute, raw_size: size as u32 + 4, ext_info: size as u32 }
}

/// What is whole on pages of a TOAST relation, the first of which is `first`.
pub fn read(
    pages: &[Vec<u8>],
    first: u32,
    values: &[StoredValue],
) -> Result<Collector, Option<Fault>> {
    let (mut reader, mut collector) = (ToastReader::default(), Collector::default());
    let mut values = values.iter();
    for (page, block) in pages.iter().zip(first..) {
        let told = reader.page(page, block, XID, &mut values, &mut collector);
        told.map_err(|error| Some(error.fault))?;
    }
    match reader.is_between_values() && values.len() == 0 {
        true => Ok(collector),
        false => Err(None),
    }
}

/// A pointer as it lies in a tuple.
pub fn pointer_bytes(pointer: Pointer) -> Vec<u8> {
    let Pointer { raw_size, ext_info, value, relation } = pointer;
    [vec![1, 18], words(&[raw_size, ext_info, value, relation])].concat()
}
