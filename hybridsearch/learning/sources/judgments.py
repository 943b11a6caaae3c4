"""Judgments: which products answer a query, and how well, according to judges or clicks."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from hybridsearch.disk import paths
from hybridsearch.errors import ConfigError
from hybridsearch.events.lines import Answer
from hybridsearch.events.source import is_index, of_file
from hybridsearch.events.source import rows as log_rows
from hybridsearch.events.visits import Tally
from hybridsearch.events.visits import visits as read_visits
from hybridsearch.inputs.rows import strings
from hybridsearch.learning.sources import clicks
from hybridsearch.learning.sources.formats import recognise, rows
from hybridsearch.learning.sources.grades import LARGEST, Grades, judgment, merged
from hybridsearch.learning.sources.persons import Persons, events
from hybridsearch.learning.sources.queries import JudgedQuery, filters, groups, read_query
from hybridsearch.search.person.history import Event
from hybridsearch.settings import Settings
from hybridsearch.values import Product, Reject

__all__ = ["JudgedQuery", "Judgments", "groups", "read", "read_named"]

KEPT = 20
"""Refused rows that are kept in full."""
SETTLED = 200_000
"""Sessions of a log, each with a query, after which they are counted and forgotten, so that memory stays small."""
UNCORRECTED = (
    "Nothing is learned from histories: nobody knows how many look at each rank, so any other order than the one that "
    "was shown would look worse."
)
RANKS_SHOWN = (1, 2, 3, 5, 10, 20, 50, 100)

Parsed = TypeVar("Parsed")


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
        notes: What was changed, ignored or estimated, as sentences.
        personal: Of clicks: queries of single sessions that had done something before, see `persons`.
    """

    queries: tuple[JudgedQuery, ...]
    rows: int
    duplicates: int = 0
    contradictions: int = 0
    refused: int = 0
    first_refused: tuple[Reject, ...] = ()
    notes: tuple[str, ...] = ()
    personal: tuple[JudgedQuery, ...] = ()

    @property
    def answerable(self) -> tuple[JudgedQuery, ...]:
        """The queries that have a relevant product."""
        return tuple(query for query in self.queries if query.answerable)


def read(path: Path, *, topics: Path | None = None, irrelevant: float = 0.0, corrected: bool = True) -> Judgments:
    """Read judgments, or sessions of clicks; a row that cannot be used is refused, the others are read.

    Args:
        path: JSON lines, a table, TREC qrels, RankLib's lines, ratings of OpenSearch, sessions or a log; plain or gzip.
        topics: The texts of the queries, for TREC qrels.
        irrelevant: The grade that means irrelevant; lower ones mean the same.
        corrected: Correct clicks for position bias; False leaves the plain click-through rate.

    Raises:
        CatalogError: A file cannot be read, or is not text in UTF-8.
        ConfigError: It is empty, in none of the formats, or without a row that can be used; or topics are missing.
    """
    if not abs(irrelevant) <= LARGEST:  # NaN too
        raise ConfigError(f"The grade {irrelevant:g} cannot mean irrelevant: give a number up to {LARGEST:,.0f}.")
    file_format = recognise(path)
    if file_format == "events":
        return from_log(of_file(path), paths.shown(path), corrected)
    counted = CountedRows(rows(path, file_format, topics))
    judgments = from_sessions(counted, corrected) if file_format == "sessions" else from_grades(counted, irrelevant)
    if counted.count == counted.refused:
        first = counted.first_refused[0]
        raise ConfigError(
            f"None of the {counted.count} rows of {paths.shown(path)} can be used. The first, {first.where}: "
            f"{first.reason}. Correct them and try again."
        )
    return replace(judgments, rows=counted.count, refused=counted.refused, first_refused=tuple(counted.first_refused))


def read_named(settings: Settings, path: Path, *, topics: Path | None = None, irrelevant: float = 0.0) -> Judgments:
    """Read a file of judgments or clicks, see `read`, or the index of the shop's log, which `path` may name.

    Raises:
        EngineError: The server of that index cannot be reached.
    """
    if is_index(settings, path):
        return from_log(log_rows(settings, path), f"'{path}'", corrected=True)
    return read(path, topics=topics, irrelevant=irrelevant)


class CountedRows:
    """The rows of a file, counted while they are read; those that cannot be used are refused.

    Attributes:
        count: Rows so far.
        refused: Those of them that cannot be used.
        first_refused: The first KEPT of these.
    """

    def __init__(self, rows: Iterable[Product | Reject]) -> None:
        self.count = self.refused = 0
        self.first_refused: list[Reject] = []
        self._rows = rows

    def parsed(self, parse: Callable[[Product], Parsed]) -> Iterator[Parsed]:
        """Yield what `parse` returns for each row; a row for which it raises a ValueError is refused."""
        for row in self._rows:
            self.count += 1
            try:
                if isinstance(row, Product):
                    yield parse(row)
                    continue
                reject = row
            except ValueError as error:
                reject = Reject(row.where, row.id, "read", str(error), row.row)
            self.refused += 1
            self.first_refused += [reject] * (len(self.first_refused) < KEPT)


def from_grades(rows: CountedRows, irrelevant: float) -> Judgments:
    """Return the judgments of rows with a query, a product and a grade."""
    grades = Grades()
    for said in rows.parsed(judgment):
        grades.add(said)
    found = merged(list(grades.judged()), irrelevant)
    changed = f"Grades that their rater gave anew or took back, of which the last counts: {grades.changed:,}."
    return Judgments(
        queries=found.queries,
        rows=0,
        duplicates=grades.repeated,
        contradictions=found.contradictions,
        notes=(*found.notes, *([changed] if grades.changed else [])),
    )


