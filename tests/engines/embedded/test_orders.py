"""Orders that a cursor continues, on the arrays of a view."""

from __future__ import annotations

import numpy as np
import pytest

from hybridsearch.engines.embedded.orders import behind, first_of

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
