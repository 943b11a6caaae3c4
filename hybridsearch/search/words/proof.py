"""The proof: whether a query means something in this index at all. A pure function of values.

A product with one word of ten may be all that there is of what was meant, or share a word with nonsense by chance. So
the query is asked for as a whole, and not each product: some product must have enough of its words, or lie near enough.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.encoders.goods import Goods
from hybridsearch.query_sources import WORDS
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import WHOLE, Codes, Cosine, Match, Proof, Words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import having
from hybridsearch.search.words.reading import Reading
from hybridsearch.search.words.telling import idf, tokens_of
from hybridsearch.search.words.word import SPELLING, Word
from hybridsearch.texts import text
from hybridsearch.values import Vector

CORRECTED = 0.3
"""What a word that no product has counts where it was corrected, as a part of one that was not: alone it is enough."""
GUESSED = 0.1
"""The same of one that was corrected to what may be near by chance: alone it is not enough."""
COMMON = 0.2
"""What a word tells at least that most products have, as a part of what one tells that none has: in a shop of shoes
`shoes` and an unknown brand find shoes."""
NEARNESS = 0.8
"""What the way from nonsense to a product's own title counts, as a part of what all words count."""
FAINT = 0.4
"""The same where no word of a query is known, or has the letters of one: of many products one is near to any."""
ELSEWHERE = 0.5
"""What the words of a product must count of all where the query is nearer to goods that no product is called,"""
ELSEWHERE_IN_RUNS = 0.4
"""and in Chinese and Japanese, where the tokens of a run hold each other."""
MARGIN = 0.2
"""How much nearer these must be than any product, as a part of the leg's scale: a title says more than a kind."""
ALONE = 0.2
"""How far a product must be on the way from nonsense to its own title for that to be enough without any word."""
STEP = 0.01
"""The part of that scale in which what is too far becomes near enough."""
MOST_SUGGESTIONS = 3

_KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff]")
"""A single character of a syllabary, which nearly every product has: it tells nothing."""


Near = tuple[str, float]
"""The kind of goods that words are nearest to, and its cosine."""


@dataclass(frozen=True, slots=True)
class Given:
    """What shows whether a query means something.

    Attributes:
        parts: Of the query, by the language in whose field they are looked for.
        reading: The query.
        lexicon: The words of the index; where there are none, as of pictures without a text, nothing is asked for.
        codes: What of the query is looked up as a code.
        vectors: Of its words, by leg.
        goods: Kinds of goods that words are compared with, by leg.
    """

    parts: Mapping[str, str]
    reading: Reading
    lexicon: Lexicon | None
    codes: Codes | None
    vectors: Mapping[str, Vector]
    goods: Mapping[str, Goods]


def proofs_of(given: Given, schema: Schema, least: float) -> Iterator[Proof]:
    """Yield what some candidate must have; nothing where a word that products have is enough by itself.

    Args:
        given: What shows it.
        schema: What the index holds.
        least: Of the whole, in [0, 1]; with 0 nothing is asked for.
    """
    if given.lexicon is None or not given.lexicon.counts or not least:
        return
    told = [told_in(language, given.reading.of(part), given.lexicon) for language, part in given.parts.items()]
    words = Match("text", tuple(words for words, _ in told if words.tokens))
    most = max((most for _, most in told), default=0)
    if not words.words:
        return
    if most < (needed := round(WHOLE * least)):
        title = NEARNESS if most or has_a_word(given.reading, given.lexicon) else FAINT
        yield Proof(words, given.codes, tuple(nearness(given.vectors, schema, title)), needed)
    runs = any(text.is_run(word.typed) for word in given.reading.words)
    needed = round(WHOLE * (ELSEWHERE_IN_RUNS if runs else ELSEWHERE))
    if not 0 < most < needed:  # words of which products have none may be of another language: nearness alone decides
        return
    kinds = {leg: given.goods[leg].nearest(vector) for leg, vector in given.vectors.items() if leg in given.goods}
    if goods := nearest_elsewhere(kinds, schema):
        yield Proof(words, given.codes, tuple(nearer(given, kinds, schema, needed)), needed, goods)


def has_a_word(reading: Reading, lexicon: Lexicon) -> bool:
    """Tell whether what was typed has the letters of a word, known or not."""
    return any(lexicon.letters.make_a_word(word.typed) for word in reading.words)


