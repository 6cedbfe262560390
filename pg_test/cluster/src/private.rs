//! Servers that belong to one test: they may be killed, and their files damaged.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, getuid, kill_process};

use crate::{children_of, connect, eventually_within, is_alive, is_available, proofs};

/// How long a server may take to come back.
const PATIENCE: Duration = Duration::from_secs(100);

/// A private server. It ends, and its folder goes, with the value.
pub struct Private {
    home: PathBuf,
    programs: PathBuf,
}

/// How a server ends.
#[derive(Clone, Copy, Debug)]
pub enum Crash {
    /// `pg_ctl -m immediate`
    Immediate,
    /// SIGKILL to the postmaster; the others notice.
    Postmaster,
    /// SIGKILL to one backend; the postmaster ends the others and goes on.
    Backend(i32),
    /// SIGKILL to the postmaster and all below it.
    Everybody,
}

impl Private {
    /// Starts one with these arguments of initdb and lines of postgresql.conf. It has the extension,
    /// and the server's own checkers.
    pub fn start(initdb: &[&str], settings: &str) -> Self {
        let server = Self::home();
        let folder = server.data();
        let fixed = ["-D", text(&folder), "-U", "postgres", "-E", "UTF8", "--locale=C"];
        server.run("initdb", &[&fixed[..], &["--auth=trust", "--no-sync"], initdb].concat());
        server.configure("listen_addresses = ''\ntimezone = 'UTC'\nmax_wal_size = 8GB\n");
        server.configure(settings);
        server.start_again();
        let mut client = server.client();
        client.batch_execute("CREATE EXTENSION migrator").unwrap();
        proofs::prepare(&mut client);
        server
    }

    /// Starts one that counts statements; None where pg_stat_statements is missing.
    pub fn with_statements(settings: &str) -> Option<Self> {
        let preload = "shared_preload_libraries = 'pg_stat_statements'\n";
        is_available("pg_stat_statements")
            .then(|| Self::start(&[], &format!("{preload}{settings}")))
    }

    /// Starts a copy of another one, which follows it, while this happens there.
    pub fn replica_of(primary: &Self, meanwhile: impl FnOnce()) -> Self {
        let replica = Self::home();
        let folder = replica.data();
        let arguments = ["-h", text(&primary.home), "-U", "postgres", "-D", text(&folder)];
        let more = ["-R", "-X", "stream", "-c", "fast", "--no-sync"];
        std::thread::scope(|scope| {
            let backup =
                scope.spawn(|| replica.run("pg_basebackup", &[&arguments[..], &more].concat()));
            meanwhile();
            backup.join().unwrap();
        });
        replica.start_again();
        replica
    }

    /// A full backup, and one of what has changed while this happened. Their folders.
    pub fn incremental_backup(&self, meanwhile: impl FnOnce()) -> [PathBuf; 2] {
        let [full, increment] = ["full", "increment"].map(|name| self.home.join(name));
        let fixed = ["-h", self.socket(), "-U", "postgres", "-c", "fast", "--no-sync", "-D"];
        self.run("pg_basebackup", &[&fixed[..], &[text(&full)]].concat());
        meanwhile();
        let manifest = full.join("backup_manifest");
        let more = [text(&increment), "--incremental", text(&manifest)];
        self.run("pg_basebackup", &[&fixed[..], &more].concat());
        [full, increment]
    }

    /// Starts a server from such backups.
    pub fn combined(&self, backups: &[&Path]) -> Self {
        let copy = Self::home();
        let folder = copy.data();
        let backups: Vec<&str> = backups.iter().map(|backup| text(backup)).collect();
        copy.run("pg_combinebackup", &[&backups[..], &["--no-sync", "-o", text(&folder)]].concat());
        copy.start_again();
        copy
    }

