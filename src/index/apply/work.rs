//! What the background worker does with a job: the statement outside any transaction block, again if
//! a lock was not to be had, and the truth about it in `migrator.index_job_log`.

use std::{
    ffi::CString,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    choice, leftover,
    log::{self, Job, Turn},
    measurement,
    target::Index,
};
use crate::{
    error::{Error, Result},
    index::measurements,
    pg::{
        guc,
        index_lock::Kept,
        index_statement::Statement,
        wait,
        worker::{self, Task},
    },
};

/// Works on a job. What it returns as an error could not be written down.
pub fn work(task: Task) -> Result<()> {
    worker::transaction(|| log::hold(task.job_id))?;
    let mut cancelled = wait_for_starter(task)?;
    let Some(job) = begin(task.job_id, &mut cancelled)? else { return Ok(()) };
    let worked = match cancelled {
        Some(error) => Err(Failure::from(error)),
        None => run(&job),
    };
    finish(&job, &worked)
}

/// Writes down what came of it. A cancel may come at any time; the second attempt has none before it.
fn finish(job: &Job, worked: &std::result::Result<f64, Failure>) -> Result<()> {
    let write = || match worked {
        Ok(seconds) => done(job, *seconds),
        Err(failure) => log::failed(job.job_id, &failure.error, failure.leftover.clone()),
    };
    worker::forget_cancel();
    worker::transaction(write).or_else(|_| {
        worker::forget_cancel();
        worker::transaction(write)
    })
}

/// Only the end of the transaction tells whether there is a job: a cancel is kept until then.
fn wait_for_starter(task: Task) -> Result<Option<Error>> {
    let mut cancelled = None;
    loop {
        match worker::wait_for_starter(task) {
            Ok(()) => return Ok(cancelled),
            Err(error) if error.sqlstate() == "57014" => cancelled = Some(error),
            Err(error) => return Err(error),
        }
    }
}

/// Jobs of one table take turns: a build that waits for the table's lock has a snapshot, and the one
/// that has the lock waits for the end of that. One that is cancelled begins at once, to fail.
fn begin(job_id: i64, cancelled: &mut Option<Error>) -> Result<Option<Job>> {
    loop {
        let anyway = cancelled.is_some();
        match worker::transaction(|| log::begin(job_id, anyway)) {
            Ok(Turn::Now(job)) => return Ok(Some(job)),
            Ok(Turn::Never) => return Ok(None),
            Ok(Turn::Later) => *cancelled = pause(1).err(),
            Err(error) if error.sqlstate() == "57014" && !anyway => *cancelled = Some(error),
            Err(error) => return Err(error),
        }
    }
}

fn pause(seconds: u64) -> Result<()> {
    worker::bare_transaction(|| {
        wait::pause(Duration::from_secs(seconds));
        Ok(())
    })
}

struct Failure {
    error: Error,
    /// What has become of what the job had made.
    leftover: Option<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, leftover: None }
    }
}

/// Returns the seconds of the attempt that went well.
fn run(job: &Job) -> std::result::Result<f64, Failure> {
    worker::transaction(|| prepare(job))?;
    clear_orphans(job)?;
    let attempts = job.options.get("attempts").and_then(Value::as_u64).unwrap_or(1);
    let mut attempt = 1;
    loop {
        let failure = match try_once(job) {
            Ok(seconds) => return Ok(seconds),
            Err(failure) => failure,
        };
        if attempt >= attempts || !may_go_better(&failure.error) {
            return Err(failure);
        }
        pause(attempt.min(10))?;
        attempt += 1;
    }
}

/// A lock that was not to be had in time, and a deadlock.
fn may_go_better(error: &Error) -> bool {
    matches!(error.sqlstate(), "55P03" | "40P01")
}

/// The settings of whoever has queued it; names in the statement must mean the same.
fn prepare(job: &Job) -> Result<()> {
    take_settings(job)?;
    let named = match Statement::parse(&job.sql)? {
        Statement::Create(create) => choice::relation(&create.relation)?,
        Statement::Drop(drop) => table_of(&drop.index, job)?,
    };
    match named == Some(job.target) {
        true => Ok(()),
        false => Err(Error::new("55000", format!("{} is another table by now", job.target_name))),
    }
}

