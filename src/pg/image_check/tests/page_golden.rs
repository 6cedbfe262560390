//! Pages as a real server stores them.

use migrator_model::page::{ALL_VISIBLE, FLAGS_AT, METHOD_SHIFT, StoredValue};

use super::{
    pages::{Collector, Recorder, TOAST, Told, XID, put, read},
    *,
};
use crate::pg::image_check::{Pairing, Pointer, rows};

/// The bytes of a line.
fn unfold(text: &str) -> Vec<u8> {
    let piece = |piece: &str| match piece.split_once('*') {
        Some((bytes, count)) => hex(bytes).repeat(count.parse().unwrap()),
        None => hex(piece),
    };
    text.split(' ').flat_map(piece).collect()
}

/// The pages of a relation, but for what a loader leaves to the backend (LSN, checksum) and does
/// otherwise than the server: COPY does not mark pages of the TOAST relation as all visible, and
/// tuples have a number of the command that nobody looks at once they are frozen.
fn pages(relation: &str) -> Vec<Vec<u8>> {
    let lines = include_str!("golden_pages.txt").lines();
    let lines = lines.filter_map(|line| line.strip_prefix(relation)?.strip_prefix('\t'));
    lines.map(|line| as_loaded(unfold(line))).collect()
}

fn as_loaded(mut page: Vec<u8>) -> Vec<u8> {
    page[..FLAGS_AT].fill(0);
    put(&mut page, FLAGS_AT, ALL_VISIBLE.to_le_bytes());
    let pointers = page[24..].chunks(4).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let starts: Vec<_> = pointers.take_while(|start| *start != 0).collect();
    for start in starts {
        let start = usize::from(start & 0x7fff);
        page[start + 8..start + 12].fill(0);
    }
    page
}

pub fn heap() -> Vec<u8> {
    pages("heap").remove(0)
}

pub fn shape() -> ImageShape {
    let numeric = P::Numeric(Some((10, 2)));
    let kinds = [P::Int8, P::Text, P::Text, P::Text, P::Text, P::Text, numeric];
    let mut shape: ImageShape = kinds.map(|pg| AttributeShape::of(&attribute(target(&pg)))).into();
    shape[0].not_null = true;
    shape
}

fn told() -> Vec<Told> {
    let mut recorder = Recorder::default();
    assert_eq!(rows(&heap(), 0, XID, &shape(), &mut recorder), Ok(3));
    recorder.0
}

fn pointers() -> Vec<(usize, Pointer)> {
    let pointer = |told| match told {
        Told::Pointer(at, pointer) => Some((at, pointer)),
        Told::Compressed(..) => None,
    };
    told().into_iter().filter_map(pointer).collect()
}

/// The list that a reader would send: as the pointers say, by their identifiers.
pub fn values() -> Vec<StoredValue> {
    let mut pointers = pointers();
    pointers.sort_by_key(|(_, pointer)| pointer.value);
    let value = |(at, pointer): (usize, Pointer)| StoredValue {
        attribute: at as u16,
        raw_size: pointer.raw_size,
        ext_info: pointer.ext_info,
    };
    pointers.into_iter().map(value).collect()
}

pub fn toast() -> Vec<Vec<u8>> {
    pages("toast")
}

#[test]
fn rows_pass() {
    let info = |told: &Told| match told {
        Told::Compressed(at, stored) => {
            (*at, u32::from_le_bytes(*stored.first_chunk().unwrap()), false)
        }
        Told::Pointer(at, pointer) => (*at, pointer.raw_size - 4, true),
    };
    let lz4 = 1 << METHOD_SHIFT;
    let wanted = [
        (2, 3000, false),
        (4, 7200, true),
        (5, 6000, true),
        (3, 3000 | lz4, false),
        (1, 80, false),
        (2, 2800, true),
        (3, 3000 | lz4, false),
        (4, 2000, true),
    ];
    let told: Vec<_> = told().iter().map(info).collect();
    assert_eq!(told, wanted);
}

#[test]
fn values_out_of_line_pass_and_pair() {
    let Collector { values, .. } = read(&toast(), 0, &values()).unwrap();
    let size = |(_, stored, bytes): &(u32, StoredValue, Vec<u8>)| (stored.attribute, bytes.len());
    let sizes: Vec<_> = values.iter().map(size).collect();
    assert_eq!(sizes, [(4, 7200), (5, 398), (4, 2000), (2, 40)]);
    let mut pairing = Pairing::new(TOAST);
    for (value, stored, _) in &values {
        pairing.value(*value, stored).unwrap();
    }
    for (at, pointer) in pointers() {
        pairing.pointer(at, pointer).unwrap();
    }
    assert!(pairing.is_complete());
    assert!(values[0].2.starts_with(b"abcdefghabcdefgh"));
}
