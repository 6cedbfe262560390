//! Crashes at any moment of a load by pages: all of it is there afterwards, or nothing.
//!
//! `CRASHES` says how many there are.

use std::{
    thread,
    time::{Duration, Instant},
};

use migrator_cluster_tests::{
    backend, eventually,
    private::{Crash, Private},
    proofs, readers_of,
    sources::Source,
};
use postgres::Client;

/// As many as a test run has time for.
const CRASHES: u32 = 12;
/// The fractions of its multiples are spread evenly over any number of rounds.
const GOLDEN: f64 = 0.618_033_988_749_895;

type Rows = (i64, Option<String>);

struct Trial {
    server: Private,
    source: Source,
    /// How long a load takes.
    duration: Duration,
    old: Rows,
    new: Rows,
}

/// What came of the rounds.
#[derive(Debug, Default)]
struct Count {
    committed: u32,
    interrupted: u32,
    survived: u32,
}

impl Trial {
    fn new() -> Self {
        let server = Private::start(&["-k"], "checkpoint_timeout = 30s\n");
        let source = Source::new(
            "CREATE TABLE victims (id INTEGER PRIMARY KEY, label VARCHAR, large VARCHAR);
INSERT INTO victims SELECT i, repeat('label ' || i, 10), CASE WHEN i % 25 = 0 THEN noise(i, 6000) END FROM range(40000) t(i);\n",
        );
        let mut client = server.client();
        let create = "CREATE TABLE emptied (id integer PRIMARY KEY, label text, large text);
            CREATE INDEX emptied_label ON emptied (label text_pattern_ops);
            INSERT INTO emptied SELECT -i, 'old', (SELECT string_agg(md5((i * k)::text), '') FROM generate_series(1, 200) k)
              FROM generate_series(1, 1000) i";
        client.batch_execute(create).unwrap();
        let old = proofs::rows(&mut client, "emptied");
        let began = Instant::now();
        client.batch_execute(&source.pages("victims", "created", "create")).unwrap();
        let duration = began.elapsed();
        let new = proofs::rows_in_order(&mut client, "created");
        client.batch_execute("DROP TABLE created").unwrap();
        Self { server, source, duration, old, new }
    }

    /// One crash; the load's answer, if it came.
    fn crash(&self, round: u32, target: &str, mode: &str) -> bool {
        let mut client = self.server.client();
        let pid = backend(&mut client);
        let load = self.source.pages("victims", target, mode);
        let checkpoints = (round / 4 % 2 == 1).then(|| self.checkpoints());
        // The backend outlives its load, so that it can be killed behind it.
        let loading = thread::spawn(move || (client.batch_execute(&load).is_ok(), client));
        eventually("a reader starts", || !readers_of(pid).is_empty() || loading.is_finished());
        let share = f64::from(round + 1) * GOLDEN % 1.0;
        thread::sleep(self.duration.mul_f64(share * 1.1));
        let how = match round % 4 {
            0 => Crash::Backend(pid),
            1 => Crash::Postmaster,
            2 => Crash::Everybody,
            _ => Crash::Immediate,
        };
        self.server.crash(how);
        checkpoints.into_iter().for_each(|thread| thread.join().unwrap());
        let (answered, _) = loading.join().unwrap();
        println!("round {round}: {how:?} at {share:.2} of a load into {target}: {answered}");
        answered
    }

    /// Checkpoints without end.
    fn checkpoints(&self) -> thread::JoinHandle<()> {
        let mut client = self.server.client();
        thread::spawn(move || while client.batch_execute("CHECKPOINT").is_ok() {})
    }

    /// The new table is there as a whole, or not at all.
    fn created(&self, client: &mut Client) -> bool {
        let sql = "SELECT to_regclass('created') IS NOT NULL";
        let exists: bool = client.query_one(sql, &[]).unwrap().get(0);
        if exists {
            self.assert_new(client, "created");
            client.batch_execute("DROP TABLE created").unwrap();
        }
        exists
    }

    /// The table has its new rows, or its old ones.
    fn emptied(&self, client: &mut Client) -> bool {
        proofs::assert_sound(client, "emptied");
        if proofs::rows(client, "emptied") == self.old {
            return false;
        }
        self.assert_new(client, "emptied");
        let again = "TRUNCATE emptied; INSERT INTO emptied SELECT -i, 'old',
            (SELECT string_agg(md5((i * k)::text), '') FROM generate_series(1, 200) k) FROM generate_series(1, 1000) i";
        client.batch_execute(again).unwrap();
        true
    }

    fn assert_new(&self, client: &mut Client, table: &str) {
        assert_eq!(proofs::rows_in_order(client, table), self.new, "{table}");
        proofs::assert_well_made(client, table);
    }

    fn round(&self, round: u32, count: &mut Count) {
        let (target, mode) =
            [("created", "create"), ("emptied", "truncate")][(round / 3 % 2) as usize];
        let answered = self.crash(round, target, mode);
        let mut client = self.server.client();
        let (created, emptied) = (self.created(&mut client), self.emptied(&mut client));
        let new = if target == "created" { created } else { emptied };
        assert!(!(created && emptied), "only one was loaded");
        assert!(new || !answered, "what was committed is there");
        count.committed += u32::from(answered);
        count.interrupted += u32::from(!answered);
        count.survived += u32::from(new && !answered);
    }
}

#[test]
fn a_crash_leaves_all_or_nothing() {
    let trial = Trial::new();
    println!("a load takes {:?}", trial.duration);
    let rounds = std::env::var("CRASHES").map_or(CRASHES, |rounds| rounds.parse().unwrap());
    let mut count = Count::default();
    for round in 0..rounds {
        trial.round(round, &mut count);
    }
    println!("{count:?}");
    assert!(count.interrupted >= rounds / 2, "{count:?}");
    // Everything works as before.
    let mut client = trial.server.client();
    for (target, mode) in [("created", "create"), ("emptied", "truncate")] {
        client.batch_execute(&trial.source.pages("victims", target, mode)).unwrap();
        trial.assert_new(&mut client, target);
    }
    drop(client);
    trial.server.stop("fast");
    trial.server.run("pg_checksums", &["--check", "-D", trial.server.data().to_str().unwrap()]);
}