    /// A new folder beside the test server's.
    fn home() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let shared = std::env::var("PGHOST").expect("pg_test/run sets PGHOST");
        let name = format!("private_{}_{number}", std::process::id());
        let home = Path::new(&shared).parent().unwrap().join(name);
        fs::create_dir(&home).unwrap();
        if getuid().is_root() {
            let status = Command::new("chown").args(["postgres:", text(&home)]).status();
            assert!(status.unwrap().success());
        }
        let sql = "SELECT setting FROM pg_config WHERE name = 'BINDIR'";
        let row = connect("postgres", "postgres").query_one(sql, &[]).unwrap();
        Self { home, programs: PathBuf::from(row.get::<_, String>(0)) }
    }

    /// Adds lines to postgresql.conf.
    pub fn configure(&self, lines: &str) {
        let path = self.data().join("postgresql.conf");
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    /// Starts it and waits until it answers.
    pub fn start_again(&self) {
        let (data, log) = (self.data(), self.home.join("log"));
        let socket = format!("-k {}", text(&self.home));
        let arguments = ["-D", text(&data), "-l", text(&log), "-o", &socket, "-t", "100", "-w"];
        self.run("pg_ctl", &[&arguments[..], &["start"]].concat());
    }

    /// Stops it: `fast` or `immediate`.
    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-D", text(&self.data()), "-m", mode, "-t", "100", "-w", "stop"]);
    }

    /// Lets it end in the middle of everything, and waits until it is back.
    pub fn crash(&self, how: Crash) {
        let postmaster = self.postmaster();
        let below = children_of(postmaster);
        match how {
            Crash::Immediate => self.stop("immediate"),
            Crash::Postmaster => kill(postmaster),
            Crash::Backend(pid) => kill(pid),
            Crash::Everybody => {
                kill(postmaster);
                below.iter().copied().for_each(kill);
            }
        }
        let stays = matches!(how, Crash::Backend(_));
        let old = below.iter().chain((!stays).then_some(&postmaster));
        eventually_within(PATIENCE, "every old process is gone", || {
            !old.clone().any(|pid| is_alive(*pid))
        });
        if !stays {
            // A zombie would count as a postmaster.
            let locks = [self.data().join("postmaster.pid"), self.home.join(".s.PGSQL.5432.lock")];
            let _ = locks.map(fs::remove_file);
            self.start_again();
        }
        eventually_within(PATIENCE, "the server is back", || self.try_client().is_ok());
    }

    fn postmaster(&self) -> i32 {
        let file = fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        file.lines().next().unwrap().parse().unwrap()
    }

    /// A superuser's connection.
    pub fn client(&self) -> Client {
        self.try_client().expect("the private server answers")
    }

    fn try_client(&self) -> Result<Client, postgres::Error> {
        let host = text(&self.home);
        Client::connect(&format!("host={host} port=5432 user=postgres dbname=postgres"), NoTls)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// Where its socket is.
    pub fn socket(&self) -> &str {
        text(&self.home)
    }

    /// Runs one of the server's programs as the server's user; it has to succeed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.try_run(program, arguments);
        let [stdout, stderr] =
            [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(status.success(), "{program} {arguments:?}\n{stdout}{stderr}{}", self.last_words());
        stdout
    }

    fn try_run(&self, program: &str, arguments: &[&str]) -> Output {
        let program = self.programs.join(program);
        let mut command = match getuid().is_root() {
            true => Command::new("runuser"),
            false => Command::new(&program),
        };
        if getuid().is_root() {
            command.args(["-u", "postgres", "--", text(&program)]);
        }
        // The tests' own PGHOST is another server's.
        let clean = command.env_remove("PGHOST").env_remove("PGPORT").current_dir("/");
        clean.args(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// The server's log.
    pub fn log(&self) -> String {
        let log = fs::read(self.home.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The end of it.
    fn last_words(&self) -> String {
        let log = fs::read(self.home.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(4000)..]).into_owned()
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.last_words());
        }
        self.try_run("pg_ctl", &["-D", text(&self.data()), "-m", "immediate", "-w", "stop"]);
        let _ = fs::remove_dir_all(&self.home);
    }
}

fn kill(pid: i32) {
    // It may be gone by itself.
    let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, Signal::KILL));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
