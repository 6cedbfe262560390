//! bit and bit varying (utils/varbit.h): the number of bits, then their bytes from the first bit on.

use super::{Fault, Length};

/// VARBITMAXLEN
const MOST_BITS: u32 = i32::MAX as u32 - 7;

/// Checks what bit_recv() and varbit_recv() check, and the zeros behind the last bit, on which comparisons and
/// bit_and() rely (VARBIT_CORRECTLY_PADDED in utils/adt/varbit.c).
pub fn check(payload: &[u8], wanted: Length) -> Result<(), Fault> {
    let (count, bytes) = payload.split_first_chunk().ok_or(Fault::BitLength)?;
    let count = u32::from_le_bytes(*count);
    let fits = match wanted {
        Length::Any => true,
        Length::AtMost(limit) => count <= limit,
        Length::Exactly(length) => count == length,
    };
    if !fits || count > MOST_BITS || bytes.len() != count.div_ceil(8) as usize {
        return Err(Fault::BitLength);
    }
    let padding = bytes.len() * 8 - count as usize;
    match bytes.last() {
        Some(last) if u32::from(*last) & ((1 << padding) - 1) != 0 => Err(Fault::BitPadding),
        _ => Ok(()),
    }
}
