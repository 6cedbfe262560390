//! Processes that may end while their backend is idle: they are reaped then, so that none stays a zombie
//! for as long as a client does nothing.
//!
//! Server timeouts do it, in the signal handler. Whoever watches a process must not wait for it nor
//! signal it meanwhile: its number may be another's by then.

use std::{
    cell::Cell,
    ffi::{c_int, c_uint, c_void},
    sync::{
        Once,
        atomic::{AtomicI32, Ordering},
    },
    time::{Duration, Instant},
};

use pgrx::{
    pg_guard,
    pg_sys::{self, ffi::pg_guard_ffi_boundary},
};
use rustix::process::{Pid, WaitOptions, waitpid};

/// As many are watched at once.
pub const MOST_WATCHED: usize = 4;

/// How long a process takes to end when its time is over.
const GRACE: Duration = Duration::from_millis(300);

/// An empty place.
const NOBODY: i32 = 0;
/// The place of a process that has ended.
const REAPED: i32 = -1;

/// The processes: the signal handler touches nothing else.
static WATCHED: [AtomicI32; MOST_WATCHED] = [const { AtomicI32::new(NOBODY) }; MOST_WATCHED];

/// The time of one place.
struct Alarm {
    /// The server's number for its timeout, once there is one.
    timeout: Cell<Option<c_uint>>,
    /// When it rings.
    due: Cell<Option<Instant>>,
}

thread_local! {
    static ALARMS: [Alarm; MOST_WATCHED] =
        const { [const { Alarm { timeout: Cell::new(None), due: Cell::new(None) } }; MOST_WATCHED] };
}

unsafe extern "C-unwind" {
    // utils/timeout.h; pgrx does not bind these.
    fn RegisterTimeout(id: c_uint, handler: unsafe extern "C-unwind" fn()) -> c_uint;
    fn enable_timeout_after(id: c_uint, milliseconds: c_int);
}

/// At least USER_TIMEOUT, which differs between versions: the server chooses a free number.
const ANY_USER_TIMEOUT: c_uint = 20;

/// A process that is watched.
#[derive(Debug)]
pub struct Watch(usize);

impl Watch {
    /// Watches a process that ends by itself within this time. None: no place is free.
    pub fn begin(pid: u32, time: Duration) -> Option<Self> {
        let pid = i32::try_from(pid).ok().filter(|pid| *pid > 0)?;
        let take = |place: &AtomicI32| {
            place.compare_exchange(NOBODY, pid, Ordering::SeqCst, Ordering::SeqCst).is_ok()
        };
        let place = WATCHED.iter().position(take)?;
        ALARMS.with(|alarms| alarms[place].set(Instant::now() + time + GRACE));
        Some(Self(place))
    }

    /// Gives the process back to its owner. False: it has ended, and its number means nothing now.
    pub fn end(self) -> bool {
        // A timeout that finds nothing to do does no harm.
        ALARMS.with(|alarms| alarms[self.0].due.set(None));
        WATCHED[self.0].swap(NOBODY, Ordering::SeqCst) != REAPED
    }

    /// Whether the process has been seen to end.
    pub fn has_ended(&self) -> bool {
        WATCHED[self.0].load(Ordering::SeqCst) == REAPED
    }
}

impl Alarm {
    fn set(&self, due: Instant) {
        self.due.set(Some(due));
        let timeout = self.timeout.get().unwrap_or_else(register);
        self.timeout.set(Some(timeout));
        let left = due.saturating_duration_since(Instant::now()).as_millis();
        let milliseconds = c_int::try_from(left).unwrap_or(c_int::MAX).max(1);
        // SAFETY: the timeout was registered.
        unsafe { pg_guard_ffi_boundary(|| enable_timeout_after(timeout, milliseconds)) };
    }
}

/// Registers one more timeout.
fn register() -> c_uint {
    static AFTER_ABORT: Once = Once::new();
    // SAFETY: both callbacks are static functions; the transaction callback takes no argument.
    unsafe {
        AFTER_ABORT.call_once(|| {
            pg_sys::RegisterXactCallback(Some(after_abort), std::ptr::null_mut());
        });
        pg_guard_ffi_boundary(|| RegisterTimeout(ANY_USER_TIMEOUT, reap))
    }
}

/// The server drops all timeouts when it recovers from an ERROR.
#[pg_guard]
unsafe extern "C-unwind" fn after_abort(event: pg_sys::XactEvent::Type, _argument: *mut c_void) {
    if event == pg_sys::XactEvent::XACT_EVENT_ABORT {
        ALARMS.with(|alarms| alarms.iter().zip(&WATCHED).for_each(set_again));
    }
}

fn set_again((alarm, place): (&Alarm, &AtomicI32)) {
    let is_watched = place.load(Ordering::SeqCst) > NOBODY;
    if let Some(due) = alarm.due.get().filter(|_| is_watched) {
        alarm.set(due);
    }
}

/// Runs in a signal handler: system calls and atomics only. The main program cannot run meanwhile, so
/// that whoever takes a place out finds it either reaped or not.
unsafe extern "C-unwind" fn reap() {
    for place in &WATCHED {
        let Some(pid) = Pid::from_raw(place.load(Ordering::SeqCst).max(0)) else { continue };
        if !matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)) {
            place.store(REAPED, Ordering::SeqCst);
        }
    }
}
