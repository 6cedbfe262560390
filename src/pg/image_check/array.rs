//! Arrays (utils/array.h): dimensions, lower bounds, a null bitmap, then the elements, each padded
//! to the next one's alignment, the last one too (construct_md_array() in adt/arrayfuncs.c).

use std::cmp::Ordering;

use migrator_model::layout::{MAX_ALIGN, align_up};

use super::{
    ArrayShape, AttributeShape, Fault, ValueShape, nulls, span::Span, stored, value, varlena,
};

/// MAXDIM
const MOST_DIMENSIONS: usize = 6;
/// MaxArraySize
const MOST_ELEMENTS: u64 = 134_217_727;
/// sizeof(ArrayType)
const HEADER: usize = 16;

/// An array's header.
struct Array<'a> {
    elements: usize,
    /// Where the elements start.
    data: usize,
    /// A bit for each element that is not NULL, or nothing when none is NULL.
    bitmap: &'a [u8],
}

/// Checks what follows the varlena header.
pub fn check(payload: &[u8], shape: &ArrayShape) -> Result<(), Fault> {
    let span = Span::new(payload, varlena::HEADER);
    let [dimensions, offset, element] = words(span)?;
    if element != shape.element_oid {
        return Err(Fault::ElementType);
    }
    match dimensions as usize {
        0 if offset != 0 => Err(Fault::DataOffset),
        0 if span.end() != HEADER => Err(Fault::Trailing),
        0 => Ok(()),
        count @ 1..=MOST_DIMENSIONS => elements(span, &head(span, count, offset)?, &shape.element),
        _ => Err(Fault::Dimensions),
    }
}

/// ndim, dataoffset and elemtype.
fn words(span: Span<'_>) -> Result<[u32; 3], Fault> {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = span.array(varlena::HEADER)?;
    Ok([[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_le_bytes))
}

/// ArrayGetNItems() and ArrayCheckBounds() (adt/arrayutils.c). A dimension of zero has no place:
/// an array without elements has no dimensions.
fn head(span: Span<'_>, dimensions: usize, offset: u32) -> Result<Array<'_>, Fault> {
    let lengths = span.get(HEADER, 4 * dimensions)?.as_chunks().0;
    let bounds = span.get(HEADER + 4 * dimensions, 4 * dimensions)?.as_chunks().0;
    let mut elements = 1;
    for (length, bound) in lengths.iter().zip(bounds) {
        let length = i32::from_le_bytes(*length);
        elements *= u64::try_from(length).map_err(|_| Fault::Dimensions)?;
        if elements == 0 || elements > MOST_ELEMENTS {
            return Err(Fault::Dimensions);
        }
        length.checked_add(i32::from_le_bytes(*bound)).ok_or(Fault::Bounds)?;
    }
    data(span, HEADER + 8 * dimensions, elements as usize, offset as usize)
}

/// ARR_OVERHEAD_NONULLS and ARR_OVERHEAD_WITHNULLS: dataoffset is zero without nulls.
fn data(span: Span<'_>, bits: usize, elements: usize, offset: usize) -> Result<Array<'_>, Fault> {
    let has_nulls = offset != 0;
    let bitmap = if has_nulls { elements.div_ceil(8) } else { 0 };
    let data = align_up(bits + bitmap, MAX_ALIGN);
    if has_nulls && offset != data {
        return Err(Fault::DataOffset);
    }
    span.padding(bits + bitmap, data)?;
    let bitmap = span.get(bits, bitmap)?;
    match has_nulls && !nulls::is_minimal(bitmap, elements) {
        true => Err(Fault::Flags),
        false => Ok(Array { elements, data, bitmap }),
    }
}

fn elements(span: Span<'_>, array: &Array<'_>, element: &AttributeShape) -> Result<(), Fault> {
    if let (ValueShape::AnyBits, []) = (&element.value, array.bitmap)
        && usize::from(element.len.unsigned_abs()).is_multiple_of(element.align())
    {
        return filled(span, array, element);
    }
    let mut at = array.data;
    for index in 0..array.elements {
        if !nulls::is_null(array.bitmap, index) {
            let end = value::check(span, at, element, stored::refuse)?;
            at = align_up(end, element.align());
            span.padding(end, at)?;
        }
    }
    if at == span.end() { Ok(()) } else { Err(Fault::Trailing) }
}

/// Elements of fixed length, without padding, that may have any bits: only their number matters.
fn filled(span: Span<'_>, array: &Array<'_>, element: &AttributeShape) -> Result<(), Fault> {
    let length = usize::try_from(element.len).map_err(|_| Fault::Width)?;
    match (array.data + array.elements * length).cmp(&span.end()) {
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(Fault::Length),
        Ordering::Less => Err(Fault::Trailing),
    }
}
