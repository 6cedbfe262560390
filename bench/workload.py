"""What is loaded: tables that DuckDB makes from bench/workloads/*.sql."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import duckdb

from . import settings


class WrongResult(Exception):
    """A load that did not do what it was asked for."""


@dataclass(frozen=True)
class Workload:
    """One table, at one size."""

    table: str
    rows: int
    # What DuckDB's postgres extension is asked to carry: it knows no vector.
    peer_columns: str = "*"
    # The same into a table of ours, for the ready files.
    seed_columns: str = "*"

    @cached_property
    def statements(self) -> list[str]:
        """CREATE for DuckDB, CREATE for PostgreSQL, and the check for both."""
        script = settings.BENCH / "workloads" / f"{self.table}.sql"
        return [part for part in script.read_text().split(";\n") if part.strip()]

    @property
    def target(self) -> str:
        """Makes the table in PostgreSQL."""
        return self.statements[1]

    @property
    def check(self) -> str:
        """Counts and sums that have the same result in both."""
        return self.statements[2]

    @cached_property
    def expected(self) -> list:
        """What the check says in DuckDB."""
        with duckdb.connect(self.file, read_only=True) as connection:
            return normal(connection.execute(self.check).fetchone())

    @property
    def file(self) -> Path:
        """The DuckDB file."""
        return settings.HOME / f"{self.table}-{self.rows}.duckdb"

    def scaled(self, factor: float) -> "Workload":
        """The same table with more or fewer rows."""
        rows = max(1000, round(self.rows * factor))
        return Workload(self.table, rows, self.peer_columns, self.seed_columns)

    def make(self) -> None:
        """Writes the file, which servers can read."""
        self.remove()
        with duckdb.connect(self.file, config={"memory_limit": "4GB"}) as connection:
            connection.execute(f"SET VARIABLE rows = {self.rows}")
            connection.execute(self.statements[0])
        self.file.chmod(0o644)

    def remove(self) -> None:
        """Deletes the file."""
        self.file.unlink(missing_ok=True)

    def verify(self, found: tuple) -> None:
        """Compares the check's result in PostgreSQL with DuckDB's."""
        if normal(found) != self.expected:
            raise WrongResult(f"{normal(found)} instead of {self.expected}")


def normal(row: tuple | None) -> list:
    """Numbers as decimals, so that 1, 1.0 and 1.00 are the same."""
    return [Decimal(str(x)) if isinstance(x, (int, float, Decimal)) else x for x in row or ()]


ALL = {
    workload.table: workload
    for workload in (
        Workload("lineitem", 6_000_000),
        Workload("narrow", 20_000_000),
        Workload(
            "vectors",
            200_000,
            peer_columns="id, embedding::FLOAT[] AS embedding",
            seed_columns="id, embedding::VARCHAR AS embedding",
        ),
        Workload("documents", 1_000_000),
        Workload("nested", 5_000_000),
    )
}
