"""Charts of a report, as SVG that stands inside the page: no script, no font and no picture of its own. Pure functions.

Colours are classes, so that the page decides: `better`, `worse`, `unsure`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 960
LABEL_WIDTH, FIGURES_WIDTH = 170, 330
"""Room for the labels on the left, at least, and the figures on the right of intervals."""
LETTER = 8
"""Width of a letter of these, about."""
ROW_HEIGHT = 36
AXIS_HEIGHT = 28
GAINS_HEIGHT = 260
LEFT, RIGHT, TOP, PLOT_HEIGHT = 56, 24, 8, 220
"""Of charts with a vertical axis: room for its figures, behind the last point, above, and the height between."""
BINS = 40
TICKS = 6
"""Marks on an axis, about."""
WHOLE = 5.0
"""The largest mark of an axis from which on marks may be whole numbers."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its interval, as a row of a chart.

    Attributes:
        tone: `better`, `worse` or `unsure`.
        figures: What is written at the right end.
    """

    label: str
    value: float
    low: float
    high: float
    tone: str
    figures: str


def intervals(rows: Sequence[Interval], title: str, *, zero: bool) -> str:
    """Return a chart with a dot and a bar for each row.

    Args:
        rows: From top to bottom.
        title: What it shows, for screen readers.
        zero: Whether 0 is on the axis, with a line.
    """
    ends = [end for row in rows for end in (row.low, row.high)] + [0.0] * zero
    marks = ticks(min(ends), max(ends))
    longest = max(len(row.label) for row in rows)
    left, right, height = max(LABEL_WIDTH, longest * LETTER), WIDTH - FIGURES_WIDTH, ROW_HEIGHT * len(rows)

    def x(value: float) -> float:
        return round(left + (value - marks[0]) / (marks[-1] - marks[0]) * (right - left), 1)

    parts = [
        f'<line class="grid" x1="{x(mark)}" x2="{x(mark)}" y1="0" y2="{height}"/>'
        f'<text class="tick" x="{x(mark)}" y="{height + 18}" text-anchor="middle">{label(mark, marks)}</text>'
        for mark in marks
    ]
    if zero:
        parts.append(f'<line class="zero" x1="{x(0)}" x2="{x(0)}" y1="0" y2="{height}"/>')
    for number, row in enumerate(rows):
        y = number * ROW_HEIGHT + ROW_HEIGHT / 2
        parts.append(
            f'<g class="{row.tone}"><text class="name" x="0" y="{y + 5}">{escape(row.label)}</text>'
            f'<line class="bar" x1="{x(row.low)}" x2="{x(row.high)}" y1="{y}" y2="{y}"/>'
            f'<circle cx="{x(row.value)}" cy="{y}" r="6"/>'
            f'<text class="figures" x="{WIDTH}" y="{y + 5}" text-anchor="end">{escape(row.figures)}</text></g>'
        )
    return svg(height + AXIS_HEIGHT, title, parts, "; ".join(f"{row.label}: {row.figures}" for row in rows))


def gains(values: Sequence[float], names: Sequence[str], title: str) -> str:
    """Return a chart with a bar for each query, the largest gain first; names show under the mouse pointer.

    Args:
        values: Gains in [-1, 1].
        names: What the queries are called.
        title: What it shows, for screen readers.
    """
    order = sorted(range(len(values)), key=lambda position: -values[position])
    marks = ticks(min(0.0, *values), max(0.0, *values))
    left, top = LEFT, TOP
    width = (WIDTH - left) / max(len(order), 1)

    def y(value: float) -> float:
        return round(top + (marks[-1] - value) / (marks[-1] - marks[0]) * GAINS_HEIGHT, 1)

    parts = [
        f'<line class="grid" x1="{left}" x2="{WIDTH}" y1="{y(mark)}" y2="{y(mark)}"/>'
        f'<text class="tick" x="{left - 8}" y="{y(mark) + 4}" text-anchor="end">{label(mark, marks)}</text>'
        for mark in marks
    ]
    for rank, position in enumerate(order):
        value = values[position]
        tone = "better" if value > 0 else "worse" if value < 0 else "unsure"
        x = round(left + rank * width, 2)
        height = max(abs(y(0) - y(value)), 1.0)
        parts.append(
            f'<rect class="{tone}" x="{x}" y="{min(y(0), y(value))}" width="{round(max(width * 0.85, 0.5), 2)}" '
            f'height="{round(height, 1)}"><title>{escape(names[position])}: {value:+.3f}</title></rect>'
        )
    parts.append(f'<line class="zero" x1="{left}" x2="{WIDTH}" y1="{y(0)}" y2="{y(0)}"/>')
    return svg(GAINS_HEIGHT + 2 * top, title, parts)


def histogram(values: Sequence[float], title: str, *, unit: str, marked: Mapping[str, float]) -> str:
    """Return a chart of how many values lie in each of some parts of an axis that begins at 0.

    Args:
        values: 0 or more each, at least one.
        title: What it shows, for screen readers.
        unit: Of the values.
        marked: Values that get a line, by what they are called.
    """
    marks = ticks(0.0, max(values))
    width = (WIDTH - LEFT) / BINS
    counts = [0] * BINS
    for value in values:
        counts[min(int(value / marks[-1] * BINS), BINS - 1)] += 1
    rows = ticks(0.0, max(*counts, TICKS))
    y = scale(rows, TOP + PLOT_HEIGHT, TOP)
    x = scale(marks, LEFT, WIDTH)
    parts = [*levels(rows, y), *columns(marks, x, unit)]
    for place, count in enumerate(counts):
        left, height = round(LEFT + place * width, 1), round(y(0) - y(count), 1)
        parts.append(
            f'<rect class="unsure" x="{left}" y="{y(count)}" width="{round(width * 0.85, 1)}" height="{height}">'
            f"<title>{count:,}</title></rect>"
        )
    for name, value in marked.items():
        parts.append(
            f'<line class="mark" x1="{x(value)}" x2="{x(value)}" y1="{TOP}" y2="{y(0)}"/>'
            f'<text class="name" x="{x(value) + 6}" y="{TOP + 14}">{escape(name)}</text>'
        )
    said = "; ".join([f"{len(values):,} values", *(f"{name}: {value:.3g} {unit}" for name, value in marked.items())])
    return svg(TOP + PLOT_HEIGHT + AXIS_HEIGHT, title, parts, said)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve with its interval."""

    x: float
    value: float
    low: float
    high: float


