//! Who makes the rows: this thread alone, or several together while this one sends.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, Scope},
    time::{Duration, Instant},
};

use migrator_model::{policy::Losses, protocol::Failure};

use super::{
    Stop,
    batch::Batch,
    feed::{Feed, Taken},
    maker::{Maker, Work},
    output::Output,
};

/// A thread goes on to another chunk while no more than this many of its batches are under way:
/// it makes rows while the batch before is being sent.
const BATCHES: usize = 2;
/// Within a chunk it goes further: rows of some kilobytes make a chunk of many batches, and all of
/// them wait for the chunk before.
const BATCHES_OF_A_CHUNK: usize = 8;

/// What a crew has counted.
#[derive(Default)]
pub struct Made {
    /// What was lost, for each scan column.
    pub losses: Vec<Losses>,
    /// The rejects.
    pub rejected: u64,
    /// The time spent making rows, added up over the threads.
    pub making: Duration,
}

impl Made {
    fn add(&mut self, maker: Maker<'_>, making: Duration) {
        self.losses.resize(maker.losses.len(), Losses::default());
        self.losses.iter_mut().zip(&maker.losses).for_each(|(sum, one)| sum.merge(one));
        self.rejected += maker.rejected;
        self.making += making;
    }
}

/// Makes and sends all rows on this thread.
pub fn alone(work: &Work<'_>, feed: &mut Feed<'_>, output: &mut Output<'_>) -> Result<Made, Stop> {
    let began = Instant::now();
    let (mut maker, mut batch) = (Maker::new(work), Batch::default());
    while let Some(taken) = feed.next()? {
        check_stop(output)?;
        maker.chunk(&taken, &mut batch, &mut |batch| send(output, batch))?;
        send(output, &mut batch)?;
    }
    let mut made = Made::default();
    made.add(maker, began.elapsed().saturating_sub(feed.fetching + output.waited()));
    Ok(made)
}

fn send(output: &mut Output<'_>, batch: &mut Batch) -> Result<(), Stop> {
    output.take(batch)?;
    batch.clear();
    Ok(())
}

/// Ends the scan when the backend wants no more rows.
pub fn check_stop(output: &Output<'_>) -> Result<(), Stop> {
    match output.is_stopped() {
        true => Err(super::stopped().into()),
        false => Ok(()),
    }
}

/// A batch from a thread.
struct Parcel {
    worker: usize,
    /// The chunk that its rows are of.
    chunk: u64,
    /// Whether it is the chunk's last.
    last: bool,
    made: Result<Batch, Failure>,
}

/// Makes all rows on so many threads, and sends them from this one.
pub fn together(
    work: &Work<'_>,
    feed: &mut Feed<'_>,
    output: &mut Output<'_>,
    threads: u32,
) -> Result<Made, Stop> {
    let feed = Mutex::new(feed);
    thread::scope(|scope| {
        let (deliver, delivered) = mpsc::channel();
        let (mut workers, mut returns) = (Vec::new(), Vec::new());
        for number in 0..threads as usize {
            let (give, given) = mpsc::channel();
            let worker = Worker { number, work, feed: &feed, deliver: deliver.clone(), given };
            workers.push(worker.start(scope)?);
            returns.push(give);
        }
        drop(deliver);
        let sent = Packer::new(output, returns, work.scan.keep_order).all(&delivered);
        // A worker that waits for a batch or a chunk gets none any more.
        lock(&feed).end();
        let mut made = Made::default();
        for worker in workers {
            let (maker, making) = worker.join().map_err(|_| crashed())?;
            made.add(maker, making);
        }
        sent.map(|()| made)
    })
}

fn crashed() -> Stop {
    Failure::new("XX000", "a thread of the reader failed").into()
}

/// Locks what threads share.
pub fn lock<'l, T>(mutex: &'l Mutex<T>) -> MutexGuard<'l, T> {
    // Whoever failed in the middle of something has failed what all of them do.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A thread that makes rows.
struct Worker<'s, 'f> {
    number: usize,
    work: &'s Work<'s>,
    feed: &'s Mutex<&'s mut Feed<'f>>,
    deliver: Sender<Parcel>,
    given: Receiver<Batch>,
}

type Running<'scope, 's> = thread::ScopedJoinHandle<'scope, (Maker<'s>, Duration)>;

impl<'s, 'f> Worker<'s, 'f>
where
    'f: 's,
{
    fn start<'scope>(self, scope: &'scope Scope<'scope, '_>) -> Result<Running<'scope, 's>, Stop>
    where
        's: 'scope,
        'f: 'scope,
    {
        let thread = thread::Builder::new().name("rows".to_owned());
        let started = thread.spawn_scoped(scope, move || self.run());
        started.map_err(|error| {
            Failure::new("53000", format!("could not start a thread: {error}")).into()
        })
    }

    /// Makes rows until there are none, or until nobody wants them.
    fn run(self) -> (Maker<'s>, Duration) {
        let began = Instant::now();
        let mut bench =
            Bench { worker: &self, under_way: 0, idle: Vec::new(), away: Duration::ZERO };
        let (mut maker, mut batch) = (Maker::new(self.work), Batch::default());
        while bench.chunk(&mut maker, &mut batch) {}
        let making = began.elapsed().saturating_sub(bench.away);
        (maker, making)
    }
}

