//! One value of any type.

use migrator_model::layout::align_up;

use super::{
    AttributeShape, Fault, ValueShape, array, bits, embedding, fixed, geometry, jsonb, numeric,
    row, span::Span, text, varlena,
};

/// Checks the value that starts at `at` or, once padded, after it. Returns where it ends.
#[inline]
pub fn check(span: Span<'_>, at: usize, attribute: &AttributeShape) -> Result<usize, Fault> {
    let Ok(length) = usize::try_from(attribute.len) else {
        let (payload, end) = varlena::open(span, at, attribute)?;
        varying(payload, &attribute.value)?;
        return Ok(end);
    };
    let start = align_up(at, attribute.align());
    span.padding(at, start)?;
    fixed::check(span.get(start, length)?, &attribute.value)?;
    Ok(start + length)
}

/// A value behind its varlena header.
fn varying(payload: &[u8], shape: &ValueShape) -> Result<(), Fault> {
    match shape {
        ValueShape::Text(length) => text::check(payload, *length),
        ValueShape::Numeric(limit) => numeric::check(payload, limit.as_ref()),
        ValueShape::Bytea => Ok(()),
        ValueShape::Bits(limit) => bits::check(payload, *limit),
        ValueShape::Jsonb => jsonb::check(payload),
        ValueShape::Array(array) => array::check(payload, array),
        ValueShape::Row(row) => row::check(payload, row),
        ValueShape::Vector(wanted) => embedding::vector(payload, *wanted),
        ValueShape::HalfVec(wanted) => embedding::halfvec(payload, *wanted),
        ValueShape::Geometry => geometry::check(payload),
        ValueShape::Nothing => Err(Fault::Unfilled),
        _ => Err(Fault::Width),
    }
}
