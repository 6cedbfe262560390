//! Values that are compressed or out of line, in tuples on pages.

use migrator_model::{
    layout::{HAS_NULL, HEADER_BYTES},
    page::HAS_EXTERNAL,
};

use super::{
    pages::{self, BLOCK, Recorder, TOAST, Told, XID, pointer_bytes},
    *,
};
use crate::pg::image_check::{ImageError, Inline, Pointer, StoredValues, content, rows};

const POINTER: Pointer = Pointer { raw_size: 5004, ext_info: 5000, value: 20_000, relation: TOAST };

/// (a bool, b text, c int4)
fn shape() -> ImageShape {
    [P::Bool, P::Text, P::Int4].map(|pg| AttributeShape::of(&attribute(target(&pg)))).into()
}

fn on_page(
    image: Vec<u8>,
    shape: &ImageShape,
    stored: &mut impl StoredValues,
) -> Result<(), ImageError> {
    rows(&pages::page(BLOCK, &[image]), BLOCK, XID, shape, stored).map(|_| ())
}

/// What is wrong with a text behind a boolean, which may be followed by a number.
fn fault(infomask: u16, data: &[u8]) -> Option<Fault> {
    let image = image(infomask, 3, 24, data);
    on_page(image, &shape(), &mut Recorder::default()).err().map(|error| error.fault)
}

fn told(infomask: u16, data: &[u8]) -> Vec<Told> {
    let mut recorder = Recorder::default();
    assert_eq!(on_page(image(infomask, 3, 24, data), &shape(), &mut recorder), Ok(()));
    recorder.0
}

/// A boolean, a pointer without padding, a number.
fn with_pointer() -> Vec<u8> {
    [&[1], &pointer_bytes(POINTER)[..], &[0], &7_u32.to_le_bytes()].concat()
}

/// A boolean, padding, a compressed value, a number.
fn with_compressed(stored: &[u8]) -> Vec<u8> {
    let header = ((stored.len() as u32 + 4) << 2 | 2).to_le_bytes();
    let padding = vec![0; stored.len().next_multiple_of(4) - stored.len()];
    [&[1, 0, 0, 0], &header[..], stored, &padding, &7_u32.to_le_bytes()].concat()
}

const EXTERNAL: u16 = HAS_VARWIDTH | HAS_EXTERNAL;

#[test]
fn pointers_are_told_of() {
    assert_eq!(told(EXTERNAL, &with_pointer()), [Told::Pointer(1, POINTER)]);
}

#[test]
fn compressed_values_are_told_of() {
    for stored in [&b"abcd"[..], b"abcde", &[7; 300]] {
        let wanted = [Told::Compressed(1, stored.to_vec())];
        assert_eq!(told(HAS_VARWIDTH, &with_compressed(stored)), wanted);
    }
}

#[test]
fn the_header_knows_of_values_out_of_line() {
    assert_eq!(fault(HAS_VARWIDTH, &with_pointer()), Some(Fault::Header));
    assert_eq!(fault(HAS_EXTERNAL, &with_pointer()), Some(Fault::Flags));
    assert_eq!(fault(EXTERNAL, &with_compressed(b"abcd")), Some(Fault::Header));
    assert_eq!(fault(EXTERNAL, b"\x01\x05a\0\x07\0\0\0"), Some(Fault::Header));
    assert_eq!(fault(HAS_VARWIDTH, b"\x01\x05a\0\x07\0\0\0"), None);
    let mut null = image(HAS_NULL | HAS_EXTERNAL, 3, 24, &[1, 0, 0, 0, 7, 0, 0, 0]);
    null[HEADER_BYTES] = 0b101;
    let error = on_page(null, &shape(), &mut Recorder::default()).unwrap_err();
    assert_eq!(error.fault, Fault::Header);
}

#[test]
fn a_pointer_has_no_padding_and_one_tag() {
    let mut padded = with_pointer();
    padded.splice(1..1, [0; 3]);
    assert_eq!(fault(EXTERNAL, &padded), Some(Fault::Varlena));
    for tag in (0..=255).filter(|tag| *tag != 18) {
        let mut other = with_pointer();
        other[2] = tag;
        assert_eq!(fault(EXTERNAL, &other), Some(Fault::Varlena), "{tag}");
    }
    for length in 1..19 {
        assert!(fault(EXTERNAL, &with_pointer()[..length]).is_some());
    }
}

#[test]
fn a_compressed_value_is_aligned_and_has_a_size() {
    assert_eq!(fault(HAS_VARWIDTH, &with_compressed(b"abc")), Some(Fault::Varlena));
    assert_eq!(fault(HAS_VARWIDTH, &with_compressed(b"")), Some(Fault::Varlena));
    let mut padding = with_compressed(b"abcd");
    padding[3] = 1;
    assert_eq!(fault(HAS_VARWIDTH, &padding), Some(Fault::Padding));
    let mut misplaced = with_compressed(b"abcd");
    misplaced.drain(1..4);
    assert_eq!(fault(HAS_VARWIDTH, &misplaced), Some(Fault::Varlena));
    let mut outside = with_compressed(b"abcd");
    outside[5] = 1;
    assert_eq!(fault(HAS_VARWIDTH, &outside), Some(Fault::Length));
    let mut kind = with_compressed(b"abcd");
    kind[4] |= 1;
    assert_eq!(fault(HAS_VARWIDTH, &kind), Some(Fault::Varlena));
    let mut behind = with_compressed(b"abcde");
    behind[14] = 1;
    assert_eq!(fault(HAS_VARWIDTH, &behind), Some(Fault::Padding));
}

