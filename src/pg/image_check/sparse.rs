//! pgvector's sparsevec (sparsevec.h): dimensions, how many numbers are not 0, four bytes of zero,
//! the places of these numbers, ascending from 0, and the numbers.

use super::Fault;

/// SPARSEVEC_MAX_DIM
const MOST_DIMENSIONS: u32 = 1_000_000_000;
/// SPARSEVEC_MAX_NNZ
const MOST_NUMBERS: u32 = 16_000;
/// The exponent's bits, all set in what is not finite.
const EXPONENT: u32 = 0x7f80_0000;
/// All bits but the sign.
const MAGNITUDE: u32 = 0x7fff_ffff;

/// Checks what sparsevec_recv() checks. That takes a zero for an error, too.
pub fn check(payload: &[u8], wanted: Option<u32>) -> Result<(), Fault> {
    let (words, []) = payload.as_chunks::<4>() else { return Err(Fault::VectorDimensions) };
    let (head, rest) = words.split_first_chunk().ok_or(Fault::VectorDimensions)?;
    let [dimensions, count, unused]: [u32; 3] = head.map(u32::from_le_bytes);
    let sane = (1..=MOST_DIMENSIONS).contains(&dimensions)
        && wanted.is_none_or(|wanted| wanted == dimensions)
        && count <= dimensions.min(MOST_NUMBERS)
        && unused == 0
        && rest.len() == 2 * count as usize;
    if !sane {
        return Err(Fault::VectorDimensions);
    }
    let (places, numbers) = rest.split_at(count as usize);
    check_places(places, dimensions)?;
    let is_good = |number: &[u8; 4]| {
        let bits = u32::from_le_bytes(*number);
        (bits & EXPONENT != EXPONENT) & (bits & MAGNITUDE != 0)
    };
    match numbers.iter().all(is_good) {
        true => Ok(()),
        false => Err(Fault::VectorElement),
    }
}

fn check_places(places: &[[u8; 4]], dimensions: u32) -> Result<(), Fault> {
    let mut next = 0;
    for place in places {
        let place = u32::from_le_bytes(*place);
        // No place is the greatest number, because it is less than the dimensions.
        if place < next || place >= dimensions {
            return Err(Fault::SparsePlace);
        }
        next = place + 1;
    }
    Ok(())
}
