"""Counts beside the hits: what is counted by which field, and which of it is shown. Pure values."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.search.facets.within import EVERY_VALUE, Within

FACET_VALUES = 100
"""Values that a facet shows at most, where nothing else is asked for."""
ORDERS = ("count", "asc", "desc")
"""The most frequent first, ties in order of values; or in order of values, up or down."""


@dataclass(frozen=True, slots=True)
class Facet:
    """A field by which the candidates are counted, as if no filter on this field itself were set.

    Attributes:
        size: How many values are shown at most.
        order: One of ORDERS.
        cuts: Where one range of numbers ends and the next begins, ascending; without any, numbers are not counted.
        bars: How many ranges between round numbers are wanted at most; 0: none. They lie between the cuts, which are
            known once it is known how the numbers lie; the last cut may be infinite.
        within: Which of the values are shown.
        by: Which of the `periods` of its kind dates are counted in.
    """

    field: str
    role: str = "facets"
    size: int = FACET_VALUES
    order: str = "count"
    cuts: tuple[float, ...] = ()
    by: str = ""
    bars: int = 0
    within: Within = EVERY_VALUE

    @property
    def ranges(self) -> dict[str, dict[str, float]]:
        """The ranges between the cuts, and before and after them where they are no bars, by name as filters."""
        cuts = [None if math.isinf(cut) else cut for cut in self.cuts]
        ends = [None, *cuts, None] if cuts and not self.bars else cuts
        return {
            f"{plain(low)}..{plain(high)}": {
                **({} if low is None else {"gte": low}),
                **({} if high is None else {"lt": high}),
            }
            for low, high in itertools.pairwise(ends)
        }

    def shown(self, counts: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
        """Return the places of the counts that are shown, in their order; the counts are in order of their values."""
        places = np.flatnonzero(counts)
        if self.order == "count":
            places = places[np.argsort(-counts[places].astype(np.int64), kind="stable")]
        return (places[::-1] if self.order == "desc" else places)[: self.size]


def plain(number: float | None) -> str:
    """Return a number as people write it, with all of its digits if need be; nothing for no number."""
    if number is None:
        return ""
    short = f"{number:.15g}"
    return short if float(short) == number else repr(number)
