//! Texts, bytes and bits.

use super::*;

#[test]
fn texts_are_utf8() {
    for pg in [P::Text, P::Varchar(None), P::Char(None), P::Json] {
        for good in ["", "a", "abcd", "abcdefg", "abcdefgh", "grüße", "世界", "😀", "\u{10ffff}"]
        {
            assert_eq!(payload_fault(&pg, good.as_bytes()), None, "{good}");
        }
        let bad: [&[u8]; 8] = [
            b"\x80",
            b"a\xff",
            b"\xc3",
            b"\xc0\x80",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"abcdefg\xe2\x82",
            b"\xf8\x88\x80\x80\x80",
        ];
        for bad in bad {
            assert_eq!(payload_fault(&pg, bad), Some(Fault::Encoding), "{bad:02x?}");
        }
    }
}

#[test]
fn a_bad_byte_is_found_at_every_place() {
    for length in 1..40 {
        for at in 0..length {
            for (byte, fault) in [(0, Fault::NulByte), (0x80, Fault::Encoding)] {
                for fill in [1, b'a', 0x7f] {
                    let mut text = vec![fill; length];
                    assert_eq!(payload_fault(&P::Text, &text), None);
                    text[at] = byte;
                    assert_eq!(payload_fault(&P::Text, &text), Some(fault), "{at} of {length}");
                }
            }
        }
    }
    assert_eq!(payload_fault(&P::Text, "é\0".as_bytes()), Some(Fault::NulByte));
}

#[test]
fn lengths_are_in_characters() {
    let varchar = P::Varchar(Some(3));
    assert_eq!(
        ["", "abc", "äöü", "😀😀😀"].map(|t| payload_fault(&varchar, t.as_bytes())),
        [None; 4]
    );
    let long = ["abcd", "äöüß"].map(|text| payload_fault(&varchar, text.as_bytes()));
    assert_eq!(long, [Some(Fault::Characters); 2]);
    let char = P::Char(Some(3));
    assert_eq!(["ab ", "äöü"].map(|text| payload_fault(&char, text.as_bytes())), [None; 2]);
    let other = ["ab", "abcd", "äö", ""].map(|text| payload_fault(&char, text.as_bytes()));
    assert_eq!(other, [Some(Fault::Characters); 4]);
}

#[test]
fn bytes_may_be_any() {
    assert_eq!(payload_fault(&P::Bytea, &[0, 0xff, 0x80]), None);
    assert_eq!(payload_fault(&P::Bytea, b""), None);
}

#[test]
fn bits_have_a_length_and_zeros_behind() {
    let bits = |count: i32, bytes: &[u8], limit| {
        payload_fault(&P::Varbit(limit), &[&count.to_le_bytes()[..], bytes].concat())
    };
    assert_eq!(bits(0, b"", None), None);
    assert_eq!(bits(3, &[0b1010_0000], None), None);
    assert_eq!(bits(8, &[0xff], Some(8)), None);
    assert_eq!(bits(9, &[0xff, 0x80], None), None);
    let wrong = Some(Fault::BitLength);
    assert_eq!(bits(9, &[0xff, 0x80], Some(8)), wrong);
    assert_eq!([bits(8, b"", None), bits(0, &[0], None), bits(9, &[0xff], None)], [wrong; 3]);
    assert_eq!([bits(-1, b"", None), bits(i32::MAX, b"", None)], [wrong; 2]);
    assert_eq!(payload_fault(&P::Varbit(None), &[0, 0, 0]), wrong);
    let padding = Some(Fault::BitPadding);
    assert_eq!([bits(3, &[0b1011_0000], None), bits(9, &[0xff, 0x81], None)], [padding; 2]);
}

#[test]
fn fixed_bits_have_their_types_length() {
    let bits = |count: i32, bytes: &[u8], length| {
        payload_fault(&P::Bit(length), &[&count.to_le_bytes()[..], bytes].concat())
    };
    assert_eq!(bits(9, &[0xff, 0x80], Some(9)), None);
    assert_eq!(bits(3, &[0b1010_0000], None), None);
    let wrong = Some(Fault::BitLength);
    assert_eq!([bits(8, &[0xff], Some(9)), bits(10, &[0xff, 0xc0], Some(9))], [wrong; 2]);
    assert_eq!([bits(0, b"", Some(9)), bits(i32::MAX, b"", None)], [wrong; 2]);
    assert_eq!(bits(9, &[0xff, 0x81], Some(9)), Some(Fault::BitPadding));
}
