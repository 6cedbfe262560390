//! jsonb.

use super::*;

const STRING: u32 = 0;
const NUMERIC: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const NULL: u32 = 0x4000_0000;
const CONTAINER: u32 = 0x5000_0000;
const OFFSET: u32 = 0x8000_0000;
const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;
/// The numeric 1, with its varlena header.
const ONE: &[u8] = b"\x20\0\0\0\0\x80\x01\0";

/// A container of these words and data.
fn told(head: &[u32], data: &[u8]) -> Option<Fault> {
    payload_fault(&P::Jsonb, &[&words(head)[..], data].concat())
}

#[test]
fn good_documents_pass() {
    assert_eq!(told(&[ARRAY], b""), None);
    assert_eq!(told(&[OBJECT], b""), None);
    assert_eq!(told(&[ARRAY | SCALAR | 1, OFFSET | 3], b"abc"), None);
    assert_eq!(told(&[ARRAY | SCALAR | 1, OFFSET | NUMERIC | 8], ONE), None);
    assert_eq!(told(&[ARRAY | 3, OFFSET | NULL, FALSE, STRING | 2], "é".as_bytes()), None);
    assert_eq!(told(&[OBJECT | 2, OFFSET | 1, 1, 1, NULL], b"abx"), None);
    let padded = [b"a\0\0\0", ONE].concat();
    assert_eq!(told(&[ARRAY | 2, OFFSET | 1, NUMERIC | 11], &padded), None);
}

#[test]
fn a_header_is_one_kind_of_container() {
    let wrong = Some(Fault::JsonbHeader);
    let kinds = [0, SCALAR, OBJECT | SCALAR, OBJECT | ARRAY, ARRAY | OFFSET];
    assert_eq!(kinds.map(|kind| told(&[kind | 1, OFFSET | NULL], b"")), [wrong; 5]);
    assert_eq!(told(&[ARRAY | SCALAR | 2, OFFSET | NULL, NULL], b""), wrong);
    assert_eq!([told(&[ARRAY | SCALAR], b""), told(&[], b"abc")], [wrong; 2]);
    // A scalar is neither nested nor a container.
    let nested = words(&[ARRAY | SCALAR | 1, OFFSET | NULL]);
    assert_eq!(told(&[ARRAY | 1, OFFSET | CONTAINER | 8], &nested), wrong);
    let container = words(&[ARRAY]);
    assert_eq!(told(&[ARRAY | SCALAR | 1, OFFSET | CONTAINER | 4], &container), wrong);
}

#[test]
fn entries_stay_in_the_container_and_fill_it() {
    let outside = Some(Fault::JsonbExtent);
    assert_eq!(told(&[ARRAY | 2, OFFSET | NULL], b""), outside);
    assert_eq!(told(&[OBJECT | 1, OFFSET], b""), outside);
    assert_eq!(told(&[ARRAY | 0x0fff_ffff, OFFSET | NULL], b""), outside);
    assert_eq!(told(&[ARRAY | 1, OFFSET | 4], b"abc"), outside);
    assert_eq!(told(&[ARRAY | 2, OFFSET | 1, 0x0fff_ffff], b"abc"), outside);
    assert_eq!(told(&[ARRAY | 1, OFFSET | 2], b"abc"), Some(Fault::Trailing));
    assert_eq!(told(&[ARRAY], b"a"), Some(Fault::Trailing));
}

fn strings(count: usize) -> Vec<u32> {
    let entry = |index| if index % 32 == 0 { OFFSET | (index as u32 + 1) } else { 1 };
    [ARRAY | count as u32].into_iter().chain((0..count).map(entry)).collect()
}

#[test]
fn offsets_lie_at_every_stride() {
    let good = strings(70);
    assert_eq!(told(&good, &[b'a'; 70]), None);
    for at in 1..=70 {
        let mut other = good.clone();
        other[at] ^= OFFSET;
        assert_eq!(told(&other, &[b'a'; 70]), Some(Fault::JsonbStride), "{at}");
    }
    for offset in [31, 66, 71] {
        let mut other = good.clone();
        other[33] = OFFSET | offset;
        assert_eq!(told(&other, &[b'a'; 70]), Some(Fault::JsonbExtent), "{offset}");
    }
}

