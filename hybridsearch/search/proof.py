"""The proof: whether a query means something in this index at all. A pure function of values.

A product with one word of ten may be all that there is of what was meant, or share a word with nonsense by chance. So
the query is asked for as a whole, and not each product: some product must have enough of its words, or lie near enough.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from hybridsearch import text
from hybridsearch.query_sources import WORDS
from hybridsearch.schema import Schema
from hybridsearch.search.clauses import WHOLE, Codes, Cosine, Match, Proof, Words
from hybridsearch.search.lexicon import Lexicon
from hybridsearch.search.reading import SPELLING, Reading, Word, having
from hybridsearch.search.telling import idf, tokens_of
from hybridsearch.values import Vector

CORRECTED = 0.3
"""What a word that no product has counts where it was corrected, as a part of one that was not: alone it is enough."""
COMMON = 0.2
"""What a word tells at least that most products have, as a part of what one tells that none has: in a shop of shoes
`shoes` and an unknown brand find shoes."""
NEARNESS = 0.8
"""What the way from nonsense to a product's own title counts, as a part of what all words count."""
MOST_SUGGESTIONS = 3

_KANA = re.compile("[\u3041-\u309f\u30a0-\u30ff]")
"""A single character of a syllabary, which nearly every product has: it tells nothing."""


def proof_of(
    parts: Mapping[str, str],
    reading: Reading,
    lexicon: Lexicon | None,
    least: float,
    *,
    codes: Codes | None,
    near: tuple[Cosine, ...],
) -> Proof | None:
    """Return what some candidate must have; None where a word that products have is enough by itself.

    Args:
        parts: Of the query, by the language in whose field they are looked for.
        reading: The query.
        lexicon: The words of the index; where there are none, as of pictures without a text, nothing is asked for.
        least: Of the whole, in [0, 1]; with 0 nothing is asked for.
        codes: What of the query is looked up as a code.
        near: From `nearness`.
    """
    if lexicon is None or not lexicon.counts or not least:
        return None
    needed = round(WHOLE * least)
    evidence = []
    for language, part in parts.items():
        words, most = told_in(language, reading.of(part), lexicon)
        if most >= needed:
            return None
        if words.tokens:
            evidence.append(words)
    return Proof(Match("text", tuple(evidence)), codes, near, needed) if evidence else None


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
    corrected = [
        CORRECTED * read_as[forms[0]] if sum(count) and not count[0] and forms not in ruled else 1.0
        for (forms, _), count in zip(found, counts, strict=True)
    ]
    tells = [round(WHOLE * part * each / sum(idfs)) for part, each in zip(corrected, idfs, strict=True)]
    most = max((told for told, count in zip(tells, counts, strict=True) if sum(count)), default=0)
    return Words(language, tuple(tokens for _, tokens in found), tuple(tells)), most


def telling(counts: list[int], documents: int) -> float:
    """Return what a word tells, by the counts of its forms."""
    count = min(sum(counts), documents)
    return max(idf(count, documents), COMMON * idf(0, documents) if 2 * count > documents else 0.0)


def nearness(vectors: Mapping[str, Mapping[str, Vector]], schema: Schema) -> Iterator[Cosine]:
    """Yield what it counts how near a product is to the words in each leg: 0 as near as nonsense."""
    for leg in schema.legs:
        if vector := vectors.get(WORDS.name, {}).get(leg.name):
            scale = leg.calibration(WORDS.name)
            ends = scale.nonsense, scale.above_nonsense(1.0)
            yield Cosine(f"{WORDS.name}.{leg.name}", round(WHOLE * NEARNESS), leg.name, vector, *ends)


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
