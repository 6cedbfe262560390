"""Times queries through the foreign data wrapper: against DuckDB on the same file, and by the row."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import psycopg
from psycopg import sql

from . import report, settings, workload
from .clusters import Cluster

TABLE = "lineitem"
# A few milliseconds need more runs than a few seconds.
MANY = 5
AGGREGATES = {
    "count": "SELECT count(*) FROM lineitem",
    "sums": "SELECT count(*), sum(l_quantity), sum(l_extendedprice), min(l_shipdate), max(l_comment COLLATE \"C\") FROM lineitem",
    "by two keys": """
        SELECT l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice), avg(l_quantity), count(*)
          FROM lineitem WHERE l_shipdate <= DATE '1998-09-02' GROUP BY l_returnflag, l_linestatus ORDER BY 1, 2""",
    "filtered": """
        SELECT sum(l_extendedprice * l_discount) FROM lineitem
         WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
           AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24""",
    "many groups": """
        SELECT l_partkey, count(*), max(l_extendedprice) FROM lineitem GROUP BY l_partkey
         ORDER BY 2 DESC, 1 LIMIT 100""",
}
SCAN = "EXPLAIN (ANALYZE, TIMING OFF) SELECT * FROM {}"
COPY = "COPY (SELECT * FROM {}) TO '/dev/null' (FORMAT binary)"
FIRST = "SELECT * FROM lineitem LIMIT 10"


@dataclass(frozen=True)
class Figure:
    """Something measured; `limit` is what it has to stay below, in seconds."""

    what: str
    seconds: float
    limit: float | None = None
    against: str = ""

    def line(self) -> list[str]:
        """A line of the table."""
        limit = f"{self.limit * 1000:,.1f}" if self.limit else ""
        verdict = "" if not self.limit else "pass" if self.seconds <= self.limit else "FAIL"
        return [self.what, f"{self.seconds * 1000:,.1f}", self.against, limit, verdict]


def main() -> None:
    """The lineitem workload as a foreign table, and as a table."""
    load = workload.ALL[TABLE].scaled(settings.SCALE)
    load.make()
    try:
        with Cluster("minimal") as cluster:
            prepare(cluster, load)
            figures = [*aggregates(cluster, load), *scans(cluster, load), *firsts(cluster)]
    finally:
        load.remove()
    keep(figures, load.rows)


def prepare(cluster: Cluster, load: workload.Workload) -> None:
    """The same rows three times: in the file, foreign, and here."""
    file = str(load.file)
    server = "CREATE SERVER bench FOREIGN DATA WRAPPER migrator OPTIONS (path {})"
    cluster.run(
        sql.SQL(server).format(file),
        "IMPORT FOREIGN SCHEMA main FROM SERVER bench INTO public",
        sql.SQL("SELECT * FROM migrate_table({}, {}, target => 'loaded')").format(file, TABLE),
        "VACUUM ANALYZE loaded",
        "CHECKPOINT",
    )


def aggregates(cluster: Cluster, load: workload.Workload) -> list[Figure]:
    """The wrapper with a kept reader, and DuckDB with an open connection and as many threads."""
    with cluster.connect() as connection:
        # A setting is there when the library is.
        connection.execute("LOAD 'migrator'")
        setting = connection.execute("SHOW migrator.reader_threads").fetchone()
    threads = int(setting[0]) or min(os.cpu_count() or 1, 4)
    peer = duckdb.connect(load.file, read_only=True, config={"threads": threads})
    figures = []
    with peer, cluster.connect() as connection:
        for name, query in AGGREGATES.items():
            # DuckDB's texts are compared by bytes anyway.
            theirs, expected = timed(lambda: peer.execute(query.replace('COLLATE "C"', "")).fetchall())
            ours, found = timed(lambda: connection.execute(query).fetchall())
            if normal(found) != normal(expected):
                raise workload.WrongResult(f"{name}: {found[:3]} instead of {expected[:3]}")
            limit = 1.3 * theirs + 0.03
            figures.append(Figure(f"aggregate: {name}", ours, limit, f"DuckDB {theirs * 1000:,.1f}"))
    return figures


def normal(rows: list[tuple]) -> list[list]:
    """Rows with numbers that can be compared; averages are no exact ones in DuckDB."""
    return [[round(x, 6) if isinstance(x, float) else x for x in map(number, row)] for row in rows]


def number(value: object) -> object:
    """Any number as a float."""
    return float(value) if hasattr(value, "__float__") else value


def timed(run: Callable[[], list[tuple]]) -> tuple[float, list[tuple]]:
    """The median seconds of several runs after one that does not count, and the last result."""
    run()
    seconds, result = [], []
    for _ in range(max(settings.RUNS, MANY)):
        began = time.monotonic()
        result = run()
        seconds.append(time.monotonic() - began)
    return statistics.median(seconds), result


def scans(cluster: Cluster, load: workload.Workload) -> list[Figure]:
    """All columns of all rows, pushdown or not."""
    figures = []
    with cluster.connect() as connection:
        for name, statement in (("full scan", SCAN), ("COPY binary", COPY)):
            loaded, _ = timed(lambda: [(connection.execute(statement.format("loaded")),)])
            foreign, _ = timed(lambda: [(connection.execute(statement.format(TABLE)),)])
            limit = load.rows / 2e6 if statement is SCAN else None
            rate = f"{load.rows / foreign:,.0f} rows/s, here {loaded * 1000:,.1f}"
            figures.append(Figure(f"{name} of 16 columns", foreign, limit, rate))
    return figures


def firsts(cluster: Cluster) -> list[Figure]:
    """Ten rows: in a new session, which starts a reader, and in one that has kept its reader."""

    def first(connection: psycopg.Connection) -> float:
        began = time.monotonic()
        connection.execute(FIRST).fetchall()
        return time.monotonic() - began

    cold, warm = [], []
    for _ in range(max(settings.RUNS, MANY) * 2):
        with cluster.connect() as connection:
            cold.append(first(connection))
            warm += [first(connection) for _ in range(3)]
    return [
        Figure("LIMIT 10, new session", statistics.median(cold), 0.06),
        Figure("LIMIT 10, kept reader", statistics.median(warm), 0.01),
    ]


def keep(figures: list[Figure], rows: int) -> None:
    """Prints the table, and keeps it beside those of the loads."""
    table = report.table(
        ["figure", "ms", "against (ms)", "to reach (ms)", ""], [figure.line() for figure in figures]
    )
    text = f"# Readers\n\n{report.machine()} {rows:,} rows of lineitem, medians.\n\n{table}\n"
    report.keep_part("readers", text)


main()
