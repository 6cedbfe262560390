//! Helpers of the tests that need a whole server: connections, databases, files.

pub mod advice;
pub mod chance;
pub mod compare;
pub mod duck;
pub mod foreign;
pub mod jobs;
pub mod outcome;
pub mod private;
pub mod proofs;
pub mod sources;
pub mod stored;
pub mod texts;
pub mod verdicts;

use std::{
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use postgres::{Client, NoTls};

/// A connection to a database of the server that `pg_test/run` has started.
pub fn connect(database: &str, user: &str) -> Client {
    try_connect(database, user).expect("the test server answers")
}

fn try_connect(database: &str, user: &str) -> Result<Client, postgres::Error> {
    let host = std::env::var("PGHOST").expect("pg_test/run sets PGHOST");
    Client::connect(&format!("host={host} port=5432 user={user} dbname={database}"), NoTls)
}

/// A database of this test's own, with the extension.
pub struct Database {
    /// Its name.
    pub name: String,
}

impl Database {
    /// Creates one.
    pub fn create() -> Self {
        Self::create_with("")
    }

    /// Creates one with these options of CREATE DATABASE.
    pub fn create_with(options: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("cluster_{}_{number}", std::process::id());
        let mut postgres = connect("postgres", "postgres");
        postgres.batch_execute(&format!("CREATE DATABASE {name} {options}")).unwrap();
        let database = Self { name };
        database.client().batch_execute("CREATE EXTENSION migrator").unwrap();
        database
    }

    /// Sets something, `name = value`, for all connections to come.
    pub fn set(&self, settings: &[&str]) {
        let set = |setting| format!("ALTER DATABASE {} SET {setting};", self.name);
        let statements: String = settings.iter().map(set).collect();
        self.client().batch_execute(&statements).unwrap();
    }

    /// A superuser's connection.
    pub fn client(&self) -> Client {
        connect(&self.name, "postgres")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A test that fails must not panic once more because the server is gone.
        let _ = try_connect("postgres", "postgres").and_then(|mut c| c.batch_execute(&drop));
    }
}

/// A file of the test data.
pub fn data(name: &str) -> String {
    let folder = std::env::var("MIGRATOR_TEST_DATA").expect("pg_test/run sets MIGRATOR_TEST_DATA");
    PathBuf::from(folder).join(name).display().to_string()
}

/// The process ids of readers whose backend is this one.
pub fn readers_of(backend: i32) -> Vec<i32> {
    let is_reader = |pid: &i32| stat(*pid).contains("(migrator_reader");
    children_of(backend).into_iter().filter(is_reader).collect()
}

/// Those of them that are no zombies.
pub fn living_readers_of(backend: i32) -> Vec<i32> {
    readers_of(backend).into_iter().filter(|reader| is_alive(*reader)).collect()
}

/// Sends a signal, `-KILL`, to a process, which may be gone by itself.
pub fn signal(pid: i32, signal: &str) {
    Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
}

/// The process ids of the children of a process.
pub fn children_of(parent: i32) -> Vec<i32> {
    let is_child = |pid: &i32| {
        let stat = stat(*pid);
        let mut after = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        after.nth(1).and_then(|parent| parent.parse::<i32>().ok()) == Some(parent)
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(is_child).collect()
}

/// Whether a process is there, and no zombie that somebody forgets.
pub fn is_alive(pid: i32) -> bool {
    let stat = stat(pid);
    stat.rsplit(") ").next().is_some_and(|after| !after.is_empty() && !after.starts_with('Z'))
}

fn stat(pid: i32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default()
}

/// The anonymous memory of a process in kB: shared buffers and slots are not its own.
pub fn anonymous(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Whether an extension can be created. A test of what it does is no test where it is missing, and says
/// so.
pub fn is_available(extension: &str) -> bool {
    let sql = "SELECT count(*) FROM pg_available_extensions WHERE name = $1";
    let found = connect("postgres", "postgres").query_one(sql, &[&extension]).unwrap();
    let is_there = found.get::<_, i64>(0) > 0;
    if !is_there {
        println!("{extension} is not here: what needs it was not tried");
    }
    is_there
}

/// Waits until something holds, at most ten seconds.
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    eventually_within(Duration::from_secs(10), what, holds);
}

/// Waits until something holds, at most so long.
pub fn eventually_within(most: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < most, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The backend's process id.
pub fn backend(client: &mut Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0)
}
