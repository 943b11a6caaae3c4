"""Letters that make a word are told from those that make none, by the words of an index and of six languages."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.likely import FEWEST, HELD_OUT, Letters, endings, of_goods, tails

LETTERS = Letters(of_goods())


def test_a_letter_is_told_by_the_two_before_it_and_the_last_one_by_the_end_of_the_word() -> None:
    assert list(endings("ab")) == ["^^a", "^ab", "ab$"]
    assert tails("^ab") == ["b", "ab", "^ab"]


def test_a_letter_that_was_always_seen_is_likelier_than_one_that_never_was() -> None:
    """Worked out by hand: of `aa` and `ab`, where `aa`, the first, is held out."""
    letters = Letters(["aa", "ab"])
    last = (1 + 3 * (1 / 4)) / (3 + 3)  # seen once among three letters of three kinds; all are as likely before that
    before = (1 + 1 * last) / (1 + 1)
    each = (1 + 1 * before) / (1 + 1)
    assert letters.likeliness("ab") == pytest.approx(math.log(each))
    assert letters.likeliness("ba") < letters.likeliness("ab")


@pytest.mark.parametrize(
    "word",
    ["vacuum", "Staubsauger", "aspirateur", "lámpara", "mozzarella", "iphone15", "500", "傘", "насос", "우산", ""],
)
def test_words_of_six_languages_digits_and_letters_of_which_nothing_is_known_may_make_a_word(word: str) -> None:
    assert LETTERS.make_a_word(word.lower())


@pytest.mark.parametrize("word", ["hjkl", "qwrtzp", "xcvbnm", "jqjqjq", "x7f9q2k", "aaaaaaaa", "fgkjdhs"])
def test_runs_of_keys_and_letters_drawn_by_chance_make_none(word: str) -> None:
    assert not LETTERS.make_a_word(word)


@pytest.mark.parametrize("words", [[], ["umbrella"], [f"word{chr(97 + n % 26)}" for n in range(FEWEST)]])
def test_a_few_words_tell_nothing(words: Sequence[str]) -> None:
    assert len(words) < HELD_OUT * FEWEST
    assert Letters(words).make_a_word("hjkl")


def test_a_name_that_many_words_of_an_index_are_like_makes_a_word_there() -> None:
    """As a shop of Welsh books has them, which none of the six languages has."""
    names = {f"{first}wyr{middle}wch{last}": 9 for first in "bcdfglmnp" for middle in "bdfglmnr" for last in "aeiouwy"}
    assert not LETTERS.make_a_word("xwyrdwch")
    assert Lexicon(names, 100).letters.make_a_word("xwyrdwch")
