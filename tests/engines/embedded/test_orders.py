"""Orders that a cursor continues, on the arrays of a view."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.search.orders import behind, first_of, possible

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
