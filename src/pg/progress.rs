//! pg_stat_progress_copy: progress that other connections can see.

use pgrx::pg_sys;

/// Parameters of PROGRESS_COMMAND_COPY (commands/progress.h).
const BYTES_PROCESSED: i32 = 0;
const TUPLES_PROCESSED: i32 = 2;
const TUPLES_EXCLUDED: i32 = 3;
const COMMAND: i32 = 4;
const TYPE: i32 = 5;
const COMMAND_FROM: i64 = 1;
const TYPE_CALLBACK: i64 = 4;

/// A load as this backend's current command; ends with its owner.
pub struct Progress;

impl Progress {
    /// Shows `COPY FROM` a callback into this relation.
    /// How many bytes there will be nobody knows: the file's are compressed, these are not.
    pub fn begin(relation: u32) -> Self {
        let copy = pg_sys::ProgressCommandType::PROGRESS_COMMAND_COPY;
        // SAFETY: writes to this backend's own status entry.
        unsafe { pg_sys::pgstat_progress_start_command(copy, pg_sys::Oid::from(relation)) };
        set(COMMAND, COMMAND_FROM);
        set(TYPE, TYPE_CALLBACK);
        Self
    }

    /// Shows how far it is.
    pub fn update(&self, rows: u64, excluded: u64, bytes: u64) {
        set(TUPLES_PROCESSED, rows as i64);
        set(TUPLES_EXCLUDED, excluded as i64);
        set(BYTES_PROCESSED, bytes as i64);
    }
}

fn set(parameter: i32, value: i64) {
    // SAFETY: writes to this backend's own status entry.
    unsafe { pg_sys::pgstat_progress_update_param(parameter, value) };
}

impl Drop for Progress {
    fn drop(&mut self) {
        // SAFETY: ends what `begin` started; nothing happens when an abort has done so already.
        unsafe { pg_sys::pgstat_progress_end_command() };
    }
}
