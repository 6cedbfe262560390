//! Headers of values of varying length (varatt.h; in postgres.h before PostgreSQL 16).

use migrator_model::{
    layout::{SHORT_PAYLOAD, align_up},
    page::{COMPRESSED_HEADER, EXTERNAL_TAG},
};

use super::{
    AttributeShape, Fault,
    span::Span,
    stored::{Pointer, Stored},
};

/// VARHDRSZ
pub const HEADER: usize = 4;

/// The two lowest bits of a four-byte header: VARATT_IS_4B_U, VARATT_IS_4B_C.
const KIND: u32 = 3;
const PLAIN: u32 = 0;
const COMPRESSED: u32 = 2;

/// How a value lies in a tuple.
pub enum Form<'a> {
    /// As it is, without its header.
    Plain(&'a [u8]),
    /// Compressed or out of line.
    Stored(Stored<'a>),
}

/// The value that starts at `at` or, once padded, after it; and where it ends.
#[inline]
pub fn open<'a>(
    span: Span<'a>,
    at: usize,
    attribute: &AttributeShape,
) -> Result<(Form<'a>, usize), Fault> {
    let [first] = span.array(at)?;
    // A one-byte header, which counts itself. With no length at all it is a TOAST pointer.
    if first & 1 == 1 && first != EXTERNAL_TAG[0] && attribute.packable {
        let length = usize::from(first >> 1);
        return Ok((Form::Plain(span.get(at + 1, length - 1)?), at + length));
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
) -> Result<(Form<'a>, usize), Fault> {
    if first == EXTERNAL_TAG[0] && attribute.packable {
        return external(span, at);
    }
    let aligned = align_up(at, attribute.align());
    if first != 0 && (first & 1 == 1 || aligned != at) {
        return Err(Fault::Varlena);
    }
    span.padding(at, aligned)?;
    let [low] = span.array(aligned)?;
    if u32::from(low) & KIND == COMPRESSED && attribute.packable {
        return compressed(span, aligned);
    }
    let (payload, end) = long(span, aligned)?;
    // heap_fill_tuple() packs what can be packed.
    let short = attribute.packable && payload.len() <= SHORT_PAYLOAD;
    if short { Err(Fault::Varlena) } else { Ok((Form::Plain(payload), end)) }
}

/// A pointer is never aligned.
fn external(span: Span<'_>, at: usize) -> Result<(Form<'_>, usize), Fault> {
    let bytes = span.array(at)?;
    let pointer = Pointer::read(&bytes)?;
    Ok((Form::Stored(Stored::Pointer(pointer)), at + bytes.len()))
}

/// A four-byte header, then va_tcinfo at the least.
fn compressed(span: Span<'_>, at: usize) -> Result<(Form<'_>, usize), Fault> {
    let (stored, end) = counted(span, at, COMPRESSED)?;
    match stored.len() < COMPRESSED_HEADER - HEADER {
        true => Err(Fault::Varlena),
        false => Ok((Form::Stored(Stored::Compressed(stored)), end)),
    }
}

/// A four-byte header in front of a value as it is.
pub fn long(span: Span<'_>, at: usize) -> Result<(&[u8], usize), Fault> {
    counted(span, at, PLAIN)
}

/// What is behind a four-byte header, which counts itself and is of this kind; and where it ends.
fn counted(span: Span<'_>, at: usize, kind: u32) -> Result<(&[u8], usize), Fault> {
    let header = u32::from_le_bytes(span.array(at)?);
    let length = (header >> 2) as usize;
    match length.checked_sub(HEADER) {
        Some(payload) if header & KIND == kind => {
            Ok((span.get(at + HEADER, payload)?, at + length))
        }
        _ => Err(Fault::Varlena),
    }
}
