//! Compression as the server's pglz_compress does it with PGLZ_strategy_default, byte for byte.
//!
//! The result is a series of control bytes, each before eight items: where its bit (the lowest
//! first) is 0 the item is a literal byte, else a tag of two or three bytes that repeats 3 to 273
//! bytes from 1 to 4094 bytes back. Which of the possible repeats is taken depends on the order
//! in which they are looked at, so this is fixed here:
//! common/pg_lzcompress.c, the same in PostgreSQL 15 to 18.

use std::ffi::c_char;

/// PGLZ_MAX_HISTORY_LISTS
const LISTS: usize = 8192;
/// PGLZ_HISTORY_SIZE
const HISTORY: usize = 4096;
/// From this distance on a repeat does not fit a tag.
const MAX_OFFSET: usize = 0x0fff;
/// PGLZ_MAX_MATCH
const MAX_MATCH: usize = 273;
/// Shorter repeats are not worth a tag.
const MIN_MATCH: usize = 3;
/// min_input_size
const MIN_INPUT: usize = 32;
/// max_input_size
const MAX_INPUT: usize = i32::MAX as usize;
/// 100 - min_comp_rate: what the result must stay below, in percent.
const NEEDED_RATE: usize = 75;
/// first_success_by: with no repeat by then it is given up.
const FIRST_SUCCESS: usize = 1024;
/// match_size_good: a repeat of this length ends the search. After each look a tenth less will do.
const GOOD_MATCH: usize = 128;

/// The tables of the algorithm, which are used again for each value.
///
/// An entry is a position plus [`HISTORY`]: 0 stands for none, as nothing is so far back.
pub struct Pglz {
    /// The latest entry of each list.
    heads: Box<[u32; LISTS]>,
    /// For each of the last positions the entry before it in its list.
    before: Box<[u32; HISTORY]>,
}

impl Default for Pglz {
    fn default() -> Self {
        Self { heads: Box::new([0; LISTS]), before: Box::new([0; HISTORY]) }
    }
}

impl Pglz {
    /// Appends what the source becomes. False, and nothing is appended, where the server would
    /// leave it as it is.
    pub fn compress(&mut self, source: &[u8], out: &mut Vec<u8>) -> bool {
        if !(MIN_INPUT..=MAX_INPUT).contains(&source.len()) {
            return false;
        }
        let start = out.len();
        let done = self.write(source, Writer::new(out, most(source.len())));
        if !done {
            out.truncate(start);
        }
        done
    }

    fn write(&mut self, source: &[u8], mut out: Writer<'_>) -> bool {
        let lists = lists(source.len());
        self.heads[..lists].fill(0);
        let (mut at, mut repeats) = (0, false);
        while at < source.len() {
            if out.is_full() || (!repeats && out.written() >= FIRST_SUCCESS) {
                return false;
            }
            let list = list(source, at, lists);
            if let Some((length, offset)) = self.find(source, at, list) {
                out.tag(length, offset);
                self.add_all(source, at, length, lists);
                at += length;
                repeats = true;
            } else {
                out.literal(source[at]);
                self.add(at, list);
                at += 1;
            }
        }
        !out.is_full()
    }

    /// The repeat that is taken for the bytes from here: its length, and how far back it is.
    fn find(&self, source: &[u8], at: usize, list: usize) -> Option<(usize, usize)> {
        let here = &source[at..source.len().min(at + MAX_MATCH)];
        if here.len() < MIN_MATCH {
            return None;
        }
        let (mut length, mut offset, mut good) = (MIN_MATCH - 1, 0, GOOD_MATCH);
        let mut entry = self.heads[list] as usize;
        loop {
            let back = at + HISTORY - entry;
            if back >= MAX_OFFSET {
                break;
            }
            let longer = longer(here, &source[at - back..], length);
            if longer > length {
                (length, offset) = (longer, back);
            }
            // The first that is as long as can be is final, since only a longer one replaces it.
            if length >= good || length == here.len() {
                break;
            }
            good -= good / 10;
            entry = self.before[entry % HISTORY] as usize;
        }
        (offset > 0).then_some((length, offset))
    }

