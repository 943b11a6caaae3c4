"""Booleans: the words that six languages have for yes and no."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.fields import booleans
from hybridsearch.texts import stemming

YES = [
    "true",
    "True",
    "TRUE",
    "1",
    1,
    1.0,
    "1.0",
    "yes",
    "Y",
    "on",
    "ja",
    "J",
    "oui",
    "sí",
    "si",
    "SÍ",
    "s\u0069\u0301",
    "是",
    "有",
    "はい",
    "✓",
    "○",
]
NO = [
    "false",
    "False",
    "FALSE",
    "0",
    0,
    0.0,
    "0.0",
    "no",
    "N",
    "off",
    "nein",
    "non",
    "否",
    "无",
    "いいえ",
    "faux",
    "falso",
]


@pytest.mark.parametrize("word", [True, *YES, " ja ", "ＴＲＵＥ", [None, "yes", "no"]])
def test_these_are_true(word: Any) -> None:
    assert booleans.read(word) is True


@pytest.mark.parametrize("word", [False, *NO, " nein\n", ["", "no"]])
def test_these_are_false(word: Any) -> None:
    assert booleans.read(word) is False


@pytest.mark.parametrize("nothing", [None, "", "  ", [], [None, ""]])
def test_a_missing_answer_is_neither(nothing: Any) -> None:
    assert booleans.read(nothing) is None


@pytest.mark.parametrize("value", ["maybe", "2", 2, -1, 0.5, math.nan, math.inf, {"a": 1}, b"1", "truetrue", "yes no"])
def test_what_is_no_answer_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected true or false"):
        booleans.read(value)


def test_a_filter_takes_one_answer_or_both_in_any_words() -> None:
    assert booleans.values("ja") == (True,)
    assert booleans.values(["no", False, 1]) == (False, True)
    assert booleans.values([]) == booleans.values("") == ()
    with pytest.raises(ValueError, match="expected true or false"):
        booleans.values(["yes", "perhaps"])


def test_the_documentation_names_the_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    said = page.split("**Booleans** are")[1].split("in capitals")[0]
    for words, answer in zip(said.split("and `false`"), (booleans.TRUE, booleans.FALSE), strict=True):
        named = set(re.findall("`(.+?)`", words)) | ({"false"} if answer is booleans.FALSE else set())
        assert {stemming.unaccented(word) for word in named} == set(answer.split()) - {"1.0", "1.0000", "0.0", "0.0000"}


def test_no_word_means_both() -> None:
    assert not set(booleans.TRUE.split()) & set(booleans.FALSE.split())


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2))
def test_any_value_is_true_false_none_or_a_value_error(value: Any) -> None:
    with suppress(ValueError):
        assert booleans.read(value) in (True, False, None)
