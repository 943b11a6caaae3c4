"""Beginnings: which texts are found by the beginning of a word, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.suggest.beginnings import MOST, Beginnings, plain

QUERIES = {
    "red umbrella": 5.0,
    "umbrella": 3.0,
    "umbrella stand": 9.0,
    "Café crème": 1.0,
    "アームチェア 赤": 2.0,
    "雨伞": 1.0,
}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("umb", ("umbrella stand", "umbrella", "red umbrella")),
        ("umbrella s", ("umbrella stand",)),
        ("red umb", ("red umbrella",)),
        ("mbrella", ()),
        ("cafe", ("Café crème",)),
        ("creme", ("Café crème",)),
        ("あーむ", ("アームチェア 赤",)),
        ("伞", ("雨伞",)),
        ("zebra", ()),
    ],
)
def test_a_text_is_found_by_the_beginning_of_its_words(typed: str, expected: tuple[str, ...]) -> None:
    assert Beginnings(QUERIES).of(typed) == expected


def test_only_a_part_of_a_text_may_be_looked_at() -> None:
    paths = Beginnings({"Home > Kitchen": 2, "Home > Kitchen > Kettles": 1}, lambda path: path.rpartition(" > ")[2])
    assert paths.of("ki") == ("Home > Kitchen",)
    assert paths.of("home") == ()


def test_those_with_the_largest_weights_come_first_and_ties_are_in_order() -> None:
    assert Beginnings({"b": 1, "a": 1, "c": 2}).first(2) == ("c", "a")
    assert len(Beginnings({f"word {number}": 1 for number in range(100)}).of("w")) == MOST


@given(st.text(), st.text(max_size=5))
def test_any_text_can_be_looked_for_in_any_other(kept: str, typed: str) -> None:
    found = Beginnings({kept: 1.0}).of(plain(typed))
    assert found in ((), (kept,))
    assert Beginnings({kept: 1.0}).of(plain(kept)[:5]) == (kept,)
