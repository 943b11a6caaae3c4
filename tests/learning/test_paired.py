"""Two set-ups over the same queries: wins, losses and ties, as `learning.paired` counts them."""

import pytest

from hybridsearch.learning.paired import paired
from hybridsearch.learning.significance import compare


def test_the_largest_gain_comes_first_and_queries_that_one_side_lacks_are_left_out() -> None:
    found = paired({0: 0.5, 1: 0.5, 2: 1.0, 3: 0.25}, {0: 0.5, 1: 1.0, 2: 0.25, 4: 1.0}, {"why": 2})
    assert [(pair.number, pair.gain) for pair in found.pairs] == [(1, 0.5), (0, 0.0), (2, -0.75)]
    assert (found.wins, found.losses, found.ties) == (1, 1, 1)
    assert sum(found.means) == pytest.approx(2 / 3 + 1.75 / 3)
    assert found.comparison == compare([1.0, 0.5, 0.25], [0.5, 0.5, 1.0])
    assert found.skipped == {"why": 2}


def test_without_a_query_there_is_no_comparison() -> None:
    found = paired({0: 1.0}, {1: 1.0}, {})
    assert (found.pairs, found.comparison, found.means) == ((), None, (0.0, 0.0))
