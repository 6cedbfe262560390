//! One value of any type.

use migrator_model::layout::align_up;

use super::{
    AttributeShape, Fault, ValueShape, array, bits, embedding, fixed, geometry, jsonb, numeric,
    row,
    span::Span,
    sparse,
    stored::Stored,
    text,
    varlena::{self, Form},
};

/// Checks the value that starts at `at` or, once padded, after it. Returns where it ends. What is
/// not stored as it is goes to `stored`.
#[inline]
pub fn check(
    span: Span<'_>,
    at: usize,
    attribute: &AttributeShape,
    stored: impl FnOnce(Stored<'_>) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    let Ok(length) = usize::try_from(attribute.len) else {
        let (form, end) = varlena::open(span, at, attribute)?;
        match form {
            Form::Plain(payload) => content(payload, attribute)?,
            Form::Stored(_) if attribute.value == ValueShape::Nothing => {
                return Err(Fault::Unfilled);
            }
            Form::Stored(found) => stored(found)?,
        }
        return Ok(end);
    };
    let start = align_up(at, attribute.align());
    span.padding(at, start)?;
    fixed::check(span.get(start, length)?, &attribute.value)?;
    Ok(start + length)
}

/// Checks a value of varying length without its varlena header: what a compressed one becomes,
/// and what one out of line is when its chunks are put together.
pub fn content(payload: &[u8], attribute: &AttributeShape) -> Result<(), Fault> {
    match &attribute.value {
        ValueShape::Text(length) => text::check(payload, *length),
        ValueShape::Numeric(limit) => numeric::check(payload, limit.as_ref()),
        ValueShape::Bytea => Ok(()),
        ValueShape::Bits(wanted) => bits::check(payload, *wanted),
        ValueShape::Jsonb => jsonb::check(payload),
        ValueShape::Array(array) => array::check(payload, array),
        ValueShape::Row(row) => row::check(payload, row),
        ValueShape::Vector(wanted) => embedding::vector(payload, *wanted),
        ValueShape::HalfVec(wanted) => embedding::halfvec(payload, *wanted),
        ValueShape::SparseVec(wanted) => sparse::check(payload, *wanted),
        ValueShape::Geometry => geometry::check(payload),
        ValueShape::Nothing => Err(Fault::Unfilled),
        _ => Err(Fault::Width),
    }
}
