//! Whole values against the bytes that PostgreSQL 15 itself stores: pageinspect's
//! `SELECT t_data FROM heap_page_items(get_raw_page('g', 0))` after
//! `CREATE TABLE g (c type); INSERT INTO g VALUES (the expression at each test)`.

use migrator_model::{
    BadValue, Field, LogicalType as L, PgType as P,
    layout::{Attribute, Inner, Target},
    pg_type::GeometryForm,
    policy::{Lost, NulBytes},
    rules,
};

use super::{Policy, RowEncoder};
use crate::{
    ffi::string::StringT,
    vector::{Data, HugeInt, Interval, ListEntry, UHugeInt, Validity, Vector},
};

mod vectors;

fn policy() -> Policy {
    Policy { nul_bytes: NulBytes::Error, accept_lossy: false, count_only: false }
}

fn vector(data: Data<'_>) -> Vector<'_> {
    Vector { validity: Validity(None), data }
}

/// The OIDs of PostgreSQL's own types, which arrays hold.
fn with_oids(mut target: Target) -> Target {
    target.physical.oid = match target.pg {
        P::Bool => 16,
        P::Int8 => 20,
        P::Int2 => 21,
        P::Int4 => 23,
        P::Text => 25,
        P::TimeTz(_) => 1266,
        P::Varbit(_) => 1562,
        P::Numeric(_) => 1700,
        P::Uuid => 2950,
        P::Jsonb => 3802,
        P::Composite { .. } => 16_429,
        _ => 0,
    };
    if let Inner::Element(element) = target.inner {
        target.inner = Inner::Element(Box::new(with_oids(*element)));
    }
    target
}

fn encode_with(
    policy: &Policy,
    logical: &L,
    pg: &P,
    vector: Vector<'_>,
    lost: &mut Lost,
) -> Result<String, BadValue> {
    let target = Some(with_oids(Target::dry(pg)));
    let attribute = Attribute { name: "c".into(), target, source: Some(0), not_null: false };
    let encoder = RowEncoder::new(&[attribute], std::slice::from_ref(logical), policy).unwrap();
    let columns = [vector];
    let bound = encoder.bind(&columns).unwrap();
    let mut image = Vec::new();
    let all = std::slice::from_mut(lost);
    bound.append(0, &mut image, all).map_err(|(_, bad)| bad)?;
    Ok(image[24..].iter().map(|byte| format!("{byte:02x}")).collect())
}

fn encode(logical: &L, pg: &P, data: Data<'_>) -> Result<String, BadValue> {
    encode_with(&policy(), logical, pg, vector(data), &mut Lost::default())
}

fn json(text: &str) -> String {
    let text = [StringT::borrowed(text.as_bytes())];
    encode(&L::Json, &P::Jsonb, Data::Str(&text)).unwrap()
}

fn array(pg: P) -> P {
    P::Array(Box::new(pg))
}

fn list_of(logical: L) -> L {
    L::List(Box::new(logical))
}

/// Lists of the child's values.
fn list<'a>(entries: &'a [ListEntry], child: Vector<'a>) -> Data<'a> {
    Data::List { entries, child: Box::new(child) }
}

/// Kept for as long as the tests run.
fn whole(length: u64) -> &'static [ListEntry] {
    Box::leak(Box::new([ListEntry { offset: 0, length }]))
}

#[test]
fn decimals() {
    let decimal = |n: i64, scale: u8, limit| {
        let data = [n];
        encode(&L::Decimal { width: 18, scale }, &P::Numeric(limit), Data::I64(&data))
    };
    assert_eq!(decimal(110, 2, None).unwrap(), "0f00810100e803"); // 1.10
    assert_eq!(decimal(0, 2, None).unwrap(), "070081"); // 0.00
    assert_eq!(decimal(1, 4, None).unwrap(), "0b7f820100"); // 0.0001
    assert_eq!(decimal(123456789012345678, 0, None).unwrap().len(), 26);
    // numeric(5,-2) 12300, numeric(3,5) 0.00123
    assert_eq!(decimal(12_300, 0, Some((5, -2))).unwrap(), "0f01800100fc08");
    assert_eq!(decimal(123, 5, Some((3, 5))).unwrap(), "0fff820c00b80b");
    assert_eq!(decimal(1_230, 5, Some((3, 5))).unwrap_err().sqlstate, "22003");
    assert_eq!(decimal(12_301, 0, Some((5, -2))).unwrap_err().sqlstate, "22003");
    assert_eq!(decimal(10_000_000, 0, Some((5, -2))).unwrap_err().sqlstate, "22003");
    // DECIMAL(38,0) -(10^38 - 1)
    let n = -99_999_999_999_999_999_999_999_999_999_999_999_999_i128;
    let data = [HugeInt { lower: n as u64, upper: (n >> 64) as i64 }];
    let logical = L::Decimal { width: 38, scale: 0 };
    assert_eq!(
        encode(&logical, &P::Numeric(Some((38, 0))), Data::I128(&data)).unwrap(),
        "2f09a063000f270f270f270f270f270f270f270f270f27"
    );
}

