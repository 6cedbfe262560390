"""What no load can go below: its bytes on the disk, and the source read once."""

import os
import time
from pathlib import Path

import duckdb

from .workload import Workload

BLOCK = 1 << 20
NOISE = os.urandom(16 * BLOCK)


def write(folder: Path, heap_bytes: int, wal_bytes: int) -> float:
    """Seconds to write and sync as many bytes: a new heap file, and WAL over an old file."""
    heap, wal = opened(folder / "floor.heap"), opened(folder / "floor.wal")
    try:
        fill(wal, wal_bytes)
        os.fsync(wal)
        began = time.monotonic()
        fill(wal, wal_bytes)
        fill(heap, heap_bytes)
        os.fdatasync(wal)
        os.fsync(heap)
        return time.monotonic() - began
    finally:
        for name, descriptor in (("floor.heap", heap), ("floor.wal", wal)):
            os.close(descriptor)
            (folder / name).unlink()


def opened(path: Path) -> int:
    """A new file."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)


def fill(descriptor: int, size: int) -> None:
    """Writes so many bytes that no disk can compress."""
    noise = memoryview(NOISE)
    for offset in range(0, size, BLOCK):
        start = offset % len(NOISE)
        length = min(BLOCK, size - offset)
        os.pwrite(descriptor, noise[start : start + length], offset)


def scan(workload: Workload) -> float:
    """Seconds that DuckDB takes to read every column, into nothing."""
    with duckdb.connect(workload.file, read_only=True) as connection:
        began = time.monotonic()
        connection.execute(f"EXPLAIN ANALYZE FROM {workload.table}").fetchall()
        return time.monotonic() - began
