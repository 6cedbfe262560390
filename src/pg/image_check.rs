//! Checks a tuple image before the server sees it: it comes from another process, and walking a
//! tuple with wrong lengths would read outside of it.

use migrator_model::layout::{
    HAS_NULL, HAS_VARWIDTH, HEADER_BYTES, HOFF_AT, INFOMASK_AT, INFOMASK2_AT, MAX_ALIGN, align_up,
};

use crate::error::{Error, Result};

/// One attribute as far as walking over it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeShape {
    /// attlen: bytes, or -1 for a varlena.
    pub len: i16,
    /// attalign in bytes.
    pub align: u8,
}

/// The attributes of a relation, in order.
pub type ImageShape = Vec<AttributeShape>;

/// Passes an image whose header fits the shape and whose attributes fill it exactly.
pub fn check(image: &[u8], shape: &[AttributeShape]) -> Result<()> {
    match walk(image, shape) {
        Some(end) if end == image.len() => Ok(()),
        _ => Err(Error::new("08P01", "the reader process sent a malformed row")),
    }
}

fn u16_at(image: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(image.get(at..at + 2)?.try_into().ok()?))
}

/// Walks as heap_deform_tuple does. Returns where the last attribute ends.
fn walk(image: &[u8], shape: &[AttributeShape]) -> Option<usize> {
    let infomask = u16_at(image, INFOMASK_AT)?;
    let has_null = infomask & HAS_NULL != 0;
    let bitmap = if has_null { shape.len().div_ceil(8) } else { 0 };
    let data = align_up(HEADER_BYTES + bitmap, MAX_ALIGN);
    let sane = usize::from(u16_at(image, INFOMASK2_AT)?) == shape.len()
        && infomask & !(HAS_NULL | HAS_VARWIDTH) == 0
        && usize::from(*image.get(HOFF_AT)?) == data
        && image.len() >= data;
    if !sane {
        return None;
    }
    let nulls = image.get(HEADER_BYTES..HEADER_BYTES + bitmap)?;
    let is_null = |at: usize| has_null && nulls[at / 8] >> (at % 8) & 1 == 0;
    let present = shape.iter().enumerate().filter(|(at, _)| !is_null(*at));
    present.map(|(_, attribute)| attribute).try_fold(data, |at, attribute| {
        let end = step(image, at, *attribute)?;
        (end <= image.len()).then_some(end)
    })
}

/// The end of the attribute that starts at or, once padded, after `at`.
fn step(image: &[u8], at: usize, attribute: AttributeShape) -> Option<usize> {
    let aligned = align_up(at, usize::from(attribute.align));
    if attribute.len > 0 {
        return Some(aligned + usize::try_from(attribute.len).ok()?);
    }
    match *image.get(at)? {
        // A pad byte, or a four-byte header whose lowest byte is zero.
        0 => long_varlena(image, aligned),
        // A one-byte header; a length of zero would mean a TOAST pointer.
        short if short & 1 == 1 => (short != 1).then(|| at + usize::from(short >> 1)),
        _ => (aligned == at).then(|| long_varlena(image, at))?,
    }
}

fn long_varlena(image: &[u8], at: usize) -> Option<usize> {
    let header = u32::from_le_bytes(image.get(at..at + 4)?.try_into().ok()?);
    let length = (header >> 2) as usize;
    // The two low bits say "uncompressed"; nothing else comes from a reader.
    (header & 3 == 0 && length >= 4).then_some(at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INT4: AttributeShape = AttributeShape { len: 4, align: 4 };
    const TEXT: AttributeShape = AttributeShape { len: -1, align: 4 };

    fn image(infomask: u16, natts: u16, hoff: u8, data: &[u8]) -> Vec<u8> {
        let mut image = vec![0; usize::from(hoff)];
        image[INFOMASK2_AT..INFOMASK2_AT + 2].copy_from_slice(&natts.to_le_bytes());
        image[INFOMASK_AT..INFOMASK_AT + 2].copy_from_slice(&infomask.to_le_bytes());
        image[HOFF_AT] = hoff;
        image.extend_from_slice(data);
        image
    }

    #[test]
    fn good_images_pass() {
        assert!(check(&image(0, 1, 24, &7_i32.to_le_bytes()), &[INT4]).is_ok());
        assert!(check(&image(HAS_VARWIDTH, 1, 24, b"\x09abc"), &[TEXT]).is_ok());
        let long = [&(8_u32 << 2).to_le_bytes()[..], b"abcd"].concat();
        assert!(check(&image(HAS_VARWIDTH, 1, 24, &long), &[TEXT]).is_ok());
    }

    #[test]
    fn nulls_take_no_room() {
        let mut nulls = image(HAS_NULL, 2, 24, &7_i32.to_le_bytes());
        nulls[HEADER_BYTES] = 0b10;
        assert!(check(&nulls, &[TEXT, INT4]).is_ok());
        nulls[HEADER_BYTES] = 0b11;
        assert!(check(&nulls, &[TEXT, INT4]).is_err());
    }

    #[test]
    fn lengths_that_lead_outside_are_refused() {
        assert!(check(&image(0, 1, 24, &[1, 2]), &[INT4]).is_err());
        assert!(check(&image(HAS_VARWIDTH, 1, 24, b"\x0babc"), &[TEXT]).is_err());
        assert!(check(&image(HAS_VARWIDTH, 1, 24, &[0xfc, 0xff, 0xff, 0xff]), &[TEXT]).is_err());
        assert!(check(&image(0, 1, 24, &[0; 8]), &[INT4]).is_err());
    }

    #[test]
    fn toast_pointers_and_compressed_values_are_refused() {
        assert!(check(&image(HAS_VARWIDTH, 1, 24, &[1; 18]), &[TEXT]).is_err());
        let compressed = (8_u32 << 2 | 2).to_le_bytes();
        let data = [&compressed[..], b"abcd"].concat();
        assert!(check(&image(HAS_VARWIDTH, 1, 24, &data), &[TEXT]).is_err());
    }

    #[test]
    fn a_wrong_header_is_refused() {
        let data = 7_i32.to_le_bytes();
        assert!(check(&image(0, 2, 24, &data), &[INT4]).is_err());
        assert!(check(&image(0x0100, 1, 24, &data), &[INT4]).is_err());
        assert!(check(&image(0, 1, 32, &data), &[INT4]).is_err());
        assert!(check(&[0; 10], &[INT4]).is_err());
    }
}
