"""One run of one contestant, and what it cost."""

import threading
import time
from dataclasses import dataclass

import psutil

from . import floor
from .clusters import Cluster
from .contestants import Arena, Contestant
from .workload import WrongResult


@dataclass(frozen=True)
class Run:
    """Bytes and seconds; `memory` is a backend's own, without shared buffers."""

    rows: int
    seconds: float
    heap: int = 0
    wal: int = 0
    cpu: float = 0.0
    memory: int = 0
    client_memory: int = 0
    checkpoint: float = 0.0


class Watch(threading.Thread):
    """Samples the private memory of the backends that start while it watches."""

    TICK = 0.02
    TICKS_BETWEEN_LOOKS = 10

    def __init__(self, cluster: Cluster):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.known = {process.pid for process in cluster.processes()}
        self.peak = 0
        self.over = threading.Event()

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.join()

    def newcomers(self) -> list[psutil.Process]:
        """The backends to watch."""
        return [process for process in self.cluster.processes() if process.pid not in self.known]

    def run(self) -> None:
        """Looks for newcomers now and then: that takes longer than a sample."""
        tick = 0
        watched: list[psutil.Process] = []
        while not self.over.wait(self.TICK):
            if tick % self.TICKS_BETWEEN_LOOKS == 0 or not watched:
                watched = self.newcomers()
            tick += 1
            for process in watched:
                self.sample(process)

    def sample(self, process: psutil.Process) -> None:
        """Private memory is what is resident and not of a file or shared."""
        try:
            memory = process.memory_info()
        except psutil.NoSuchProcess:
            return
        self.peak = max(self.peak, memory.rss - memory.shared)

    def wait_for_the_end(self) -> None:
        """Until the backends are gone, and their CPU time is with the postmaster."""
        until = time.monotonic() + 10
        while self.newcomers() and time.monotonic() < until:
            time.sleep(0.01)


def load(arena: Arena, contestant: Contestant, thorough: bool) -> Run:
    """Runs a contestant, then compares what it loaded with the source."""
    cluster, workload = arena.cluster, arena.workload
    cluster.settle(workload.table)
    wal, cpu = cluster.wal_position(), cluster.cpu_seconds()
    with Watch(cluster) as watch:
        done = contestant(arena)
        watch.wait_for_the_end()
    run = Run(
        rows=workload.rows,
        seconds=done.seconds,
        wal=cluster.wal_position() - wal,
        cpu=cluster.cpu_seconds() - cpu + done.client_cpu,
        heap=cluster.rows(f"SELECT pg_table_size('{workload.table}')")[0][0],
        memory=watch.peak,
        client_memory=done.client_memory,
        checkpoint=cluster.run("CHECKPOINT"),
    )
    verify(arena, thorough)
    cluster.settle(workload.table)
    return run


def verify(arena: Arena, thorough: bool) -> None:
    """Counts the rows, or looks at every column."""
    cluster, workload = arena.cluster, arena.workload
    if thorough:
        workload.verify(cluster.rows(workload.check)[0])
        return
    count = cluster.rows(f"SELECT count(*) FROM {workload.table}")[0][0]
    if count != workload.rows:
        raise WrongResult(f"{count} rows instead of {workload.rows}")


def floors(arena: Arena, like: Run) -> dict[str, Run]:
    """The two floors under a run: its bytes written, and its source read."""
    cluster, workload = arena.cluster, arena.workload
    cluster.settle(workload.table)
    written = floor.write(cluster.home, like.heap, like.wal)
    return {
        "floor_write": Run(workload.rows, written, like.heap, like.wal),
        "floor_scan": Run(workload.rows, floor.scan(workload), like.heap),
    }
