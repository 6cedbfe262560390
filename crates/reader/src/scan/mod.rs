//! A scan: chunks from DuckDB, rows as tuple images, slots to the backend.

mod filter;
mod output;
mod select;

use std::{
    io,
    time::{Duration, Instant},
};

use migrator_model::{
    LogicalType,
    catalog::TableKind,
    policy::{Losses, Lost, NulBytes, OnError},
    protocol::{Done, Failure, Reply, Scan},
    reject::{BadValue, Reject},
};

use crate::{
    catalog::{self, Found},
    encode::{Policy, RowEncoder, reject_row},
    ffi::{database::Statement, slots::Slots},
    open::Source,
    scan::{output::Output, select::readable},
    serve::Backend,
    usage::Usage,
    vector::{Data, Vector},
};

/// Why a scan ends early.
enum Stop {
    /// The backend is gone.
    Gone(io::Error),
    /// The scan failed.
    Failed(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Gone(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Runs a scan. The outer error means that the backend is gone.
pub fn run(
    source: &mut Source,
    scan: &Scan,
    backend: &mut Backend,
    slots: &mut Slots,
    usage: &Usage,
) -> io::Result<Result<Done, Failure>> {
    match Run::start(source, scan, backend, slots, usage) {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Failed(failure)) => Ok(Err(failure)),
        Err(Stop::Gone(error)) => Err(error),
    }
}

/// A scan on its way.
struct Run<'a> {
    scan: &'a Scan,
    found: &'a Found,
    logicals: Vec<LogicalType>,
    has_row_id: bool,
    output: Output<'a>,
    done: Done,
    /// What the row at hand has lost, for each scan column.
    lost: Vec<Lost>,
    fetching: Duration,
    image: Vec<u8>,
}

impl<'a> Run<'a> {
    fn start(
        source: &mut Source,
        scan: &'a Scan,
        backend: &'a mut Backend,
        slots: &'a mut Slots,
        usage: &Usage,
    ) -> Result<Done, Stop> {
        let computes = scan.filter.is_some();
        let cache = source.catalog()?;
        let found = catalog::find(&cache, &scan.table)?;
        let row_id = catalog::row_id(&cache, found);
        if computes || found.kind == TableKind::View {
            source.prepare_to_compute()?;
        } else {
            source.lock()?;
        }
        if let Some(filter) = &scan.filter {
            filter::check(source, filter)?;
        }
        let expected = if computes { None } else { catalog::count(source, found)? };
        let mut run = Run {
            scan,
            found,
            logicals: scan.columns.iter().map(|column| readable(&column.logical)).collect(),
            has_row_id: row_id.is_some(),
            output: Output::new(backend, slots),
            done: Done::default(),
            lost: vec![Lost::default(); scan.columns.len()],
            fetching: Duration::ZERO,
            image: Vec::new(),
        };
        run.done.losses = vec![Losses::default(); scan.columns.len()];
        run.output.say(&Reply::Expect(expected))?;
        let sql = select::select(scan, found, row_id);
        run.all(source, &sql)?;
        run.finish(usage)
    }

    fn all(&mut self, source: &Source, sql: &str) -> Result<(), Stop> {
        let began = Instant::now();
        let failed = |error| Stop::Failed(source.explain(&error));
        let statement = source
            .session()
            .prepare(sql)
            .map_err(|error| Stop::Failed(refused(self.scan, source.explain(&error))))?;
        self.check_types(&statement)?;
        let encoder = RowEncoder::new(&self.scan.attributes, &self.logicals, &policy(self.scan))?;
        let mut stream = statement.stream().map_err(failed)?;
        loop {
            let asked = Instant::now();
            let Some(chunk) = stream.next_chunk().map_err(failed)? else { break };
            self.fetching += asked.elapsed();
            if self.output.is_stopped() {
                return Err(Failure::new("57014", "the scan was stopped").into());
            }
            self.chunk(&encoder, &chunk.vectors(), chunk.rows())?;
        }
        self.done.fetch_seconds = self.fetching.as_secs_f64();
        self.done.encode_seconds = began.elapsed().saturating_sub(self.fetching).as_secs_f64();
        Ok(())
    }

    /// The file's types must be the ones that the backend planned with.
    fn check_types(&self, statement: &Statement<'_>) -> Result<(), Failure> {
        for (column, (want, have)) in
            self.scan.columns.iter().zip(self.logicals.iter().zip(statement.types()))
        {
            if want != have {
                let message = format!("column \"{}\" has type {have}, not {want}", column.name);
                return Err(Failure::new("42804", message));
            }
        }
        Ok(())
    }

