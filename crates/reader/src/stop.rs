//! Stops what runs. A word to stop may arrive while the scan that it is about still waits its turn,
//! or when that has just ended: so scans are numbered.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use crate::ffi::database::Interrupter;

/// DuckDB forgets an interrupt that comes while it is only about to begin.
const INSISTENCE: Duration = Duration::from_millis(5);

/// Between the thread that listens and the one that works.
#[derive(Default)]
pub struct Stopper {
    /// The scans that were asked for.
    asked: AtomicU64,
    /// The last of them that is not wanted any more, with all before it.
    stopped: AtomicU64,
    /// The one that runs, or ran last.
    begun: AtomicU64,
    /// The last one that has ended. Nothing is interrupted but by whoever has locked it.
    ended: Mutex<u64>,
    interrupter: OnceLock<Interrupter>,
}

impl Stopper {
    /// Lets it interrupt DuckDB.
    pub fn arm(&self, interrupter: Interrupter) {
        // Armed once.
        let _ = self.interrupter.set(interrupter);
    }

    /// Another scan is asked for.
    pub fn count(&self) {
        self.asked.fetch_add(1, SeqCst);
    }

    /// What was asked for last is not wanted any more. DuckDB is told until it has ended: a sort may
    /// take minutes before its first row.
    pub fn stop(self: &Arc<Self>) {
        let scan = self.asked.load(SeqCst);
        self.stopped.store(scan, SeqCst);
        let this = self.clone();
        let insist = move || {
            while this.interrupt(scan) {
                thread::sleep(INSISTENCE);
            }
        };
        if thread::Builder::new().name("stop".to_owned()).spawn(insist).is_err() {
            self.interrupt(scan);
        }
    }

    /// Interrupts a scan. False: it has ended.
    fn interrupt(&self, scan: u64) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let runs = *ended < scan;
        if let Some(interrupter) = self.interrupter.get().filter(|_| runs) {
            interrupter.interrupt();
        }
        runs
    }

    /// The next scan begins.
    pub fn begin(&self) {
        self.begun.fetch_add(1, SeqCst);
    }

    /// It has ended: nothing interrupts what comes then.
    pub fn end(&self) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended = self.begun.load(SeqCst);
    }

    /// Whether the one that runs is not wanted any more.
    pub fn is_stopped(&self) -> bool {
        let begun = self.begun.load(SeqCst);
        begun > 0 && self.stopped.load(SeqCst) >= begun
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_stopped_before_it_begins_and_the_next_is_not() {
        let stopper = Arc::new(Stopper::default());
        assert!(!stopper.is_stopped());
        stopper.count();
        stopper.stop();
        stopper.begin();
        assert!(stopper.is_stopped());
        assert!(stopper.interrupt(1));
        stopper.end();
        assert!(!stopper.interrupt(1));
        stopper.count();
        stopper.begin();
        assert!(!stopper.is_stopped());
        stopper.stop();
        assert!(stopper.is_stopped());
    }
}
