//! A scan: chunks from DuckDB, rows as tuple images, slots to the backend.

mod batch;
mod crew;
pub(crate) mod feed;
mod filter;
mod maker;
mod output;
mod proven;
mod select;

use std::{borrow::Borrow, io, sync::Arc};

use migrator_model::{
    LogicalType, SourceName,
    policy::Losses,
    protocol::{Done, Failure, Reply, Scan, ScanColumn},
};

use self::{crew::Made, feed::Feed, maker::Work, output::Output, proven::Undecided};
pub(crate) use self::{
    crew::lock,
    select::{enclosed, expression, list, readable, value},
};
use crate::{
    catalog::{self, Found},
    encode::{Policy, RowEncoder},
    ffi::{slots::Slots, statement::Statement},
    open::Source,
    pages::ids::ValueIds,
    query,
    serve::Backend,
    usage::Usage,
};

/// Why a scan ends early.
pub(crate) enum Stop {
    /// The backend is gone.
    Gone(io::Error),
    /// The scan failed.
    Failed(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Nobody waits for a slot any more.
            io::ErrorKind::Interrupted => Self::Failed(stopped()),
            _ => Self::Gone(error),
        }
    }
}

/// What has become of a scan that is not wanted any more.
fn stopped() -> Failure {
    Failure::new("57014", "the scan was stopped")
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
    let output = Output::new(backend, slots, scan);
    match start(source, scan, output, usage) {
        Ok(done) => Ok(Ok(done)),
        Err(Stop::Failed(failure)) => Ok(Err(failure)),
        Err(Stop::Gone(error)) => Err(error),
    }
}

fn start(
    source: &mut Source,
    scan: &Scan,
    output: Output<'_>,
    usage: &Usage,
) -> Result<Done, Stop> {
    match &scan.query {
        Some(query) => of_query(source, scan, query, output, usage),
        None => of_table(source, scan, output, usage),
    }
}

/// Reads a query's rows.
fn of_query(
    source: &mut Source,
    scan: &Scan,
    query: &str,
    mut output: Output<'_>,
    usage: &Usage,
) -> Result<Done, Stop> {
    source.prepare_to_compute()?;
    let statement = query::prepare(source, query, &scan.columns)?;
    output.say(&Reply::Expect(None))?;
    rows(source, scan, &Reading { statement, table: &scan.table, has_row_id: false }, output, usage)
}

/// Reads a table's rows.
fn of_table(
    source: &mut Source,
    scan: &Scan,
    mut output: Output<'_>,
    usage: &Usage,
) -> Result<Done, Stop> {
    let found = &*catalog::find(source, &scan.table)?;
    prepare(source, found, scan.filter.as_deref(), scan.columns.iter().map(|c| &c.logical))?;
    if scan.dry_run {
        return dry_run(source, scan, found, output, usage);
    }
    let expected = match scan.filter {
        Some(_) => None,
        None => catalog::count(source, found)?,
    };
    output.say(&Reply::Expect(expected))?;
    let row_id = catalog::row_id(source, found)?;
    rows(source, scan, &reading(source, scan, found, row_id)?, output, usage)
}

/// Gives DuckDB the memory that reading these columns takes, and checks the filter.
pub(crate) fn prepare<'l>(
    source: &mut Source,
    found: &Found,
    filter: Option<&str>,
    logicals: impl Iterator<Item = &'l LogicalType> + Clone,
) -> Result<(), Failure> {
    if filter.is_some() || !found.is_stored {
        source.prepare_to_compute()?;
    } else {
        source.prepare_to_stream(logicals.clone().map(leaves).sum(), logicals.map(width).sum())?;
    }
    filter.map_or(Ok(()), |filter| filter::check(source, filter))
}

/// Counts what would get lost, with a look at the data only where DuckDB's statistics leave it
/// open.
fn dry_run(
    source: &Source,
    scan: &Scan,
    found: &Found,
    output: Output<'_>,
    usage: &Usage,
) -> Result<Done, Stop> {
    let undecided = Undecided::of(source, scan, found);
    let done = match undecided.is_empty() {
        true => Done { peak_memory: usage.peak(), ..Done::default() },
        false => {
            let reading = reading(source, &undecided.scan, found, None)?;
            rows(source, &undecided.scan, &reading, output, usage)?
        }
    };
    Ok(undecided.whole(done, scan.columns.len()))
}

