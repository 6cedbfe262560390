//! Arrays.

use super::*;

/// The words of a header, then the elements' bytes.
fn made(head: &[u32], elements: &[u8]) -> Vec<u8> {
    [&words(head)[..], elements].concat()
}

fn ints(head: &[u32], elements: &[u32]) -> Option<Fault> {
    payload_fault(&array(P::Int4), &made(head, &words(elements)))
}

#[test]
fn good_arrays_pass() {
    assert_eq!(ints(&[0, 0, 23], &[]), None);
    assert_eq!(ints(&[1, 0, 23, 2, 1], &[5, 6]), None);
    assert_eq!(ints(&[2, 0, 23, 2, 1, 1, 1], &[5, 6]), None);
    // A bitmap in front: 5, NULL, 6.
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0b101, 0], &[5, 6]), None);
}

#[test]
fn dimensions_are_one_to_six_and_none_is_empty() {
    let six = |n: u32| ints(&[&[n, 0, 23][..], &[1; 12]].concat(), &[7]);
    assert_eq!(six(6), None);
    let wrong = Some(Fault::Dimensions);
    assert_eq!([six(7), six(u32::MAX), six(i32::MIN as u32)], [wrong; 3]);
    assert_eq!([ints(&[1, 0, 23, 0, 1], &[]), ints(&[1, 0, 23, u32::MAX, 1], &[])], [wrong; 2]);
    assert_eq!(ints(&[2, 0, 23, 1, 0, 1, 1], &[7]), wrong);
    let product = [[1 << 27, 1, 1], [1 << 16, 1 << 16, 1], [1 << 22, 1 << 21, 1 << 21]];
    for [a, b, c] in product {
        assert_eq!(ints(&[3, 0, 23, a, b, c, 1, 1, 1], &[]), wrong);
    }
    assert_eq!(ints(&[1, 0, 23, (1 << 27) - 1, 1], &[]), Some(Fault::Length));
    assert_eq!([ints(&[], &[]), ints(&[1, 0, 23, 1], &[])], [Some(Fault::Length); 2]);
}

#[test]
fn the_last_subscript_fits() {
    let bound = |bound: i32| ints(&[1, 0, 23, 2, bound as u32], &[5, 6]);
    assert_eq!([i32::MIN, -1, 0, i32::MAX - 2].map(bound), [None; 4]);
    assert_eq!([i32::MAX - 1, i32::MAX].map(bound), [Some(Fault::Bounds); 2]);
}

#[test]
fn the_data_offset_is_none_or_the_right_one() {
    for offset in [1, 24, 31, 33, 40, u32::MAX] {
        assert_eq!(ints(&[1, offset, 23, 3, 1, 0b101], &[5, 6]), Some(Fault::DataOffset));
    }
    assert_eq!(ints(&[0, 16, 23], &[]), Some(Fault::DataOffset));
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0b101, 1], &[5, 6]), Some(Fault::Padding));
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0x100 | 0b101, 0], &[5, 6]), Some(Fault::Padding));
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0b1101, 0], &[5, 6]), Some(Fault::Flags));
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0b111, 0], &[5, 6, 7]), Some(Fault::Flags));
    // A bitmap that is longer than the value.
    let bitmap = 24 + (1_u32 << 20) / 8;
    assert_eq!(ints(&[1, bitmap, 23, 1 << 20, 1], &[]), Some(Fault::Length));
}

#[test]
fn the_element_type_is_the_column_s() {
    assert_eq!(ints(&[1, 0, 25, 1, 1], &[5]), Some(Fault::ElementType));
    assert_eq!(ints(&[0, 0, 0], &[]), Some(Fault::ElementType));
}

#[test]
fn elements_fill_the_array() {
    assert_eq!(ints(&[1, 0, 23, 2, 1], &[5]), Some(Fault::Length));
    assert_eq!(ints(&[1, 0, 23, 2, 1], &[5, 6, 7]), Some(Fault::Trailing));
    assert_eq!(ints(&[0, 0, 23], &[5]), Some(Fault::Trailing));
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0b110, 0], &[5]), Some(Fault::Length));
    assert_eq!(ints(&[1, 32, 23, 3, 1, 0b001, 0], &[5, 6]), Some(Fault::Trailing));
}

#[test]
fn elements_are_padded_and_have_long_headers() {
    let head = [1, 0, 25, 2, 1];
    let texts = |elements: &[u8]| payload_fault(&array(P::Text), &made(&head, elements));
    let element = |text: &[u8], padding| [&long(text)[..], &vec![0; padding]].concat();
    let two = |padding| [element(b"a", 3), element(b"bcd", padding)].concat();
    assert_eq!(texts(&two(1)), None);
    assert_eq!([texts(&two(0)), texts(&two(2))], [Some(Fault::Length), Some(Fault::Trailing)]);
    let unclean = [element(b"a", 3), long(b"bcd"), vec![1]].concat();
    assert_eq!(texts(&unclean), Some(Fault::Padding));
    assert_eq!(texts(&[element(b"a", 0), element(b"bcd", 1)].concat()), Some(Fault::Padding));
    assert_eq!(texts(b"\x05a\0\0\x05b\0\0"), Some(Fault::Varlena));
}

#[test]
fn elements_are_checked_themselves() {
    let bools = |bytes: &[u8]| payload_fault(&array(P::Bool), &made(&[1, 0, 16, 2, 1], bytes));
    assert_eq!([bools(&[0, 1]), bools(&[0, 2])], [None, Some(Fault::Bool)]);
    let texts = |text: &[u8]| payload_fault(&array(P::Text), &made(&[1, 0, 25, 1, 1], &long(text)));
    assert_eq!([texts(b"abcd"), texts(b"abc\xff")], [None, Some(Fault::Encoding)]);
}

/// Twelve bytes, padded to sixteen.
#[test]
fn lengths_that_are_no_multiple_of_the_alignment_are_padded() {
    let times = |n: usize| {
        let elements = vec![0; n];
        payload_fault(&array(P::TimeTz(None)), &made(&[1, 0, 1266, 2, 1], &elements))
    };
    assert_eq!([times(24), times(28), times(32)], [Some(Fault::Length), Some(Fault::Length), None]);
}
