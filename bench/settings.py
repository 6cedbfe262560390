"""The knobs, read from the environment; bench/run says what they mean."""

import os
from pathlib import Path


def words(name: str, default: str) -> list[str]:
    """A list, separated by spaces or commas."""
    return os.environ.get(name, default).replace(",", " ").split()


BENCH = Path(__file__).parent
ROOT = BENCH.parent
TARGET = Path(os.environ["CARGO_TARGET_DIR"])
HOME = TARGET / "bench"
PG_BIN = Path(os.environ["PG_BIN"])
PG_MAJOR = os.environ["PG_MAJOR"]

SCALE = float(os.environ.get("SCALE", "1"))
RUNS = int(os.environ.get("RUNS", "3"))
WAL_LEVELS = words("WAL_LEVELS", "replica minimal")
WORKLOADS = words("WORKLOADS", "lineitem narrow vectors documents nested growth")
CONTESTANTS = words(
    "CONTESTANTS",
    "pages multi_insert insert copy_binary copy_binary_plain copy_text duckdb_postgres floor",
)
RUNS_FILE = HOME / f"runs-{SCALE:g}.json"
KEEP = os.environ.get("KEEP", "no") == "yes" and RUNS_FILE.exists()
NARROWED = {"CONTESTANTS", "WAL_LEVELS"} | (set() if KEEP else {"WORKLOADS"})
# Only a whole run is worth keeping in the checkout.
WHOLE = SCALE == 1 and not NARROWED & set(os.environ)
RESULTS = Path(os.environ.get("RESULTS") or (BENCH if WHOLE else HOME) / "results")
