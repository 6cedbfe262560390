//! What a thread does with the chunks that it takes: sums, or rows that were asked for.

use std::sync::mpsc::SyncSender;

use migrator_model::{
    LogicalType,
    canonical::{
        Canonical,
        request::{
            By, CELL_BYTES, Digest, DigestReply, Digested, Hash, Partition, RowCells, RowHash, Want,
        },
    },
    protocol::{Failure, MAX_MESSAGE},
};

use super::{
    bind::{Column, bind},
    nul::Nul,
    sheet::Sheet,
    values::Bound,
};
use crate::vector::{Data, Vector};

/// About how many hashes are at hand at once: they should stay near the processor.
const HASHES: usize = 1 << 13;
/// But no fewer rows than this are gone through, however many columns there are.
const FEWEST_ROWS: usize = 64;
/// No more rows are told in one message.
const ROWS_OF_A_REPLY: usize = 4096;
/// Nor more bytes of values, apart from the last row's.
const BYTES_OF_A_REPLY: usize = 1 << 20;
/// Nor a row with more, even alone: a byte takes up to four characters of a message.
const BYTES_OF_A_ROW: usize = MAX_MESSAGE / 4 - 2 * BYTES_OF_A_REPLY;

/// Why a thread goes on no further.
pub enum End {
    /// Nobody takes the replies any more.
    Unwanted,
    /// The digest fails.
    Failed(Failure),
}

/// A thread's own tools, and what it has found.
pub struct Work<'w> {
    wanted: &'w Digest,
    replies: SyncSender<DigestReply>,
    sheet: Sheet,
    scratch: Canonical,
    /// The canonical bytes of a row's key, and the hashes of its columns.
    cells: Vec<Canonical>,
    hashes: Vec<u128>,
    digested: Digested,
    rows: Vec<RowHash>,
    found: Vec<RowCells>,
    /// The bytes in `found`.
    bytes: usize,
}

/// The columns of a chunk, and DuckDB's row ids where rows are left out.
struct Bounds<'c> {
    columns: Vec<Bound<'c>>,
    row_ids: Option<&'c [i64]>,
}

impl<'w> Work<'w> {
    /// Starts with nothing found.
    pub fn new(wanted: &'w Digest, replies: SyncSender<DigestReply>) -> Self {
        let parts = match &wanted.want {
            Want::Sums(Some(partition)) => partition.parts(),
            _ => 0,
        };
        Self {
            wanted,
            replies,
            sheet: Sheet::default(),
            scratch: Canonical::default(),
            cells: Vec::new(),
            hashes: Vec::new(),
            digested: Digested::empty(wanted.columns.len(), parts),
            rows: Vec::new(),
            found: Vec::new(),
            bytes: 0,
        }
    }

