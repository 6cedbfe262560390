//! Documents, arrays and row values.

use migrator_model::canonical::{Special, profile::canonical};

use super::*;

fn document(name: &str) -> Vec<u8> {
    stored(name, scalar(Scalar::Jsonb, VARLENA))
}

fn number(negative: bool, weight: i32, digits: &[u16]) -> Vec<u8> {
    canonical(|c| c.numeric(negative, weight, digits))
}

fn object(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members = members.iter().map(|(key, value)| (key.as_bytes().to_vec(), value.clone()));
    canonical(|c| c.json_object(members.collect()))
}

#[test]
fn documents_of_every_kind_of_value() {
    let list = canonical(|c| {
        c.json_array(8);
        c.raw(&number(false, 0, &[1]));
        c.raw(&number(false, 0, &[2, 5000]));
        c.json_null();
        c.json_bool(true);
        c.json_bool(false);
        c.text(b"x");
        c.json_object(Vec::new());
        c.json_array(0);
    });
    let inner = object(&[("é", number(true, 0, &[1000]))]);
    let whole = object(&[("a", inner), ("bb", number(false, 0, &[1])), ("c", list)]);
    assert_eq!(document("jsonb"), whole);
}

#[test]
fn documents_that_are_one_value() {
    assert_eq!(document("jsonb_text"), canonical(|c| c.text(b"s")));
    assert_eq!(document("jsonb_number"), number(false, 1, &[3]));
    assert_eq!(document("jsonb_null"), canonical(|c| c.json_null()));
    assert_eq!(document("jsonb_empty"), object(&[]));
}

#[test]
fn documents_whose_entries_have_ends_and_lengths() {
    let list = canonical(|c| {
        c.json_array(70);
        for i in 1..=70_u16 {
            match i % 3 {
                0 => c.raw(&number(false, 0, &[i])),
                _ => c.text(i.to_string().as_bytes()),
            }
        }
    });
    assert_eq!(document("jsonb_many"), list);
    let keys: Vec<_> = (1..=70).map(|i: u16| i.to_string()).collect();
    let members = keys.iter().zip(1..).map(|(key, i)| (key.as_str(), number(false, 0, &[i])));
    assert_eq!(document("jsonb_keys"), object(&members.collect::<Vec<_>>()));
}

#[test]
fn arrays_of_numbers() {
    let int4 = |name| stored(name, array(scalar(Scalar::Int4, fixed(4, 4)), 23));
    let of = |dimensions: &[u32], numbers: &[Option<i128>]| {
        canonical(|c| {
            c.array(dimensions);
            numbers.iter().for_each(|number| match number {
                Some(number) => c.integer(*number),
                None => c.null(),
            });
        })
    };
    assert_eq!(int4("array"), of(&[3], &[Some(1), None, Some(3)]));
    assert_eq!(int4("array_plain"), of(&[2], &[Some(1), Some(2)]));
    assert_eq!(int4("array_bounds"), int4("array_plain"));
    assert_eq!(int4("array_empty"), of(&[], &[]));
    let int2 = stored("array_2d", array(scalar(Scalar::Int2, fixed(2, 2)), 21));
    assert_eq!(int2, of(&[2, 3], &[1, 2, 3, 4, 5, 6].map(Some)));
    let int8 = stored("array_8", array(scalar(Scalar::Int8, fixed(8, 8)), 20));
    assert_eq!(int8, of(&[2], &[None, Some(8)]));
}

#[test]
fn arrays_of_varlenas() {
    let texts = canonical(|c| {
        c.array(&[5]);
        c.text(b"a");
        c.text(b"");
        c.null();
        c.text(b"bcdef");
        c.text(b"gh");
    });
    assert_eq!(stored("array_text", array(text(), 25)), texts);
    let numbers = canonical(|c| {
        c.array(&[3]);
        c.raw(&number(false, 0, &[1]));
        c.raw(&number(true, 0, &[2]));
        c.special_numeric(Special::NaN);
    });
    assert_eq!(stored("array_numeric", array(scalar(Scalar::Numeric, VARLENA), 1700)), numbers);
}

/// The row type that a stored row value says it has.
fn type_of(name: &str) -> u32 {
    let stored = golden(name);
    let bytes = payload(&stored, Storage { align: 8, ..VARLENA });
    crate::pg::canonical::tuple::Tuple::read(bytes).expect("a row value").type_id
}

fn pair(type_id: u32) -> Decoder {
    row(type_id, vec![Some(scalar(Scalar::Int2, fixed(2, 2))), Some(text())])
}

#[test]
fn rows_with_a_dropped_attribute() {
    let five = |type_id| {
        let attributes = vec![
            Some(scalar(Scalar::Int2, fixed(2, 2))),
            None,
            Some(text()),
            Some(scalar(Scalar::Numeric, VARLENA)),
            Some(scalar(Scalar::Int8, fixed(8, 8))),
        ];
        row(type_id, attributes)
    };
    let full = canonical(|c| {
        c.row(4);
        c.integer(7);
        c.text(b"text");
        c.raw(&number(false, 0, &[1, 5000]));
        c.integer(9);
    });
    assert_eq!(stored("row", five(type_of("row"))), full);
    let empty = canonical(|c| {
        c.row(4);
        (0..3).for_each(|_| c.null());
        c.integer(9);
    });
    assert_eq!(stored("row_null", five(type_of("row_null"))), empty);
}

#[test]
fn rows_that_are_older_than_an_attribute() {
    let type_id = type_of("row_array");
    let integer = || Some(scalar(Scalar::Int2, fixed(2, 2)));
    let older = stored("row_array", row(type_id, vec![integer(), Some(text()), integer()]));
    let expected = canonical(|c| {
        c.row(3);
        c.integer(1);
        c.text("x".repeat(200).as_bytes());
        c.null();
    });
    assert_eq!(older, expected);
}

#[test]
fn arrays_of_rows() {
    let expected = canonical(|c| {
        c.array(&[3]);
        c.row(2);
        c.integer(1);
        c.text(b"a");
        c.null();
        c.row(2);
        c.null();
        c.text(b"b");
    });
    let stored_array = golden("array_rows");
    let bytes = payload(&stored_array, VARLENA);
    let element_type = u32::from_le_bytes(bytes[8..12].try_into().expect("four bytes"));
    let pair = pair(type_of("row_array"));
    assert_eq!(stored("array_rows", array(pair, element_type)), expected);
}
