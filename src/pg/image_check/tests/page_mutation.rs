//! No byte of a page's structure can be another without a fault, and no page makes the check
//! panic: debug builds find overflows, too.

use migrator_model::{
    layout::HAS_NULL,
    page::{LOWER_AT, StoredValue, UPPER_AT},
};

use super::{
    page_golden,
    pages::{self, BLOCK, Recorder, TOAST, Told, XID, chunks, plain, read},
    *,
};
use crate::pg::image_check::{Fault, Pairing, Pointer, rows};

/// Every byte of a page but most of the hole, which has a test of its own.
fn places(page: &[u8]) -> impl Iterator<Item = usize> + use<> {
    let number = |at: usize| usize::from(u16::from_le_bytes([page[at], page[at + 1]]));
    let (lower, upper) = (number(LOWER_AT), number(UPPER_AT));
    (0..lower).chain((lower..upper).step_by(97)).chain(upper - 1..page.len())
}

/// Rows of (a int4, b text, c int4), with and without NULL, on a page that they do not fill; and
/// the places that are neither numbers nor letters.
fn table() -> (ImageShape, Vec<u8>, Vec<usize>) {
    let shape: ImageShape =
        [P::Int4, P::Text, P::Int4].map(|pg| AttributeShape::of(&attribute(target(&pg)))).into();
    let full = image(HAS_VARWIDTH, 3, 24, b"\x07\0\0\0\x0dabcde\0\0\x08\0\0\0");
    let mut null = image(HAS_NULL | HAS_VARWIDTH, 3, 24, b"\x07\0\0\0\x09abc");
    null[23] = 0b011;
    let page = pages::page(BLOCK, &[full, null]);
    let (first, second) = (8192 - 40, 8192 - 40 - 32);
    let values = [first + 24..first + 28, first + 29..first + 34, first + 36..first + 40];
    let values = values.into_iter().chain([second + 24..second + 28, second + 29..second + 32]);
    let values: Vec<_> = values.flatten().collect();
    let structure = places(&page).filter(|at| !values.contains(at)).collect();
    (shape, page, structure)
}

#[test]
fn every_byte_of_a_heap_page_counts() {
    let (shape, mut page, structure) = table();
    assert_eq!(rows(&page, BLOCK, XID, &shape, &mut Recorder::default()), Ok(2));
    for at in structure {
        let good = page[at];
        for other in (0..=255).filter(|other| *other != good) {
            page[at] = other;
            assert!(rows(&page, BLOCK, XID, &shape, &mut Recorder::default()).is_err(), "{at}");
        }
        page[at] = good;
    }
}

/// What has come of pages of a TOAST relation, and pointers that fit them.
fn paired(pages: &[Vec<u8>], values: &[StoredValue], pointers: &[Pointer]) -> Result<(), Fault> {
    let collected = read(pages, 7, values).map_err(|fault| fault.unwrap_or(Fault::Chunk))?;
    let mut pairing = Pairing::new(TOAST);
    for (value, stored, _) in &collected.values {
        pairing.value(*value, stored)?;
    }
    pointers.iter().try_for_each(|pointer| pairing.pointer(1, *pointer))?;
    if pairing.is_complete() { Ok(()) } else { Err(Fault::Unpaired) }
}

/// Values of several chunks and of one, on two pages; their list; their pointers.
fn toast() -> (Vec<Vec<u8>>, Vec<StoredValue>, Vec<Pointer>) {
    let sizes = [5000, 100, 4000];
    let tuples: Vec<_> = sizes.into_iter().zip(20_000..).collect();
    let tuples = tuples.iter().flat_map(|(size, value)| chunks(*value, &vec![b'a'; *size]));
    let tuples: Vec<_> = tuples.collect();
    let pages = vec![pages::page(7, &tuples[..4]), pages::page(8, &tuples[4..])];
    let values: Vec<_> = sizes.iter().map(|size| plain(1, *size)).collect();
    let pointer = |(value, id): (&StoredValue, u32)| Pointer {
        raw_size: value.raw_size,
        ext_info: value.ext_info,
        value: id,
        relation: TOAST,
    };
    let pointers = values.iter().zip(20_000..).map(pointer).collect();
    (pages, values, pointers)
}

