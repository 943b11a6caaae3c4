"""Rows that say in another language, or for another view of the shop, what a product is, as Magento exports them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from hybridsearch.catalog.arranged.grouping import missing
from hybridsearch.catalog.arranged.variants import that_fit
from hybridsearch.inputs.rows import field, strings
from hybridsearch.values import Product, Reject, Row

TRANSLATIONS = "translations"
"""The object of a product with what its other rows say, by their views: `translations.de.name`."""


def with_translations(rows: Iterable[Product | Reject], views: str) -> Iterator[Product | Reject]:
    """Yield one product for each row without a view, with what those of its id that have one say otherwise.

    Without such a row the first one is the product. A value that is missing in a row is that of the product.

    Args:
        rows: Those of one id follow each other.
        views: Field that names the view of a row.
    """
    for _, same in itertools.groupby(rows, key=attrgetter("id", "place")):
        yield from of_one(same, views)


def of_one(rows: Iterator[Product | Reject], views: str) -> Iterator[Product | Reject]:
    """Yield what the rows of one id and place become; rejects are by themselves."""
    first = next(rows)
    if isinstance(first, Reject):
        yield first
        yield from rows
        return
    products = (row for row in rows if isinstance(row, Product))
    kept, rejects = that_fit(first, products, f"translations of '{first.id}'", first.place)
    found = [first, *kept]
    wholes = [row for row in found if not view(row.row, views)] or [first]
    others = [row.row for row in found if view(row.row, views) and row is not wholes[0]]
    yield from (replace(row, row=translated(row.row, others, views)) for row in wholes)
    yield from rejects


def view(row: Row, views: str) -> str:
    """Return the view of a row; nothing for the product itself."""
    return "".join(strings(field(row, views))[:1])


def translated(row: Row, others: Sequence[Row], views: str) -> Row:
    """Return a product with what other rows say of it; a field `translations` that it has already stays as it is."""
    said: dict[str, dict[str, Any]] = {}
    for other in others:
        own = {name: value for name, value in other.items() if value != row.get(name) and not missing(value)}
        said.setdefault(view(other, views), {}).update({name: own[name] for name in own if name != views})
    filled = {code: own for code, own in said.items() if own}
    return {TRANSLATIONS: filled, **row} if filled else row
