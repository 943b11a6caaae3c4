"""What an encoder knows of a catalogue is measured with the products' own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.encoders.calibration import Described, calibrate
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.knowledge import FEWEST, MOST_WORDS, halves, told_apart, trials, words
from hybridsearch.schema import Leg
from hybridsearch.values import Vector, Vectors
from tests.knowing import COUNT, ROWS, Guessing, Knowing

TITLES = [row["title"] for row in ROWS]
TRIALS = trials(TITLES, [""] * COUNT)
AXES = np.eye(COUNT, dtype=np.float32)


class Same(Knowing):
    """Takes all texts for the same."""

    name = fingerprint = "same"

    def row(self, text: str) -> Vectors:  # noqa: ARG002
        row: Vectors = AXES[0]
        return row


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EncodeCache]:
    with EncodeCache(tmp_path / "vectors.db") as cache:
        yield cache


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("red wool coat with long hood", "red coat long", "wool with hood"),
        ("新款跑步鞋男士", "新款鞋男", "跑步士"),
        ("Nike 新款跑步鞋 42", "Nike 跑步 42", "新款鞋"),
        ("red", "red", ""),
        ("", "", ""),
    ],
)
def test_every_other_word_or_pair_of_characters_is_in_the_same_half(text: str, first: str, second: str) -> None:
    assert halves(text) == (first, second)


@given(st.lists(st.text("abc", min_size=1), max_size=2 * MOST_WORDS))
def test_a_word_is_in_one_half(given_words: list[str]) -> None:
    first, second = map(str.split, halves(" ".join(given_words)))
    assert Counter(first) + Counter(second) == Counter(given_words[:MOST_WORDS])
    assert 0 <= len(first) - len(second) <= 1


def test_a_long_title_is_halved_whatever_the_texts_say() -> None:
    assert trials(["a b c d e f", "red coat"], ["long " * 9, ""]) == [("a c e", "b d f"), ("", "")]


def test_a_short_title_is_asked_for_among_the_texts() -> None:
    texts = ["of wool with hood and zip", "of wool", ""]
    assert trials(["red coat", "hat", ""], texts) == [("red coat", texts[0]), ("hat", ""), ("", "")]


def test_without_titles_the_texts_are_halved() -> None:
    assert trials(["", "", "hat"], ["of wool with hood and zip", "wool", ""]) == [
        ("of with and", "wool hood zip"),
        ("", ""),
        ("", ""),
    ]


@pytest.mark.parametrize(("encoder", "share"), [(Knowing(), 1), (Guessing(), 0.5), (Same(), 0.5)])
def test_who_knows_all_is_always_right_and_who_knows_nothing_half_of_the_time(
    cache: EncodeCache, encoder: Knowing, share: float
) -> None:
    assert told_apart(encoder, cache, TRIALS, None) == pytest.approx(share, abs=0.05)


def test_pictures_are_found_by_words_in_their_own_vectors(cache: EncodeCache) -> None:
    assert told_apart(Knowing(), cache, TRIALS, AXES) == 1
    assert told_apart(Knowing(), cache, TRIALS, AXES[::-1]) == pytest.approx(0.5, abs=0.05)
    titles = [(f"hat {number}", "") for number in range(COUNT)]
    assert told_apart(Knowing(), cache, titles, AXES) == 1
    assert told_apart(Knowing(), cache, titles, None) is None


def test_a_few_products_and_repeated_ones_are_not_measured(cache: EncodeCache) -> None:
    encoder = Knowing()
    assert told_apart(encoder, cache, TRIALS[: FEWEST - 1], None) is None
    assert told_apart(encoder, cache, TRIALS[:1] * COUNT, None) is None
    assert told_apart(encoder, cache, [("", "")] * COUNT, AXES) is None
    assert not encoder.asked
    assert told_apart(encoder, cache, TRIALS[:FEWEST], None) == 1


def test_what_was_measured_before_is_not_encoded_again(cache: EncodeCache) -> None:
    encoder = Knowing()
    assert {told_apart(encoder, cache, TRIALS, None) for _ in range(3)} == {1.0}
    assert len(encoder.asked) == 2 * COUNT


def test_the_measure_of_a_leg_is_part_of_its_calibration(cache: EncodeCache) -> None:
    products = [Described(title, "", {"leg": Vector(axis)}) for title, axis in zip(TITLES, AXES, strict=True)]
    for encoder, knowledge in ((Knowing(), 1), (Guessing(), 0)):
        for reads in ("image", ("title",)):
            leg = Leg("leg", COUNT, encoder.fingerprint, reads)
            assert calibrate(leg, encoder, cache, products)["words"].knowledge == knowledge


def test_no_more_words_are_read_than_count() -> None:
    assert len(words("a " * 100)) == MOST_WORDS
