//! Values that are not made of others.

use migrator_model::canonical::{Special, profile::canonical};

use super::*;

fn number(name: &str) -> Vec<u8> {
    stored(name, scalar(Scalar::Numeric, VARLENA))
}

fn finite(negative: bool, weight: i32, digits: &[u16]) -> Vec<u8> {
    canonical(|c| c.numeric(negative, weight, digits))
}

#[test]
fn numerics_of_both_forms() {
    assert_eq!(number("numeric_zero"), finite(false, 0, &[]));
    assert_eq!(number("numeric_one"), finite(false, 0, &[1]));
    assert_eq!(number("numeric_one_00"), number("numeric_one"));
    assert_eq!(number("numeric_mixed"), finite(true, 1, &[1, 2345, 6780]));
    assert_eq!(number("numeric_tiny"), finite(false, -5, &[1]));
    assert_eq!(number("numeric_tiny_long"), finite(true, -75, &[1]));
    assert_eq!(number("numeric_huge"), finite(false, 50, &[12]));
    assert_eq!(number("numeric_10000"), finite(false, 1, &[1]));
    let digits = [1234, 5678, 9012, 3456, 7890, 1234, 5678, 123, 4567, 8900];
    assert_eq!(number("numeric_38"), finite(false, 6, &digits));
}

#[test]
fn numerics_that_are_no_numbers() {
    let special = |special| canonical(|c| c.special_numeric(special));
    assert_eq!(number("numeric_nan"), special(Special::NaN));
    assert_eq!(number("numeric_inf"), special(Special::Infinity));
    assert_eq!(number("numeric_ninf"), special(Special::NegativeInfinity));
}

#[test]
fn integers_and_booleans() {
    let integer = |n| canonical(|c| c.integer(n));
    assert_eq!(stored("bool", scalar(Scalar::Bool, fixed(1, 1))), canonical(|c| c.bool(true)));
    assert_eq!(stored("int2", scalar(Scalar::Int2, fixed(2, 2))), integer(-2));
    assert_eq!(stored("int4", scalar(Scalar::Int4, fixed(4, 4))), integer(-70_000));
    let int8 = stored("int8", scalar(Scalar::Int8, fixed(8, 8)));
    assert_eq!(int8, integer(-9_007_199_254_740_993));
}

#[test]
fn floats_keep_every_bit_but_those_of_nan() {
    let float8 = |name| stored(name, scalar(Scalar::Float8, fixed(8, 8)));
    assert_eq!(
        stored("float4", scalar(Scalar::Float4, fixed(4, 4))),
        canonical(|c| c.float4(-0.0))
    );
    assert_eq!(float8("float8"), canonical(|c| c.float8(f64::NAN)));
    assert_eq!(float8("float8_third"), canonical(|c| c.float8(1.0 / 3.0)));
}

#[test]
fn texts_and_bytes() {
    let is_text = |value: &str| canonical(|c| c.text(value.as_bytes()));
    assert_eq!(stored("text", text()), is_text("é b "));
    assert_eq!(stored("text_empty", text()), is_text(""));
    assert_eq!(stored("text_long", text()), is_text(&"0123456789".repeat(13)));
    assert_eq!(stored("varchar", text()), is_text("v"));
    assert_eq!(stored("json", text()), is_text("{\"b\" : 1}"));
    assert_eq!(stored("name", scalar(Scalar::Name, fixed(64, 1))), is_text("some"));
    assert_eq!(stored("char", scalar(Scalar::Char, VARLENA)), is_text("ab"));
    let bytes = stored("bytea", scalar(Scalar::Bytes, VARLENA));
    assert_eq!(bytes, canonical(|c| c.blob(&[0, 255])));
}

#[test]
fn bits() {
    let bits = |name| stored(name, scalar(Scalar::Bits, VARLENA));
    assert_eq!(bits("varbit"), canonical(|c| c.bits(9, &[0b1011_0011, 0b1000_0000])));
    assert_eq!(bits("bit"), canonical(|c| c.bits(3, &[0b1010_0000])));
    assert_eq!(bits("varbit_empty"), canonical(|c| c.bits(0, &[])));
}

#[test]
fn days_times_and_moments() {
    let date = |name| stored(name, scalar(Scalar::Date, fixed(4, 4)));
    assert_eq!(date("date"), canonical(|c| c.date(-1)));
    assert_eq!(date("date_inf"), canonical(|c| c.date(i32::MAX)));
    let time = stored("time", scalar(Scalar::Time, fixed(8, 8)));
    assert_eq!(time, canonical(|c| c.time(86_399_999_999)));
    let timetz = stored("timetz", scalar(Scalar::TimeTz, fixed(12, 8)));
    assert_eq!(timetz, canonical(|c| c.timetz(3_723_000_000, -19_800)));
    let timestamp = |name| stored(name, scalar(Scalar::Timestamp, fixed(8, 8)));
    assert_eq!(timestamp("timestamp"), canonical(|c| c.timestamp(-1)));
    assert_eq!(timestamp("timestamptz"), canonical(|c| c.timestamp(0)));
    let interval = stored("interval", scalar(Scalar::Interval, fixed(16, 8)));
    assert_eq!(interval, canonical(|c| c.interval(14, -3, 14_706_000_007)));
}

#[test]
fn identifiers_and_embeddings() {
    let uuid = [0, 17, 34, 51, 68, 85, 102, 119, 136, 153, 170, 187, 204, 221, 238, 255];
    assert_eq!(stored("uuid", scalar(Scalar::Uuid, fixed(16, 1))), canonical(|c| c.uuid(uuid)));
    let vector = canonical(|c| {
        c.vector(3);
        [1.0_f32, 2.5, -3.0].iter().for_each(|number| c.raw(&number.to_le_bytes()));
    });
    assert_eq!(stored("vector", scalar(Scalar::Vector, VARLENA)), vector);
    let halfvec = canonical(|c| {
        c.halfvec(2);
        c.raw(&[0x00, 0x3c, 0x00, 0xc1]);
    });
    assert_eq!(stored("halfvec", scalar(Scalar::HalfVec, VARLENA)), halfvec);
    // Written by hand: the other lines are a server's.
    let sparsevec = canonical(|c| {
        c.sparsevec(100, 2);
        [0_u32, 6].iter().for_each(|place| c.raw(&place.to_le_bytes()));
        [1.5_f32, 2.0].iter().for_each(|number| c.raw(&number.to_le_bytes()));
    });
    assert_eq!(stored("sparsevec", scalar(Scalar::SparseVec, VARLENA)), sparsevec);
}

#[test]
fn an_enums_label_is_looked_up_once() {
    let stored = golden("enum");
    let labels = Labels::new(|_| Some(b"high".to_vec()));
    let mut decoder = Decoder { storage: fixed(4, 4), form: Form::Enum(labels) };
    assert_eq!(read(&mut decoder, &stored), Ok(canonical(|c| c.text(b"high"))));
}
