"""Rows of one product that stand apart come together, as `catalog.gather` says."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.catalog.arranged.gathering import together
from hybridsearch.values import Product, Reject


def row(key: str, place: int) -> Product:
    """Return a row."""
    return Product(key, {"n": place}, f"shop:{place}", place=place)


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12))
def test_rows_keep_their_order_and_stand_at_the_place_of_the_first_of_them(keys: list[str]) -> None:
    rows = [
        row(key, n) if key else Reject(f"shop:{n}", None, "read", "no CSV", place=n) for n, key in enumerate(keys, 1)
    ]
    firsts = {key: keys.index(key) + 1 for key in keys}
    expected = sorted(
        (firsts[key] if key else n, n, key) for n, key in enumerate(keys, 1)
    )  # by the first of each, then as they stood
    found = [*together(rows)]
    assert [(each.place, each.row["n"] if each.row else each.place, each.id or "") for each in found] == expected


def test_memory_does_not_grow_with_the_rows() -> None:
    def rows() -> Iterator[Product]:
        for n in range(4_000):
            yield Product(str(Random(n).randrange(1_000)), {"text": "x" * 10_000}, f"shop:{n}", place=n)

    tracemalloc.start()
    try:
        assert sum(1 for _ in together(rows())) == 4_000
        assert tracemalloc.get_traced_memory()[1] < 10_000_000  # of 40 MB
    finally:
        tracemalloc.stop()
