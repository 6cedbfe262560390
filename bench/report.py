"""The tables: figures to reach, growth, and everything else."""

import os
import time

from tabulate import tabulate

from . import chart, figures, settings
from .contestants import COPY_BINARY
from .measure import Run
from .results import Key, Results, middle

MEGA = 1e6
NOTES = """\
Medians. Every load is durable when the clock stops, without indexes and ANALYZE, from files in
the page cache, and compared with the source afterwards. `copy_binary` is FREEZE,
`copy_binary_plain` is not; both load a table of the same transaction. DuckDB's extension makes
real[] of vectors and json of JSON; the others make vector(768) and jsonb.

- MB/s: of the table with its TOAST.
- CPU s: of all server processes, the reader, and the peer.
- backend MB: the most private memory of the backend, without shared buffers.
- client MB: the most resident memory of the reader or the peer, shared slots included.
- CHECKPOINT s: what the load has left for later.
- × COPY BINARY (the faster of the two), × DuckDB's, of the floor: speed, higher is better.
- floor: the longer of writing and syncing as many bytes of heap and WAL, and of DuckDB's scan."""


def text(results: Results) -> str:
    """All of it."""
    reached = table(["figure", "to reach", "measured", ""], figures.lines(results))
    parts = ["# Benchmark", machine(), "## Figures to reach", reached]
    if results.growth:
        parts += ["## Growth", f"`{results.growth_method}`, lineitem.", growth(results)]
    if results.runs:
        charts = [f"![Speed at wal_level {level}]({level}.svg)" for level in results.levels()]
        parts += ["## All runs", " ".join(charts), everything(results), NOTES]
    if results.failures:
        failures = results.failures.items()
        reasons = [f"- {', '.join(key)}, {name}: {reason}" for (key, name), reason in failures]
        parts += ["## Failures", "\n".join(reasons)]
    return "\n\n".join(parts) + "\n"


def machine() -> str:
    """Where and when."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    facts = (
        time.strftime("%Y-%m-%d"),
        f"{os.cpu_count()} cores",
        f"{memory:.0f} GB",
        f"PostgreSQL {settings.PG_MAJOR}",
        "DuckDB 1.5.5",
        f"scale {settings.SCALE:g}",
        f"runs: {settings.RUNS}",
    )
    return ", ".join(facts) + "."


def growth(results: Results) -> str:
    """The runs behind the last figures."""
    lines = []
    for part, runs in sorted(results.growth.items()):
        seconds = middle(runs, "seconds")
        memory = [f"{middle(runs, field) / MEGA:,.1f}" for field in ("memory", "client_memory")]
        rate = f"{runs[0].rows / seconds:,.0f}"
        lines.append([f"{part} ×", f"{runs[0].rows:,}", f"{seconds:.2f}", rate, *memory])
    return table(["size", "rows", "s", "rows/s", "backend MB", "reader MB"], lines)


def everything(results: Results) -> str:
    """Every contestant, its medians, and how it compares."""
    headers = ["workload", "wal_level", "contestant", "s", "min–max", "rows/s", "MB/s", "WAL MB"]
    headers += ["CPU s", "backend MB", "client MB", "CHECKPOINT s"]
    headers += ["× COPY BINARY", "× DuckDB's", "of the floor"]
    lines = []
    for key, contestants in results.runs.items():
        for name, runs in contestants.items():
            used = [""] * 4 if name.startswith("floor") else costs(runs)
            lines.append([*key, name, *speed(runs), *used, *ratios(results, key, runs)])
    return table(headers, lines)


def speed(runs: list[Run]) -> list[str]:
    """Seconds, and what is a matter of seconds."""
    seconds, each = middle(runs, "seconds"), [run.seconds for run in runs]
    return [
        f"{seconds:.2f}",
        f"{min(each):.2f}–{max(each):.2f}",
        f"{runs[0].rows / seconds:,.0f}",
        f"{middle(runs, 'heap') / seconds / MEGA:,.0f}",
        f"{middle(runs, 'wal') / MEGA:,.0f}",
    ]


def costs(runs: list[Run]) -> list[str]:
    """What else was used."""
    client = middle(runs, "client_memory")
    return [
        f"{middle(runs, 'cpu'):.1f}",
        f"{middle(runs, 'memory') / MEGA:,.0f}",
        f"{client / MEGA:,.0f}" if client else "",
        f"{middle(runs, 'checkpoint'):.2f}",
    ]


def ratios(results: Results, key: Key, runs: list[Run]) -> list[str]:
    """Against COPY BINARY, DuckDB's extension and the floor."""
    peers = [results.fastest(key, names) for names in (COPY_BINARY, ("duckdb_postgres",))]
    seconds = middle(runs, "seconds")
    return [f"{other / seconds:.2f}" if other else "" for other in (*peers, results.floor(key))]


def table(headers: list[str], lines: list[list[str]]) -> str:
    """A Markdown table; what looks like a number stands right."""
    words = {"workload", "wal_level", "contestant", "figure", "to reach", ""}
    words |= {"lookup", "when", "statement"}
    align = ["left" if header in words else "right" for header in headers]
    return tabulate(lines, headers, tablefmt="github", colalign=align, disable_numparse=True)


def keep_part(name: str, part: str) -> None:
    """Prints what another benchmark has found, and keeps it beside the loads."""
    settings.RESULTS.mkdir(parents=True, exist_ok=True)
    (settings.RESULTS / f"{name}.md").write_text(part)
    print(part)


def write(results: Results) -> None:
    """Keeps the tables and the charts, and every run."""
    settings.RESULTS.mkdir(parents=True, exist_ok=True)
    (settings.RESULTS / "README.md").write_text(text(results))
    for wal_level in results.levels():
        chart.draw(results, wal_level, settings.RESULTS / f"{wal_level}.svg")
    results.save(settings.RUNS_FILE)
