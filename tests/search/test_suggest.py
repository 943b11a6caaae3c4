"""Candidates: how what is typed is read, and what may complete it."""

import pytest

from hybridsearch.search.filters.conditions import Terms
from hybridsearch.search.suggest.beginnings import Beginnings
from hybridsearch.search.suggest.concordance import Concordance
from hybridsearch.search.suggest.suggest import Candidate, Known, Typed, candidates, read
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.synonyms import NONE, parse

COUNTS = {
    "red": 40, "umbrella": 9, "umbrellas": 5, "umber": 2, "stand": 7, "the": 90, "thermos": 3, "galaxy": 4,
    "雨": 9, "雨伞": 4, "samsung": 8, "3": 5, "4": 5, "pipe": 3,
}  # fmt: skip
LEXICON = Lexicon(COUNTS, 100)
KNOWN = Known(
    LEXICON,
    Concordance(["Red umbrella", "Umbrella stand", "Umbrella stand oak", "红色雨伞"]),
    Beginnings({"red umbrella": 5.0, "umbrella big": 2.0}),
    {"category": {"kind": Beginnings({"Garden umbrellas": 9})}, "brand": {"maker": Beginnings({"Umbro": 3})}},
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("umb", Typed((), "umb")),
        ("Red UMB", Typed(("red",), "umb", "red ")),
        ("red ", Typed(("red",), "", "red ")),
        ("3/4 pi", Typed(("3", "4"), "pi", "3/4 ")),
        ("redd umb", Typed((), "umb")),
        ("umbrela st", Typed(("umbrella",), "st")),
        ("xyzzy umb", Typed((), "umb")),
        ("Café", Typed((), "cafe")),
        ("雨", Typed((), "雨")),
        ("アー", Typed((), "あー")),
        ("", Typed()),
        ("?!", Typed()),
        ('"red" umb', Typed(("red",), "umb")),
        ("a" * 100_000, Typed((), "a" * 256)),
    ],
)
def test_what_is_typed_is_words_and_a_beginning(given: str, expected: Typed) -> None:
    assert read(given, LEXICON, ["en"], NONE) == expected


def test_a_word_that_stands_for_others_is_kept_though_no_product_has_it() -> None:
    assert read("brolly st", LEXICON, ["en"], parse({"s": ("", "brolly, umbrella")})).before == ("brolly",)
    assert read("xyzzy st", None, ["en"], NONE).before == ("xyzzy",)


def texts(typed: Typed, kind: str, known: Known = KNOWN) -> list[str]:
    return [each.text for each in candidates(typed, known, 8) if each.kind == kind]


def test_queries_come_by_their_beginning_and_words_that_look_different() -> None:
    assert texts(Typed((), "umb"), "query") == ["umbrella big", "red umbrella"]
    assert texts(Typed((), "umb"), "word") == ["umbrella", "umbrella stand", "umbrella stand oak", "umber"]


def test_stop_words_are_no_completions() -> None:
    assert texts(Typed((), "th"), "word") == ["thermos"]


def test_a_value_is_found_by_the_end_of_what_is_typed() -> None:
    found = candidates(Typed(("red",), "umb", "red "), KNOWN, 8)
    assert Candidate("Garden umbrellas", "category", "red", (Terms("kind", ("Garden umbrellas",)),)) in found
    assert Candidate("Umbro", "brand", "red", (Terms("maker", ("Umbro",)),)) in found


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("umbrela", ["umbrella"]),
        ("smsu", ["samsung"]),
        ("sasmung", ["samsung"]),
        ("qalax", ["galaxy"]),
        ("smu", []),
        ("umbrella", ["umbrella", "umbrella stand", "umbrella stand oak"]),
    ],
)
def test_a_beginning_may_have_a_typo(last: str, expected: list[str]) -> None:
    assert texts(Typed((), last), "word") == expected


def test_words_that_no_title_has_together_are_left_out_from_the_front() -> None:
    found = candidates(Typed(("galaxy",), "sta", "galaxy "), KNOWN, 8)
    assert [(each.text, each.changed) for each in found if each.kind == "word"] == [
        ("galaxy stand", 0), ("stand", 2), ("stand oak", 2)
    ]  # fmt: skip


def test_a_run_of_signs_is_completed_from_titles_and_else_from_the_words_of_the_index() -> None:
    assert texts(Typed((), "雨"), "word") == ["雨伞"]
    assert texts(Typed((), "雨"), "word", Known(LEXICON, Concordance([]), Beginnings({}))) == ["雨", "雨伞"]


def test_nothing_typed_gives_what_is_popular() -> None:
    assert [each.text for each in candidates(Typed(), KNOWN, 8)] == [
        "red umbrella",
        "umbrella big",
        "Garden umbrellas",
        "Umbro",
    ]


def test_without_words_of_the_index_titles_and_values_are_left() -> None:
    found = Known(None, KNOWN.titles, KNOWN.queries, KNOWN.values)
    assert texts(Typed((), "umb"), "word", found) == ["umbrella", "umbrella stand", "umbrella stand oak"]


def test_a_word_is_not_said_twice_and_a_stop_word_leaves_nothing_out() -> None:
    assert "red umbrella umbrella" not in texts(Typed(("red", "umbrella"), "umb"), "word")
    assert texts(Typed(("galaxy",), "the"), "word") == ["galaxy the", "galaxy thermos"]
