//! Values that are not made of others.

use migrator_model::canonical::Canonical;

use super::{damaged, jsonb, number};
use crate::error::Result;

/// What the bytes of a value are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // The variants bear the names of types.
pub enum Scalar {
    Bool,
    Int2,
    Int4,
    Int8,
    Numeric,
    Float4,
    Float8,
    /// text, varchar, json
    Text,
    /// name: ends at a NUL byte.
    Name,
    /// character(n)
    Char,
    Bytes,
    Bits,
    Date,
    Time,
    TimeTz,
    Timestamp,
    Interval,
    Uuid,
    Jsonb,
    /// pgvector's vector.
    Vector,
    /// pgvector's halfvec.
    HalfVec,
    /// pgvector's sparsevec.
    SparseVec,
}

impl Scalar {
    /// Appends a value, given without its varlena header.
    #[inline]
    pub fn put(self, bytes: &[u8], out: &mut Canonical) -> Result<()> {
        match self {
            Self::Bool => out.bool(start::<1>(bytes)? != [0]),
            Self::Int2 => out.integer(i16::from_le_bytes(start(bytes)?).into()),
            Self::Int4 => out.integer(i32::from_le_bytes(start(bytes)?).into()),
            Self::Int8 => out.integer(i64::from_le_bytes(start(bytes)?).into()),
            Self::Numeric => number::put(bytes, out)?,
            Self::Float4 => out.float4(f32::from_le_bytes(start(bytes)?)),
            Self::Float8 => out.float8(f64::from_le_bytes(start(bytes)?)),
            Self::Text => out.text(bytes),
            Self::Name => out.text(name(bytes)),
            Self::Char => out.char(bytes),
            Self::Bytes => out.blob(bytes),
            Self::Bits => bits(bytes, out)?,
            Self::Date => out.date(i32::from_le_bytes(start(bytes)?)),
            Self::Time => out.time(i64::from_le_bytes(start(bytes)?)),
            Self::TimeTz => timetz(start(bytes)?, out),
            Self::Timestamp => out.timestamp(i64::from_le_bytes(start(bytes)?)),
            Self::Interval => interval(start(bytes)?, out),
            Self::Uuid => out.uuid(start(bytes)?),
            Self::Jsonb => jsonb::put(bytes, out)?,
            Self::Vector => vector(bytes, 4, out, Canonical::vector)?,
            Self::HalfVec => vector(bytes, 2, out, Canonical::halfvec)?,
            Self::SparseVec => sparsevec(bytes, out)?,
        }
        Ok(())
    }
}

/// The first bytes: all there is of a fixed type, and the lower ones of one that is passed by
/// value.
#[inline]
fn start<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.first_chunk().copied().ok_or_else(|| damaged("It is shorter than its type."))
}

fn name(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The length in bits, then the bits.
fn bits(bytes: &[u8], out: &mut Canonical) -> Result<()> {
    let length = u32::from_le_bytes(start(bytes)?) as usize;
    let bits = &bytes[4..];
    if bits.len() != length.div_ceil(8) {
        return Err(damaged("A bit string has another length than it says."));
    }
    out.bits(length, bits);
    Ok(())
}

fn timetz(bytes: [u8; 12], out: &mut Canonical) {
    let [a, b, c, d, e, f, g, h, west @ ..] = bytes;
    out.timetz(i64::from_le_bytes([a, b, c, d, e, f, g, h]), i32::from_le_bytes(west));
}

/// Microseconds, days, months.
fn interval(bytes: [u8; 16], out: &mut Canonical) {
    let all = u128::from_le_bytes(bytes);
    out.interval((all >> 96) as i32, (all >> 64) as i32, all as i64);
}

/// The number of dimensions in two bytes, two more that mean nothing, then the numbers.
fn vector(
    bytes: &[u8],
    width: usize,
    out: &mut Canonical,
    head: fn(&mut Canonical, usize),
) -> Result<()> {
    let [low, high, _, _] = start(bytes)?;
    let dimensions = usize::from(u16::from_le_bytes([low, high]));
    let numbers = &bytes[4..];
    if numbers.len() != dimensions * width {
        return Err(damaged("A vector has other dimensions than it says."));
    }
    head(out, dimensions);
    out.raw(numbers);
    Ok(())
}

/// The number of dimensions, that of the numbers, four bytes that mean nothing, then the places and
/// the numbers.
fn sparsevec(bytes: &[u8], out: &mut Canonical) -> Result<()> {
    let [a, b, c, d, e, f, g, h, _, _, _, _] = start(bytes)?;
    let (dimensions, count) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    let rest = &bytes[12..];
    if rest.len() as u64 != 8 * u64::from(count) {
        return Err(damaged("A sparse vector has other numbers than it says."));
    }
    out.sparsevec(dimensions, count as usize);
    out.raw(rest);
    Ok(())
}
