//! Lists of numbers as pgvector's types.

use half::f16;
use migrator_model::canonical::{Canonical, Kind};

use super::{
    bind::Column,
    number::narrow,
    values::{Bound, by_row},
};
use crate::vector::{Data, Elements, Validity, Vector};

/// VECTOR_MAX_DIM (pgvector's vector.h)
const MAX_DIMENSIONS: usize = 16_000;
/// SPARSEVEC_MAX_DIM and SPARSEVEC_MAX_NNZ (pgvector's sparsevec.h)
const MAX_SPARSE: usize = 1_000_000_000;
const MAX_NONZERO: usize = 16_000;
/// How many numbers are put at once.
const BATCH: usize = 128;

/// Binds a list to vector, halfvec or sparsevec.
pub fn bind<'c>(column: Column<'c>, vector: &'c Vector<'c>) -> Option<Bound<'c>> {
    let (elements, child) = vector.elements()?;
    let from = Numbers { column, validity: vector.validity, elements, valid: child.validity };
    match &child.data {
        Data::F32(all) => from.bind(all, Some),
        Data::F64(all) => from.bind(all, narrow),
        Data::I8(all) => from.bind(all, |n| Some(n.into())),
        Data::U8(all) => from.bind(all, |n| Some(n.into())),
        _ => None,
    }
}

fn single(number: f32) -> [u8; 4] {
    number.to_le_bytes()
}

/// Half precision; None for a number that would become infinite. By way of f32: the portable form
/// of `f16::from_f64` forgets the lowest bits before it rounds. pgvector casts so, too.
fn half(number: f32) -> Option<[u8; 2]> {
    Some(f16::from_f32(number)).filter(|half| half.is_finite()).map(f16::to_le_bytes)
}

/// What the numbers are taken from.
struct Numbers<'c> {
    column: Column<'c>,
    validity: Validity<'c>,
    elements: Elements<'c>,
    /// Which numbers are not NULL.
    valid: Validity<'c>,
}

impl<'c> Numbers<'c> {
    /// Binds to what the column means; `to_single` is None for what single precision cannot hold.
    fn bind<T: Copy + Into<f64>>(
        self,
        all: &'c [T],
        to_single: impl Fn(T) -> Option<f32> + Copy + 'c,
    ) -> Option<Bound<'c>> {
        Some(match (self.column.kind, self.column.normalize) {
            (Kind::Vector, false) => {
                self.each(all, Canonical::vector, move |n| to_single(n).map(single))
            }
            (Kind::HalfVec, false) => {
                self.each(all, Canonical::halfvec, move |n| to_single(n).and_then(half))
            }
            (Kind::SparseVec, false) => self.together(all, put_sparse, move |numbers| {
                numbers.iter().map(|n| to_single(*n)).collect()
            }),
            (Kind::Vector, true) => self.together(all, put_vector, directions),
            (Kind::HalfVec, true) => self.together(all, put_halfvec, directions),
            (Kind::SparseVec, true) => self.together(all, put_sparse, directions),
            _ => return None,
        })
    }

    /// Each number by itself.
    fn each<T: Copy + Into<f64>, const N: usize>(
        self,
        all: &'c [T],
        begin: impl Fn(&mut Canonical, usize) + 'c,
        convert: impl Fn(T) -> Option<[u8; N]> + 'c,
    ) -> Bound<'c> {
        let Self { validity, elements, valid, .. } = self;
        by_row(validity, move |row, out| {
            let range = elements.rows(row);
            let numbers = &all[range.clone()];
            let fits = |n: &T| convert(*n).is_some() & (*n).into().is_finite();
            let is_vector = (1..=MAX_DIMENSIONS).contains(&numbers.len())
                && valid.are_valid(range)
                // Looks at all of them, because that is many at a time.
                && numbers.iter().fold(true, |all, number| all & fits(number));
            if !is_vector {
                return invalid(out);
            }
            begin(out, numbers.len());
            put(numbers, &convert, out);
        })
    }

    /// All numbers of a row, made singles before they are put; `put_all` says whether it could.
    fn together<T: Copy + Into<f64>>(
        self,
        all: &'c [T],
        put_all: fn(&[f32], &mut Canonical) -> bool,
        singles: impl Fn(&[T]) -> Option<Vec<f32>> + 'c,
    ) -> Bound<'c> {
        let Self { validity, elements, valid, .. } = self;
        by_row(validity, move |row, out| {
            let range = elements.rows(row);
            let numbers = &all[range.clone()];
            let are_numbers =
                valid.are_valid(range) && numbers.iter().all(|n| (*n).into().is_finite());
            let singles = if are_numbers { singles(numbers) } else { None };
            if !singles.is_some_and(|singles| put_all(&singles, out)) {
                invalid(out);
            }
        })
    }
}

