//! Makes the rows of a chunk: images, with what is large compressed or out of line, or rejects.

use std::sync::Arc;

use migrator_model::{
    LogicalType, SourceName,
    page::TOAST_THRESHOLD,
    policy::{Losses, Lost, NulBytes, OnError},
    protocol::{Failure, Scan},
    reject::{BadValue, Reject},
};

use super::{Stop, batch::Batch, feed::Taken};
use crate::{
    encode::{BoundRows, RowEncoder, reject_row},
    pages::{
        ids::ValueIds,
        toast::{Toaster, Values},
    },
    vector::{Data, Vector},
};

/// What all threads of a scan know.
pub struct Work<'a> {
    /// What the backend wants.
    pub scan: &'a Scan,
    /// The table as DuckDB calls it.
    pub table: &'a SourceName,
    /// The types of the scan's columns.
    pub logicals: &'a [LogicalType],
    /// The encoder.
    pub encoder: RowEncoder,
    /// Whether a row id follows the columns.
    pub has_row_id: bool,
    /// The identifiers of values out of line.
    pub ids: Arc<ValueIds>,
}

/// A thread's own tools, and what it has counted.
pub struct Maker<'a> {
    work: &'a Work<'a>,
    toaster: Option<Toaster>,
    /// What the row at hand has lost, for each scan column.
    lost: Vec<Lost>,
    /// A row that is too large for a page.
    large: Vec<u8>,
    /// What all rows have lost, for each scan column.
    pub losses: Vec<Losses>,
    /// The rejects.
    pub rejected: u64,
}

/// Where full batches go; leaves an empty one.
pub type Send<'f> = dyn FnMut(&mut Batch) -> Result<(), Stop> + 'f;

impl<'a> Maker<'a> {
    /// Starts with nothing counted.
    pub fn new(work: &'a Work<'a>) -> Self {
        let Scan { attributes, pages, columns, .. } = work.scan;
        let toaster = |pages| Toaster::new(attributes, pages, Arc::clone(&work.ids));
        Self {
            work,
            toaster: pages.as_ref().map(toaster),
            lost: vec![Lost::default(); columns.len()],
            large: Vec::new(),
            losses: vec![Losses::default(); columns.len()],
            rejected: 0,
        }
    }

    /// Makes the rows of a chunk; a batch that is full is sent.
    pub fn chunk(
        &mut self,
        taken: &Taken<'_>,
        batch: &mut Batch,
        send: &mut Send<'_>,
    ) -> Result<(), Stop> {
        let all = taken.chunk.vectors();
        let (columns, row_ids) = all.split_at(self.work.logicals.len());
        let bound = self.work.encoder.bind(columns)?;
        for row in 0..taken.chunk.rows() {
            match self.row(&bound, row, batch) {
                Ok(()) => self.count_losses(),
                Err((column, bad)) => {
                    let source = SourceRow { columns, row_ids, row, before: taken.rows_before };
                    self.bad(column, bad, &source, batch)?;
                }
            }
            if batch.is_full() {
                send(batch)?;
            }
        }
        Ok(())
    }

    fn row(
        &mut self,
        bound: &BoundRows<'_>,
        row: usize,
        batch: &mut Batch,
    ) -> Result<(), (usize, BadValue)> {
        let Self { lost, large, toaster, .. } = self;
        let dry_run = self.work.scan.dry_run;
        let put = |bytes: &mut Vec<u8>, values: &mut Values| {
            let start = bytes.len();
            bound.append(row, bytes, lost)?;
            match toaster {
                Some(toaster) if bytes.len() - start > TOAST_THRESHOLD => {
                    fit(toaster, bytes, start, large, values)
                }
                _ => Ok(()),
            }
        };
        batch.add(put)?;
        // Only the losses are wanted.
        if dry_run {
            batch.clear();
        }
        Ok(())
    }

    /// Counts what the row at hand has lost.
    fn count_losses(&mut self) {
        if Lost::any(&self.lost) {
            self.losses.iter_mut().zip(&self.lost).for_each(|(total, lost)| total.add(*lost));
            self.lost.fill(Lost::default());
        }
    }

    /// A row that is not carried has lost nothing, but a dry run wants to know why it would not be.
    fn bad(
        &mut self,
        column: usize,
        bad: BadValue,
        source: &SourceRow<'_, '_>,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        let Work { scan, logicals, has_row_id, .. } = self.work;
        if scan.dry_run {
            self.count_losses();
            return Ok(());
        }
        self.lost.fill(Lost::default());
        if !rejects(scan, &bad) {
            return Err(Stop::Failed(self.position(column, bad, source.number())));
        }
        let names: Vec<_> = scan.columns.iter().map(|one| one.name.as_str()).collect();
        let reject = Reject {
            source_row: source.id(*has_row_id).unwrap_or(source.number() as i64),
            row_number: source.number(),
            column: names.get(column).copied().unwrap_or_default().to_owned(),
            bad,
            row: Some(reject_row(&names, logicals, source.columns, source.row)),
        };
        self.rejected += 1;
        batch.rejects.push(reject);
        Ok(())
    }

    /// The error for a bad value.
    fn position(&self, column: usize, bad: BadValue, row: u64) -> Failure {
        let Work { scan, table, .. } = self.work;
        let name = scan.columns.get(column).map_or("", |column| column.name.as_str());
        let failure = Failure::new(&bad.sqlstate, &bad.reason)
            .detail(format!("Table \"{table}\", row {row}, column \"{name}\"."));
        match (bad.sqlstate.as_str(), &scan.nul_bytes) {
            ("22021", NulBytes::Error) => failure
                .hint("Say what to do with NUL bytes by options.nul_bytes: reject, strip, or replace:<text>."),
            _ => failure.hint("Set such rows aside with on_error => 'reject'."),
        }
    }
}

/// Takes the row that starts there out, makes it fit a page, and puts it back.
fn fit(
    toaster: &mut Toaster,
    bytes: &mut Vec<u8>,
    start: usize,
    large: &mut Vec<u8>,
    values: &mut Values,
) -> Result<(), (usize, BadValue)> {
    large.clear();
    large.extend_from_slice(&bytes[start..]);
    bytes.truncate(start);
    toaster.fit(large, values)?;
    bytes.extend_from_slice(large);
    Ok(())
}

/// A row as it came.
struct SourceRow<'c, 'v> {
    columns: &'c [Vector<'v>],
    row_ids: &'c [Vector<'v>],
    row: usize,
    /// The rows before its chunk.
    before: u64,
}

impl SourceRow<'_, '_> {
    /// Its number in the scan, from 1.
    fn number(&self) -> u64 {
        self.before + self.row as u64 + 1
    }

    /// DuckDB's rowid.
    fn id(&self, has_row_id: bool) -> Option<i64> {
        match &self.row_ids.first().filter(|_| has_row_id)?.data {
            Data::I64(values) => values.get(self.row).copied(),
            _ => None,
        }
    }
}

/// Whether this row is set aside rather than ending the scan.
fn rejects(scan: &Scan, bad: &BadValue) -> bool {
    let nul_byte = bad.sqlstate == "22021" && scan.nul_bytes == NulBytes::Reject;
    scan.on_error == OnError::Reject || nul_byte
}
