"""Charts of a report, as SVG that stands inside the page: no script, no font and no picture of its own. Pure functions.

Colours are classes, so that the page decides: `better`, `worse`, `unsure`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 960
LABEL_WIDTH, FIGURES_WIDTH = 170, 330
"""Room for the labels on the left and the figures on the right of intervals."""
ROW_HEIGHT = 36
AXIS_HEIGHT = 28
GAINS_HEIGHT = 260
TICKS = 6
"""Marks on an axis, about."""


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
    left, right, height = LABEL_WIDTH, WIDTH - FIGURES_WIDTH, ROW_HEIGHT * len(rows)

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
    return svg(height + AXIS_HEIGHT, title, parts)


def gains(values: Sequence[float], names: Sequence[str], title: str) -> str:
    """Return a chart with a bar for each query, the largest gain first; names show under the mouse pointer.

    Args:
        values: Gains in [-1, 1].
        names: What the queries are called.
        title: What it shows, for screen readers.
    """
    order = sorted(range(len(values)), key=lambda position: -values[position])
    marks = ticks(min(0.0, *values), max(0.0, *values))
    left, top = 56, 8
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


def svg(height: float, title: str, parts: Sequence[str]) -> str:
    """Return a picture that grows and shrinks with the page."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
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
    digits = max(1, math.ceil(-math.log10(marks[1] - marks[0]) - 1e-9))
    return f"{mark:.{digits}f}"
