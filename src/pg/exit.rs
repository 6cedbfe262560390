//! What a backend must clean up when it exits without unwinding: FATAL skips every destructor.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::Once,
    time::{Duration, Instant},
};

use pgrx::{pg_guard, pg_sys};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// How long to wait for a killed reader: all but at once, unless a disk hangs.
const PATIENCE: Duration = Duration::from_secs(5);

thread_local! {
    /// The readers of this backend that are alive, with their temporary folders.
    static READERS: RefCell<Vec<(u32, PathBuf)>> = const { RefCell::new(Vec::new()) };
}

/// Arranges for a reader to be ended with the backend.
pub fn register(pid: u32, folder: &Path) {
    static ARRANGE: Once = Once::new();
    // SAFETY: the callback is a static function that takes no argument into account.
    ARRANGE.call_once(|| unsafe { pg_sys::on_proc_exit(Some(end_readers), pg_sys::Datum::null()) });
    READERS.with_borrow_mut(|readers| readers.push((pid, folder.to_owned())));
}

/// Forgets a reader that has ended.
pub fn forget(pid: u32) {
    READERS.with_borrow_mut(|readers| readers.retain(|(other, _)| *other != pid));
}

#[pg_guard]
unsafe extern "C-unwind" fn end_readers(_code: i32, _arg: pg_sys::Datum) {
    let readers = READERS.try_with(RefCell::take).unwrap_or_default();
    for (pid, folder) in readers {
        if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
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
