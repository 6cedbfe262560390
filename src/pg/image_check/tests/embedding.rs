//! pgvector's types.

use super::*;

fn vector(dimensions: i16, unused: u16, numbers: &[f32], wanted: Option<u32>) -> Option<Fault> {
    let mut payload = [dimensions.to_le_bytes(), unused.to_le_bytes()].concat();
    payload.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    payload_fault(&P::Vector(wanted), &payload)
}

fn halfvec(dimensions: i16, unused: u16, numbers: &[u16], wanted: Option<u32>) -> Option<Fault> {
    let mut payload = [dimensions.to_le_bytes(), unused.to_le_bytes()].concat();
    payload.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    payload_fault(&P::HalfVec(wanted), &payload)
}

#[test]
fn vectors_have_their_dimensions() {
    assert_eq!(vector(3, 0, &[1.5, -2.0, f32::MAX], Some(3)), None);
    assert_eq!(vector(1, 0, &[-0.0], None), None);
    assert_eq!(vector(16_000, 0, &[1.0; 16_000], None), None);
    assert_eq!(halfvec(2, 0, &[0x7bff, 0x8001], None), None);
    let wrong = Some(Fault::VectorDimensions);
    assert_eq!([vector(0, 0, &[], None), vector(16_001, 0, &[1.0; 16_001], None)], [wrong; 2]);
    assert_eq!([vector(2, 0, &[1.0], None), vector(1, 0, &[1.0; 2], None)], [wrong; 2]);
    assert_eq!([vector(-1, 0, &[1.0], None), vector(1, 1, &[1.0], None)], [wrong; 2]);
    assert_eq!(vector(3, 0, &[1.0; 3], Some(4)), wrong);
    assert_eq!([halfvec(2, 0, &[1], None), halfvec(1, 256, &[1], None)], [wrong; 2]);
    assert_eq!(halfvec(2, 0, &[1, 2], Some(1)), wrong);
    assert_eq!(payload_fault(&P::Vector(None), &[1, 0]), wrong);
    assert_eq!(payload_fault(&P::Vector(None), &[1, 0, 0, 0, 0, 0, 0, 0, 0]), wrong);
    assert_eq!(payload_fault(&P::HalfVec(None), &[1, 0, 0, 0, 0]), wrong);
}

#[test]
fn elements_are_finite() {
    let wrong = Some(Fault::VectorElement);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -f32::NAN] {
        assert_eq!([vector(2, 0, &[1.0, bad], None), vector(2, 0, &[bad, 1.0], None)], [wrong; 2]);
    }
    for bad in [0x7c00, 0xfc00, 0x7e00, 0xffff] {
        assert_eq!([halfvec(2, 0, &[1, bad], None), halfvec(2, 0, &[bad, 1], None)], [wrong; 2]);
    }
}

fn sparsevec(
    head: [u32; 3],
    places: &[u32],
    numbers: &[f32],
    wanted: Option<u32>,
) -> Option<Fault> {
    let numbers: Vec<_> = numbers.iter().map(|number| number.to_bits()).collect();
    payload_fault(&P::SparseVec(wanted), &words(&[&head, places, &numbers].concat()))
}

#[test]
fn sparse_vectors_have_their_places_in_order() {
    assert_eq!(sparsevec([9, 2, 0], &[0, 8], &[1.5, -2.0], Some(9)), None);
    assert_eq!(sparsevec([9, 0, 0], &[], &[], None), None);
    assert_eq!(sparsevec([1_000_000_000, 1, 0], &[999_999_999], &[1.0], None), None);
    let many: Vec<u32> = (0..16_001).collect();
    assert_eq!(sparsevec([20_000, 16_000, 0], &many[..16_000], &[1.0; 16_000], None), None);
    let wrong = Some(Fault::VectorDimensions);
    assert_eq!(sparsevec([20_000, 16_001, 0], &many, &[1.0; 16_001], None), wrong);
    assert_eq!(sparsevec([0, 0, 0], &[], &[], None), wrong);
    assert_eq!(sparsevec([1_000_000_001, 0, 0], &[], &[], None), wrong);
    assert_eq!(sparsevec([u32::MAX, 0, 0], &[], &[], None), wrong);
    assert_eq!(sparsevec([9, 0, 1], &[], &[], None), wrong);
    assert_eq!(sparsevec([9, 0, 0], &[], &[], Some(8)), wrong);
    assert_eq!(sparsevec([9, 1, 0], &[0, 1], &[1.0, 1.0], None), wrong);
    assert_eq!(sparsevec([9, u32::MAX, 0], &[0], &[1.0], None), wrong);
    assert_eq!(sparsevec([1, 2, 0], &[0, 1], &[1.0, 1.0], None), wrong);
    assert_eq!(payload_fault(&P::SparseVec(None), &[1, 0, 0, 0]), wrong);
    assert_eq!(payload_fault(&P::SparseVec(None), &[0; 13]), wrong);
    let place = Some(Fault::SparsePlace);
    assert_eq!(sparsevec([9, 2, 0], &[3, 3], &[1.0, 1.0], None), place);
    assert_eq!(sparsevec([9, 2, 0], &[4, 3], &[1.0, 1.0], None), place);
    assert_eq!(sparsevec([9, 1, 0], &[9], &[1.0], None), place);
    assert_eq!(sparsevec([9, 1, 0], &[u32::MAX], &[1.0], None), place);
}

#[test]
fn numbers_of_sparse_vectors_are_finite_and_not_zero() {
    for bad in [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let wrong = Some(Fault::VectorElement);
        assert_eq!(sparsevec([9, 2, 0], &[0, 1], &[1.0, bad], None), wrong);
        assert_eq!(sparsevec([9, 2, 0], &[0, 1], &[bad, 1.0], None), wrong);
    }
    assert_eq!(sparsevec([9, 1, 0], &[0], &[f32::from_bits(1)], None), None);
}
