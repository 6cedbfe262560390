//! Values of row types.

use migrator_model::layout::{HAS_NULL, HEADER_BYTES, RowType};

use super::*;

/// (a int4, b text), stamped.
fn pair() -> Target {
    let fields = vec![("a".into(), P::Int4), ("b".into(), P::Text)];
    let mut target = target(&P::Composite { name: None, attributes: fields });
    let Inner::Row(RowType { header, .. }) = &mut target.inner else { unreachable!() };
    header[4..12].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x6c, 0x48, 0, 0]);
    header[INFOMASK_AT + 1] = 0x0c;
    target
}

/// A value behind its varlena header.
fn value(infomask: u16, bitmap: u8, data: &[u8]) -> Vec<u8> {
    let mut value = image(infomask | 0x0c00, 2, 24, data);
    value[4..12].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x6c, 0x48, 0, 0]);
    value[HEADER_BYTES] = bitmap;
    value.split_off(4)
}

fn told(payload: &[u8]) -> Option<Fault> {
    payload_fault_of(&pair(), payload)
}

const SEVEN_ABC: &[u8] = b"\x07\0\0\0\x09abc";

#[test]
fn good_values_pass() {
    assert_eq!(told(&value(HAS_VARWIDTH, 0, SEVEN_ABC)), None);
    assert_eq!(told(&value(HAS_NULL, 0b01, b"\x07\0\0\0")), None);
    assert_eq!(told(&value(HAS_NULL | HAS_VARWIDTH, 0b10, b"\x09abc")), None);
    assert_eq!(told(&value(HAS_NULL, 0, b"")), None);
    let long_text = [&7_i32.to_le_bytes()[..], &long(&[b'a'; 127])].concat();
    assert_eq!(told(&value(HAS_VARWIDTH, 0, &long_text)), None);
}

#[test]
fn type_modifier_and_stamp_are_the_type_s() {
    let good = value(HAS_VARWIDTH, 0, SEVEN_ABC);
    for at in 0..14 {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_eq!(told(&bad), Some(Fault::RowType), "{at}");
    }
    assert_eq!(told(&good[..10]), Some(Fault::Length));
}

#[test]
fn the_header_is_a_tuple_s() {
    let good = value(HAS_VARWIDTH, 0, SEVEN_ABC);
    for (at, byte) in [(14, 1), (14, 3), (15, 8), (17, 0), (17, 0x0d), (18, 32), (18, 16)] {
        let mut bad = good.clone();
        bad[at] = byte;
        assert_eq!(told(&bad), Some(Fault::Header), "{at}");
    }
    assert_eq!(told(&value(0, 0, SEVEN_ABC)), Some(Fault::Flags));
}

#[test]
fn attributes_are_checked_and_fill_the_value() {
    assert_eq!(told(&value(HAS_VARWIDTH, 0, b"\x07\0\0\0\x09ab\xff")), Some(Fault::Encoding));
    assert_eq!(told(&value(HAS_VARWIDTH, 0, b"\x07\0\0\0\x0babc")), Some(Fault::Length));
    assert_eq!(told(&value(HAS_VARWIDTH, 0, b"\x07\0\0\0\x07abc")), Some(Fault::Trailing));
    assert_eq!(told(&value(HAS_VARWIDTH, 0, &[1; 24])), Some(Fault::Varlena));
}

/// Alignment counts from the value's start, however its header is packed in the tuple.
#[test]
fn alignment_counts_from_the_value_s_start() {
    let fields = vec![("a".into(), P::Bool), ("b".into(), P::Int8)];
    let target = target(&P::Composite { name: None, attributes: fields });
    let mut value = image(0, 2, 24, b"\x01\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0").split_off(4);
    assert_eq!(payload_fault_of(&target, &value), None);
    value.truncate(value.len() - 4);
    assert_eq!(payload_fault_of(&target, &value), Some(Fault::Length));
}

#[test]
fn a_dropped_attribute_is_null() {
    let mut target = pair();
    let Inner::Row(RowType { attributes, .. }) = &mut target.inner else { unreachable!() };
    (attributes[1].target, attributes[1].source) = (None, None);
    let null = value(HAS_NULL, 0b01, b"\x07\0\0\0");
    assert_eq!(payload_fault_of(&target, &null), None);
    let filled = value(HAS_VARWIDTH, 0, SEVEN_ABC);
    assert_eq!(payload_fault_of(&target, &filled), Some(Fault::Unfilled));
}
