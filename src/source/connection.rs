//! The conversation with one reader process: no wait but on the latch, no trust in any message.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::{
        fd::AsFd,
        unix::{net::UnixStream, process::ExitStatusExt},
    },
    process::{Child, ExitStatus},
    time::{Duration, Instant},
};

use migrator_model::{
    canonical::request::DigestReply,
    protocol::{self, Failure, Reply, Request},
    reject::shown,
    secret::Secret,
};

use super::{
    spawn::{Spawned, last_words},
    temp::TempFolder,
};
use crate::{
    error::{Error, Result, system},
    pg::{
        exit::{self, Registered},
        shared_memory::{SharedMemory, out_of_memory},
        wait::{self, Until},
    },
};

/// How long a reader may take to end by itself.
const PATIENCE: Duration = Duration::from_millis(100);

/// A reader process with everything that belongs to it. Dropping it ends the process.
pub struct Connection {
    child: Child,
    registered: Registered,
    socket: UnixStream,
    diagnostics: File,
    inbox: Vec<u8>,
    /// Whether a scan runs whose end has not been seen.
    scanning: bool,
    /// What no message may show.
    pub secret: Option<Secret>,
    /// The slots.
    pub memory: SharedMemory,
    /// Their size in bytes.
    pub slot_memory: u64,
    /// Its temporary folder.
    pub temp: TempFolder,
}

impl Connection {
    /// Takes a process over.
    pub fn new(spawned: Spawned, temp: TempFolder) -> Self {
        let Spawned { child, socket, memory, slot_memory, diagnostics } = spawned;
        let registered = exit::register(child.id(), temp.path());
        Self {
            child,
            registered,
            socket,
            diagnostics,
            inbox: Vec::new(),
            scanning: false,
            secret: None,
            memory,
            slot_memory,
            temp,
        }
    }

