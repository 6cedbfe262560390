//! Readers that are kept for the next scan of the same source (`migrator.reader_idle`).

use std::{cell::RefCell, mem::ManuallyDrop, time::Instant};

use super::{Depth, Reader, identity::Identity, named::ResolvedSource};
use crate::{
    error::Result,
    pg::{reap::MOST_WATCHED, server},
    settings,
};

/// No more are kept: each holds memory, and a file open.
const MOST_KEPT: usize = MOST_WATCHED;
/// What somebody wants a reader for: one that was opened for the same serves as well as a new one.
#[derive(Debug, PartialEq, Eq)]
pub struct Want {
    source: Identity,
    limits: Limits,
}

/// The settings that a reader starts with.
#[derive(Debug, PartialEq, Eq)]
struct Limits {
    memory: u64,
    threads: u32,
    slots: u64,
    temp_directory: Option<String>,
    temp_bytes: Option<u64>,
}

/// A reader without a user.
struct Kept {
    reader: Reader,
    /// When it ends by itself.
    until: Instant,
}

thread_local! {
    /// The last that was given back stands last. Never dropped: what the backend leaves when it exits
    /// is cleaned up by `pg::exit`.
    static KEPT: ManuallyDrop<RefCell<Vec<Kept>>> = const { ManuallyDrop::new(RefCell::new(Vec::new())) };
}

/// A reader for this source: one that was kept, or a new one. While it is taken nobody else has it;
/// dropping it ends its process.
pub fn take(source: &ResolvedSource) -> Result<Reader> {
    // Taken before the file is opened: what changes meanwhile is noticed the next time.
    let want = Want { source: Identity::of(source)?, limits: Limits::now() };
    end_useless(Some(&want.source));
    match kept(&want) {
        Some(reader) => Ok(reader),
        None => Ok(Reader { good_for: Some(want), ..Reader::open(source, Depth::Database)? }),
    }
}

/// Keeps a reader for the next scan, or ends it where none are kept. A scan that was left in its middle
/// is ended first: what is under way of it is thrown away when somebody takes the reader.
pub fn give_back(mut reader: Reader) {
    let time = settings::reader_idle();
    if time.is_zero() {
        // Whoever wants no reader kept wants no file kept open.
        return end_all();
    }
    end_useless(None);
    if reader.good_for.is_none() {
        return;
    }
    make_room();
    let until = Instant::now() + time;
    if reader.connection.rest(time) {
        KEPT.with(|kept| kept.borrow_mut().push(Kept { reader, until }));
    }
}

/// Takes out the last kept one that will do.
fn kept(want: &Want) -> Option<Reader> {
    loop {
        let found = KEPT.with(|kept| {
            let mut kept = kept.borrow_mut();
            let at = kept.iter().rposition(|one| one.reader.good_for.as_ref() == Some(want))?;
            Some(kept.remove(at))
        });
        let mut reader = found?.reader;
        if reader.connection.wake() {
            return Some(reader);
        }
    }
}

/// Ends those that have ended by themselves, and those of files that are others now.
fn end_useless(now: Option<&Identity>) {
    let is_useless = |kept: &Kept| {
        let source = kept.reader.good_for.as_ref().map(|want| &want.source);
        let is_outdated = source.zip(now).is_some_and(|(source, now)| source.is_before(now));
        kept.until < Instant::now() || is_outdated || kept.reader.connection.has_ended()
    };
    while let Some(useless) = take_out(is_useless) {
        drop(useless);
    }
}

fn end_all() {
    while let Some(kept) = take_out(|_| true) {
        drop(kept);
    }
}

/// Ends the one that was given back first, where there are too many.
fn make_room() {
    while KEPT.with(|kept| kept.borrow().len() >= MOST_KEPT) {
        drop(take_out(|_| true));
    }
}

fn take_out(wanted: impl Fn(&Kept) -> bool) -> Option<Kept> {
    KEPT.with(|kept| {
        let mut kept = kept.borrow_mut();
        let at = kept.iter().position(wanted)?;
        Some(kept.remove(at))
    })
}

impl Limits {
    fn now() -> Self {
        Self {
            memory: settings::reader_memory(),
            threads: settings::reader_threads(),
            slots: settings::slot_memory(),
            temp_directory: settings::temp_directory(),
            temp_bytes: server::temp_file_limit(),
        }
    }
}
