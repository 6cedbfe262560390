"""Times lookups on a ward's table of 2 million rows: alone, while another table is loaded beside them,
and after that. The indexes are those that index_advice() gives for the lookups."""

import json
import threading
import time
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql

from . import report, settings, workload
from .clusters import Cluster

ROWS = round(2_000_000 * settings.SCALE)
BESIDE = "lineitem"
TABLE = "stays"
STAYS = """
CREATE TABLE stays AS
SELECT range AS stay_id,
       (hash(range) % 500000 + 1)::INTEGER AS patient_no,
       'W' || lpad((hash(range + 1) % 120 + 1)::VARCHAR, 3, '0') AS ward,
       (hash(range + 2) % 40 + 1)::SMALLINT AS bed,
       ['Ahrens', 'Becker', 'Conrad', 'Dietrich', 'Ebert', 'Fischer', 'Graf', 'Huber', 'Imhof', 'Jung',
        'Keller', 'Lang', 'Maurer', 'Neumann', 'Otto', 'Peters', 'Roth', 'Seidel', 'Thoma', 'Vogel'
       ][(hash(range + 3) % 20)::BIGINT + 1] || lpad((hash(range + 4) % 50000)::VARCHAR, 5, '0') AS last_name,
       TIMESTAMP '2015-01-01' + to_seconds((hash(range + 5) % 315360000)::BIGINT) AS admitted,
       CASE WHEN hash(range + 6) % 100 < 2 THEN 'present' WHEN hash(range + 6) % 100 < 5 THEN 'planned'
            ELSE 'discharged' END AS status,
       (hash(range + 7) % 30)::SMALLINT AS days,
       left('transferred from intensive care after a review of the findings', 10 + (hash(range + 8) % 50)::INTEGER) AS note
  FROM range({rows})"""