#[test]
fn texts_in_arrays_are_padded_behind_the_last_too() {
    let texts = ["a", "x", "bcd"].map(|text| StringT::borrowed(text.as_bytes()));
    let valid = [0b101];
    let child = Vector { validity: Validity(Some(&valid)), data: Data::Str(&texts) };
    let made = encode(&list_of(L::Varchar), &array(P::Text), list(whole(3), child)).unwrap();
    assert_eq!(
        made,
        "5b0100000020000000190000000300000001000000050000000000000014000000610000001c00000062636400"
    );
    let made =
        encode(&list_of(L::Varchar), &array(P::Text), list(whole(1), vector(Data::Str(&texts))));
    assert_eq!(made.unwrap(), "3b01000000000000001900000001000000010000001400000061000000");
    let made =
        encode(&list_of(L::Varchar), &array(P::Text), list(whole(0), vector(Data::Str(&texts))));
    assert_eq!(made.unwrap(), "1b000000000000000019000000");
}

#[test]
fn lists_in_lists_are_flat() {
    let numbers = [1, 2, 3, 4];
    let inner = [ListEntry { offset: 0, length: 2 }, ListEntry { offset: 2, length: 2 }];
    let child = vector(list(&inner, vector(Data::I32(&numbers))));
    let made = encode(&list_of(list_of(L::Integer)), &array(P::Int4), list(whole(2), child));
    assert_eq!(
        made.unwrap(),
        "5b0200000000000000170000000200000002000000010000000100000001000000020000000300000004000000"
    );
}

#[test]
fn fixed_elements() {
    let made = |logical, pg, data, n| encode(&list_of(logical), &array(pg), list(whole(n), data));
    assert_eq!(
        made(L::SmallInt, P::Int2, vector(Data::I16(&[1, 2, 3])), 3).unwrap(),
        "370100000000000000150000000300000001000000010002000300"
    );
    assert_eq!(
        made(L::Boolean, P::Bool, vector(Data::Bool(&[1, 0])), 2).unwrap(),
        "2f01000000000000001000000002000000010000000100"
    );
    let with_null = Vector { validity: Validity(Some(&[1])), data: Data::I64(&[1, 9]) };
    assert_eq!(
        made(L::BigInt, P::Int8, with_null, 2).unwrap(),
        "4b010000002000000014000000020000000100000001000000000000000100000000000000"
    );
    let bits = |micros: u64, east: i64| micros << 24 | (57_599 - east) as u64;
    let times = [bits(3_723_000_000, 7_200), bits(3_723_000_000, -19_800)];
    assert_eq!(
        made(L::TimeTz, P::TimeTz(None), vector(Data::U64(&times)), 2).unwrap(),
        "6b0100000000000000f20400000200000001000000c078e8dd00000000e0e3ffff00000000\
         c078e8dd00000000584d000000000000"
    );
}

#[test]
fn elements_of_varying_length() {
    let made = |logical, pg, data, n| encode(&list_of(logical), &array(pg), list(whole(n), data));
    assert_eq!(
        made(L::Decimal { width: 4, scale: 1 }, P::Numeric(None), vector(Data::I16(&[15, -20])), 2)
            .unwrap(),
        "530100000000000000a406000002000000010000002800000080800100881300002000000080a00200"
    );
    let documents = ["1", "{\"a\":1}"].map(|text| StringT::borrowed(text.as_bytes()));
    assert_eq!(
        made(L::Json, P::Jsonb, vector(Data::Str(&documents)), 2).unwrap(),
        "8b0100000000000000da0e000002000000010000005000000001000050080000902000000000800100700000\
         0001000020010000800b000010610000002000000000800100"
    );
    let bits = [StringT::borrowed(&[5, 0b1111_1101])];
    assert_eq!(
        made(L::Bit, P::Varbit(None), vector(Data::Str(&bits)), 1).unwrap(),
        "4301000000000000001a06000001000000010000002400000003000000a0000000"
    );
}

