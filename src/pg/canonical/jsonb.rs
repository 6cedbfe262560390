//! jsonb: containers of entries. An entry says what its value is and where it ends; the values
//! follow the entries, an object's keys before its values.

use migrator_model::canonical::Canonical;

use super::{call, damaged, number, storage::aligned};
use crate::error::Result;

const COUNT: u32 = 0x0FFF_FFFF;
const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;

/// An entry: its value's length, or its end in the data of the container.
const LENGTH: u32 = 0x0FFF_FFFF;
const KIND: u32 = 0x7000_0000;
const IS_END: u32 = 0x8000_0000;

const STRING: u32 = 0x0000_0000;
const NUMERIC: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const TRUE: u32 = 0x3000_0000;
const NULL: u32 = 0x4000_0000;
const CONTAINER: u32 = 0x5000_0000;

/// Appends a document.
pub fn put(bytes: &[u8], out: &mut Canonical) -> Result<()> {
    let root = Container::read(bytes)?;
    // A document that is neither an array nor an object lies in an array of one.
    match root.header & SCALAR {
        0 => root.put(out),
        _ => root.values().next(&root)?.put(out),
    }
}

/// An array or an object.
struct Container<'v> {
    header: u32,
    entries: &'v [[u8; 4]],
    data: &'v [u8],
}

/// Where the next value is.
#[derive(Clone, Copy)]
struct Cursor {
    entry: usize,
    start: usize,
}

/// A value: its kind, and its bytes.
struct Value<'v> {
    kind: u32,
    bytes: &'v [u8],
}

impl<'v> Container<'v> {
    fn read(bytes: &'v [u8]) -> Result<Self> {
        let cut = || damaged("A JSON document ends within its entries.");
        let (header, rest) = bytes.split_first_chunk().ok_or_else(cut)?;
        let header = u32::from_le_bytes(*header);
        let per_member = if header & OBJECT == 0 { 1 } else { 2 };
        let length = 4 * per_member * (header & COUNT) as usize;
        let (entries, data) = rest.split_at_checked(length).ok_or_else(cut)?;
        Ok(Self { header, entries: entries.as_chunks().0, data })
    }

    fn count(&self) -> usize {
        (self.header & COUNT) as usize
    }

    /// Before the first value of an array, or the first key of an object.
    fn values(&self) -> Cursor {
        Cursor { entry: 0, start: 0 }
    }

    fn put(&self, out: &mut Canonical) -> Result<()> {
        call::check_stack_depth();
        match self.header & OBJECT {
            0 => self.put_array(out),
            _ => self.put_object(out),
        }
    }

    fn put_array(&self, out: &mut Canonical) -> Result<()> {
        out.json_array(self.count());
        let mut cursor = self.values();
        (0..self.count()).try_for_each(|_| cursor.next(self)?.put(out))
    }

    fn put_object(&self, out: &mut Canonical) -> Result<()> {
        let (mut keys, mut values) = (self.values(), self.values());
        for _ in 0..self.count() {
            values.next(self)?;
        }
        let mut members = Vec::with_capacity(self.count());
        for _ in 0..self.count() {
            let mut value = Canonical::default();
            let key = keys.next(self)?.key()?;
            values.next(self)?.put(&mut value)?;
            members.push((key.to_vec(), value.bytes().to_vec()));
        }
        out.json_object(members);
        Ok(())
    }
}

impl Cursor {
    /// The next value; the place moves behind it.
    fn next<'v>(&mut self, container: &Container<'v>) -> Result<Value<'v>> {
        let cut = || damaged("A JSON document ends within its values.");
        let entry = container.entries.get(self.entry).ok_or_else(cut)?;
        let entry = u32::from_le_bytes(*entry);
        let length = (entry & LENGTH) as usize;
        let end = if entry & IS_END == 0 { self.start.saturating_add(length) } else { length };
        let kind = entry & KIND;
        // Padding before a value counts as a part of it.
        let align = if matches!(kind, NUMERIC | CONTAINER) { 4 } else { 1 };
        let bytes = container.data.get(aligned(self.start, align)..end).ok_or_else(cut)?;
        *self = Self { entry: self.entry + 1, start: end };
        Ok(Value { kind, bytes })
    }
}

impl<'v> Value<'v> {
    fn key(&self) -> Result<&'v [u8]> {
        match self.kind {
            STRING => Ok(self.bytes),
            _ => Err(damaged("A key of a JSON object is no text.")),
        }
    }

    fn put(&self, out: &mut Canonical) -> Result<()> {
        match self.kind {
            STRING => out.text(self.bytes),
            NUMERIC => number::put(without_header(self.bytes)?, out)?,
            FALSE => out.json_bool(false),
            TRUE => out.json_bool(true),
            NULL => out.json_null(),
            CONTAINER => Container::read(self.bytes)?.put(out)?,
            _ => return Err(damaged("A JSON document has an unknown kind of value.")),
        }
        Ok(())
    }
}

/// A numeric is a whole varlena with a header of four bytes.
fn without_header(bytes: &[u8]) -> Result<&[u8]> {
    let wrong = || damaged("A number in a JSON document has another length than it says.");
    let (header, number) = bytes.split_first_chunk().ok_or_else(wrong)?;
    let length = (u32::from_le_bytes(*header) >> 2) as usize;
    if length == bytes.len() { Ok(number) } else { Err(wrong()) }
}