fn invalid(out: &mut Canonical) {
    out.invalid(b"an array that is no vector");
}

/// The numbers as they are when their vector has length 1: each divided by the root of the sum of
/// all squares, taken in double precision in their order. None where that says nothing.
fn directions<T: Copy + Into<f64>>(numbers: &[T]) -> Option<Vec<f32>> {
    let mut squares = 0.0_f64;
    for number in numbers {
        let number: f64 = (*number).into();
        squares += number * number;
    }
    let length = Some(squares).filter(|squares| squares.is_normal())?.sqrt();
    let direction = |number: &T| -> f32 {
        let number: f64 = (*number).into();
        (number / length) as f32
    };
    Some(numbers.iter().map(direction).collect())
}

fn put_vector(numbers: &[f32], out: &mut Canonical) -> bool {
    if !(1..=MAX_DIMENSIONS).contains(&numbers.len()) {
        return false;
    }
    out.vector(numbers.len());
    put(numbers, |n| Some(single(n)), out);
    true
}

fn put_halfvec(numbers: &[f32], out: &mut Canonical) -> bool {
    let fits = numbers.iter().all(|n| half(*n).is_some());
    if !fits || !(1..=MAX_DIMENSIONS).contains(&numbers.len()) {
        return false;
    }
    out.halfvec(numbers.len());
    put(numbers, half, out);
    true
}

/// A zero is nowhere, whatever its sign.
fn put_sparse(numbers: &[f32], out: &mut Canonical) -> bool {
    let places: Vec<_> = (0_u32..).zip(numbers).filter(|(_, n)| **n != 0.0).collect();
    if !(1..=MAX_SPARSE).contains(&numbers.len()) || places.len() > MAX_NONZERO {
        return false;
    }
    out.sparsevec(numbers.len() as u32, places.len());
    places.iter().for_each(|(place, _)| out.raw(&place.to_le_bytes()));
    places.iter().for_each(|(_, number)| out.raw(&single(**number)));
    true
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
    use migrator_model::canonical::{profile::canonical, render};

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

    #[test]
    fn a_sparse_vector_is_what_is_not_zero() {
        let text = |numbers: &[f32]| render::text(&canonical(|c| assert!(put_sparse(numbers, c))));
        assert_eq!(text(&[0.0, 1.5, -0.0, -2.0]), "{2:1.5,4:-2}/4");
        assert_eq!(text(&[0.0; 3]), "{}/3");
        let mut out = Canonical::default();
        assert!(!put_sparse(&[], &mut out));
        assert!(!put_sparse(&[1.0; 16_001], &mut out) && out.bytes().is_empty());
    }

    #[test]
    fn a_direction_has_length_1_and_zeros_have_none() {
        assert_eq!(directions(&[3_u8, 4]), Some(vec![0.6, 0.8]));
        assert_eq!(directions(&[0.0_f32, -0.0]), None);
        assert_eq!(directions(&[1e200_f64]), None);
        assert_eq!(directions(&[1e-170_f64]), None);
        let many = directions(&vec![0.1_f32; 1000]).unwrap();
        let squares: f64 = many.iter().map(|n| f64::from(*n).powi(2)).sum();
        assert!((squares - 1.0).abs() < 1e-6);
    }
}