/// A worker's batches.
struct Bench<'w, 's, 'f> {
    worker: &'w Worker<'s, 'f>,
    /// Batches that were sent and are not back.
    under_way: usize,
    /// Batches that are back.
    idle: Vec<Batch>,
    /// The time spent waiting.
    away: Duration,
}

impl<'f> Bench<'_, '_, 'f> {
    /// Takes a chunk, and makes its rows. False: this was the end.
    fn chunk(&mut self, maker: &mut Maker<'_>, batch: &mut Batch) -> bool {
        let (number, taken) = self.take();
        let made = match taken {
            Ok(None) => return false,
            Ok(Some(taken)) => self.rows(&taken, maker, batch),
            Err(failure) => Err(failure.into()),
        };
        match made {
            Ok(()) => return true,
            Err(Stop::Failed(failure)) => self.deliver(number, true, Err(failure)),
            Err(Stop::Gone(_)) => false,
        };
        false
    }

    fn rows(
        &mut self,
        taken: &Taken<'_>,
        maker: &mut Maker<'_>,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        maker.chunk(taken, batch, &mut |batch| self.send(taken.number, false, batch))?;
        self.send(taken.number, true, batch)
    }

    /// The next chunk, and its number also where there is none.
    fn take(&mut self) -> (u64, Result<Option<Taken<'f>>, Failure>) {
        let asked = Instant::now();
        let mut feed = lock(self.worker.feed);
        let number = feed.chunks();
        let taken = feed.next();
        self.away += asked.elapsed();
        (number, taken)
    }

    /// Sends a batch and gets an empty one for it.
    fn send(&mut self, chunk: u64, last: bool, batch: &mut Batch) -> Result<(), Stop> {
        let gone = || Stop::Gone(io::Error::from(io::ErrorKind::BrokenPipe));
        if !self.deliver(chunk, last, Ok(std::mem::take(batch))) {
            return Err(gone());
        }
        self.under_way += 1;
        let limit = if last { BATCHES } else { BATCHES_OF_A_CHUNK };
        self.take_back(limit).ok_or_else(gone)?;
        *batch = self.idle.pop().unwrap_or_default();
        Ok(())
    }

    /// Takes back what is there, and waits until fewer than `limit` are under way. None: nobody
    /// sends them back any more.
    fn take_back(&mut self, limit: usize) -> Option<()> {
        let asked = Instant::now();
        while let Some(batch) = match self.under_way {
            full if full >= limit => Some(self.worker.given.recv().ok()?),
            _ => self.worker.given.try_recv().ok(),
        } {
            self.idle.push(batch);
            self.under_way -= 1;
        }
        self.away += asked.elapsed();
        Some(())
    }

    /// False: nobody takes it.
    fn deliver(&self, chunk: u64, last: bool, made: Result<Batch, Failure>) -> bool {
        let worker = self.worker.number;
        self.worker.deliver.send(Parcel { worker, chunk, last, made }).is_ok()
    }
}

/// Sends what the workers deliver.
struct Packer<'p, 'o> {
    output: &'p mut Output<'o>,
    /// The ways back to the workers.
    returns: Vec<Sender<Batch>>,
    /// The chunk whose turn it is; None: any.
    turn: Option<u64>,
    /// Parcels of later chunks.
    waiting: HashMap<u64, VecDeque<Parcel>>,
}

impl<'p, 'o> Packer<'p, 'o> {
    fn new(output: &'p mut Output<'o>, returns: Vec<Sender<Batch>>, keep_order: bool) -> Self {
        Self { output, returns, turn: keep_order.then_some(0), waiting: HashMap::new() }
    }

    fn all(mut self, delivered: &Receiver<Parcel>) -> Result<(), Stop> {
        while let Ok(parcel) = delivered.recv() {
            check_stop(self.output)?;
            match self.turn {
                Some(turn) if turn != parcel.chunk => {
                    self.waiting.entry(parcel.chunk).or_default().push_back(parcel);
                }
                _ => self.send(parcel)?,
            }
            self.send_waiting()?;
        }
        Ok(())
    }

    /// Sends the parcels whose turn has come.
    fn send_waiting(&mut self) -> Result<(), Stop> {
        while let Some(turn) = self.turn
            && let Some(parcels) = self.waiting.get_mut(&turn)
        {
            match parcels.pop_front() {
                Some(parcel) => self.send(parcel)?,
                None => {
                    self.waiting.remove(&turn);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn send(&mut self, parcel: Parcel) -> Result<(), Stop> {
        let Parcel { worker, chunk, last, made } = parcel;
        let mut batch = made?;
        send(self.output, &mut batch)?;
        if let Some(way) = self.returns.get(worker) {
            // A worker that has ended needs none.
            let _ = way.send(batch);
        }
        if last && self.turn == Some(chunk) {
            self.waiting.remove(&chunk);
            self.turn = Some(chunk + 1);
        }
        Ok(())
    }
}