    /// Sends a request.
    pub fn send(&mut self, request: &Request) -> Result<()> {
        let frame = protocol::frame(request).map_err(|error| system("could not send", &error))?;
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            match self.socket.write(rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait::wait(self.socket.as_fd(), Until::Writeable, None);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => wait::interrupts(),
                Err(_) => return Err(self.died()),
            }
        }
        Ok(())
    }

    /// Receives the next message, however long that takes. A failure that the reader reports is
    /// an error here.
    pub fn receive(&mut self) -> Result<Reply> {
        match self.next_message()? {
            Reply::Failed(failure) => Err(self.redacted(failure).into()),
            reply => Ok(reply),
        }
    }

    /// The reader shows no key; should it ever do, it goes no further.
    fn redacted(&self, failure: Failure) -> Failure {
        let Failure { sqlstate, message, detail, hint } = failure;
        let (detail, hint) = (detail.map(|t| self.hide(t)), hint.map(|t| self.hide(t)));
        Failure { sqlstate, message: self.hide(message), detail, hint }
    }

    fn hide(&self, text: String) -> String {
        match &self.secret {
            Some(secret) => secret.redact(&text),
            None => text,
        }
    }

    fn next_message(&mut self) -> Result<Reply> {
        wait::interrupts();
        loop {
            if let Some(reply) = self.take_message()? {
                self.scanning &= !is_last(&reply);
                return Ok(reply);
            }
            self.fill_inbox()?;
        }
    }

    /// Starts a scan, or another request with many answers.
    pub fn begin(&mut self, request: &Request) -> Result<()> {
        self.end_scan()?;
        self.send(request)?;
        self.scanning = true;
        Ok(())
    }

    /// Ends a scan that was left in its middle by an error that did not end the session: what is
    /// still under way is read and thrown away.
    fn end_scan(&mut self) -> Result<()> {
        if self.scanning {
            self.send(&Request::Stop)?;
        }
        while self.scanning {
            if let Reply::Slot(full) = self.next_message()? {
                self.send(&Request::Release(full.slot))?;
            }
        }
        Ok(())
    }

    /// Sends a request and receives its answer.
    pub fn ask(&mut self, request: &Request) -> Result<Reply> {
        self.end_scan()?;
        self.send(request)?;
        self.receive()
    }

    fn take_message(&mut self) -> Result<Option<Reply>> {
        let Some(header) = self.inbox.first_chunk::<4>() else { return Ok(None) };
        let length = protocol::frame_length(*header).map_err(|_| malformed())?;
        let Some(body) = self.inbox.get(4..4 + length) else { return Ok(None) };
        let reply = protocol::parse(body).map_err(|_| malformed())?;
        self.inbox.drain(..4 + length);
        Ok(Some(reply))
    }

    fn fill_inbox(&mut self) -> Result<()> {
        let mut bytes = [0; 16 << 10];
        match self.socket.read(&mut bytes) {
            Ok(0) => return Err(self.died()),
            Ok(length) => {
                let room = self.inbox.try_reserve(length);
                room.map_err(|_| out_of_memory(self.inbox.len() + length))?;
                self.inbox.extend_from_slice(&bytes[..length]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                wait::wait(self.socket.as_fd(), Until::Readable, None);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => wait::interrupts(),
            Err(_) => return Err(self.died()),
        }
        Ok(())
    }

    /// Tells the process that nothing is wanted for so long, and that what it does is not wanted any
    /// more; it ends when that time is over. Waits for nothing, and raises no ERROR. False: it cannot
    /// be told, and is of no more use.
    pub fn rest(&mut self, time: Duration) -> bool {
        let seconds = u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let stop = !self.scanning || self.say(&Request::Stop);
        stop && self.say(&Request::Rest { seconds }) && self.registered.rest(time)
    }

    /// Says something to a process that listens: the socket takes a small message at once.
    fn say(&mut self, request: &Request) -> bool {
        let frame = protocol::frame(request).unwrap_or_default();
        !frame.is_empty() && matches!(self.socket.write(&frame), Ok(sent) if sent == frame.len())
    }

    /// Ends its rest. False: it has ended, or is about to: only an answer tells that a process lives
    /// which somebody may have signalled a moment ago.
    pub fn wake(&mut self) -> bool {
        self.registered.wake() && matches!(self.ask(&Request::Wake), Ok(Reply::Awake))
    }

    /// Whether it was seen to end while it rested.
    pub fn has_ended(&self) -> bool {
        self.registered.has_ended()
    }

    /// Ends the process politely.
    pub fn close(mut self) {
        if self.send(&Request::Close).is_ok() {
            let _ = self.wait_for_end();
        }
    }

    /// Waits a moment for the process to end. None when it is still there.
    fn wait_for_end(&mut self) -> Option<ExitStatus> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        None
    }

    /// Why the other side has gone.
    fn died(&mut self) -> Error {
        let pid = self.child.id();
        let status = self.wait_for_end();
        // A cancel signals the backend's process group, of which a reader is a member until it has its own.
        wait::interrupts();
        let how = status.map_or_else(|| "closed its connection".to_owned(), describe);
        let error = Error::new("58000", format!("reader process (PID {pid}) {how}"));
        let error = match last_words(&self.diagnostics) {
            Some(words) => error.detail(format!("Its last words: {}", shown(&self.hide(words)))),
            None => error,
        };
        match status.and_then(|status| status.signal()) {
            Some(9) => error.hint(
                "The kernel ends a process with signal 9 when memory runs out: lower migrator.reader_memory.",
            ),
            _ => error,
        }
    }
}

/// Whether nothing else follows for the request.
fn is_last(reply: &Reply) -> bool {
    matches!(reply, Reply::Done(_) | Reply::Failed(_) | Reply::Digest(DigestReply::Done { .. }))
}

fn describe(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("was terminated by signal {signal}"),
        (None, Some(code)) => format!("exited with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

/// What a message is that makes no sense.
pub fn malformed() -> Error {
    Error::new("08P01", "the reader process sent a malformed message")
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The process holds nothing that needs an orderly end: it only reads. One that was waited for
        // while it rested must not be signalled: its number may be another's.
        if self.registered.forget() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
