"""Suggestions: what a shopper may be about to type. Pure functions: here are candidates, and an engine counts them."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hybridsearch.search.filters.conditions import Terms
from hybridsearch.search.suggest.beginnings import Beginnings, plain_word
from hybridsearch.search.suggest.concordance import Concordance, small_words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import occurrences
from hybridsearch.search.words.synonyms import Synonyms
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import analyses, is_cjk

QUERY, WORD, CATEGORY, BRAND = "query", "word", "category", "brand"
"""What a suggestion is: what others searched for, words of the catalogue, or the value of a facet."""
MOST_WORDS = 8
"""Words that are read of what is typed."""
LEAST_LETTERS = 4
"""Letters of a beginning that may have a typo in it: a shorter one is near to too much."""
MOST_CORRECTED = 8
"""Words that are suggested for one with a typo."""
FEW = 3
"""Completions with which there may be a typo in what is typed, unless it is a word."""
_ODD = re.compile(r"[^\w\s/.,'’&+-]")
"""Signs between words that are not kept."""
SPARE = 4
"""Words by which there are more candidates than places, as some find nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """What suggestions are made from.

    Attributes:
        lexicon: The words of the index; None where they are not known.
        titles: Of products.
        queries: Of shoppers, the more often they were asked and clicked the more they weigh.
        values: Of the facets that are categories and brands, by kind and field, weighed by products.
    """

    lexicon: Lexicon | None
    titles: Concordance
    queries: Beginnings
    values: Mapping[str, Mapping[str, Beginnings]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed so far.

    Attributes:
        before: The words before the last one, in the spelling of the index; those that no product has are left out.
        last: The word that is being typed, in plain letters; empty behind a space.
        written: The words before as they stand there, with what is between them; empty where one was changed.
    """

    before: tuple[str, ...] = ()
    last: str = ""
    written: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """All words."""
        return (*self.before, self.last) if self.last else (*self.before,)

    def to(self, ending: str) -> str:
        """Return what is typed with another end than the last word."""
        return f"{self.written or ''.join(f'{word} ' for word in self.before)}{ending}".strip()

    def shorter(self) -> Typed:
        """Return the last two words alone, or the last one."""
        return Typed(self.before[-1:] if len(self.before) > 1 else (), self.last)

    def of(self, start: int) -> str:
        """Return what is typed from a word on, in plain letters, with a space at its end where a word is complete."""
        words = " ".join(map(plain_word, self.words[start:]))
        return words if self.last or not words or text.is_run(words.rpartition(" ")[2]) else f"{words} "


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be suggested, if products have it.

    Attributes:
        text: As it is shown.
        kind: One of `query`, `word`, `category` and `brand`.
        words: What is searched for.
        filters: And under which filter.
        changed: How much of what is typed it leaves out or spells otherwise; 0: nothing.
    """

    text: str
    kind: str
    words: str
    filters: tuple[Terms, ...] = ()
    changed: int = 0


def read(given: str, lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms) -> Typed:
    """Return what is typed, given the words of the index and the rules of the shop."""
    typed = " ".join(text.clean(given, text.QUERY_LIMIT).lower().split())
    words = text.pieces(typed)[:MOST_WORDS]
    complete = not words or not text.pieces(given[: text.QUERY_LIMIT][-1:])
    before, last = (words, "") if complete else (words[:-1], words[-1])
    spelled = [spelling(word, lexicon, languages, synonyms) for word in before]
    written = f"{typed} " if complete else typed.removesuffix(last)
    same = bool(before) and spelled == before and (complete or written != typed) and not _ODD.search(written)
    return Typed(tuple(filter(None, spelled)), plain_word(last), written if same else "")


def spelling(word: str, lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms) -> str:
    """Return a word as the index spells it; empty where no product has it."""
    if lexicon is None or text.is_run(word) or word in lexicon.counts:
        return word
    if synonyms.of([word], languages) or occurrences(word, lexicon, languages):
        return word
    near = lexicon.spellings(word, 1) if len(word) >= LEAST_LETTERS and word.isalpha() else ()
    return next(iter(near), "")


def candidates(typed: Typed, known: Known, size: int) -> list[Candidate]:
    """Return what may be suggested, each once, those of a kind that are likelier first."""
    if not typed.words:
        found = popular(known, size)
    else:
        found = itertools.chain(
            itertools.islice(queries(typed, known), size),
            itertools.islice(distinct(words(typed, known, size)), size + SPARE),
            *(itertools.islice(values(typed, known, kind), size // 4 + 1) for kind in (CATEGORY, BRAND)),
        )
    return list(distinct(found))


def popular(known: Known, size: int) -> Iterator[Candidate]:
    """Yield what is suggested before anything is typed."""
    yield from (Candidate(each, QUERY, each) for each in known.queries.first(size))
    for kind, by_field in known.values.items():
        for name, of_field in by_field.items():
            yield from (Candidate(each, kind, "", (Terms(name, (each,)),)) for each in of_field.first(size))


def queries(typed: Typed, known: Known) -> Iterator[Candidate]:
    """Yield queries of shoppers that begin so, or of which a later word does."""
    return (Candidate(each, QUERY, each) for each in known.queries.of(typed.of(0)))


def words(typed: Typed, known: Known, size: int) -> Iterator[Candidate]:
    """Yield phrases of titles and words of the index that complete what is typed; with a typo in it where few do."""
    count = len(typed.before)
    phrases = [" ".join(each.split(" ")[count:]) for each in known.titles.continuations(typed.of(0), size)]
    beside = known.titles.beside(typed.before, typed.last, size) if count and typed.last else []
    singles = [] if phrases and text.is_run(typed.last) else [*completions(typed.last, known.lexicon)]
    singles = [each for each in singles if each not in typed.before]
    # No product may have all of the words.
    apart = count > 0 and not phrases and not beside and typed.last not in small_words()
    yield from candidates_of(typed, [*phrases, *beside, *(singles[: size // 2] if apart else singles)])
    if len(singles) < FEW and typed.last not in singles and not phrases:
        close = corrections(typed.last, known.lexicon)
        near = [each for each in close if each[0] == typed.last[0]][:FEW] if singles else close
        yield from candidates_of(typed, near, changed=1)
    if apart and (shorter := typed.shorter()).words:
        yield from (replace(each, changed=each.changed + 2) for each in words(shorter, known, size))


def candidates_of(typed: Typed, endings: Iterable[str], *, changed: int = 0) -> Iterator[Candidate]:
    """Yield what is typed with other ends than its last word."""
    return (Candidate(whole, WORD, whole, changed=changed) for whole in map(typed.to, endings) if whole)


def completions(last: str, lexicon: Lexicon | None) -> Iterator[str]:
    """Yield words of the index that begin so and are more than stop words."""
    found = lexicon.completions(last) if lexicon and last else ()
    return (each for each in found if each == last or each not in small_words())


def corrections(last: str, lexicon: Lexicon | None) -> list[str]:
    """Return words of the index of which a letter at the beginning is wrong, those of which there is more first."""
    if lexicon is None or len(last) < LEAST_LETTERS or not last.isalpha() or text.is_run(last):
        return []
    starts = lexicon.beginnings_near(last)
    likely = [start for start in starts if start[0] == last[0]] or starts  # people rarely mistake the first letter
    found = {each for start in likely for each in completions(start, lexicon)}
    return sorted(found, key=lambda each: (-lexicon.counts[each], each))[:MOST_CORRECTED]


def values(typed: Typed, known: Known, kind: str) -> Iterator[Candidate]:
    """Yield values of facets of which a word begins as what is typed, or its end; what is before it is searched for."""
    for start in range(len(typed.words)):
        for name, of_field in known.values.get(kind, {}).items():
            for each in of_field.of(typed.of(start)):
                yield Candidate(each, kind, " ".join(typed.words[:start]), (Terms(name, (each,)),))


def distinct(found: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield candidates that look different: of a word and its plural, or the same words in another order, the first."""
    seen: set[tuple[frozenset[str], tuple[Terms, ...]]] = set()
    for each in found:
        forms = {(stems, each.filters) for stems in stems_by_language(each.words)}
        if seen.isdisjoint(forms):
            yield each
        seen |= forms


@functools.lru_cache(maxsize=20_000)  # the candidates of one keystroke are mostly those of the next
def stems_by_language(written: str) -> frozenset[frozenset[str]]:
    """Return the stems of some words in each language that has any."""
    pieces = text.pieces(written)
    stemmed = (language for language in analyses() if not is_cjk(language))
    return frozenset(frozenset(stemming.stem(piece, language) for piece in pieces) for language in stemmed)