/// Neither is there anything else where the server's own rules forbid it.
fn refused(shape: &ImageShape, wanted: Fault) {
    let compressed = [&(12_u32 << 2 | 2).to_le_bytes()[..], b"abcdefgh"].concat();
    let mask = [(HAS_VARWIDTH, compressed), (EXTERNAL, pointer_bytes(POINTER))];
    for (infomask, data) in mask {
        let mut recorder = Recorder::default();
        let error = on_page(image(infomask, 1, 24, &data), shape, &mut recorder).unwrap_err();
        assert_eq!((error.fault, error.attribute), (wanted, Some(0)));
        assert_eq!(recorder.0, []);
    }
}

#[test]
fn plain_storage_and_attributes_without_values_have_neither() {
    let mut shape = shape_of(&target(&P::Text));
    shape[0].packable = false;
    refused(&shape, Fault::Varlena);
    let unfilled = Attribute { source: None, ..attribute(target(&P::Text)) };
    refused(&vec![AttributeShape::of(&unfilled)], Fault::Unfilled);
}

#[test]
fn elements_of_arrays_have_neither() {
    let shape = shape_of(&target(&array(P::Text)));
    let compressed = [&(12_u32 << 2 | 2).to_le_bytes()[..], b"abcdefgh"].concat();
    for element in [compressed, [pointer_bytes(POINTER), vec![0; 2]].concat()] {
        let array = [words(&[1, 0, 25, 1, 1]), element].concat();
        for flags in [HAS_VARWIDTH, EXTERNAL] {
            let image = image(flags, 1, 24, &short(&array));
            let error = on_page(image, &shape, &mut Recorder::default()).unwrap_err();
            assert_eq!(error.fault, Fault::Varlena);
        }
    }
}

#[test]
fn attributes_of_rows_have_neither() {
    let pg = P::Composite { name: None, attributes: vec![("a".into(), P::Text)] };
    let shape = shape_of(&target(&pg));
    let compressed = [&(12_u32 << 2 | 2).to_le_bytes()[..], b"abcdefgh"].concat();
    for data in [compressed, pointer_bytes(POINTER)] {
        for (inner, wanted) in [(HAS_VARWIDTH, Fault::Varlena), (EXTERNAL, Fault::Varlena)] {
            let row = image(inner, 1, 24, &data).split_off(4);
            let image = image(EXTERNAL, 1, 24, &short(&row));
            let error = on_page(image, &shape, &mut Recorder::default()).unwrap_err();
            assert_eq!(error.fault, wanted);
        }
    }
}

#[test]
fn rows_that_are_not_on_pages_have_neither() {
    for (infomask, data) in [(EXTERNAL, with_pointer()), (HAS_VARWIDTH, with_compressed(b"abcd"))] {
        let image = image(infomask, 3, 24, &data);
        assert_eq!(check(&image, &shape()).unwrap_err().fault, Fault::Varlena);
        assert_eq!(on_page(image, &shape(), &mut Inline).unwrap_err().fault, Fault::Varlena);
    }
    let external = image(EXTERNAL, 3, 24, b"\x01\x05a\0\x07\0\0\0");
    assert_eq!(check(&external, &shape()).unwrap_err().fault, Fault::Header);
}

/// What the caller says counts.
struct Strict;

impl StoredValues for Strict {
    fn compressed(&mut self, _: usize, _: &AttributeShape, _: &[u8]) -> Result<(), Fault> {
        Err(Fault::Compressed)
    }

    fn pointer(&mut self, _: usize, _: &AttributeShape, _: Pointer) -> Result<(), Fault> {
        Err(Fault::PointerRelation)
    }
}

#[test]
fn the_caller_may_refuse() {
    let refused = |infomask, data: &[u8]| {
        let error = on_page(image(infomask, 3, 24, data), &shape(), &mut Strict).unwrap_err();
        assert_eq!(error.attribute, Some(1));
        error.fault
    };
    assert_eq!(refused(EXTERNAL, &with_pointer()), Fault::PointerRelation);
    assert_eq!(refused(HAS_VARWIDTH, &with_compressed(b"abcd")), Fault::Compressed);
}

#[test]
fn content_is_checked_as_in_a_tuple() {
    let of = |pg: &P| AttributeShape::of(&attribute(target(pg)));
    assert_eq!(content(b"abc", &of(&P::Text)), Ok(()));
    assert_eq!(content(b"ab\xff", &of(&P::Text)), Err(Fault::Encoding));
    assert_eq!(content(b"abcd", &of(&P::Varchar(Some(3)))), Err(Fault::Characters));
    assert_eq!(content(&[1, 0, 0, 0], &of(&P::Int4)), Err(Fault::Width));
    let unfilled = Attribute { source: None, ..attribute(target(&P::Text)) };
    assert_eq!(content(b"abc", &AttributeShape::of(&unfilled)), Err(Fault::Unfilled));
    for (name, shape, good) in golden::images().iter().filter(|(_, shape, _)| shape[0].len < 0) {
        let payload = if good[24] & 1 == 1 { &good[25..] } else { &good[28..] };
        assert_eq!(content(payload, &shape[0]), Ok(()), "{name}");
    }
}
