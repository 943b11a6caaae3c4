"""The largest scores first, ties in their given order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded.arrays.ranks import best


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 40))
def test_the_best_are_the_first_of_all_in_descending_order(scores: list[int], k: int) -> None:
    expected = sorted(range(len(scores)), key=lambda position: (-scores[position], position))[:k]
    assert best(np.array(scores, np.float32), k).tolist() == expected
