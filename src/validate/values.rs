//! The values of rows that differ: fetched from both sides, compared, and made readable.

use std::collections::HashMap;

use migrator_model::canonical::{
    render,
    request::{CELL_BYTES, Digested, Partition, RowCells, RowHash},
};
use serde_json::{Map, Value};

use super::{
    locate::{MOST, Search, keys},
    pair::Pair,
    tally::{Difference, Op},
    tolerance,
};
use crate::error::Result;

/// So many rows' values are fetched at a time.
const BATCH: usize = 1000;

/// A row that differs, with its values.
pub struct RowDifference {
    /// How it differs.
    pub found: Difference,
    /// The source's values.
    pub there: Option<Vec<Vec<u8>>>,
    /// The target's.
    pub here: Option<Vec<Vec<u8>>>,
    /// The places of the columns that differ, where both have the row.
    pub columns: Vec<usize>,
}

/// One line of `validate_diff`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `missing`, `extra`, `changed` or `duplicate`.
    pub op: &'static str,
    /// The key's columns; all columns where there is no key.
    pub key: Value,
    /// The column, of a row that was changed.
    pub column_name: Option<String>,
    /// What the source has.
    pub source_value: Option<String>,
    /// What the target has.
    pub target_value: Option<String>,
}

impl Search<'_> {
    /// The rows that differ, with their values: at most `limit`, and whether these are all. Rows
    /// whose values are all as near as the user allows are left out.
    pub fn located(
        &mut self,
        partition: &Partition,
        (there, here): (&Digested, &Digested),
        limit: usize,
        whole: bool,
    ) -> Result<(Vec<RowDifference>, bool)> {
        // What is near enough is known only from the values.
        let tolerant = self.pair.columns.iter().any(|column| column.tolerance.is_some());
        let most = if tolerant { MOST.max(limit) } else { limit };
        let found = self.differences(partition, there, here, most)?;
        let mut rows = Vec::new();
        for batch in found.differences.chunks(BATCH) {
            rows.extend(self.values(partition, batch, whole)?);
            if rows.len() > limit {
                break;
            }
        }
        let complete = found.complete && rows.len() <= limit;
        rows.truncate(limit);
        Ok((rows, complete))
    }

    /// The same from the start: sums of parts, then the rows of those that differ.
    pub fn all(&mut self, limit: usize, whole: bool) -> Result<(Vec<RowDifference>, bool)> {
        let partition = self.partition()?;
        let (there, here) = self.sums(Some(&partition))?;
        self.located(&partition, (&there.digested, &here), limit, whole)
    }

    fn values(
        &mut self,
        partition: &Partition,
        differences: &[Difference],
        whole: bool,
    ) -> Result<Vec<RowDifference>> {
        let keys = keys(differences);
        let here = by_hash(self.side.cells(partition, &keys, whole)?);
        let there = by_hash(self.source().cells(partition, &keys, whole)?);
        let row = |found: &Difference| self.pair.row_difference(found, &there, &here);
        Ok(differences.iter().filter_map(row).collect())
    }
}

fn by_hash(rows: Vec<RowCells>) -> HashMap<RowHash, Vec<Vec<u8>>> {
    rows.into_iter().map(|row| (row.hash, row.cells)).collect()
}

impl Pair {
    /// The names of columns, each once, in their order; None where there are none.
    pub fn column_names(&self, mut places: Vec<usize>) -> Option<String> {
        places.sort_unstable();
        places.dedup();
        let names: Vec<_> = places.iter().map(|at| self.columns[*at].name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// None: the row is near enough.
    fn row_difference(
        &self,
        found: &Difference,
        there: &HashMap<RowHash, Vec<Vec<u8>>>,
        here: &HashMap<RowHash, Vec<Vec<u8>>>,
    ) -> Option<RowDifference> {
        let there = found.there.and_then(|row| there.get(&row).cloned());
        let here = found.here.and_then(|row| here.get(&row).cloned());
        let columns = match (&there, &here) {
            (Some(there), Some(here)) => differing(there, here),
            _ => Vec::new(),
        };
        let far = |at: &usize| match (&there, &here, self.columns[*at].tolerance) {
            (Some(there), Some(here), Some(allowed)) => {
                !tolerance::is_near(&there[*at], &here[*at], &allowed)
            }
            _ => true,
        };
        let all = columns.len();
        let columns: Vec<_> = columns.into_iter().filter(far).collect();
        let is_near = found.op == Op::Changed && all > 0 && columns.is_empty();
        (!is_near).then_some(RowDifference { found: *found, there, here, columns })
    }

    /// A row's key, or all of it where there is none.
    pub fn key_of(&self, row: &RowDifference) -> Value {
        let cells = row.there.as_ref().or(row.here.as_ref());
        let Some(cells) = cells else { return Value::Null };
        let member = |at: usize| {
            let value = match self.key.is_empty() {
                true => Value::String(render::clipped(&cells[at])),
                false => render::json(&cells[at]),
            };
            (self.columns[at].name.to_string(), value)
        };
        let places: Vec<usize> = match self.key.is_empty() {
            true => (0..self.columns.len()).collect(),
            false => self.key.clone(),
        };
        places.into_iter().map(member).collect::<Map<_, _>>().into()
    }

    /// What is told of a row that differs.
    pub fn lines(&self, row: &RowDifference) -> Vec<Line> {
        let (op, key) = (row.found.op.as_str(), self.key_of(row));
        let line = |column_name, source_value, target_value| Line {
            op,
            key: key.clone(),
            column_name,
            source_value,
            target_value,
        };
        match (row.found.op, &row.there, &row.here) {
            (Op::Changed, Some(there), Some(here)) => {
                let column = |at: &usize| {
                    let value = |cells: &[Vec<u8>]| Some(render::clipped(&cells[*at]));
                    let name = Some(self.columns[*at].name.to_string());
                    line(name, value(there), value(here))
                };
                row.columns.iter().map(column).collect()
            }
            (Op::Duplicate, ..) => {
                let times = |times: u64| Some(format!("{times} rows"));
                vec![line(None, times(row.found.times_there), times(row.found.times_here))]
            }
            (_, there, here) => {
                let whole = |cells: &Option<Vec<Vec<u8>>>| cells.as_ref().map(|c| self.whole(c));
                vec![line(None, whole(there), whole(here))]
            }
        }
    }

    fn whole(&self, cells: &[Vec<u8>]) -> String {
        let member = |(column, cell): (&super::pair::Compared, &Vec<u8>)| {
            (column.name.to_string(), Value::String(render::clipped(cell)))
        };
        let members: Map<_, _> = self.columns.iter().zip(cells).map(member).collect();
        Value::Object(members).to_string()
    }
}

/// The places of values that differ. Of long values only the start is known: where nothing else
/// differs, it is in one of them.
fn differing(there: &[Vec<u8>], here: &[Vec<u8>]) -> Vec<usize> {
    let places = || 0..there.len().min(here.len());
    let seen: Vec<_> = places().filter(|at| there[*at] != here[*at]).collect();
    match seen.is_empty() {
        true => places().filter(|at| there[*at].len() >= CELL_BYTES).collect(),
        false => seen,
    }
}
