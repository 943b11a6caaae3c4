"""Counts: which of what was counted is shown, and in which ranges numbers are counted."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsearch.search.facets.counts import Facet


@pytest.mark.parametrize(
    ("order", "size", "places"),
    [
        ("count", 100, [3, 1, 4, 0]),
        ("count", 2, [3, 1]),
        ("asc", 100, [0, 1, 3, 4]),
        ("asc", 3, [0, 1, 3]),
        ("desc", 2, [4, 3]),
    ],
)
def test_counts_are_shown_in_order_down_to_a_size(order: str, size: int, places: list[int]) -> None:
    counts = np.array([1, 2, 0, 5, 2])
    assert Facet("brand", size=size, order=order).shown(counts).tolist() == places


def test_ranges_lie_between_the_cuts_and_beyond_them() -> None:
    assert Facet("price", cuts=(-2.5, 0.0, 1e6)).ranges == {
        "..-2.5": {"lt": -2.5},
        "-2.5..0": {"gte": -2.5, "lt": 0.0},
        "0..1000000": {"gte": 0.0, "lt": 1e6},
        "1000000..": {"gte": 1e6},
    }
    assert Facet("price").ranges == {}
