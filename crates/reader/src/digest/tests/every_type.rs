//! Values of every type, from DuckDB's own literals.

use std::fmt::Write;

use migrator_model::{
    Field,
    canonical::{Canonical, profile::canonical},
};

use super::*;
use LogicalType as L;

/// One column of a table with these values, as canonical bytes in the order of the rows.
fn values(logical: L, kind: Kind, digits: Option<u8>, sql: &[&str]) -> Vec<Vec<u8>> {
    let mut rows = String::new();
    for (at, value) in sql.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(rows, "{comma}({at}, CAST({value} AS {logical}))").unwrap();
    }
    let mut rig = Rig::new(&[&format!("CREATE TABLE t AS FROM (VALUES {rows}) v(n, c)")]);
    let mut one = column("c", logical, kind);
    one.digits = digits;
    let number = column("n", L::Integer, Kind::Integer);
    let cells = rig.cells(&table("t", vec![number, one]));
    cells.into_iter().map(|mut row| row.pop().unwrap()).collect()
}

pub type Put<'p> = &'p dyn Fn(&mut Canonical);

#[track_caller]
pub fn check(logical: L, kind: Kind, cases: &[(&str, Put<'_>)]) {
    check_digits(logical, kind, None, cases);
}

#[track_caller]
fn check_digits(logical: L, kind: Kind, digits: Option<u8>, cases: &[(&str, Put<'_>)]) {
    let sql: Vec<_> = cases.iter().map(|(sql, _)| *sql).collect();
    let found = values(logical, kind, digits, &sql);
    for ((sql, put), found) in cases.iter().zip(found) {
        assert_eq!(found, canonical(|c| put(c)), "{sql}");
    }
}

fn numeric(negative: bool, weight: i32, digits: &'static [u16]) -> impl Fn(&mut Canonical) {
    move |c| c.numeric(negative, weight, digits)
}

#[test]
fn numbers() {
    let null = |c: &mut Canonical| c.null();
    check(L::UTinyInt, Kind::Integer, &[("255", &|c| c.integer(255)), ("NULL", &null)]);
    check(L::TinyInt, Kind::Integer, &[("-128", &|c| c.integer(-128))]);
    check(
        L::UBigInt,
        Kind::Numeric,
        &[("18446744073709551615", &numeric(false, 4, &[1844, 6744, 737, 955, 1615]))],
    );
    check(
        L::HugeInt,
        Kind::Integer,
        &[("-170141183460469231731687303715884105728", &|c| c.integer(i128::MIN))],
    );
    check(
        L::UHugeInt,
        Kind::Integer,
        &[
            ("170141183460469231731687303715884105727", &|c| c.integer(i128::MAX)),
            ("170141183460469231731687303715884105728", &|c| {
                c.invalid(b"170141183460469231731687303715884105728")
            }),
        ],
    );
    check(
        L::BigNum,
        Kind::Numeric,
        &[
            (
                "'-123456789012345678901234567890123456789012345'::BIGNUM",
                &numeric(
                    true,
                    11,
                    &[1, 2345, 6789, 123, 4567, 8901, 2345, 6789, 123, 4567, 8901, 2345],
                ),
            ),
            ("'0'::BIGNUM", &numeric(false, 0, &[])),
        ],
    );
    check(L::BigNum, Kind::Integer, &[("'12'::BIGNUM", &|c| c.integer(12))]);
    let decimal = |width, scale| L::Decimal { width, scale };
    check(decimal(4, 2), Kind::Numeric, &[("-1.50", &numeric(true, 0, &[1, 5000]))]);
    check(decimal(9, 5), Kind::Numeric, &[("0.00001", &numeric(false, -2, &[1000]))]);
    check(decimal(18, 0), Kind::Numeric, &[("100000000", &numeric(false, 2, &[1]))]);
    check(
        decimal(38, 10),
        Kind::Numeric,
        &[(
            "1234567890123456789012345678.0123456789",
            &numeric(false, 6, &[1234, 5678, 9012, 3456, 7890, 1234, 5678, 123, 4567, 8900]),
        )],
    );
    check(decimal(38, 38), Kind::Numeric, &[("-0.5", &numeric(true, -1, &[5000]))]);
}

#[test]
fn floating_point_numbers() {
    check(
        L::Double,
        Kind::Float8,
        &[
            ("'-0.0'", &|c| c.float8(-0.0)),
            ("'nan'", &|c| c.float8(f64::NAN)),
            ("'-inf'", &|c| c.float8(f64::NEG_INFINITY)),
            ("1e300", &|c| c.float8(1e300)),
        ],
    );
    check(L::Float, Kind::Float8, &[("0.1", &|c| c.float8(0.1_f32.into()))]);
    check(L::Float, Kind::Float4, &[("0.1", &|c| c.float4(0.1))]);
    check(
        L::Double,
        Kind::Float4,
        &[
            ("0.1", &|c| c.float4(0.1)),
            ("'inf'", &|c| c.float4(f32::INFINITY)),
            ("1e300", &|c| c.invalid(1e300_f64.to_string().as_bytes())),
        ],
    );
}

#[test]
fn dates_and_times() {
    check(
        L::Date,
        Kind::Date,
        &[
            ("'2000-01-02'", &|c| c.date(1)),
            ("'infinity'", &|c| c.date(i32::MAX)),
            ("'-infinity'", &|c| c.date(i32::MIN)),
            ("'4714-11-24 (BC)'", &|c| c.date(-2_451_545)),
            ("'4714-11-23 (BC)'", &|c| c.invalid(b"-2440589")),
        ],
    );
    check(
        L::Date,
        Kind::Timestamp,
        &[
            ("'2000-01-02'", &|c| c.timestamp(86_400_000_000)),
            ("'5000000-01-01'", &|c| c.invalid(b"1825492972")),
        ],
    );
    check_digits(
        L::TimestampNs,
        Kind::Timestamp,
        Some(3),
        &[
            ("'2000-01-01 00:00:00.123999999'", &|c| c.timestamp(123_000)),
            ("'1999-12-31 23:59:59.999999999'", &|c| c.timestamp(-1_000)),
        ],
    );
    check(
        L::TimestampNs,
        Kind::Integer,
        &[
            ("'1970-01-01 00:00:00.000000001'", &|c| c.integer(1)),
            ("'infinity'", &|c| c.invalid(i64::MAX.to_string().as_bytes())),
        ],
    );
    check(
        L::TimestampS,
        Kind::Timestamp,
        &[("'2000-01-01 00:00:01'", &|c| c.timestamp(1_000_000))],
    );
    check(L::TimestampMs, Kind::Timestamp, &[("'infinity'", &|c| c.timestamp(i64::MAX))]);
    check(L::TimestampTz, Kind::Timestamp, &[("'2000-01-01 02:00:00+02'", &|c| c.timestamp(0))]);
    check(L::Time, Kind::Time, &[("'24:00:00'", &|c| c.time(86_400_000_000))]);
    check(L::TimeNs, Kind::Time, &[("'00:00:00.000001999'", &|c| c.time(1))]);
    check(L::TimeNs, Kind::Numeric, &[("'00:00:00.000010000'", &numeric(false, 1, &[1]))]);
    check(L::TimeTz, Kind::TimeTz, &[("'00:00:01-05:30'", &|c| c.timetz(1_000_000, 19_800))]);
    check(
        L::Interval,
        Kind::Interval,
        &[("INTERVAL '-14 months 3 days -0.5 seconds'", &|c| c.interval(-14, 3, -500_000))],
    );
}

#[test]
fn texts_and_bytes() {
    check(L::Varchar, Kind::Text, &[("'é '", &|c| c.text("é ".as_bytes()))]);
    check(L::Varchar, Kind::Char, &[("'é '", &|c| c.text("é".as_bytes()))]);
    check(L::Varchar, Kind::Bytes, &[("'a' || chr(0)", &|c| c.blob(b"a\0"))]);
    check(L::Blob, Kind::Bytes, &[("'\\x00\\xFF'::BLOB", &|c| c.blob(&[0, 255]))]);
    check(
        L::Bit,
        Kind::Bits,
        &[
            ("'10110'", &|c| c.bits(5, &[0b1011_0000])),
            ("'1111111100000000111'", &|c| c.bits(19, &[0xff, 0, 0b1110_0000])),
        ],
    );
    let uuid = "'00112233-4455-6677-8899-aabbccddeeff'";
    check(
        L::Uuid,
        Kind::Uuid,
        &[(uuid, &|c| c.uuid(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128.to_be_bytes()))],
    );
    let labels = L::Enum((0..300).map(|n| format!("l{n}")).collect());
    check(labels, Kind::Text, &[("'l299'", &|c| c.text(b"l299"))]);
    check(
        L::Geometry { crs: None },
        Kind::Bytes,
        &[("'POINT Z (1 2 3)'", &|c| {
            let ordinates = [1.0_f64, 2.0, 3.0].map(f64::to_le_bytes);
            c.blob(&[&[1, 0xe9, 3, 0, 0][..], ordinates.as_flattened()].concat());
        })],
    );
}

#[test]
fn texts_of_other_types_are_postgresqls() {
    let text = |logical, cases: &[(&str, &str)]| {
        let sql: Vec<_> = cases.iter().map(|(sql, _)| *sql).collect();
        for ((sql, wanted), found) in cases.iter().zip(values(logical, Kind::Text, None, &sql)) {
            assert_eq!(found, canonical(|c| c.text(wanted.as_bytes())), "{sql}");
        }
    };
    text(L::Boolean, &[("true", "true"), ("false", "false")]);
    text(L::Double, &[("1", "1"), ("'nan'", "NaN"), ("1e15", "1e+15"), ("'-0.0'", "-0")]);
    text(L::Float, &[("1e6", "1e+06"), ("0.1", "0.1")]);
    text(L::Decimal { width: 3, scale: 3 }, &[("-0.05", "-0.050")]);
    text(L::Date, &[("'0001-12-31 (BC)'", "0001-12-31 BC"), ("'infinity'", "infinity")]);
    text(L::TimestampTz, &[("'0044-03-15 (BC) 12:00:00.50+00'", "0044-03-15 12:00:00.5+00 BC")]);
    text(L::TimestampNs, &[("'2020-01-01 00:00:00.123456789'", "2020-01-01 00:00:00.123456789")]);
    text(L::TimeTz, &[("'01:02:03-05:30'", "01:02:03-05:30")]);
    text(L::Interval, &[("INTERVAL '-1 month 1 day'", "-1 mons +1 day")]);
    text(
        L::Uuid,
        &[("'00112233-4455-6677-8899-AABBCCDDEEFF'", "00112233-4455-6677-8899-aabbccddeeff")],
    );
    text(L::Bit, &[("'0101'", "0101")]);
    text(
        L::UHugeInt,
        &[("340282366920938463463374607431768211455", "340282366920938463463374607431768211455")],
    );
}

pub fn list(logical: L) -> L {
    L::List(Box::new(logical))
}

fn array(kind: Kind) -> Kind {
    Kind::Array(Box::new(kind))
}

#[test]
fn lists_are_rectangles_or_invalid() {
    let invalid: Put<'_> =
        &|c| c.invalid(b"a list of lists that differ in length or are NULL or empty");
    check(
        list(list(L::Integer)),
        array(Kind::Integer),
        &[
            ("[[1, 2], [3, NULL]]", &|c| {
                c.array(&[2, 2]);
                (1..=3).for_each(|n| c.integer(n));
                c.null();
            }),
            ("[]", &|c| c.array(&[])),
            ("[[1], [2, 3]]", invalid),
            ("[[1], NULL]", invalid),
            ("[[]]", invalid),
            ("NULL", &|c| c.null()),
        ],
    );
    check(
        L::Array(Box::new(list(L::Date)), 2),
        array(Kind::Text),
        &[("[['2020-01-01'], ['0001-01-01 (BC)']]", &|c| {
            c.array(&[2, 1]);
            c.text(b"2020-01-01");
            c.text(b"0001-01-01 BC");
        })],
    );
    check_digits(
        list(L::Timestamp),
        array(Kind::Timestamp),
        Some(0),
        &[("['2000-01-01 00:00:01.9']", &|c| {
            c.array(&[1]);
            c.timestamp(1_000_000);
        })],
    );
}

#[test]
fn rows_have_their_fields_by_name() {
    let field = |name: &str, logical| Field { name: name.into(), logical };
    let logical =
        L::Struct(vec![field("a", L::Integer), field("B", L::Date), field("c", L::Double)]);
    let kind = Kind::Row(vec![
        ("b".into(), Kind::Date),
        ("c".into(), Kind::Text),
        ("a".into(), Kind::Integer),
    ]);
    check(
        logical.clone(),
        kind,
        &[
            ("{'a': 5, 'B': '2000-01-01', 'c': 1}", &|c| {
                c.row(3);
                c.date(0);
                c.text(b"1");
                c.integer(5);
            }),
            ("{'a': NULL, 'B': NULL, 'c': NULL}", &|c| {
                c.row(3);
                (0..3).for_each(|_| c.null());
            }),
            ("NULL", &|c| c.null()),
        ],
    );
    let other = Kind::Row(vec![("x".into(), Kind::Integer)]);
    check(logical, other, &[("{'a': 5, 'B': NULL, 'c': 1}", &|c| c.invalid(b""))]);
}

fn json(text: &str) -> Vec<u8> {
    canonical(|c| super::super::json::put(text.as_bytes(), super::super::nul::Nul::Kept, c))
}

#[test]
fn documents() {
    let field = |name: &str, logical| Field { name: name.into(), logical };
    let union = L::Union(vec![field("num", L::Integer), field("d", L::Date)]);
    let logical = L::Struct(vec![
        field("A b", L::Map(Box::new(L::Varchar), Box::new(union.clone()))),
        field("m", L::Map(Box::new(L::Date), Box::new(L::Decimal { width: 2, scale: 2 }))),
        field("x", list(L::Blob)),
        field("f", L::Array(Box::new(L::Double), 3)),
        field("e", L::Enum(vec!["one".into(), "two".into()])),
        field("j", L::Json),
        field("t", L::Tuple(vec![L::TimeTz, L::Boolean])),
        field("v", L::Variant),
        field("g", L::Geometry { crs: None }),
    ]);
    let sql = r#"{'A b': MAP {'k': union_value(num := 1), 'l': union_value(num := NULL::INTEGER)},
        'm': MAP {DATE '2020-01-01': 0.05, DATE 'infinity': NULL},
        'x': ['\x00\xFF'::BLOB, NULL], 'f': ['nan'::DOUBLE, '-0.0'::DOUBLE, 1e300],
        'e': 'two', 'j': '{"a": 1.50, "a": -0}'::JSON, 't': row('01:02:03+02'::TIMETZ, true),
        'v': {'q': 1.50::DECIMAL(9,2)}::VARIANT, 'g': NULL}"#;
    let wanted = r#"{"A b":{"k":{"tag":"num","value":1},"l":{"tag":"num","value":null}},"#
        .to_owned()
        + r#""m":[["2020-01-01",0.05],["infinity",null]],"x":["\\x00ff",null],"#
        + r#""f":["NaN","-0",1e+300],"e":"two","j":{"a":1.50,"a":-0},"t":["01:02:03+02",true],"#
        + r#""v":{"q":1.50},"g":null}"#;
    let found = values(logical.clone(), Kind::Text, None, &[sql]);
    assert_eq!(String::from_utf8_lossy(&found[0][5..]), wanted);
    assert_eq!(values(logical, Kind::Json, None, &[sql]), [json(&wanted)]);
    let texts = ["'[1, 2.50, NaN]'", "' {\"a\" :1e0}'", "NULL"];
    let invalid = canonical(|c| c.invalid(b"[1, 2.50, NaN]"));
    let null = canonical(Canonical::null);
    assert_eq!(values(L::Varchar, Kind::Json, None, &texts), [invalid, json("{\"a\":1}"), null]);
    let variant = values(L::Variant, Kind::Json, None, &["{'a': 1.50, 'b': 'x'}"]);
    assert_eq!(variant, [json("{\"a\":1.5,\"b\":\"x\"}")]);
}
