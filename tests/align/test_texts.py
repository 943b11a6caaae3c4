"""The texts of training are true of their products, and it is known what else they fit."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.align.texts import Writer, agree, entropies, fits, weighted_sample
from tests.align.builders import claim, make_pair


def test_a_field_is_as_informative_as_its_values_are_spread() -> None:
    pairs = [make_pair(str(n), season="Fall", kind="abcd"[n % 4]) for n in range(8)]
    assert entropies(pairs) == pytest.approx({"season": 0.1, "kind": 0.1 + math.log(4)})


def test_informative_fields_are_drawn_more_often() -> None:
    rng = random.Random(0)
    drawn = [weighted_sample(["dull", "informative"], [0.1, 2.0], 1, rng)[0] for _ in range(1000)]
    assert drawn.count("informative") == pytest.approx(1000 * 2.0 / 2.1, abs=30)


def test_a_text_fits_every_product_of_which_all_that_it_states_is_true() -> None:
    red, mug, cup = ("color", "red"), ("kind", "mug"), ("kind", "cup")
    known = [frozenset({red, mug}), frozenset({red, cup})]
    stated = [frozenset({red}), frozenset({mug}), frozenset({red, cup})]
    assert fits(known, stated).tolist() == [[True, True, False], [True, False, True]]


@given(st.integers(0, 3), st.integers(0, 10_000))
def test_what_is_stated_about_a_product_is_true_of_it(position: int, seed: int) -> None:
    writer = Writer(
        [
            make_pair("1", "Red mug", color="red", kind="mug"),
            make_pair("2", "Big blue cup 7", color="blue"),
            make_pair("3", "Kanne"),
            make_pair("4", kind="mug", maker="Acme", color="Sea Green"),
        ],
        "en",
    )
    for write in (writer.title, writer.phrase):
        statement = write(position, random.Random(seed))
        assert statement.text
        assert statement.facts <= writer.facts(position)


def test_claims_match_clash_or_leave_it_open() -> None:
    known = [claim("boot", "red"), claim("boot sandal"), claim("", "blue")]
    stated = [claim("boot"), claim("boot sandal", "red"), claim("", "blue")]
    match, clash = agree(known, stated)
    assert match.tolist() == [[True, True, False], [False, False, False], [False, False, True]]
    assert clash.tolist() == [[False, False, True], [False, False, False], [False, True, False]]
