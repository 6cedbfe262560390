use super::{GeometryForm, fits, gserialized};
use migrator_model::policy::{Loss, Lost};

/// Made from PostGIS itself; its head tells how.
const GOLDEN: &str = include_str!("golden.txt");

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SRID, name, WKB and stored bytes.
fn golden() -> impl Iterator<Item = (i32, &'static str, Vec<u8>, &'static str)> {
    let lines: Vec<_> = GOLDEN.lines().filter(|line| !line.starts_with('#')).collect();
    (0..lines.len()).step_by(3).map(move |at| {
        let (srid, name) = lines[at].split_once(' ').unwrap();
        (srid.parse().unwrap(), name, bytes(lines[at + 1]), lines[at + 2])
    })
}

fn refusal(srid: i32, wkb: &[u8]) -> String {
    let mut out = b"before".to_vec();
    let error = gserialized(wkb, srid, &mut out).unwrap_err();
    assert_eq!(out, b"before");
    error
}

/// Little-endian WKB of one type, and what stands behind it.
fn wkb(number: u32, words: &[u32], ordinates: &[f64], rest: &[u8]) -> Vec<u8> {
    let mut wkb = vec![1];
    wkb.extend(number.to_le_bytes());
    wkb.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    wkb.extend(ordinates.iter().flat_map(|ordinate| ordinate.to_le_bytes()));
    wkb.extend_from_slice(rest);
    wkb
}

fn refused(wkb: &[u8]) -> String {
    refusal(0, wkb)
}

const OPEN: [f64; 8] = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 5.0, 5.0];

#[test]
fn postgis_stores_the_same_bytes() {
    assert!(golden().count() > 100);
    for (srid, name, wkb, stored) in golden() {
        let mut out = b"before".to_vec();
        gserialized(&wkb, srid, &mut out).unwrap();
        assert_eq!(hex(&out[6..]), stored, "{name}");
        assert_eq!(&out[..6], b"before");
    }
}

#[test]
fn truncated_wkb_is_refused_wherever_it_ends() {
    for (srid, name, wkb, _) in golden() {
        for length in 0..wkb.len() {
            assert_eq!(refusal(srid, &wkb[..length]), "WKB is truncated", "{name} {length}");
        }
    }
}

#[test]
fn bytes_behind_the_geometry_are_refused() {
    let error = "WKB has 1 bytes behind its geometry";
    for (srid, name, mut wkb, _) in golden() {
        wkb.push(0);
        assert_eq!(refusal(srid, &wkb), error, "{name}");
    }
}

#[test]
fn unknown_byte_orders_are_refused() {
    let point = wkb(1, &[], &[1.0, 2.0], &[]);
    assert_eq!(refused(&[&[2], &point[1..]].concat()), "WKB has the unknown byte order 2");
    let member = [&[0xff], &point[1..]].concat();
    assert_eq!(refused(&wkb(4, &[1], &[], &member)), "WKB has the unknown byte order 255");
}

#[test]
fn unknown_types_are_refused() {
    for number in [0, 18, 99, 1000, 1018, 3018, 4000, 4001, 5001, 0x0100_0001, 0x8000_0000] {
        let error = format!("WKB has the unknown geometry type {number}");
        assert_eq!(refused(&wkb(number, &[0, 0, 0, 0], &[], &[])), error);
    }
}

#[test]
fn srids_that_postgis_would_change_are_refused() {
    let point = wkb(1, &[], &[1.0, 2.0], &[]);
    for srid in [-1, i32::MIN, 1_000_000, i32::MAX] {
        let error = format!("SRID {srid} is not within 0 and 999999");
        assert_eq!(refusal(srid, &point), error);
    }
}

#[test]
fn lines_of_too_few_points_are_refused() {
    let line = |number, points: u32| {
        refused(&wkb(number, &[points], &vec![0.5; points as usize * 2], &[]))
    };
    assert_eq!(line(2, 1), "LineString has fewer than 2 points");
    assert_eq!(line(8, 1), "CircularString has fewer than 3 points");
    assert_eq!(line(8, 2), "CircularString has fewer than 3 points");
    assert_eq!(line(8, 4), "CircularString has an even number of points");
    assert_eq!(line(8, 6), "CircularString has an even number of points");
}

#[test]
fn rings_of_too_few_points_are_refused() {
    for (number, name) in [(3, "Polygon"), (17, "Triangle")] {
        for points in 0..4 {
            let ordinates = vec![0.5; points as usize * 2];
            let error = format!("{name} has a ring of fewer than 4 points");
            assert_eq!(refused(&wkb(number, &[1, points], &ordinates, &[])), error);
        }
    }
    let second = wkb(3, &[2, 4], &[0.5; 8], &[0, 0, 0, 0]);
    assert_eq!(refused(&second), "Polygon has a ring of fewer than 4 points");
}

#[test]
fn open_rings_are_refused() {
    let error = "Polygon has a ring that is not closed";
    assert_eq!(refused(&wkb(3, &[1, 4], &OPEN, &[])), error);
    let minus = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, -0.0];
    assert_eq!(refused(&wkb(3, &[1, 4], &minus, &[])), error);
    let inner = wkb(0, &[4], &OPEN, &[]);
    assert_eq!(refused(&wkb(3, &[2, 4], &[0.5; 8], &inner[5..])), error);
}

#[test]
fn triangles_have_one_ring() {
    assert_eq!(refused(&wkb(17, &[2, 4], &[0.5; 8], &[])), "Triangle has 2 rings");
}

