//! What is in values that are compressed, out of line, or both.

use migrator_model::page::{SIZE_MASK, StoredValue};
use pgrx::pg_sys;

use crate::{
    error::{Error, Result},
    pg::{
        image_check::{
            Assemble, AttributeShape, Fault, ImageError, ImageShape, Pairing, Pointer,
            StoredValues, content,
        },
        shared_memory::{RowBuffer, out_of_memory},
    },
};

/// The size of a varlena header.
const HEADER: usize = 4;
/// Memory that only a large value has needed is given back.
const KEPT_BYTES: usize = 8 << 20;

/// The values of a load.
pub struct Contents {
    /// Pointers and what they point to; None without a TOAST relation.
    pairing: Option<Pairing>,
    /// A compressed value as the server wants to have it.
    packed: RowBuffer,
    /// The bytes of the value out of line that is on its way.
    arrived: Vec<u8>,
}

impl Contents {
    /// For a relation with this TOAST relation.
    pub fn new(toast: Option<u32>) -> Self {
        let pairing = toast.map(Pairing::new);
        Self { pairing, packed: RowBuffer::default(), arrived: Vec::new() }
    }

    /// Whether every pointer has met its value, and every value its pointer.
    pub fn is_complete(&self) -> bool {
        self.pairing.as_ref().is_none_or(Pairing::is_complete)
    }

    /// Takes values from the TOAST relation's pages.
    pub fn assembly<'a>(&'a mut self, shape: &'a ImageShape) -> Assembly<'a> {
        Assembly { contents: self, shape }
    }

    /// Lets the server decompress a value, and checks what comes out.
    fn check_compressed(
        &mut self,
        attribute: &AttributeShape,
        stored: &[u8],
    ) -> std::result::Result<(), Fault> {
        let info =
            stored.first_chunk().copied().map(u32::from_le_bytes).ok_or(Fault::Compressed)?;
        let total = HEADER + stored.len();
        self.packed.resize(total).map_err(|_| Fault::Memory)?;
        let (header, body) = self.packed.bytes_mut().split_at_mut(HEADER);
        header.copy_from_slice(&((total as u32) << 2 | 2).to_le_bytes());
        body.copy_from_slice(stored);
        with_decompressed(&mut self.packed, |payload| match payload.len() as u32 {
            length if length == info & SIZE_MASK => content(payload, attribute),
            _ => Err(Fault::Compressed),
        })
    }
}

/// Decompresses a varlena. The server raises its own ERROR when that cannot be done.
fn with_decompressed<T>(packed: &mut RowBuffer, run: impl FnOnce(&[u8]) -> T) -> T {
    // SAFETY: the buffer holds a compressed varlena whose header tells its length; the server
    // checks every step that it takes in it. The result is the server's own, freed here.
    unsafe {
        let plain = pg_sys::pg_detoast_datum(packed.bytes_mut().as_mut_ptr().cast());
        let header = plain.cast::<u32>().read();
        let length = (header >> 2) as usize - HEADER;
        let payload = std::slice::from_raw_parts(plain.cast::<u8>().add(HEADER), length);
        let result = run(payload);
        pg_sys::pfree(plain.cast());
        result
    }
}

impl StoredValues for Contents {
    fn compressed(
        &mut self,
        _: usize,
        attribute: &AttributeShape,
        stored: &[u8],
    ) -> std::result::Result<(), Fault> {
        self.check_compressed(attribute, stored)
    }

    fn pointer(
        &mut self,
        at: usize,
        _: &AttributeShape,
        pointer: Pointer,
    ) -> std::result::Result<(), Fault> {
        self.pairing.as_mut().ok_or(Fault::Varlena)?.pointer(at, pointer)
    }
}

/// Values of the TOAST relation, put together from their chunks.
pub struct Assembly<'a> {
    contents: &'a mut Contents,
    shape: &'a ImageShape,
}

impl Assembly<'_> {
    fn check(&mut self, value: u32, stored: &StoredValue) -> std::result::Result<(), Fault> {
        let attribute = self.shape.get(usize::from(stored.attribute)).ok_or(Fault::Unfilled)?;
        if !attribute.packable || attribute.len != -1 {
            return Err(Fault::Varlena);
        }
        let arrived = std::mem::take(&mut self.contents.arrived);
        let checked = match stored.is_compressed() {
            true => self.contents.check_compressed(attribute, &arrived),
            false => content(&arrived, attribute),
        };
        self.contents.arrived = arrived;
        checked?;
        self.contents.pairing.as_mut().ok_or(Fault::Varlena)?.value(value, stored)
    }
}

impl Assemble for Assembly<'_> {
    type Error = Error;

    fn begin(&mut self, _: usize) -> Result<()> {
        if self.contents.arrived.capacity() > KEPT_BYTES {
            self.contents.arrived = Vec::new();
        }
        self.contents.arrived.clear();
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let arrived = &mut self.contents.arrived;
        let room = arrived.try_reserve(bytes.len());
        room.map_err(|_| out_of_memory(arrived.len() + bytes.len()))?;
        arrived.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self, value: u32, stored: &StoredValue) -> Result<()> {
        let attribute = Some(usize::from(stored.attribute));
        self.check(value, stored).map_err(|fault| ImageError { attribute, fault }.into())
    }
}
