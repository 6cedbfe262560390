//! pgvector's vector and halfvec (vector.h, halfvec.h): dimensions, two bytes of zero, numbers.

use super::Fault;

/// VECTOR_MAX_DIM and HALFVEC_MAX_DIM
const MOST_DIMENSIONS: u16 = 16_000;
/// The exponent's bits, all set in what is not finite.
const SINGLE_EXPONENT: u32 = 0x7f80_0000;
const HALF_EXPONENT: u16 = 0x7c00;

/// Checks a vector as vector_recv() does.
pub fn vector(payload: &[u8], wanted: Option<u32>) -> Result<(), Fault> {
    let (numbers, []) = numbers(payload, wanted, 4)?.as_chunks() else {
        return Err(Fault::VectorDimensions);
    };
    let is_finite = |number: &[u8; 4]| !u32::from_le_bytes(*number) & SINGLE_EXPONENT != 0;
    finite(numbers.iter().fold(true, |all, number| all & is_finite(number)))
}

/// Checks a halfvec as halfvec_recv() does.
pub fn halfvec(payload: &[u8], wanted: Option<u32>) -> Result<(), Fault> {
    let (numbers, []) = numbers(payload, wanted, 2)?.as_chunks() else {
        return Err(Fault::VectorDimensions);
    };
    let is_finite = |number: &[u8; 2]| !u16::from_le_bytes(*number) & HALF_EXPONENT != 0;
    finite(numbers.iter().fold(true, |all, number| all & is_finite(number)))
}

fn finite(all: bool) -> Result<(), Fault> {
    if all { Ok(()) } else { Err(Fault::VectorElement) }
}

/// The bytes of the numbers, as many as the dimensions say.
fn numbers(payload: &[u8], wanted: Option<u32>, width: usize) -> Result<&[u8], Fault> {
    let (head, numbers) = payload.split_first_chunk().ok_or(Fault::VectorDimensions)?;
    let [low, high, unused @ ..]: [u8; 4] = *head;
    let dimensions = u16::from_le_bytes([low, high]);
    let sane = (1..=MOST_DIMENSIONS).contains(&dimensions)
        && unused == [0, 0]
        && wanted.is_none_or(|wanted| wanted == u32::from(dimensions))
        && numbers.len() == usize::from(dimensions) * width;
    if sane { Ok(numbers) } else { Err(Fault::VectorDimensions) }
}