#[test]
fn intervals_and_bits() {
    let interval = [Interval { months: 12, days: 2, micros: 3_500_000 }];
    assert_eq!(
        encode(&L::Interval, &P::Interval, Data::Interval(&interval)).unwrap(),
        "e067350000000000020000000c000000"
    );
    let bits = [StringT::borrowed(&[6, 0b1111_1110, 0b1011_0011])];
    assert_eq!(encode(&L::Bit, &P::Varbit(None), Data::Str(&bits)).unwrap(), "0f0a000000acc0");
}

#[test]
fn documents() {
    assert_eq!(
        json(r#"{"bb":[1,2.50,-3e10,"x",null,true,false],"a":{"k":"v"},"a0":[],"c":{}}"#),
        "1402000004000020010000800100000002000000020000001000005006000050040000503d00005061636130\
         626200000100002001000080010000006b760000000000200000004007000040080000900a0000100a000010\
         0100000000000040000000300000002020000000008001002800000000810200881300002000000002a02c01\
         78"
    );
    assert_eq!(json("1"), "2301000050080000902000000000800100");
    assert_eq!(json("\"abc\""), "190100005003000080616263");
    assert_eq!(
        json("[1,\"a\",[2]]"),
        "5b0300004008000090010000001300005020000000008001006100000001000040080000902000000000800200"
    );
}

#[test]
fn long_containers_have_offsets_at_every_stride() {
    let numbers: Vec<_> = (1..=40).map(|i| i.to_string()).collect();
    assert_eq!(
        json(&format!("[{}]", numbers.join(","))),
        "a007000028000040080000900800001008000010080000100800001008000010080000100800001008000010\
         0800001008000010080000100800001008000010080000100800001008000010080000100800001008000010\
         0800001008000010080000100800001008000010080000100800001008000010080000100800001008000010\
         0800001008010090080000100800001008000010080000100800001008000010080000102000000000800100\
         2000000000800200200000000080030020000000008004002000000000800500200000000080060020000000\
         00800700200000000080080020000000008009002000000000800a002000000000800b002000000000800c00\
         2000000000800d002000000000800e002000000000800f002000000000801000200000000080110020000000\
         0080120020000000008013002000000000801400200000000080150020000000008016002000000000801700\
         200000000080180020000000008019002000000000801a002000000000801b002000000000801c0020000000\
         00801d002000000000801e002000000000801f00200000000080200020000000008021002000000000802200\
         2000000000802300200000000080240020000000008025002000000000802600200000000080270020000000\
         00802800"
    );
    let members: Vec<_> = (1..=40).map(|i| format!("\"k{i}\":\"{i}\"")).collect();
    assert_eq!(
        json(&format!("{{{}}}", members.join(","))),
        "f807000028000020020000800200000002000000020000000200000002000000020000000200000002000000\
         0300000003000000030000000300000003000000030000000300000003000000030000000300000003000000\
         0300000003000000030000000300000003000000030000000300000003000000030000000300000003000000\
         030000005a000080030000000300000003000000030000000300000003000000030000000100000001000000\
         0100000001000000010000000100000001000000010000000100000002000000020000000200000002000000\
         0200000002000000020000000200000002000000020000000200000002000000020000000200000002000000\
         9800008002000000020000000200000002000000020000000200000002000000020000000200000002000000\
         02000000020000000200000002000000020000006b316b326b336b346b356b366b376b386b396b31306b3131\
         6b31326b31336b31346b31356b31366b31376b31386b31396b32306b32316b32326b32336b32346b32356b32\
         366b32376b32386b32396b33306b33316b33326b33336b33346b33356b33366b33376b33386b33396b343031\
         3233343536373839313031313132313331343135313631373138313932303231323232333234323532363237\
         3238323933303331333233333334333533363337333833393430"
    );
}

/// A vector of one value that every type accepts, by the stored form.
fn example<'a>(logical: &L) -> Data<'a> {
    let bytes: &'static [u8] = match logical {
        L::BigNum => &[0x80, 0, 1, 7],
        L::Bit => &[5, 0b1111_1101],
        // LINESTRING EMPTY
        L::Geometry { .. } => &[1, 2, 0, 0, 0, 0, 0, 0, 0],
        _ => b"1",
    };
    match logical {
        L::Boolean => Data::Bool(&[1, 0]),
        L::TinyInt => Data::I8(&[1]),
        L::SmallInt => Data::I16(&[1]),
        L::Integer | L::Date => Data::I32(&[1]),
        L::UTinyInt | L::Enum(_) => Data::U8(&[1]),
        L::USmallInt => Data::U16(&[1]),
        L::UInteger => Data::U32(&[1]),
        L::UBigInt => Data::U64(&[1]),
        L::TimeTz => Data::U64(&[57_599]),
        L::HugeInt | L::Uuid => Data::I128(&[HugeInt { lower: 1, upper: 0 }]),
        L::UHugeInt => Data::U128(&[UHugeInt { lower: 1, upper: 0 }]),
        L::Float => Data::F32(&[1.5, 2.5, 3.5]),
        L::Double => Data::F64(&[1.5]),
        L::Interval => Data::Interval(&[Interval { months: 1, days: 2, micros: 3 }]),
        L::Null | L::Unknown(_) => Data::Null,
        L::List(element) => list(whole(1), vector(example(element))),
        L::Array(element, size) => {
            let size = *size as usize;
            Data::Array { size, child: Box::new(vector(example(element))) }
        }
        L::Struct(_) | L::Tuple(_) => Data::Struct(parts(logical)),
        L::Map(..) => list(whole(1), vector(Data::Struct(parts(logical)))),
        L::Union(_) => Data::Union { tags: &[1], members: parts(logical) },
        L::Decimal { .. }
        | L::BigInt
        | L::Time
        | L::TimeNs
        | L::Timestamp
        | L::TimestampS
        | L::TimestampMs
        | L::TimestampNs
        | L::TimestampTz
        | L::TimestampTzNs => Data::I64(&[1_000]),
        L::Varchar | L::Json | L::Variant | L::Blob | L::Geometry { .. } | L::BigNum | L::Bit => {
            Data::Str(Box::leak(Box::new([StringT::borrowed(bytes)])))
        }
    }
}

