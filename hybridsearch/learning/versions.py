"""The weights in use and those before them, with what each says of how it came about."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsearch.errors import WeightsError
from hybridsearch.learning.history import entries
from hybridsearch.search.weights import Weights, load


@dataclass(frozen=True, slots=True)
class Version:
    """One file of weights.

    Attributes:
        number: Of the history, from 1, the oldest; 0 is the file in use.
        weights: None where it cannot be used.
        problem: Why not.
    """

    number: int
    path: Path
    weights: Weights | None = None
    problem: str = ""

    def number_of(self, *names: str) -> float | None:
        """Return a number that the file says of how it was learned, None where it says none; people may edit it."""
        found: Any = self.weights.learned if self.weights else {}
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        usable = isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
        return float(found) if usable else None

    @property
    def date(self) -> str:
        """When it was learned, as the file says it; empty where it does not."""
        found = self.weights.learned.get("date") if self.weights else None
        return found[:40] if isinstance(found, str) else ""

    def to_json(self) -> dict[str, Any]:
        """Return the object that `weights --json` prints."""
        return {
            "number": self.number,
            "date": self.date or None,
            "queries": self.number_of("queries"),
            **{name: self.number_of("nDCG@10", name) for name in ("keyword", "before", "after")},
            **{name: self.number_of("gain", name) for name in ("difference", "low", "high", "p")},
            "signals": dict(self.weights.signals) if self.weights else {},
            "problem": self.problem or None,
        }


def versions(path: Path) -> list[Version]:
    """Return the weights in use, if there is such a file, and those before them, the newest first."""
    current = [version(0, path)] if path.exists() else []
    return [*current, *(version(int(entry.stem), entry) for entry in reversed(entries(path)))]


def version(number: int, path: Path) -> Version:
    """Return what a file says."""
    try:
        return Version(number, path, load(path))
    except WeightsError as error:
        return Version(number, path, problem=str(error))
