"""Who loads the table, and how."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from . import settings
from .clusters import Cluster
from .workload import Workload, WrongResult


@dataclass(frozen=True)
class Arena:
    """Where a load takes place."""

    cluster: Cluster
    workload: Workload

    def ready(self, suffix: str) -> Path:
        """A file that COPY has written, and reads."""
        return settings.HOME / "ready" / f"{self.workload.table}.{suffix}"


@dataclass(frozen=True)
class Load:
    """What only the contestant knows: its seconds, and what its own processes used."""

    seconds: float
    client_cpu: float = 0.0
    client_memory: int = 0


Contestant = Callable[[Arena], Load]


def migrator(method: str) -> Contestant:
    """migrate_table() into a new table."""

    def load(arena: Arena) -> Load:
        options = json.dumps({"method": method, "analyze": False})
        arguments = (str(arena.workload.file), arena.workload.table, options)
        call = sql.SQL("SELECT * FROM migrate_table({}, {}, options => {})").format(*arguments)
        seconds = arena.cluster.run(call)
        last = "SELECT method, reader_peak_memory FROM migrator.runs ORDER BY run_id DESC LIMIT 1"
        used, memory = arena.cluster.rows(last)[0]
        if used != method:
            raise WrongResult(f"took the method {used}")
        return Load(seconds, client_memory=memory)

    return load


def copy(suffix: str, options: str) -> Contestant:
    """COPY from a ready file, into a table of the same transaction."""

    def load(arena: Arena) -> Load:
        command = f"COPY {arena.workload.table} FROM '{arena.ready(suffix)}' ({options})"
        return Load(arena.cluster.run("BEGIN", arena.workload.target, command, "COMMIT"))

    return load


def duckdb_postgres(arena: Arena) -> Load:
    """CREATE TABLE … AS through DuckDB's postgres extension, timed without its start."""
    workload = arena.workload
    return peer(
        arena,
        f"CREATE TABLE pg.public.{workload.table} AS "
        f"SELECT {workload.peer_columns} FROM source.{workload.table}",
    )


def peer(arena: Arena, statement: str) -> Load:
    """Runs a statement in a DuckDB that has attached the source and the server."""
    program = [sys.executable, settings.BENCH / "peer.py"]
    command = [*map(str, program), str(arena.workload.file), arena.cluster.dsn, statement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WrongResult(done.stderr.strip().splitlines()[-1])
    return Load(**json.loads(done.stdout))


def prepare(arena: Arena) -> None:
    """Loads the table once, so that there are ready files and WAL segments to use again."""
    cluster, workload = arena.cluster, arena.workload
    binary, text = arena.ready("binary"), arena.ready("text")
    cluster.run(workload.target)
    if binary.exists():
        cluster.run(f"COPY {workload.table} FROM '{binary}' (FORMAT binary)")
    else:
        table = f"pg.public.{workload.table}"
        peer(
            arena,
            f"INSERT INTO {table} SELECT {workload.seed_columns} FROM source.{workload.table}",
        )
        cluster.run(f"COPY {workload.table} TO '{binary}' (FORMAT binary)")
        cluster.run(f"COPY {workload.table} TO '{text}'")
    workload.verify(cluster.rows(workload.check)[0])
    cluster.settle(workload.table)


OURS = ("pages", "multi_insert", "insert")
COPY_BINARY = ("copy_binary", "copy_binary_plain")
ALL: dict[str, Contestant] = {
    **{method: migrator(method) for method in OURS},
    "copy_binary": copy("binary", "FORMAT binary, FREEZE"),
    "copy_binary_plain": copy("binary", "FORMAT binary"),
    "copy_text": copy("text", "FORMAT text"),
    "duckdb_postgres": duckdb_postgres,
}
