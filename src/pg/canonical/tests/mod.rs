//! Values as a PostgreSQL 15 has stored them, read back. `golden.txt` has the bytes of attributes,
//! as pageinspect shows them: `golden.sql` makes it.

mod damage;
mod nested;
mod scalars;

use migrator_model::canonical::{Canonical, Kind};

use super::{
    array::ArrayDecoder,
    decoder::{Decoder, Form},
    enumeration::Labels,
    row::{Attribute, RowDecoder, Shape},
    scalar::Scalar,
    storage::{Inner, Storage},
};
use crate::error::{Error, Result};

/// A varlena, aligned as most are.
const VARLENA: Storage = Storage { len: -1, by_value: false, align: 4 };

fn fixed(len: i16, align: u8) -> Storage {
    Storage { len, by_value: len <= 8, align }
}

fn scalar(scalar: Scalar, storage: Storage) -> Decoder {
    Decoder { storage, form: Form::Scalar(scalar) }
}

fn text() -> Decoder {
    scalar(Scalar::Text, VARLENA)
}

fn array(element: Decoder, element_type: u32) -> Decoder {
    let array = ArrayDecoder { element, element_type };
    Decoder { storage: VARLENA, form: Form::Array(Box::new(array)) }
}

/// A row type; None stands for an attribute of four bytes that was dropped.
fn row(type_id: u32, attributes: Vec<Option<Decoder>>) -> Decoder {
    let attributes = attributes.into_iter().map(|decoder| Attribute {
        storage: decoder.as_ref().map_or(fixed(4, 4), |decoder| decoder.storage),
        decoder,
    });
    let attributes: Vec<_> = attributes.collect();
    let kept = attributes.iter().filter(|attribute| attribute.decoder.is_some()).count();
    let kinds = vec![Kind::Text; kept];
    let shape = Shape { type_id, typmod: None, attributes };
    let storage = Storage { align: 8, ..VARLENA };
    Decoder { storage, form: Form::Row(Box::new(RowDecoder::new(kinds, Some(shape), unknown))) }
}

/// No other row type is known here.
fn unknown(_: u32, _: i32, _: &[Kind]) -> Result<Shape> {
    Err(Error::new("42704", "row type does not exist"))
}

/// The bytes of an attribute.
fn golden(name: &str) -> Vec<u8> {
    let lines = include_str!("golden.txt").lines();
    let mut pairs = lines.filter_map(|line| line.split_once(' '));
    let (_, hex) = pairs.find(|(one, _)| *one == name).expect(name);
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// The value without its varlena header.
fn payload(stored: &[u8], storage: Storage) -> &[u8] {
    let mut at = 0;
    match storage.in_row(stored, &mut at).expect("a whole value") {
        Inner::Plain(bytes) if at == stored.len() => bytes,
        other => panic!("{other:?} of {} bytes", stored.len()),
    }
}

fn read(decoder: &mut Decoder, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = Canonical::default();
    decoder.bytes(bytes, &mut out)?;
    Ok(out.bytes().to_vec())
}

/// The canonical bytes of a stored value.
fn stored(name: &str, mut decoder: Decoder) -> Vec<u8> {
    let stored = golden(name);
    let storage = decoder.storage;
    read(&mut decoder, payload(&stored, storage)).expect(name)
}
