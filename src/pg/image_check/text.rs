//! Texts: UTF-8 without NUL bytes, as pg_verifymbstr() wants them (utils/mb/mbutils.c). Functions
//! that step from character to character trust the first byte of each.

use super::{Fault, Length};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Checks a text and its length in characters.
#[inline]
pub fn check(text: &[u8], length: Length) -> Result<(), Fault> {
    let characters = match is_plain(text) {
        true => text.len(),
        false => decode(text)?.chars().count(),
    };
    match length {
        Length::AtMost(most) if characters > most as usize => Err(Fault::Characters),
        Length::Exactly(wanted) if characters != wanted as usize => Err(Fault::Characters),
        _ => Ok(()),
    }
}

/// Checks a text of any length.
#[inline]
pub fn check_any(text: &[u8]) -> Result<(), Fault> {
    if is_plain(text) { Ok(()) } else { decode(text).map(|_| ()) }
}

#[inline(never)]
fn decode(text: &[u8]) -> Result<&str, Fault> {
    if text.contains(&0) {
        return Err(Fault::NulByte);
    }
    std::str::from_utf8(text).map_err(|_| Fault::Encoding)
}

/// Whether every byte is ASCII, and none is NUL. The last bytes overlap with those before.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    if let Some(last) = text.last_chunk() {
        let (words, _) = text.as_chunks();
        return words.iter().fold(bad_bytes(last), |bad, word| bad | bad_bytes(word)) == 0;
    }
    match (text.first_chunk(), text.last_chunk()) {
        (Some([a, b, c, d]), Some([e, f, g, h])) => {
            bad_bytes(&[*a, *b, *c, *d, *e, *f, *g, *h]) == 0
        }
        _ => text.iter().all(|byte| matches!(byte, 1..=0x7f)),
    }
}

/// A high bit for the first byte outside of 1 to 127, if there is one. Taking one away from each
/// byte sets the high bit of a zero, and borrows from no neighbour unless there was a zero.
#[inline]
fn bad_bytes(word: &[u8; 8]) -> u64 {
    let word = u64::from_le_bytes(*word);
    (word | word.wrapping_sub(ONES)) & HIGHS
}
