"""What moves between two lists of products, as `moved` decides it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.web.compare.moved import Move, moves

IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@pytest.mark.parametrize(
    ("move", "said"),
    [
        (Move(3, 3), "same"),
        (Move(3, 1), "up 2: 3 → 1"),
        (Move(1, 4), "down 3: 1 → 4"),
        (Move(None, 2), "new"),
        (Move(2, None), "gone"),
    ],
)
def test_a_move_says_where_from_and_where_to(move: Move, said: str) -> None:
    assert str(move) == said


@given(IDS, IDS)
def test_turned_round_what_went_up_went_down_and_what_is_new_is_gone(left: list[str], right: list[str]) -> None:
    turned = {"same": "same", "up": "down", "down": "up", "new": "gone", "gone": "new"}
    back = moves(right, left)
    found = moves(left, right)
    assert found.keys() == {*left, *right}
    assert all(turned[move.kind] == back[key].kind for key, move in found.items())
    assert all(left[move.left - 1] == key for key, move in found.items() if move.left)
