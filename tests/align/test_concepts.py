"""What the lexicon knows about products, and the phrases that it has for it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.align.concepts import Concepts
from hybridsearch.align.lexicon import LANGUAGES, Claim, lexicon
from hybridsearch.align.texts import agree
from tests.align.builders import claim


@pytest.mark.parametrize(
    ("language", "values", "title", "expected"),
    [
        ("en", ["Tshirts", "Navy Blue"], "", claim("t-shirt", "navy")),
        ("en", ["Shoes", "Sandals"], "", claim("sandal")),
        ("en", ["Casual", "Fall"], "Acme Grey Hammers", claim("hammer", "grey")),
        ("en", ["Black"], "White hammer", claim("hammer", "black")),
        ("en", ["Hammers", "Mugs"], "", claim()),
        ("de", ["Rucksäcke"], "roter Rucksack", claim("backpack", "red")),
        ("ja", [], "赤いハンマー", claim("hammer", "red")),
        ("en", ["Quux"], "Zorp 7", claim()),
    ],
)
def test_the_lexicon_knows_kinds_and_colours(language: str, values: list[str], title: str, expected: Claim) -> None:
    known = Concepts.of(lexicon(), [language]).known(values, title, [language])
    assert (known.kinds, known.colours) == (expected.kinds, expected.colours)


@given(st.sampled_from(LANGUAGES), st.integers(0, 10_000))
def test_what_the_lexicon_says_is_true(language: str, seed: int) -> None:
    concepts = Concepts.of(lexicon(), ["en"])
    known = concepts.known(["Sandals", "Navy Blue"], "", ["en"])
    phrase = concepts.phrase_about(known, language, random.Random(seed))
    assert phrase is not None
    match, _ = agree([known], [phrase[1]])
    assert match.all()


def test_there_is_no_phrase_about_what_the_lexicon_does_not_know() -> None:
    assert Concepts.of(lexicon(), ["en"]).phrase_about(claim(), "de", random.Random(0)) is None
