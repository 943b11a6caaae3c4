"""The phrases that are asked where nothing is judged."""

from __future__ import annotations

import pytest

from hybridsearch.align import questions
from hybridsearch.align.questions import phrases
from tests.align.builders import make_pair

PAIRS = [make_pair(str(n), f"thing {n}", brand="Acme", color=("red", "blue")[n % 2]) for n in range(10)]


def test_a_phrase_asks_for_all_products_that_have_its_values() -> None:
    by_values = {frozenset(question.text.split()): question.relevant for question in phrases(PAIRS, "en", 0)}
    assert by_values[frozenset({"red", "Acme"})] == [0, 2, 4, 6, 8]
    assert by_values.get(frozenset({"Acme"}), list(range(10))) == list(range(10))


def test_a_phrase_is_asked_once_and_the_seed_decides_which() -> None:
    texts = [question.text for question in phrases(PAIRS, "en", 0)]
    assert len(texts) == len(set(texts))
    assert phrases(PAIRS, "en", 0) == phrases(PAIRS, "en", 0)


def test_a_phrase_that_fits_too_many_products_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST_ANSWERS", 5)
    assert "Acme" not in {question.text for question in phrases(PAIRS, "en", 0)}


def test_products_without_values_are_asked_for_by_no_phrase() -> None:
    assert phrases([make_pair("1", "Red mug")], "en", 0) == []
