//! Tuples onto pages: line pointers from the front, tuples from the back (storage/page/bufpage.c,
//! access/heap/hio.c). Pages lie back to back in a slot, and are finished: each tuple is frozen, and
//! all are visible to everybody. LSN and checksum are the server's to fill in.

use migrator_model::{
    layout::{HAS_VARWIDTH, HOFF_AT, INFOMASK_AT, INFOMASK2_AT, MAX_ALIGN, align_up},
    page::{
        ALL_VISIBLE, CHUNK_HEADER, CTID_AT, FLAGS_AT, FROZEN, LINE_POINTER, LOWER_AT,
        LP_LENGTH_SHIFT, LP_NORMAL, MAX_LINE_POINTERS, PAGE_BYTES, PAGE_HEADER, PAGE_VERSION,
        SPECIAL_AT, UPPER_AT, VERSION_AT, XMIN_AT,
    },
};

/// t_hoff of a tuple without NULLs.
const CHUNK_HOFF: usize = 24;
/// The attributes of a TOAST relation.
const CHUNK_ATTRIBUTES: u16 = 3;

/// The pages of one relation, one slot after the other.
pub struct PageWriter {
    xid: [u8; 4],
    reserve: usize,
    /// The block number of the page at hand, or of the next one.
    block: u32,
    /// Its place in the slot.
    page: usize,
    /// Its tuples; 0 before it is begun.
    tuples: usize,
    lower: usize,
    upper: usize,
}

impl PageWriter {
    /// Starts with block 0; `reserve` bytes of each page stay free.
    pub fn new(xid: u32, reserve: usize) -> Self {
        let xid = xid.to_le_bytes();
        Self { xid, reserve, block: 0, page: 0, tuples: 0, lower: 0, upper: 0 }
    }

    /// The block number of the first page of the slot at hand.
    pub fn first(&self) -> u32 {
        self.block - self.page as u32
    }

    /// Adds a row. False when the slot is full; the row is not in it then.
    pub fn put_row(&mut self, slot: &mut [u8], image: &[u8]) -> bool {
        let Some(start) = self.place(slot, image.len()) else { return false };
        let tuple = &mut slot[start..start + image.len()];
        tuple.copy_from_slice(image);
        self.stamp(tuple);
        true
    }

