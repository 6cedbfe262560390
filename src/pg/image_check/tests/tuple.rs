//! Headers, null bitmaps, lengths and alignment.

use migrator_model::layout::{HAS_NULL, HEADER_BYTES};

use super::*;
use crate::pg::image_check::{ImageError, ValueShape};

fn shape(types: &[P]) -> ImageShape {
    types.iter().map(|pg| AttributeShape::of(&attribute(target(pg)))).collect()
}

fn told(image: &[u8], types: &[P]) -> Option<Fault> {
    check(image, &shape(types)).err().map(|error| error.fault)
}

fn seven(infomask: u16, attributes: u16, hoff: u8) -> Vec<u8> {
    image(infomask, attributes, hoff, &7_i32.to_le_bytes())
}

#[test]
fn good_images_pass() {
    assert_eq!(told(&seven(0, 1, 24), &[P::Int4]), None);
    assert_eq!(told(&image(HAS_VARWIDTH, 1, 24, b"\x09abc"), &[P::Text]), None);
    for length in [127, 128, 188, 1000] {
        let text = image(HAS_VARWIDTH, 1, 24, &long(&vec![b'a'; length]));
        assert_eq!(told(&text, &[P::Text]), None);
    }
    assert_eq!(told(&image(0, 0, 24, b""), &[]), None);
}

#[test]
fn a_wrong_header_is_refused() {
    for bad in [seven(0, 2, 24), seven(0x0100, 1, 24), seven(4, 1, 24), seven(0, 1, 32)] {
        assert_eq!(told(&bad, &[P::Int4]), Some(Fault::Header));
    }
    assert_eq!(told(&seven(0, 0x4001, 24), &[P::Int4]), Some(Fault::Header));
    assert_eq!(told(&[0; 10], &[P::Int4]), Some(Fault::Length));
    assert_eq!(told(&[0; 22], &[P::Int4]), Some(Fault::Length));
    assert_eq!(told(&seven(0, 1, 24)[..23], &[P::Int4]), Some(Fault::Header));
    assert_eq!(told(&seven(0, 1, 24)[..24], &[P::Int4]), Some(Fault::Length));
}

#[test]
fn what_the_server_fills_in_is_zero() {
    for at in 0..INFOMASK2_AT {
        let mut bad = seven(0, 1, 24);
        bad[at] = 1;
        assert_eq!(told(&bad, &[P::Int4]), Some(Fault::Header), "{at}");
    }
}

#[test]
fn nulls_take_no_room() {
    let mut nulls = seven(HAS_NULL, 2, 24);
    nulls[HEADER_BYTES] = 0b10;
    assert_eq!(told(&nulls, &[P::Text, P::Int4]), None);
    nulls[HEADER_BYTES] = 0b11;
    assert!(told(&nulls, &[P::Text, P::Int4]).is_some());
    let many = vec![P::Int4; 9];
    let mut ninth = seven(HAS_NULL, 9, 32);
    ninth[HEADER_BYTES + 1] = 1;
    assert_eq!(told(&ninth, &many), None);
    assert_eq!(told(&seven(HAS_NULL, 9, 24), &many), Some(Fault::Header));
    ninth[HEADER_BYTES + 1] = 0b11;
    assert_eq!(told(&ninth, &many), Some(Fault::Flags), "a bit for no attribute");
    ninth[HEADER_BYTES + 1] = 1;
    ninth[HEADER_BYTES + 2] = 1;
    assert_eq!(told(&ninth, &many), Some(Fault::Padding));
}

#[test]
fn a_bitmap_without_nulls_is_refused() {
    for count in [1_u16, 7, 8] {
        let mut full = image(HAS_NULL, count, 24, &vec![1; usize::from(count)]);
        full[HEADER_BYTES] = (0xff_u16 >> (8 - count)) as u8;
        let bools = vec![P::Bool; count.into()];
        assert_eq!(told(&full, &bools), Some(Fault::Flags), "{count}");
    }
}

#[test]
fn padding_is_zero() {
    let bad = image(0, 2, 24, &[1, 0, 9, 0, 7, 0, 0, 0]);
    assert_eq!(told(&bad, &[P::Bool, P::Int4]), Some(Fault::Padding));
    let mut bad = seven(0, 1, 24);
    bad[HEADER_BYTES] = 1;
    assert_eq!(told(&bad, &[P::Int4]), Some(Fault::Padding));
}

#[test]
fn a_null_in_an_attribute_not_null_is_refused() {
    let mut shape = shape(&[P::Int4, P::Int4]);
    shape[0].not_null = true;
    let mut nulls = seven(HAS_NULL, 2, 24);
    nulls[HEADER_BYTES] = 0b01;
    assert_eq!(check(&nulls, &shape), Ok(()));
    nulls[HEADER_BYTES] = 0b10;
    let error = ImageError { attribute: Some(0), fault: Fault::Null };
    assert_eq!(check(&nulls, &shape), Err(error));
    assert_eq!(error.to_string(), "attribute 1: NULL where NULL is not allowed");
}