def curve(points: Sequence[Point], title: str, *, unit: str) -> str:
    """Return a chart with a line through points, each with its interval, over an axis that begins at 0.

    Args:
        points: From left to right, at least one.
        title: What it shows, for screen readers.
        unit: Of the horizontal axis.
    """
    marks = ticks(0.0, max(point.x for point in points))
    rows = ticks(min(0.0, *(point.low for point in points)), max(0.0, *(point.high for point in points)))
    x, y = scale(marks, LEFT, WIDTH - RIGHT), scale(rows, TOP + PLOT_HEIGHT, TOP)
    path = " ".join(f"{x(point.x)},{y(point.value)}" for point in points)
    parts = [*levels(rows, y), *columns(marks, x, unit)]
    parts.append(f'<line class="zero" x1="{LEFT}" x2="{WIDTH}" y1="{y(0)}" y2="{y(0)}"/>')
    parts.append(f'<polyline class="curve" points="{path}"/>')
    for point in points:
        tone = "better" if point.low > 0 else "worse" if point.high < 0 else "unsure"
        parts.append(
            f'<g class="{tone}"><line class="bar" x1="{x(point.x)}" x2="{x(point.x)}" y1="{y(point.low)}" '
            f'y2="{y(point.high)}"/><circle cx="{x(point.x)}" cy="{y(point.value)}" r="6"/></g>'
        )
    said = "; ".join(
        f"{point.x:,.0f} {unit}: {point.value:+.3f} [{point.low:+.3f}, {point.high:+.3f}]" for point in points
    )
    return svg(TOP + PLOT_HEIGHT + AXIS_HEIGHT, title, parts, said)


def scale(marks: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    """Return what gives the place of a value on an axis whose ends are the first and the last mark."""
    return lambda value: round(first + (value - marks[0]) / (marks[-1] - marks[0]) * (last - first), 1)


def levels(marks: Sequence[float], y: Callable[[float], float]) -> list[str]:
    """Return the lines of a vertical axis, with its figures on the left."""
    return [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{y(mark)}" y2="{y(mark)}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{y(mark) + 4}" text-anchor="end">{label(mark, marks)}</text>'
        for mark in marks
    ]


def columns(marks: Sequence[float], x: Callable[[float], float], unit: str) -> list[str]:
    """Return the figures of a horizontal axis, the last one with the unit."""
    return [
        f'<text class="tick" x="{x(mark)}" y="{TOP + PLOT_HEIGHT + 18}" '
        f'text-anchor="{"end" if mark == marks[-1] else "middle"}">'
        f"{label(mark, marks)}{f' {escape(unit)}' if mark == marks[-1] else ''}</text>"
        for mark in marks
    ]


def svg(height: float, title: str, parts: Sequence[str], said: str = "") -> str:
    """Return a picture that grows and shrinks with the page.

    Args:
        height: In the units in which it is WIDTH wide.
        title: What it shows.
        parts: Its elements.
        said: Its figures in words, for those who do not see it.
    """
    described = f"<desc>{escape(said)}</desc>" if said else ""
    spoken = f"{title}. {said}" if said else title
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(spoken)}">'
        f"<title>{escape(title)}</title>{described}{''.join(parts)}</svg>"
    )


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers, evenly spaced, from `low` or less to `high` or more; at least two."""
    rough = max(high - low, 1e-3) / TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def label(mark: float, marks: Sequence[float]) -> str:
    """Return a mark with the digits that tell it from its neighbours."""
    digits = max(0 if marks[-1] >= WHOLE else 1, math.ceil(-math.log10(marks[1] - marks[0]) - 1e-9))
    return f"{mark:,.{digits}f}"
