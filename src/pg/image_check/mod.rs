//! Checks tuple images and finished pages before the server sees them. They come from another
//! process, which parses hostile files: whatever the server takes for granted about stored bytes
//! is proved here, down to the inside of every value.
//!
//! Pure and safe code: nothing here panics or reads outside of what it is given, nothing but
//! [`Pairing`] allocates, and the time is linear in the length. Formats are those of PostgreSQL 15
//! to 18, little endian.

mod array;
mod bits;
mod embedding;
mod fault;
mod fixed;
mod geometry;
mod jsonb;
mod nulls;
mod numeric;
mod page;
mod pairing;
mod row;
mod shape;
mod span;
mod sparse;
mod stored;
#[cfg(test)]
mod tests;
mod text;
mod toast;
mod tuple;
mod value;
mod varlena;

use migrator_model::layout::{INFOMASK2_AT, MAX_FIELD_BYTES};

pub use fault::{Fault, ImageError};
pub use page::rows;
pub use pairing::Pairing;
pub use shape::{
    ArrayShape, AttributeShape, ImageShape, Length, NumericLimit, RowShape, ValueShape,
};
use span::Span;
pub use stored::{Inline, Pointer, StoredValues};
pub use toast::{Assemble, ToastReader};
pub use value::content;

/// Passes an image whose header fits the shape, whose attributes fill it exactly, and whose every
/// value is one that the server itself could have stored, neither compressed nor out of line.
pub fn check(image: &[u8], shape: &[AttributeShape]) -> Result<(), ImageError> {
    if image.len() > MAX_FIELD_BYTES {
        return Err(Fault::TooLarge.into());
    }
    let tuple = Span::new(image, 0);
    // What is in front of t_infomask2 is the server's to fill in, when it stores the tuple.
    let unset = tuple.get(0, INFOMASK2_AT)?;
    if unset.iter().any(|byte| *byte != 0) {
        return Err(Fault::Header.into());
    }
    tuple::check(tuple, 0, shape, &mut Inline)
}
