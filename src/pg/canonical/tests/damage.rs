//! Damaged values: an error or another value, never anything worse.

use super::*;

/// Every kind of value that has a structure of its own.
fn structured() -> Vec<(&'static str, Decoder)> {
    let numeric = || scalar(Scalar::Numeric, VARLENA);
    let int2 = || scalar(Scalar::Int2, fixed(2, 2));
    let int8 = || scalar(Scalar::Int8, fixed(8, 8));
    vec![
        ("numeric_38", numeric()),
        ("numeric_tiny_long", numeric()),
        ("varbit", scalar(Scalar::Bits, VARLENA)),
        ("vector", scalar(Scalar::Vector, VARLENA)),
        ("halfvec", scalar(Scalar::HalfVec, VARLENA)),
        ("sparsevec", scalar(Scalar::SparseVec, VARLENA)),
        ("jsonb", scalar(Scalar::Jsonb, VARLENA)),
        ("jsonb_number", scalar(Scalar::Jsonb, VARLENA)),
        ("jsonb_keys", scalar(Scalar::Jsonb, VARLENA)),
        ("array", array(scalar(Scalar::Int4, fixed(4, 4)), 23)),
        ("array_2d", array(int2(), 21)),
        ("array_text", array(text(), 25)),
        ("array_numeric", array(numeric(), 1700)),
        (
            "row",
            row(type_id(), vec![Some(int2()), None, Some(text()), Some(numeric()), Some(int8())]),
        ),
    ]
}

fn type_id() -> u32 {
    let stored = golden("row");
    let bytes = payload(&stored, Storage { align: 8, ..VARLENA });
    u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes"))
}

#[test]
fn a_value_that_ends_too_early_is_an_error() {
    for (name, mut decoder) in structured() {
        let stored = golden(name);
        let whole = payload(&stored, decoder.storage);
        for end in 0..whole.len() {
            // Of a numeric whole digits may be missing: it is another one then.
            let is_number = name.starts_with("numeric") && end % 2 == 0 && end > 0;
            // Behind the last element of these are two bytes of padding.
            let is_padded = matches!(name, "array_text" | "array_numeric");
            let is_padding = is_padded && end + 2 >= whole.len();
            let result = read(&mut decoder, &whole[..end]);
            assert!(is_number || is_padding || result.is_err(), "{name} {end}");
        }
    }
}

#[test]
fn a_changed_byte_is_an_error_or_another_value() {
    for (name, mut decoder) in structured() {
        let stored = golden(name);
        let whole = payload(&stored, decoder.storage);
        for at in 0..whole.len() {
            // The row type decides which attributes there are: the server would be asked.
            if name == "row" && at < 8 {
                continue;
            }
            for byte in [0, 1, 2, 3, 0x7f, 0x80, 0xfe, 0xff] {
                let mut damaged = whole.to_vec();
                damaged[at] = byte;
                let _ = read(&mut decoder, &damaged);
            }
        }
    }
}

#[test]
fn an_array_of_another_type_is_an_error() {
    let stored = golden("array");
    let mut decoder = array(scalar(Scalar::Int4, fixed(4, 4)), 20);
    let error = read(&mut decoder, payload(&stored, VARLENA)).expect_err("another type");
    assert_eq!(error.sqlstate(), "XX001");
}

#[test]
fn a_part_that_is_stored_elsewhere_is_an_error() {
    let mut at = 0;
    assert!(VARLENA.in_row(&[1, 18, 0, 0], &mut at).is_err());
    assert!(VARLENA.in_array(&[1, 18, 0, 0], &mut at).is_err());
}

#[test]
fn an_impossible_number_of_elements_is_an_error() {
    let mut bytes = vec![6, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0];
    bytes.extend([0xff, 0xff, 0xff, 0x7f].repeat(6));
    bytes.extend([0; 24]);
    let mut decoder = array(scalar(Scalar::Int4, fixed(4, 4)), 23);
    assert!(read(&mut decoder, &bytes).is_err());
}
