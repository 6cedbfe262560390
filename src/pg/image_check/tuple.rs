//! Tuples: header, null bitmap, attributes (access/htup_details.h, heap_fill_tuple() in
//! access/common/heaptuple.c). Rows and values of row types look the same.

use migrator_model::{
    layout::{HAS_NULL, HAS_VARWIDTH, HEADER_BYTES, INFOMASK2_AT, MAX_ALIGN, align_up},
    page::HAS_EXTERNAL,
};

use super::{
    AttributeShape, Fault, ImageError, StoredValues, nulls, span::Span, stored::Stored, value,
};

/// What the header says about the attributes.
struct Header<'a> {
    /// t_hoff
    data: usize,
    /// t_bits, or nothing when no attribute is NULL.
    bitmap: &'a [u8],
    has_varwidth: bool,
    has_external: bool,
}

/// Checks the header from t_infomask2 on, and every attribute. `flags` is what t_infomask holds
/// apart from what the attributes decide.
pub fn check(
    tuple: Span<'_>,
    flags: u16,
    shape: &[AttributeShape],
    stored: &mut impl StoredValues,
) -> Result<(), ImageError> {
    let header = header(tuple, flags, shape.len())?;
    let (mut end, mut has_varwidth, mut has_external) = (header.data, false, false);
    for (at, attribute) in shape.iter().enumerate() {
        let is_null = nulls::is_null(header.bitmap, at);
        let pass_on = |found: Stored<'_>| pass_on(found, at, attribute, stored, &mut has_external);
        match check_attribute(tuple, is_null, end, attribute, pass_on) {
            Ok(next) => end = next,
            Err(fault) => return Err(ImageError { attribute: Some(at), fault }),
        }
        has_varwidth |= attribute.len < 0 && !is_null;
    }
    header.agrees(has_varwidth, has_external)?;
    if end == tuple.end() { Ok(()) } else { Err(Fault::Trailing.into()) }
}

#[inline]
fn pass_on(
    found: Stored<'_>,
    at: usize,
    attribute: &AttributeShape,
    stored: &mut impl StoredValues,
    has_external: &mut bool,
) -> Result<(), Fault> {
    match found {
        Stored::Compressed(bytes) => stored.compressed(at, attribute, bytes),
        Stored::Pointer(pointer) => {
            stored.pointer(at, attribute, pointer)?;
            *has_external = true;
            Ok(())
        }
    }
}

impl Header<'_> {
    /// nocachegetattr() uses offsets that were cached for tuples without values of varying length;
    /// whoever fetches values from out of line looks for HAS_EXTERNAL first.
    fn agrees(&self, has_varwidth: bool, has_external: bool) -> Result<(), Fault> {
        match (has_varwidth == self.has_varwidth, has_external == self.has_external) {
            (true, true) => Ok(()),
            (_, false) => Err(Fault::Header),
            (false, true) => Err(Fault::Flags),
        }
    }
}

/// Compiled code (llvmjit_deform.c) does not even look at the bitmap for attributes NOT NULL.
#[inline(always)]
fn check_attribute(
    tuple: Span<'_>,
    is_null: bool,
    end: usize,
    attribute: &AttributeShape,
    stored: impl FnOnce(Stored<'_>) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    match is_null {
        false => value::check(tuple, end, attribute, stored),
        true if attribute.not_null => Err(Fault::Null),
        true => Ok(end),
    }
}

fn header(tuple: Span<'_>, flags: u16, attributes: usize) -> Result<Header<'_>, Fault> {
    let [count_low, count_high, low, high, hoff] = tuple.array(INFOMASK2_AT)?;
    let infomask = u16::from_le_bytes([low, high]);
    let has_null = infomask & HAS_NULL != 0;
    let [has_varwidth, has_external] =
        [HAS_VARWIDTH, HAS_EXTERNAL].map(|flag| infomask & flag != 0);
    let length = if has_null { attributes.div_ceil(8) } else { 0 };
    let data = align_up(HEADER_BYTES + length, MAX_ALIGN);
    let sane = usize::from(u16::from_le_bytes([count_low, count_high])) == attributes
        && infomask & !(HAS_NULL | HAS_VARWIDTH | HAS_EXTERNAL) == flags
        && usize::from(hoff) == data
        && tuple.end() >= data;
    if !sane {
        return Err(Fault::Header);
    }
    let bitmap = tuple.get(HEADER_BYTES, length)?;
    tuple.padding(HEADER_BYTES + length, data)?;
    match has_null && !nulls::is_minimal(bitmap, attributes) {
        true => Err(Fault::Flags),
        false => Ok(Header { data, bitmap, has_varwidth, has_external }),
    }
}
