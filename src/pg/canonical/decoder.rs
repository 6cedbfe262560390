//! How the values of one type are read.

use migrator_model::canonical::Canonical;

use super::{
    array::ArrayDecoder,
    damaged,
    enumeration::Labels,
    row::{Cell, RowDecoder},
    scalar::Scalar,
    storage::{Inner, Storage},
    varlena,
};
use crate::error::Result;

/// Appends canonical bytes of the values of one type.
#[derive(Debug)]
pub struct Decoder {
    /// How its values lie within others.
    pub storage: Storage,
    /// What they are.
    pub form: Form,
}

/// What the values of a type are.
#[derive(Debug)]
pub enum Form {
    /// Not made of others.
    Scalar(Scalar),
    /// An enum.
    Enum(Labels),
    /// An array.
    Array(Box<ArrayDecoder>),
    /// A row type.
    Row(Box<RowDecoder>),
}

impl Decoder {
    /// Appends what an array or a row has at one place.
    #[inline]
    pub fn cell(&mut self, cell: Cell<'_>, out: &mut Canonical) -> Result<()> {
        match cell {
            Cell::Null => out.null(),
            Cell::Value(inner) => self.inner(inner, out)?,
        }
        Ok(())
    }

    /// Appends a value that lies within another one.
    #[inline]
    pub fn inner(&mut self, inner: Inner<'_>, out: &mut Canonical) -> Result<()> {
        match inner {
            Inner::Plain(bytes) => self.bytes(bytes, out),
            Inner::Compressed(bytes) => varlena::inflated(bytes, |bytes| self.bytes(bytes, out)),
        }
    }

    /// Appends a value, given without its varlena header; of one that is passed by value all eight
    /// bytes.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8], out: &mut Canonical) -> Result<()> {
        match &mut self.form {
            Form::Scalar(scalar) => scalar.put(bytes, out),
            Form::Enum(labels) => {
                let value =
                    bytes.first_chunk().ok_or_else(|| damaged("An enum has four bytes."))?;
                out.text(labels.get(u32::from_le_bytes(*value))?);
                Ok(())
            }
            Form::Array(array) => array.put(bytes, out),
            Form::Row(row) => row.put(bytes, out),
        }
    }
}