def told_in(language: str, words: Sequence[Word], lexicon: Lexicon) -> tuple[Words, int]:
    """Return the words of a query with what each tells, and the most that one tells which some product has.

    One that no product had when the lexicon was read tells most: a product that came since may have it.
    """
    found = [pair for pair in tokens_of(words, language) if not _KANA.fullmatch(pair[1][0])][: text.QUERY_WORDS]
    ruled = {word.forms(language) for word in words if word.alike and word.why != SPELLING}
    rarest = idf(0, lexicon.documents)
    counts = [[having(form, language, lexicon) for form in forms] for forms, _ in found]
    idfs = [
        telling(count, lexicon.documents) if count[0] or (sum(count) and forms in ruled) else rarest
        for (forms, _), count in zip(found, counts, strict=True)
    ]
    read_as = Counter(forms[0] for forms, _ in found)  # one that was written without a space is two
    guessed = {word.forms(language) for word in words if word.guessed}
    corrected = [
        (GUESSED if forms in guessed else CORRECTED) * read_as[forms[0]]
        if sum(count) and not count[0] and forms not in ruled
        else 1.0
        for (forms, _), count in zip(found, counts, strict=True)
    ]
    tells = [round(WHOLE * part * each / sum(idfs)) for part, each in zip(corrected, idfs, strict=True)]
    most = max((told for told, count in zip(tells, counts, strict=True) if sum(count)), default=0)
    return Words(language, tuple(tokens for _, tokens in found), tuple(tells)), most


def telling(counts: list[int], documents: int) -> float:
    """Return what a word tells, by the counts of its forms."""
    count = min(sum(counts), documents)
    return max(idf(count, documents), COMMON * idf(0, documents) if 2 * count > documents else 0.0)


def nearness(vectors: Mapping[str, Vector], schema: Schema, title: float = NEARNESS) -> Iterator[Cosine]:
    """Yield what it counts how near a product is to the words in each leg.

    Args:
        vectors: Of the words, by leg.
        schema: What the index holds.
        title: What it counts to be as near as a product's own title; as near as nonsense counts nothing.
    """
    for leg in schema.legs:
        if vector := vectors.get(leg.name):
            scale = leg.calibration(WORDS.name)
            ends = scale.nonsense, scale.above_nonsense(1.0)
            yield Cosine(f"{WORDS.name}.{leg.name}", round(WHOLE * title), leg.name, vector, *ends)


def nearest_elsewhere(kinds: Mapping[str, Near], schema: Schema) -> str:
    """Return the goods that words are nearest to in the first leg that compares them.

    Empty where the shop has some, or they are hardly nearer than nonsense is to products: an encoder may know neither.
    """
    for leg in schema.legs:
        if leg.name in kinds:
            name, cosine = kinds[leg.name]
            told_apart = cosine >= leg.calibration(WORDS.name).above_nonsense(ALONE)
            return name if told_apart and name in schema.elsewhere else ""
    return ""


def nearer(given: Given, kinds: Mapping[str, Near], schema: Schema, enough: int) -> Iterator[Cosine]:
    """Yield for each leg how near a product must be that is nearly as near as goods elsewhere; that is enough.

    In a leg that compares no goods, as of pictures, as near as is enough for a query without a known word.
    """
    for leg in schema.legs:
        if vector := given.vectors.get(leg.name):
            scale = leg.calibration(WORDS.name)
            unit = scale.high - scale.low
            least = scale.above_nonsense(ALONE)
            if leg.name in kinds:
                least = kinds[leg.name][1] - MARGIN * unit
            yield Cosine(f"{WORDS.name}.{leg.name}", enough, leg.name, vector, least - STEP * unit, least)


def suggestions(reading: Reading, lexicon: Lexicon | None, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a query that products have, each alone, the most telling first; none for a single word."""
    if lexicon is None or len(reading.words) == 0:
        return ()
    counts: dict[str, int] = {}
    for word in reading.words:
        if text.is_run(word.typed):
            cut = [token for language in languages for token in text.analyse(word.typed, language) if len(token) > 1]
            counts |= {token: lexicon.counts.get(token, 0) for token in cut}
        else:
            form = word.others[0] if word.why == SPELLING else word.typed
            counts[form] = max((lexicon.count(form, language) for language in languages), default=0)
    asked = {word.typed for word in reading.words} if len(reading.words) == 1 else set()
    known = [word for word, count in counts.items() if count and word not in asked]
    return tuple(sorted(known, key=lambda word: counts[word])[:MOST_SUGGESTIONS])
