//! Heap pages as a loader leaves them: full of tuples from the end down, one behind the other, and
//! nothing else (storage/bufpage.h, storage/itemid.h).

use migrator_model::{
    layout::{INFOMASK2_AT, MAX_ALIGN, align_up},
    page::{
        ALL_VISIBLE, FLAGS_AT, FROZEN, LINE_POINTER, LOWER_AT, LP_LENGTH_SHIFT, LP_NORMAL,
        MAX_LINE_POINTERS, PAGE_BYTES, PAGE_HEADER, PAGE_VERSION, SPECIAL_AT, UPPER_AT, VERSION_AT,
    },
};

use super::{AttributeShape, Fault, ImageError, StoredValues, span::Span, tuple};

/// pd_lsn, pd_checksum and pd_flags. The first two are the backend's to fill in.
const FRONT: [u8; LOWER_AT] = {
    let mut front = [0; LOWER_AT];
    [front[FLAGS_AT], front[FLAGS_AT + 1]] = ALL_VISIBLE.to_le_bytes();
    front
};

/// pd_special, pd_pagesize_version and pd_prune_xid.
const BACK: [u8; PAGE_HEADER - SPECIAL_AT] = {
    let mut back = [0; PAGE_HEADER - SPECIAL_AT];
    [back[0], back[1]] = (PAGE_BYTES as u16).to_le_bytes();
    [back[VERSION_AT - SPECIAL_AT], back[VERSION_AT - SPECIAL_AT + 1]] = PAGE_VERSION.to_le_bytes();
    back
};

/// A page, its header read.
struct Page<'a> {
    bytes: &'a [u8; PAGE_BYTES],
    pointers: &'a [[u8; LINE_POINTER]],
    /// pd_upper
    upper: usize,
}

/// Checks page number `block` of a table that transaction `xid` fills, with every tuple on it.
/// Returns how many there are.
pub fn rows(
    page: &[u8],
    block: u32,
    xid: u32,
    shape: &[AttributeShape],
    stored: &mut impl StoredValues,
) -> Result<u32, ImageError> {
    each(page, block, xid, |bytes| tuple::check(Span::new(bytes, 0), FROZEN, shape, stored))
}

/// Checks everything on a page but what is in the tuples, from t_infomask2 on. Tuples are told of
/// in order, before what comes behind them is known to be sane.
pub fn each<E: From<ImageError>>(
    page: &[u8],
    block: u32,
    xid: u32,
    mut tuple: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u32, E> {
    let page = open(page).map_err(ImageError::from)?;
    let (mut start, mut number) = (PAGE_BYTES, 0);
    for pointer in page.pointers {
        number += 1;
        let bytes = page.below(&mut start, pointer).map_err(ImageError::from)?;
        is_there(bytes, block, xid, number).map_err(ImageError::from)?;
        tuple(bytes)?;
    }
    match start == page.upper {
        true => Ok(number.into()),
        false => Err(ImageError::from(Fault::LinePointer).into()),
    }
}

impl<'a> Page<'a> {
    /// The next tuple, which lies directly below the one at `start`: so none overlap, and all are
    /// above pd_upper if the last is.
    #[inline]
    fn below(&self, start: &mut usize, pointer: &[u8; LINE_POINTER]) -> Result<&'a [u8], Fault> {
        let pointer = u32::from_le_bytes(*pointer);
        let length = (pointer >> LP_LENGTH_SHIFT) as usize;
        let at = start.checked_sub(align_up(length, MAX_ALIGN)).ok_or(Fault::LinePointer)?;
        if pointer != at as u32 | LP_NORMAL | (length as u32) << LP_LENGTH_SHIFT {
            return Err(Fault::LinePointer);
        }
        let room = self.bytes.get(at..*start).ok_or(Fault::LinePointer)?;
        let (bytes, padding) = room.split_at_checked(length).ok_or(Fault::LinePointer)?;
        *start = at;
        if is_zero(padding) { Ok(bytes) } else { Err(Fault::Padding) }
    }
}

/// The header, and the hole between line pointers and tuples, which log_newpages() leaves out of
/// the log: after a crash it is zero.
fn open(page: &[u8]) -> Result<Page<'_>, Fault> {
    let bytes: &[u8; PAGE_BYTES] = page.try_into().map_err(|_| Fault::PageHeader)?;
    let (lower, upper) = extent(bytes).ok_or(Fault::PageHeader)?;
    let pointers = bytes.get(PAGE_HEADER..lower).ok_or(Fault::PageHeader)?;
    let hole = bytes.get(lower..upper).ok_or(Fault::PageHeader)?;
    let (pointers, rest) = pointers.as_chunks();
    if !rest.is_empty() || !(1..=MAX_LINE_POINTERS).contains(&pointers.len()) {
        return Err(Fault::PageHeader);
    }
    if is_zero(hole) { Ok(Page { bytes, pointers, upper }) } else { Err(Fault::Hole) }
}

/// pd_lower and pd_upper, if all else in the header is as it must be.
fn extent(page: &[u8; PAGE_BYTES]) -> Option<(usize, usize)> {
    let (front, rest) = page.split_first_chunk()?;
    let (extent, rest) = rest.split_first_chunk::<{ SPECIAL_AT - LOWER_AT }>()?;
    let (lower, upper) = extent.split_first_chunk::<{ UPPER_AT - LOWER_AT }>()?;
    let back = rest.first_chunk()?;
    let number = |bytes| u16::from_le_bytes(bytes).into();
    let sane = *front == FRONT && *back == BACK;
    sane.then_some((number(*lower), number(*upper.first_chunk()?)))
}

/// t_xmin, t_xmax, t_cid and t_ctid: inserted by the transaction, never changed, and where the
/// tuple says it is.
#[inline]
fn is_there(tuple: &[u8], block: u32, xid: u32, number: u16) -> Result<(), Fault> {
    let [a, b, c, d] = xid.to_le_bytes();
    let [e, f, g, h] = block.to_le_bytes();
    let [i, j] = number.to_le_bytes();
    let wanted: [u8; INFOMASK2_AT] = [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, g, h, e, f, i, j];
    if tuple.starts_with(&wanted) { Ok(()) } else { Err(Fault::Identity) }
}

/// Without a way out, so that many bytes are looked at at once.
#[inline]
fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0, |all, byte| all | byte) == 0
}
