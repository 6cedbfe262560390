//! Pages of a TOAST relation: chunks of values out of line (access/heaptoast.h,
//! toast_save_datum() in access/common/toast_internals.c).

use std::slice::Iter;

use migrator_model::{
    layout::{HAS_VARWIDTH, HEADER_BYTES, INFOMASK2_AT, MAX_ALIGN, MAX_FIELD_BYTES, align_up},
    page::{CHUNK_HEADER, FROZEN, LOWEST_VALUE, METHOD_SHIFT, SIZE_MASK, StoredValue, TOAST_CHUNK},
};

use super::{Fault, ImageError, page, varlena};

/// t_hoff
const HOFF: usize = align_up(HEADER_BYTES, MAX_ALIGN);
/// t_infomask2, t_infomask, t_hoff and a byte of padding: three attributes, none of them NULL.
const HEADER: [u8; HOFF - INFOMASK2_AT] = {
    let [low, high] = (HAS_VARWIDTH | FROZEN).to_le_bytes();
    [3, 0, low, high, HOFF as u8, 0]
};
/// TOAST_PGLZ_COMPRESSION_ID and TOAST_LZ4_COMPRESSION_ID are the methods.
const METHODS: u32 = 2;

/// Takes the bytes of one value after the other.
pub trait Assemble {
    /// What can go wrong.
    type Error: From<ImageError>;

    /// A value of so many stored bytes begins. Nothing of it has come yet: a size is easily said.
    fn begin(&mut self, size: usize) -> Result<(), Self::Error>;

    /// The next bytes. In the end they are as many as `begin` was told.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// The value is whole. Checks that it is what its attribute may hold, once decompressed.
    fn end(&mut self, value: u32, stored: &StoredValue) -> Result<(), Self::Error>;
}

/// Puts chunks together, page by page. After an error it is of no use any more.
#[derive(Debug, Default)]
pub struct ToastReader {
    /// The value of which some chunks have come, and some have not.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    value: u32,
    stored: StoredValue,
    /// chunk_seq of the next chunk.
    next: u32,
    /// The bytes that are to come.
    missing: usize,
}

/// A tuple of a TOAST relation.
struct Chunk<'a> {
    value: u32,
    sequence: u32,
    data: &'a [u8],
}

impl ToastReader {
    /// Checks page number `block` of a TOAST relation that transaction `xid` fills; pages come in
    /// order. `values` yields what a run says of its values: at the run's end it must be empty.
    /// Returns how many tuples there are.
    pub fn page<A: Assemble>(
        &mut self,
        page: &[u8],
        block: u32,
        xid: u32,
        values: &mut Iter<'_, StoredValue>,
        buffer: &mut A,
    ) -> Result<u32, A::Error> {
        page::each(page, block, xid, |tuple| {
            let chunk = Chunk::read(tuple).map_err(ImageError::from)?;
            self.chunk(&chunk, values, buffer)
        })
    }

    /// Whether no value waits for more chunks. At the end of all pages none may.
    pub fn is_between_values(&self) -> bool {
        self.begun.is_none()
    }

    fn chunk<A: Assemble>(
        &mut self,
        chunk: &Chunk<'_>,
        values: &mut Iter<'_, StoredValue>,
        buffer: &mut A,
    ) -> Result<(), A::Error> {
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None => Begun::new(chunk, values).map_err(ImageError::from)?,
        };
        begun.take(chunk).map_err(ImageError::from)?;
        if begun.next == 1 {
            buffer.begin(begun.stored.stored_size())?;
        }
        buffer.append(chunk.data)?;
        if begun.missing == 0 {
            return buffer.end(begun.value, &begun.stored);
        }
        self.begun = Some(begun);
        Ok(())
    }
}

/// Sizes that the server itself could have stored. No value is larger than what it can allocate.
fn is_sane(stored: &StoredValue) -> bool {
    let (raw, size) = (stored.raw_size as usize, stored.stored_size());
    let method = stored.ext_info >> METHOD_SHIFT;
    match stored.is_compressed() {
        true => raw <= MAX_FIELD_BYTES && size > varlena::HEADER && method < METHODS,
        false => raw <= MAX_FIELD_BYTES && size > 0 && raw == size + varlena::HEADER && method == 0,
    }
}

/// va_tcinfo, in front of what is compressed, has method and size once more: that is what the
/// server decompresses by.
fn starts_well(data: &[u8], stored: &StoredValue) -> bool {
    let method = stored.ext_info & !SIZE_MASK;
    let wanted = stored.raw_size.wrapping_sub(varlena::HEADER as u32) | method;
    !stored.is_compressed() || data.starts_with(&wanted.to_le_bytes())
}

impl Begun {
    fn new(chunk: &Chunk<'_>, values: &mut Iter<'_, StoredValue>) -> Result<Self, Fault> {
        let stored = *values.next().ok_or(Fault::ValueList)?;
        match chunk.value >= LOWEST_VALUE && is_sane(&stored) {
            true if starts_well(chunk.data, &stored) => {
                Ok(Self { value: chunk.value, stored, next: 0, missing: stored.stored_size() })
            }
            true => Err(Fault::Compressed),
            false => Err(Fault::ValueFacts),
        }
    }

    /// toast_fetch_datum() takes the length of each chunk for granted where it puts it.
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<(), Fault> {
        let is_next = chunk.value == self.value
            && chunk.sequence == self.next
            && chunk.data.len() == self.missing.min(TOAST_CHUNK);
        if !is_next {
            return Err(Fault::Chunk);
        }
        self.next += 1;
        self.missing -= chunk.data.len();
        Ok(())
    }
}

impl<'a> Chunk<'a> {
    /// chunk_data is never packed: its storage is plain.
    fn read(tuple: &'a [u8]) -> Result<Self, Fault> {
        let (header, data) = tuple.split_at_checked(HOFF).ok_or(Fault::Length)?;
        if header.get(INFOMASK2_AT..) != Some(&HEADER) {
            return Err(Fault::Header);
        }
        let (head, data) = data.split_first_chunk::<CHUNK_HEADER>().ok_or(Fault::Length)?;
        let words = head.as_chunks().0;
        let [value, sequence, length] = words else { return Err(Fault::Length) };
        let [value, sequence, length] =
            [value, sequence, length].map(|word| u32::from_le_bytes(*word));
        match length as usize == (data.len() + varlena::HEADER) << 2 {
            true => Ok(Self { value, sequence, data }),
            false => Err(Fault::Length),
        }
    }
}