    fn chunk(&mut self, encoder: &RowEncoder, all: &[Vector<'_>], rows: usize) -> Result<(), Stop> {
        let (columns, row_ids) = all.split_at(self.logicals.len());
        let bound = encoder.bind(columns)?;
        let mut image = std::mem::take(&mut self.image);
        for row in 0..rows {
            self.done.rows_read += 1;
            match bound.encode(row, &mut image, &mut self.lost) {
                Ok(()) => self.good(&image)?,
                Err((column, bad)) => self.bad(column, bad, columns, row_ids, row)?,
            }
            self.lost.fill(Lost::default());
        }
        self.image = image;
        Ok(())
    }

    fn good(&mut self, image: &[u8]) -> io::Result<()> {
        self.count_losses();
        if self.scan.dry_run { Ok(()) } else { self.output.push(image) }
    }

    fn count_losses(&mut self) {
        for (total, lost) in self.done.losses.iter_mut().zip(&self.lost) {
            total.add(*lost);
        }
    }

    /// A row that is not carried has lost nothing, but a dry run wants to know why it would not be.
    fn bad(
        &mut self,
        column: usize,
        bad: BadValue,
        columns: &[Vector<'_>],
        row_ids: &[Vector<'_>],
        row: usize,
    ) -> Result<(), Stop> {
        if self.scan.dry_run {
            self.count_losses();
            return Ok(());
        }
        if !rejects(self.scan, &bad) {
            return Err(Stop::Failed(self.position(column, bad)));
        }
        let names: Vec<_> = self.scan.columns.iter().map(|one| one.name.as_str()).collect();
        let row_number = self.done.rows_read;
        let source_row = row_ids.first().filter(|_| self.has_row_id);
        let reject = Reject {
            source_row: source_row.and_then(|ids| id(ids, row)).unwrap_or(row_number as i64),
            row_number,
            column: names.get(column).copied().unwrap_or_default().to_owned(),
            bad,
            row: Some(reject_row(&names, &self.logicals, columns, row)),
        };
        self.done.rows_rejected += 1;
        Ok(self.output.reject(reject)?)
    }

    /// The error for the first bad value.
    fn position(&self, column: usize, bad: BadValue) -> Failure {
        let name = self.scan.columns.get(column).map_or("", |column| column.name.as_str());
        let (table, row) = (&self.found.name, self.done.rows_read);
        let failure = Failure::new(&bad.sqlstate, &bad.reason)
            .detail(format!("Table \"{table}\", row {row}, column \"{name}\"."));
        match (bad.sqlstate.as_str(), &self.scan.nul_bytes) {
            ("22021", NulBytes::Error) => failure
                .hint("Say what to do with NUL bytes by options.nul_bytes: reject, strip, or replace:<text>."),
            _ => failure.hint("Set such rows aside with on_error => 'reject'."),
        }
    }

    fn finish(self, usage: &Usage) -> Result<Done, Stop> {
        let waited = self.output.finish()?.as_secs_f64();
        let encode_seconds = (self.done.encode_seconds - waited).max(0.0);
        let peak_memory = usage.peak();
        Ok(Done { wait_seconds: waited, encode_seconds, peak_memory, ..self.done })
    }
}

fn policy(scan: &Scan) -> Policy {
    Policy {
        nul_bytes: scan.nul_bytes.clone(),
        accept_lossy: scan.accept_lossy,
        count_only: scan.dry_run,
    }
}

/// Whether this row is set aside rather than ending the scan.
fn rejects(scan: &Scan, bad: &BadValue) -> bool {
    let nul_byte = bad.sqlstate == "22021" && scan.nul_bytes == NulBytes::Reject;
    scan.on_error == OnError::Reject || nul_byte
}

fn id(ids: &Vector<'_>, row: usize) -> Option<i64> {
    match &ids.data {
        Data::I64(values) => values.get(row).copied(),
        _ => None,
    }
}

/// A statement that DuckDB refuses: with a filter in it, the filter is what the user wrote.
fn refused(scan: &Scan, failure: Failure) -> Failure {
    match &scan.filter {
        Some(_) if failure.sqlstate == "38000" => {
            Failure { sqlstate: "42601".into(), message: "invalid filter".into(), ..failure }
        }
        _ => failure,
    }
}
