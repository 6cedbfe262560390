//! Padding, and values of variable length with their headers.

use migrator_model::{
    BadValue,
    layout::{MAX_ALIGN, MAX_FIELD_BYTES, Physical, SHORT_PAYLOAD, align_up},
};

/// Pads with zeros up to a multiple of `align`, at most 8.
#[inline]
pub fn pad(out: &mut Vec<u8>, align: u8) {
    let end = align_up(out.len(), usize::from(align));
    // As many as there can be, in one store; the rest is taken back.
    out.extend_from_slice(&[0; MAX_ALIGN]);
    out.truncate(end);
}

/// Appends a value of fixed length.
#[inline]
pub fn fixed<const N: usize>(out: &mut Vec<u8>, align: u8, bytes: [u8; N]) {
    pad(out, align);
    out.extend_from_slice(&bytes);
}

/// A varlena whose payload is being appended.
pub struct Open {
    before: usize,
    /// Where the four-byte header is: offsets inside the value count from here.
    pub start: usize,
}

/// Starts a varlena: the payload is appended next.
pub fn open(out: &mut Vec<u8>, physical: &Physical) -> Open {
    let before = out.len();
    pad(out, physical.align);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    Open { before, start }
}

/// Ends it: writes the header, and moves a short payload forward behind a one-byte header, as
/// heap_fill_tuple does.
pub fn close(out: &mut Vec<u8>, open: &Open, physical: &Physical) -> Result<(), BadValue> {
    let payload = out.len() - open.start - 4;
    if payload + 4 > MAX_FIELD_BYTES {
        return Err(too_large(payload));
    }
    if physical.packable && payload <= SHORT_PAYLOAD {
        out.copy_within(open.start + 4.., open.before + 1);
        out[open.before] = ((payload + 1) << 1) as u8 | 1;
        out.truncate(open.before + 1 + payload);
    } else {
        let header = ((payload + 4) as u32) << 2;
        out[open.start..open.start + 4].copy_from_slice(&header.to_le_bytes());
    }
    Ok(())
}

/// Appends a varlena with this payload.
#[inline]
pub fn bytes(out: &mut Vec<u8>, physical: &Physical, payload: &[u8]) -> Result<(), BadValue> {
    if physical.packable && payload.len() <= SHORT_PAYLOAD {
        out.push(((payload.len() + 1) << 1) as u8 | 1);
        out.extend_from_slice(payload);
        return Ok(());
    }
    if payload.len() + 4 > MAX_FIELD_BYTES {
        return Err(too_large(payload.len()));
    }
    pad(out, physical.align);
    out.extend_from_slice(&(((payload.len() + 4) as u32) << 2).to_le_bytes());
    out.extend_from_slice(payload);
    Ok(())
}

fn too_large(bytes: usize) -> BadValue {
    BadValue::new("54000", format!("value of {bytes} bytes is larger than a field can be (1 GB)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Physical = Physical { oid: 25, len: -1, align: 4, packable: true };
    const PLAIN: Physical = Physical { packable: false, ..TEXT };

    #[test]
    fn short_values_have_one_byte_headers_and_no_padding() {
        let mut out = vec![0xff];
        bytes(&mut out, &TEXT, b"abc").unwrap();
        assert_eq!(out, b"\xff\x09abc");
    }

    #[test]
    fn elements_are_aligned_behind_four_byte_headers() {
        let mut out = vec![0xff];
        bytes(&mut out, &PLAIN, b"abc").unwrap();
        assert_eq!(out, b"\xff\0\0\0\x1c\0\0\0abc");
    }

    #[test]
    fn a_built_value_is_packed_like_a_copied_one() {
        for length in [0, 1, 126, 127, 500] {
            let payload = vec![7; length];
            let (mut copied, mut built) = (vec![1, 2, 3], vec![1, 2, 3]);
            bytes(&mut copied, &TEXT, &payload).unwrap();
            let start = open(&mut built, &TEXT);
            built.extend_from_slice(&payload);
            close(&mut built, &start, &TEXT).unwrap();
            assert_eq!(copied, built, "{length}");
        }
    }
}
