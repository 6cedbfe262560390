use std::fmt::Write as _;

use migrator_model::{
    PgType,
    layout::{HAS_VARWIDTH, INFOMASK2_AT, Inner, Physical, SHORT_PAYLOAD, Target},
    page::{Storing, Toast},
};

use super::*;

const FIRST: u32 = 0xfedc_ba98;
const RELATION: u32 = 0x0001_e240;

/// An attribute: typlen, typalign, and how it is stored.
type Column = (i16, u8, Storage, Compression);

const INT: Column = (4, 4, Storage::Plain, Compression::Pglz);
const PLAIN: Column = (-1, 4, Storage::Plain, Compression::Pglz);
const EXTERNAL: Column = (-1, 4, Storage::External, Compression::Pglz);
const MAIN: Column = (-1, 4, Storage::Main, Compression::Pglz);
const EXTENDED: Column = (-1, 4, Storage::Extended, Compression::Pglz);
const WIDE: Column = (-1, 8, Storage::Extended, Compression::Pglz);
const LZ4: Column = (-1, 4, Storage::Extended, Compression::Lz4);

/// Text like JSON, the same on each run.
fn text(mut seed: u32, length: usize) -> Option<Vec<u8>> {
    let mut text = String::new();
    while text.len() < length {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        write!(text, "{{\"key {}\": {}}}, ", seed >> 28, seed >> 8 & 0xffff).unwrap();
    }
    Some(text.into_bytes()[..length].to_vec())
}

/// Bytes without a pattern.
fn noise(mut seed: u32, length: usize) -> Option<Vec<u8>> {
    let next = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    Some((0..length).map(next).collect())
}

fn attribute((at, column): (usize, &Column)) -> Attribute {
    let packable = column.0 == -1 && column.2 != Storage::Plain;
    let physical = Physical { oid: 0, len: column.0, align: column.1, packable };
    let target = Some(Target { pg: PgType::Int4, physical, inner: Inner::Scalar });
    Attribute { name: String::new(), target, source: Some(at + 10), not_null: false }
}

fn toaster(columns: &[Column], target: usize, relation: Option<u32>) -> Toaster {
    let attributes: Vec<Attribute> = columns.iter().enumerate().map(attribute).collect();
    let storing = |column: &Column| Storing { storage: column.2, compression: column.3 };
    let pages = Pages {
        xid: 3,
        reserve: 0,
        storing: columns.iter().map(storing).collect(),
        toast_target: target,
        toast: relation.map(|relation| Toast { relation, first_value: FIRST }),
    };
    Toaster::new(&attributes, &pages, Arc::new(ValueIds::new(FIRST)))
}

/// The row before anything is done: heap_form_tuple.
fn image(columns: &[Column], row: &[Option<Vec<u8>>]) -> Vec<u8> {
    let has_null = row.iter().any(Option::is_none);
    let bitmap = if has_null { row.len().div_ceil(8) } else { 0 };
    let header = align_up(HEADER_BYTES + bitmap, MAX_ALIGN);
    let mut out = vec![0; header];
    out[INFOMASK2_AT] = row.len() as u8;
    out[INFOMASK_AT] = (HAS_VARWIDTH | if has_null { HAS_NULL } else { 0 }) as u8;
    out[HOFF_AT] = header as u8;
    for (at, (column, value)) in columns.iter().zip(row).enumerate() {
        let Some(value) = value else { continue };
        if has_null {
            out[HEADER_BYTES + at / 8] |= 1 << (at % 8);
        }
        put(&mut out, column, value);
    }
    out
}

fn put(out: &mut Vec<u8>, column: &Column, value: &[u8]) {
    if column.0 == -1 && column.2 != Storage::Plain && value.len() <= SHORT_PAYLOAD {
        out.push((value.len() as u8 + 1) << 1 | 1);
    } else {
        out.resize(align_up(out.len(), usize::from(column.1)), 0);
        if column.0 == -1 {
            out.extend_from_slice(&((value.len() as u32 + 4) << 2).to_le_bytes());
        }
    }
    out.extend_from_slice(value);
}

