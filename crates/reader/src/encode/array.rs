//! Lists and arrays as PostgreSQL arrays (utils/array.h): rectangles of one element type.

use migrator_model::{
    BadValue, LogicalType,
    layout::{Inner, MAX_ALIGN, Physical, align_up},
    policy::{Loss, Lost},
    protocol::Failure,
};

use super::{
    Cells,
    bind::{self, Column},
    varlena,
};
use crate::vector::{Data, ListEntry, Validity, Vector};

/// MaxArraySize
const MAX_ELEMENTS: usize = 134_217_727;

/// One level of LIST or ARRAY.
enum Level<'c> {
    List(Validity<'c>, &'c [ListEntry]),
    Array(Validity<'c>, usize),
}

impl Level<'_> {
    /// Where a row's elements are in the level below; None when the row is NULL.
    fn elements(&self, row: usize) -> Option<(usize, usize)> {
        match self {
            Self::List(validity, entries) => validity.is_valid(row).then(|| {
                let ListEntry { offset, length } = entries[row];
                (offset as usize, length as usize)
            }),
            Self::Array(validity, size) => validity.is_valid(row).then(|| (row * size, *size)),
        }
    }
}

/// A rectangle of leaf values: its dimensions, and the leaf rows in order.
#[derive(Default)]
struct Rectangle {
    dimensions: Vec<usize>,
    /// Start and length of runs of leaf rows.
    runs: Vec<(usize, usize)>,
    elements: usize,
}

/// The levels around the leaf, and the leaf.
struct Levels<'c> {
    levels: Vec<Level<'c>>,
    leaf: &'c Vector<'c>,
    leaf_type: &'c LogicalType,
}

impl<'c> Levels<'c> {
    fn of(mut logical: &'c LogicalType, mut vector: &'c Vector<'c>) -> Self {
        let mut levels = Vec::new();
        loop {
            match (logical, &vector.data) {
                (LogicalType::List(element), Data::List { entries, child }) => {
                    levels.push(Level::List(vector.validity, entries));
                    (logical, vector) = (element, child);
                }
                (LogicalType::Array(element, _), Data::Array { size, child }) => {
                    levels.push(Level::Array(vector.validity, *size));
                    (logical, vector) = (element, child);
                }
                _ => return Self { levels, leaf: vector, leaf_type: logical },
            }
        }
    }

    /// The row's values; None when they are no rectangle.
    fn rectangle(&self, row: usize) -> Option<Rectangle> {
        let mut rectangle = Rectangle::default();
        let first = self.levels.first()?.elements(row)?;
        if first.1 == 0 {
            return Some(rectangle);
        }
        self.collect(0, first, &mut rectangle).then_some(rectangle)
    }

    /// Adds the elements of one list at this depth. False when the shape does not fit.
    fn collect(&self, depth: usize, (start, length): (usize, usize), to: &mut Rectangle) -> bool {
        match to.dimensions.get(depth) {
            Some(known) if *known != length => return false,
            Some(_) => {}
            None => to.dimensions.push(length),
        }
        // An empty list inside another has no place in an array.
        if length == 0 {
            return false;
        }
        let Some(below) = self.levels.get(depth + 1) else {
            to.runs.push((start, length));
            to.elements += length;
            return true;
        };
        (start..start + length)
            .all(|row| below.elements(row).is_some_and(|inner| self.collect(depth + 1, inner, to)))
    }
}

/// The elements, as they are written.
struct Elements<'c> {
    cells: Box<dyn Cells + 'c>,
    oid: u32,
    align: u8,
}

/// A bound column of an array type.
struct Arrays<'c> {
    levels: Levels<'c>,
    validity: Validity<'c>,
    physical: Physical,
    elements: Elements<'c>,
}

impl Cells for Arrays<'_> {
    fn is_null(&self, row: usize) -> bool {
        !self.validity.is_valid(row)
    }

    fn put(&self, row: usize, out: &mut Vec<u8>, lost: &mut Lost) -> Result<(), BadValue> {
        let Some(rectangle) = self.levels.rectangle(row) else {
            lost.note(Loss::NotRectangular);
            let reason = "multidimensional arrays must have sub-arrays with matching dimensions";
            return Err(BadValue::new("2202E", reason));
        };
        if rectangle.elements > MAX_ELEMENTS {
            return Err(BadValue::new("54000", "array size exceeds the maximum allowed"));
        }
        let open = varlena::open(out, &self.physical);
        write(out, open.start, &rectangle, &self.elements, lost)?;
        varlena::close(out, &open, &self.physical)
    }
}

/// Binds a list to an array type.
pub fn bind<'c>(
    column: Column<'c>,
    vector: &'c Vector<'c>,
) -> Result<Box<dyn Cells + 'c>, Failure> {
    let Inner::Element(element) = &column.target.inner else {
        return Err(Failure::new("XX000", "array without an element type"));
    };
    let levels = Levels::of(column.logical, vector);
    let leaf = Column::element(levels.leaf_type, element, column.policy);
    let cells = bind::bind(leaf, levels.leaf)?;
    let elements = Elements { cells, oid: leaf.physical.oid, align: leaf.physical.align };
    let Column { physical, .. } = column;
    Ok(Box::new(Arrays { levels, validity: vector.validity, physical, elements }))
}

/// Appends ndim, dataoffset, elemtype, dimensions, lower bounds, null bitmap and data.
fn write(
    out: &mut Vec<u8>,
    start: usize,
    rectangle: &Rectangle,
    elements: &Elements<'_>,
    lost: &mut Lost,
) -> Result<(), BadValue> {
    let cells = elements.cells.as_ref();
    let rows = || rectangle.runs.iter().flat_map(|(start, length)| *start..*start + *length);
    let has_nulls = rows().any(|row| cells.is_null(row));
    let dimensions = rectangle.dimensions.len();
    let bitmap = if has_nulls { rectangle.elements.div_ceil(8) } else { 0 };
    let data = align_up(16 + 8 * dimensions + bitmap, MAX_ALIGN);
    let offset = if has_nulls { data as u32 } else { 0 };
    for word in [dimensions as u32, offset, elements.oid] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for length in &rectangle.dimensions {
        out.extend_from_slice(&(*length as u32).to_le_bytes());
    }
    for _ in 0..dimensions {
        out.extend_from_slice(&1_u32.to_le_bytes());
    }
    let bits = out.len();
    if dimensions == 0 {
        return Ok(());
    }
    out.resize(start + data, 0);
    for (at, row) in rows().enumerate() {
        if cells.is_null(row) {
            continue;
        }
        if has_nulls {
            out[bits + at / 8] |= 1 << (at % 8);
        }
        cells.put(row, out, lost)?;
        // Behind the last one, too: the server adds up aligned lengths when it takes an array
        // apart (array_set_element, array_cat), and would read and write past the end.
        varlena::pad(out, elements.align);
    }
    Ok(())
}
