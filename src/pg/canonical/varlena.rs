//! Values of variable length: short, plain, compressed or stored elsewhere.

use pgrx::pg_sys;

use super::damaged;
use crate::error::Result;

/// Reads a varlena without its header; a value that has to be unpacked is gone afterwards.
///
/// # Safety
/// The datum must be a varlena.
#[inline]
pub unsafe fn with_payload<T>(
    datum: pg_sys::Datum,
    read: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
    let start = datum.cast_mut_ptr::<u8>().cast_const();
    // SAFETY: by the caller, the header is there, and as many bytes as it says.
    unsafe {
        match *start {
            header if header & 3 == 0 => read(plain(start)?),
            header if header & 1 == 1 && header != 1 => {
                let length = usize::from(header >> 1) - 1;
                read(std::slice::from_raw_parts(start.add(1), length))
            }
            _ => unpacked(start, read),
        }
    }
}

/// Reads a compressed varlena that lies within another value.
pub fn inflated<T>(bytes: &[u8], read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    // The server wants it aligned, and as long as its header says: that was looked at. Unit tests
    // have no server.
    if bytes.len() < 8 || cfg!(test) {
        return Err(damaged("A compressed value ends within its header."));
    }
    let mut aligned = vec![0_u64; bytes.len().div_ceil(8)];
    for (word, eight) in aligned.iter_mut().zip(bytes.chunks(8)) {
        let mut whole = [0; 8];
        whole[..eight.len()].copy_from_slice(eight);
        *word = u64::from_ne_bytes(whole);
    }
    // SAFETY: a copy of a whole varlena.
    unsafe { unpacked(aligned.as_ptr().cast(), read) }
}

/// A varlena with a header of four bytes, without it.
///
/// # Safety
/// The pointer must be to such a varlena.
unsafe fn plain<'v>(start: *const u8) -> Result<&'v [u8]> {
    // SAFETY: by the caller.
    let header = unsafe { start.cast::<u32>().read_unaligned() };
    let length = (header >> 2) as usize;
    let length = length.checked_sub(4).ok_or_else(|| damaged("Its length is impossible."))?;
    // SAFETY: by the caller, so many bytes follow.
    Ok(unsafe { std::slice::from_raw_parts(start.add(4), length) })
}

/// Reads a varlena that the server has to unpack.
///
/// # Safety
/// The pointer must be to such a varlena.
#[cold]
unsafe fn unpacked<T>(start: *const u8, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
    // SAFETY: by the caller; for such a varlena the server makes a copy, which is ours to free.
    unsafe {
        let copy = pg_sys::pg_detoast_datum(start.cast_mut().cast());
        let result = plain(copy.cast_const().cast()).and_then(read);
        pg_sys::pfree(copy.cast());
        result
    }
}
