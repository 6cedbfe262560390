"""What has been measured so far, and the medians and ratios of it."""

import json
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from statistics import median

from .contestants import COPY_BINARY, OURS
from .measure import Run

Key = tuple[str, str]  # table, wal_level


class Results:
    """Runs by workload and contestant."""

    def __init__(self) -> None:
        self.runs: dict[Key, dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
        self.failures: dict[tuple[Key, str], str] = {}
        self.growth: dict[int, list[Run]] = defaultdict(list)
        self.growth_method = ""

    def add(self, key: Key, name: str, run: Run) -> None:
        """Keeps a run, and shows it."""
        self.runs[key][name].append(run)
        say(*key, name, run)

    def fail(self, key: Key, name: str, reason: str) -> None:
        """Keeps the reason; runs that went well before do not count any more."""
        self.failures[key, name] = reason
        if key in self.runs:
            self.runs[key].pop(name, None)
        print(*key, name, "FAILED:", reason, file=sys.stderr, flush=True)

    def failed(self, key: Key, name: str) -> bool:
        """Whether a contestant is out."""
        return (key, name) in self.failures

    def grown(self, method: str, part: int, run: Run) -> None:
        """Keeps a run of the growth test."""
        self.growth_method = method
        self.growth[part].append(run)
        say("growth", f"{part}×", method, run)

    def reference(self, key: Key) -> Run | None:
        """The run whose bytes the floor has to write."""
        runs = self.runs.get(key, {})
        return next((runs[name][-1] for name in (*OURS, *COPY_BINARY) if name in runs), None)

    def fastest(self, key: Key, names: tuple[str, ...]) -> float | None:
        """The median seconds of the fastest that took part."""
        runs = self.runs.get(key, {})
        return min((middle(runs[name], "seconds") for name in names if name in runs), default=None)

    def floor(self, key: Key) -> float | None:
        """Writing and reading at the same time: the longer of the two."""
        write, scan = self.fastest(key, ("floor_write",)), self.fastest(key, ("floor_scan",))
        return max(write, scan) if write and scan else None

    def levels(self) -> list[str]:
        """Each wal_level once."""
        return list(dict.fromkeys(level for _, level in self.runs))

    def save(self, path: Path) -> None:
        """Writes every run."""
        growth = {
            ("growth", str(part)): {self.growth_method: runs} for part, runs in self.growth.items()
        }
        each = [
            {"key": key, "contestant": name, "runs": [asdict(run) for run in runs]}
            for key, contestants in (*self.runs.items(), *growth.items())
            for name, runs in contestants.items()
        ]
        each += [
            {"key": key, "contestant": name, "failure": reason}
            for (key, name), reason in self.failures.items()
        ]
        path.write_text(json.dumps(each, indent=1))

    def load(self, path: Path, but: list[str]) -> None:
        """Reads what was saved, but for the workloads that are run again."""
        for entry in json.loads(path.read_text()):
            (table, level), name = entry["key"], entry["contestant"]
            runs = [Run(**run) for run in entry.get("runs", ())]
            if table in but:
                continue
            if "failure" in entry:
                self.failures[(table, level), name] = entry["failure"]
            elif table == "growth":
                self.growth_method, self.growth[int(level)] = name, runs
            else:
                self.runs[table, level][name] = runs


def middle(runs: list[Run], field: str) -> float:
    """The median of one of the measures."""
    return median(getattr(run, field) for run in runs)


def say(first: str, second: str, name: str, run: Run) -> None:
    """One line, while the others run."""
    speed = f"{run.seconds:8.2f} s {run.rows / run.seconds:12,.0f} rows/s"
    print(f"{first:10} {second:8} {name:18} {speed}", file=sys.stderr, flush=True)
