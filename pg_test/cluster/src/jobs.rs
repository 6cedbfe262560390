//! Jobs of `index_apply`, and what becomes of them.

use std::time::Duration;

use postgres::Client;

use crate::{eventually_within, foreign::value};

/// A table to be indexed.
pub const WARDS: &str = "
    CREATE TABLE wards (id integer PRIMARY KEY, ward text NOT NULL, beds integer);
    INSERT INTO wards SELECT i, 'ward ' || i % 100, i % 40 FROM generate_series(1, 5000) i;
    ANALYZE wards;";

/// How long a job may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the view says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// queued, running, done, failed or lost
    pub state: String,
    /// Of an error.
    pub sqlstate: Option<String>,
    /// What has become of an INVALID index.
    pub leftover: Option<String>,
    /// The worker.
    pub pid: Option<i32>,
}

/// Queues a job for a worker.
pub fn queue(client: &mut Client, choice: &str, options: &str) -> i64 {
    let sql = "SELECT job_id, state FROM index_apply('wards', $1, true, $2::text::jsonb)";
    let row = client.query_one(sql, &[&choice, &options]).unwrap();
    assert_eq!(row.get::<_, &str>(1), "queued");
    row.get(0)
}

/// Looks at a job; None: there is none.
pub fn job(client: &mut Client, job_id: i64) -> Option<Job> {
    let sql = "SELECT state, error_sqlstate, leftover, pid FROM migrator.index_jobs
                WHERE job_id = $1";
    let row = client.query_opt(sql, &[&job_id]).unwrap()?;
    Some(Job { state: row.get(0), sqlstate: row.get(1), leftover: row.get(2), pid: row.get(3) })
}

/// Waits until a job has this state.
pub fn until(client: &mut Client, job_id: i64, state: &str) -> Job {
    let mut last = None;
    eventually_within(PATIENCE, &format!("job {job_id} is {state}"), || {
        last = job(client, job_id);
        last.as_ref().is_some_and(|job| job.state == state)
    });
    last.unwrap()
}

/// Waits until no worker is there.
pub fn until_idle(client: &mut Client) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'migrator index worker' AND datname = current_database()";
    eventually_within(PATIENCE, "the workers are gone", || value::<i64>(client, sql) == 0);
}

/// Waits until the worker of a job waits for a lock, and returns its process.
pub fn until_waiting(client: &mut Client, job_id: i64) -> i32 {
    let mut pid = 0;
    eventually_within(PATIENCE, &format!("job {job_id} waits for a lock"), || {
        pid = job(client, job_id).and_then(|job| job.pid).unwrap_or(0);
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND wait_event_type = 'Lock'"
        );
        value::<i64>(client, &sql) == 1
    });
    pid
}

/// The indexes of the table, with a mark where they are INVALID.
pub fn indexes(client: &mut Client) -> Vec<String> {
    let sql = "SELECT indexrelid::regclass || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
                 FROM pg_index WHERE indrelid = 'wards'::regclass ORDER BY 1";
    client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}
