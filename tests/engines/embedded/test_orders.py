"""Orders that a cursor continues, on the arrays of a view."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.chosen import Chosen
from hybridsearch.engines.embedded.compiled.tables import OF_VARIANTS, OWNERS, TableBuilder, Variants
from hybridsearch.engines.embedded.search import orders
from hybridsearch.engines.embedded.search.orders import behind, first_of, leading, possible
from hybridsearch.search.filters.conditions import Terms
from hybridsearch.search.plan import Plan, Sort

COLUMNS = [np.array([2.0, 1.0, 2.0, np.inf]), np.array([3, 0, 1, 2])]


@pytest.mark.parametrize(("reach", "expected"), [(0, []), (1, [1]), (2, [1, 2]), (3, [1, 2, 0]), (9, [1, 2, 0, 3])])
def test_ties_of_the_first_column_are_in_the_order_of_the_next(reach: int, expected: list[int]) -> None:
    assert first_of(COLUMNS, reach).tolist() == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((1.0, 0), [0, 2, 3]),
        ((2.0, 1), [0, 3]),
        ((2.0, -1), [0, 2, 3]),
        ((1.5, 9), [0, 2, 3]),
        ((np.inf, 1), [3]),
        ((np.inf, 2), []),
    ],
)
def test_behind_a_place_is_what_is_larger_in_the_first_column_that_differs(
    place: tuple[float, float], expected: list[int]
) -> None:
    assert np.flatnonzero(behind(COLUMNS, place)).tolist() == expected


KEYS = st.sampled_from([-1.5, 0.0, 1.0, 2.0, np.inf])


@given(st.lists(st.tuples(KEYS, st.integers(0, 2)), min_size=1, max_size=30), KEYS | st.none(), st.integers(0, 8))
def test_the_first_behind_a_place_are_among_those_whose_first_number_makes_it_possible(
    rows: list[tuple[float, int]], bound: float | None, reach: int
) -> None:
    """The last column is that of an id: no two are the same."""
    columns = [np.array([row[0] for row in rows]), np.array([row[1] for row in rows]), np.arange(len(rows))]
    ordered = sorted(range(len(rows)), key=lambda number: (*rows[number], number))
    left = [number for number in ordered if bound is None or (*rows[number], number) > (bound, 1, -1)]
    near = np.flatnonzero(possible(columns[0], reach, bound))
    among = [column[near] for column in columns]
    kept = near if bound is None else near[behind(among, (bound, 1, -1))]
    assert kept[first_of([column[kept] for column in columns], reach)].tolist() == left[:reach]


Own = list[tuple[str, float | None]]
"""Colour and price of each variant of a product."""


def products_of(seed: int) -> list[Own]:
    chance = random.Random(seed)
    prices = [None, *map(float, range(100))]
    return [
        [(chance.choice(["red", "blue", "blue"]), chance.choice(prices)) for _ in range(chance.randrange(1, 4))]
        for _ in range(60)
    ]


def table_of(products: list[Own]) -> Variants:
    builder, owners = TableBuilder(OF_VARIANTS), []
    for number, own in enumerate(products):
        for color, price in own:
            numbers = {} if price is None else {"numbers": {"v.price": price}}
            builder.add({"facets": {"v.color": (color,)}, **numbers})
            owners.append(number)
    arrays = {f"{name}:{part}": each for name, some in builder.inverted() for part, each in some.arrays.items()}
    return Variants({**arrays, **dict(builder.columns()), OWNERS: np.array(owners, np.int32)}, len(products))


@given(st.integers(0, 999), st.integers(0, 9), st.booleans(), st.booleans())
def test_the_first_by_a_price_of_variants_are_among_those_that_a_sample_of_prices_leaves(
    seed: int, wanted: int, descending: bool, red: bool
) -> None:
    """What is left holds every product up to the price of the last one that is wanted, so that ids can decide."""
    products = products_of(seed)
    asked = [Terms("v.color", ("red",))] if red else []
    plan = Plan("browse", "", sort=(Sort("v.price", descending),), filters=tuple(asked), variants="v.")
    sign = -1 if descending else 1
    first: dict[int, float] = {}
    for number, own in enumerate(products):
        passing = [price for color, price in own if color == "red" or not red]
        if passing and number % 3:
            first[number] = min((sign * price for price in passing if price is not None), default=np.inf)
    chosen = Chosen(len(products), np.array(sorted(first), np.int32))
    view: Any = SimpleNamespace(variants=table_of(products))
    with patch.object(orders, "SAMPLE", 40):
        left = set(leading(plan, cast(Any, view), chosen, wanted).tolist())
    last = sorted(first.values())[:wanted][-1:]
    assert left <= set(first)
    assert {number for number, price in first.items() if last and price <= last[0]} <= left
