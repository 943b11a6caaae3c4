"""How far neighbours are looked for, by what a leg keeps of each number."""

import pytest

from hybridsearch.schema import Leg
from hybridsearch.search.nearest import nearest
from hybridsearch.values import Vector


@pytest.mark.parametrize(
    ("leg", "explore", "oversample"),
    [
        (Leg("words", 2, "f"), 200, None),
        (Leg("words", 2, "f", exact=True), 10_000, None),
        (Leg("words", 2, "f", bits=4), 200, 3.0),
        (Leg("words", 2, "f", bits=1), 200, 5.0),
    ],
)
def test_the_more_a_leg_rounds_the_more_whole_vectors_are_compared(
    leg: Leg, explore: int, oversample: float | None
) -> None:
    found = nearest(leg, Vector([1, 0]), 100, 0.25)
    assert (found.leg, found.k, found.floor) == ("words", 100, 0.25)
    assert (found.explore, found.oversample) == (explore, oversample)