/// What gives a scan's rows.
struct Reading<'s> {
    statement: Statement<'s>,
    /// What messages call it.
    table: &'s SourceName,
    /// Whether a row id follows the columns.
    has_row_id: bool,
}

fn reading<'s>(
    source: &'s Source,
    scan: &Scan,
    found: &'s Found,
    row_id: Option<&str>,
) -> Result<Reading<'s>, Failure> {
    let prepared = source.session().prepare(&select::select(scan, found, row_id));
    let statement =
        prepared.map_err(|error| refused(scan.filter.as_deref(), source.explain(&error)))?;
    Ok(Reading { statement, table: &found.name, has_row_id: row_id.is_some() })
}

fn rows(
    source: &Source,
    scan: &Scan,
    reading: &Reading<'_>,
    mut output: Output<'_>,
    usage: &Usage,
) -> Result<Done, Stop> {
    let logicals: Vec<_> = scan.columns.iter().map(|column| readable(&column.logical)).collect();
    check_types(scan.columns.iter().zip(&logicals), &reading.statement)?;
    let work = work(scan, reading, &logicals)?;
    let stream = reading.statement.stream().map_err(|error| source.explain(&error))?;
    let mut feed = Feed::new(stream, source.origin());
    // Until here nobody could interrupt DuckDB.
    crew::check_stop(&output)?;
    let threads = source.threads();
    let made = match threads > 1 {
        true => crew::together(&work, &mut feed, &mut output, threads)?,
        false => crew::alone(&work, &mut feed, &mut output)?,
    };
    finish(scan, &feed, made, output, usage)
}

fn work<'w>(
    scan: &'w Scan,
    reading: &'w Reading<'_>,
    logicals: &'w [LogicalType],
) -> Result<Work<'w>, Failure> {
    let encoder = RowEncoder::new(&scan.attributes, logicals, &policy(scan))?
        .normalizing(scan.columns.iter().map(|column| column.normalize));
    let toast = scan.pages.as_ref().and_then(|pages| pages.toast);
    let ids = Arc::new(ValueIds::new(toast.map_or(0, |toast| toast.first_value)));
    let Reading { table, has_row_id, .. } = *reading;
    Ok(Work { scan, table, logicals, encoder, has_row_id, ids })
}

/// The statement's types must be the ones that the backend planned with.
pub(crate) fn check_types<'c>(
    planned: impl Iterator<Item = (&'c ScanColumn, impl Borrow<LogicalType>)>,
    statement: &Statement<'_>,
) -> Result<(), Failure> {
    for ((column, want), have) in planned.zip(statement.types()) {
        let want = want.borrow();
        if want != have {
            let message = format!("column \"{}\" has type {have}, not {want}", column.name);
            return Err(Failure::new("42804", message));
        }
    }
    Ok(())
}

fn finish(
    scan: &Scan,
    feed: &Feed<'_>,
    made: Made,
    output: Output<'_>,
    usage: &Usage,
) -> Result<Done, Stop> {
    let waited = output.finish()?;
    let mut losses = made.losses;
    losses.resize(scan.columns.len(), Losses::default());
    Ok(Done {
        rows_read: feed.rows,
        rows_rejected: made.rejected,
        losses,
        fetch_seconds: feed.fetching.as_secs_f64(),
        encode_seconds: made.making.as_secs_f64(),
        wait_seconds: waited.as_secs_f64(),
        peak_memory: usage.peak(),
    })
}

/// How many columns DuckDB stores the type as.
fn leaves(logical: &LogicalType) -> u64 {
    1 + logical.children().into_iter().map(leaves).sum::<u64>()
}

/// About how many bytes a value of the type has, as far as the type says.
fn width(logical: &LogicalType) -> u64 {
    match logical {
        LogicalType::Array(element, size) => u64::from(*size) * width(element),
        other => match other.children() {
            children if children.is_empty() => 8,
            children => children.into_iter().map(width).sum(),
        },
    }
}

fn policy(scan: &Scan) -> Policy {
    Policy {
        nul_bytes: scan.nul_bytes.clone(),
        accept_lossy: scan.accept_lossy,
        count_only: scan.dry_run,
    }
}

/// A statement that DuckDB refuses: with a filter in it, the filter is what the user wrote.
pub(crate) fn refused(filter: Option<&str>, failure: Failure) -> Failure {
    match filter {
        Some(_) if failure.sqlstate == "38000" => {
            Failure { sqlstate: "42601".into(), message: "invalid filter".into(), ..failure }
        }
        _ => failure,
    }
}