def from_sessions(rows: CountedRows, corrected: bool) -> Judgments:
    """Return judgments that are estimated from sessions of clicks."""
    sessions, persons = clicks.Sessions(), Persons()
    queries: dict[object, JudgedQuery] = {}
    repeated = without_click = not_shown = 0
    for session, query, shown, clicked in rows.parsed(visit):
        queries.setdefault(query.key, query)
        repeated += not sessions.add(session, query.key, shown, clicked)
        persons.add(session, query, shown, clicked, [Event(key, "click") for key in shown if key in clicked])
        without_click += not clicked
        not_shown += not clicked <= set(shown)
    visits = rows.count - rows.refused - repeated
    graded, personal, notes = estimated(sessions, persons, queries, visits, corrected)
    notes.append(
        f"Sessions without a click: {without_click}. Sessions that click what they were not shown: {not_shown}."
    )
    return Judgments(queries=graded, rows=0, duplicates=repeated, notes=tuple(notes), personal=personal)


def from_log(rows: Iterable[Product | Reject], name: str, corrected: bool) -> Judgments:
    """Return judgments that are estimated from the clicks of a log.

    Args:
        rows: Its lines.
        name: Of the log, for messages.
        corrected: Correct clicks for position bias.

    Raises:
        ConfigError: No line can be used.
    """
    sessions, persons, tally = clicks.Sessions(), Persons(), Tally()
    queries: dict[object, JudgedQuery] = {}
    visits = wordless = empty = filtered = 0
    for found in read_visits(rows, tally):
        query, ranked, answer = logged_query(found.answer), found.ranked, found.answer
        own = query if query and query.text and not answer.sort and not answer.offset else None
        persons.add(answer.who, own, ranked, found.clicked, events(found.did), answer.time)
        filtered += query is None
        wordless += query is not None and not query.text
        empty += query is not None and bool(query.text) and not any(ranked)
        if query and query.text and any(ranked):
            queries.setdefault(query.key, query)
            visits += sessions.add(found.who, query.key, ranked, found.clicked)
            if len(sessions) >= SETTLED:
                sessions.settle()
    if not visits:
        said = " ".join(tally.notes) or "It is empty."
        raise ConfigError(f"The log {name} has no answer with words and products to learn from. {said}")
    graded, personal, notes = estimated(sessions, persons, queries, visits, corrected)
    notes.append(
        f"Pages that are not judged: {wordless} without words, {empty} without products, "
        f"{filtered} with filters that judgments cannot have."
    )
    return Judgments(
        queries=graded,
        rows=tally.lines,
        duplicates=tally.repeated,
        refused=tally.refused,
        first_refused=tuple(tally.first_refused),
        notes=(*notes, *tally.notes),
        personal=personal,
    )


def logged_query(answer: Answer) -> JudgedQuery | None:
    """Return the query of an answer; None where judgments cannot have its filters."""
    try:
        return JudgedQuery(answer.query, {}, None, filters(answer.filters))
    except ValueError:
        return None


def estimated(
    sessions: clicks.Sessions, persons: Persons, queries: Mapping[object, JudgedQuery], visits: int, corrected: bool
) -> tuple[tuple[JudgedQuery, ...], tuple[JudgedQuery, ...], list[str]]:
    """Return queries with grades from clicks, those of persons, and notes on how they came about."""
    impressions = sessions.impressions()
    propensity = clicks.propensities(impressions) if corrected else np.ones(impressions.depth)
    graded = tuple(
        replace(queries[key], grades=grades, weight=weight)
        for key, grades, weight in clicks.grade(impressions, propensity)
    )
    ungraded = len(impressions.query) - sum(len(query.grades) for query in graded)
    notes = [
        f"Grades were estimated from the clicks of {visits} sessions, {explain(propensity, corrected)}.",
        f"Products that were seen fewer than {clicks.MIN_EXAMINATIONS:g} times for a query have no grade: {ungraded}.",
    ]
    personal = tuple(persons.judged(propensity))
    if personal and not (corrected and clicks.tells_ranks_apart(impressions)):
        notes.append(f"{UNCORRECTED} Searches of sessions that had done something before: {len(personal)}.")
        personal = ()
    return graded, personal, notes


def explain(propensity: clicks.Floats, corrected: bool) -> str:
    """Say in a clause how clicks were corrected for position bias."""
    if not corrected:
        return "without correction for their position"
    if (propensity == 1).all():
        return "without correction for their position: the same products were not shown at different ranks often enough"
    shares = ", ".join(f"{rank}: {propensity[rank - 1]:.2f}" for rank in RANKS_SHOWN if rank <= len(propensity))
    return f"corrected for the share of shoppers who look at each rank ({shares})"


def visit(row: Product) -> tuple[str, JudgedQuery, list[str], set[str]]:
    """Return the session, the query, the products that were shown in order, and those that were clicked.

    Raises:
        ValueError: One of them is missing or invalid.
    """
    shown, clicked = ids(row, "shown"), ids(row, "clicked")
    if not any(shown):
        raise ValueError("'shown' is empty, expected the products that the shopper saw")
    return row.id, read_query(row.row), shown, set(filter(None, clicked))


def ids(row: Product, name: str) -> list[str]:
    """Return a list of ids; one that is missing keeps its position, as an empty text."""
    value = row.row.get(name)
    if not isinstance(value, list):
        raise ValueError(f"'{name}' is {reprlib.repr(value)}, expected a list of products")
    return ["".join(strings(product)[:1]) for product in value]