fn table_of(index: &[String], job: &Job) -> Result<Option<u32>> {
    let missing = || Error::new("42704", format!("index {} does not exist", job.index_name));
    let oid = choice::relation(index)?.ok_or_else(missing)?;
    Ok(Index::of(oid)?.map(|index| index.table))
}

fn take_settings(job: &Job) -> Result<()> {
    let settings = job.options.get("settings").and_then(Value::as_object);
    for (name, value) in settings.into_iter().flatten() {
        let text =
            |text: &str| CString::new(text).map_err(|_| Error::new("XX000", "setting expected"));
        guc::set_for_session(&text(name)?, &text(value.as_str().unwrap_or_default())?);
    }
    Ok(())
}

/// The INVALID indexes of jobs that did not drop them themselves.
fn clear_orphans(job: &Job) -> Result<()> {
    no_timeouts();
    for orphan in worker::transaction(|| log::orphans(job.target))? {
        let left = match leftover::is_for(&orphan, &job.index_name, &job.sql) {
            true => None,
            false => left_by(&orphan)?,
        };
        let note = left.map(|left| left.drop_index(&orphan)).transpose()?;
        worker::transaction(|| log::looked_after(orphan.job_id, note))?;
    }
    Ok(())
}

fn try_once(job: &Job) -> std::result::Result<f64, Failure> {
    let before = worker::transaction(|| {
        take_settings(job)?;
        Index::named(&job.index_name)
    })?;
    let began = Instant::now();
    match worker::run_at_top(&job.sql) {
        Ok(()) => Ok(began.elapsed().as_secs_f64()),
        Err(error) => {
            worker::forget_cancel();
            Err(Failure { error, leftover: clean(job, before.as_ref()) })
        }
    }
}

/// Drops the INVALID index that a failed build has left; says of one that it cannot drop.
fn clean(job: &Job, before: Option<&Index>) -> Option<String> {
    let invalid = || leftover::left_behind(&job.index_name);
    no_timeouts();
    let found = match left_by(job) {
        Ok(found) => found?,
        // One that was INVALID before is not the job's.
        Err(_) => return before.is_none_or(|before| before.is_valid).then(invalid),
    };
    if let Some(before) = before
        && before.oid == found.index.oid
    {
        // Somebody else's that is in the way, or one whose drop was interrupted.
        return before.is_valid.then(invalid);
    }
    let note = found.drop_index(job);
    Some(note.unwrap_or_else(|error| format!("{}: {} {error}", invalid(), error.sqlstate())))
}

/// An INVALID index that a job has left behind, and that nobody changes meanwhile.
struct Left {
    index: Index,
    kept: Kept,
}

/// A build of somebody else's is waited for without a snapshot, which that one would wait for.
fn left_by(job: &Job) -> Result<Option<Left>> {
    let Some(index) = worker::transaction(|| leftover::seen(job))? else { return Ok(None) };
    worker::bare_transaction(|| {
        let certain = index.is_locked_invalid();
        Ok(certain.then(|| Left { kept: Kept::of(index.table, index.oid), index }))
    })
}

impl Left {
    /// By its name, which it has as long as the locks are kept. Returns what the log says of it.
    fn drop_index(self, job: &Job) -> Result<String> {
        let name = &job.index_name;
        let dropped = worker::run_at_top(&format!("DROP INDEX CONCURRENTLY {name}"));
        if dropped.is_err() {
            self.kept.were_released();
        }
        dropped.map(|()| leftover::dropped(name))
    }
}

/// Those of a job are for its own statement; nobody waits for what is done besides.
fn no_timeouts() {
    guc::set_for_session(c"lock_timeout", c"0");
    guc::set_for_session(c"statement_timeout", c"0");
}

fn done(job: &Job, seconds: f64) -> Result<()> {
    let index = Index::named(&job.index_name)?.map(|index| index.oid);
    log::done(job.job_id, index)?;
    match index {
        Some(_) => {
            let settings = job.options.get("settings").cloned().unwrap_or_default();
            let built = measurement(&job.target_name, &job.index_name, &job.sql, settings, seconds);
            measurements::record(&[built]).map(|_| ())
        }
        None => Ok(()),
    }
}
