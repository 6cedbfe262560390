"""Keeps the page cache full, as it is on a server that has run for a while.

Some virtual machines give free memory back to their host within seconds, and then pay for every
page that they touch again: about 2 s for a GB here, as much as the whole of a fast load. A page
that the cache gives up for another costs nearly nothing."""

import tempfile
from functools import cache
from io import FileIO
from pathlib import Path

from . import settings

REPORTING = Path("/sys/module/page_reporting")
SIZE = 1 << 40


def fill() -> None:
    """Reads on in the hole, as much as is free."""
    if not REPORTING.exists():
        return
    buffer = bytearray(16 << 20)
    for _ in range(free() // len(buffer)):
        if not hole().readinto(buffer):
            hole().seek(0)


@cache
def hole() -> FileIO:
    """A file that takes no disk; the cache keeps what has been read of it."""
    file = tempfile.TemporaryFile(dir=settings.HOME, buffering=0)
    file.truncate(SIZE)
    return file


def free() -> int:
    """Memory that holds nothing at all, in bytes."""
    text = Path("/proc/meminfo").read_text()
    return int(text.split("MemFree:")[1].split()[0]) * 1024