fn parts<'a>(logical: &L) -> Vec<Vector<'a>> {
    logical.children().into_iter().map(|child| vector(example(child))).collect()
}

fn every_pg_type() -> Vec<P> {
    let mut types = vec![
        P::Bool,
        P::Int2,
        P::Int4,
        P::Int8,
        P::Numeric(None),
        P::Numeric(Some((38, 6))),
        P::Float4,
        P::Float8,
        P::Text,
        P::Varchar(None),
        P::Varchar(Some(200)),
        P::Char(Some(200)),
        P::Bytea,
        P::Varbit(None),
        P::Varbit(Some(9)),
        P::Date,
        P::Time(None),
        P::Time(Some(0)),
        P::TimeTz(None),
        P::TimeTz(Some(3)),
        P::Timestamp(None),
        P::Timestamp(Some(0)),
        P::TimestampTz(None),
        P::TimestampTz(Some(6)),
        P::Interval,
        P::Uuid,
        P::Json,
        P::Jsonb,
        P::Enum { name: None, labels: vec!["b".into(), "c".into(), "a".into()] },
        P::Vector(None),
        P::Vector(Some(3)),
        P::HalfVec(None),
        P::SparseVec(None),
        P::SparseVec(Some(3)),
        P::Bit(None),
        P::Geometry(None),
        P::Geometry(Some(GeometryForm { srid: 4326, kind: 0, z: false, m: false })),
        P::Composite { name: None, attributes: vec![("a".into(), P::Int4)] },
    ];
    types.extend(types.clone().into_iter().map(array));
    types
}

/// A vector may refuse the value for its dimensions, but nothing refuses the pair.
#[test]
fn every_pair_that_the_rules_allow_has_an_encoder() {
    let policy = Policy { count_only: true, ..policy() };
    let mut pairs = 0;
    for logical in rules::tests_support::every_type() {
        for pg in every_pg_type().iter().filter(|pg| rules::allows(&logical, pg)) {
            // A scan reads VARIANT as JSON.
            let read = if logical == L::Variant { &L::Json } else { &logical };
            let vector = vector(example(read));
            let mut lost = Lost::default();
            if let Err(bad) = encode_with(&policy, read, pg, vector, &mut lost) {
                assert_ne!(bad.sqlstate, "XX000", "{logical} to {pg}: {}", bad.reason);
                let excused = pg.is_vector();
                assert!(excused, "{logical} to {pg}: {}", bad.reason);
            }
            pairs += 1;
        }
    }
    assert!(pairs > 150, "{pairs}");
}