    fn add(&mut self, at: usize, list: usize) {
        self.before[at % HISTORY] = self.heads[list];
        self.heads[list] = (at + HISTORY) as u32;
    }

    fn add_all(&mut self, source: &[u8], from: usize, count: usize, lists: usize) {
        for at in from..from + count {
            self.add(at, list(source, at, lists));
        }
    }
}

/// The size that a result must stay below.
fn most(source: usize) -> usize {
    // The server avoids an overflow of its int32 so.
    if source > MAX_INPUT / 100 { source / 100 * NEEDED_RATE } else { source * NEEDED_RATE / 100 }
}

/// How many lists are used: few for a short source, since they must be emptied.
fn lists(source: usize) -> usize {
    match source {
        0..128 => 512,
        128..256 => 1024,
        256..512 => 2048,
        512..1024 => 4096,
        _ => LISTS,
    }
}

/// The list that a position belongs to, by its next four bytes. What a `char` is on the platform
/// (signed or not) makes a difference in which other positions share it, as in the server.
fn list(source: &[u8], at: usize, lists: usize) -> usize {
    let char = |byte: u8| i32::from(byte as c_char);
    let hash = match source[at..] {
        [a, b, c, d, ..] => (char(a) << 6) ^ (char(b) << 4) ^ (char(c) << 2) ^ char(d),
        [a, ..] => char(a),
        [] => 0,
    };
    hash as usize & (lists - 1) & (LISTS - 1)
}

/// How many bytes are the same, if more than `length`; else anything up to it.
fn longer(here: &[u8], there: &[u8], length: usize) -> usize {
    let last = length - 1..length + 1;
    // Most can be told by the two bytes that would have to be the same.
    if here.get(last.clone()) != there.get(last) {
        return 0;
    }
    let (here_words, here_rest) = here.as_chunks::<8>();
    let (there_words, _) = there.as_chunks::<8>();
    for (at, (a, b)) in here_words.iter().zip(there_words).enumerate() {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return at * 8 + differ.trailing_zeros() as usize / 8;
        }
    }
    let words = here.len() - here_rest.len();
    words + here_rest.iter().zip(&there[words..]).take_while(|(a, b)| a == b).count()
}

/// Where the items go.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// Where the result is too large.
    end: usize,
    /// Where the last control byte is.
    control: usize,
    /// The next item's bit in it; 0 when a new one is due.
    bit: u8,
}

impl<'o> Writer<'o> {
    fn new(out: &'o mut Vec<u8>, most: usize) -> Self {
        let start = out.len();
        // Fullness is looked at before an item, which has up to three bytes and a control byte.
        out.reserve(most + 4);
        Self { out, start, end: start + most, control: start, bit: 0 }
    }

    fn written(&self) -> usize {
        self.out.len() - self.start
    }

    fn is_full(&self) -> bool {
        self.out.len() >= self.end
    }

    fn start_item(&mut self) {
        if self.bit == 0 {
            self.control = self.out.len();
            self.out.push(0);
            self.bit = 1;
        }
    }

    fn literal(&mut self, byte: u8) {
        self.start_item();
        self.out.push(byte);
        self.bit <<= 1;
    }

    fn tag(&mut self, length: usize, offset: usize) {
        self.start_item();
        self.out[self.control] |= self.bit;
        self.bit <<= 1;
        let (high, low) = ((offset >> 4 & 0xf0) as u8, offset as u8);
        if length > 17 {
            self.out.extend_from_slice(&[high | 0x0f, low, (length - 18) as u8]);
        } else {
            self.out.extend_from_slice(&[high | (length - 3) as u8, low]);
        }
    }
}

#[cfg(test)]
mod tests;
