"""Runs every contestant on every workload, and reports."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg

from . import contestants, measure, report, settings, workload
from .clusters import Cluster
from .contestants import Arena
from .results import Results
from .workload import Workload, WrongResult

GROWTH = (1, 4, 16)


def main() -> None:
    """Everything that the knobs ask for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    results = Results()
    if settings.KEEP:
        results.load(settings.RUNS_FILE, but=settings.WORKLOADS)
    for name in settings.WORKLOADS:
        if name == "growth":
            grow(results)
        else:
            race(workload.ALL[name].scaled(settings.SCALE), results)
        report.write(results)
    print(report.text(results))


def race(load: Workload, results: Results) -> None:
    """One workload, at every wal_level, with every contestant in turn."""
    folder = fresh_folder()
    load.make()
    try:
        for wal_level in settings.WAL_LEVELS:
            with Cluster(wal_level) as cluster:
                arena = Arena(cluster, load)
                contestants.prepare(arena)
                for run in range(settings.RUNS):
                    heat(arena, results, thorough=run == 0)
    finally:
        load.remove()
        shutil.rmtree(folder)


def heat(arena: Arena, results: Results, thorough: bool) -> None:
    """Every contestant once; one that has failed is left out."""
    key = (arena.workload.table, arena.cluster.wal_level)
    for name in settings.CONTESTANTS:
        if name == "floor":
            like = results.reference(key)
            for part, run in measure.floors(arena, like).items() if like else ():
                results.add(key, part, run)
        elif not results.failed(key, name):
            attempt(arena, results, name, thorough)


def attempt(arena: Arena, results: Results, name: str, thorough: bool) -> None:
    """One run, or the reason why there is none."""
    key = (arena.workload.table, arena.cluster.wal_level)
    try:
        run = measure.load(arena, contestants.ALL[name], thorough)
    except (psycopg.Error, WrongResult) as error:
        results.fail(key, name, str(error).splitlines()[0])
    else:
        results.add(key, name, run)


def grow(results: Results) -> None:
    """The same table, and ones of four and sixteen times its rows, by our first method."""
    method = next((name for name in settings.CONTESTANTS if name in contestants.OURS), None)
    sizes = [workload.ALL["lineitem"].scaled(settings.SCALE * part) for part in GROWTH]
    if method is None:
        return
    for load in sizes:
        load.make()
    try:
        with Cluster(settings.WAL_LEVELS[0]) as cluster:
            warm_up(Arena(cluster, sizes[-1]), method, thorough=False)
            for _ in range(settings.RUNS):
                for part, load in zip(GROWTH, sizes):
                    run = measure.load(
                        Arena(cluster, load), contestants.ALL[method], thorough=False
                    )
                    results.grown(method, part, run)
    except (psycopg.Error, WrongResult) as error:
        results.fail(("growth", settings.WAL_LEVELS[0]), method, str(error).splitlines()[0])
    finally:
        for load in sizes:
            load.remove()


def warm_up(arena: Arena, method: str, thorough: bool = True) -> None:
    """Makes the WAL segments that the runs use again."""
    measure.load(arena, contestants.ALL[method], thorough)


def fresh_folder() -> Path:
    """An empty folder for ready files, which the server writes."""
    folder = settings.HOME / "ready"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "postgres:", folder], check=True)
    return folder


main()
