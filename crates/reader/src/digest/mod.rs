//! The source's side of a comparison: canonical bytes of what DuckDB's vectors hold, hashed and
//! summed, or told row by row.
//!
//! This is a decoder of its own. Nothing here may call the load's encoder: what that gets wrong
//! has to be found here.

mod bind;
mod bits;
mod crew;
mod cuts;
mod decimal;
mod document;
mod embedding;
mod json;
mod list;
mod nul;
mod number;
mod read;
mod restrict;
mod row;
mod sheet;
mod sql;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod values;
mod words;
mod work;

use std::io;

use migrator_model::{
    LogicalType,
    canonical::request::{By, Digest, DigestReply, Partition, Want},
    protocol::{Failure, Reply},
};

use crate::{
    catalog::{self, Found},
    ffi::statement::Statement,
    open::Source,
    scan::{self, Stop, feed::Feed},
    serve::Backend,
    usage::Usage,
};

/// Whom the answers go to.
pub trait Port {
    /// Says something. An error means that nobody listens.
    fn say(&mut self, reply: DigestReply) -> io::Result<()>;

    /// Whether the answers are wanted no more.
    fn is_stopped(&self) -> bool;
}

impl Port for Backend {
    fn say(&mut self, reply: DigestReply) -> io::Result<()> {
        Backend::say(self, &Reply::Digest(reply))
    }

    fn is_stopped(&self) -> bool {
        Backend::is_stopped(self)
    }
}

/// Answers a digest, all but the last reply, which is returned. The outer error means that the
/// backend is gone.
pub fn run(
    source: &mut Source,
    wanted: &Digest,
    backend: &mut Backend,
    usage: &Usage,
) -> io::Result<Result<DigestReply, Failure>> {
    backend.begin_scan();
    match answer(source, wanted, backend) {
        Ok(rows_read) => Ok(Ok(DigestReply::Done { rows_read, peak_memory: usage.peak() })),
        Err(Stop::Failed(failure)) => Ok(Err(failure)),
        Err(Stop::Gone(error)) => Err(error),
    }
}

/// Says what is wanted, and returns how many rows were read: of a sample its own, of some parts
/// those that DuckDB could not pass over.
fn answer(source: &mut Source, wanted: &Digest, port: &mut dyn Port) -> Result<u64, Stop> {
    check(wanted)?;
    let found = &*catalog::find(source, &wanted.table)?;
    let row_id = row_id(source, wanted, found)?;
    let logicals = wanted.columns.iter().map(|column| &column.scan.logical);
    scan::prepare(source, found, wanted.filter.as_deref(), logicals)?;
    check_stored(source, wanted, found)?;
    match &wanted.want {
        Want::Cuts { key, parts } => {
            let columns = key.iter().map(|at| wanted.columns[*at].clone()).collect();
            let keys = Digest { columns, without: Vec::new(), ..wanted.clone() };
            cut(source, &keys, found, *parts, port)
        }
        _ => digest(source, wanted, found, row_id, port),
    }
}

/// Refuses what does not fit together, and types whose values cannot be read.
fn check(wanted: &Digest) -> Result<(), Failure> {
    let key = match &wanted.want {
        Want::Cuts { key, .. } => key.as_slice(),
        Want::Sums(None) => &[],
        Want::Sums(Some(partition))
        | Want::Rows { partition, .. }
        | Want::Cells { partition, .. } => {
            check_cuts(partition)?;
            &partition.key
        }
    };
    if key.iter().any(|at| *at >= wanted.columns.len()) {
        return Err(Failure::new("08P01", "a key of columns that are not compared"));
    }
    let is_unknown = |logical: &LogicalType| matches!(logical, LogicalType::Unknown(_));
    match wanted.columns.iter().find(|column| column.scan.logical.any(&is_unknown)) {
        Some(column) => {
            let (name, logical) = (&column.scan.name, &column.scan.logical);
            let message = format!("column \"{name}\" has type {logical}, which is not known");
            Err(Failure::new("0A000", message))
        }
        None => Ok(()),
    }
}

fn check_cuts(partition: &Partition) -> Result<(), Failure> {
    match &partition.by {
        By::Cuts(cuts) if cuts.iter().any(|cut| cut.len() > partition.key.len()) => {
            Err(Failure::new("08P01", "a cut of more columns than the key has"))
        }
        _ => Ok(()),
    }
}

/// The row id, where rows are left out by it.
fn row_id(
    source: &Source,
    wanted: &Digest,
    found: &Found,
) -> Result<Option<&'static str>, Failure> {
    if wanted.without.is_empty() {
        return Ok(None);
    }
    let row_id = catalog::row_id(source, found)?;
    row_id.map(Some).ok_or_else(|| {
        let message = format!("\"{}\" has no row identifiers", wanted.table);
        Failure::new("0A000", message)
            .detail("Rows that were set aside by a load cannot be left out.")
    })
}

fn cut(
    source: &Source,
    keys: &Digest,
    found: &Found,
    parts: u32,
    port: &mut dyn Port,
) -> Result<u64, Stop> {
    if keys.columns.is_empty() {
        port.say(DigestReply::Cuts(Vec::new()))?;
        return Ok(0);
    }
    let statement = statement(source, keys, &sql::sample(keys, found, cuts::rows(parts)))?;
    let mut feed = feed(source, &statement)?;
    let sample = cuts::sample(keys, &mut feed, port)?;
    port.say(DigestReply::Cuts(cuts::quantiles(sample, parts)))?;
    Ok(feed.rows)
}

fn digest(
    source: &Source,
    wanted: &Digest,
    found: &Found,
    row_id: Option<&str>,
    port: &mut dyn Port,
) -> Result<u64, Stop> {
    let restriction = restrict::restriction(wanted);
    let sql = sql::select(wanted, found, row_id, restriction.as_deref());
    let statement = statement(source, wanted, &sql)?;
    let mut feed = feed(source, &statement)?;
    let digested = crew::together(wanted, &mut feed, port, source.threads())?;
    if let Want::Sums(_) = wanted.want {
        port.say(DigestReply::Sums(digested.into()))?;
    }
    Ok(feed.rows)
}

/// Prepares a statement whose columns are of the types that they are to be read as.
fn statement<'s>(source: &'s Source, wanted: &Digest, sql: &str) -> Result<Statement<'s>, Failure> {
    let prepared = source.session().prepare(sql);
    let statement = prepared
        .map_err(|error| scan::refused(wanted.filter.as_deref(), source.explain(&error)))?;
    let columns = wanted.columns.iter();
    scan::check_types(columns.map(|column| (&column.scan, sql::read_as(column))), &statement)?;
    Ok(statement)
}

/// The file's types must be the ones that the backend planned with, before anything is cast.
fn check_stored(source: &Source, wanted: &Digest, found: &Found) -> Result<(), Failure> {
    let prepared = source.session().prepare(&sql::stored(wanted, found));
    let statement = prepared.map_err(|error| source.explain(&error))?;
    let columns = wanted.columns.iter().map(|column| &column.scan);
    scan::check_types(columns.map(|column| (column, &column.logical)), &statement)
}

fn feed<'s>(source: &'s Source, statement: &'s Statement<'_>) -> Result<Feed<'s>, Failure> {
    let stream = statement.stream().map_err(|error| source.explain(&error))?;
    Ok(Feed::new(stream, source.origin()))
}

fn check_stop(port: &dyn Port) -> Result<(), Stop> {
    match port.is_stopped() {
        true => Err(Failure::new("57014", "the comparison was stopped").into()),
        false => Ok(()),
    }
}
