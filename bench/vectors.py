"""Builds indexes of vectors and searches them: against the same CREATE INDEX by hand, with the memory
that a server gives by default, and against the recall and the times that are wanted."""

import os
from pathlib import Path

import duckdb
from psycopg import sql
from tabulate import tabulate

from . import report, settings
from .clusters import Cluster

PGDOCS = Path(os.environ.get("PGDOCS", settings.ROOT.parent / "shared/data/pgdocs.duckdb"))
ROWS = round(100_000 * settings.SCALE)
# Real passages, each several times with noise of a third of their numbers' size.
NOISY = """
CREATE TABLE noisy AS
SELECT id, list_transform(embedding, (x, i) -> (x + 0.015 * (((hash(id * 384 + i) & 65535) / 32768.0) - 1))::FLOAT)::FLOAT[384] AS embedding
  FROM (SELECT row_number() OVER () AS id, embedding
          FROM docs.passages, range(1, 1 + ceil({rows} / (SELECT count(*) FROM docs.passages))::BIGINT) r
         WHERE embedding IS NOT NULL LIMIT {rows})"""
# As long as those of large models.
WIDE_ROWS = ROWS * 3 // 10
WIDE = """
CREATE TABLE wide AS
SELECT id, (embedding::real[] || embedding::real[] || embedding::real[] || embedding::real[])::vector(1536) AS embedding
  FROM noisy WHERE id <= {rows}"""
# maintenance_work_mem.
DEFAULT_KILOBYTES = 64 << 10
RECALL = 0.95
# What 95 of a hundred searches may take, in milliseconds.
QUICK = {"passages": 20, "noisy": 50}
AT_MOST_BY_HAND = 1.1
AT_LEAST_SPILLED = 3


def main() -> None:
    """Two tables: 10 thousand real embeddings, and ten times as many made from them."""
    noisy = settings.HOME / "noisy.duckdb"
    make(noisy)
    try:
        with Cluster("replica") as cluster:
            load(cluster, PGDOCS, "passages")
            load(cluster, PGDOCS, "queries")
            load(cluster, noisy, "noisy")
            lines = [line for table in QUICK for line in measured(cluster, table)]
            lines += spilled(cluster)
        report.keep_part("vectors", described(lines))
    finally:
        noisy.unlink(missing_ok=True)


def described(lines: list[dict]) -> str:
    """The figures, and of what."""
    of = f"passages: the sample file's; noisy: {ROWS:,} rows made from them; wide: {WIDE_ROWS:,} of these, each four times in one vector."
    return f"# Indexes of vectors\n\n{report.machine()} {of}\n\n{tabulate(lines, headers='keys', floatfmt='.3f', tablefmt='github')}\n"


def make(file: Path) -> None:
    """A DuckDB file that servers can read."""
    file.unlink(missing_ok=True)
    with duckdb.connect(file, config={"memory_limit": "4GB"}) as connection:
        connection.execute(f"ATTACH '{PGDOCS}' AS docs (READ_ONLY)")
        connection.execute(NOISY.format(rows=ROWS))
    file.chmod(0o644)


def load(cluster: Cluster, file: Path, table: str) -> None:
    """One table, without any index of its vectors."""
    options = '{"vector_index": false}'
    cluster.run(
        sql.SQL("SELECT * FROM migrate_table({}, {}, indexes => false, options => {})").format(
            str(file), table, options
        ),
        "CHECKPOINT",
    )


def measured(cluster: Cluster, table: str) -> list[dict]:
    """Builds ours and by hand, and what ours finds."""
    ours = built(cluster, table)
    hand = by_hand(cluster, table, ours, ours["settings"]["maintenance_work_mem"] >> 10)
    built(cluster, table)
    query = sql.SQL(
        "SELECT ef_search, recall, p50_ms, p95_ms FROM vector_recall({}, 'embedding', 'queries', ef_search => '{{10,20,40,80,160,320,640}}') WHERE recommended"
    )
    found = cluster.rows(query.format(table))
    if not found:
        return [line(f"{table}: recall", 0.0, f"at least {RECALL}", False)]
    ef_search, recall, p50, p95 = found[0]
    what = f"{table}, ef_search {ef_search}"
    ratio = ours["seconds"] / hand
    return [
        line(f"{table}: build, seconds", ours["seconds"], f"by hand {hand:.1f}", None),
        line(f"{table}: build against by hand", ratio, f"at most {AT_MOST_BY_HAND}", ratio <= AT_MOST_BY_HAND),
        line(f"{table}: expected against measured", ours["settings"]["expected_seconds"] / ours["seconds"], "", None),
        line(f"{what}: recall", recall, f"at least {RECALL}", recall >= RECALL),
        line(f"{what}: p50, ms", p50, "", None),
        line(f"{what}: p95, ms", p95, f"at most {QUICK[table]}", p95 <= QUICK[table]),
    ]


def spilled(cluster: Cluster) -> list[dict]:
    """The same index with the memory that servers give by default, which a third of it fits into."""
    table = "wide"
    cluster.run(WIDE.format(rows=WIDE_ROWS))
    ours = built(cluster, table)
    seconds = by_hand(cluster, table, ours, DEFAULT_KILOBYTES)
    ratio = seconds / ours["seconds"]
    needed = ours["settings"]["build_memory"] > DEFAULT_KILOBYTES << 10
    good = ratio >= AT_LEAST_SPILLED if needed else None
    what = f"{table}: with {DEFAULT_KILOBYTES >> 10}MB against ours"
    return [line(what, ratio, f"at least {AT_LEAST_SPILLED}", good)]


def built(cluster: Cluster, table: str) -> dict:
    """A build by vector_index()."""
    drop(cluster, table)
    rows = cluster.rows(
        sql.SQL("SELECT index::text, sql, settings, seconds FROM vector_index({}, 'embedding')").format(table)
    )
    return dict(zip(("index", "sql", "settings", "seconds"), rows[0], strict=True))


def by_hand(cluster: Cluster, table: str, ours: dict, kilobytes: int) -> float:
    """The same statement, typed."""
    drop(cluster, table)
    workers = ours["settings"]["max_parallel_maintenance_workers"]
    with cluster.connect() as connection:
        connection.execute(f"SET maintenance_work_mem = '{kilobytes}kB'")
        connection.execute(f"SET max_parallel_maintenance_workers = {workers}")
        connection.execute("SET client_min_messages = error")
        began = connection.execute("SELECT clock_timestamp()").fetchone()[0]
        connection.execute(ours["sql"])
        return (connection.execute("SELECT clock_timestamp()").fetchone()[0] - began).total_seconds()


def drop(cluster: Cluster, table: str) -> None:
    """Leaves the table without an index."""
    cluster.run(f"DROP INDEX IF EXISTS {table}_embedding_idx", "CHECKPOINT")


def line(what: str, value: float, wanted: str, good: bool | None) -> dict:
    """A row of the report."""
    return {"what": what, "measured": value, "wanted": wanted, "verdict": {None: "", True: "pass", False: "FAIL"}[good]}


main()
