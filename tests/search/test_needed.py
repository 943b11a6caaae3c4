"""What is `needed` of words that count differently, against all that a product may have of them."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.clauses import Words


@pytest.mark.parametrize(
    ("tells", "needed", "least"),
    [((500, 300, 200), 200, 1), ((500, 300, 200), 500, None), ((500, 300, 200), 801, 3), ((400, 300, 300), 500, 2)],
)
def test_how_many_words_are_needed_may_depend_on_which_they_are(
    tells: tuple[int, ...], needed: int, least: int | None
) -> None:
    assert Words("en", (("a",), ("b",), ("c",)), tells, needed).least == least


@given(tells=st.lists(st.integers(1, 20), min_size=1, max_size=6), data=st.data())
def test_the_words_that_are_certain_and_so_many_others_are_what_counts_enough(
    tells: list[int], data: st.DataObject
) -> None:
    needed = data.draw(st.integers(1, sum(tells)))
    certain = Words("en", tuple((str(place),) for place in range(len(tells))), tuple(tells), needed).certain
    if certain is None:
        return
    places, others = certain
    for had in itertools.product([False, True], repeat=len(tells)):
        enough = sum(itertools.compress(tells, had)) >= needed
        besides = sum(there for place, there in enumerate(had) if place not in places)
        assert enough == (all(had[place] for place in places) and besides >= others)


def test_products_have_one_of_the_words_without_which_the_others_are_not_enough() -> None:
    assert Words("en", (("a",), ("b",), ("c",)), (150, 600, 250), 300).essential == (1, 2)  # 150 is not enough


@given(tells=st.lists(st.integers(1, 20), min_size=1, max_size=6), data=st.data())
def test_whatever_has_enough_has_an_essential_word_and_no_fewer_words_are_that(
    tells: list[int], data: st.DataObject
) -> None:
    needed = data.draw(st.integers(1, sum(tells)))
    essential = Words("en", tuple((str(place),) for place in range(len(tells))), tuple(tells), needed).essential
    others = [told for place, told in enumerate(tells) if place not in essential]
    assert sum(others) < needed <= sum(others) + min(tells[place] for place in essential)
