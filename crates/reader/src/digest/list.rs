//! Lists as PostgreSQL's arrays: lists in lists are dimensions, and must have one length each.

use std::ops::Range;

use migrator_model::{
    LogicalType,
    canonical::{Canonical, Kind},
    logical_type::MAX_DEPTH,
};

use super::{
    bind::{Column, bind as bind_column},
    values::{Bound, by_row},
};
use crate::vector::{Data, Elements, Validity, Vector};

/// No type has more levels.
const MAX_LEVELS: usize = MAX_DEPTH + 1;

/// Where the lists of one level begin and end in the one below.
struct Level<'c> {
    validity: Validity<'c>,
    elements: Elements<'c>,
}

impl Level<'_> {
    /// A row's elements; None where the list is NULL.
    fn run(&self, row: usize) -> Option<Range<usize>> {
        self.validity.is_valid(row).then(|| self.elements.rows(row))
    }
}

/// A list's levels and what is in the innermost lists.
struct Lattice<'c> {
    levels: Vec<Level<'c>>,
    leaf: Bound<'c>,
}

/// Binds a list to an array of such elements.
pub fn bind<'c>(
    column: Column<'c>,
    element: &'c Kind,
    vector: &'c Vector<'c>,
) -> Option<Bound<'c>> {
    let (mut logical, mut inner, mut levels) = (column.logical, vector, Vec::new());
    while let Some((level, below, child)) = level(logical, inner) {
        levels.push(level);
        (logical, inner) = (below, child);
    }
    if levels.is_empty() || levels.len() > MAX_LEVELS {
        return None;
    }
    let leaf = bind_column(Column { logical, kind: element, ..column }, inner);
    let lattice = Lattice { levels, leaf };
    Some(by_row(vector.validity, move |row, out| lattice.put(row, out)))
}

/// A level, and the type and the values below; None: there is no list any more.
fn level<'c>(
    logical: &'c LogicalType,
    vector: &'c Vector<'c>,
) -> Option<(Level<'c>, &'c LogicalType, &'c Vector<'c>)> {
    let (elements, below, child) = match (logical, &vector.data) {
        (LogicalType::List(below), Data::List { entries, child }) => {
            (Elements::List(entries), below, child)
        }
        (LogicalType::Array(below, _), Data::Array { size, child }) => {
            (Elements::Array(*size), below, child)
        }
        _ => return None,
    };
    Some((Level { validity: vector.validity, elements }, below, child))
}

impl Lattice<'_> {
    fn put(&self, row: usize, out: &mut Canonical) {
        let Some(run) = self.levels[0].run(row) else { return out.null() };
        if run.is_empty() {
            return out.array(&[]);
        }
        let mut lengths = [0; MAX_LEVELS];
        match self.has_one_shape(0, run.clone(), &mut lengths) {
            true => {
                out.array(&lengths[..self.levels.len()]);
                self.elements(0, run, out);
            }
            false => out.invalid(b"a list of lists that differ in length or are NULL or empty"),
        }
    }

    /// Whether all lists of a level are as long as the first. `lengths` is 0 where none was seen.
    fn has_one_shape(
        &self,
        depth: usize,
        mut run: Range<usize>,
        lengths: &mut [u32; MAX_LEVELS],
    ) -> bool {
        let length = run.len() as u32;
        let known = std::mem::replace(&mut lengths[depth], length);
        // An empty list inside another has no place in an array.
        if length == 0 || known != 0 && known != length {
            return false;
        }
        let Some(below) = self.levels.get(depth + 1) else { return true };
        run.all(|row| below.run(row).is_some_and(|run| self.has_one_shape(depth + 1, run, lengths)))
    }

    fn elements(&self, depth: usize, run: Range<usize>, out: &mut Canonical) {
        match self.levels.get(depth + 1) {
            None => self.leaf.put_range(run, out),
            Some(below) => run
                .filter_map(|row| below.run(row))
                .for_each(|run| self.elements(depth + 1, run, out)),
        }
    }
}
