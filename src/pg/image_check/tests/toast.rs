//! Values out of line, chunk by chunk.

use migrator_model::page::{METHOD_SHIFT, StoredValue};

use super::{
    pages::{self, Collector, XID, chunk, chunks, page, plain, read},
    *,
};
use crate::pg::image_check::{Assemble, ImageError, ToastReader};

const VALUE: u32 = 20_000;

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8).collect()
}

/// Tuples on as many pages as they take, four on each.
fn four_each(tuples: &[Vec<u8>]) -> Vec<Vec<u8>> {
    tuples.chunks(4).zip(7..).map(|(tuples, block)| page(block, tuples)).collect()
}

fn fault(tuples: &[Vec<u8>], values: &[StoredValue]) -> Option<Fault> {
    read(&four_each(tuples), 7, values).expect_err("a fault")
}

fn passes(tuples: &[Vec<u8>], values: &[StoredValue]) -> bool {
    read(&four_each(tuples), 7, values).is_ok()
}

#[test]
fn values_are_put_together() {
    let sizes = [1, 1995, 1996, 1997, 3992, 5000, 40_000, 3];
    let (mut tuples, mut values, mut wanted) = (vec![], vec![], vec![]);
    for (size, value) in sizes.into_iter().zip(VALUE..) {
        tuples.extend(chunks(value, &bytes(size)));
        values.push(plain(2, size));
        wanted.push((value, plain(2, size), bytes(size)));
    }
    let collected = read(&four_each(&tuples), 7, &values).unwrap();
    assert!(collected.values == wanted);
}

#[test]
fn chunks_come_in_order_and_complete() {
    let good = chunks(VALUE, &bytes(5000));
    let values = [plain(0, 5000)];
    assert!(passes(&good, &values));
    let other = |index: usize, tuple: Vec<u8>| {
        let mut bad = good.clone();
        bad[index] = tuple;
        fault(&bad, &values)
    };
    for (index, size) in [(0, 1996), (1, 1996), (2, 1008)] {
        let sequence = index as u32;
        for bad in [
            chunk(VALUE, sequence + 1, &bytes(size)),
            chunk(VALUE, u32::MAX, &bytes(size)),
            chunk(VALUE, sequence, &bytes(size - 1)),
            chunk(VALUE, sequence, b""),
        ] {
            assert_eq!(other(index, bad), Some(Fault::Chunk), "{index}");
        }
    }
    assert_eq!(other(2, chunk(VALUE, 2, &bytes(1009))), Some(Fault::Chunk));
    assert_eq!(other(1, chunk(VALUE + 1, 1, &bytes(1996))), Some(Fault::Chunk));
    assert_eq!(other(1, chunk(VALUE + 1, 0, &bytes(1996))), Some(Fault::Chunk));
    assert_eq!(fault(&good[..2], &values), None, "not complete");
    assert_eq!(fault(&good[1..], &values), Some(Fault::Chunk));
    let twice = [&good[..], &good[2..]].concat();
    assert_eq!(fault(&twice, &values), Some(Fault::ValueList));
}

#[test]
fn the_list_has_the_values_that_begin() {
    let tuples = [chunks(VALUE, &bytes(10)), chunks(VALUE + 1, &bytes(20))].concat();
    let [first, second] = [plain(0, 10), plain(0, 20)];
    assert!(passes(&tuples, &[first, second]));
    assert_eq!(fault(&tuples, &[first]), Some(Fault::ValueList));
    assert_eq!(fault(&tuples, &[]), Some(Fault::ValueList));
    assert_eq!(fault(&tuples, &[second, first]), Some(Fault::Chunk));
    assert_eq!(fault(&tuples, &[first, second, second]), None, "one is left over");
}

#[test]
fn a_value_goes_on_in_the_next_run() {
    let tuples = [chunks(VALUE, &bytes(9000)), chunks(VALUE + 1, &bytes(20))].concat();
    let pages = four_each(&tuples);
    let (mut reader, mut collector) = (ToastReader::default(), Collector::default());
    let mut turn = |block, values: &[StoredValue], complete| {
        let page = &pages[block as usize - 7];
        let mut values = values.iter();
        let tuples = reader.page(page, block, XID, &mut values, &mut collector);
        assert_eq!((values.len(), reader.is_between_values()), (0, complete));
        tuples.unwrap()
    };
    assert_eq!(turn(7, &[plain(1, 9000)], false), 4);
    assert_eq!(turn(8, &[plain(1, 20)], true), 2);
    assert_eq!(collector.values.iter().map(|value| value.2.len()).sum::<usize>(), 9020);
}

#[test]
fn identifiers_are_not_the_system_s() {
    for (value, wanted) in [(0, false), (16_383, false), (16_384, true), (u32::MAX, true)] {
        assert_eq!(passes(&chunks(value, b"abc"), &[plain(0, 3)]), wanted, "{value}");
    }
}

fn stored(raw_size: u32, size: u32, method: u32) -> StoredValue {
    StoredValue { attribute: 0, raw_size, ext_info: size | method << METHOD_SHIFT }
}

