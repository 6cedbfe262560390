//! duckdb_string_t, the 16 bytes that stand for a VARCHAR, BLOB, BIT, BIGNUM or GEOMETRY.

use std::marker::PhantomData;

/// The longest string that is stored in place.
const INLINE: usize = 12;

/// Shape (duckdb.h): u32 length, then either up to 12 bytes in place, or 4 bytes of prefix and a
/// pointer. Made by DuckDB only, so the pointer is good for as long as the chunk lives: `'a`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct StringT<'a> {
    length: u32,
    inlined: [u8; 4],
    tail: [u8; 8],
    chunk: PhantomData<&'a [u8]>,
}

impl<'a> StringT<'a> {
    /// A string that stays where it is, for tests: what DuckDB would make of these bytes.
    #[cfg(test)]
    pub fn borrowed(bytes: &'a [u8]) -> Self {
        let (mut inlined, mut tail) = ([0; 4], [0; 8]);
        let prefix = bytes.len().min(4);
        inlined[..prefix].copy_from_slice(&bytes[..prefix]);
        match bytes.get(4..) {
            Some(rest) if bytes.len() <= INLINE => tail[..rest.len()].copy_from_slice(rest),
            Some(_) => tail = bytes.as_ptr().expose_provenance().to_ne_bytes(),
            None => {}
        }
        Self { length: bytes.len() as u32, inlined, tail, chunk: PhantomData }
    }

    /// The bytes; for a VARCHAR they are UTF-8, NUL included.
    pub fn bytes(&'a self) -> &'a [u8] {
        let length = self.length as usize;
        if length <= INLINE {
            let start = std::ptr::from_ref(self).cast::<u8>();
            // SAFETY: the 12 bytes after the length are part of *self, and length <= 12.
            return unsafe { std::slice::from_raw_parts(start.add(4), length) };
        }
        let data = usize::from_ne_bytes(self.tail) as *const u8;
        // SAFETY: DuckDB stored a pointer to `length` bytes that live as long as the chunk, 'a.
        unsafe { std::slice::from_raw_parts(data, length) }
    }
}
