"""How the rows of a catalogue become products, as the configuration says: the same for a rebuild and for an upsert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hybridsearch.catalog.arranged.gathering import together
from hybridsearch.catalog.arranged.grouping import Grouping
from hybridsearch.catalog.arranged.listed import Listed, with_listed
from hybridsearch.catalog.arranged.pairs import with_pairs
from hybridsearch.catalog.arranged.translated import with_translations
from hybridsearch.catalog.arranged.variants import Children, with_variants
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
        listed: How products name the rows that are their variants.
        views: Field by which rows are translations of another one.
        gather: Whether rows of one product may stand apart.
    """

    pairs: tuple[Pairs, ...] = ()
    grouping: Grouping | None = None
    children: Children | None = None
    listed: Listed | None = None
    views: str | None = None
    gather: bool = False

    @classmethod
    def of(cls, catalog: Catalog, fields: Fields) -> Arrangement:
        """Return what a configuration says."""
        return cls(
            catalog.pairs,
            Grouping.of(fields),
            Children.of(catalog, fields),
            Listed.of(catalog, fields),
            catalog.views,
            catalog.gather or catalog.views is not None,
        )

    def __call__(self, rows: Iterable[Product | Reject]) -> Iterator[Product | Reject]:
        """Yield the products that rows are."""
        if self.gather:
            rows = together(rows)
        if self.pairs:
            rows = with_pairs(rows, self.pairs)
        if self.views:
            rows = with_translations(rows, self.views)
        if self.grouping:
            rows = self.grouping.grouped(rows)
        if self.children:
            rows = with_variants(rows, self.children)
        if self.listed:
            rows = with_listed(rows, self.listed)
        yield from rows


AS_READ = Arrangement()
"""Each row is a product."""
