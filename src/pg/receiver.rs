//! Rows of a query while it runs: a receiver of the executor's own, so that nothing is kept and
//! the server may use all of its plans. A cursor would rule parallel ones out.

use std::ffi::{CStr, c_int};

use pgrx::{pg_sys, prelude::*};

use super::canonical::varlena;
use crate::error::{Error, Result};

/// Takes the bytes of a row's first column.
pub type Each<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// What the executor gives rows to. It knows the first field.
#[repr(C)]
struct Receiver<'r, 'e> {
    server: pg_sys::DestReceiver,
    each: &'r mut Each<'e>,
    outcome: Result<()>,
}

/// Runs a query that only reads, with the snapshot of the statement that is running; the caller has
/// connected to SPI. Its first column must be of type text or bytea.
pub fn run(sql: &CStr, each: &mut Each<'_>) -> Result<()> {
    let server = of_server(receive, pg_sys::CommandDest::DestTuplestore);
    let mut receiver = Receiver { server, each, outcome: Ok(()) };
    let options = pg_sys::SPIExecuteOptions {
        read_only: true,
        must_return_tuples: true,
        dest: (&raw mut receiver).cast(),
        ..Default::default()
    };
    // SAFETY: the text is NUL-terminated; options and receiver live until the query is over.
    let status = unsafe { pg_sys::SPI_execute_extended(sql.as_ptr(), &options) };
    receiver.outcome?;
    match status {
        status if status == pg_sys::SPI_OK_SELECT as i32 => Ok(()),
        status => Err(Error::new("XX000", format!("SPI failed: status {status}"))),
    }
}

/// What a statement prints, line by line; `run` has it executed.
pub fn printed(run: impl FnOnce(*mut pg_sys::DestReceiver)) -> Result<String> {
    let mut lines = Vec::new();
    let mut each = |line: &[u8]| {
        lines.push(String::from_utf8_lossy(line).into_owned());
        Ok(())
    };
    let server = of_server(receive, pg_sys::CommandDest::DestTuplestore);
    let mut receiver = Receiver { server, each: &mut each, outcome: Ok(()) };
    run((&raw mut receiver).cast());
    receiver.outcome?;
    Ok(lines.join("\n"))
}

/// receiveSlot
type Receive =
    unsafe extern "C-unwind" fn(*mut pg_sys::TupleTableSlot, *mut pg_sys::DestReceiver) -> bool;

/// What the executor knows of a receiver that needs neither a beginning nor an end.
pub(super) fn of_server(
    receive: Receive,
    mydest: pg_sys::CommandDest::Type,
) -> pg_sys::DestReceiver {
    pg_sys::DestReceiver {
        receiveSlot: Some(receive),
        rStartup: Some(start),
        rShutdown: Some(end),
        rDestroy: Some(end),
        mydest,
    }
}

/// receiveSlot: false ends the query.
#[pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut pg_sys::DestReceiver,
) -> bool {
    // SAFETY: the executor gives a row, and the receiver that `run` has given it.
    unsafe {
        let receiver = &mut *receiver.cast::<Receiver<'_, '_>>();
        pg_sys::slot_getallattrs(slot);
        if !*(*slot).tts_isnull {
            let value = *(*slot).tts_values;
            receiver.outcome = varlena::with_payload(value, |bytes| (receiver.each)(bytes));
        }
        receiver.outcome.is_ok()
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn start(
    _receiver: *mut pg_sys::DestReceiver,
    _operation: c_int,
    _row_type: pg_sys::TupleDesc,
) {
}

#[pg_guard]
unsafe extern "C-unwind" fn end(_receiver: *mut pg_sys::DestReceiver) {}
