//! Rows that are too large are made smaller, as heap_toast_insert_or_update does it.
//!
//! Which values are compressed and which are put out of line depends on the order in which that is
//! tried, so the rounds and sizes here are the server's: access/heap/heaptoast.c and
//! access/table/toast_helper.c of PostgreSQL 15 to 18.

use std::sync::Arc;

use migrator_model::{
    BadValue,
    layout::{Attribute, HAS_NULL, HEADER_BYTES, HOFF_AT, INFOMASK_AT, MAX_ALIGN, align_up},
    page::{
        Compression, EXTERNAL_TAG, HAS_EXTERNAL, MAX_TUPLE, Pages, SIZE_MASK, Storage, StoredValue,
        TOAST_POINTER, TOAST_THRESHOLD,
    },
};

use super::{compress::Compressor, ids::ValueIds};

/// Values up to this size are left alone: MAXALIGN(TOAST_POINTER_SIZE).
const SMALL: usize = align_up(TOAST_POINTER, MAX_ALIGN);
/// A buffer that a large value has blown up is not kept beyond this.
const KEPT_BYTES: usize = 4 << 20;

/// Values that go out of line, in order.
#[derive(Default)]
pub struct Values {
    /// The values.
    pub list: Vec<Value>,
    /// What their chunks hold, one after the other.
    pub bytes: Vec<u8>,
}

/// A value that goes out of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Its identifier.
    pub id: u32,
    /// Its pointer's contents.
    pub stored: StoredValue,
    /// Where what its chunks hold starts in [`Values::bytes`].
    pub start: usize,
    /// And how long it is.
    pub length: usize,
}

/// A place in [`Values`] to go back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    values: usize,
    bytes: usize,
}

impl Values {
    /// Forgets all; the memory is kept.
    pub fn clear(&mut self) {
        self.truncate(Mark { values: 0, bytes: 0 });
    }

    /// What there is now.
    pub fn mark(&self) -> Mark {
        Mark { values: self.list.len(), bytes: self.bytes.len() }
    }

    /// Forgets what came after the mark.
    pub fn truncate(&mut self, mark: Mark) {
        self.list.truncate(mark.values);
        self.bytes.truncate(mark.bytes);
    }

    fn push(&mut self, id: u32, stored: StoredValue, bytes: &[u8]) {
        self.list.push(Value { id, stored, start: self.bytes.len(), length: bytes.len() });
        self.bytes.extend_from_slice(bytes);
    }
}

/// How an attribute is stored.
struct Shape {
    /// typlen; 0 for a dropped attribute, which is always NULL.
    len: i16,
    align: usize,
    storage: Storage,
    compression: Compression,
    source: Option<usize>,
}

/// Where the bytes of a part are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Image,
    Scratch,
}

/// An attribute's value, with its varlena header; NULL has no bytes.
#[derive(Clone, Copy)]
struct Part {
    place: Place,
    start: usize,
    length: usize,
    /// 1 for varlenas with a one-byte header, and pointers.
    align: usize,
    /// TOASTCOL_IGNORE
    ignored: bool,
    /// TOASTCOL_INCOMPRESSIBLE, or compressed.
    final_size: bool,
}

const NULL: Part =
    Part { place: Place::Image, start: 0, length: 0, align: 1, ignored: true, final_size: true };

impl Part {
    fn bytes<'b>(&self, image: &'b [u8], scratch: &'b [u8]) -> &'b [u8] {
        let from = if self.place == Place::Image { image } else { scratch };
        &from[self.start..][..self.length]
    }
}

/// Makes rows fit a page. Each thread has its own.
pub struct Toaster {
    shapes: Vec<Shape>,
    target: usize,
    /// The TOAST relation's OID.
    relation: Option<u32>,
    ids: Arc<ValueIds>,
    compressor: Compressor,
    /// The row's values, by attribute.
    parts: Vec<Part>,
    /// Values that were compressed, and pointers.
    scratch: Vec<u8>,
    /// The row anew.
    built: Vec<u8>,
}

impl Toaster {
    /// For rows of these attributes.
    pub fn new(attributes: &[Attribute], pages: &Pages, ids: Arc<ValueIds>) -> Self {
        let shape = |(at, attribute): (usize, &Attribute)| {
            let physical = attribute.target.as_ref().map(|target| target.physical);
            let storing = pages.storing.get(at);
            Shape {
                len: physical.map_or(0, |physical| physical.len),
                align: physical.map_or(1, |physical| usize::from(physical.align)),
                storage: storing.map_or(Storage::Plain, |storing| storing.storage),
                compression: storing.map_or(Compression::Pglz, |storing| storing.compression),
                source: attribute.source,
            }
        };
        Self {
            shapes: attributes.iter().enumerate().map(shape).collect(),
            target: pages.toast_target,
            relation: pages.toast.map(|toast| toast.relation),
            ids,
            compressor: Compressor::default(),
            parts: Vec::with_capacity(attributes.len()),
            scratch: Vec::new(),
            built: Vec::new(),
        }
    }

