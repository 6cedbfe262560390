"""A private server, the same for every contestant."""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from . import memory, settings

NAME = "bench"
# min_wal_size keeps the segments of earlier runs: making new ones costs a second write.
CONFIGURATION = """
shared_buffers = 1GB
maintenance_work_mem = 256MB
max_wal_size = 32GB
min_wal_size = 20GB
checkpoint_timeout = 30min
fsync = on
full_page_writes = on
autovacuum = off
wal_level = {wal_level}
max_wal_senders = {wal_senders}
"""


class Cluster:
    """A running server with a wal_level."""

    def __init__(self, wal_level: str):
        self.wal_level = wal_level

    def __enter__(self) -> "Cluster":
        started = subprocess.check_output([*script(), "start", NAME, settings.PG_MAJOR], text=True)
        self.home = Path(started.strip())
        try:
            self.configure()
        except BaseException:
            self.__exit__()
            raise
        return self

    def configure(self) -> None:
        """Makes it the server that is wanted."""
        senders = 0 if self.wal_level == "minimal" else 10
        with open(self.home / "data/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(wal_level=self.wal_level, wal_senders=senders))
        restart(self.home)
        self.postmaster = int((self.home / "data/postmaster.pid").read_text().split()[0])
        available = "SELECT name FROM pg_available_extensions WHERE name IN ('vector', 'migrator')"
        for (name,) in self.rows(available):
            self.run(f"CREATE EXTENSION {name}")

    def __exit__(self, *_) -> None:
        subprocess.run([*script(), "stop", NAME], check=True)
        shutil.rmtree(self.home)

    @property
    def dsn(self) -> str:
        """Where it listens."""
        return f"host={self.home} user=postgres dbname=postgres"

    def connect(self) -> psycopg.Connection:
        """A connection of its own for every use; after a crash, when the server has recovered."""
        until = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.dsn, autocommit=True)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)

    def rows(self, query: str | sql.Composed) -> list[tuple]:
        """What a query returns."""
        with self.connect() as connection:
            return connection.execute(query).fetchall()

    def run(self, *statements: str | sql.Composed) -> float:
        """Runs statements in one session. Returns the seconds, without those for connecting."""
        with self.connect() as connection:
            began = time.monotonic()
            for statement in statements:
                connection.execute(statement)
            return time.monotonic() - began

    def settle(self, table: str) -> None:
        """Leaves nothing behind that a later run would pay for."""
        self.run(f"DROP TABLE IF EXISTS {table}", "CHECKPOINT")
        os.sync()
        memory.fill()

    def wal_position(self) -> int:
        """All WAL so far, in bytes."""
        return int(self.rows("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")[0][0])

    def processes(self) -> list[psutil.Process]:
        """The postmaster's children."""
        return psutil.Process(self.postmaster).children()

    def cpu_seconds(self) -> float:
        """All CPU time so far: of the living, and of the dead through whoever waited for them."""
        total = 0.0
        for process in [psutil.Process(self.postmaster), *self.processes()]:
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return total


def script() -> list[str]:
    """The command that starts and stops private servers."""
    return [str(settings.ROOT / "scripts/cluster")]


def restart(home: Path) -> None:
    """Restarts the server as its owner."""
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    command = [
        f"{settings.PG_BIN}/pg_ctl",
        "-D",
        f"{home}/data",
        "-l",
        f"{home}/log",
        "-w",
        "restart",
    ]
    subprocess.run([*owner, *command], check=True, stdout=subprocess.DEVNULL)
