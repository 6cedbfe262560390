//! The reader: the child process that knows DuckDB, so that no PostgreSQL backend has to.
//!
//! It is started by the extension with a control socket as standard input and the shared memory
//! file as standard output; its only argument is the process id of its backend. It locks itself
//! in, opens its files read-only and answers requests (`serve`) until the socket closes.

// Unsafe code is for ffi alone.
#![deny(unsafe_code)]
// Nothing that a file, a request or a user holds may end in a panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::todo,
        clippy::unreachable
    )
)]

mod catalog;
mod digest;
mod encode;
mod ffi;
mod header;
mod lengths;
mod open;
mod pages;
mod query;
mod rest;
mod sandbox;
mod scan;
mod serve;
mod stop;
mod usage;
mod vector;

use std::{
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use signal_hook::{consts::SIGTERM, flag::register_conditional_shutdown};

fn main() -> ExitCode {
    let Some(backend) = std::env::args().nth(1).and_then(|pid| pid.parse::<i32>().ok()) else {
        eprintln!("migrator_reader is started by the PostgreSQL extension migrator, not by hand");
        return ExitCode::from(2);
    };
    match run(backend) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(backend: i32) -> std::io::Result<()> {
    exit_when_told()?;
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // The backend may have died before the signal was arranged.
    if getppid().map(|parent| parent.as_raw_nonzero().get()) != Some(backend) {
        return Ok(());
    }
    let inherited = ffi::process::take_inherited()?;
    serve::serve(inherited)
}

/// An orphan is reaped by the postmaster where that is process 1 of a container, and the
/// postmaster restarts the whole cluster when a child that it does not know dies of a signal: so
/// SIGTERM ends this process with status 0, whatever its threads are doing.
fn exit_when_told() -> std::io::Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    register_conditional_shutdown(SIGTERM, 0, always).map(|_| ())
}
