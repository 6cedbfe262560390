//! `migrator.index_job_log`: what was to be done to indexes, and what came of it. Only the extension
//! writes to it.

use pgrx::{JsonB, datum::DatumWithOid, pg_sys};
use serde::Deserialize;
use serde_json::Value;

use super::leftover;
use crate::{
    error::{Error, Result},
    load::{current_role, log_owner},
    pg::{owner, session_lock, spi},
};

/// A job, as it is written down.
pub struct New<'n> {
    /// The table.
    pub target: u32,
    /// Its name, qualified.
    pub target_name: String,
    /// The index's.
    pub index_name: String,
    /// The statement.
    pub sql: &'n str,
    /// How it is to be run.
    pub options: Value,
}

/// A job, as its worker reads it.
#[derive(Clone, Debug, Deserialize)]
pub struct Job {
    /// Its number.
    pub job_id: i64,
    /// The table.
    pub target: u32,
    /// Its name, qualified.
    pub target_name: String,
    /// The index's.
    pub index_name: String,
    /// The statement.
    pub sql: String,
    /// How it is to be run.
    pub options: Value,
}

#[derive(Deserialize)]
struct Number {
    number: i64,
}

const INSERT: &str = "
    INSERT INTO migrator.index_job_log
           (job_id, role_name, target, target_name, index_name, sql, options, state)
           OVERRIDING SYSTEM VALUE
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued')";

/// Writes a job and returns its number.
pub fn queue(job: New<'_>) -> Result<i64> {
    let role = current_role()?;
    let sql = "SELECT pg_catalog.nextval('migrator.index_job_log_job_id_seq') AS number";
    as_owner(|| {
        let Number { number } = spi::one(sql, &[])?;
        let arguments = [
            DatumWithOid::from(number),
            DatumWithOid::from(role),
            DatumWithOid::from(pg_sys::Oid::from(job.target)),
            DatumWithOid::from(job.target_name),
            DatumWithOid::from(job.index_name),
            DatumWithOid::from(job.sql.to_owned()),
            DatumWithOid::from(JsonB(job.options)),
        ];
        spi::execute_with(INSERT, &arguments)?;
        Ok(number)
    })
}

const COLUMNS: &str = "job_id, target::int8 AS target, target_name, index_name, sql, options";

/// Whether a job may begin.
pub enum Turn {
    /// It has begun.
    Now(Job),
    /// Another of the same table is running.
    Later,
    /// There is none: what has queued it was rolled back, or others have found it lost.
    Never,
}

/// Whoever begins with a job of the table sees all that have been committed before it, and waits for
/// those who begin at the same time.
const LOCK: &str = "
    SELECT job_id AS number FROM migrator.index_job_log
     WHERE target = (SELECT target FROM migrator.index_job_log WHERE job_id = $1)
       AND state IN ('queued', 'running') ORDER BY job_id FOR UPDATE";

const OTHERS: &str = "
    SELECT count(*) AS number FROM migrator.index_jobs
     WHERE target = (SELECT target FROM migrator.index_job_log WHERE job_id = $1)
       AND state = 'running' AND job_id <> $1";

const BEGIN: &str = "
    UPDATE migrator.index_job_log
       SET state = 'running', started_at = clock_timestamp(), pid = pg_backend_pid()
     WHERE job_id = $1 AND state = 'queued'";

/// Begins with a job that is queued; `anyway`: whatever else is running.
pub fn begin(job_id: i64, anyway: bool) -> Result<Turn> {
    let argument = [DatumWithOid::from(job_id)];
    let select = format!("SELECT {COLUMNS} FROM migrator.index_job_log WHERE job_id = $1");
    as_owner(|| {
        spi::rows::<Number>(LOCK, &argument)?;
        if !anyway && spi::one::<Number>(OTHERS, &argument)?.number > 0 {
            return Ok(Turn::Later);
        }
        match spi::execute_with(BEGIN, &argument)? {
            0 => Ok(Turn::Never),
            _ => Ok(Turn::Now(spi::one(&select, &argument)?)),
        }
    })
}

/// Notes that it is done.
pub fn done(job_id: i64, index: Option<u32>) -> Result<()> {
    let sql = "UPDATE migrator.index_job_log
                  SET state = 'done', index = $2, ended_at = clock_timestamp(),
                      started_at = coalesce(started_at, queued_at)
                WHERE job_id = $1";
    let index = index.map(pg_sys::Oid::from);
    write(sql, &[DatumWithOid::from(job_id), DatumWithOid::from(index)])
}

/// Notes that it has failed, and what has become of what it had made.
pub fn failed(job_id: i64, error: &Error, leftover: Option<String>) -> Result<()> {
    let sql = "UPDATE migrator.index_job_log
                  SET state = 'failed', error_sqlstate = $2, error_message = $3, leftover = $4,
                      ended_at = clock_timestamp()
                WHERE job_id = $1";
    // An error's one line; what it quotes may be long.
    let message = migrator_model::ident::clip(error.message(), 1_000).to_owned();
    let arguments = [
        DatumWithOid::from(job_id),
        DatumWithOid::from(error.sqlstate().to_owned()),
        DatumWithOid::from(message),
        DatumWithOid::from(leftover),
    ];
    write(sql, &arguments)
}

/// Notes of an orphan what has become of what it had left; that its worker is gone, where it did not
/// come to its end.
pub fn looked_after(job_id: i64, leftover: Option<String>) -> Result<()> {
    let sql = "UPDATE migrator.index_job_log
                  SET state = CASE state WHEN 'failed' THEN state ELSE 'lost' END, leftover = $2,
                      ended_at = coalesce(ended_at, clock_timestamp())
                WHERE job_id = $1 AND state IN ('queued', 'running', 'failed')";
    write(sql, &[DatumWithOid::from(job_id), DatumWithOid::from(leftover)])
}

/// The jobs of a table that nobody works on any more, and nobody has looked after since: the lost
/// ones, and those that have failed and could not do it themselves.
pub fn orphans(target: u32) -> Result<Vec<Job>> {
    // The view says lost of what the log has as queued or running.
    let sql = format!(
        "SELECT {COLUMNS} FROM migrator.index_jobs j
          WHERE target = $1 AND (state = 'lost' AND ended_at IS NULL
                                 OR state = 'failed' AND starts_with(leftover, $2))
          ORDER BY job_id"
    );
    let arguments = [
        DatumWithOid::from(pg_sys::Oid::from(target)),
        DatumWithOid::from(leftover::LEFT.to_owned()),
    ];
    as_owner(|| spi::rows(&sql, &arguments))
}

/// The jobs of a table that are queued or running.
pub fn unfinished(target: u32) -> Result<Vec<Job>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM migrator.index_job_log
          WHERE target = $1 AND state IN ('queued', 'running')"
    );
    as_owner(|| spi::rows(&sql, &[DatumWithOid::from(pg_sys::Oid::from(target))]))
}

/// While this session lives, the job is not lost: the view looks for this lock.
pub fn hold(job_id: i64) -> Result<()> {
    match session_lock::take((job_id & 0x7fff_ffff) as u32) {
        true => Ok(()),
        false => Err(Error::new("55006", "another session works on the job")),
    }
}

fn write(sql: &str, arguments: &[DatumWithOid<'_>]) -> Result<()> {
    as_owner(|| spi::execute_with(sql, arguments)).map(|_| ())
}

fn as_owner<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    owner::acting_as(log_owner()?, run)
}
