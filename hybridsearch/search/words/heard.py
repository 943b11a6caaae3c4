"""What was heard, given the words of an index: which of several texts was said, and what else a word may have been.

Pure functions of values.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import enough, having, occurrences
from hybridsearch.search.words.reading import Reading
from hybridsearch.search.words.word import Word
from hybridsearch.texts import text
from hybridsearch.texts.languages import analyses, is_cjk, stop_words
from hybridsearch.transcript import Transcript

SHARE = 0.1
"""What the words of an index count beside the ear: a recogniser knows by itself which words are frequent."""
UNKNOWN = 3.0
"""What a word counts against a text that no product has, in powers of e: one in 20 such texts is meant all the same."""
UNSURE = 0.01
"""The least confidence that is told from none."""
SHORTEST = 3
"""Letters of a hint: there are too many shorter words that mean nothing."""
ALSO = "heard so too"


def best(found: Transcript, lexicon: Lexicon | None, languages: Sequence[str]) -> Transcript:
    """Return a transcript whose text is the likeliest of all, given how sure the recogniser is and what products have.

    It is the noisy channel of Shannon, with the words of the index as the source: the logarithms are added.
    """
    if lexicon is None or not lexicon.documents or not found.alternatives:
        return found
    texts = {found.text: found.confidence, **found.alternatives}

    def likely(said: str) -> float:
        words = text.query_words(said)
        sure = (len(words) + 1) * math.log(max(UNSURE, texts[said]))
        return sure + sum(familiar(word, lexicon, languages) for word in words) if words else -math.inf

    first, *others = sorted(texts, key=lambda said: -likely(said))
    return replace(found, text=first, confidence=texts[first], alternatives={other: texts[other] for other in others})


def familiar(word: str, lexicon: Lexicon, languages: Sequence[str]) -> float:
    """Return what a word counts for the text that it is in, 0 or less."""
    known = count(word, lexicon, languages)
    return SHARE * math.log(min(1.0, known / lexicon.documents)) if known else -UNKNOWN


def count(word: str, lexicon: Lexicon, languages: Sequence[str]) -> int:
    """Return how many products have a word, or all of a run of Chinese or Japanese characters."""
    if text.is_run(word):
        return max((having(word, language, lexicon) for language in languages if is_cjk(language)), default=0)
    return occurrences(word, lexicon, languages)


def widened(reading: Reading, said: Transcript | None, lexicon: Lexicon | None, languages: Sequence[str]) -> Reading:
    """Return a reading in which a word that hardly a product has stands also for what else it may have been.

    Args:
        reading: Of the text.
        said: What was heard, if it was.
        lexicon: The words of the index; None where they are not known.
        languages: Of the index.
    """
    if said is None or lexicon is None or not lexicon.documents:
        return reading
    others = other_words(said)

    def also(word: Word) -> Word:
        if word.typed not in others or occurrences(word.typed, lexicon, languages) >= enough(lexicon):
            return word
        known = (other for other in others[word.typed] if count(other, lexicon, languages) >= enough(lexicon))
        forms = tuple(dict.fromkeys([*word.others, *known]))
        return word if forms == word.others else replace(word, others=forms, why=word.why or ALSO)

    return replace(reading, words=tuple(map(also, reading.words)))


def other_words(said: Transcript) -> dict[str, list[str]]:
    """Return for words of a text those that stand in their place in the alternatives, of one or several the one."""
    others: defaultdict[str, list[str]] = defaultdict(list)
    words = text.pieces(said.text)
    for alternative in said.alternatives:
        for first, second in replaced(words, text.pieces(alternative)):
            if second not in others[first]:
                others[first].append(second)
    return dict(others)


def replaced(words: Sequence[str], others: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield what stands in one text and in the other in the same place, word by word, or several for one."""
    for kind, start, end, begin, stop in SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
        here, there = words[start:end], others[begin:stop]
        if kind == "replace" and len(there) in (1, len(here)):
            yield from zip(here, there if len(there) == len(here) else [there[0]] * len(here), strict=True)


def hints(lexicon: Lexicon, most: int) -> tuple[str, ...]:
    """Return words of letters that the most products have, those of which there are the most first."""
    stops = stop_words(tuple(analyses()))
    words = (
        word
        for word, products in lexicon.counts.items()
        if products > 1 and word.isalpha() and word not in stops and (len(word) >= SHORTEST or text.is_run(word))
    )
    return tuple(heapq.nsmallest(most, words, key=lambda word: (-lexicon.counts[word], word)))
