"""Products by id, of which only those are read that somebody asks for: what a taste needs stands in columns."""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Sequence
from typing import Protocol

import numpy as np

from hybridsearch.engines.embedded.arrays.postings import Ordinals
from hybridsearch.engines.embedded.compiled.tables import Table
from hybridsearch.fields.facets import KIND as FACETS
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.person.traits import Columns, Traits, Values
from hybridsearch.search.shared import facets_of, leaves
from hybridsearch.values import Indexed, Vectors


class Viewed(Protocol):
    """What is asked of a view."""

    schema: Schema
    products: Table

    def product(self, ordinal: int) -> Indexed:
        """Return a document as a product."""
        ...

    def values(self, role: str, field: str, docs: Ordinals) -> list[tuple[str, ...]]:
        """Return the values of a field that each of some documents has."""
        ...

    def vectors_at(self, leg: str, docs: Ordinals) -> tuple[list[int], Vectors]:
        """Return which of some documents have a vector of a leg, and these."""
        ...


class ViewColumns(Columns):
    """Products of a view.

    Args:
        view: It stays as it is, whatever is written.
        places: Of products, by id.
    """

    def __init__(self, view: Viewed, places: dict[str, int]) -> None:
        self._view, self._places = view, places

    def __getitem__(self, key: str) -> Indexed:
        return self._view.product(self._places[key])

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def keys(self) -> KeysView[str]:
        """Return the ids, by which a product is found faster than here."""
        return self._places.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def traits(self, ids: Sequence[str], fields: Fields) -> Traits:
        """Return what the products with these ids say."""
        view, docs = self._view, np.array([self._places[key] for key in ids], np.int32)
        values: dict[str, Values] = {}
        for name in facets_of(fields):
            joint, own = fields.format(name).joint, view.values(FACETS.role, name, docs)
            values[name] = [leaves(each, joint) for each in own] if joint else own
        priced = fields.price_in()
        prices = view.products.column("numbers", priced)[docs] if priced else np.zeros(len(docs))
        prices[np.isnan(prices)] = 0
        return Traits(values, prices.tolist(), {leg.name: view.vectors_at(leg.name, docs) for leg in view.schema.legs})
