//! The settings `migrator.*`.

use std::{ffi::CString, sync::OnceLock, time::Duration};

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

use crate::pg::compat;

static ALLOWED_DIRECTORIES: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static TEMP_DIRECTORY: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static READER_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(1 << 20);
static READER_THREADS: GucSetting<i32> = GucSetting::<i32>::new(0);
static SLOT_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(64 << 10);
static DIRECT_PAGES: GucSetting<bool> = GucSetting::<bool>::new(true);
static PROGRESS_INTERVAL: GucSetting<i32> = GucSetting::<i32>::new(10);
static READER_IDLE: GucSetting<i32> = GucSetting::<i32>::new(60);
static PUSHDOWN: GucSetting<bool> = GucSetting::<bool>::new(true);

/// Registers every setting; called once, when the library is loaded.
pub fn register() {
    register_folders();
    register_memory();
    register_scans();
    GucRegistry::define_int_guc(
        c"migrator.reader_threads",
        c"Threads of a reader process.",
        c"0 means as many as there are processors, but at most 4.",
        &READER_THREADS,
        0,
        64,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"migrator.direct_pages",
        c"Lets loads write finished pages past the buffer cache.",
        c"Turn it off where the storage is not PostgreSQL's own.",
        &DIRECT_PAGES,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"migrator.progress_interval",
        c"Time between the notices of a long load.",
        c"0 turns them off.",
        &PROGRESS_INTERVAL,
        0,
        86_400,
        GucContext::Userset,
        GucFlags::UNIT_S,
    );
    compat::mark_guc_prefix_reserved(c"migrator");
}

fn register_folders() {
    GucRegistry::define_string_guc(
        c"migrator.allowed_directories",
        c"Folders whose files everybody may read as sources.",
        c"A comma-separated list. Other files need the privileges of pg_read_server_files.",
        &ALLOWED_DIRECTORIES,
        GucContext::Suset,
        GucFlags::SUPERUSER_ONLY,
    );
    GucRegistry::define_string_guc(
        c"migrator.temp_directory",
        c"Folder for the temporary files of reader processes.",
        c"Empty means the temporary folder of the cluster.",
        &TEMP_DIRECTORY,
        GucContext::Suset,
        GucFlags::SUPERUSER_ONLY,
    );
}

fn register_memory() {
    GucRegistry::define_int_guc(
        c"migrator.reader_memory",
        c"The most memory that DuckDB may use in a reader process.",
        c"More than that is spilled to temporary files.",
        &READER_MEMORY,
        64 << 10,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_KB,
    );
    GucRegistry::define_int_guc(
        c"migrator.slot_memory",
        c"Shared memory between a backend and its reader process.",
        c"Rows travel in it; it is used in pieces of 1 MB.",
        &SLOT_MEMORY,
        2 << 10,
        1 << 20,
        GucContext::Userset,
        GucFlags::UNIT_KB,
    );
}

fn register_scans() {
    GucRegistry::define_int_guc(
        c"migrator.reader_idle",
        c"How long a session keeps the reader process of a foreign table for its next scan.",
        c"It keeps the file open meanwhile: DuckDB cannot write to it. 0 ends it with the scan.",
        &READER_IDLE,
        0,
        86_400,
        GucContext::Userset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_bool_guc(
        c"migrator.pushdown",
        c"Lets DuckDB compute what it computes exactly as PostgreSQL does.",
        c"Off, DuckDB only leaves out columns that nobody wants.",
        &PUSHDOWN,
        GucContext::Userset,
        GucFlags::default(),
    );
}

fn text(setting: &GucSetting<Option<CString>>) -> String {
    setting.get().map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The folders of `migrator.allowed_directories`.
pub fn allowed_directories() -> Vec<String> {
    let list = text(&ALLOWED_DIRECTORIES);
    let folders = list.split(',').map(|folder| folder.trim().trim_matches('"').to_owned());
    // A relative one would mean a folder of the cluster's own.
    folders.filter(|folder| folder.starts_with('/')).collect()
}

/// `migrator.temp_directory`, if one is set.
pub fn temp_directory() -> Option<String> {
    Some(text(&TEMP_DIRECTORY)).filter(|folder| !folder.is_empty())
}

/// `migrator.reader_memory` in bytes.
pub fn reader_memory() -> u64 {
    u64::try_from(READER_MEMORY.get()).unwrap_or(0) << 10
}

/// `migrator.reader_threads`, with 0 resolved: files are read for that, so once for each backend.
pub fn reader_threads() -> u32 {
    static USUAL: OnceLock<u32> = OnceLock::new();
    let usual = || std::thread::available_parallelism().map_or(1, |n| n.get().min(4) as u32);
    match u32::try_from(READER_THREADS.get()) {
        Ok(0) | Err(_) => *USUAL.get_or_init(usual),
        Ok(threads) => threads,
    }
}

/// `migrator.slot_memory` in bytes.
pub fn slot_memory() -> u64 {
    u64::try_from(SLOT_MEMORY.get()).unwrap_or(0) << 10
}

/// `migrator.progress_interval`; None: off.
pub fn progress_interval() -> Option<Duration> {
    let seconds = u64::try_from(PROGRESS_INTERVAL.get()).unwrap_or(0);
    Some(Duration::from_secs(seconds)).filter(|interval| !interval.is_zero())
}

/// `migrator.reader_idle`; zero: no reader is kept.
pub fn reader_idle() -> Duration {
    Duration::from_secs(u64::try_from(READER_IDLE.get()).unwrap_or(0))
}

/// `migrator.pushdown`
pub fn pushdown() -> bool {
    PUSHDOWN.get()
}

/// `migrator.direct_pages`
pub fn direct_pages() -> bool {
    DIRECT_PAGES.get()
}
