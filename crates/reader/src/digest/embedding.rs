//! Lists of floating-point numbers as pgvector's types.

use half::f16;
use migrator_model::canonical::{Canonical, Kind};

use super::{
    number::narrow,
    values::{Bound, by_row},
};
use crate::vector::{Data, Elements, Validity, Vector};

/// VECTOR_MAX_DIM (pgvector's vector.h)
const MAX_DIMENSIONS: usize = 16_000;
/// How many numbers are put at once.
const BATCH: usize = 128;

/// Binds a list to vector or halfvec.
pub fn bind<'c>(kind: &Kind, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    let (elements, child) = match &vector.data {
        Data::List { entries, child } => (Elements::List(entries), child),
        Data::Array { size, child } => (Elements::Array(*size), child),
        _ => return None,
    };
    let from = Numbers { validity: vector.validity, elements, valid: child.validity };
    Some(match (kind, &child.data) {
        (Kind::Vector, Data::F32(all)) => from.bound(all, Canonical::vector, |n| Some(single(n))),
        (Kind::Vector, Data::F64(all)) => {
            from.bound(all, Canonical::vector, |n| narrow(n).map(single))
        }
        (Kind::HalfVec, Data::F32(all)) => from.bound(all, Canonical::halfvec, half),
        // pgvector casts by way of single precision.
        (Kind::HalfVec, Data::F64(all)) => from.bound(all, Canonical::halfvec, |n| half(n as f32)),
        _ => return None,
    })
}

fn single(number: f32) -> [u8; 4] {
    number.to_le_bytes()
}

/// Half precision; None for a number that would become infinite. By way of f32: the portable form
/// of `f16::from_f64` forgets the lowest bits before it rounds.
fn half(number: f32) -> Option<[u8; 2]> {
    Some(f16::from_f32(number)).filter(|half| half.is_finite()).map(f16::to_le_bytes)
}

/// What the numbers are taken from.
struct Numbers<'c> {
    validity: Validity<'c>,
    elements: Elements<'c>,
    /// Which numbers are not NULL.
    valid: Validity<'c>,
}

impl<'c> Numbers<'c> {
    fn bound<T: Copy + Into<f64>, const N: usize>(
        self,
        all: &'c [T],
        begin: impl Fn(&mut Canonical, usize) + 'c,
        convert: impl Fn(T) -> Option<[u8; N]> + 'c,
    ) -> Bound<'c> {
        let Self { validity, elements, valid } = self;
        by_row(validity, move |row, out| {
            let range = elements.rows(row);
            let numbers = &all[range.clone()];
            let fits = |n: &T| convert(*n).is_some() & (*n).into().is_finite();
            let is_vector = (1..=MAX_DIMENSIONS).contains(&numbers.len())
                && valid.are_valid(range)
                // Looks at all of them, because that is many at a time.
                && numbers.iter().fold(true, |all, number| all & fits(number));
            if !is_vector {
                return out.invalid(b"an array that is no vector");
            }
            begin(out, numbers.len());
            put(numbers, &convert, out);
        })
    }
}

/// Appends numbers that all can be converted, many at a time.
fn put<T: Copy, const N: usize>(
    numbers: &[T],
    convert: impl Fn(T) -> Option<[u8; N]>,
    out: &mut Canonical,
) {
    let mut batch = [[0; N]; BATCH];
    for part in numbers.chunks(BATCH) {
        for (slot, number) in batch.iter_mut().zip(part) {
            *slot = convert(*number).unwrap_or([0; N]);
        }
        out.raw(batch[..part.len()].as_flattened());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_from_single_precision_to_the_nearest_and_ties_to_even() {
        let tie = 1.0 + 2_f32.powi(-11);
        assert_eq!(half(tie), Some([0x00, 0x3c]));
        assert_eq!(half(f32::from_bits(tie.to_bits() + 1)), Some([0x01, 0x3c]));
        assert_eq!(half(65_504.0), Some([0xff, 0x7b]));
        assert_eq!(half(65_520.0), None);
    }

    #[test]
    fn many_numbers_are_put_in_their_order() {
        let numbers: Vec<_> = (0..300).map(|n| n as f32).collect();
        let mut out = Canonical::default();
        put(&numbers, |n| Some(single(n)), &mut out);
        let wanted: Vec<_> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        assert_eq!(out.bytes(), wanted);
    }
}
