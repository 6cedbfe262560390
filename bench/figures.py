"""The figures to reach, and whether they are."""

from dataclasses import dataclass

from .contestants import COPY_BINARY, OURS
from .results import Key, Results, middle

GROWN = {
    "memory of the backend": "memory",
    "memory of the reader": "client_memory",
    "seconds for a row": "seconds",
}
GROWN_AT_MOST = 1.1


@dataclass(frozen=True)
class Figure:
    """How many times faster than others the fastest of our methods has to be."""

    key: Key
    text: str
    others: tuple[str, ...]
    least: float

    def reached(self, results: Results) -> float | None:
        """Their seconds divided by ours."""
        ours = results.fastest(self.key, OURS)
        theirs = results.fastest(self.key, self.others)
        if self.others == FLOOR:
            theirs = results.floor(self.key)
        return theirs / ours if ours and theirs else None


FLOOR = ("floor",)
FIGURES = (
    Figure(("lineitem", "replica"), "DuckDB's postgres extension", ("duckdb_postgres",), 8),
    Figure(("lineitem", "replica"), "COPY BINARY", COPY_BINARY, 4),
    Figure(("lineitem", "replica"), "the floor", FLOOR, 0.6),
    Figure(("lineitem", "minimal"), "COPY BINARY", COPY_BINARY, 5),
    Figure(("vectors", "replica"), "COPY BINARY", COPY_BINARY, 4),
    Figure(("vectors", "minimal"), "COPY BINARY", COPY_BINARY, 4),
)


def lines(results: Results) -> list[list[str]]:
    """A line for each: what, how much, what was measured, the verdict."""
    judged = []
    for figure in FIGURES:
        ratio = figure.reached(results)
        what = f"{', '.join(figure.key)}: speed against {figure.text}"
        good = ratio is not None and ratio >= figure.least
        judged.append([what, f"at least {figure.least} ×", *verdict(ratio, good)])
    for what, field in GROWN.items():
        ratio = growth(results, field)
        good = ratio is not None and ratio <= GROWN_AT_MOST
        judged.append(
            [f"16 × the rows: {what}", f"at most {GROWN_AT_MOST} ×", *verdict(ratio, good)]
        )
    return judged


def verdict(ratio: float | None, good: bool) -> list[str]:
    """The last two columns."""
    if ratio is None:
        return ["", "not measured"]
    return [f"{ratio:.2f} ×", "pass" if good else "FAIL"]


def growth(results: Results, field: str) -> float | None:
    """What a measure grows to with 16 times the rows; seconds are those for a row."""
    small, large = results.growth.get(1), results.growth.get(16)
    if not small or not large:
        return None
    ratio = middle(large, field) / max(middle(small, field), 1e-9)
    return ratio * small[0].rows / large[0].rows if field == "seconds" else ratio