#[test]
fn entries_have_a_known_type_and_constants_no_bytes() {
    for kind in [0x6000_0000, 0x7000_0000] {
        assert_eq!(told(&[ARRAY | 1, OFFSET | kind], b""), Some(Fault::JsonbEntry));
    }
    for kind in [FALSE, 0x3000_0000, NULL] {
        assert_eq!(told(&[ARRAY | 1, OFFSET | kind | 1], b"a"), Some(Fault::JsonbEntry));
    }
}

#[test]
fn strings_and_keys_are_utf8() {
    assert_eq!(told(&[ARRAY | 1, OFFSET | 2], b"a\xff"), Some(Fault::Encoding));
    assert_eq!(told(&[ARRAY | 1, OFFSET | 2], b"a\0"), Some(Fault::NulByte));
    assert_eq!(told(&[OBJECT | 1, OFFSET | 1, NULL], b"\xff"), Some(Fault::Encoding));
    // A character over the end of one string and the start of the next.
    assert_eq!(told(&[ARRAY | 2, OFFSET | 1, 1], "é".as_bytes()), Some(Fault::Encoding));
}

#[test]
fn keys_are_ordered_strings() {
    let pair = |first: &str, second: &str| {
        let head = [OBJECT | 2, OFFSET | first.len() as u32, second.len() as u32, NULL, NULL];
        told(&head, [first, second].concat().as_bytes())
    };
    assert_eq!([pair("a", "b"), pair("b", "aa"), pair("", "a"), pair("a", "é")], [None; 4]);
    let wrong = Some(Fault::JsonbKey);
    assert_eq!([pair("b", "a"), pair("aa", "b"), pair("a", "a"), pair("", "")], [wrong; 4]);
    assert_eq!(told(&[OBJECT | 1, OFFSET | NULL, NULL], b""), wrong);
    assert_eq!(told(&[OBJECT | 1, OFFSET | NUMERIC | 8, NULL], ONE), wrong);
}

#[test]
fn numbers_are_aligned_finite_and_fill_their_entry() {
    let one = |length: u32, data: &[u8]| told(&[ARRAY | 1, OFFSET | NUMERIC | length], data);
    assert_eq!(one(9, &[ONE, &[0]].concat()), Some(Fault::Trailing));
    assert_eq!(one(7, &ONE[..7]), Some(Fault::Length));
    assert_eq!(one(0, b""), Some(Fault::Length));
    assert_eq!(one(3, b"\x07\0\x80"), Some(Fault::Length)); // Packed.
    assert_eq!(one(5, b"\x0b\0\x80\x01\0"), Some(Fault::Varlena));
    assert_eq!(one(8, b"\x20\0\0\0\0\x80\0\0"), Some(Fault::NumericZeros));
    for special in [0xc0, 0xd0, 0xf0] {
        assert_eq!(one(6, &[0x18, 0, 0, 0, 0, special]), Some(Fault::NumericForm));
    }
    let unclean = [b"a\0\x01\0", ONE].concat();
    assert_eq!(told(&[ARRAY | 2, OFFSET | 1, NUMERIC | 11], &unclean), Some(Fault::Padding));
    let unaligned = [b"a", ONE].concat();
    assert!(told(&[ARRAY | 2, OFFSET | 1, NUMERIC | 8], &unaligned).is_some());
    let too_short = told(&[ARRAY | 2, OFFSET | 1, NUMERIC | 2], b"a\0\0");
    assert_eq!(too_short, Some(Fault::JsonbExtent));
}

fn nested(levels: usize) -> Vec<u8> {
    let mut bytes = words(&[ARRAY]);
    for _ in 0..levels {
        bytes = [words(&[ARRAY | 1, OFFSET | CONTAINER | bytes.len() as u32]), bytes].concat();
    }
    bytes
}

#[test]
fn containers_nest_to_a_limit() {
    assert_eq!(payload_fault(&P::Jsonb, &nested(3)), None);
    assert_eq!(payload_fault(&P::Jsonb, &nested(1024)), None);
    assert_eq!(payload_fault(&P::Jsonb, &nested(1025)), Some(Fault::JsonbDepth));
    assert_eq!(payload_fault(&P::Jsonb, &nested(20_000)), Some(Fault::JsonbDepth));
}

/// The backend's stack is not ours alone.
#[test]
fn the_deepest_document_takes_little_stack() {
    let room = if cfg!(debug_assertions) { 2 << 20 } else { 512 << 10 };
    let run = || assert_eq!(fault(&P::Jsonb, &long(&nested(1024))), None);
    std::thread::Builder::new().stack_size(room).spawn(run).unwrap().join().unwrap();
}
