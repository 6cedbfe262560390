//! Values that are compressed in line, as toast_compress_datum makes them.

use lz4::block::{CompressionMode, compress_bound, compress_to_buffer};
use migrator_model::page::{COMPRESSED_HEADER, Compression, METHOD_SHIFT};

use super::pglz::Pglz;

/// Compresses values; it owns the tables for it.
#[derive(Default)]
pub struct Compressor {
    pglz: Pglz,
}

impl Compressor {
    /// Appends the compressed varlena of this payload, with its header and va_tcinfo. False, and
    /// nothing is appended, where the server would leave the value as it is.
    pub fn compress(&mut self, method: Compression, payload: &[u8], out: &mut Vec<u8>) -> bool {
        let start = out.len();
        out.extend_from_slice(&[0; COMPRESSED_HEADER]);
        let done = match method {
            Compression::Pglz => self.pglz.compress(payload, out),
            Compression::Lz4 => lz4_append(payload, out),
        };
        let size = out.len() - start;
        // The server wants more than two bytes saved, as the header and the padding may grow.
        if !done || size + 2 >= payload.len() {
            out.truncate(start);
            return false;
        }
        let info = payload.len() as u32 | (method as u32) << METHOD_SHIFT;
        out[start..][..4].copy_from_slice(&((size as u32) << 2 | 2).to_le_bytes());
        out[start + 4..][..4].copy_from_slice(&info.to_le_bytes());
        true
    }
}

/// Appends what LZ4_compress_default makes.
fn lz4_append(payload: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    // In a buffer of less than the bound lz4 might stop early.
    let Ok(bound) = compress_bound(payload.len()) else { return false };
    out.resize(start + bound, 0);
    let done =
        compress_to_buffer(payload, Some(CompressionMode::DEFAULT), false, &mut out[start..]);
    out.truncate(start + *done.as_ref().unwrap_or(&0));
    done.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compress(method: Compression, payload: &[u8]) -> Option<Vec<u8>> {
        let mut out = b"before".to_vec();
        let done = Compressor::default().compress(method, payload, &mut out);
        let value = out.split_off(6);
        assert_eq!(out, b"before");
        assert_eq!(done, !value.is_empty());
        done.then_some(value)
    }

    #[test]
    fn the_header_has_both_sizes_and_the_method() {
        let payload = [b'a'; 1000];
        for (method, bits) in [(Compression::Pglz, 0), (Compression::Lz4, 1 << 30)] {
            let value = compress(method, &payload).unwrap();
            let header = (value.len() as u32) << 2 | 2;
            assert_eq!(value[..4], header.to_le_bytes());
            assert_eq!(value[4..8], (1000u32 | bits).to_le_bytes());
        }
    }

    #[test]
    fn more_than_two_bytes_must_be_saved() {
        // 10 bytes of lz4 and 8 of header.
        assert_eq!(compress(Compression::Lz4, &[b'a'; 20]), None);
        assert_eq!(compress(Compression::Lz4, &[b'a'; 21]).unwrap().len(), 18);
        assert_eq!(compress(Compression::Pglz, &[b'a'; 31]), None);
        assert!(compress(Compression::Pglz, &[b'a'; 32]).is_some());
    }

    #[test]
    fn what_does_not_shrink_stays() {
        let payload: Vec<u8> = (0..=255).collect();
        assert_eq!(compress(Compression::Pglz, &payload), None);
        assert_eq!(compress(Compression::Lz4, &payload), None);
    }

    #[test]
    fn lz4_is_the_servers() {
        let payload = b"{\"key\": \"value\", \"key\": \"value\", \"key\": \"other value\"}";
        let value = compress(Compression::Lz4, payload).unwrap();
        let raw = lz4::block::decompress(&value[8..], Some(payload.len() as i32)).unwrap();
        assert_eq!(raw, payload);
    }
}