    /// Makes the row fit a page: compresses values, and puts them out of line.
    ///
    /// An error comes with the scan column of the largest value; then the row stays as it is, and
    /// nothing is added to `out`.
    pub fn fit(&mut self, image: &mut Vec<u8>, out: &mut Values) -> Result<(), (usize, BadValue)> {
        if image.len() <= TOAST_THRESHOLD {
            return Ok(());
        }
        let mark = out.mark();
        self.scratch.clear();
        let fitted = self.shrink(image, out);
        if fitted.is_err() {
            out.truncate(mark);
        }
        self.scratch.shrink_to(KEPT_BYTES);
        fitted.map_err(|bad| (self.largest(), bad))
    }

    fn shrink(&mut self, image: &mut Vec<u8>, out: &mut Values) -> Result<(), BadValue> {
        let header = self.split(image).ok_or_else(malformed)?;
        self.compress_extended(image, header, out)?;
        self.put_out_extended(image, header, out)?;
        self.compress_main(image, header);
        self.put_out_main(image, header, out)?;
        check_size(header + self.data_size())?;
        if self.scratch.is_empty() {
            return Ok(());
        }
        self.build(image, header);
        // Not swapped: the row's buffer keeps its size.
        image.clear();
        image.extend_from_slice(&self.built);
        Ok(())
    }

    /// Round 1: compresses what is extended, the largest first. What is too large alone goes out
    /// of line at once, so that the others need no compression.
    fn compress_extended(
        &mut self,
        image: &[u8],
        header: usize,
        out: &mut Values,
    ) -> Result<(), BadValue> {
        let limit = self.limit(header);
        while self.data_size() > limit {
            let Some(at) = self.largest_of(false, true) else { break };
            self.compress(at, image);
            if self.parts[at].length > limit {
                self.put_out(at, image, out)?;
            }
        }
        Ok(())
    }

    /// Round 2: puts what is extended or external out of line.
    fn put_out_extended(
        &mut self,
        image: &[u8],
        header: usize,
        out: &mut Values,
    ) -> Result<(), BadValue> {
        self.put_out_until(false, self.limit(header), image, out)
    }

    /// Round 3: compresses what is main.
    fn compress_main(&mut self, image: &[u8], header: usize) {
        while self.data_size() > self.limit(header) {
            let Some(at) = self.largest_of(true, true) else { break };
            self.compress(at, image);
        }
    }

    /// Round 4: puts what is main out of line, if the row does not fit a page otherwise.
    fn put_out_main(
        &mut self,
        image: &[u8],
        header: usize,
        out: &mut Values,
    ) -> Result<(), BadValue> {
        self.put_out_until(true, MAX_TUPLE - header, image, out)
    }

    fn put_out_until(
        &mut self,
        main: bool,
        limit: usize,
        image: &[u8],
        out: &mut Values,
    ) -> Result<(), BadValue> {
        while self.relation.is_some() && self.data_size() > limit {
            let Some(at) = self.largest_of(main, false) else { break };
            self.put_out(at, image, out)?;
        }
        Ok(())
    }

    /// What the data is brought down to. A target below a long header's size means no limit: the
    /// server's difference is unsigned.
    fn limit(&self, header: usize) -> usize {
        self.target.wrapping_sub(header)
    }

    /// heap_compute_data_size
    fn data_size(&self) -> usize {
        self.parts.iter().fold(0, |size, part| align_up(size, part.align) + part.length)
    }

    /// The largest value that a round may take, the first of several.
    fn largest_of(&self, main: bool, to_compress: bool) -> Option<usize> {
        let mut largest = (None, SMALL);
        for (at, (part, shape)) in self.parts.iter().zip(&self.shapes).enumerate() {
            let passed_over = part.ignored || to_compress && part.final_size;
            let fits = !passed_over && main == (shape.storage == Storage::Main);
            if fits && part.length > largest.1 {
                largest = (Some(at), part.length);
            }
        }
        largest.0
    }

    /// Compresses a value if that is allowed and helps.
    fn compress(&mut self, at: usize, image: &[u8]) {
        let (part, shape) = (&mut self.parts[at], &self.shapes[at]);
        part.final_size = true;
        if shape.storage == Storage::External {
            return;
        }
        // It was not compressed before, so it lies in the image.
        let payload = payload(part.bytes(image, &[]));
        let start = self.scratch.len();
        if self.compressor.compress(shape.compression, payload, &mut self.scratch) {
            (part.place, part.start) = (Place::Scratch, start);
            (part.length, part.align) = (self.scratch.len() - start, shape.align);
        }
    }

