use proptest::prelude::*;
use serde_json::json as value_of;

use super::{super::profile::canonical, *};
use crate::canonical::{Canonical, Special};

fn of(put: impl FnOnce(&mut Canonical)) -> String {
    text(&canonical(put))
}

fn numeric(negative: bool, weight: i32, digits: &[u16]) -> String {
    of(|c| c.numeric(negative, weight, digits))
}

#[test]
fn plain_values_read_as_a_cast_to_text_writes_them() {
    assert_eq!(of(Canonical::null), "NULL");
    assert_eq!(of(|c| c.bool(true)), "true");
    assert_eq!(of(|c| c.integer(i128::MIN)), i128::MIN.to_string());
    assert_eq!(of(|c| c.text("a\0é".as_bytes())), "a␀é");
    assert_eq!(of(|c| c.text(b"a\xffb")), "a\u{fffd}b");
    assert_eq!(of(|c| c.blob(b"\x00\xff")), "\\x00ff");
    assert_eq!(of(|c| c.bits(10, &[0b1010_0000, 0b0100_0000])), "1010000001");
    assert_eq!(of(|c| c.uuid([0xab; 16])), "abababab-abab-abab-abab-abababababab");
    assert_eq!(of(|c| c.invalid(b"2021-99-99")), "invalid: 2021-99-99");
    assert_eq!(of(|c| c.invalid(b"\xff")), "invalid: \\xff");
}

#[test]
fn numbers_have_no_exponent_and_no_needless_zeros() {
    assert_eq!(numeric(false, 0, &[]), "0");
    assert_eq!(numeric(true, 1, &[1, 5]), "-10005");
    assert_eq!(numeric(false, 2, &[3]), "300000000");
    assert_eq!(numeric(false, 0, &[12, 3400]), "12.34");
    assert_eq!(numeric(false, -1, &[5000]), "0.5");
    assert_eq!(numeric(true, -2, &[1, 2300]), "-0.0000000123");
    assert_eq!(numeric(false, 1, &[1, 0, 1]), "10000.0001");
    assert_eq!(of(|c| c.special_numeric(Special::NaN)), "NaN");
    assert_eq!(of(|c| c.special_numeric(Special::NegativeInfinity)), "-Infinity");
}

#[test]
fn floats_have_the_shortest_digits() {
    for shown in ["1e+300", "1e+15", "100000000000000", "0.0001", "1e-05", "0.1", "-0", "NaN"] {
        assert_eq!(of(|c| c.float8(shown.parse().unwrap())), shown);
    }
    for shown in ["1e+06", "100000", "123456.7", "0.1", "3.3554448e+07", "Infinity", "-Infinity"] {
        assert_eq!(of(|c| c.float4(shown.parse().unwrap())), shown);
    }
}

#[test]
fn dates_reach_beyond_four_digits_and_before_our_era() {
    assert_eq!(of(|c| c.date(0)), "2000-01-01");
    assert_eq!(of(|c| c.date(59)), "2000-02-29");
    assert_eq!(of(|c| c.date(-730_119)), "0001-01-01");
    assert_eq!(of(|c| c.date(-730_120)), "0001-12-31 BC");
    assert_eq!(of(|c| c.date(-2_451_507)), "4713-01-01 BC");
    assert_eq!(of(|c| c.date(2_145_031_948)), "5874897-12-31");
    assert_eq!(of(|c| c.date(i32::MAX)), "infinity");
    assert_eq!(of(|c| c.timestamp(-1)), "1999-12-31 23:59:59.999999");
    assert_eq!(of(|c| c.timestamp(-730_120 * 86_400_000_000)), "0001-12-31 00:00:00 BC");
    assert_eq!(of(|c| c.timestamp(i64::MIN)), "-infinity");
}

#[test]
fn times_and_intervals_read_as_in_postgresql() {
    assert_eq!(of(|c| c.time(86_400_000_000)), "24:00:00");
    assert_eq!(of(|c| c.time(45_296_789_000)), "12:34:56.789");
    assert_eq!(of(|c| c.timetz(0, -7_200)), "00:00:00+02");
    assert_eq!(of(|c| c.timetz(0, 19_800)), "00:00:00-05:30");
    assert_eq!(of(|c| c.timetz(1, -1_172)), "00:00:00.000001+00:19:32");
    assert_eq!(of(|c| c.interval(0, 0, 0)), "00:00:00");
    assert_eq!(of(|c| c.interval(14, 3, 3_723_000_001)), "1 year 2 mons 3 days 01:02:03.000001");
    assert_eq!(of(|c| c.interval(-1, 1, -1_000_000)), "-1 mons +1 day -00:00:01");
    assert_eq!(of(|c| c.interval(0, -1, 1_000_000)), "-1 days +00:00:01");
    assert_eq!(of(|c| c.interval(0, 0, i64::MIN)), "-2562047788:00:54.775808");
}

