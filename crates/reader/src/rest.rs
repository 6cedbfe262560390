//! Between two scans: a reader that nobody asks for anything keeps little memory, and ends in time.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use migrator_model::protocol::Request;

use crate::{
    ffi::{process, slots::Slots},
    open::Source,
};

/// The next scan often comes at once, and then finds everything in memory.
const DOZE: Duration = Duration::from_secs(1);

/// Waits for the next request: for ever, or for so long, and then ends the process. None: nobody
/// asks any more.
pub fn next(
    asked: &Receiver<Request>,
    patience: Option<Duration>,
    source: Option<&mut Source>,
    slots: &mut Slots,
) -> Option<Request> {
    let Some(patience) = patience else { return asked.recv().ok() };
    let doze = patience.min(DOZE);
    match asked.recv_timeout(doze) {
        Err(RecvTimeoutError::Timeout) => {}
        other => return other.ok(),
    }
    if doze < patience {
        source.into_iter().for_each(Source::rest);
        slots.forget();
        process::trim_memory();
    }
    match asked.recv_timeout(patience - doze) {
        // Nothing is left to do in order: the files were only read.
        Err(RecvTimeoutError::Timeout) => signal_hook::low_level::exit(0),
        other => other.ok(),
    }
}