/// PostGIS keeps LW_PARSER_CHECK_ZCLOSURE on behind a polyhedral surface.
#[test]
fn open_triangles_are_refused_behind_a_polyhedral_surface() {
    let error = "Triangle has a ring that is not closed";
    let surface = |number, dimensions: usize| {
        wkb(number, &[1], &[], &wkb(number - 12, &[1, 4], &vec![0.5; dimensions * 4], &[]))
    };
    let flat = [surface(15, 2), wkb(17, &[1, 4], &OPEN, &[])].concat();
    assert_eq!(refused(&wkb(7, &[2], &[], &flat)), error);
    let mut ordinates = [0.5; 12];
    ordinates[11] = 9.0;
    let steep = [surface(1015, 3), wkb(1017, &[1, 4], &ordinates, &[])].concat();
    assert_eq!(refused(&wkb(1007, &[2], &[], &steep)), error);
    ordinates[11] = 0.5;
    let closed = [surface(1015, 3), wkb(1017, &[1, 4], &ordinates, &[])].concat();
    gserialized(&wkb(1007, &[2], &[], &closed), 0, &mut Vec::new()).unwrap();
}

#[test]
fn members_of_other_types_are_refused() {
    let allowed: [(u32, &[u32]); 11] = [
        (4, &[1]),
        (5, &[2]),
        (6, &[3]),
        (7, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17]),
        (9, &[2, 8]),
        (10, &[2, 8, 9]),
        (11, &[2, 8, 9]),
        (12, &[3, 10]),
        (15, &[3]),
        (16, &[17]),
        (13, &[2, 8, 9]),
    ];
    for (of, members) in allowed {
        for member in (1..=17).filter(|number| ![13, 14].contains(number)) {
            let empty: &[f64] = if member == 1 { &[f64::NAN, f64::NAN] } else { &[] };
            let inner = wkb(member, if member == 1 { &[] } else { &[0] }, empty, &[]);
            let done = gserialized(&wkb(of, &[1], &[], &inner), 0, &mut Vec::new());
            assert_eq!(done.is_ok(), members.contains(&member), "{member} in {of}: {done:?}");
        }
    }
}

#[test]
fn members_of_other_dimensions_are_refused() {
    for of in 0..4_u32 {
        for member in (0..4_u32).filter(|member| *member != of) {
            let point =
                wkb(member * 1000 + 1, &[], &[f64::NAN; 4][..2 + member.div_ceil(2) as usize], &[]);
            let error = "GeometryCollection contains other dimensions than its own";
            assert_eq!(refused(&wkb(of * 1000 + 7, &[1], &[], &point)), error);
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    let nested = |depth| {
        let point = wkb(1, &[], &[1.0, 2.0], &[]);
        (0..depth).fold(point, |inner, _| wkb(7, &[1], &[], &inner))
    };
    gserialized(&nested(32), 0, &mut Vec::new()).unwrap();
    assert_eq!(refused(&nested(33)), "WKB nests geometries deeper than 32");
    assert_eq!(refused(&nested(20_000)), "WKB nests geometries deeper than 32");
}

#[test]
fn counts_reserve_nothing_that_is_not_there() {
    for number in 2..=17 {
        for count in [2, 1 << 28, 1 << 31, u32::MAX] {
            let mut out = Vec::new();
            let words = if number == 3 { [count, count] } else { [count, 9] };
            gserialized(&wkb(number, &words, &[], &[0; 64]), 0, &mut out).unwrap_err();
            assert!(out.is_empty() && out.capacity() < 1000, "{number} {count}");
        }
    }
}

/// Changed, cut and lengthened golden input: whatever is read, the ordinates stay aligned.
#[test]
fn no_input_panics() {
    let all: Vec<_> = golden().collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let mut read = 0;
    for _ in 0..60_000 {
        let (srid, _, wkb, _) = &all[random(all.len())];
        let mut wkb = wkb.clone();
        for _ in 0..=random(3) {
            let at = random(wkb.len());
            match random(4) {
                0 => wkb[at] = random(256) as u8,
                1 => wkb[at] ^= 1 << random(8),
                2 => wkb.insert(at, random(20) as u8),
                _ => wkb.truncate(at + 1),
            }
        }
        let mut out = Vec::new();
        if gserialized(&wkb, *srid, &mut out).is_ok() {
            read += 1;
            assert_eq!(out.len() % 8, 4);
        }
    }
    assert!(read > 1000);
}

#[test]
fn ordinates_beyond_a_point_that_is_none_are_not_dropped() {
    let wkb = bytes("01e9030000000000000000f87f000000000000f87f0000000000001440");
    assert_eq!(refusal(4326, &wkb), "Point without X and Y has other ordinates");
}

#[test]
fn a_column_takes_its_own_type_and_dimensions_only() {
    let stored = |number, ordinates: &[f64]| {
        let mut out = Vec::new();
        gserialized(&wkb(number, &[], ordinates, &[]), 0, &mut out).unwrap();
        out
    };
    let (point, point_z) = (stored(1, &[1.0, 2.0]), stored(1001, &[1.0, 2.0, 3.0]));
    let mut line = Vec::new();
    gserialized(&wkb(2, &[3], &OPEN[..6], &[]), 0, &mut line).unwrap();
    let form = |kind, z| Some(GeometryForm { srid: 0, kind, z, m: false });
    let mut lost = Lost::default();
    let mut fits = |form, stored: &[u8]| fits(form, stored, &mut lost, false).is_ok();
    assert!(fits(None, &point_z) && fits(form(0, false), &point) && fits(form(1, false), &point));
    assert!(fits(form(1, true), &point_z) && fits(form(2, false), &line));
    assert!(!fits(form(0, false), &point_z) && !fits(form(0, true), &point));
    assert!(!fits(form(2, false), &point) && !fits(form(1, false), &line));
    assert!(lost.has(Loss::Ordinates));
}