#[test]
fn every_bit_of_a_toast_page_counts() {
    let (mut pages, values, pointers) = toast();
    assert_eq!(paired(&pages, &values, &pointers), Ok(()));
    for number in 0..2 {
        for at in places(&pages[number]) {
            if pages[number][at] == b'a' {
                continue;
            }
            for bit in 0..8 {
                pages[number][at] ^= 1 << bit;
                assert!(paired(&pages, &values, &pointers).is_err(), "{number} {at} {bit}");
                pages[number][at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn every_bit_of_the_list_counts() {
    let (pages, values, pointers) = toast();
    for at in 0..values.len() {
        for bit in 0..32 {
            let mut bad = values.clone();
            bad[at].raw_size ^= 1 << bit;
            assert!(paired(&pages, &bad, &pointers).is_err(), "{at} {bit}");
            let mut bad = values.clone();
            bad[at].ext_info ^= 1 << bit;
            assert!(paired(&pages, &bad, &pointers).is_err(), "{at} {bit}");
            let mut bad = values.clone();
            bad[at].attribute ^= 1 << (bit % 16);
            assert!(paired(&pages, &bad, &pointers).is_err(), "{at} {bit}");
        }
    }
}

/// The tuples of a page whose pointers fit what is on it.
#[test]
fn every_bit_of_a_pointer_counts() {
    let (pages, values, pointers) = toast();
    let shape = shape_of(&target(&P::Text));
    for at in 2..18 {
        for bit in 0..8 {
            let mut bytes = pages::pointer_bytes(pointers[0]);
            bytes[at] ^= 1 << bit;
            let page = pages::page(BLOCK, &[image(HAS_VARWIDTH | 4, 1, 24, &bytes)]);
            let mut recorder = Recorder::default();
            rows(&page, BLOCK, XID, &shape, &mut recorder).unwrap();
            let [Told::Pointer(0, bad)] = recorder.0[..] else { panic!() };
            let pointers = [&[bad], &pointers[1..]].concat();
            assert!(paired(&pages, &values, &pointers).is_err(), "{at} {bit}");
        }
    }
}

#[test]
fn a_real_page_with_one_other_byte() {
    let (shape, mut page) = (page_golden::shape(), page_golden::heap());
    for at in places(&page) {
        let good = page[at];
        for byte in mutation::others(good) {
            page[at] = byte;
            let told = rows(&page, 0, XID, &shape, &mut Recorder::default());
            assert!(byte == good || at >= 7900 || told.is_err(), "{at}");
        }
        page[at] = good;
    }
}

#[test]
fn real_pages_with_many_other_bytes() {
    let (shape, heap) = (page_golden::shape(), page_golden::heap());
    let (toast, values) = (page_golden::toast(), page_golden::values());
    let mut state = 1;
    let mut damage = |page: &mut Vec<u8>, first: usize| {
        for _ in 0..=mutation::random(&mut state, 4) {
            let at = first + mutation::random(&mut state, page.len() - first);
            page[at] = mutation::others(page[at])[mutation::random(&mut state, 10)];
        }
    };
    for turn in 0..5_000 {
        let mut bad = heap.clone();
        damage(&mut bad, if turn % 2 == 0 { 0 } else { 7880 });
        let _ = rows(&bad, 0, XID, &shape, &mut Recorder::default());
        let mut bad = toast.clone();
        damage(&mut bad[turn % 2], if turn % 3 == 0 { 0 } else { 6000 });
        let _ = read(&bad, 0, &values);
    }
}

#[test]
fn pages_with_other_line_pointers() {
    let (shape, good, _) = table();
    let mut state = 3;
    for _ in 0..5_000 {
        let mut bad = good.clone();
        for byte in &mut bad[12..32] {
            if mutation::random(&mut state, 3) == 0 {
                *byte = mutation::random(&mut state, 256) as u8;
            }
        }
        let told = rows(&bad, BLOCK, XID, &shape, &mut Recorder::default());
        assert!(bad == good || told.is_err());
    }
}
