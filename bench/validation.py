"""Times validations: against the load that they prove, and against reladiff on the same rows."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from psycopg import sql
from tabulate import tabulate

from . import settings, workload
from .clusters import Cluster

TABLE = "lineitem"
KEY = ["l_orderkey", "l_linenumber"]
SABOTAGE = """
    UPDATE lineitem SET l_extendedprice = l_extendedprice + 0.01
     WHERE l_orderkey = (SELECT max(l_orderkey) / 2 FROM lineitem) AND l_linenumber = 2"""


def main() -> None:
    """One table of the lineitem workload, loaded twice, and everything that looks at it."""
    load = workload.ALL[TABLE].scaled(settings.SCALE)
    load.make()
    try:
        with Cluster("replica") as cluster:
            print(tabulate(measure(cluster, str(load.file)), headers="keys", floatfmt=".2f"))
    finally:
        load.remove()


def measure(cluster: Cluster, file: str) -> list[dict]:
    """A row for each figure: its median, and its ratio to what it is held against."""
    seconds = {"load by multi_insert": median(lambda: migrate(cluster, file))}
    prepare(cluster, file)
    seconds["validate_table, standard"] = median(lambda: validate(cluster, file))
    seconds["reladiff, two equal tables"] = median(lambda: reladiff(cluster, 0))
    cluster.run(SABOTAGE)
    seconds["validate_diff, one cell changed"] = median(lambda: difference(cluster, file))
    seconds["reladiff, one cell changed"] = median(lambda: reladiff(cluster, 2))
    standard = seconds["validate_table, standard"]
    return [
        {"what": what, "seconds": value, "× standard validation": value / standard}
        for what, value in seconds.items()
    ]


def median(run: Callable[[], float]) -> float:
    """Of as many runs as the knob says."""
    return statistics.median(run() for _ in range(settings.RUNS))


def migrate(cluster: Cluster, file: str) -> float:
    """What a validation is allowed to take."""
    cluster.settle(TABLE)
    options = '{"method": "multi_insert", "analyze": false}'
    return cluster.run(
        sql.SQL("SELECT * FROM migrate_table({}, {}, options => {})").format(file, TABLE, options)
    )


def prepare(cluster: Cluster, file: str) -> None:
    """Two tables with the same rows and keys, hinted and analyzed as after any load."""
    key = ", ".join(KEY)
    cluster.settle(TABLE)
    cluster.run(
        sql.SQL("SELECT * FROM migrate_table({}, {})").format(file, TABLE),
        sql.SQL("SELECT * FROM migrate_table({}, {}, target => 'copied')").format(file, TABLE),
        f"ALTER TABLE {TABLE} ADD PRIMARY KEY ({key})",
        f"ALTER TABLE copied ADD PRIMARY KEY ({key})",
        "ANALYZE",
        "CHECKPOINT",
    )


def validate(cluster: Cluster, file: str) -> float:
    """A validation that passes."""
    query = sql.SQL("SELECT count(*) FROM validate_table({}, {}) WHERE status = 'fail'")
    began = time.monotonic()
    failures = cluster.rows(query.format(file, TABLE))[0][0]
    seconds = time.monotonic() - began
    if failures:
        raise RuntimeError(f"{failures} checks fail")
    return seconds


def difference(cluster: Cluster, file: str) -> float:
    """A search that finds the changed cell."""
    query = sql.SQL("SELECT column_name FROM validate_diff({}, {})").format(file, TABLE)
    began = time.monotonic()
    found = cluster.rows(query)
    seconds = time.monotonic() - began
    if found != [("l_extendedprice",)]:
        raise RuntimeError(f"{found} instead of the changed cell")
    return seconds


def reladiff(cluster: Cluster, differences: int) -> float:
    """The same question to reladiff, between two tables of one server, which it may join."""
    # It knows no socket folders; the library below it does.
    url, environment = "postgresql://postgres@/postgres", {**os.environ, "PGHOST": str(cluster.home)}
    program = Path(settings.HOME) / "venv/bin/reladiff"
    keys = [argument for column in KEY for argument in ("-k", column)]
    command = [program, url, "copied", url, TABLE, *keys, "-c", "%", "--json"]
    command += ["--algorithm", "hashdiff", "--threads", "2"]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seconds = time.monotonic() - began
    failed = done.returncode or "ERROR" in done.stderr
    # It wraps its lines.
    found = sum(line.startswith(('["-"', '["+"')) for line in done.stdout.splitlines())
    if failed or found != differences:
        raise RuntimeError(f"reladiff: {done.stdout[-500:]} {done.stderr[-500:]}")
    return seconds


main()
