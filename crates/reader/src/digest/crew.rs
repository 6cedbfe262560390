//! The threads that go through the chunks, and this one, which passes their answers on.

use std::{
    sync::{
        Mutex,
        mpsc::{self, Receiver, RecvTimeoutError, SyncSender},
    },
    thread::{self, Scope, ScopedJoinHandle},
    time::Duration,
};

use migrator_model::{
    canonical::request::{Digest, DigestReply, Digested},
    protocol::Failure,
};

use super::{
    Port, check_stop,
    work::{End, Work},
};
use crate::scan::{Stop, feed::Feed, lock};

/// How many answers may wait to be passed on.
const WAITING: usize = 4;
/// How often a stop is looked for while there are none.
const PATIENCE: Duration = Duration::from_millis(50);

/// Goes through all chunks on so many threads.
pub fn together(
    wanted: &Digest,
    feed: &mut Feed<'_>,
    port: &mut dyn Port,
    threads: u32,
) -> Result<Digested, Stop> {
    let feed = Mutex::new(feed);
    thread::scope(|scope| {
        let (replies, received) = mpsc::sync_channel(WAITING);
        let mut running = Vec::new();
        for _ in 0..threads.max(1) {
            running.push(start(scope, wanted, &feed, replies.clone())?);
        }
        drop(replies);
        let relayed = relay(received, port);
        if relayed.is_err() {
            lock(&feed).end();
        }
        let digested = join(running);
        relayed.and(digested)
    })
}

type Running<'scope> = ScopedJoinHandle<'scope, Result<Digested, Failure>>;

fn start<'scope, 's: 'scope, 'f: 's>(
    scope: &'scope Scope<'scope, '_>,
    wanted: &'s Digest,
    feed: &'s Mutex<&'s mut Feed<'f>>,
    replies: SyncSender<DigestReply>,
) -> Result<Running<'scope>, Stop> {
    let thread = thread::Builder::new().name("digest".to_owned());
    let started = thread.spawn_scoped(scope, move || run(Work::new(wanted, replies), feed));
    started.map_err(|error| {
        // Those that run already need not go to the end.
        lock(feed).end();
        Failure::new("53000", format!("could not start a thread: {error}")).into()
    })
}

/// Takes chunks until there are none, or until nobody wants what is in them.
fn run(mut work: Work<'_>, feed: &Mutex<&mut Feed<'_>>) -> Result<Digested, Failure> {
    loop {
        let taken = lock(feed).next()?;
        let Some(taken) = taken else { break };
        let vectors = taken.chunk.vectors();
        match work.chunk(&vectors, taken.chunk.rows()) {
            Ok(()) => {}
            Err(End::Unwanted) => break,
            Err(End::Failed(failure)) => {
                lock(feed).end();
                return Err(failure);
            }
        }
    }
    Ok(work.finish())
}

/// Passes answers on until there are no more.
fn relay(received: Receiver<DigestReply>, port: &mut dyn Port) -> Result<(), Stop> {
    loop {
        check_stop(port)?;
        match received.recv_timeout(PATIENCE) {
            Ok(reply) => port.say(reply)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}

fn join(running: Vec<Running<'_>>) -> Result<Digested, Stop> {
    let mut digested = Ok(Digested::default());
    for thread in running {
        let crashed = || Failure::new("XX000", "a thread of the reader failed");
        let one = thread.join().unwrap_or_else(|_| Err(crashed()));
        digested = digested.and_then(|mut all| {
            all.merge(&one?);
            Ok(all)
        });
    }
    digested.map_err(Stop::Failed)
}
