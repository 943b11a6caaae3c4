"""Traits: what a taste needs of products, read from each of them, or from the columns that an engine has of all."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hybridsearch import document
from hybridsearch.fields import KINDS
from hybridsearch.roles import Fields
from hybridsearch.schema import Schema
from hybridsearch.search.person import taken
from hybridsearch.search.person.history import History
from hybridsearch.search.shared import values_of
from hybridsearch.values import Indexed, Row, Vectors

Values = Sequence[tuple[str, ...]]
"""Those of a facet that each of some products has."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What some products say, each at its place.

    Attributes:
        values: By facet; of a path the deepest node.
        prices: 0 where a product has none.
        vectors: By leg, at which places there is one, and these.
    """

    values: Mapping[str, Values]
    prices: Sequence[float]
    vectors: Mapping[str, tuple[Sequence[int], Vectors]]


class Columns(Mapping[str, Indexed]):
    """Products of an index by id, of which an engine knows the traits without reading any; of variants there are none.

    A product that is asked for is read then.
    """

    @abstractmethod
    def traits(self, ids: Sequence[str], fields: Fields) -> Traits:
        """Return what the products with these ids say; each of them is there."""


@dataclass(frozen=True, slots=True)
class Described:
    """What is read of one product.

    Attributes:
        values: Of its facets, by field; of those of variants what all its variants have.
        price: 0 where it has none.
    """

    values: Mapping[str, tuple[str, ...]]
    price: float

    @classmethod
    def of(cls, product: Indexed, fields: Fields) -> Described:
        """Return it; what was worked out before is remembered with the product."""
        known = product.memo.get(cls)
        if known is None or known[0] is not fields:
            priced = fields.price_in()
            values = values_of(product.row, fields) | taken.of_all(product.row, fields)
            own = cls(values, price(product.row, priced, fields) if priced else 0.0)
            product.memo[cls] = fields, own
            return own
        found: Described = known[1]
        return found


def traits_of(found: Mapping[str, Indexed], ids: Sequence[str], history: History, schema: Schema) -> Traits:
    """Return what products of a history say; of variants what it says of those that were taken."""
    fields = schema.fields
    if isinstance(found, Columns):
        return found.traits(ids, fields)
    products = [found[key] for key in ids]
    described = [Described.of(each, fields) for each in products]
    values = [each.values for each in described]
    for place, each in enumerate(products):
        if own := taken.named(each.row, history.variants.get(each.id, ()), fields):
            values[place] = {**values[place], **taken.values_of(own, fields)}
    return Traits(
        {name: [each.get(name, ()) for each in values] for name in fields.facets},
        [each.price for each in described],
        dict(vectors_of(products, schema)),
    )


def vectors_of(products: Sequence[Indexed], schema: Schema) -> Iterator[tuple[str, tuple[Sequence[int], Vectors]]]:
    """Yield for each leg the places of the products that have a vector, and these."""
    for leg in schema.legs:
        places = [place for place, each in enumerate(products) if leg.name in each.vectors]
        yield leg.name, (places, np.array([products[place].vectors[leg.name].array for place in places]))


def price(row: Row, name: str, fields: Fields) -> float:
    """Return the price of a product; 0 where it has none."""
    try:
        kept = document.read(row, [name], KINDS["numbers"], fields).get(name)
    except ValueError:  # it was changed by somebody else since it was indexed
        return 0.0
    return float(kept) if isinstance(kept, int | float) else 0.0
