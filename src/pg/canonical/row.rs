//! Row values: composite types and records, attribute by attribute.

use migrator_model::canonical::{Canonical, Kind};

use super::{
    decoder::Decoder,
    storage::{Inner, Storage},
    tuple::Tuple,
};
use crate::error::Result;

/// How values of row types are read. A record says only in its value what it is made of, so the
/// attributes are those of the value before.
#[derive(Debug)]
pub struct RowDecoder {
    kinds: Vec<Kind>,
    shape: Option<Shape>,
    find: Find,
}

/// Finds the attributes of a row type, by its OID and which record it is, for their kinds.
pub type Find = fn(u32, i32, &[Kind]) -> Result<Shape>;

/// The attributes of a row type.
#[derive(Debug)]
pub struct Shape {
    /// The row type.
    pub type_id: u32,
    /// Which record; of a named type nothing.
    pub typmod: Option<i32>,
    /// All attributes, also dropped ones: their old values are still there.
    pub attributes: Vec<Attribute>,
}

/// An attribute.
#[derive(Debug)]
pub struct Attribute {
    /// How its values lie in the row.
    pub storage: Storage,
    /// How they are read; None for a dropped attribute.
    pub decoder: Option<Decoder>,
}

/// What a row has for an attribute.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'v> {
    /// NULL.
    Null,
    /// A value.
    Value(Inner<'v>),
}

impl RowDecoder {
    /// For values whose attributes have these kinds; of a named row type the shape is known.
    pub fn new(kinds: Vec<Kind>, shape: Option<Shape>, find: Find) -> Self {
        Self { kinds, shape, find }
    }

    /// How many attributes there are, without dropped ones.
    pub fn count(&self) -> usize {
        self.kinds.len()
    }

    /// Appends a row value.
    pub fn put(&mut self, bytes: &[u8], out: &mut Canonical) -> Result<()> {
        out.row(self.kinds.len());
        self.each(bytes, |_, decoder, cell| decoder.cell(cell, out))
    }

    /// Visits the attributes of a row value in their order.
    #[inline]
    pub fn each(
        &mut self,
        bytes: &[u8],
        mut visit: impl FnMut(usize, &mut Decoder, Cell<'_>) -> Result<()>,
    ) -> Result<()> {
        let tuple = Tuple::read(bytes)?;
        let (mut at, mut column) = (0, 0);
        let attributes = &mut self.shape_of(&tuple)?.attributes;
        for (number, attribute) in attributes.iter_mut().enumerate() {
            let cell = match tuple.is_null(number) {
                true => Cell::Null,
                false => Cell::Value(attribute.storage.in_row(tuple.data, &mut at)?),
            };
            if let Some(decoder) = &mut attribute.decoder {
                visit(column, decoder, cell)?;
                column += 1;
            }
        }
        Ok(())
    }

    fn shape_of(&mut self, tuple: &Tuple<'_>) -> Result<&mut Shape> {
        let shape = match self.shape.take() {
            Some(shape) if shape.is_of(tuple) => shape,
            _ => (self.find)(tuple.type_id, tuple.typmod, &self.kinds)?,
        };
        Ok(self.shape.insert(shape))
    }
}

impl Shape {
    fn is_of(&self, tuple: &Tuple<'_>) -> bool {
        self.type_id == tuple.type_id && self.typmod.is_none_or(|typmod| typmod == tuple.typmod)
    }
}
