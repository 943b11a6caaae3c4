"""Reading: from what a shopper typed to the words of this index that may be meant. A pure function of values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hybridsearch.runtime.remembered import remembered
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import occurs
from hybridsearch.search.words.spelling import joined, understood
from hybridsearch.search.words.synonyms import NONE, Synonyms
from hybridsearch.search.words.terms import called_here, standing_for
from hybridsearch.search.words.word import ABROAD, SPELLING, Word
from hybridsearch.texts import text


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it is understood.

    Attributes:
        words: In order.
        spelled: The query as the index spells it; empty where it is spelled as it was typed.
        dropped: Words that no product has, in no form and under no other name, so that none is needed.
    """

    words: tuple[Word, ...]
    spelled: str = ""
    dropped: tuple[str, ...] = ()

    def parts(self, parts: Mapping[str, str], languages: Iterable[str]) -> dict[str, str]:
        """Return the parts of a query by language: all of it where a word stands for one of another script."""
        whole = " ".join(word.typed for word in self.words)
        crossed = {language for language in languages if any(word.crosses(language) for word in self.words)}
        named = (language for language in languages if language in parts or language in crossed)
        return {language: whole if language in crossed else parts[language] for language in named}

    @remembered  # languages of one script are asked for the same part, and several times
    def of(self, part: str) -> tuple[Word, ...]:
        """Return the words that stand in a part of the query."""
        own = set(text.query_words(part))
        runs = [word for word in own if text.is_run(word)]
        here = (own.issuperset(word.typed.split()) or any(word.typed in run for run in runs) for word in self.words)
        return tuple(itertools.compress(self.words, here))

    @property
    def corrected(self) -> dict[str, str]:
        """What was typed, and the spelling of the index that it was also read in."""
        return {word.typed: word.others[0] for word in self.words if word.why == SPELLING}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was corrected or is called otherwise here, in sentences."""
        read = {
            word.typed: word.others if word.why == SPELLING else [form for each in word.alike for form in each.forms]
            for word in self.words
            if word.why in (SPELLING, ABROAD)
        }
        return tuple(f"'{typed}' was also read as {', '.join(dict.fromkeys(forms))}" for typed, forms in read.items())


def read(typed: str, lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms = NONE) -> Reading:
    """Return what the words of a query may mean in an index.

    Args:
        typed: The query, as it is searched for.
        lexicon: The words of the index; None where they are not known.
        languages: Of the index.
        synonyms: The rules of the shop.
    """
    typed_words = [Word(word) for word in words_of(typed, lexicon)]
    words = standing_for(typed_words, lexicon, languages, synonyms)
    if lexicon is None or not lexicon.documents:
        return Reading(tuple(words))
    words = called_here(words, lexicon, languages)
    read = [meant for word in joined(words, lexicon) for meant in understood(word, lexicon, languages)]
    read = [
        replace(word, alike=synonyms.of(word.others[:1], languages)) if word.why == SPELLING else word for word in read
    ]
    spelled = [word.others[0] if word.why == SPELLING else word.typed for word in read]
    return Reading(
        tuple(read),
        " ".join(spelled) if any(word.why == SPELLING for word in read) else "",
        tuple(word.typed for word in read if not text.is_run(word.typed) and not occurs(word, lexicon, languages)),
    )


def words_of(typed: str, lexicon: Lexicon | None) -> Iterator[str]:
    """Yield the words of a query; what it could be written as besides, such as `80x40`, only if the index has that."""
    pieces = set(text.pieces(text.as_typed(typed)))
    for word in text.query_words(typed):
        if word in pieces or word.isalpha() or not (lexicon and lexicon.whole) or word in lexicon.counts:
            yield word
