"""Why each role was filled as it was, in a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from hybridsearch.fields import AS_IT_IS, KINDS, dates, facets
from hybridsearch.inputs.rows import strings
from hybridsearch.propose.columns import Column
from hybridsearch.propose.patterns import CODE, URL
from hybridsearch.propose.writing import moment
from hybridsearch.values import Stored

MARKS = {",", ".", "'"}
"""What a number shows that is a good example."""
SHOWN = 4
"""Columns that are named in one line."""


def shown(taken: Sequence[Column], detail: Callable[[Column], str]) -> str:
    """Return the names of the first columns, each with a detail."""
    return ", ".join(f"{column.name} ({detail(column)})" for column in taken[:SHOWN]) + " …" * (len(taken) > SHOWN)


def example(column: Column) -> str:
    """Return the first value that looks like a code, or else the first one."""
    return next(filter(CODE.fullmatch, column.texts), column.texts[0])


def span(column: Column) -> str:
    """Return the smallest and the largest number."""
    amounts = [kept for kept in column.kept("numbers") or () if isinstance(kept, float)]
    return " to ".join(f"{amount:,.2f}".removesuffix(".00") for amount in (min(amounts), max(amounts)))


def how_read(column: Column) -> str:
    """Return how one of its texts is read, a telling one: a long list, the last day, a number with many marks."""
    if column.several.levels:
        text = max(column.written, key=lambda text: len(column.several.steps(text)))
        nodes = facets.read(facets.meaning(text, column.several)) or ()
        return f"{text:.60} is in {', '.join(nodes[:SHOWN])}"
    if column.several != AS_IT_IS:
        text = max(column.written, key=lambda text: len(strings(column.several.split(text))))
        return f"{text:.60} holds {' and '.join(strings(column.several.split(text))[:SHOWN])}"
    if order := column.form("dates").date:
        day, text = max((date_of(moment(text, order)), text) for text in column.written)
        return f"{text} is {day:%Y-%m-%d}"
    text = max(column.written, key=lambda text: (len(MARKS & {*text}), len(text)))
    return f"{text} is {KINDS['numbers'].kept(text, column.form('numbers')):.12g}"


def date_of(kept: Stored | None) -> datetime:
    """Return a date that is kept."""
    return dates.EPOCH + timedelta(milliseconds=kept if isinstance(kept, int) else 0)


def period(column: Column) -> str:
    """Return the first and the last day."""
    days = [date_of(kept) for kept in column.kept("dates") or ()]
    return f"{min(days).date()} to {max(days).date()}"


def answers(column: Column) -> str:
    """Return how many products say yes."""
    kept = column.kept("booleans") or []
    return f"{kept.count(True) / len(kept):.0%} true"


REASONS: dict[str, Callable[[Sequence[Column]], str]] = {
    "id": lambda taken: f"{taken[0].name} ({taken[0].distinct:,} different values in {taken[0].rows:,} products)",
    "title": lambda taken: (
        f"{taken[0].name} (short text, {taken[0].length:.0f} characters on average, in {taken[0].filled:.0%})"
    ),
    "text": lambda taken: "other text, characters on average: " + shown(taken, lambda column: f"{column.length:,.0f}"),
    "codes": lambda taken: "words that name one product, or few: " + shown(taken, example),
    "facets": lambda taken: "few different values: " + shown(taken, lambda column: f"{column.distinct:,}"),
    "numbers": lambda taken: "to filter and sort by: " + shown(taken, span),
    "dates": lambda taken: "to filter by period and sort by: " + shown(taken, period),
    "booleans": lambda taken: "true or false: " + shown(taken, answers),
    "image": lambda taken: f"{'addresses' if taken[0].mostly(URL) else 'files'} of pictures, in {taken[0].filled:.0%}",
    "video": lambda taken: f"{'addresses' if taken[0].mostly(URL) else 'files'} of videos, in {taken[0].filled:.0%}",
}