#[test]
fn an_array_quotes_what_would_be_read_otherwise() {
    let array = of(|c| {
        c.array(&[7]);
        ["a", "", "a b", "null", "q\"\\", "{x"].iter().for_each(|t| c.text(t.as_bytes()));
        c.null();
    });
    assert_eq!(array, r#"{a,"","a b","null","q\"\\","{x",NULL}"#);
    let square = of(|c| {
        c.array(&[2, 2]);
        [true, false, true, true].into_iter().for_each(|b| c.bool(b));
    });
    assert_eq!(square, "{{t,f},{t,t}}");
    assert_eq!(of(|c| c.array(&[])), "{}");
}

#[test]
fn a_row_quotes_what_would_be_read_otherwise() {
    let row = of(|c| {
        c.row(5);
        c.null();
        c.text(b"");
        c.text(b"a,\"b\\");
        c.row(1);
        c.text(b"x y");
        c.integer(7);
    });
    assert_eq!(row, r#"(,"","a,""b\\","(""x y"")",7)"#);
}

#[test]
fn json_has_no_blanks() {
    let one = canonical(|c| c.numeric(false, 0, [1_u16, 5000].as_slice()));
    let list = canonical(|c| {
        c.json_array(4);
        c.json_null();
        c.json_bool(true);
        c.text(b"a\"\n");
        c.json_array(0);
    });
    let object = of(|c| c.json_object(vec![(b"b".to_vec(), list), (b"a".to_vec(), one)]));
    assert_eq!(object, r#"{"a":1.5,"b":[null,true,"a\"\n",[]]}"#);
}

#[test]
fn vectors_read_as_pgvector_writes_them() {
    let vector = of(|c| {
        c.vector(3);
        [1.0_f32, -0.5, 1e20].iter().for_each(|n| c.raw(&n.to_le_bytes()));
    });
    assert_eq!(vector, "[1,-0.5,1e+20]");
    let half = of(|c| {
        c.halfvec(2);
        [0x3c00_u16, 0x2e66].iter().for_each(|n| c.raw(&n.to_le_bytes()));
    });
    assert_eq!(half, "[1,0.099975586]");
    let sparse = |count: usize| {
        canonical(|c| {
            c.sparsevec(9, count);
            [0_u32, 8].iter().for_each(|place| c.raw(&place.to_le_bytes()));
            [1.5_f32, -2.0].iter().for_each(|number| c.raw(&number.to_le_bytes()));
        })
    };
    assert_eq!(text(&sparse(2)), "{1:1.5,9:-2}/9");
    assert_eq!(text(&sparse(2)[..sparse(2).len() - 4]), "{1:1.5\u{2026}");
    assert_eq!(text(&sparse(2)[..14]), "{\u{2026}");
    assert_eq!(text(&canonical(|c| c.sparsevec(3, 0))), "{}/3");
}

#[test]
fn what_is_cut_off_says_so() {
    let cut = |mut bytes: Vec<u8>, left: usize| {
        bytes.truncate(left);
        text(&bytes)
    };
    assert_eq!(cut(canonical(|c| c.text("aé".as_bytes())), 7), "a…");
    assert_eq!(cut(canonical(|c| c.blob(b"abc")), 7), "\\x6162…");
    assert_eq!(cut(canonical(|c| c.integer(5)), 9), "…");
    let number = canonical(|c| c.numeric(false, 3, [1_u16, 2, 3].as_slice()));
    assert_eq!(cut(number.clone(), number.len() - 1), "10002…");
    let array = canonical(|c| {
        c.array(&[2]);
        [b"a b", b"c d"].iter().for_each(|t| c.text(t.as_slice()));
    });
    assert_eq!(cut(array.clone(), array.len() - 2), "{\"a b\",c…");
    assert_eq!(text(&[]), "…");
}

#[test]
fn a_long_text_is_clipped_at_a_character() {
    assert_eq!(clipped(&canonical(|c| c.text(b"short"))), "short");
    let long = canonical(|c| c.text(format!("a{}", "é".repeat(80)).as_bytes()));
    assert_eq!(clipped(&long), format!("a{}…", "é".repeat(49)));
    let exact = canonical(|c| c.text("a".repeat(100).as_bytes()));
    assert_eq!(clipped(&exact), "a".repeat(100));
    assert_eq!(
        clipped(&[&exact[..1], &[200, 0, 0, 0], &exact[5..]].concat()),
        "a".repeat(100) + "…"
    );
}

#[test]
fn a_key_is_a_number_where_json_holds_it_exactly() {
    let key = |put: &dyn Fn(&mut Canonical)| json(&canonical(put));
    assert_eq!(key(&Canonical::null), Value::Null);
    assert_eq!(key(&|c| c.bool(false)), value_of!(false));
    assert_eq!(key(&|c| c.integer(9_007_199_254_740_993)), value_of!(9_007_199_254_740_993_i64));
    assert_eq!(key(&|c| c.integer(u64::MAX.into())), value_of!(u64::MAX));
    assert_eq!(key(&|c| c.integer(1 << 64)), value_of!("18446744073709551616"));
    assert_eq!(key(&|c| c.numeric(false, 0, [12_u16].as_slice())), value_of!(12));
    assert_eq!(key(&|c| c.numeric(false, 0, [1_u16, 5000].as_slice())), value_of!("1.5"));
    assert_eq!(key(&|c| c.float4(0.1)).to_string(), "0.1");
    assert_eq!(key(&|c| c.float8(-0.0)), value_of!("-0"));
    assert_eq!(key(&|c| c.float8(f64::NAN)), value_of!("NaN"));
    assert_eq!(key(&|c| c.text(b"12")), value_of!("12"));
    assert_eq!(json(&[tag::BOOL]), value_of!("…"));
}

#[test]
fn what_is_nested_too_deep_ends() {
    for one in [&[tag::ROW, 1, 0, 0, 0][..], &[tag::ARRAY, 1, 0, 0, 0, 1, 0, 0, 0]] {
        let shown = text(&one.repeat(100_000));
        assert!(shown.ends_with('…') && shown.len() < 2 << 20);
    }
    let endless = [&[tag::ARRAY, 2, 0, 0, 0][..], &[255; 4], &[0; 4]].concat();
    assert_eq!(text(&endless), "{}");
}

/// Bytes that are often what canonical bytes begin with.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![0_u8..26, Just(0), any::<u8>()], 0..300)
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in plausible()) {
        text(&bytes);
        json(&bytes);
        let shown = clipped(&bytes);
        prop_assert!(shown.len() <= SHOWN_BYTES + MORE.len_utf8());
        prop_assert!(!text(&bytes).contains('\0'));
    }
}
