"""Colours: words of six languages that stand for each other."""

import pytest

from hybridsearch.search.words.colours import colours, folded, names, others


@pytest.mark.parametrize("word", ["black", "Schwarz", "NOIRE", "negras", "黒い", "黑色", "ブラック"])
def test_a_colour_stands_for_its_words_in_every_language(word: str) -> None:
    assert {"black", "schwarz", "noir", "negro", "黒", "黑"} <= set(others(word))


def test_accents_and_case_make_no_difference() -> None:
    assert others("grün") == others("GRUN") == others("green")


def test_a_word_may_be_two_colours() -> None:
    assert names()[folded("青色")] == ("blue", "cyan")
    assert {"blue", "cyan"} <= set(others("青色"))


def test_what_is_no_colour_stands_for_nothing() -> None:
    assert others("umbrella") == others("") == ()


def test_each_colour_begins_with_its_english_name_and_repeats_no_word() -> None:
    assert all(words[0] == name and len(words) == len(set(words)) for name, words in colours().items())
