"""How many products have a word, or what it stands for, and how many are to be expected of what is needed."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.word import Word
from hybridsearch.texts import stemming, text

SHARED = 3
"""Letters of a stem that forms of a word share, if it is a word by itself,"""
SURELY_SHARED = 4
"""and of any other."""
ENOUGH = 5
"""Products that are to be expected of what is needed;"""
SMALL = 50
"""in a catalogue of fewer than ENOUGH times as many, one of so many,"""
LEAST = 0.5
"""and at least half a one: of five products the only one that is red and a coat is meant, not all that is either."""


def having(form: str, language: str, lexicon: Lexicon) -> int:
    """Return how many products have a word, of several in one text at most."""
    words = text.sequence(form, language) if text.is_run(form) else form.split()
    return min((lexicon.count(word, language) for word in words), default=0)


def occurs(term: Word, lexicon: Lexicon, languages: Sequence[str]) -> bool:
    """Tell whether a product may have a term, or what it stands for."""
    return any(having(form, language, lexicon) for language in languages for form in term.forms(language))


def occurrences(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> int:
    """Return how many products have a word as it is spelled, or in another form.

    Of three letters that forms share one must be a word by itself, as `rot` is of `rotes`; less is left of too much.
    """
    if typed in lexicon.counts:
        return max(lexicon.count(typed, language) for language in languages)
    stems = {language: stemming.stem(typed, language) for language in languages}
    known = (
        language
        for language, stem in stems.items()
        if len(stem) >= SURELY_SHARED or (len(stem) >= SHARED and stem in lexicon.counts)
    )
    return max((lexicon.count(typed, language) for language in known), default=0)


def enough(lexicon: Lexicon) -> float:
    """Return how many products are to be expected of what is needed of a query."""
    return max(LEAST, min(ENOUGH, lexicon.documents / SMALL))