fn int(value: i32) -> Option<Vec<u8>> {
    Some(value.to_le_bytes().to_vec())
}

/// FNV-1a
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn fit(columns: &[Column], row: &[Option<Vec<u8>>]) -> (Vec<u8>, Values) {
    let (mut image, mut out) = (image(columns, row), Values::default());
    toaster(columns, 2032, Some(RELATION)).fit(&mut image, &mut out).unwrap();
    (image, out)
}

/// Length and hash of the row, the attributes that are out of line and whether they are
/// compressed, and length and hash of what is out of line.
type Summary = (usize, u64, Vec<(u16, bool)>, usize, u64);

fn summary(columns: &[Column], row: &[Option<Vec<u8>>]) -> Summary {
    let (image, out) = fit(columns, row);
    let values = out.list.iter().map(|v| (v.stored.attribute, v.stored.is_compressed()));
    (image.len(), hash(&image), values.collect(), out.bytes.len(), hash(&out.bytes))
}

/// Read off a page of PostgreSQL 15 and of 17; the identifiers of the value and the relation are ours.
#[test]
fn a_row_becomes_what_the_server_makes() {
    let columns = [INT, EXTENDED, EXTERNAL, INT];
    let row = [int(7), Some(b"abcdefgh".repeat(250)), noise(1, 2500), int(-1)];
    let (image, out) = fit(&columns, &row);
    let expected = "00000000000000000000000000000000000004000600180007000000aa000000d007000000616263\
        6465666768ff0f08ff0f08ff0f08ff0f08ff0f08ff0f08ff0f08ff0f083f0112c8090000c4090000\
        98badcfe40e20100ffffffff";
    assert_eq!(hex(&image), expected);
    let stored = StoredValue { attribute: 2, raw_size: 2504, ext_info: 2500 };
    assert_eq!(out.list, [Value { id: FIRST, stored, start: 0, length: 2500 }]);
    assert_eq!(Some(out.bytes), row[2]);
}

/// Read off the pages of PostgreSQL 15 and 17.
#[test]
fn rows_become_what_the_server_makes() {
    let columns = [INT, EXTENDED, MAIN, WIDE, EXTERNAL, LZ4, PLAIN, INT];
    let rows = [
        [int(1), text(1, 900), text(2, 700), text(3, 800), None, text(5, 20), None, int(1)],
        [int(2), text(1, 1900), text(2, 9000), None, text(4, 90), text(5, 900), None, int(2)],
        [int(3), noise(1, 30), noise(2, 9000), text(3, 24), noise(4, 99), None, None, int(3)],
        [int(4), text(1, 40_000), text(2, 800), text(3, 3000), None, text(5, 9999), None, None],
        [int(5), None, noise(2, 2500), text(3, 2000), text(4, 25), None, text(6, 4900), None],
    ];
    let all: Vec<Summary> = rows.iter().map(|row| summary(&columns, row)).collect();
    let expected: [Summary; 5] = [
        (1976, 0x6fa7_1cab_02c9_8583, vec![], 0, 0xcbf2_9ce4_8422_2325),
        (
            3080,
            0xf302_c354_a223_6cdf,
            vec![(1, true), (5, true), (4, false)],
            1368,
            0xd1fa_cb6a_fd23_f691,
        ),
        (
            104,
            0xfd8c_c9b2_5f3a_399f,
            vec![(4, false), (1, false), (3, false), (2, false)],
            9153,
            0x7e65_381e_0d7b_29b4,
        ),
        (2027, 0xd844_af6a_ace6_7730, vec![(1, true), (5, true)], 17_457, 0x9de9_9fb7_547b_e61c),
        (7472, 0xf258_f2e5_ed5b_30cd, vec![(3, true), (4, false)], 842, 0x1aa2_dcc9_6fcd_1cf4),
    ];
    assert_eq!(all, expected);
}

#[test]
fn small_rows_stay() {
    let columns = [INT, EXTENDED];
    for (length, stays) in [(2000, true), (2001, false)] {
        let row = [int(1), text(1, length)];
        let before = image(&columns, &row);
        assert_eq!(before.len() <= TOAST_THRESHOLD, stays);
        assert_eq!(fit(&columns, &row).0 == before, stays);
    }
}

