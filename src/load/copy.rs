//! Rows from a scan into the target, by one of three ways.

use std::time::{Duration, Instant};

use migrator_model::{
    Ident,
    protocol::{Done, Scan},
    reject::Reject,
};

use super::{
    outcome::{Loaded, Method},
    rejects::Rejects,
    target::Target,
};
use crate::{
    error::{Error, Result},
    pg::{
        bulk_insert::BulkInsert, memory, page_load::PageLoad, progress::Progress,
        relation::Relation, scan_rows, shared_memory::RowBuffer, spi,
    },
    settings,
    source::{Event, Reader, ScanStream, rows_lost},
};

/// Loads the rows of a scan.
pub fn run(
    reader: &mut Reader,
    scan: Scan,
    target: &Target,
    method: Method,
    rejects: &mut Rejects,
) -> Result<(Loaded, Done)> {
    let relation = target.open(method)?;
    match method {
        Method::Pages => pages(reader, scan, target, &relation, rejects),
        Method::MultiInsert | Method::Insert => {
            let mut flow = Flow::start(reader, scan, target, rejects)?;
            let write = if method == Method::Insert { insert } else { multi_insert };
            write(&mut flow, target, &relation)?;
            flow.finish()
        }
    }
}

/// A scan on its way into a table.
struct Flow<'c> {
    stream: ScanStream<'c>,
    meter: Meter,
    rejects: &'c mut Rejects,
    rows_sent: u64,
    loaded: Loaded,
}

impl<'c> Flow<'c> {
    fn start(
        reader: &'c mut Reader,
        scan: Scan,
        target: &Target,
        rejects: &'c mut Rejects,
    ) -> Result<Self> {
        let stream = reader.scan(scan)?;
        let meter = Meter::start(target.oid, &target.name.name);
        Ok(Self { stream, meter, rejects, rows_sent: 0, loaded: Loaded::default() })
    }

    /// Waits for rows or pages, and deals with everything else on the way. None at the end.
    fn next(&mut self) -> Result<Option<Event>> {
        while let Some(event) = self.stream.next()? {
            match event {
                Event::Expect(rows) => self.meter.expected = rows,
                Event::Rejects(rejects) => self.reject(rejects)?,
                rows => return Ok(Some(rows)),
            }
        }
        Ok(None)
    }

    /// Waits for rows. False at the end.
    fn next_rows(&mut self) -> Result<bool> {
        match self.next()? {
            Some(Event::Rows) => Ok(true),
            Some(_) => Err(Error::new("08P01", "the reader process sent pages for rows")),
            None => Ok(false),
        }
    }

    fn reject(&mut self, rejects: Vec<Reject>) -> Result<()> {
        self.loaded.rows_rejected += rejects.len() as u64;
        self.rejects.keep(rejects)
    }

    /// Every row that the source gave has been sent on or set aside, or the load fails.
    fn finish(self) -> Result<(Loaded, Done)> {
        let done = self.stream.done()?;
        let arrived = self.rows_sent + self.loaded.rows_rejected;
        if arrived != done.rows_read {
            return Err(rows_lost(done.rows_read, arrived));
        }
        let loaded = Loaded {
            rows_read: done.rows_read,
            losses: done.losses.clone(),
            reader_peak_memory: done.peak_memory,
            ..self.loaded
        };
        Ok((loaded, done))
    }
}

/// Finished pages behind the end of the file.
fn pages(
    reader: &mut Reader,
    scan: Scan,
    target: &Target,
    relation: &Relation,
    rejects: &mut Rejects,
) -> Result<(Loaded, Done)> {
    let toast = relation.open_toast();
    let mut load = PageLoad::begin(relation, toast.as_ref(), &target.attributes)?;
    let scan = Scan { pages: Some(load.pages().clone()), ..scan };
    let mut flow = Flow::start(reader, scan, target, rejects)?;
    while let Some(event) = flow.next()? {
        let Event::Pages(run) = event else {
            return Err(Error::new("08P01", "the reader process sent rows for pages"));
        };
        let pages = flow.stream.pages();
        let bytes = pages.len() as u64;
        flow.rows_sent += memory::briefly(|| load.take(&run, pages))?;
        flow.meter.advance(flow.rows_sent, flow.loaded.rows_rejected, bytes);
    }
    flow.loaded.rows_loaded = flow.rows_sent;
    let outcome = flow.finish()?;
    load.finish()?;
    Ok(outcome)
}

