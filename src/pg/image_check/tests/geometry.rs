//! PostGIS' geometry.

use super::*;

/// Words behind a head without Z, M and box.
fn plane(words_behind: &[u32]) -> Option<Fault> {
    told(&[0, 0, 0, 0x40], &words(words_behind))
}

fn told(head: &[u8], body: &[u8]) -> Option<Fault> {
    payload_fault(&P::Geometry(None), &[head, body].concat())
}

/// A type, a count, and as many points: (0 0), (1 1), …, the last one again the first.
fn points(kind: u32, count: u32) -> Vec<u8> {
    let mut bytes = words(&[kind, count]);
    for point in 0..count {
        let ordinate = f64::from(if point + 1 == count { 0 } else { point }).to_le_bytes();
        bytes.extend([ordinate; 2].concat());
    }
    bytes
}

/// A polygon of closed rings with so many points.
fn polygon(rings: &[u32]) -> Vec<u8> {
    let mut bytes = words(&[3, rings.len() as u32]);
    bytes.extend(words(rings));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    rings.iter().for_each(|count| bytes.extend(&points(3, *count)[8..]));
    bytes
}

const BAD: Option<Fault> = Some(Fault::Geometry);
const HEAD: &[u8] = &[0, 0, 0, 0x40];

#[test]
fn heads_have_known_flags_and_srids() {
    let point = points(1, 1);
    assert_eq!([told(HEAD, &point), told(&[0x0f, 0x42, 0x3f, 0x40], &point)], [None; 2]);
    assert_eq!(
        [told(&[0x0f, 0x42, 0x40, 0x40], &point), told(&[0xff, 0, 0, 0x40], &point)],
        [BAD; 2]
    );
    for flags in [0x00, 0x48, 0x50, 0x60, 0xc0, 0x41, 0x42, 0x44] {
        assert_eq!(told(&[0, 0, 0, flags], &point), BAD, "{flags:x}");
    }
    let with_z = [&point[..], &[0; 8]].concat();
    assert_eq!(told(&[0, 0, 0, 0x41], &with_z), None);
    assert_eq!(told(&[0, 0, 0, 0x44], &[&[0; 16][..], &point].concat()), None);
}

#[test]
fn counts_stay_in_the_value_and_fill_it() {
    assert_eq!(told(HEAD, &points(2, 3)[..50]), BAD);
    assert_eq!(told(HEAD, &[&points(2, 3)[..], &[0; 8]].concat()), BAD);
    assert_eq!([plane(&[2, u32::MAX]), plane(&[3, u32::MAX]), plane(&[7, u32::MAX])], [BAD; 3]);
    assert_eq!([plane(&[]), plane(&[1]), told(&[0, 0], &[])], [BAD; 3]);
    assert_eq!([plane(&[0, 0]), plane(&[16, 0])], [BAD; 2]);
}

#[test]
fn every_type_may_be_empty() {
    for kind in 1..=15 {
        assert_eq!(plane(&[kind, 0]), None, "{kind}");
    }
}

#[test]
fn lines_have_points_enough() {
    let counts = |kind: u32| [1, 2, 3, 4, 5].map(|n| told(HEAD, &points(kind, n)).is_none());
    assert_eq!(counts(1), [true, false, false, false, false]);
    assert_eq!(counts(2), [false, true, true, true, true]);
    assert_eq!(counts(8), [false, false, true, false, true]);
    assert_eq!(counts(14), [false, false, false, true, true]);
}

#[test]
fn rings_are_closed_and_have_four_points() {
    assert_eq!([told(HEAD, &polygon(&[4])), told(HEAD, &polygon(&[5, 4]))], [None; 2]);
    assert_eq!([told(HEAD, &polygon(&[3])), told(HEAD, &polygon(&[4, 0]))], [BAD; 2]);
    let mut open = polygon(&[4]);
    let last = open.len() - 1;
    open[last] = 1;
    assert_eq!(told(HEAD, &open), BAD);
    let mut unclean = polygon(&[4]);
    unclean[12] = 1;
    assert_eq!(told(HEAD, &unclean), BAD);
}

#[test]
fn members_are_of_the_types_that_belong() {
    let allowed: [(u32, &[u32]); 10] = [
        (4, &[1]),
        (5, &[2]),
        (6, &[3]),
        (7, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]),
        (9, &[2, 8]),
        (10, &[2, 8, 9]),
        (11, &[2, 8, 9]),
        (12, &[3, 10]),
        (13, &[3]),
        (15, &[14]),
    ];
    for (kind, members) in allowed {
        for member in 0..=16 {
            let passes = plane(&[kind, 1, member, 0]).is_none();
            assert_eq!(passes, members.contains(&member), "{member} in {kind}");
        }
    }
}

#[test]
fn collections_nest_to_a_limit() {
    let nested = |levels: usize| plane(&[[7, 1].repeat(levels), vec![1, 0]].concat());
    assert_eq!([nested(33), nested(34), nested(100_000)], [None, BAD, BAD]);
}