    /// Puts a value out of line, if there is where: a pointer takes its place.
    fn put_out(&mut self, at: usize, image: &[u8], out: &mut Values) -> Result<(), BadValue> {
        let Some(relation) = self.relation else { return Ok(()) };
        let id = self.ids.next()?;
        let part = self.parts[at];
        let bytes = payload(part.bytes(image, &self.scratch));
        let stored = stored(at, part.place == Place::Scratch, bytes);
        out.push(id, stored, bytes);
        let start = self.scratch.len();
        self.scratch.extend_from_slice(&EXTERNAL_TAG);
        for field in [stored.raw_size, stored.ext_info, id, relation] {
            self.scratch.extend_from_slice(&field.to_le_bytes());
        }
        self.parts[at] = Part { place: Place::Scratch, start, length: TOAST_POINTER, ..NULL };
        Ok(())
    }

    /// Makes the row of its header and parts.
    fn build(&mut self, image: &[u8], header: usize) {
        self.built.clear();
        self.built.extend_from_slice(&image[..header]);
        if self.has_pointer() {
            self.built[INFOMASK_AT] |= HAS_EXTERNAL as u8;
        }
        for part in self.parts.iter().filter(|part| part.length > 0) {
            self.built.resize(align_up(self.built.len(), part.align), 0);
            self.built.extend_from_slice(part.bytes(image, &self.scratch));
        }
    }

    fn has_pointer(&self) -> bool {
        self.parts.iter().any(|part| part.place == Place::Scratch && part.ignored)
    }

    /// Finds the values of a row; the header's size. None: it is no row of these attributes.
    fn split(&mut self, image: &[u8]) -> Option<usize> {
        self.parts.clear();
        let header = usize::from(*image.get(HOFF_AT)?);
        let has_null = image[INFOMASK_AT] & HAS_NULL as u8 != 0;
        let bitmap = image.get(HEADER_BYTES..header)?;
        let mut at = header;
        for (number, shape) in self.shapes.iter().enumerate() {
            let part = if has_null && bitmap.get(number / 8)? >> (number % 8) & 1 == 0 {
                NULL
            } else {
                locate(image, at, shape)?
            };
            at = at.max(part.start + part.length);
            self.parts.push(part);
        }
        (at == image.len()).then_some(header)
    }

    /// The scan column of the largest value, as it is now.
    fn largest(&self) -> usize {
        let mut largest = (0, 0);
        for (part, shape) in self.parts.iter().zip(&self.shapes) {
            if let Some(source) = shape.source.filter(|_| part.length > largest.1) {
                largest = (source, part.length);
            }
        }
        largest.0
    }
}

/// Where the value is that comes next.
fn locate(image: &[u8], at: usize, shape: &Shape) -> Option<Part> {
    // Padding is zeros, and a one-byte header never is.
    let packed = shape.len == -1 && *image.get(at)? != 0;
    let start = if packed { at } else { align_up(at, shape.align) };
    let bytes = image.get(start..)?;
    let length = match shape.len {
        -1 => varlena_size(bytes)?,
        len => usize::try_from(len).ok().filter(|len| *len > 0)?,
    };
    bytes.get(..length)?;
    let short = shape.len == -1 && bytes[0] & 1 == 1;
    let ignored = shape.len != -1 || shape.storage == Storage::Plain;
    let align = if short { 1 } else { shape.align };
    Some(Part { place: Place::Image, start, length, align, ignored, final_size: false })
}

/// VARSIZE_ANY of a value that is neither compressed nor out of line; None for such.
fn varlena_size(bytes: &[u8]) -> Option<usize> {
    let (header, smallest) = match bytes {
        [first, ..] if first & 1 == 1 => (usize::from(first >> 1), 1),
        [first, second, third, fourth, ..] if first & 3 == 0 => {
            (u32::from_le_bytes([*first, *second, *third, *fourth]) as usize >> 2, 4)
        }
        _ => return None,
    };
    (header >= smallest).then_some(header)
}

/// A varlena without its header.
fn payload(value: &[u8]) -> &[u8] {
    let header = if value.first().is_some_and(|first| first & 1 == 1) { 1 } else { 4 };
    value.get(header..).unwrap_or_default()
}

/// A pointer's contents for these bytes, which start with va_tcinfo if they are compressed.
fn stored(attribute: usize, compressed: bool, bytes: &[u8]) -> StoredValue {
    let size = bytes.len() as u32;
    let info = bytes.first_chunk().filter(|_| compressed).map(|info| u32::from_le_bytes(*info));
    let (raw, method) = info.map_or((size, 0), |info| (info & SIZE_MASK, info & !SIZE_MASK));
    StoredValue { attribute: attribute as u16, raw_size: raw + 4, ext_info: size | method }
}

/// The same as RelationGetBufferForTuple.
fn check_size(tuple: usize) -> Result<(), BadValue> {
    let size = align_up(tuple, MAX_ALIGN);
    if size <= MAX_TUPLE {
        return Ok(());
    }
    let reason = format!("row is too big: size {size}, maximum size {MAX_TUPLE}");
    Err(BadValue::new("54000", reason))
}

fn malformed() -> BadValue {
    BadValue::new("XX000", "malformed tuple image")
}

#[cfg(test)]
mod tests;