# The query and the values of its parameters, in turn.
LOOKUPS = {
    "a stay by its key": (
        "SELECT * FROM stays WHERE stay_id = $1",
        [[n * ROWS // 997] for n in range(200)],
    ),
    "who is in a ward, newest first": (
        "SELECT * FROM stays WHERE ward = $1 AND status = $2 ORDER BY admitted DESC LIMIT 20",
        [[f"W{n % 120 + 1:03}", "present"] for n in range(120)],
    ),
    "a name by its beginning": (
        "SELECT stay_id, last_name, ward FROM stays WHERE last_name LIKE 'Keller12%' ORDER BY last_name LIMIT 50",
        None,
    ),
    "a day's admissions": (
        "SELECT * FROM stays WHERE admitted >= $1 AND admitted < $2",
        [[f"2016-0{n % 9 + 1}-10", f"2016-0{n % 9 + 1}-11"] for n in range(9)],
    ),
    "a patient's stays": (
        "SELECT * FROM stays WHERE patient_no = $1 ORDER BY admitted",
        [[n * 4999 % 500_000 + 1] for n in range(200)],
    ),
}
# What 95 of a hundred lookups may take, in milliseconds.
QUICK = 100
CALLS = 1000
PHASES = ("alone", "beside a load", "after it")


def main() -> None:
    """One table that is looked at, and one that is loaded beside it."""
    file, beside = settings.HOME / "stays.duckdb", workload.ALL[BESIDE].scaled(settings.SCALE)
    make(file)
    beside.make()
    try:
        with Cluster("replica") as cluster:
            indexes = prepare(cluster, file)
            figures = {"alone": measured(cluster)}
            figures["beside a load"], loads = measured_beside(cluster, str(beside.file))
            figures["after it"] = measured(cluster)
    finally:
        file.unlink(missing_ok=True)
        beside.remove()
    keep(figures, indexes, f"loads of {beside.rows:,} rows of {BESIDE}: {loads}")


def make(file: Path) -> None:
    """A DuckDB file that servers can read."""
    file.unlink(missing_ok=True)
    with duckdb.connect(file, config={"memory_limit": "4GB"}) as connection:
        connection.execute(STAYS.format(rows=ROWS))
        connection.execute("ALTER TABLE stays ADD PRIMARY KEY (stay_id)")
    file.chmod(0o644)


def prepare(cluster: Cluster, file: Path) -> list[list[str]]:
    """Loads the table, and builds what is advised for the lookups. Returns the statements."""
    cluster.run(
        sql.SQL("SELECT * FROM migrate_table({}, {})").format(str(file), TABLE),
        sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(TABLE)),
    )
    queries = [query for query, _ in LOOKUPS.values()]
    advised = cluster.rows(
        sql.SQL("SELECT DISTINCT index_sql FROM index_advice({}, {}) WHERE index_sql LIKE 'CREATE %'").format(
            TABLE, sql.Literal(queries)
        )
    )
    lines = []
    for (choice,) in advised:
        apply = sql.SQL("SELECT sql, seconds FROM index_apply({}, {})").format(TABLE, choice)
        statement, seconds = cluster.rows(apply)[0]
        lines.append([f"`{statement}`", f"{seconds:.1f}"])
    cluster.run("CHECKPOINT")
    return lines


def measured(cluster: Cluster) -> dict[str, list[float]]:
    """p50, p95 and p99 of each lookup, in milliseconds."""
    with cluster.connect() as connection:
        return {name: check(connection, *lookup, CALLS) for name, lookup in LOOKUPS.items()}


def check(connection: psycopg.Connection, query: str, params: list | None, runs: int) -> list[float]:
    """One call of latency_check()."""
    values = sql.Literal(json.dumps(params) if params else None)
    call = sql.SQL("SELECT p50_ms, p95_ms, p99_ms FROM latency_check({}, {}::jsonb, runs => {})")
    return list(connection.execute(call.format(query, values, runs)).fetchone())


class Load(threading.Thread):
    """Loads a table again and again until it is stopped, in a session of its own."""

    def __init__(self, cluster: Cluster, file: str):
        super().__init__(daemon=True)
        self.cluster, self.file = cluster, file
        self.over = threading.Event()
        self.loads = 0
        self.failure: Exception | None = None

    def __enter__(self) -> "Load":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.join()

    def is_loading(self) -> bool:
        """Whether rows are on their way."""
        return bool(self.cluster.rows("SELECT 1 FROM pg_stat_progress_copy WHERE tuples_processed > 0"))

    def run(self) -> None:
        """The loads; the last one is not broken off."""
        call = sql.SQL("SELECT * FROM migrate_table({}, {})").format(self.file, BESIDE)
        try:
            while not self.over.is_set():
                self.cluster.run(f"DROP TABLE IF EXISTS {BESIDE}", call)
                self.loads += 1
        except psycopg.Error as error:
            self.failure = error


def measured_beside(cluster: Cluster, file: str) -> tuple[dict[str, list[float]], int]:
    """The same while rows are loaded. Returns how many loads there were, too."""
    with Load(cluster, file) as load:
        until = time.monotonic() + 60
        while not load.is_loading() and time.monotonic() < until:
            time.sleep(0.05)
        figures = measured(cluster)
    if load.failure:
        raise load.failure
    return figures, load.loads


def keep(figures: dict, indexes: list[list[str]], beside: str) -> None:
    """Prints the tables, and keeps them beside those of the loads."""
    lines = [
        [name, phase, *(f"{value:,.3f}" for value in figures[phase][name]), verdict(figures[phase][name][1])]
        for name in LOOKUPS
        for phase in PHASES
    ]
    headers = ["lookup", "when", "p50 ms", "p95 ms", "p99 ms", ""]
    parts = [
        "# Lookups",
        f"{report.machine()} {ROWS:,} rows, each lookup {CALLS:,} times by latency_check; p95 to reach: {QUICK} ms; beside: {beside}.",
        report.table(headers, lines),
        "The indexes that index_advice has given, and index_apply has built:",
        report.table(["statement", "s"], indexes) if indexes else "None.",
    ]
    report.keep_part("lookups", "\n\n".join(parts) + "\n")


def verdict(p95: float) -> str:
    """Of a 95th percentile."""
    return "pass" if p95 <= QUICK else "FAIL"


main()
