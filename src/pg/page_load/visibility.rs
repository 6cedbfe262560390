//! The visibility map of a relation whose pages are all visible and frozen
//! (access/heap/visibilitymap.c): two bits for each block.

use migrator_model::page::{
    LOWER_AT, PAGE_BYTES, PAGE_HEADER, PAGE_VERSION, SPECIAL_AT, UPPER_AT, VERSION_AT,
};
use pgrx::pg_sys;

use super::file::ForkWriter;
use crate::{
    error::Result,
    pg::{relation::Relation, shared_memory::RowBuffer},
};

/// HEAPBLOCKS_PER_BYTE
const BLOCKS_PER_BYTE: u32 = 4;
/// MAPSIZE
const MAP_BYTES: usize = PAGE_BYTES - PAGE_HEADER;
/// VISIBILITYMAP_ALL_VISIBLE | VISIBILITYMAP_ALL_FROZEN of four blocks.
const ALL: u8 = 0xff;

/// Writes the map for so many blocks.
pub fn write(relation: &Relation, blocks: u32) -> Result<()> {
    let mut writer = ForkWriter::begin(relation, pg_sys::ForkNumber::VISIBILITYMAP_FORKNUM);
    let mut page = RowBuffer::default();
    let mut left = blocks;
    while left > 0 {
        let here = left.min(MAP_BYTES as u32 * BLOCKS_PER_BYTE);
        page.resize(PAGE_BYTES)?;
        fill(page.bytes_mut(), here);
        writer.append(relation, page.bytes_mut());
        left -= here;
    }
    writer.finish(relation);
    Ok(())
}

/// A page of the map. Its bits lie where other pages have their hole.
fn fill(page: &mut [u8], blocks: u32) {
    page.fill(0);
    let fields = [
        (LOWER_AT, PAGE_HEADER as u16),
        (UPPER_AT, PAGE_BYTES as u16),
        (SPECIAL_AT, PAGE_BYTES as u16),
        (VERSION_AT, PAGE_VERSION),
    ];
    for (at, value) in fields {
        page[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
    let whole = (blocks / BLOCKS_PER_BYTE) as usize;
    page[PAGE_HEADER..PAGE_HEADER + whole].fill(ALL);
    if let Some(byte) = page.get_mut(PAGE_HEADER + whole) {
        *byte = (1 << (2 * (blocks % BLOCKS_PER_BYTE))) as u8 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_has_two_bits() {
        let mut page = vec![0xaa; PAGE_BYTES];
        fill(&mut page, 9);
        assert_eq!(page[PAGE_HEADER..PAGE_HEADER + 4], [0xff, 0xff, 3, 0]);
        fill(&mut page, MAP_BYTES as u32 * BLOCKS_PER_BYTE);
        assert!(page[PAGE_HEADER..].iter().all(|byte| *byte == 0xff));
        assert_eq!(page[LOWER_AT..LOWER_AT + 8], [24, 0, 0, 32, 0, 32, 4, 32]);
    }
}
