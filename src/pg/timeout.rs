//! A timeout for a statement within another: the server's own begins with a client's statement, and
//! is none in a background worker.

use std::ffi::{c_int, c_uint};

use pgrx::pg_sys;

/// STATEMENT_TIMEOUT (utils/timeout.h), the same from 15 to 18.
const STATEMENT: c_uint = 3;

unsafe extern "C-unwind" {
    // utils/timeout.h; pgrx does not bind these. None of them raises an ERROR.
    fn enable_timeout_after(id: c_uint, milliseconds: c_int);
    fn enable_timeout_at(id: c_uint, time: pg_sys::TimestampTz);
    fn disable_timeout(id: c_uint, keep_indicator: bool);
    fn get_timeout_active(id: c_uint) -> bool;
    fn get_timeout_finish_time(id: c_uint) -> pg_sys::TimestampTz;
}

/// While it lives a timeout is in the place of another, or of none, which comes back with its end.
struct Limited {
    before: Option<pg_sys::TimestampTz>,
}

impl Drop for Limited {
    fn drop(&mut self) {
        // SAFETY: plain calls; a time that has passed rings at once.
        unsafe {
            disable_timeout(STATEMENT, false);
            if let Some(time) = self.before {
                enable_timeout_at(STATEMENT, time);
            }
        }
    }
}

/// Runs a closure that ends with the server's own ERROR after what `statement_timeout` says now; 0
/// is no timeout. One that rings earlier stays in force.
pub fn limited<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: a plain setting of this backend.
    let milliseconds = unsafe { pg_sys::StatementTimeout };
    let _limited = if milliseconds > 0 { limit(milliseconds) } else { None };
    run()
}

fn limit(milliseconds: c_int) -> Option<Limited> {
    // SAFETY: plain calls.
    unsafe {
        let before = get_timeout_active(STATEMENT).then(|| get_timeout_finish_time(STATEMENT));
        let time = pg_sys::GetCurrentTimestamp() + i64::from(milliseconds) * 1_000;
        if before.is_some_and(|before| before <= time) {
            return None;
        }
        enable_timeout_after(STATEMENT, milliseconds);
        Some(Limited { before })
    }
}
