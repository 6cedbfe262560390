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