fn multi_insert(flow: &mut Flow<'_>, target: &Target, relation: &Relation) -> Result<()> {
    let mut insert = BulkInsert::begin(relation, &target.attributes);
    while flow.next_rows()? {
        let (buffer, images) = flow.stream.rows();
        insert.insert(buffer, images)?;
        let (rows, bytes) = (images.len() as u64, buffer.bytes().len() as u64);
        flow.rows_sent += rows;
        flow.meter.advance(flow.rows_sent, flow.loaded.rows_rejected, bytes);
    }
    flow.loaded.rows_loaded = flow.rows_sent;
    insert.finish();
    Ok(())
}

/// `INSERT … SELECT`: the server routes, checks and transforms the rows, and says how many it has
/// inserted: triggers and rules may do otherwise with some.
fn insert(flow: &mut Flow<'_>, target: &Target, relation: &Relation) -> Result<()> {
    let attributes = &target.attributes;
    let sql = target.insert_statement();
    let mut position = 0;
    let mut next = |image: &mut RowBuffer| {
        if position == flow.stream.rows().1.len() {
            if !flow.next_rows()? {
                return Ok(false);
            }
            position = 0;
        }
        let (buffer, images) = flow.stream.rows();
        let (start, length) = images[position];
        image.resize(length)?;
        image.bytes_mut().copy_from_slice(&buffer.bytes()[start..start + length]);
        position += 1;
        flow.rows_sent += 1;
        if position == images.len() {
            let bytes = buffer.bytes().len() as u64;
            flow.meter.advance(flow.rows_sent, flow.loaded.rows_rejected, bytes);
        }
        Ok(true)
    };
    let inserted =
        scan_rows::with_scan(&mut next, relation, attributes, || spi::execute_as_called(&sql))?;
    flow.loaded.rows_loaded = inserted;
    match flow.next_rows()? {
        false => Ok(()),
        true => {
            let message = format!("the rules of relation \"{}\" read no rows", target.name.name);
            Err(Error::new("0A000", message).hint("Load into the table that the rules lead to."))
        }
    }
}

/// Tells others how far a load is.
struct Meter {
    progress: Progress,
    table: String,
    expected: Option<u64>,
    began: Instant,
    noticed: Instant,
    interval: Option<Duration>,
    bytes: u64,
}

impl Meter {
    fn start(relation: u32, table: &Ident) -> Self {
        let now = Instant::now();
        Self {
            progress: Progress::begin(relation),
            table: table.to_string(),
            expected: None,
            began: now,
            noticed: now,
            interval: settings::progress_interval(),
            bytes: 0,
        }
    }

    fn advance(&mut self, rows: u64, rejected: u64, bytes: u64) {
        self.bytes += bytes;
        self.progress.update(rows, rejected, self.bytes);
        if self.interval.is_some_and(|interval| self.noticed.elapsed() >= interval) {
            self.noticed = Instant::now();
            pgrx::notice!("{}", self.text(rows + rejected));
        }
    }

    /// `table "orders": 1200000 rows of 6000000, 400000 rows/s, 12 s left`
    fn text(&self, rows: u64) -> String {
        let rate = rows as f64 / self.began.elapsed().as_secs_f64().max(0.001);
        let table = &self.table;
        match self.expected.filter(|expected| *expected >= rows && rate > 0.0) {
            Some(expected) => {
                let left = (expected - rows) as f64 / rate;
                format!(
                    "table \"{table}\": {rows} rows of {expected}, {rate:.0} rows/s, {left:.0} s left"
                )
            }
            None => format!("table \"{table}\": {rows} rows, {rate:.0} rows/s"),
        }
    }
}