/// Also where no mask says so: see Data::Null.
#[test]
fn a_null_type_inside_a_document_is_null() {
    let logical = L::Struct(vec![Field { name: "n".into(), logical: L::Null }]);
    let data = Data::Struct(vec![vector(Data::Null)]);
    assert!(encode(&logical, &P::Jsonb, data).is_ok());
}

#[test]
fn an_array_has_at_most_six_dimensions() {
    let lists = |levels| (0..levels).fold(L::Integer, |inner, _| list_of(inner));
    let target = Some(with_oids(Target::dry(&array(P::Int4))));
    let attributes = [Attribute { name: "c".into(), target, source: Some(0), not_null: false }];
    assert!(RowEncoder::new(&attributes, &[lists(6)], &policy()).is_ok());
    let refused = RowEncoder::new(&attributes, &[lists(7)], &policy()).err();
    assert_eq!(refused.unwrap().sqlstate, "42804");
}

/// t(a bool, x int4, b int8, c text, d int4, e timestamptz, f numeric, g uuid, h int2), x dropped:
/// (true, 5000000000, 'abc', NULL, '2020-09-13 12:26:40.5+00', 12.50, uuid, -2) and
/// (true, 5, repeat('y', 130), 7, 'infinity', 0.00, uuid, 3).
#[test]
fn whole_tuples() {
    let attribute = |at: usize, pg: Option<P>| Attribute {
        name: "c".into(),
        target: pg.as_ref().map(Target::dry),
        source: pg.is_some().then_some(at),
        not_null: false,
    };
    let kinds = [P::Bool, P::Int8, P::Text, P::Int4, P::TimestampTz(None), P::Numeric(None)];
    let kinds = kinds.into_iter().chain([P::Uuid, P::Int2]).enumerate();
    let mut attributes: Vec<_> = kinds.map(|(at, pg)| attribute(at, Some(pg))).collect();
    attributes.insert(1, attribute(0, None));
    let logicals = [
        L::Boolean,
        L::BigInt,
        L::Varchar,
        L::Integer,
        L::TimestampTz,
        L::Decimal { width: 4, scale: 2 },
        L::Uuid,
        L::SmallInt,
    ];
    let long = "y".repeat(130);
    let texts = [StringT::borrowed(b"abc"), StringT::borrowed(long.as_bytes())];
    let uuid = 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff_u128 ^ 1 << 127;
    let uuids = [HugeInt { lower: uuid as u64, upper: (uuid >> 64) as u64 as i64 }; 2];
    let columns = [
        vector(Data::Bool(&[1, 1])),
        vector(Data::I64(&[5_000_000_000, 5])),
        vector(Data::Str(&texts)),
        Vector { validity: Validity(Some(&[0b10])), data: Data::I32(&[99, 7]) },
        vector(Data::I64(&[1_600_000_000_500_000, i64::MAX])),
        vector(Data::I16(&[1250, 0])),
        vector(Data::I128(&uuids)),
        vector(Data::I16(&[-2, 3])),
    ];
    let encoder = RowEncoder::new(&attributes, &logicals, &policy()).unwrap();
    let bound = encoder.bind(&columns).unwrap();
    let (mut image, mut lost) = (Vec::new(), vec![Lost::default(); 8]);
    let mut row = |row| {
        image.clear();
        bound.append(row, &mut image, &mut lost).unwrap();
        image[18..].iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    // t_infomask2, t_infomask without what insertion adds, t_hoff, t_bits, padding, t_data.
    assert_eq!(
        row(0),
        "0900 0300 20 ed01 00000000000000\
         010000000000000000f2052a01000000096162630000000020c173cc2f5202000f00810c008813\
         00112233445566778899aabbccddeeff00feff"
            .replace(' ', "")
    );
    let long = "79".repeat(130);
    assert_eq!(
        row(1),
        format!(
            "0900 0300 20 fd01 00000000000000\
             0100000000000000050000000000000018020000{long}00000700000000000000ffffffffffffff7f\
             07008100112233445566778899aabbccddeeff000300"
        )
        .replace(' ', "")
    );
}