    /// Takes the rows of a chunk in.
    pub fn chunk(&mut self, vectors: &[Vector<'_>], rows: usize) -> Result<(), End> {
        let wanted = self.wanted;
        let bounds = Bounds::new(wanted, vectors);
        let block = (HASHES / wanted.columns.len().max(1)).max(FEWEST_ROWS);
        for start in (0..rows).step_by(block) {
            let rows = start..rows.min(start + block);
            let kept = rows.filter(|row| !bounds.is_left_out(*row, &wanted.without));
            self.sheet.begin(wanted.columns.len(), kept);
            self.block(&bounds)?;
        }
        Ok(())
    }

    /// Takes the rows in the sheet in.
    fn block(&mut self, bounds: &Bounds<'_>) -> Result<(), End> {
        match &self.wanted.want {
            // A sample is read by one thread: see `cuts`.
            Want::Cuts { .. } => Ok(()),
            Want::Sums(partition) => {
                self.sums(bounds, partition.as_ref());
                Ok(())
            }
            Want::Rows { partition, parts } => self.rows(bounds, partition, parts),
            Want::Cells { partition, keys, whole } => {
                let most = if *whole { usize::MAX } else { CELL_BYTES };
                self.cells(bounds, partition, keys, most)
            }
        }
    }

    /// Sends what was not sent yet, and gives the sums.
    pub fn finish(mut self) -> Digested {
        // Where nobody takes them, nobody takes the sums.
        let _ = self.send_rows(0).and_then(|()| self.send_cells(0));
        self.digested
    }

    fn sums(&mut self, bounds: &Bounds<'_>, partition: Option<&Partition>) {
        let Self { sheet, scratch, digested, .. } = self;
        for (at, (values, column)) in bounds.columns.iter().zip(&mut digested.columns).enumerate() {
            let (rows, slots) = sheet.column(at);
            values.digest(rows, scratch, slots, column);
        }
        for at in 0..self.sheet.len() {
            let row = self.sheet.hash(at);
            self.digested.rows.add(row);
            let Some(partition) = partition else { continue };
            let key = self.key(at, partition);
            let part = self.part(at, key, bounds, partition) as usize;
            if let Some(sum) = self.digested.parts.get_mut(part) {
                sum.add(row);
            }
        }
    }

    fn rows(
        &mut self,
        bounds: &Bounds<'_>,
        partition: &Partition,
        parts: &[u32],
    ) -> Result<(), End> {
        self.choose(bounds, partition, |work, at, key| {
            let part = work.part(at, key, bounds, partition);
            parts.binary_search(&part).is_ok()
        });
        for at in 0..self.sheet.len() {
            let told = self.told(at, partition);
            self.rows.push(told);
        }
        self.send_rows(ROWS_OF_A_REPLY)
    }

    /// Tells the values of rows, of each so many bytes.
    fn cells(
        &mut self,
        bounds: &Bounds<'_>,
        partition: &Partition,
        keys: &[Hash],
        most: usize,
    ) -> Result<(), End> {
        self.choose(bounds, partition, |_, _, key| keys.binary_search(&Hash(key)).is_ok());
        for at in 0..self.sheet.len() {
            let hash = self.told(at, partition);
            let row = self.sheet.row(at);
            let cell = |values: &Bound<'_>| cell(values, row, most, &mut self.scratch);
            let cells: Vec<_> = bounds.columns.iter().map(cell).collect();
            let bytes = cells.iter().map(Vec::len).sum::<usize>();
            if bytes > BYTES_OF_A_ROW {
                return Err(End::Failed(too_large(bytes)));
            }
            self.bytes += bytes;
            self.found.push(RowCells { hash, cells });
            self.send_cells(BYTES_OF_A_REPLY)?;
        }
        Ok(())
    }

    /// Leaves the rows in the sheet that are wanted by their keys, with the hashes of all columns:
    /// those that only wanted rows need are worked out last.
    fn choose(
        &mut self,
        bounds: &Bounds<'_>,
        partition: &Partition,
        is_wanted: impl Fn(&mut Self, usize, u128) -> bool,
    ) {
        let all = 0..bounds.columns.len();
        let is_first = |at: &usize| partition.key.is_empty() || partition.key.contains(at);
        let (first, last): (Vec<_>, Vec<_>) = all.partition(is_first);
        self.hash(bounds, &first);
        let mut chosen = Vec::new();
        for at in 0..self.sheet.len() {
            let key = self.key(at, partition);
            if is_wanted(self, at, key) {
                chosen.push(at);
            }
        }
        self.sheet.retain(&chosen);
        self.hash(bounds, &last);
    }

    fn hash(&mut self, bounds: &Bounds<'_>, columns: &[usize]) {
        for at in columns {
            let (rows, slots) = self.sheet.column(*at);
            bounds.columns[*at].hash(rows, &mut self.scratch, slots);
        }
    }

    fn key(&mut self, at: usize, partition: &Partition) -> u128 {
        self.sheet.key(at, &partition.key, &mut self.hashes)
    }

    fn told(&mut self, at: usize, partition: &Partition) -> RowHash {
        let key = self.key(at, partition);
        RowHash { key: Hash(key), row: Hash(self.sheet.hash(at)) }
    }

    /// The part of a row. The values of its key are only looked at where they decide it.
    fn part(&mut self, at: usize, key: u128, bounds: &Bounds<'_>, partition: &Partition) -> u32 {
        if let By::Cuts(_) = partition.by {
            let row = self.sheet.row(at);
            self.cells.resize_with(partition.key.len(), Canonical::default);
            for (cell, column) in self.cells.iter_mut().zip(&partition.key) {
                cell.clear();
                bounds.columns[*column].put(row, cell);
            }
        }
        partition.part(key, |column| self.cells[column].bytes())
    }

    /// Sends the rows, if there are any and so many.
    fn send_rows(&mut self, least: usize) -> Result<(), End> {
        if self.rows.is_empty() || self.rows.len() < least {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.replies.send(DigestReply::Rows(rows)).map_err(|_| End::Unwanted)
    }

    /// Sends the cells, if there are any and so many bytes of them.
    fn send_cells(&mut self, least: usize) -> Result<(), End> {
        if self.found.is_empty() || self.bytes < least {
            return Ok(());
        }
        self.bytes = 0;
        let found = std::mem::take(&mut self.found);
        self.replies.send(DigestReply::Cells(found)).map_err(|_| End::Unwanted)
    }
}

impl<'c> Bounds<'c> {
    fn new(wanted: &'c Digest, vectors: &'c [Vector<'c>]) -> Self {
        let row_ids = vectors.get(wanted.columns.len()).filter(|_| !wanted.without.is_empty());
        let row_ids = row_ids.and_then(|vector| match vector.data {
            Data::I64(stored) => Some(stored),
            _ => None,
        });
        Self { columns: bind_all(wanted, vectors), row_ids }
    }

    fn is_left_out(&self, row: usize, without: &[i64]) -> bool {
        self.row_ids.is_some_and(|ids| without.binary_search(&ids[row]).is_ok())
    }
}

/// Binds the columns of a digest to a chunk's.
pub fn bind_all<'c>(wanted: &'c Digest, vectors: &'c [Vector<'c>]) -> Vec<Bound<'c>> {
    let nul = Nul::of(&wanted.nul_bytes);
    let columns = wanted.columns.iter().zip(vectors);
    columns
        .map(|(column, vector)| {
            let logical: &LogicalType = &column.scan.logical;
            let (kind, digits) = (&column.kind, column.digits);
            bind(Column { logical, kind, digits, nul, normalize: column.scan.normalize }, vector)
        })
        .collect()
}

/// The canonical bytes of a value, of a long one the first.
pub fn cell(values: &Bound<'_>, row: usize, most: usize, scratch: &mut Canonical) -> Vec<u8> {
    scratch.clear();
    values.put(row, scratch);
    let bytes = scratch.bytes();
    bytes[..bytes.len().min(most)].to_vec()
}

fn too_large(bytes: usize) -> Failure {
    Failure::new("54000", "row is too large for a message of its values")
        .detail(format!("Its values have {bytes} bytes, and {BYTES_OF_A_ROW} are possible."))
}
