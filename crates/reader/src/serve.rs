//! The request loop. One thread listens to the socket, so that a backend that goes away ends the
//! reader even in the middle of a long query; the main thread does what is asked.

use std::{
    io,
    os::unix::net::UnixStream,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use migrator_model::{
    catalog::FileInfo,
    protocol::{self, Failure, Open, PROTOCOL_VERSION, Ready, Reply, Request},
};

use crate::{
    catalog, digest,
    ffi::{database::library_version, process::Inherited, slots::Slots},
    header,
    open::Source,
    sandbox, scan,
    usage::Usage,
};

/// The backend's side of the conversation.
pub struct Backend {
    socket: UnixStream,
    /// Slots that the backend gives back.
    pub released: Receiver<u32>,
    /// Whether the running scan is wanted no more.
    stop: Arc<AtomicBool>,
}

impl Backend {
    /// Says something. An error means that the backend is gone.
    pub fn say(&mut self, reply: &Reply) -> io::Result<()> {
        protocol::send(&mut self.socket, reply)
    }

    /// Forgets what was said about an earlier scan: the slots that it left to the backend are all
    /// back, because the backend gives them back before it asks for another scan.
    pub fn begin_scan(&mut self) {
        while self.released.try_recv().is_ok() {}
        self.stop.store(false, Ordering::Relaxed);
    }

    /// Whether the running scan is wanted no more.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Serves one backend until it closes.
pub fn serve(inherited: Inherited) -> io::Result<()> {
    let Inherited { mut socket, slots } = inherited;
    let Some(Request::Open(open)) = protocol::receive(&mut socket)? else {
        return Ok(());
    };
    let (release, released) = mpsc::channel();
    let (ask, asked) = mpsc::channel();
    let listening = socket.try_clone()?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    thread::Builder::new()
        .name("socket".to_owned())
        .spawn(move || listen(listening, &ask, &release, &stopping))?;
    let mut backend = Backend { socket, released, stop };
    let usage = Usage::watch();
    match start(&open) {
        Ok((ready, source)) => {
            backend.say(&Reply::Ready(ready))?;
            let slots = Slots::map(slots, open.slot_memory)?;
            answer(&mut backend, &asked, source, slots, &usage)
        }
        Err(failure) => backend.say(&Reply::Failed(failure)),
    }
}

/// Passes messages on. When the backend is gone nothing here matters any more: DuckDB may be deep
/// in a query, so the process ends at once, without asking anybody.
fn listen(mut socket: UnixStream, ask: &Sender<Request>, release: &Sender<u32>, stop: &AtomicBool) {
    loop {
        let delivered = match protocol::receive::<Request>(&mut socket) {
            Ok(Some(Request::Release(slot))) => release.send(slot).is_ok(),
            Ok(Some(Request::Stop)) => {
                stop.store(true, Ordering::Relaxed);
                true
            }
            Ok(Some(request)) => ask.send(request).is_ok(),
            Ok(None) | Err(_) => false,
        };
        if !delivered {
            signal_hook::low_level::exit(0);
        }
    }
}

fn start(open: &Open) -> Result<(Ready, Option<Source>), Failure> {
    if open.protocol != PROTOCOL_VERSION {
        return Err(version_mismatch(open.protocol));
    }
    let sandbox = sandbox::enter(open).map_err(|error| {
        Failure::new("58000", "could not set up the reader's sandbox").detail(format!("{error}."))
    })?;
    let checked = sandbox::is_checked_file(open).unwrap_or(false);
    let file = header::read(Path::new(&open.path))?;
    if !checked {
        let message = format!("file \"{}\" was replaced while it was being opened", open.path);
        return Err(Failure::new("55000", message));
    }
    let source = if open.header_only { None } else { Some(open_source(open, &file)?) };
    let duckdb_version = library_version();
    Ok((Ready { protocol: PROTOCOL_VERSION, duckdb_version, file, sandbox }, source))
}

fn open_source(open: &Open, file: &FileInfo) -> Result<Source, Failure> {
    header::check_readable(Path::new(&open.path), file)?;
    Source::open(open)
}

fn version_mismatch(theirs: u32) -> Failure {
    let detail = format!("The extension speaks version {theirs}, the reader {PROTOCOL_VERSION}.");
    Failure::new("55000", "the reader program does not fit the extension")
        .detail(detail)
        .hint("Install both from the same release and reconnect.")
}

fn answer(
    backend: &mut Backend,
    asked: &Receiver<Request>,
    mut source: Option<Source>,
    mut slots: Slots,
    usage: &Usage,
) -> io::Result<()> {
    while let Ok(request) = asked.recv() {
        let Some(source) = source.as_mut().filter(|_| request != Request::Close) else {
            break;
        };
        let answered = match request {
            Request::Tables => catalog::tables(source).map(Reply::Tables),
            Request::Describe(table) => {
                catalog::describe(source, &table).map(|found| Reply::Table(found.into()))
            }
            Request::Objects => catalog::objects(source).map(|all| Reply::Objects(all.into())),
            Request::Scan(wanted) => {
                let done = scan::run(source, &wanted, backend, &mut slots, usage)?;
                done.map(|done| Reply::Done(done.into()))
            }
            Request::Digest(wanted) => {
                digest::run(source, &wanted, backend, usage)?.map(Reply::Digest)
            }
            Request::Open(_) | Request::Release(_) | Request::Stop | Request::Close => {
                Err(Failure::new("08P01", "unexpected request"))
            }
        };
        backend.say(&answered.unwrap_or_else(Reply::Failed))?;
    }
    Ok(())
}
