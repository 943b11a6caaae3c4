"""The words of an index: how many products have one, and which are near to what was typed."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.search.words.lexicon import Lexicon

WORDS = Lexicon(
    {
        "umbrella": 8, "umbrellas": 3, "red": 40, "reds": 1, "blue": 30, "höhe": 4, "hohe": 2, "berry": 5, "berries": 1,
        "tshirt": 6, "jonglierkeulen": 1, "terrassenschrauben": 2, "schrauben": 9, "kleid": 7, "schrank": 5,
        "drill": 12, "cordless": 11, "跑步": 6, "鞋": 9, "wh1000xm5": 1,
    },
    60,
)  # fmt: skip


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("umbrella", 11),
        ("umbrellas", 11),
        ("hohe", 6),
        ("höhe", 6),
        ("berry", 6),
        ("berries", 6),
        ("gloves", 0),
    ],
)
def test_a_word_counts_in_all_its_forms(word: str, count: int) -> None:
    assert WORDS.count(word, "en") == count


def test_a_token_of_a_run_counts_as_it_is() -> None:
    assert WORDS.count("跑步", "zh") == 6


def test_no_more_products_have_a_word_than_there_are() -> None:
    assert Lexicon({"red": 9, "reds": 8}, 10).count("red", "en") == 10


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("umbrela", "umbrella"), ("umbrelal", "umbrella"), ("umbbrella", "umbrella"), ("unbrella", "umbrella")],
    ids=["left out", "swapped", "added", "replaced"],
)
def test_a_word_with_one_wrong_letter_is_recognised(typed: str, meant: str) -> None:
    assert WORDS.spellings(typed, 1)[0] == meant


def test_of_words_that_are_as_near_the_one_with_the_same_first_letter_and_then_the_more_frequent_comes_first() -> None:
    near = Lexicon({"cable": 50, "table": 5, "tables": 9, "tale": 7}, 100)
    assert near.spellings("tablee", 1) == ("tables", "table")
    assert near.spellings("tabel", 1) == ("table",)
    assert near.spellings("xable", 1) == ("cable", "table")


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("cordlessdrill", ("cordless", "drill")),
        ("kleiderschrank", ("kleid", "schrank")),
        ("redblue", ("red", "blue")),
        ("umbrella", None),
        ("gloves", None),
    ],
)
def test_two_words_that_were_written_as_one_are_found(written: str, parts: tuple[str, str] | None) -> None:
    assert WORDS.parts(written) == parts


def test_a_part_of_a_compound_finds_the_compound() -> None:
    assert WORDS.wholes("keulen") == ("jonglierkeulen",)
    assert WORDS.wholes("terrassen") == ("terrassenschrauben",)
    assert WORDS.wholes("umbrella") == ("umbrellas",)


@given(st.dictionaries(st.text("abcdeé", min_size=1, max_size=8), st.integers(1, 9), max_size=30), st.text(max_size=9))
@settings(max_examples=200, deadline=None)
def test_nothing_that_is_typed_is_answered_with_a_word_that_the_index_does_not_have(
    counts: dict[str, int], typed: str
) -> None:
    lexicon = Lexicon(counts, 9)
    found = [*lexicon.spellings(typed, 2), *lexicon.wholes(typed), *(lexicon.parts(typed) or ())] if typed else []
    assert set(found) <= counts.keys()


def test_a_large_lexicon_answers_within_the_time_of_a_search() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = {f"{letters[n % 26]}{letters[n // 26 % 26]}{letters[n // 676 % 26]}word{n:x}": 1 for n in range(65_000)}
    large = Lexicon({word.translate(str.maketrans("0123456789", letters[:10])): 1 for word in words}, 65_000)
    large.spellings("awordlike", 2)
    started = time.process_time()
    for number in range(20):
        typed = f"unknown{letters[number]}word"
        large.count(typed, "en")
        large.spellings(typed, 1)
        large.parts(typed)
        large.wholes(typed)
        large.spellings(typed, 2)
    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    ("letters", "completed"),
    [
        ("umb", ("umbrella", "umbrellas")),
        ("ho", ("höhe", "hohe")),
        ("re", ("red", "reds")),
        ("跑", ("跑步",)),
        ("zebra", ()),
    ],
)
def test_a_beginning_is_completed_to_the_words_of_which_there_is_more(letters: str, completed: tuple[str, ...]) -> None:
    assert WORDS.completions(letters) == completed
    assert WORDS.completions(letters) == completed


@pytest.mark.parametrize(
    ("letters", "near"),
    [
        ("umbella", ("umbrella",)),
        ("umrbel", ("umbrel",)),
        ("schraxb", ("schraub",)),
        ("codrl", ("cordl",)),
        ("xmbrel", ("umbrel",)),
        ("zebra", ()),
    ],
)
def test_beginnings_are_found_that_one_letter_is_wrong_in(letters: str, near: tuple[str, ...]) -> None:
    assert WORDS.beginnings_near(letters) == near


def test_a_language_in_which_nothing_more_is_found_is_left_out() -> None:
    words = Lexicon({"umbrella": 3, "umbrellas": 2, "lampe": 4, "lampen": 3, "red": 5}, 20)
    assert words.forms("lampe", "de") == {"lampe", "lampen"}
    assert words.forms("lampe", "en") == {"lampe"}
    assert words.telling(["red"], ["en", "de"]) == ["en"]
    assert words.telling(["lampe"], ["en", "de"]) == ["de"]
    assert words.telling(["umbrellas", "lampe"], ["en", "de"]) == ["en", "de"]
    assert words.telling(["red", "lampe"], ["en", "de"]) == ["de"]


def test_irregular_forms_are_counted_as_forms_of_one_word() -> None:
    lexicon = Lexicon({"mice": 2, "mouse": 3, "mousepad": 1, "luz": 1, "luces": 2}, 10)
    assert lexicon.count("mouse", "en") == lexicon.count("mice", "en") == 5
    assert lexicon.count("luz", "es") == lexicon.count("luces", "es") == 3
