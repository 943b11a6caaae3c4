"""How the rows of a catalogue become products, as [catalog] says: the same for a rebuild and for an upsert."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hybridsearch.catalog.gather import gathered
from hybridsearch.catalog.pairs import with_pairs
from hybridsearch.catalog.variants import with_variants
from hybridsearch.sections import Catalog, Pairs
from hybridsearch.values import Product, Reject


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is made of the rows of a catalogue.

    Attributes:
        pairs: Where a row has names and values of properties.
        gather: Whether rows of one id that follow each other are one product.
        parent: Field in which a row names the product that it is a variant of.
    """

    pairs: tuple[Pairs, ...] = ()
    gather: bool = False
    parent: str | None = None

    @classmethod
    def of(cls, catalog: Catalog) -> Arrangement:
        """Return what a configuration says."""
        return cls(catalog.pairs, catalog.gather, catalog.parent)

    def __call__(self, rows: Iterable[Product | Reject]) -> Iterator[Product | Reject]:
        """Yield the products that rows are."""
        if self.pairs:
            rows = with_pairs(rows, self.pairs)
        if self.gather:
            rows = gathered(rows)
        if self.parent:
            rows = with_variants(rows, self.parent)
        yield from rows


AS_READ = Arrangement()
"""Each row is a product."""
