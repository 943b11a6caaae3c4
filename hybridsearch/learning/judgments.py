"""Judgments: which products answer a query, and how well, as people or their clicks have said."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TypeVar

import numpy as np

from hybridsearch.errors import ConfigError
from hybridsearch.learning import clicks
from hybridsearch.learning.formats import recognise, rows
from hybridsearch.learning.queries import JudgedQuery, groups, question
from hybridsearch.rows import number, strings
from hybridsearch.values import Product, Reject

__all__ = ["JudgedQuery", "Judgments", "groups", "read"]

KEPT = 20
"""Refused rows that are kept in full."""
HIGHEST = 5.0
"""The largest grade that is taken as it is: with the gain 2**grade - 1 a grade of 100 would outweigh all others."""
SCALED = 4.0
"""What a larger one becomes."""
RANKS_SHOWN = (1, 2, 3, 5, 10, 20, 50, 100)

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Judgments:
    """What a file of judgments, or of clicks, says.

    Attributes:
        queries: In the order of the file, those without a relevant product included.
        rows: Rows of the file that are not blank.
        duplicates: Rows that repeat a judgment, or a session and its query; they count once.
        contradictions: Products with different grades for the same query; the mean of the grades counts.
        refused: Rows that cannot be used.
        first_refused: The first of them, with place and reason.
        notes: What was changed, passed over or estimated, as sentences.
    """

    queries: tuple[JudgedQuery, ...]
    rows: int
    duplicates: int = 0
    contradictions: int = 0
    refused: int = 0
    first_refused: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def answerable(self) -> tuple[JudgedQuery, ...]:
        """The queries that have a relevant product."""
        return tuple(query for query in self.queries if query.answerable)


def read(path: Path, *, topics: Path | None = None, irrelevant: float = 0.0, corrected: bool = True) -> Judgments:
    """Read judgments, or sessions of clicks; a row that cannot be used costs nothing but itself.

    Args:
        path: JSON lines, TSV, TREC qrels or sessions, plain or gzip.
        topics: The texts of the queries, for TREC qrels.
        irrelevant: The grade that means irrelevant; what is less means so too.
        corrected: Take the bias of the position out of clicks; False leaves the plain click-through rate.

    Raises:
        CatalogError: A file cannot be read, or is not text in UTF-8.
        ConfigError: It is empty, in none of the formats, or without a row that can be used; or topics are missing.
    """
    form = recognise(path)
    found = Rows(rows(path, form, topics))
    judgments = from_sessions(found, corrected) if form == "sessions" else from_grades(found, irrelevant)
    if found.count == found.refused:
        first = found.first_refused[0]
        raise ConfigError(
            f"None of the {found.count} rows of '{path}' can be used. The first, {first.where}: {first.reason}. "
            "Correct them and try again."
        )
    return replace(judgments, rows=found.count, refused=found.refused, first_refused=tuple(found.first_refused))


class Rows:
    """The rows of a file, counted while they are read, with what cannot be used of them.

    Attributes:
        count: Rows so far.
        refused: Those of them that cannot be used.
        first_refused: The first KEPT of these.
    """

    def __init__(self, found: Iterable[Product | Reject]) -> None:
        self.count = self.refused = 0
        self.first_refused: list[Reject] = []
        self._found = found

    def usable(self, meaning: Callable[[Product], Read]) -> Iterator[Read]:
        """Yield the meaning of each row; a ValueError is the reason why one has none."""
        for each in self._found:
            self.count += 1
            try:
                if isinstance(each, Product):
                    yield meaning(each)
                    continue
                refused = each
            except ValueError as error:
                refused = Reject(each.where, each.id, "read", str(error), each.row)
            self.refused += 1
            self.first_refused += [refused] * (len(self.first_refused) < KEPT)


def from_grades(found: Rows, irrelevant: float) -> Judgments:
    """Return the judgments of rows with a query, a product and a grade."""
    table: dict[object, tuple[JudgedQuery, dict[str, list[float]]]] = {}
    duplicates = 0
    for query, product, grade in found.usable(judgment):
        _, products = table.setdefault(query.key, (query, {}))
        given = products.setdefault(product, [])
        duplicates += grade in given
        given += [grade] * (grade not in given)
    grades = [given for _, products in table.values() for given in products.values()]
    adjust, notes = scale({grade for given in grades for grade in given} or {0.0}, irrelevant)
    return Judgments(
        queries=tuple(
            replace(query, grades={product: fmean(map(adjust, given)) for product, given in products.items()})
            for query, products in table.values()
        ),
        rows=0,
        duplicates=duplicates,
        contradictions=sum(len(given) > 1 for given in grades),
        notes=tuple(notes),
    )


def judgment(row: Product) -> tuple[JudgedQuery, str, float]:
    """Return the query, the product and the grade of a row.

    Raises:
        ValueError: One of them is missing, or is not what it should be.
    """
    value = row.row.get("grade")
    try:
        grade = number(value)
    except ValueError as error:
        raise ValueError(f"'grade' is {reprlib.repr(value)}, {error}") from error
    if grade is None:
        raise ValueError("'grade' is missing or empty, expected a number")
    return question(row.row), row.id, grade


def scale(grades: Collection[float], irrelevant: float) -> tuple[Callable[[float], float], list[str]]:
    """Return what makes a grade of a file one of ours, and what to say about it.

    What means irrelevant, and less, becomes 0. Grades that then exceed HIGHEST are scaled.

    Args:
        grades: All different ones of the file.
        irrelevant: The grade that means irrelevant.
    """
    least, highest = min(grades), max(grades) - irrelevant
    factor = SCALED / highest if highest > HIGHEST else 1.0
    notes = []
    if least < irrelevant:
        notes.append(f"Grades below {irrelevant:g} were taken for {irrelevant:g}, irrelevant.")
    if irrelevant < least < max(grades):
        notes.append(
            f"No grade is {irrelevant:g}, which would mean irrelevant: the least, {least:g}, counts as relevant. "
            f"If it is not, give --irrelevant {least:g}."
        )
    if factor < 1:
        notes.append(f"Grades up to {highest:g} were scaled, so that the largest is {SCALED:g}.")
    return lambda grade: max(grade - irrelevant, 0.0) * factor, notes


def from_sessions(found: Rows, corrected: bool) -> Judgments:
    """Return the judgments that sessions of clicks amount to."""
    gathered = clicks.Sessions()
    queries: dict[object, JudgedQuery] = {}
    repeated = idle = strange = 0
    for session, query, shown, clicked in found.usable(visit):
        queries.setdefault(query.key, query)
        repeated += not gathered.add(session, query.key, shown, clicked)
        idle += not clicked
        strange += not clicked <= set(shown)
    seen = gathered.impressions()
    examined = clicks.propensities(seen) if corrected else np.ones(seen.depth)
    graded = [
        replace(queries[key], grades=grades, weight=weight) for key, grades, weight in clicks.grade(seen, examined)
    ]
    visits = found.count - found.refused - repeated
    unsure = len(seen.query) - sum(len(query.grades) for query in graded)
    notes = [
        f"Grades were estimated from the clicks of {visits} sessions, {explain(examined, corrected)}.",
        f"Products that were seen fewer than {clicks.LEAST:g} times for a query have no grade: {unsure}.",
        f"Sessions without a click: {idle}. Sessions that click what they were not shown: {strange}.",
    ]
    return Judgments(queries=tuple(graded), rows=0, duplicates=repeated, notes=tuple(notes))


def explain(examined: clicks.Floats, corrected: bool) -> str:
    """Say in a clause how the bias of the position was treated."""
    if not corrected:
        return "without correction for their position"
    if (examined == 1).all():
        return "without correction for their position: the same products were not shown at different ranks often enough"
    shares = ", ".join(f"{rank}: {examined[rank - 1]:.2f}" for rank in RANKS_SHOWN if rank <= len(examined))
    return f"corrected for the share of shoppers who look at each rank ({shares})"


def visit(row: Product) -> tuple[str, JudgedQuery, list[str], set[str]]:
    """Return the session, the query, the products that were shown in order, and those that were clicked.

    Raises:
        ValueError: One of them is missing, or is not what it should be.
    """
    shown, clicked = ids(row, "shown"), ids(row, "clicked")
    if not any(shown):
        raise ValueError("'shown' is empty, expected the products that the shopper saw")
    return row.id, question(row.row), shown, set(filter(None, clicked))


def ids(row: Product, name: str) -> list[str]:
    """Return a list of products; one without an id keeps its place and is empty."""
    value = row.row.get(name)
    if not isinstance(value, list):
        raise ValueError(f"'{name}' is {reprlib.repr(value)}, expected a list of products")
    return ["".join(strings(each)[:1]) for each in value]
