"""What questions and names of fields are about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.asking.concepts import BOTH, FRAME, LANGUAGES, also, elements, rows, vocabulary


@pytest.mark.parametrize(
    "question",
    [
        "How heavy is it?",
        "Wie schwer ist es?",
        "Combien ça pèse ?",
        "¿Cuánto pesa?",
        "重さはどのくらいですか？",
        "这个有多重？",
    ],
)
def test_a_question_is_about_the_same_in_each_language(question: str) -> None:
    assert any("weight" in element.concepts for element in elements(question, LANGUAGES))


def test_names_of_fields_and_words_that_nobody_knows_are_read_too() -> None:
    assert [sorted(element.concepts) for element in elements("package weight", LANGUAGES)] == [["package"], ["weight"]]
    assert [(element.concepts, element.word) for element in elements("zorblax", LANGUAGES)] == [
        (frozenset(), "zorblax")
    ]


def test_a_word_of_latin_letters_in_a_chinese_question_is_not_cut() -> None:
    assert [element.word for element in elements("16GBの重さ", ("ja",))] == ["16gb", "重さ"]


def test_words_that_mean_several_things_at_once_are_read_as_all_of_them() -> None:
    assert [sorted(element.concepts) for element in elements("touchscreen", ("en",))] == [["display"], ["touch"]]
    assert [sorted(element.concepts) for element in elements("Prozessorsockel", ("de",))] == [["processor"], ["socket"]]


def test_a_compound_that_the_table_lacks_is_read_by_its_parts() -> None:
    assert [sorted(element.concepts) for element in elements("Betriebstemperatur", ("de",))] == [
        ["operating"],
        ["temperature"],
    ]


def test_a_question_with_kana_is_japanese() -> None:
    assert [sorted(element.concepts) for element in elements("CPUはコアいくつ", LANGUAGES)] == [
        ["processor"],
        ["cores"],
        ["quantity"],
    ]


def test_each_row_of_the_table_has_words_in_every_language() -> None:
    names = {row[0] for row in rows()}
    for row in rows():
        assert len(row) == 2 + len(LANGUAGES), row[0]
        assert all(row[2:]), row[0]
    assert all(others <= names for others in also().values())
    assert all(set(name.split(BOTH)) <= names for name in names)
    assert FRAME in names
    assert all(vocabulary(language).phrases for language in LANGUAGES)


@given(st.text(max_size=200))
def test_any_text_is_read(written: str) -> None:
    assert all(element.word for element in elements(written, LANGUAGES))
