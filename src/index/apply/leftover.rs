//! INVALID indexes that jobs have left behind: a build that did not come to its end, or a drop that
//! was interrupted. Nobody uses them, but every write to their table keeps them up.

use super::{
    log::{self, Job},
    target::Index,
};
use crate::{error::Result, pg::spi};

/// How the log says that one is left behind.
pub const LEFT: &str = "invalid index ";

/// The INVALID index that a job seems to have left behind: it may be one that somebody is building.
pub fn seen(job: &Job) -> Result<Option<Index>> {
    let index = Index::named(&job.index_name)?;
    Ok(index.filter(|index| index.table == job.target && !index.is_valid))
}

/// Whether a statement drops it anyway.
pub fn is_for(job: &Job, index: &str, sql: &str) -> bool {
    job.index_name == index && sql.starts_with("DROP ")
}

/// Does away with those of a table's orphans but what a statement drops anyway, in the caller's
/// transaction and with its rights.
pub fn clear(target: u32, but: impl Fn(&Job) -> bool) -> Result<()> {
    for job in log::orphans(target)? {
        let index = if but(&job) { None } else { seen(&job)? };
        let index = index.filter(Index::is_locked_invalid);
        let name = index.map(|index| index.name()).transpose()?.map(|name| name.quoted());
        if let Some(name) = &name {
            spi::execute_as_called(&format!("DROP INDEX {name}"))?;
            pgrx::notice!("dropped invalid index {name}, left behind by index job {}", job.job_id);
        }
        log::looked_after(job.job_id, name.map(|name| dropped(&name)))?;
    }
    Ok(())
}

/// Says what a worker is going to do away with.
pub fn announce(target: u32, but: impl Fn(&Job) -> bool) -> Result<()> {
    for job in log::orphans(target)? {
        if !but(&job) && seen(&job)?.is_some() {
            let (name, job_id) = (&job.index_name, job.job_id);
            pgrx::notice!(
                "invalid index {name}, left behind by index job {job_id}, is dropped first"
            );
        }
    }
    Ok(())
}

/// As the log has it.
pub fn left_behind(name: &str) -> String {
    format!("{LEFT}{name} is left behind")
}

/// As the log has it.
pub fn dropped(name: &str) -> String {
    format!("dropped invalid index {name}")
}
