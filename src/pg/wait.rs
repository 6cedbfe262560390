//! Waiting on the latch, so that cancel, timeouts, termination and the postmaster's death are
//! honoured at once.

use std::{
    os::fd::{AsRawFd, BorrowedFd},
    time::{Duration, Instant},
};

use pgrx::pg_sys;

/// What is waited for besides the latch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The socket can be read, or is closed.
    Readable,
    /// The socket can be written to.
    Writeable,
}

/// Waits for the socket, at most `timeout` if there is one. Raises the server's own ERROR when the
/// query is cancelled. Returns false after the timeout; true may be spurious.
pub fn wait(socket: BorrowedFd<'_>, until: Until, timeout: Option<Duration>) -> bool {
    let socket_event = match until {
        Until::Readable => pg_sys::WL_SOCKET_READABLE,
        Until::Writeable => pg_sys::WL_SOCKET_WRITEABLE,
    };
    let mut events = pg_sys::WL_LATCH_SET | pg_sys::WL_EXIT_ON_PM_DEATH | socket_event;
    if timeout.is_some() {
        events |= pg_sys::WL_TIMEOUT;
    }
    let milliseconds = timeout.map_or(-1, |timeout| timeout.as_millis() as i64);
    // SAFETY: MyLatch is the backend's own, and the socket stays open while it is borrowed.
    let happened = unsafe {
        pg_sys::WaitLatchOrSocket(
            pg_sys::MyLatch,
            events as i32,
            socket.as_raw_fd(),
            milliseconds,
            pg_sys::PG_WAIT_EXTENSION,
        )
    } as u32;
    if happened & pg_sys::WL_LATCH_SET != 0 {
        // SAFETY: see above.
        unsafe { pg_sys::ResetLatch(pg_sys::MyLatch) };
    }
    interrupts();
    happened & pg_sys::WL_TIMEOUT == 0
}

/// CHECK_FOR_INTERRUPTS()
pub fn interrupts() {
    pgrx::check_for_interrupts!();
}

/// Waits for a while.
pub fn pause(time: Duration) {
    let until = Instant::now() + time;
    let events = pg_sys::WL_LATCH_SET | pg_sys::WL_EXIT_ON_PM_DEATH | pg_sys::WL_TIMEOUT;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        // SAFETY: MyLatch is the backend's own.
        unsafe {
            let (events, left) = (events as i32, left.as_millis() as i64 + 1);
            pg_sys::WaitLatch(pg_sys::MyLatch, events, left, pg_sys::PG_WAIT_EXTENSION);
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
        interrupts();
    }
}
