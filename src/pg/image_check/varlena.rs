//! Headers of values of varying length (varatt.h; in postgres.h before PostgreSQL 16).

use migrator_model::layout::{SHORT_PAYLOAD, align_up};

use super::{AttributeShape, Fault, span::Span};

/// VARHDRSZ
pub const HEADER: usize = 4;

/// The payload of the value that starts at `at` or, once padded, after it; and where it ends.
#[inline]
pub fn open<'a>(
    span: Span<'a>,
    at: usize,
    attribute: &AttributeShape,
) -> Result<(&'a [u8], usize), Fault> {
    let [first] = span.array(at)?;
    // A one-byte header, which counts itself. With no length at all it would be a TOAST pointer.
    if first & 1 == 1 && first != 1 && attribute.packable {
        let length = usize::from(first >> 1);
        return Ok((span.get(at + 1, length - 1)?, at + length));
    }
    unpacked(span, at, first, attribute)
}

/// As att_align_pointer() finds it (access/tupmacs.h): a byte of zero is padding, or the lowest of
/// a four-byte header, which is aligned anyway.
fn unpacked<'a>(
    span: Span<'a>,
    at: usize,
    first: u8,
    attribute: &AttributeShape,
) -> Result<(&'a [u8], usize), Fault> {
    let aligned = align_up(at, attribute.align());
    if first != 0 && (first & 1 == 1 || aligned != at) {
        return Err(Fault::Varlena);
    }
    span.padding(at, aligned)?;
    let (payload, end) = long(span, aligned)?;
    // heap_fill_tuple() packs what can be packed.
    let short = attribute.packable && payload.len() <= SHORT_PAYLOAD;
    if short { Err(Fault::Varlena) } else { Ok((payload, end)) }
}

/// A four-byte header, which counts itself. Its two lowest bits say "neither packed nor
/// compressed"; nothing else comes from a reader.
pub fn long(span: Span<'_>, at: usize) -> Result<(&[u8], usize), Fault> {
    let header = u32::from_le_bytes(span.array(at)?);
    let length = (header >> 2) as usize;
    match length.checked_sub(HEADER) {
        Some(payload) if header & 3 == 0 => Ok((span.get(at + HEADER, payload)?, at + length)),
        _ => Err(Fault::Varlena),
    }
}
