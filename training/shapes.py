"""Read `shapes.txt`: the outline of every product kind, as polygons and lines in a box of 0..100."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Part:
    """One piece of a drawing: its role, its outline or line (n, 2) in box units, and a line's width (0: filled)."""

    role: str
    points: Floats
    width: float


def _smooth(points: Floats, closed: bool) -> Floats:
    """Catmull-Rom curve through the points, 6 samples a segment."""
    before, after = (points[-1:], points[:2]) if closed else (points[:1], points[-1:])
    p = np.concatenate([before, points, after])
    t = np.linspace(0, 1, 6, endpoint=False)[:, None, None]
    p0, p1, p2, p3 = p[:-3], p[1:-2], p[2:-1], p[3:]
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return np.asarray(curve.transpose(1, 0, 2).reshape(-1, 2))


def _mirrored(points: Floats) -> Floats:
    return np.stack([100 - points[:, 0], points[:, 1]], axis=1)


def _ellipse(numbers: list[float]) -> Floats:
    x, y, rx, ry = numbers
    angle = np.linspace(0, 2 * math.pi, 26, endpoint=False)
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def _rectangle(numbers: list[float]) -> Floats:
    x0, y0, x1, y1, radius = (*numbers, 0.0)[:5]
    arc = np.linspace(0, math.pi / 2, 4) if radius else np.zeros(1)
    corners = [
        (x1 - radius, y1 - radius, 0),
        (x0 + radius, y1 - radius, 1),
        (x0 + radius, y0 + radius, 2),
        (x1 - radius, y0 + radius, 3),
    ]
    return np.concatenate(
        [
            np.stack([x + radius * np.cos(arc + q * math.pi / 2), y + radius * np.sin(arc + q * math.pi / 2)], axis=1)
            for x, y, q in corners
        ]
    )


def _pairs(numbers: list[float]) -> Floats:
    return np.asarray(numbers, dtype=np.float64).reshape(-1, 2)


def _half(numbers: list[float]) -> Floats:
    left = _pairs(numbers)
    return np.concatenate([left, _mirrored(left)[::-1]])


_OUTLINES: dict[str, Callable[[list[float]], Floats]] = {
    "P": _pairs,
    "B": lambda numbers: _smooth(_pairs(numbers), closed=True),
    "H": _half,
    "C": lambda numbers: _smooth(_half(numbers), closed=True),
    "E": _ellipse,
    "R": _rectangle,
    "L": lambda numbers: _pairs(numbers[1:]),
    "S": lambda numbers: _smooth(_pairs(numbers[1:]), closed=False),
}


@cache
def drawings() -> dict[str, list[list[Part]]]:
    """Read `shapes.txt`: every kind with its alternative drawings."""
    found: dict[str, list[list[Part]]] = {}
    for line in Path(__file__).with_name("shapes.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        kind, _, body = line.partition(":")
        parts: list[Part] = []
        for text in body.split(";"):
            code, *rest = text.split()
            if code.startswith("@"):
                parts += found[code][0]
                continue
            numbers = [float(number) for number in rest[1:]]
            part = Part(rest[0], _OUTLINES[code[0]](numbers), numbers[0] if code[0] in "LS" else 0.0)
            parts += [part, Part(part.role, _mirrored(part.points), part.width)] if code.endswith("+") else [part]
        found.setdefault(kind, []).append(parts)
    return found


def kinds() -> list[str]:
    """Name every kind that can be drawn."""
    return [kind for kind in drawings() if not kind.startswith("@")]
