"""Which products are trained on: near-duplicates stay together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.align.pairs import Pair
from hybridsearch.align.split import HELD_OUT, VALIDATION, Split, linked_groups, pair_keys, split, title_key
from tests.align.builders import make_pair

WORDS = ["red", "blue", "shoe", "shoes", "42", "Nike", "Air"]


def split_pairs(pairs: list[Pair], seed: int) -> Split:
    return split([pair.id for pair in pairs], linked_groups(pair_keys(pairs, "en")), seed)


@pytest.mark.parametrize("title", ["SHOE, red!", "red shoes 43", "Shoes – red", "red   SHOE red"])
def test_near_duplicates_have_one_key(title: str) -> None:
    assert title_key("Red shoes 42", "en") == title_key(title, "en")


@pytest.mark.parametrize("title", ["Blue shoes 42", "Red shoes for kids", "42"])
def test_other_titles_have_another_key(title: str) -> None:
    assert title_key("Red shoes 42", "en") != title_key(title, "en")


@given(
    st.lists(st.tuples(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.integers(0, 60)), max_size=80),
    st.integers(0, 5),
)
def test_no_title_and_no_picture_is_in_two_parts(products: list[tuple[list[str], int]], seed: int) -> None:
    pairs = [make_pair(str(n), " ".join(words), str(picture)) for n, (words, picture) in enumerate(products)]
    in_parts = split_pairs(pairs, seed)
    parts = [in_parts.train, in_parts.validation, in_parts.held_out]
    assert sorted(position for part in parts for position in part) == list(range(len(pairs)))
    for keys in ([title_key(pair.title, "en") for pair in pairs], [pair.digest for pair in pairs]):
        by_part = [{keys[position] for position in part} for part in parts]
        assert sum(map(len, by_part)) == len(set(keys))


def test_a_fifth_is_held_out_and_a_tenth_is_for_validation() -> None:
    parts = split_pairs([make_pair(f"{a}{b}") for a in "abcdefghijklmnopqrst" for b in "abcdefghij"], 0)
    assert len(parts.held_out) == HELD_OUT * 200
    assert len(parts.validation) == VALIDATION * 200


def test_the_seed_decides_the_parts() -> None:
    pairs = [make_pair(f"{a}{b}") for a in "abcdefghij" for b in "abcdefghij"]
    assert split_pairs(pairs, 1) == split_pairs(pairs, 1) != split_pairs(pairs, 2)
