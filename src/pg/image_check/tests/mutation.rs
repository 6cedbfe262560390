//! No image makes the check panic: debug builds find overflows, too.

use super::{golden, *};

/// Other values for a byte.
pub fn others(byte: u8) -> [u8; 10] {
    let (above, below) = (byte.wrapping_add(1), byte.wrapping_sub(1));
    [0, 1, 0x7f, 0x80, 0xff, above, below, byte ^ 0x10, byte ^ 0x80, byte << 1]
}

#[test]
fn one_byte_at_a_time() {
    for (_, shape, good) in golden::images() {
        for at in 0..good.len() {
            let mut bad = good.clone();
            for byte in others(good[at]) {
                bad[at] = byte;
                let _ = check(&bad, &shape);
            }
        }
    }
}

#[test]
fn at_every_length() {
    for (name, shape, good) in golden::images() {
        for length in 0..good.len() {
            assert!(check(&good[..length], &shape).is_err(), "{name} {length}");
        }
        for tail in [&[0][..], &[1; 3], &[0; 8], &[0xff; 64]] {
            assert!(check(&[&good, tail].concat(), &shape).is_err(), "{name}");
        }
    }
}

/// xorshift64
pub fn random(state: &mut u64, below: usize) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state % below as u64) as usize
}

#[test]
fn many_bytes_at_once() {
    let mut state = 1;
    for (_, shape, good) in golden::images() {
        for _ in 0..500 {
            let mut bad = good.clone();
            for _ in 0..=random(&mut state, 5) {
                let at = 18 + random(&mut state, bad.len() - 18);
                bad[at] = others(bad[at])[random(&mut state, 10)];
            }
            bad.truncate(bad.len() - random(&mut state, 3));
            let _ = check(&bad, &shape);
        }
    }
}

/// A four-byte word of the value replaced by numbers that tend to overflow.
#[test]
fn one_word_at_a_time() {
    let extremes = [0_u32, 1, 4, 0x0fff_ffff, 0x3fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc];
    for (_, shape, good) in golden::images() {
        for at in 24..good.len().saturating_sub(3) {
            let mut bad = good.clone();
            for word in extremes {
                bad[at..at + 4].copy_from_slice(&word.to_le_bytes());
                let _ = check(&bad, &shape);
            }
        }
    }
}

#[test]
fn values_of_one_type_in_place_of_another() {
    let images = golden::images();
    for (_, shape, _) in &images {
        for (_, _, other) in &images {
            let _ = check(&single(shape, &other[24..]), shape);
        }
    }
}
