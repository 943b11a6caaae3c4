"""Spelling: which words of an index are meant by one that hardly a product has."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import enough, occurrences
from hybridsearch.search.words.word import SPELLING, Word
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import stop_words
from hybridsearch.texts.units import is_measure

SHORTEST = 3
"""Letters of a word that may be misspelt: a shorter one is near to too much,"""
SHORTEST_PART = 4
"""and of one that may be a part of others."""
SHORTEST_STEM = 5
"""Letters of a stem that may be misspelt."""
LONG = 8
"""Letters from which on two of them may be wrong."""


def joined(words: Sequence[Word], lexicon: Lexicon) -> list[Word]:
    """Return the words, each two neighbours also as the one word that they make, where the index mostly has that.

    The rarer of the two must be no more frequent: a rare spelling counts more than a frequent one, and would lead.
    """
    result = list(words)
    for place, (first, second) in enumerate(itertools.pairwise(words)):
        together = first.typed + second.typed
        apart = min(lexicon.counts.get(word.typed, 0) for word in (first, second))
        if lexicon.counts.get(together, 0) >= max(1, apart) and not text.is_run(together):
            for part in (place, place + 1):
                others = (*result[part].others, together)
                result[part] = replace(result[part], others=others, why="written together")
    return result


def understood(word: Word, lexicon: Lexicon, languages: Sequence[str]) -> list[Word]:
    """Return a word with what it may stand for, where hardly a product has it as it was typed; or its two parts."""
    typed = word.typed
    if (
        word.others
        or word.alike
        or len(typed) < SHORTEST
        or text.is_run(typed)
        or typed in stop_words(tuple(languages))
    ):
        return [word]
    if not typed.isalpha():
        return with_digits(word, lexicon)
    known = occurrences(typed, lexicon, languages)
    if known >= enough(lexicon):
        return [word]
    if not is_written(typed, lexicon, languages) and (near := spellings(typed, lexicon, languages)):
        return [replace(word, others=near, why=SPELLING)]
    if not known and (parts := lexicon.parts(typed)):
        guessed = any(map(lexicon.is_slight, parts))
        return [replace(word, others=(part,), why=SPELLING, guessed=guessed) for part in parts]
    if len(typed) >= SHORTEST_PART and (wholes := lexicon.wholes(typed)):
        return [replace(word, others=wholes, why="part of them")]
    if not known and len(typed) >= LONG and (near := lexicon.spellings(typed, 2)):
        return [replace(word, others=near, why=SPELLING)]
    return [word]


def is_written(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> bool:
    """Tell whether an index has a word, with whatever accents: `hohe` is `höhe`, and no misspelt `hose`."""
    if typed in lexicon.counts:
        return True
    plain = stemming.unaccented(typed)
    forms = (form for language in languages for form in lexicon.forms(typed, language))
    return any(stemming.unaccented(form) == plain for form in forms)


def with_digits(word: Word, lexicon: Lexicon) -> list[Word]:
    """Return a word with digits that no product has in two parts, `iphone15`, or with longer ones that begin so."""
    typed = word.typed
    if typed in lexicon.counts or not (plain := typed.replace(".", "")).isalnum() or plain.isdecimal():
        return [word]
    borders = (at for at in range(1, len(typed)) if typed[at - 1].isdecimal() != typed[at].isdecimal())
    halves = [(typed[:at], typed[at:]) for at in borders]
    known = [pair for pair in halves if all(half in lexicon.counts and len(half) > half.isalpha() for half in pair)]
    if known:
        parts = max(known, key=lambda pair: min(lexicon.counts[half] for half in pair))
        return [replace(word, others=(part,), why=SPELLING) for part in parts]
    if len(typed) >= SHORTEST_PART and not is_measure(typed) and (wholes := lexicon.wholes(typed)):
        return [replace(word, others=wholes, why="part of them")]
    return [word]


def spellings(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> tuple[str, ...]:
    """Return the words one letter away from a word, or else from its stem: of `earbuds` there may be `earbud` alone.

    Without those that are looked for anyway, as they have the same stem.
    """
    stems = {language: stemming.stem(typed, language) for language in languages}
    tried = dict.fromkeys([typed, *(stem for stem in stems.values() if len(stem) >= SHORTEST_STEM)])
    near = (
        tuple(
            other
            for other in lexicon.spellings(each, 1)
            if not any(stemming.stem(other, language) == stem for language, stem in stems.items())
        )
        for each in tried
    )
    return next(filter(None, near), ())
