"""Synonyms: rules as Solr writes them, what they make of a query, and what is wrong with some of them."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.search.clauses import Words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.reading import read
from hybridsearch.search.words.synonyms import MOST, Alike, Synonyms, parse, unused
from hybridsearch.search.words.telling import in_language, present
from hybridsearch.texts import text

LEXICON = Lexicon(
    {"tee": 3, "shirt": 20, "t": 9, "laptop": 12, "ultrabook": 4, "red": 30, "parasol": 6, "umbrella": 7}, 90
)
LANGUAGES = ("en", "zh")


def rules(written: str, language: str = "") -> Synonyms:
    return parse({"synonyms.txt": (language, written)})


def tokens(typed: str, synonyms: Synonyms, language: str = "en", lexicon: Lexicon | None = LEXICON) -> object:
    """Return what is searched for instead of each word."""
    part = text.fields_by_language(typed, LANGUAGES)[language]
    found = in_language(read(typed, lexicon, LANGUAGES, synonyms), part, language, lexicon, 0.2)
    return found and found.tokens


@pytest.mark.parametrize(
    ("rule", "typed", "expected"),
    [
        ("umbrella, parasol", "red umbrella", (("red",), ("umbrella", "parasol"))),
        ("umbrella, parasol", "Parasols", (("parasol", "umbrella"),)),
        ("umbrella, parasol", "laptop", (("laptop",),)),
        ("tee, t shirt", "red tee", (("red",), ("tee", "t shirt"))),
        ("tee, t-shirt", "t-shirt red", (("t shirt", "tee"), ("red",), ("tshirt", "tee"))),
        ("tee, t-shirt", "tshirt", (("tshirt", "tee"),)),
        ("tee, t shirt", "t shirts", (("t shirt", "tee"),)),
        ("red bag, tote", "red bag", (("red",), ("bag",))),
        ("notebook => laptop, ultrabook", "notebook", (("laptop", "ultrabook"),)),
        ("notebook => laptop, ultrabook", "laptop", (("laptop",),)),
        ("t shirt => tee", "red t shirt", (("red",), ("tee",))),
        ("shirt, blouse\nt shirt, tee", "t shirt", (("t shirt", "tee"),)),
        ("brolly, umbrella\nbrolly, parasol", "brolly", (("brolli", "umbrella", "parasol"),)),
        ("café, cafe bar", "CAFE", (("cafe", "cafe bar"),)),
        (r"a\,b, c", "red", (("red",),)),
    ],
)
def test_a_word_stands_for_others(rule: str, typed: str, expected: object) -> None:
    assert tokens(typed, rules(rule)) == expected


def test_words_stand_for_others_where_the_words_of_the_index_are_not_known() -> None:
    assert tokens("red umbrella", rules("umbrella, parasol"), lexicon=None) == (("red",), ("umbrella", "parasol"))


def test_a_misspelt_word_stands_for_what_the_right_one_does_and_only_the_spelling_is_noted() -> None:
    reading = read("umbrela", LEXICON, LANGUAGES, rules("umbrella, parasol"))
    assert reading.words[0].forms("en") == ("umbrela", "umbrella", "parasol")
    assert reading.notes == ("'umbrela' was also read as umbrella",)


def test_a_word_with_synonyms_is_not_corrected() -> None:
    assert read("umbrela", LEXICON, LANGUAGES).words[0].others == ("umbrella",)
    assert read("umbrela", LEXICON, LANGUAGES, rules("umbrela, awning")).words[0].others == ()


@pytest.mark.parametrize(
    ("rule", "typed", "expected"),
    [
        ("笔记本, 手提电脑", "笔记本", (("笔记 笔记本", "手提 电脑 手提电脑"),)),
        ("笔记本, 手提电脑", "轻薄笔记本", (("轻薄",), ("轻",), ("薄",), ("笔记 笔记本", "手提 电脑 手提电脑"))),
        ("手提电脑 => laptop", "手提电脑", (("laptop",),)),
    ],
)
def test_a_term_in_chinese_is_found_inside_of_a_run(rule: str, typed: str, expected: tuple[object, ...]) -> None:
    found = tokens(typed, rules(rule), "zh")
    assert isinstance(found, tuple)
    assert set(expected) <= set(found)
    assert found[-1] == expected[-1]


def test_a_word_stands_for_one_of_another_script_in_its_field() -> None:
    synonyms = rules("iphone, 苹果手机")
    for typed, language, expected in (("iphone", "zh", "苹果"), ("苹果手机", "en", "iphon")):
        reading = read(typed, None, LANGUAGES, synonyms)
        parts = reading.parts(text.fields_by_language(typed, LANGUAGES), LANGUAGES)
        found = in_language(reading, parts[language], language, None, 0.2)
        assert found
        assert expected in " ".join(found.flat)
    assert read("red", None, LANGUAGES, synonyms).parts({"en": "red"}, LANGUAGES) == {"en": "red"}


def test_stop_words_of_a_term_are_not_needed() -> None:
    assert tokens("the north face", rules("the north face, tnf"), lexicon=None) == (("north face", "tnf"),)


def test_the_rules_of_a_language_hold_in_its_field_alone() -> None:
    synonyms = parse({"all.txt": ("", "tee, shirt"), "zh.txt": ("zh", "tee => t恤")})
    assert read("tee", None, LANGUAGES, synonyms).words[0].forms("en") == ("tee", "shirt")
    assert read("tee", None, LANGUAGES, synonyms).words[0].forms("zh") == ("shirt", "t 恤")


def test_a_word_counts_what_it_stands_for_too() -> None:
    alone = in_language(read("red tee", LEXICON, LANGUAGES), "red tee", "en", LEXICON, 0.2)
    both = in_language(read("red tee", LEXICON, LANGUAGES, rules("tee, shirt")), "red tee", "en", LEXICON, 0.2)
    assert isinstance(alone, Words)
    assert isinstance(both, Words)
    assert both.tells[1] < alone.tells[1]  # 23 products have it, and not 3


def test_a_rare_synonym_counts_no_more_than_what_was_typed() -> None:
    """All forms have the idf of the most frequent one, a fifth less what was not typed: 20, 3 and 9 of 90 have them."""
    found = in_language(read("shirt", LEXICON, LANGUAGES, rules("shirt, tee, t shirt")), "shirt", "en", LEXICON, 0.2)
    assert found
    shirt, tee, t = (math.log(1 + (90 - count + 0.5) / (count + 0.5)) for count in (20, 3, 9))
    assert dict(found.factors) == pytest.approx(
        {"tee": 0.8 * shirt / tee, "t shirt": 0.8 * shirt / (t + shirt)}, abs=1e-4
    )
    assert present(found, 1.0).factors == found.factors
    plain = in_language(read("shirt", LEXICON, LANGUAGES), "shirt", "en", LEXICON, 0.2)
    assert plain
    assert plain.factors == ()


def test_lines_that_are_no_rules_are_problems_and_the_others_are_used() -> None:
    synonyms = rules(
        "# comment\n\na, b\nalone\na => b => c\n=> d\nx,\none two three four five six seven eight nine, n\n"
    )
    assert sorted(synonyms.rules) == [("a",), ("b",)]
    assert [problem.split("'")[0] + problem.rsplit("'", 1)[1] for problem in synonyms.problems] == [
        "synonyms.txt:4:  has one term, expected others that it stands for: a, b",
        "synonyms.txt:5: , or nothing beside it; expected: a, b => c",
        "synonyms.txt:6: , or nothing beside it; expected: a, b => c",
        "synonyms.txt:7:  has one term, expected others that it stands for: a, b",
        "synonyms.txt:8:  has more than 8 words, which is no term that shoppers type",
    ]


def test_two_terms_that_are_replaced_by_each_other_are_named() -> None:
    (problem,) = rules("tee => t shirt\nt shirt => tee\na => b\nb, a").problems
    assert problem == "'t shirt' is replaced by 'tee' and 'tee' by 't shirt': write 't shirt, tee' instead"
    assert rules("cell phone, handset, handy => cell phone, handset").problems == ()


def test_10_000_synonyms_of_one_word_are_cut_and_read_in_a_moment() -> None:
    started = time.perf_counter()
    synonyms = rules(", ".join(f"word{number}" for number in range(10_000)))
    (alike,) = synonyms.of(["word0"], LANGUAGES)
    assert alike.forms == tuple(f"word{number}" for number in range(1, MOST + 1))
    assert time.perf_counter() - started < 10


def test_terms_that_stand_for_nothing_that_a_product_has_are_found() -> None:
    synonyms = rules("tee, shirt\nnotebook => netbook\nbrolly, gamp\nt恤 => red shirt")
    assert set(unused(synonyms, LEXICON)) == {"notebook", "brolly", "gamp"}


def test_no_rules_change_nothing() -> None:
    assert read("red tee", LEXICON, LANGUAGES, Synonyms()) == read("red tee", LEXICON, LANGUAGES)
    assert Synonyms().of(["red"], LANGUAGES) == ()
    assert Synonyms({("a",): [Alike(("b",))]}).of(["c"], LANGUAGES) == ()


@given(st.text(alphabet="ab ,=>\\#-笔记本\n", max_size=60), st.text(alphabet="ab -笔记本", max_size=20))
def test_whatever_is_written_and_typed_is_read(written: str, typed: str) -> None:
    synonyms = rules(written)
    for language, part in text.fields_by_language(typed, LANGUAGES).items():
        in_language(read(typed, LEXICON, LANGUAGES, synonyms), part, language, LEXICON, 0.2)
