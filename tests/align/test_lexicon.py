"""The lexicon: every word of every language, and phrases that name what they claim."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.align.lexicon import LANGUAGES, lexicon


def test_every_concept_has_a_usual_word_that_training_may_use_in_every_language() -> None:
    for concepts in lexicon().concepts.values():
        for concept in concepts.values():
            assert list(concept.words) == list(LANGUAGES)
            assert all(concept.usual(language).text and not concept.usual(language).held_out for language in LANGUAGES)


def test_a_group_covers_kinds_and_a_kind_covers_itself() -> None:
    kinds = lexicon().concepts["kind"]
    assert all(kind.members == {name} for name, kind in kinds.items())
    for group in lexicon().concepts["group"].values():
        assert all(member in kinds or member.startswith("@") for member in group.members)  # @: a class of photos


def test_a_word_means_all_that_it_means_in_any_language() -> None:
    words = lexicon().concepts["colour"]["blue"].words["ja"]
    word = next(word for word in words if word.text == "青色")
    assert lexicon().meaning("colour", word) == {"blue", "turquoise"}


@pytest.mark.parametrize(("language", "expected"), [("de", "roter"), ("fr", "rouge"), ("en", "red")])
def test_an_adjective_agrees_with_its_noun(language: str, expected: str) -> None:
    concepts = lexicon().concepts
    noun = concepts["kind"]["hammer"].usual(language)
    assert concepts["colour"]["red"].usual(language).agreeing(noun) == expected


@given(st.sampled_from(LANGUAGES), st.integers(0, 10_000))
def test_a_phrase_claims_the_kind_and_the_colour_that_it_was_asked_for(language: str, seed: int) -> None:
    kind = lexicon().concepts["kind"]["hammer"]
    phrase, claim = lexicon().phrase(language, random.Random(seed), kind, "red")
    assert phrase
    assert claim.kinds >= {"hammer"}
    assert claim.colours >= {"red"}
    assert claim.patterns == frozenset()


@given(st.integers(0, 10_000))
def test_held_out_words_are_never_drawn(seed: int) -> None:
    rng = random.Random(seed)
    for kind in lexicon().concepts["kind"].values():
        assert not kind.pick(rng.choice(LANGUAGES), rng).held_out
