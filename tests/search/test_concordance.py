"""The concordance: which phrases continue what is typed, and which words stand beside others."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.suggest.beginnings import plain
from hybridsearch.search.suggest.concordance import Concordance

TITLES = [
    "Memory foam pillow",
    "Memory foam pillow, large",
    "Memory card 16 GB",
    "Memory card 32 GB - black",
    "Desk lamp for kids",
    "Desk lamp (LED) with clamp",
    "Sac à dos blanc",
    "Sac à dos",
    "红色雨伞",
    "黑色雨伞 大",
    "红色手提包",
    "红色手套",
    "自転車 赤",
]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("mem", ("memory", "memory card", "memory foam pillow")),
        ("memory f", ("memory foam pillow",)),
        ("foam", ("foam pillow",)),
        ("pillow l", ()),
        ("desk", ("desk lamp",)),
        ("desk l", ("desk lamp", "desk lamp for kids")),
        ("sac a", ("sac à dos", "sac à dos blanc")),
        ("lamp ", ("lamp for kids",)),
        ("雨", ("雨伞", "雨伞 大")),
        ("红", ("红色手套", "红色手提包", "红色雨伞")),
        ("じて", ()),
        ("自", ("自転車 赤",)),
        ("zebra", ()),
    ],
)
def test_titles_continue_what_is_typed(typed: str, expected: tuple[str, ...]) -> None:
    assert Concordance(TITLES).continuations(typed, 9) == expected


def test_a_run_of_signs_that_ends_no_word_is_a_word_where_titles_go_on_in_three_ways() -> None:
    assert Concordance(["蓝牙耳机", "蓝牙音箱"]).continuations("蓝", 9) == ("蓝牙耳机", "蓝牙音箱")
    assert Concordance(["蓝牙耳机", "蓝牙音箱", "蓝牙键盘"]).continuations("蓝", 9)[0] == "蓝牙"


def test_a_phrase_of_one_title_is_none_in_a_large_catalogue_unless_words_stand_before_it() -> None:
    titles = [*(f"thing number {number}" for number in range(1_100)), "umbrella stand"]
    assert Concordance(titles).continuations("umb", 9) == ()
    assert Concordance(titles).continuations("umbrella s", 9) == ("umbrella stand",)


def test_words_are_found_that_follow_others_in_a_title() -> None:
    titles = ["Bluetooth stereo headphones", "Bluetooth headset, stereo headphones", "Headphones bluetooth"]
    found = Concordance(titles)
    assert found.beside(["bluetooth"], "hea", 9) == ["headphones", "headset"]
    assert found.beside(["stereo", "bluetooth"], "hea", 9) == ["headphones"]
    assert found.beside(["bluetooth"], "zebra", 9) == []


def test_a_large_sample_is_looked_through_in_a_moment() -> None:
    found = Concordance(f"common word{number} other" for number in range(10_000))
    started = time.perf_counter()
    for letters in ("c", "co", "com", "w", "o"):
        found.continuations(letters, 9)
    assert time.perf_counter() - started < 1


@given(st.lists(st.text(alphabet="ab é雨伞ケ-,ß ", max_size=12), max_size=5), st.text(alphabet="abe雨ケs ", max_size=4))
def test_a_phrase_begins_with_what_was_typed_and_stands_in_a_title(titles: list[str], typed: str) -> None:
    for phrase in Concordance(titles).continuations(plain(typed), 9):
        assert plain(phrase).startswith(plain(typed))
        assert any(plain(phrase) in plain(title) for title in titles)
