//! The request loop. One thread listens to the socket, so that a backend that goes away ends the
//! reader even in the middle of a long query; the main thread does what is asked.

use std::{
    io,
    os::unix::net::UnixStream,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::Duration,
};

use migrator_model::{
    catalog::FileInfo,
    protocol::{self, Failure, Open, PROTOCOL_VERSION, Ready, Reply, Request},
};

use crate::{
    catalog, digest,
    ffi::{database::library_version, process::Inherited, slots::Slots},
    header, lengths,
    open::Source,
    query, rest, sandbox, scan,
    stop::Stopper,
    usage::Usage,
};

/// Instead of a slot: whoever waits for one should look whether the scan is wanted any more.
pub const WAKE: u32 = u32::MAX;

/// The backend's side of the conversation.
pub struct Backend {
    socket: UnixStream,
    /// Slots that the backend gives back; [`WAKE`] is none.
    pub released: Receiver<u32>,
    stopper: Arc<Stopper>,
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
        self.stopper.begin();
    }

    /// The scan has ended.
    fn end_scan(&self) {
        self.stopper.end();
    }

    /// Whether the running scan is wanted no more.
    pub fn is_stopped(&self) -> bool {
        self.stopper.is_stopped()
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
    let stopper = Arc::new(Stopper::default());
    let stopping = stopper.clone();
    thread::Builder::new()
        .name("socket".to_owned())
        .spawn(move || listen(listening, &ask, &release, &stopping))?;
    let mut backend = Backend { socket, released, stopper: stopper.clone() };
    let usage = Usage::watch();
    match start(&open) {
        Ok((ready, source)) => {
            if let Some(source) = &source {
                stopper.arm(source.session().interrupter());
            }
            backend.say(&Reply::Ready(ready))?;
            let slots = Slots::map(slots, open.slot_memory)?;
            answer(&mut backend, &asked, source, slots, &usage)
        }
        Err(failure) => backend.say(&Reply::Failed(failure)),
    }
}

/// Passes messages on. When the backend is gone nothing here matters any more: DuckDB may be deep
/// in a query, so the process ends at once, without asking anybody.
fn listen(
    mut socket: UnixStream,
    ask: &Sender<Request>,
    release: &Sender<u32>,
    stopper: &Arc<Stopper>,
) {
    loop {
        let delivered = match protocol::receive::<Request>(&mut socket) {
            Ok(Some(Request::Release(slot))) => release.send(slot).is_ok(),
            Ok(Some(Request::Stop)) => {
                stopper.stop();
                release.send(WAKE).is_ok()
            }
            Ok(Some(request)) => {
                if matches!(request, Request::Scan(_) | Request::Digest(_)) {
                    stopper.count();
                }
                ask.send(request).is_ok()
            }
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
    let replaced = sandbox::replaced_file(open);
    let file = header::read(open)?;
    if let Some(replaced) = replaced {
        let message = format!("file \"{}\" was replaced while it was being opened", replaced.path);
        return Err(Failure::new("55000", message));
    }
    let source = if open.header_only { None } else { Some(open_source(open, &file)?) };
    let duckdb_version = library_version();
    Ok((Ready { protocol: PROTOCOL_VERSION, duckdb_version, file, sandbox }, source))
}

fn open_source(open: &Open, file: &FileInfo) -> Result<Source, Failure> {
    header::check_readable(open, file)?;
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
    let mut patience = None;
    while let Some(request) = rest::next(asked, patience.take(), source.as_mut(), &mut slots) {
        let Some(source) = source.as_mut().filter(|_| request != Request::Close) else {
            break;
        };
        if let Request::Rest { seconds } = request {
            patience = Some(Duration::from_secs(seconds.into()));
            continue;
        }
        let answered = match request {
            Request::Scan(wanted) => {
                let done = scan::run(source, &wanted, backend, &mut slots, usage)?;
                done.map(|done| Reply::Done(done.into()))
            }
            Request::Digest(wanted) => {
                digest::run(source, &wanted, backend, usage)?.map(Reply::Digest)
            }
            other => tell(source, other),
        };
        backend.end_scan();
        // A word to stop that comes when all rows are sent may still meet DuckDB as it cleans up.
        if answered.is_err() || backend.is_stopped() {
            source.recover();
        }
        backend.say(&answered.unwrap_or_else(Reply::Failed))?;
    }
    Ok(())
}

/// Answers what has one short answer.
fn tell(source: &mut Source, request: Request) -> Result<Reply, Failure> {
    match request {
        Request::Wake => Ok(Reply::Awake),
        Request::Tables => catalog::tables(source).map(Reply::Tables),
        Request::Describe(table) => {
            catalog::describe(source, &table).map(|found| Reply::Table(found.into()))
        }
        Request::Outline(table) => {
            catalog::outline(source, &table).map(|found| Reply::Table(found.into()))
        }
        Request::DescribeQuery(sql) => query::describe(source, &sql).map(Reply::Query),
        Request::Count(table) => catalog::count_of(source, &table).map(Reply::Count),
        Request::Bounds(table) => catalog::bounds(source, &table).map(Reply::Bounds),
        Request::Lengths(wanted) => lengths::lengths(source, &wanted).map(Reply::Lengths),
        Request::Objects => catalog::objects(source).map(|all| Reply::Objects(all.into())),
        _ => Err(Failure::new("08P01", "unexpected request")),
    }
}
