"""Decides what the page of judging shows: products without rank or score, what was said of them, how far a rater is."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from hybridsearch.errors import QueryError
from hybridsearch.learning.judging.ledger import Mark
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.roles import Fields
from hybridsearch.texts import text
from hybridsearch.values import Hit, Row
from hybridsearch.web import view

LONGEST_NAME = 40
"""Characters of a rater's name."""
LONGEST_TEXT = 400
"""Characters of a field that are shown."""
SKIP, REST = "skip", "rest"
"""What a form sends in place of a grade: this product, or all that are left, cannot be judged."""


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade that can be given: what it is called, and what it means."""

    value: str
    name: str
    meaning: str


GRADES = (
    Grade("0", "Irrelevant", "Nobody who asked this would want it."),
    Grade("1", "Related", "Not what was asked for, but near it: an accessory, another kind."),
    Grade("2", "Good", "It answers the query, but for a detail."),
    Grade("3", "Exactly this", "Just what was asked for."),
)


@dataclass(frozen=True, slots=True)
class Item:
    """A product to judge; `mark` is what the rater said of it, `0` to `3` or `skip`, empty so far."""

    card: view.Card
    details: tuple[tuple[str, str], ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A query of the worklist, and the products to judge for it where they are known."""

    name: str
    query: JudgedQuery
    products: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rater is with one query; `of` is None as long as nobody has opened it."""

    name: str
    text: str
    done: int
    of: int | None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left."""
        return self.done == self.of


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a rater is with each query, in the order of the worklist."""

    queries: tuple[Progress, ...]

    def said(self, name: str) -> str:
        """Return it in words for somebody who is at a query."""
        here = next(each for each in self.queries if each.name == name)
        done = sum(each.is_complete for each in self.queries)
        return f"{here.done} of {here.of or 0} products, {done} of {len(self.queries):,} queries"


def standing(pools: Sequence[Pool], marks: Mapping[tuple[Hashable, str], Mark]) -> Standing:
    """Return how far a rater is, given what they have marked."""
    return Standing(tuple(progress(each, marks) for each in pools))


def progress(pool: Pool, marks: Mapping[tuple[Hashable, str], Mark]) -> Progress:
    """Return how far a rater is with one query."""
    if pool.products is None:
        return Progress(pool.name, pool.query.text, 0, None)
    key = pool.query.key
    done = sum((key, product) in marks for product in pool.products)
    return Progress(pool.name, pool.query.text, done, len(pool.products))


def is_complete(marks: Collection[str], products: Collection[str]) -> bool:
    """Tell whether every product is marked."""
    return all(product in marks for product in products)


def item(key: str, row: Row, fields: Fields, chosen: Sequence[str], mark: Mark | None) -> Item:
    """Return a product as a rater sees it.

    Args:
        key: Its id.
        row: The product.
        fields: Which field plays which role.
        chosen: Fields to show; empty: those of `usual`.
        mark: What the rater said of it.
    """
    names = chosen or usual(fields)
    details = ((name, shortened(view.text_of(row, name))) for name in names)
    shown = tuple((name, value) for name, value in details if value)
    return Item(view.card(Hit(key, 0.0, {}, row), fields), shown, "" if mark is None else str(mark))


def usual(fields: Fields) -> tuple[str, ...]:
    """Return the fields that are shown unless others are chosen: facets, the price, and the first text."""
    price = view.price_field(fields)
    facets = [name for name in fields.of_products("facets") if name not in view.NAMED][:4]
    return tuple(dict.fromkeys([*facets, *([price] if price else []), *fields.text[:1]]))


def shortened(value: str) -> str:
    """Return the beginning of a text."""
    return value if len(value) <= LONGEST_TEXT else f"{value[: LONGEST_TEXT - 1].rstrip()}…"


def mark_of(given: str) -> Mark:
    """Return what a form says.

    Raises:
        QueryError: It is no grade.
    """
    if given in (SKIP, REST):
        return Mark(None)
    if given not in {grade.value for grade in GRADES}:
        raise QueryError(f"The grade is '{given[:20]}', expected 0, 1, 2, 3 or {SKIP}.")
    return Mark(float(given))


def rater_of(given: str) -> str:
    """Return the name of a rater as it is written to the file.

    Raises:
        QueryError: It is none, or too long.
    """
    name = " ".join(text.clean(given, 10 * LONGEST_NAME).split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise QueryError(f"The name has {len(name)} characters, expected 1 to {LONGEST_NAME}. Give another one.")
    return name


def as_cookie(rater: str) -> str:
    """Return a name as the value of a cookie."""
    return quote(rater, safe="")


def of_cookie(value: str) -> str:
    """Return the name that a cookie holds; empty where it holds none."""
    try:
        return rater_of(unquote(value))
    except QueryError:
        return ""


def after(products: Sequence[str], marks: Collection[str], key: str) -> str | None:
    """Return the first product behind another one that is not marked, then from the start; None where all are."""
    place = products.index(key) + 1 if key in products else 0
    return next((each for each in (*products[place:], *products[:place]) if each not in marks), None)
