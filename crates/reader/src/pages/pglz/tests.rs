use std::fmt::Write as _;

use super::*;

/// Text like JSON, the same on each run.
fn text(mut seed: u32, length: usize) -> Vec<u8> {
    const WORDS: [&str; 6] = ["alpha", "größe", "日本", "order", "pending", "total"];
    let mut text = String::new();
    while text.len() < length {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word = WORDS[(seed >> 24) as usize % WORDS.len()];
        write!(text, "{{\"{word}\": {}}}, ", seed >> 8 & 0xffff).unwrap();
    }
    text.into_bytes()[..length].to_vec()
}

/// Bytes without a pattern.
fn noise(mut seed: u32, length: usize) -> Vec<u8> {
    let next = |_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24) as u8
    };
    (0..length).map(next).collect()
}

fn compress(source: &[u8]) -> Option<Vec<u8>> {
    let mut out = b"before".to_vec();
    let done = Pglz::default().compress(source, &mut out);
    let result = out.split_off(6);
    assert_eq!(out, b"before");
    assert!(done || result.is_empty());
    done.then_some(result)
}

/// The format as it is documented, without regard to speed.
fn decompress(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let control = bytes[at];
        at += 1;
        for bit in 0..8 {
            if at == bytes.len() {
                break;
            }
            if control >> bit & 1 == 0 {
                out.push(bytes[at]);
                at += 1;
                continue;
            }
            let offset = usize::from(bytes[at] & 0xf0) << 4 | usize::from(bytes[at + 1]);
            let mut length = usize::from(bytes[at] & 0x0f) + 3;
            at += 2;
            if length == 18 {
                length += usize::from(bytes[at]);
                at += 1;
            }
            (0..length).for_each(|_| out.push(out[out.len() - offset]));
        }
    }
    out
}

/// FNV-1a
#[cfg(target_arch = "x86_64")]
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(target_arch = "x86_64")]
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Read off the pages of PostgreSQL 15 and 17, where a `char` is signed.
#[cfg(target_arch = "x86_64")]
#[test]
fn short_sources_become_what_the_server_makes() {
    assert_eq!(hex(&compress(&b"abcdefgh".repeat(20)).unwrap()), "006162636465666768010f0886");
    assert_eq!(hex(&compress(&[b'a'; 32]).unwrap()), "02610f010d");
    let expected = "007b22616c70686122003a2033343930357d002c207b2270656e6448696e670314343902146f0072\
        646572223a20351836333302110537323934c439380a12363135043508490c3931045d0638323233\
        37610c2632353138035e071431103435363602146772c300b6c39f65223a203410323430300b28";
    assert_eq!(hex(&compress(&text(1, 200)).unwrap()), expected);
}

/// Read off the pages of PostgreSQL 15 and 17, where a `char` is signed.
#[cfg(target_arch = "x86_64")]
#[test]
fn long_sources_become_what_the_server_makes() {
    let mixed = [text(5, 3000), noise(6, 700), vec![b' '; 900], text(5, 6000)].concat();
    let of = |source: &[u8]| compress(source).map(|bytes| (bytes.len(), hash(&bytes)));
    assert_eq!(of(&text(2, 1000)), Some((431, 0xd795_ea21_0846_1350)));
    assert_eq!(of(&text(3, 3000)), Some((1065, 0xd18d_a9a2_c013_0f0e)));
    assert_eq!(of(&vec![0; 5000]), Some((61, 0x46d1_d02a_926b_31f4)));
    assert_eq!(of(&mixed), Some((3644, 0x86f7_17a9_8a26_82f4)));
    assert_eq!(of(&text(4, 1 << 20)), Some((305_775, 0x2b5f_39b6_5f39_9bfe)));
}

#[test]
fn what_gains_too_little_stays() {
    assert_eq!(compress(b""), None);
    assert_eq!(compress(&[b'a'; 31]), None);
    assert_eq!(compress(&noise(1, 100_000)), None);
    // Repeats only after the first kilobyte are not found.
    assert_eq!(compress(&[noise(1, 1000), vec![0; 50_000]].concat()), None);
    // A fifth can be saved, a quarter is asked for.
    assert_eq!(compress(&[vec![0; 25], noise(1, 75)].concat()), None);
}

#[test]
fn it_can_be_read_back() {
    for length in [32, 33, 127, 128, 300, 511, 1023, 1024, 4095, 4096, 4097, 9000, 70_000] {
        for source in [text(length as u32, length), vec![7; length]] {
            if let Some(bytes) = compress(&source) {
                assert!(bytes.len() < most(length));
                assert_eq!(decompress(&bytes), source, "{length}");
            }
        }
    }
}

#[test]
fn repeats_of_each_length_and_distance_can_be_read_back() {
    for length in (3..300).step_by(7) {
        for distance in [length, 1000, 4000, 4093, 4094, 4095, 4096] {
            let start = [vec![0; 400], noise(9, length)].concat();
            let gap = noise(11, distance - length);
            let source = [&start[..], &gap, &start[400..], &[0; 9000]].concat();
            assert_eq!(decompress(&compress(&source).unwrap()), source, "{length} {distance}");
        }
    }
}

#[test]
fn what_was_before_leaves_no_trace() {
    let mut pglz = Pglz::default();
    let sources = [text(1, 9000), noise(2, 5000), text(3, 100), text(4, 700), text(1, 9000)];
    for source in sources {
        let mut out = Vec::new();
        let done = pglz.compress(&source, &mut out);
        assert_eq!(done.then_some(out), compress(&source));
    }
}

#[test]
fn the_limit_is_the_servers_for_large_sources_too() {
    assert_eq!(most(1000), 750);
    assert_eq!(most(21_474_836), 16_106_127);
    assert_eq!(most(21_474_837), 16_106_100);
}
