//! Values as the server passes them: by value, or by a pointer.

use migrator_model::canonical::Canonical;
use pgrx::pg_sys;

use super::{decoder::Decoder, varlena};
use crate::error::Result;

impl Decoder {
    /// Appends a value that is not NULL.
    ///
    /// # Safety
    /// The datum must be a value of the decoder's type.
    #[inline]
    pub unsafe fn datum(&mut self, datum: pg_sys::Datum, out: &mut Canonical) -> Result<()> {
        if self.storage.by_value {
            return self.bytes(&(datum.value() as u64).to_le_bytes(), out);
        }
        match usize::try_from(self.storage.len) {
            Ok(length) => {
                let start = datum.cast_mut_ptr::<u8>().cast_const();
                // SAFETY: by the caller, so many bytes are there.
                self.bytes(unsafe { std::slice::from_raw_parts(start, length) }, out)
            }
            // SAFETY: by the caller, and a type without a length is a varlena.
            Err(_) => unsafe { varlena::with_payload(datum, |bytes| self.bytes(bytes, out)) },
        }
    }
}