    /// Adds a piece of a value to a TOAST relation's pages. False when the slot is full.
    pub fn put_chunk(&mut self, slot: &mut [u8], value: u32, sequence: u32, data: &[u8]) -> bool {
        let length = CHUNK_HOFF + CHUNK_HEADER + data.len();
        let Some(start) = self.place(slot, length) else { return false };
        let tuple = &mut slot[start..start + length];
        put(tuple, INFOMASK2_AT, CHUNK_ATTRIBUTES);
        put(tuple, INFOMASK_AT, HAS_VARWIDTH);
        tuple[HOFF_AT] = CHUNK_HOFF as u8;
        let header = ((4 + data.len()) as u32) << 2;
        for (word, at) in [value, sequence, header].into_iter().zip((CHUNK_HOFF..).step_by(4)) {
            tuple[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        tuple[CHUNK_HOFF + CHUNK_HEADER..].copy_from_slice(data);
        self.stamp(tuple);
        true
    }

    /// Ends the slot: its bytes in use. The next page is the first of another slot.
    pub fn finish(&mut self, slot: &mut [u8]) -> usize {
        self.seal(slot);
        std::mem::take(&mut self.page) * PAGE_BYTES
    }

    /// Makes room for a tuple; where it starts in the slot.
    fn place(&mut self, slot: &mut [u8], length: usize) -> Option<usize> {
        let room = align_up(length, MAX_ALIGN);
        if self.tuples > 0 && !self.fits(room) {
            self.seal(slot);
        }
        if self.tuples == 0 {
            self.begin(slot)?;
        }
        self.upper -= room;
        let pointer = self.upper as u32 | LP_NORMAL | (length as u32) << LP_LENGTH_SHIFT;
        let at = self.page * PAGE_BYTES + self.lower;
        slot[at..at + LINE_POINTER].copy_from_slice(&pointer.to_le_bytes());
        self.lower += LINE_POINTER;
        self.tuples += 1;
        Some(self.page * PAGE_BYTES + self.upper)
    }

    /// PageGetHeapFreeSpace() of the page at hand.
    fn fits(&self, room: usize) -> bool {
        let free = (self.upper - self.lower).saturating_sub(LINE_POINTER);
        self.tuples < MAX_LINE_POINTERS && free >= room + self.reserve
    }

    fn begin(&mut self, slot: &mut [u8]) -> Option<()> {
        let start = self.page * PAGE_BYTES;
        slot.get_mut(start..start + PAGE_BYTES)?.fill(0);
        (self.lower, self.upper) = (PAGE_HEADER, PAGE_BYTES);
        Some(())
    }

    /// Writes the header of the page at hand, if one is begun.
    fn seal(&mut self, slot: &mut [u8]) {
        if self.tuples == 0 {
            return;
        }
        let page = &mut slot[self.page * PAGE_BYTES..][..PAGE_BYTES];
        put(page, FLAGS_AT, ALL_VISIBLE);
        put(page, LOWER_AT, self.lower as u16);
        put(page, UPPER_AT, self.upper as u16);
        put(page, SPECIAL_AT, PAGE_BYTES as u16);
        put(page, VERSION_AT, PAGE_VERSION);
        self.page += 1;
        self.block += 1;
        self.tuples = 0;
    }

    /// Fills in what heap_prepare_insert() and RelationPutHeapTuple() do.
    fn stamp(&self, tuple: &mut [u8]) {
        tuple[XMIN_AT..XMIN_AT + 4].copy_from_slice(&self.xid);
        put(tuple, CTID_AT, (self.block >> 16) as u16);
        put(tuple, CTID_AT + 2, self.block as u16);
        put(tuple, CTID_AT + 4, self.tuples as u16);
        let infomask = u16::from_le_bytes([tuple[INFOMASK_AT], tuple[INFOMASK_AT + 1]]);
        put(tuple, INFOMASK_AT, infomask | FROZEN);
    }
}

fn put(bytes: &mut [u8], at: usize, word: u16) {
    bytes[at..at + 2].copy_from_slice(&word.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(bytes: &[u8], at: usize) -> u16 {
        u16::from_le_bytes([bytes[at], bytes[at + 1]])
    }

    fn image(length: usize) -> Vec<u8> {
        let mut image = vec![7; length];
        image[..24].fill(0);
        image[HOFF_AT] = 24;
        image
    }

    #[test]
    fn a_page_is_filled_from_both_ends() {
        let mut slot = vec![0xff; 2 * PAGE_BYTES];
        let mut writer = PageWriter::new(0x0102_0304, 0);
        assert!(writer.put_row(&mut slot, &image(30)));
        assert!(writer.put_row(&mut slot, &image(41)));
        assert_eq!((writer.first(), writer.finish(&mut slot)), (0, PAGE_BYTES));
        assert_eq!((word(&slot, LOWER_AT), word(&slot, UPPER_AT)), (32, 8192 - 32 - 48));
        assert_eq!((word(&slot, FLAGS_AT), word(&slot, VERSION_AT)), (4, 0x2004));
        assert_eq!(slot[24..28], (8160_u32 | 1 << 15 | 30 << 17).to_le_bytes());
        assert_eq!(slot[8160..8164], [4, 3, 2, 1]);
        assert_eq!(slot[8112 + CTID_AT..][..6], [0, 0, 0, 0, 2, 0]);
        assert_eq!(word(&slot, 8112 + INFOMASK_AT), FROZEN);
        assert!(slot[32..8112].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_full_slot_is_left_and_the_block_numbers_go_on() {
        let mut slot = vec![0xff; 2 * PAGE_BYTES];
        let mut writer = PageWriter::new(9, 0);
        let image = image(4000);
        let placed = (0..9).take_while(|_| writer.put_row(&mut slot, &image)).count();
        assert_eq!(placed, 4);
        assert_eq!(writer.finish(&mut slot), 2 * PAGE_BYTES);
        assert!(writer.put_row(&mut slot, &image));
        assert_eq!((writer.first(), writer.finish(&mut slot)), (2, PAGE_BYTES));
        assert_eq!(writer.finish(&mut slot), 0);
    }

    #[test]
    fn a_page_has_at_most_291_tuples_and_keeps_its_reserve() {
        let mut slot = vec![0; 4 * PAGE_BYTES];
        let mut writer = PageWriter::new(9, 0);
        (0..292).for_each(|_| assert!(writer.put_row(&mut slot, &image(24))));
        assert_eq!(writer.finish(&mut slot), 2 * PAGE_BYTES);
        let mut writer = PageWriter::new(9, 8000);
        (0..3).for_each(|_| assert!(writer.put_row(&mut slot, &image(100))));
        assert_eq!(writer.finish(&mut slot), 3 * PAGE_BYTES);
    }

    #[test]
    fn four_chunks_fill_a_page() {
        let mut slot = vec![0; 2 * PAGE_BYTES];
        let mut writer = PageWriter::new(9, 0);
        (0..5).for_each(|n| assert!(writer.put_chunk(&mut slot, 77, n, &[1; 1996])));
        assert_eq!(word(&slot, LOWER_AT), 24 + 16);
        assert_eq!(writer.finish(&mut slot), 2 * PAGE_BYTES);
        assert_eq!(slot[8192 - 2032 + 24..][..12], [77, 0, 0, 0, 0, 0, 0, 0, 64, 31, 0, 0]);
    }
}
