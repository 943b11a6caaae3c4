"""How the numbers of a new index lie: what is a good rating, and what sells much, only the others tell."""

from __future__ import annotations

from hybridsearch.engines.base import Engine
from hybridsearch.roles import Fields
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Spread
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.facets.facets import MOST_FACETS
from hybridsearch.search.plan import Plan
from hybridsearch.values import FacetDetails


def spreads(engine: Engine, generation: str, fields: Fields) -> dict[str, Spread]:
    """Return where the numbers of the products of a generation lie, by field; without those that no product has.

    Raises:
        EngineError: The engine cannot be reached.
    """
    details: dict[str, FacetDetails] = {}
    for names in batches(fields.of_products("numbers"), MOST_FACETS):
        measured = tuple(Facet(name, "numbers") for name in names)
        everything = Plan("browse", "to be measured", facets=measured, size=0, rows=False)
        details |= engine.search(everything, generation).details
    return {
        name: Spread(known.minimum, known.mean, known.maximum)
        for name, known in details.items()
        if known.minimum is not None and known.mean is not None and known.maximum is not None
    }
