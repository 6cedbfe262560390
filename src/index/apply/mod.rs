//! `index_apply`: builds or drops an index that was chosen, in the caller's transaction or, without
//! keeping writers out, in a background worker of its own.

mod choice;
mod leftover;
mod log;
mod options;
mod target;
mod work;

use std::time::Instant;

use pgrx::{datum::DatumWithOid, pg_sys};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use self::work::work;
use self::{
    choice::Choice,
    options::{Options, Setting},
    target::{Index, Target},
};
use super::measurements::{self, Kind, Measurement};
use crate::{
    error::{Error, Result},
    pg::{
        guc, spi, timeout,
        worker::{self, Task},
    },
};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The table.
    pub target: u32,
    /// CREATE INDEX or DROP INDEX.
    pub choice: String,
    /// Without keeping writers out.
    pub concurrently: bool,
    /// The options.
    pub options: Value,
}

/// What was done.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The job in `migrator.index_jobs`; None where there was nothing to do.
    pub job_id: Option<i64>,
    /// The index, where it is there.
    pub index: Option<u32>,
    /// The statement.
    pub sql: String,
    /// `done` or `queued`
    pub state: &'static str,
    /// What it took.
    pub seconds: Option<f64>,
}

/// Does it, or has it done.
pub fn apply(arguments: &Arguments) -> Result<Applied> {
    let Arguments { target, choice, concurrently, options } = arguments;
    let options = Options::parse(options, *concurrently)?;
    let target = Target::of(*target)?;
    if *concurrently {
        target.check_for_worker()?;
    }
    match Choice::read(&target, choice, *concurrently)? {
        Choice::Nothing(index, sql) => {
            Ok(Applied { job_id: None, index, sql, state: "done", seconds: Some(0.0) })
        }
        Choice::Change { index, sql } => {
            let change = Change { target, index: index.quoted(), sql, options };
            if *concurrently { change.queue() } else { change.run() }
        }
    }
}

/// A change of one index.
struct Change {
    target: Target,
    index: String,
    sql: String,
    options: Options,
}

impl Change {
    /// Makes it in the caller's transaction, with the caller's own settings.
    fn run(self) -> Result<Applied> {
        // Others get the server's own ERROR, and no lock of the table before it.
        if self.target.is_owner {
            leftover::clear(self.target.oid, |job| self.drops(job))?;
        }
        let settings = self.options.settings()?;
        let job_id = self.log(json!({"settings": object(&settings)}))?;
        let began = Instant::now();
        guc::with_all(&settings, || timeout::limited(|| spi::execute_as_called(&self.sql)))?;
        let seconds = began.elapsed().as_secs_f64();
        let index = Index::named(&self.index)?;
        if index.as_ref().is_some_and(|index| index.table != self.target.oid) {
            // The names were the caller's; what runs while an index is built may have changed them.
            return Err(Error::new("55000", format!("index {} is of another table", self.index)));
        }
        let index = index.map(|index| index.oid);
        log::done(job_id, index)?;
        if index.is_some() {
            let target = self.target.name.quoted();
            let settings = object(&settings);
            let built = measurement(&target, &self.index, &self.sql, settings, seconds);
            measurements::record(&[built])?;
        }
        let sql = self.sql;
        Ok(Applied { job_id: Some(job_id), index, sql, state: "done", seconds: Some(seconds) })
    }

    /// Has it made by a worker, which begins when this transaction is committed.
    fn queue(self) -> Result<Applied> {
        let login_role = worker::login_role()?;
        check_session(login_role)?;
        let said = self.options.settings()?;
        // The server refuses here what it would refuse there.
        guc::with_all(&said, || Ok(()))?;
        let mut settings = settings_of_caller()?;
        settings.extend(said.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        leftover::announce(self.target.oid, |job| self.drops(job))?;
        let attempts = self.options.attempts();
        let job_id = self.log(json!({"attempts": attempts, "settings": settings}))?;
        Task::of_caller(job_id, login_role).start()?;
        let sql = self.sql;
        Ok(Applied { job_id: Some(job_id), index: None, sql, state: "queued", seconds: None })
    }

    /// Whether it drops what the job has left anyway.
    fn drops(&self, job: &log::Job) -> bool {
        leftover::is_for(job, &self.index, &self.sql)
    }

    fn log(&self, options: Value) -> Result<i64> {
        log::queue(log::New {
            target: self.target.oid,
            target_name: self.target.name.quoted(),
            index_name: self.index.clone(),
            sql: &self.sql,
            options,
        })
    }
}

fn object(settings: &[Setting]) -> Value {
    settings.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect()
}

/// Settings that decide what the statement means and how it is run: the worker's session has its
/// own. Waiting for locks holds nobody up there, so that it has no limit unless one was asked for.
fn settings_of_caller() -> Result<Map<String, Value>> {
    #[derive(Deserialize)]
    struct Settings {
        settings: Map<String, Value>,
    }
    let sql = "
        SELECT pg_catalog.jsonb_build_object(
            'search_path', pg_catalog.current_setting('search_path'),
            'default_tablespace', pg_catalog.current_setting('default_tablespace'),
            'maintenance_work_mem', pg_catalog.current_setting('maintenance_work_mem'),
            'max_parallel_maintenance_workers',
            pg_catalog.current_setting('max_parallel_maintenance_workers')) AS settings";
    Ok(spi::one_as_called::<Settings>(sql, &[])?.settings)
}

/// Refuses what a worker of this role could not connect to.
fn check_session(login_role: u32) -> Result<()> {
    #[derive(Deserialize)]
    struct Session {
        role: String,
        database: String,
        may_log_in: bool,
        may_connect: bool,
        allows: bool,
    }
    let sql = "SELECT r.rolname::text AS role, d.datname::text AS database,
                      r.rolcanlogin AS may_log_in, d.datallowconn AS allows,
                      has_database_privilege(r.oid, d.oid, 'CONNECT') AS may_connect
                 FROM pg_roles r, pg_database d
                WHERE r.oid = $1 AND d.datname = current_database()";
    let role = pg_sys::Oid::from(login_role);
    let session: Session = spi::one(sql, &[DatumWithOid::from(role)])?;
    let Session { role, database, .. } = &session;
    let why = match session {
        Session { may_log_in: false, .. } => format!("Role \"{role}\" is not permitted to log in."),
        Session { allows: false, .. } => {
            format!("Database \"{database}\" does not accept connections.")
        }
        Session { may_connect: false, .. } => {
            format!("Role \"{role}\" has no CONNECT privilege on database \"{database}\".")
        }
        _ => return Ok(()),
    };
    Err(Error::new("55000", "a background worker could not connect").detail(why))
}

/// An index that was built.
fn measurement(target: &str, index: &str, sql: &str, settings: Value, seconds: f64) -> Measurement {
    Measurement {
        kind: Kind::Build,
        target: Some(target.to_owned()),
        target_tables: vec![target.to_owned()],
        column_name: None,
        metric: "build_seconds",
        value: Some(seconds),
        details: json!({"index": index, "sql": sql, "settings": settings}),
    }
}
