//! jsonb (utils/jsonb.h, adt/jsonb_util.c): containers of JEntry words and the children's data.
//! The server's iterators follow lengths and offsets without a look at where the value ends.

use migrator_model::layout::align_up;

use super::{Fault, numeric, span::Span, text, varlena};

const COUNT_MASK: u32 = 0x0fff_ffff;
const SCALAR: u32 = 0x1000_0000;
const OBJECT: u32 = 0x2000_0000;
const ARRAY: u32 = 0x4000_0000;

const LENGTH_MASK: u32 = 0x0fff_ffff;
const TYPE_MASK: u32 = 0x7000_0000;
const HAS_OFFSET: u32 = 0x8000_0000;
const IS_STRING: u32 = 0x0000_0000;
const IS_NUMERIC: u32 = 0x1000_0000;
const IS_FALSE: u32 = 0x2000_0000;
const IS_TRUE: u32 = 0x3000_0000;
const IS_NULL: u32 = 0x4000_0000;
const IS_CONTAINER: u32 = 0x5000_0000;

/// JB_OFFSET_STRIDE. The server reads any placing of offsets, but takes quadratic time without.
const STRIDE: usize = 32;
/// Numbers and containers start at multiples of this.
const ALIGN: usize = 4;
/// Deeper than any document of a reader, which stops at 512 levels of text in 24 of types; this
/// module's own stack is what it saves.
pub const MOST_DEPTH: usize = 1024;

/// A container, its header read.
struct Container<'a> {
    kind: u32,
    /// Elements, or pairs.
    count: usize,
    entries: &'a [[u8; 4]],
    data: &'a [u8],
    depth: usize,
}

/// One child, by its entry.
struct Child<'a> {
    kind: u32,
    /// Its bytes, padding in front included.
    bytes: &'a [u8],
    /// Where they start in the container's data.
    start: usize,
}

/// Checks what follows the varlena header.
pub fn check(payload: &[u8]) -> Result<(), Fault> {
    children(&container(payload, 0)?)
}

fn container(bytes: &[u8], depth: usize) -> Result<Container<'_>, Fault> {
    let (header, rest) = bytes.split_first_chunk().ok_or(Fault::JsonbHeader)?;
    let header = u32::from_le_bytes(*header);
    let (kind, count) = (header & !COUNT_MASK, (header & COUNT_MASK) as usize);
    let entries = match kind {
        ARRAY => count,
        OBJECT => count * 2,
        _ if kind == ARRAY | SCALAR && depth == 0 && count == 1 => count,
        _ => return Err(Fault::JsonbHeader),
    };
    let (entries, data) = rest.split_at_checked(entries * 4).ok_or(Fault::JsonbExtent)?;
    let entries = entries.as_chunks().0;
    match bytes.len() > LENGTH_MASK as usize {
        true => Err(Fault::JsonbExtent),
        false => Ok(Container { kind, count, entries, data, depth }),
    }
}

/// An object's children are its keys, then the values in the same order.
fn children(container: &Container<'_>) -> Result<(), Fault> {
    let keys = if container.kind == OBJECT { container.count } else { 0 };
    let (mut end, mut last_key) = (0, None);
    for (index, entry) in container.entries.iter().enumerate() {
        let word = u32::from_le_bytes(*entry);
        let start = end;
        end = child_end(word, index, start)?;
        let bytes = container.data.get(start..end).ok_or(Fault::JsonbExtent)?;
        let child = Child { kind: word & TYPE_MASK, bytes, start };
        if index < keys {
            key(&child, last_key.replace(bytes))?;
        }
        value(&child, container)?;
    }
    if end == container.data.len() { Ok(()) } else { Err(Fault::Trailing) }
}

/// getJsonbOffset(): an entry holds the child's length or, at every stride, the offset of its end.
fn child_end(word: u32, index: usize, start: usize) -> Result<usize, Fault> {
    let field = (word & LENGTH_MASK) as usize;
    match (word & HAS_OFFSET != 0, index.is_multiple_of(STRIDE)) {
        (true, true) if field >= start => Ok(field),
        (true, true) => Err(Fault::JsonbExtent),
        (false, false) => Ok(start + field),
        _ => Err(Fault::JsonbStride),
    }
}

/// lengthCompareJsonbString(): by length, then bytes; uniqueifyJsonbObject() leaves no equals.
/// getKeyJsonValueFromContainer() searches by halves.
fn key(child: &Child<'_>, last: Option<&[u8]>) -> Result<(), Fault> {
    let ordered = last.is_none_or(|last| (last.len(), last) < (child.bytes.len(), child.bytes));
    if child.kind == IS_STRING && ordered { Ok(()) } else { Err(Fault::JsonbKey) }
}

fn value(child: &Child<'_>, parent: &Container<'_>) -> Result<(), Fault> {
    match child.kind {
        IS_STRING => text::check_any(child.bytes),
        IS_FALSE | IS_TRUE | IS_NULL if child.bytes.is_empty() => Ok(()),
        IS_NUMERIC => number(aligned(child)?),
        IS_CONTAINER if parent.kind & SCALAR != 0 => Err(Fault::JsonbHeader),
        IS_CONTAINER if parent.depth == MOST_DEPTH => Err(Fault::JsonbDepth),
        IS_CONTAINER => children(&container(aligned(child)?, parent.depth + 1)?),
        _ => Err(Fault::JsonbEntry),
    }
}

/// The child without the padding in front: a container's data starts aligned.
fn aligned<'a>(child: &Child<'a>) -> Result<&'a [u8], Fault> {
    let padding = align_up(child.start, ALIGN) - child.start;
    let (padding, rest) = child.bytes.split_at_checked(padding).ok_or(Fault::JsonbExtent)?;
    if padding.iter().all(|byte| *byte == 0) { Ok(rest) } else { Err(Fault::Padding) }
}

/// A numeric behind a four-byte header. JSON has no NaN, and no infinities.
fn number(bytes: &[u8]) -> Result<(), Fault> {
    let (payload, end) = varlena::long(Span::new(bytes, 0), 0)?;
    match end == bytes.len() {
        true => numeric::check_finite(payload),
        false => Err(Fault::Trailing),
    }
}