/// heap_deform_tuple() would not mind, nocachegetattr() would.
#[test]
fn the_header_knows_of_values_of_varying_length() {
    assert_eq!(told(&image(0, 1, 24, b"\x09abc"), &[P::Text]), Some(Fault::Flags));
    assert_eq!(told(&seven(HAS_VARWIDTH, 1, 24), &[P::Int4]), Some(Fault::Flags));
    let mut null = seven(HAS_NULL | HAS_VARWIDTH, 2, 24);
    null[HEADER_BYTES] = 0b10;
    assert_eq!(told(&null, &[P::Text, P::Int4]), Some(Fault::Flags));
}

#[test]
fn what_nothing_fills_is_null() {
    let dropped = Attribute { target: None, source: None, ..attribute(target(&P::Int4)) };
    let unfilled = Attribute { source: None, ..attribute(target(&P::Int4)) };
    for empty in [dropped, unfilled] {
        let shape = vec![AttributeShape::of(&empty)];
        assert_eq!(check(&image(HAS_NULL, 1, 24, b""), &shape), Ok(()));
        let with_value = image(HAS_VARWIDTH, 1, 24, b"\x09abc");
        assert_eq!(check(&with_value, &shape).unwrap_err().fault, Fault::Unfilled);
    }
}

#[test]
fn lengths_that_lead_outside_are_refused() {
    assert_eq!(told(&image(0, 1, 24, &[1, 2]), &[P::Int4]), Some(Fault::Length));
    assert_eq!(told(&image(HAS_VARWIDTH, 1, 24, b"\x0babc"), &[P::Text]), Some(Fault::Length));
    let huge = [0xfc, 0xff, 0xff, 0xff];
    assert_eq!(told(&image(HAS_VARWIDTH, 1, 24, &huge), &[P::Text]), Some(Fault::Length));
    assert_eq!(told(&image(0, 1, 24, &[0; 8]), &[P::Int4]), Some(Fault::Trailing));
    assert_eq!(told(&image(HAS_VARWIDTH, 1, 24, b"\x09abcd"), &[P::Text]), Some(Fault::Trailing));
}

#[test]
fn toast_pointers_compressed_and_misplaced_values_are_refused() {
    let text = |data: &[u8]| told(&image(HAS_VARWIDTH, 1, 24, data), &[P::Text]);
    assert_eq!(text(&[1; 18]), Some(Fault::Varlena));
    assert_eq!(
        text(&[&(8_u32 << 2 | 2).to_le_bytes()[..], b"abcd"].concat()),
        Some(Fault::Varlena)
    );
    assert_eq!(text(&(3_u32 << 2).to_le_bytes()), Some(Fault::Varlena));
    assert_eq!(text(&[0; 8]), Some(Fault::Varlena));
    let behind_a_bool = |data: &[u8]| {
        told(&image(HAS_VARWIDTH, 2, 24, &[&[1], data].concat()), &[P::Bool, P::Text])
    };
    assert_eq!(behind_a_bool(b"\x09abc"), None);
    let long_text = long(&[b'a'; 127]);
    assert_eq!(behind_a_bool(&[&[0; 3], &long_text[..]].concat()), None);
    assert_eq!(behind_a_bool(&[&[0, 1, 0], &long_text[..]].concat()), Some(Fault::Padding));
    assert_eq!(behind_a_bool(&[&[0; 7], &long_text[..]].concat()), Some(Fault::Varlena));
    assert_eq!(behind_a_bool(&long(b"abcd")), Some(Fault::Varlena));
    // Behind the padding the server expects a four-byte header.
    assert_eq!(behind_a_bool(b"\0\0\0\x09abc"), Some(Fault::Varlena));
}

#[test]
fn what_can_be_packed_is() {
    let text = |data: &[u8]| told(&image(HAS_VARWIDTH, 1, 24, data), &[P::Text]);
    assert_eq!([text(&short(&[b'a'; 126])), text(&long(&[b'a'; 127]))], [None; 2]);
    assert_eq!([0, 4, 126].map(|n| text(&long(&vec![b'a'; n]))), [Some(Fault::Varlena); 3]);
}

#[test]
fn plain_storage_is_never_packed() {
    let mut shape = shape(&[P::Text]);
    shape[0].packable = false;
    let plain = |data: &[u8]| check(&image(HAS_VARWIDTH, 1, 24, data), &shape).err();
    assert_eq!(plain(&long(b"abc")), None);
    assert_eq!(plain(&short(b"abc")).unwrap().fault, Fault::Varlena);
}

#[test]
fn a_type_that_is_stored_otherwise_than_its_shape_says_has_no_values() {
    let mut shape = shape(&[P::Text]);
    shape[0].value = ValueShape::Bool;
    let text = image(HAS_VARWIDTH, 1, 24, &short(b"a"));
    assert_eq!(check(&text, &shape).unwrap_err().fault, Fault::Width);
    let mut physical = target(&P::Int4).physical;
    (physical.len, physical.align) = (-2, 77);
    let odd = AttributeShape::new(&physical, ValueShape::AnyBits);
    assert_eq!((odd.align(), odd.value), (8, ValueShape::Nothing));
}

#[test]
fn a_tuple_is_no_larger_than_memory_of_the_server_can_be() {
    let large = vec![0; migrator_model::layout::MAX_FIELD_BYTES + 1];
    assert_eq!(told(&large, &[P::Text]), Some(Fault::TooLarge));
}
