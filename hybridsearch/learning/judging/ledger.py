"""The ledger: who has graded what and in which order, so that a rater goes on where they stopped, and can undo."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hybridsearch.learning.sources.grades import Grades, Judgment
from hybridsearch.learning.sources.queries import JudgedQuery

UNDOABLE = 1_000
"""Judgments of a rater that can be undone, the last."""

Key = tuple[Hashable, str]
"""The key of a query, and a product."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a rater said of a product: a grade, or that it cannot be judged."""

    grade: float | None

    def __str__(self) -> str:
        return "skip" if self.grade is None else f"{self.grade:g}"


@dataclass(slots=True)
class Own:
    """What one rater has said: the marks that count, and the last ones with what counted before them."""

    marks: dict[Key, Mark] = field(default_factory=dict)
    last: deque[tuple[Judgment, Mark | None]] = field(default_factory=lambda: deque(maxlen=UNDOABLE))


class Ledger:
    """All lines of a file of judgments, in their order.

    Attributes:
        grades: What they say together.
        raters: What each rater said.
    """

    def __init__(self) -> None:
        self.grades = Grades()
        self.raters: dict[str, Own] = {}

    def add(self, said: Judgment) -> None:
        """Add a line."""
        self.grades.add(said)
        if not said.rater:
            return
        own, key = self.raters.setdefault(said.rater, Own()), key_of(said)
        if not said.undone:
            own.last.append((said, own.marks.get(key)))
        elif own.last and key_of(own.last[-1][0]) == key:
            own.last.pop()
        if said.grade is not None or said.skipped:
            own.marks[key] = Mark(said.grade)
        else:
            own.marks.pop(key, None)

    def marks(self, rater: str) -> Mapping[Key, Mark]:
        """Return what a rater said of each product."""
        return self.raters[rater].marks if rater in self.raters else {}

    def judged(self) -> dict[Hashable, set[str]]:
        """Return the products that have a grade, by the key of their query."""
        return {
            key: {product for product, given in products.items() if given}
            for key, products in self.grades.given.items()
        }

    def new(self, rater: str, query: JudgedQuery, products: Iterable[str], mark: Mark) -> list[Judgment]:
        """Return the lines by which a rater marks products; none for one that is marked so already."""
        marks = self.marks(rater)
        return [
            Judgment(query, product, mark.grade, rater, skipped=mark.grade is None)
            for product in products
            if marks.get((query.key, product)) != mark
        ]

    def undoing(self, rater: str) -> list[Judgment]:
        """Return the line that takes back the last one of a rater; nothing where there is none."""
        if rater not in self.raters or not self.raters[rater].last:
            return []
        said, before = self.raters[rater].last[-1]
        grade = before.grade if before else None
        skipped = before is not None and before.grade is None
        return [Judgment(said.query, said.product, grade, rater, skipped, undone=True)]


def key_of(said: Judgment) -> Key:
    """Return what a line is about."""
    return said.query.key, said.product


def line_of(said: Judgment, now: datetime) -> dict[str, Any]:
    """Return a judgment as a line of a file."""
    query = said.query
    grade = int(said.grade) if said.grade is not None and float(said.grade).is_integer() else said.grade
    return (
        {"query": query.text}
        | ({"filters": dict(query.filters)} if query.filters else {})
        | ({"locale": query.locale} if query.locale else {})
        | {"product_id": said.product, "grade": grade, "rater": said.rater}
        | ({"skipped": True} if said.skipped else {})
        | ({"undone": True} if said.undone else {})
        | {"time": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")}
    )
