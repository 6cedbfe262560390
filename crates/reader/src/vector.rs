//! One column of a chunk as safe slices: what the encoders read. Vectors are always flat.

use std::ops::Range;

use crate::ffi::string::StringT;

/// Which rows are NULL. Shape: one bit per row, 1 is valid; no words means that all are.
#[derive(Clone, Copy)]
pub struct Validity<'a>(pub Option<&'a [u64]>);

impl Validity<'_> {
    /// Whether the row has a value.
    pub fn is_valid(&self, row: usize) -> bool {
        self.0.is_none_or(|words| words[row / 64] >> (row % 64) & 1 == 1)
    }

    /// Whether all of these rows have values.
    pub fn are_valid(&self, rows: Range<usize>) -> bool {
        let mut row = rows.start;
        while row < rows.end {
            // A word at once where all of it is asked for.
            let whole = row.is_multiple_of(64) && rows.end - row >= 64;
            match self.0 {
                None => return true,
                Some(words) if whole && words[row / 64] == u64::MAX => row += 64,
                Some(_) if self.is_valid(row) => row += 1,
                Some(_) => return false,
            }
        }
        true
    }
}

/// HUGEINT: two's complement in two words.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct HugeInt {
    /// The low 64 bits.
    pub lower: u64,
    /// The high 64 bits, with the sign.
    pub upper: i64,
}

impl HugeInt {
    /// The number.
    pub fn value(self) -> i128 {
        i128::from(self.upper) << 64 | i128::from(self.lower)
    }
}

/// UHUGEINT: two words.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UHugeInt {
    /// The low 64 bits.
    pub lower: u64,
    /// The high 64 bits.
    pub upper: u64,
}

impl UHugeInt {
    /// The number.
    pub fn value(self) -> u128 {
        u128::from(self.upper) << 64 | u128::from(self.lower)
    }
}

/// INTERVAL: three parts that are never added up.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// Where one list's elements lie in the child vector.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ListEntry {
    /// The first element.
    pub offset: u64,
    /// How many.
    pub length: u64,
}

impl ListEntry {
    /// The elements' rows in the child.
    pub fn rows(self) -> Range<usize> {
        let start = self.offset as usize;
        start..start + self.length as usize
    }
}

/// Where the elements of lists or arrays lie in the child vector.
#[derive(Clone, Copy)]
pub enum Elements<'a> {
    /// Of each list its own.
    List(&'a [ListEntry]),
    /// Of each array as many.
    Array(usize),
}

impl Elements<'_> {
    /// Those of a row.
    pub fn rows(self, row: usize) -> Range<usize> {
        match self {
            Self::List(entries) => entries[row].rows(),
            Self::Array(size) => row * size..(row + 1) * size,
        }
    }
}

/// The values. Under an invalid bit they are undefined.
#[allow(missing_docs)] // The variants bear the names of what they hold.
pub enum Data<'a> {
    /// BOOLEAN, 0 or 1.
    Bool(&'a [u8]),
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    /// Also an ENUM's index.
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
    /// Also TIME WITH TIME ZONE.
    U64(&'a [u64]),
    /// HUGEINT, UUID, DECIMAL above 18 digits.
    I128(&'a [HugeInt]),
    U128(&'a [UHugeInt]),
    F32(&'a [f32]),
    F64(&'a [f64]),
    Interval(&'a [Interval]),
    /// VARCHAR, JSON, BLOB, BIT, BIGNUM, GEOMETRY.
    Str(&'a [StringT<'a>]),
    /// LIST, and MAP as a list of STRUCT(key, value).
    List {
        entries: &'a [ListEntry],
        child: Box<Vector<'a>>,
    },
    /// Element i of row r is the child's r * size + i.
    Array {
        size: usize,
        child: Box<Vector<'a>>,
    },
    /// STRUCT and TUPLE.
    Struct(Vec<Vector<'a>>),
    /// Tag t of a row says that the value is in member t.
    Union {
        tags: &'a [u8],
        members: Vec<Vector<'a>>,
    },
    /// Every row is NULL.
    Null,
}

/// A column of a chunk.
pub struct Vector<'a> {
    /// Which rows are NULL.
    pub validity: Validity<'a>,
    /// The values.
    pub data: Data<'a>,
}

impl<'a> Vector<'a> {
    /// Where the elements of lists or arrays lie, and the elements; None for what has none.
    pub fn elements(&self) -> Option<(Elements<'a>, &Vector<'a>)> {
        match &self.data {
            Data::List { entries, child } => Some((Elements::List(entries), child)),
            Data::Array { size, child } => Some((Elements::Array(*size), child)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_valid_when_each_row_is() {
        let words = [u64::MAX, u64::MAX, !(1 << 5)];
        let validity = Validity(Some(&words));
        for (start, end) in
            [(0, 0), (0, 133), (3, 133), (64, 128), (0, 134), (133, 134), (134, 192)]
        {
            let each = (start..end).all(|row| validity.is_valid(row));
            assert_eq!(validity.are_valid(start..end), each, "{start}..{end}");
        }
        assert!(Validity(None).are_valid(5..500));
    }
}
