"""Runs a statement through DuckDB's own postgres extension, and tells what it took."""

import json
import resource
import sys
import time
from pathlib import Path

import duckdb
from duckdb_extensions import import_extension


def cpu_seconds() -> float:
    """The CPU time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_memory() -> int:
    """The most bytes that were resident; ru_maxrss knows the parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


file, target, statement = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"ATTACH '{file}' AS source (READ_ONLY)")
import_extension("postgres_scanner", con=connection)
connection.execute("LOAD postgres_scanner")
connection.execute(f"ATTACH '{target}' AS pg (TYPE postgres)")
cpu, began = cpu_seconds(), time.monotonic()
connection.execute(statement)
seconds, cpu = time.monotonic() - began, cpu_seconds() - cpu
print(json.dumps({"seconds": seconds, "client_cpu": cpu, "client_memory": peak_memory()}))
