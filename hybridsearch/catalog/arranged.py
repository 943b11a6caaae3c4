"""How the rows of a catalogue become products, as the configuration says: the same for a rebuild and for an upsert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hybridsearch.catalog.grouping import Grouping
from hybridsearch.catalog.pairs import with_pairs
from hybridsearch.catalog.variants import Children, with_variants
from hybridsearch.roles import Fields
from hybridsearch.sections import Catalog, Pairs
from hybridsearch.values import Product, Reject


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is made of the rows of a catalogue.

    Attributes:
        pairs: Where a row has names and values of properties.
        grouping: How rows that follow each other become one product.
        children: How rows name the product that they are variants of.
    """

    pairs: tuple[Pairs, ...] = ()
    grouping: Grouping | None = None
    children: Children | None = None

    @classmethod
    def of(cls, catalog: Catalog, fields: Fields) -> Arrangement:
        """Return what a configuration says."""
        return cls(catalog.pairs, Grouping.of(fields), Children.of(catalog, fields))

    def __call__(self, rows: Iterable[Product | Reject]) -> Iterator[Product | Reject]:
        """Yield the products that rows are."""
        if self.pairs:
            rows = with_pairs(rows, self.pairs)
        if self.grouping:
            rows = self.grouping.grouped(rows)
        if self.children:
            rows = with_variants(rows, self.children)
        yield from rows


AS_READ = Arrangement()
"""Each row is a product."""
