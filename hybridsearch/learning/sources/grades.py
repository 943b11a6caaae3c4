"""Grades: what the lines of a file of judgments say together, each rater's own."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean

from hybridsearch.inputs.rows import number
from hybridsearch.learning.sources.queries import JudgedQuery, one_text, read_query
from hybridsearch.values import Product

HIGHEST = 5.0
"""The largest grade that is not scaled: with the gain 2**grade - 1 a grade of 100 would outweigh all others."""
LARGEST = 1e9
"""The largest grade of a file; sums and differences of such are still numbers."""
SCALED = 4.0
"""What the largest grade of a file becomes if it is above HIGHEST."""

Who = str | float
"""A rater by name; where a line names none, its grade: such lines count once for each grade."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """What a line says.

    Attributes:
        query: Without grades.
        grade: None where the rater gives none.
        rater: Who says so; empty where the line names nobody.
        skipped: Why there is no grade: the rater cannot judge this product.
        undone: The line takes back the rater's one before, and says what counts instead.
    """

    query: JudgedQuery
    product: str
    grade: float | None
    rater: str = ""
    skipped: bool = False
    undone: bool = False


def judgment(row: Product) -> Judgment:
    """Return what a row says.

    Raises:
        ValueError: Query, product or grade is missing or invalid; only a rater may give the grade `null`.
    """
    rater = " ".join(one_text(row.row, "rater").split())
    value = row.row.get("grade")
    try:
        grade = number(value)
    except ValueError as error:
        raise ValueError(f"'grade' is {reprlib.repr(value)}, {error}") from error
    withdrawn = bool(rater) and "grade" in row.row and value is None
    if grade is None and not withdrawn:
        raise ValueError("'grade' is missing or empty, expected a number")
    if grade is not None and abs(grade) > LARGEST:
        raise ValueError(f"'grade' is {grade:g}, expected a number up to {LARGEST:,.0f}")
    skipped, undone = (row.row.get(name) is True for name in ("skipped", "undone"))
    return Judgment(read_query(row.row), row.id, grade, rater, skipped and grade is None, undone and bool(rater))


class Grades:
    """The grades of a file.

    A rater has one grade for a query and a product: that of the last line. Lines that name nobody count once for each
    grade, as nobody knows whether one person said it twice.

    Attributes:
        queries: By key, in the spelling of their first line.
        given: By query and product, who gave which grade.
        repeated: Lines that say what another one had said.
        changed: Lines by which a rater changed a grade, or took it back.
    """

    def __init__(self) -> None:
        self.queries: dict[Hashable, JudgedQuery] = {}
        self.given: dict[Hashable, dict[str, dict[Who, float]]] = {}
        self.repeated = self.changed = 0

    def add(self, said: Judgment) -> None:
        """Add a line, in the order of the file."""
        key = said.query.key
        self.queries.setdefault(key, said.query)
        given = self.given.setdefault(key, {}).setdefault(said.product, {})
        if said.grade is None:
            self.changed += given.pop(said.rater, None) is not None
            return
        who = said.rater or said.grade
        self.repeated += given.get(who) == said.grade
        self.changed += given.get(who, said.grade) != said.grade
        given[who] = said.grade

    def judged(self) -> Iterator[tuple[JudgedQuery, dict[str, list[float]]]]:
        """Yield each query that has a grade, with all grades of each product."""
        for key, products in self.given.items():
            graded = {product: list(given.values()) for product, given in products.items() if given}
            if graded:
                yield self.queries[key], graded


def merged(judged: Collection[tuple[JudgedQuery, Mapping[str, list[float]]]], irrelevant: float) -> Merged:
    """Return queries with one grade for each product: the mean of those of its raters.

    Args:
        judged: From `Grades.judged`.
        irrelevant: The grade that means irrelevant.
    """
    given = [grades for _, products in judged for grades in products.values()]
    adjust, notes = scale({grade for grades in given for grade in grades} or {0.0}, irrelevant)
    queries = tuple(
        replace(query, grades={product: fmean(map(adjust, grades)) for product, grades in products.items()})
        for query, products in judged
    )
    return Merged(queries, sum(len(set(grades)) > 1 for grades in given), tuple(notes))


@dataclass(frozen=True, slots=True)
class Merged:
    """Queries with one grade for each product.

    Attributes:
        contradictions: Products with different grades for the same query.
        notes: How grades were changed, as sentences.
    """

    queries: tuple[JudgedQuery, ...]
    contradictions: int
    notes: tuple[str, ...]


def scale(grades: Collection[float], irrelevant: float) -> tuple[Callable[[float], float], list[str]]:
    """Return the function from grades of a file to those used here, and notes on what it changes.

    The irrelevant grade and lower ones become 0. If a grade is then above HIGHEST, all are scaled.

    Args:
        grades: The distinct ones of the file.
        irrelevant: The grade that means irrelevant.
    """
    least, highest = min(grades), max(grades) - irrelevant
    factor = SCALED / highest if highest > HIGHEST else 1.0
    notes = []
    if least < irrelevant:
        notes.append(f"Grades below {irrelevant:g} count as {irrelevant:g}, irrelevant.")
    if irrelevant < least < max(grades):
        notes.append(
            f"No grade is {irrelevant:g}, which would mean irrelevant: the least, {least:g}, counts as relevant. "
            f"If it is not, give --irrelevant {least:g}."
        )
    if factor < 1:
        notes.append(f"Grades up to {highest:g} were scaled, so that the largest is {SCALED:g}.")
    return lambda grade: max(grade - irrelevant, 0.0) * factor, notes
