"""A chart for each wal_level: how many times faster than COPY BINARY."""

from pathlib import Path

import pygal
from pygal.style import Style

from .contestants import COPY_BINARY
from .results import Results

# What is called what, and drawn in which colour.
SERIES = {
    "pages": ("migrator: pages", "#0b6e4f"),
    "multi_insert": ("migrator: multi_insert", "#3fa37c"),
    "insert": ("migrator: insert", "#a5d6c1"),
    "copy_binary": ("COPY BINARY, FREEZE", "#3d5a98"),
    "copy_binary_plain": ("COPY BINARY", "#7e97c8"),
    "copy_text": ("COPY text", "#bccbe6"),
    "duckdb_postgres": ("DuckDB's postgres extension", "#e8a33d"),
}


def draw(results: Results, wal_level: str, path: Path) -> None:
    """Bars in groups, one group for each workload."""
    keys = [
        key for key in results.runs if key[1] == wal_level and results.fastest(key, COPY_BINARY)
    ]
    series = {name: [speed(results, key, name) for key in keys] for name in SERIES}
    series = {name: values for name, values in series.items() if any(values)}
    if not series:
        return
    chart = pygal.Bar(
        style=style([SERIES[name][1] for name in series]),
        js=(),
        width=1200,
        height=560,
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        margin_bottom=30,
        print_values=True,
        print_values_position="top",
        title=f"Speed of loads, COPY BINARY = 1, wal_level = {wal_level}",
        value_formatter=lambda x: f"{x:.1f}",
    )
    chart.x_labels = [key[0] for key in keys]
    for name, values in series.items():
        chart.add(SERIES[name][0], values)
    chart.render_to_file(str(path))


def style(colours: list[str]) -> Style:
    """Light, and large enough to be read."""
    return Style(
        background="#ffffff",
        plot_background="#ffffff",
        colors=tuple(colours),
        opacity="1",
        guide_stroke_color="#dddddd",
        major_guide_stroke_color="#cccccc",
        font_family="sans-serif",
        title_font_size=18,
        value_font_size=11,
        label_font_size=14,
        major_label_font_size=14,
        legend_font_size=14,
    )


def speed(results: Results, key: tuple[str, str], name: str) -> float | None:
    """Against COPY BINARY, the faster of its two."""
    ours, theirs = results.fastest(key, (name,)), results.fastest(key, COPY_BINARY)
    return theirs / ours if ours and theirs else None