#[test]
fn sizes_are_possible() {
    let ten = chunks(VALUE, &bytes(10));
    let bad = [
        stored(0, 10, 0),
        stored(13, 10, 0),
        stored(14, 10, 1),
        stored(14, 10, 2),
        stored(15, 10, 2),
        stored(15, 10, 3),
        stored(0x4000_0000, 10, 0),
        stored(u32::MAX, 10, 0),
        stored(4, 0, 0),
        stored(5, 0, 0),
        stored(0, 0, 0),
        stored(10, 4, 0),
        stored(3, 0x3fff_ffff, 0),
        stored(0x4000_0003, 0x3fff_ffff, 0),
    ];
    for bad in bad {
        assert_eq!(fault(&ten, &[bad]), Some(Fault::ValueFacts), "{bad:?}");
    }
    for other in [stored(15, 11, 0), stored(13, 9, 0), stored(0x3fff_ffff, 0x3fff_fffb, 0)] {
        assert_eq!(fault(&ten, &[other]), Some(Fault::Chunk), "{other:?}");
    }
}

/// va_tcinfo, then something.
fn squeezed(info: u32) -> Vec<Vec<u8>> {
    chunks(VALUE, &[&info.to_le_bytes()[..], b"abcdef"].concat())
}

#[test]
fn what_is_compressed_says_so_twice() {
    for method in [0, 1] {
        let good = 5000 | method << METHOD_SHIFT;
        assert!(passes(&squeezed(good), &[stored(5004, 10, method)]));
        for bit in 0..32 {
            let bad = squeezed(good ^ 1 << bit);
            assert_eq!(fault(&bad, &[stored(5004, 10, method)]), Some(Fault::Compressed), "{bit}");
        }
    }
    let largest = 0x3fff_ffff;
    assert!(passes(&squeezed(largest - 4), &[stored(largest, 10, 0)]));
    let bare = chunks(VALUE, &100_u32.to_le_bytes());
    assert_eq!(fault(&bare, &[stored(104, 4, 0)]), Some(Fault::ValueFacts));
}

/// A chunk with something else than its data says.
fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Option<Fault> {
    let mut tuple = chunk(VALUE, 0, b"abc");
    change(&mut tuple);
    fault(&[tuple], &[plain(0, 3)])
}

#[test]
fn tuples_are_a_toast_relation_s() {
    for (at, byte) in [(18, 2), (18, 4), (19, 8), (20, 0), (20, 3), (20, 6), (22, 32), (23, 1)] {
        assert_eq!(forged(|tuple| tuple[at] = byte), Some(Fault::Header), "{at} {byte}");
    }
    for header in [6_u32 << 2, 8 << 2, 7 << 2 | 1, 7 << 2 | 2, 0, u32::MAX, 0x4000_001c] {
        let told = forged(|tuple| pages::put(tuple, 32, header.to_le_bytes()));
        assert_eq!(told, Some(Fault::Length), "{header:x}");
    }
    assert_eq!(forged(|tuple| tuple.push(0)), Some(Fault::Length));
    for length in 22..39 {
        assert!(forged(|tuple| tuple.truncate(length)).is_some());
    }
    assert_eq!(forged(|tuple| tuple.truncate(34)), Some(Fault::Length));
    let packed = [&words(&[VALUE, 0])[..], &short(b"abc")].concat();
    assert!(fault(&[image(HAS_VARWIDTH, 3, 24, &packed)], &[plain(0, 3)]).is_some());
}

/// Fails where it is told to.
struct Failing(&'static str);

impl Failing {
    fn at(&self, place: &str) -> Result<(), ImageError> {
        if self.0 == place { Err(Fault::Memory.into()) } else { Ok(()) }
    }
}

impl Assemble for Failing {
    type Error = ImageError;

    fn begin(&mut self, _: usize) -> Result<(), ImageError> {
        self.at("begin")
    }

    fn append(&mut self, _: &[u8]) -> Result<(), ImageError> {
        self.at("append")
    }

    fn end(&mut self, _: u32, _: &StoredValue) -> Result<(), ImageError> {
        self.at("end")
    }
}

#[test]
fn the_caller_may_refuse() {
    let page = page(7, &chunks(VALUE, b"abc"));
    for place in ["begin", "append", "end"] {
        let mut reader = ToastReader::default();
        let values = [plain(0, 3)];
        let told = reader.page(&page, 7, XID, &mut values.iter(), &mut Failing(place));
        assert_eq!(told, Err(Fault::Memory.into()), "{place}");
    }
}

/// Nothing is asked of memory before a first chunk has come that a value of the size would have.
#[test]
fn a_size_alone_takes_no_memory() {
    let tuples = page(7, &chunks(VALUE, b"abc"));
    let values = [stored(0x3fff_ffff, 0x3fff_fffb, 0)];
    let told =
        ToastReader::default().page(&tuples, 7, XID, &mut values.iter(), &mut Failing("begin"));
    assert_eq!(told.unwrap_err().fault, Fault::Chunk);
}
