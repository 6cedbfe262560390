//! bit varying (utils/varbit.h): the number of bits, then their bytes from the first bit on.

use super::Fault;

/// VARBITMAXLEN
const MOST_BITS: u32 = i32::MAX as u32 - 7;

/// Checks what varbit_recv() checks, and the zeros behind the last bit, on which comparisons and
/// bit_and() rely (VARBIT_CORRECTLY_PADDED in utils/adt/varbit.c).
pub fn check(payload: &[u8], limit: Option<u32>) -> Result<(), Fault> {
    let (count, bytes) = payload.split_first_chunk().ok_or(Fault::BitLength)?;
    let count = u32::from_le_bytes(*count);
    let most = limit.map_or(MOST_BITS, |limit| limit.min(MOST_BITS));
    if count > most || bytes.len() != count.div_ceil(8) as usize {
        return Err(Fault::BitLength);
    }
    let padding = bytes.len() * 8 - count as usize;
    match bytes.last() {
        Some(last) if u32::from(*last) & ((1 << padding) - 1) != 0 => Err(Fault::BitPadding),
        _ => Ok(()),
    }
}
