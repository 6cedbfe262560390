//! What a backend must clean up when it exits without unwinding: FATAL skips every destructor.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use pgrx::{pg_guard, pg_sys};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::reap::Watch;

/// How long to wait for a killed reader: all but at once, unless a disk hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reader process of this backend.
struct Process {
    number: u64,
    pid: u32,
    folder: PathBuf,
    /// Set while it rests.
    watch: Option<Watch>,
}

thread_local! {
    /// Those that have not been waited for.
    static PROCESSES: RefCell<Vec<Process>> = const { RefCell::new(Vec::new()) };
}

/// Stands for a reader that is ended with the backend. A process id would not do: it is another's when
/// the process has been waited for.
#[derive(Debug)]
pub struct Registered(u64);

/// Arranges for a reader and its temporary folder to go with the backend.
pub fn register(pid: u32, folder: &Path) -> Registered {
    static ARRANGE: Once = Once::new();
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // SAFETY: the callback is a static function that takes no argument into account.
    ARRANGE.call_once(|| unsafe { pg_sys::on_proc_exit(Some(end_readers), pg_sys::Datum::null()) });
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let process = Process { number, pid, folder: folder.to_owned(), watch: None };
    PROCESSES.with_borrow_mut(|processes| processes.push(process));
    Registered(number)
}

impl Registered {
    /// None: nobody knows the process any more.
    fn with<T>(&self, run: impl FnOnce(&mut Process) -> T) -> Option<T> {
        let find = |processes: &mut Vec<Process>| {
            processes.iter_mut().find(|process| process.number == self.0).map(run)
        };
        // Whoever is dropped while the program exits comes too late.
        PROCESSES.try_with(|processes| find(&mut processes.borrow_mut())).ok().flatten()
    }

    /// The process may end by itself within this time: it is reaped then. False: it cannot be watched.
    pub fn rest(&self, time: Duration) -> bool {
        let rest = |process: &mut Process| {
            process.watch = Watch::begin(process.pid, time);
            process.watch.is_some()
        };
        self.with(rest).unwrap_or(false)
    }

    /// Ends the rest. False: the process has ended, and was waited for; it is forgotten, so that
    /// nobody takes its number for its own again.
    pub fn wake(&self) -> bool {
        let end = |process: &mut Process| process.watch.take().is_none_or(Watch::end);
        let is_there = self.with(end).unwrap_or(false);
        if !is_there {
            self.remove();
        }
        is_there
    }

    /// Whether the process was seen to end while it rested.
    pub fn has_ended(&self) -> bool {
        self.with(|process| process.watch.as_ref().is_some_and(Watch::has_ended)).unwrap_or(true)
    }

    /// Forgets the process. False: it has ended, and was waited for.
    pub fn forget(&self) -> bool {
        let is_there = self.wake();
        self.remove();
        is_there
    }

    fn remove(&self) {
        let remove = |processes: &RefCell<Vec<Process>>| {
            processes.borrow_mut().retain(|process| process.number != self.0);
        };
        let _ = PROCESSES.try_with(remove);
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn end_readers(_code: i32, _arg: pg_sys::Datum) {
    let processes = PROCESSES.try_with(RefCell::take).unwrap_or_default();
    for Process { pid, folder, watch, .. } in processes {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        if let (Some(pid), true) = (pid, watch.is_none_or(Watch::end)) {
            end(pid);
        }
        // Whatever stays behind is removed by the server when it starts next.
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Kills a reader and reaps it. Left behind, it would become the postmaster's where that is
/// process 1 of a container, and a child that died of a signal makes it restart the cluster.
fn end(pid: Pid) {
    let _ = kill_process(pid, Signal::KILL);
    let since = Instant::now();
    while let Ok(None) = waitpid(Some(pid), WaitOptions::NOHANG)
        && since.elapsed() < PATIENCE
    {
        std::thread::sleep(Duration::from_millis(1));
    }
}
