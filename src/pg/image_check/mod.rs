//! Checks a tuple image before the server sees it. The image comes from another process, which
//! parses hostile files: whatever the server takes for granted about stored bytes is proved here,
//! down to the inside of every value.
//!
//! Pure and safe code: nothing here panics, allocates, or reads outside of the image, and the time
//! is linear in the image's length. Formats are those of PostgreSQL 15 to 18, little endian.

mod array;
mod bits;
mod embedding;
mod fault;
mod fixed;
mod geometry;
mod jsonb;
mod nulls;
mod numeric;
mod row;
mod shape;
mod span;
#[cfg(test)]
mod tests;
mod text;
mod tuple;
mod value;
mod varlena;

use migrator_model::layout::{INFOMASK2_AT, MAX_FIELD_BYTES};

pub use fault::{Fault, ImageError};
pub use shape::{
    ArrayShape, AttributeShape, ImageShape, Length, NumericLimit, RowShape, ValueShape,
};
use span::Span;

/// Passes an image whose header fits the shape, whose attributes fill it exactly, and whose every
/// value is one that the server itself could have stored.
pub fn check(image: &[u8], shape: &[AttributeShape]) -> Result<(), ImageError> {
    let whole = |fault| ImageError { attribute: None, fault };
    if image.len() > MAX_FIELD_BYTES {
        return Err(whole(Fault::TooLarge));
    }
    let tuple = Span::new(image, 0);
    // What is in front of t_infomask2 is the server's to fill in, when it stores the tuple.
    let unset = tuple.get(0, INFOMASK2_AT).map_err(whole)?;
    if unset.iter().any(|byte| *byte != 0) {
        return Err(whole(Fault::Header));
    }
    tuple::check(tuple, 0, shape)
}