#[test]
fn identifiers_count_down_and_values_follow_each_other() {
    let columns = [EXTENDED, EXTENDED, EXTENDED];
    let mut toaster = toaster(&columns, 2032, Some(RELATION));
    let mut out = Values::default();
    for seed in 0..2 {
        let mut row = image(&columns, &[noise(seed, 3000), noise(9, 500), noise(8, 4000)]);
        toaster.fit(&mut row, &mut out).unwrap();
        assert_ne!(row[INFOMASK_AT] & HAS_EXTERNAL as u8, 0);
    }
    let list: Vec<_> = out.list.iter().map(|v| (v.id, v.stored.attribute, v.start)).collect();
    let expected = [(0, 2, 0), (1, 0, 4000), (2, 2, 7000), (3, 0, 11_000)];
    assert_eq!(list, expected.map(|(at, attribute, start)| (FIRST - at, attribute, start)));
    assert_eq!(out.bytes.len(), 14_000);
}

#[test]
fn without_a_relation_values_are_only_compressed() {
    let columns = [EXTENDED, MAIN, EXTERNAL];
    let mut row = image(&columns, &[text(1, 5000), text(2, 5000), noise(3, 3000)]);
    let mut out = Values::default();
    toaster(&columns, 2032, None).fit(&mut row, &mut out).unwrap();
    assert!(out.list.is_empty() && row.len() < 8000);
    assert_eq!(row[INFOMASK_AT], HAS_VARWIDTH as u8);
}

#[test]
fn a_row_that_does_not_fit_names_its_largest_column() {
    let columns = [EXTENDED, PLAIN, EXTENDED];
    let mut row = image(&columns, &[noise(1, 3000), text(2, 8200), text(3, 9000)]);
    let before = row.clone();
    let mut out = Values::default();
    out.push(1, StoredValue { attribute: 0, raw_size: 7, ext_info: 3 }, b"abc");
    let error = toaster(&columns, 2032, Some(RELATION)).fit(&mut row, &mut out).unwrap_err();
    assert_eq!(error.0, 11);
    assert_eq!(error.1.reason, "row is too big: size 8272, maximum size 8160");
    assert_eq!(error.1.sqlstate, "54000");
    assert_eq!((out.list.len(), out.bytes.len()), (1, 3));
    assert_eq!(row, before);
}

#[test]
fn a_target_below_the_header_is_no_limit() {
    let columns = vec![EXTENDED; 900];
    let mut row = vec![None; 900];
    row[0] = text(1, 5000);
    let mut image = image(&columns, &row);
    let before = image.clone();
    let mut out = Values::default();
    toaster(&columns, 128, Some(RELATION)).fit(&mut image, &mut out).unwrap();
    assert_eq!(image, before);
}

#[test]
fn no_image_can_make_it_panic() {
    let columns = [INT, EXTENDED, MAIN, WIDE, PLAIN, LZ4];
    let row = [int(1), text(1, 900), None, text(3, 800), text(4, 100), text(5, 900)];
    let before = image(&columns, &row);
    let mut toaster = toaster(&columns, 2032, Some(RELATION));
    let mut out = Values::default();
    for at in 0..before.len() {
        for value in [0, 1, 2, 0xff] {
            let mut row = before.clone();
            row[at] = value;
            let _ = toaster.fit(&mut row, &mut out);
            let mut cut = before.clone();
            cut.truncate(TOAST_THRESHOLD + at);
            let _ = toaster.fit(&mut cut, &mut out);
        }
    }
}

#[test]
fn values_can_be_taken_back() {
    let stored = StoredValue { attribute: 0, raw_size: 7, ext_info: 3 };
    let mut values = Values::default();
    values.push(2, stored, b"abc");
    let mark = values.mark();
    values.push(1, stored, b"def");
    values.truncate(mark);
    assert_eq!((values.list.len(), &values.bytes[..]), (1, &b"abc"[..]));
    values.clear();
    assert!(values.list.is_empty() && values.bytes.is_empty());
}
