"""Reading: from what a shopper typed to the words of this index that may be meant. A pure function of values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hybridsearch import text
from hybridsearch.search.clauses import WHOLE, Words
from hybridsearch.search.lexicon import Lexicon

SHORTEST = 3
"""Letters of a word that may be misspelt: a shorter one is near to too much,"""
SHORTEST_PART = 4
"""and of one that may be a part of others."""
LONG = 8
"""Letters from which on two of them may be wrong."""
ENOUGH = 5
"""Products that are to be expected of what is needed;"""
SMALL = 50
"""in a catalogue of fewer than ENOUGH times as many, one of so many,"""
LEAST = 0.5
"""and at least half a one: of five products the only one that is red and a coat is meant, not all that is either."""
MOST = 0.6
"""Share of a query's words that the index must know for the query to be surely meant."""
UNKNOWN = WHOLE + 1
"""What a word counts that no product had when the lexicon was read: one that has it now is found by it alone."""
SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query.

    Attributes:
        typed: In lower case, or a run of Chinese or Japanese characters.
        others: Words of the index that it may stand for; the likeliest first.
        why: What they are to it, for people.
    """

    typed: str
    others: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as it is understood.

    Attributes:
        words: In order.
        spelled: The query as the index spells it; empty where it is spelled as it was typed.
    """

    words: tuple[Word, ...]
    spelled: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was corrected, in sentences."""
        corrected = (word for word in self.words if word.why == SPELLING)
        return tuple(f"'{word.typed}' was also read as {', '.join(word.others)}" for word in corrected)


def read(typed: str, lexicon: Lexicon | None, languages: Sequence[str]) -> Reading:
    """Return what the words of a query may mean in an index.

    Args:
        typed: The query, as it is searched for.
        lexicon: The words of the index; None where they are not known.
        languages: Of the index.
    """
    words = [Word(word) for word in text.query_words(typed)]
    if lexicon is None or not lexicon.documents:
        return Reading(tuple(words))
    read = [meant for word in joined(words, lexicon) for meant in understood(word, lexicon, languages)]
    spelled = [word.others[0] if word.why == SPELLING else word.typed for word in read]
    return Reading(tuple(read), " ".join(spelled) if any(word.why == SPELLING for word in read) else "")


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
    if word.others or len(typed) < SHORTEST or not typed.isalpha() or text.is_run(typed):
        return [word]
    known = occurrences(typed, lexicon, languages)
    if known >= enough(lexicon):
        return [word]
    if not known:
        if near := lexicon.spellings(typed, 1):
            return [replace(word, others=near, why=SPELLING)]
        if parts := lexicon.parts(typed):
            return [replace(word, others=(part,), why=SPELLING) for part in parts]
    if len(typed) >= SHORTEST_PART and (wholes := lexicon.wholes(typed)):
        return [replace(word, others=wholes, why="part of them")]
    if not known and len(typed) >= LONG and (near := lexicon.spellings(typed, 2)):
        return [replace(word, others=near, why=SPELLING)]
    return [word]


def occurrences(typed: str, lexicon: Lexicon, languages: Sequence[str]) -> int:
    """Return how many products have a word as it is spelled, or in another form that shares more than three letters."""
    if typed in lexicon.counts:
        return max(lexicon.count(typed, language) for language in languages)
    stemmed = (language for language in languages if len(text.stem(typed, language)) >= SHORTEST_PART)
    return max((lexicon.count(typed, language) for language in stemmed), default=0)


def in_language(reading: Reading, part: str, language: str, lexicon: Lexicon | None, least: float) -> Words | None:
    """Return the words of a query as tokens of one language; None where it has none for it.

    A word counts the more the fewer products have it: its BM25 idf, as a share of that of all. The words of a product
    must count together as much as still leaves a page to be expected, so that the least telling ones are given up
    first. A word that no product has is never needed.

    Args:
        reading: The query.
        part: What of it belongs into the field of this language.
        language: Of the field that is searched.
        lexicon: The words of the index; None where they are not known, and any word will do.
        least: The least share, in [0, 1], of what all words count, that is ever enough; with 0 any word is.
    """
    own = set(text.query_words(part))
    found = tokens_of([word for word in reading.words if word.typed in own], language)[: text.QUERY_WORDS]
    tokens = [own_tokens for _, own_tokens in found]
    if not tokens:
        return None
    if lexicon is None or not lexicon.documents or not least:
        return Words.alike(language, tokens)
    sums = (sum(lexicon.count(form, language) for form in forms) for forms, _ in found)
    counts = [min(count, lexicon.documents) for count in sums]  # a product may have several of the forms
    if not any(counts):
        return Words(language, tuple(tokens), (UNKNOWN,) * len(tokens))
    idfs = [idf(count, lexicon.documents) if count else 0.0 for count in counts]
    whole = sum(idfs)
    tells = [max(1, round(WHOLE * part / whole)) if part else UNKNOWN for part in idfs]
    known = [(tells, count / lexicon.documents) for tells, count in zip(tells, counts, strict=True) if count]
    share = enough(lexicon) / lexicon.documents
    if text.is_cjk(language):  # the tokens of a run hold each other
        most = max((tells for tells, having in known if having >= share), default=0)
    else:
        most = most_for(share, known)
    return Words(language, tuple(tokens), tuple(tells), min(max(1, most, round(WHOLE * least)), sum(tells)))


def most_for(share: float, words: Sequence[tuple[int, float]]) -> int:
    """Return the most that words may have to tell together so that still a share of the products is expected to.

    Args:
        share: Of the products, in [0, 1].
        words: What each tells, and the share of the products that have it. They are taken for independent; those of one
            query rather come together, so that more products are found than expected.
    """
    chances = np.zeros(sum(tells for tells, _ in words) + 1)
    chances[0] = 1.0
    for tells, having in words:
        chances[tells:] = chances[tells:] * (1 - having) + chances[:-tells] * having
        chances[:tells] *= 1 - having
    at_least = np.cumsum(chances[::-1])[::-1]
    return int(np.flatnonzero(at_least >= share * (1 - 1e-9)).max(initial=0))


def enough(lexicon: Lexicon) -> float:
    """Return how many products are to be expected of what is needed of a query."""
    return max(LEAST, min(ENOUGH, lexicon.documents / SMALL))


def tokens_of(words: Iterable[Word], language: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return for each word its forms and the tokens of these, without stop words unless there is nothing else.

    A run of Chinese or Japanese characters gives a word for each of its tokens.
    """
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for word in words:
        if text.is_run(word.typed):
            found |= {(token,): (token,) for token in text.analyse(word.typed, language)}
        else:
            forms = (word.typed, *word.others)
            tokens = tuple(dict.fromkeys(token for form in forms for token in text.analyse(form, language)[:1]))
            found.setdefault(tokens, forms)
    pairs = [(forms, tokens) for tokens, forms in found.items()]
    return [pair for pair in pairs if not text.stop_tokens(language).issuperset(pair[1])] or pairs


def mostly_unknown(words: Words) -> bool:
    """Tell whether most words of a query are ones that no product has: it may mean nothing here."""
    return words.tells.count(UNKNOWN) > (1 - MOST) * len(words.tells)


def present(words: Words, share: float) -> Words:
    """Return the words of a query that products have, of which a share is needed whatever each tells."""
    pairs = zip(words.tokens, words.tells, strict=True)
    known = [tokens for tokens, tells in pairs if tells != UNKNOWN]
    return Words.alike(words.language, known or words.tokens, share)


def idf(count: int, documents: int) -> float:
    """Return the inverse document frequency of BM25, as Lucene computes it."""
    return math.log(1 + (documents - count + 0.5) / (count + 0.5))
