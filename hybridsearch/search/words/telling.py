"""What the words of a query tell: their tokens in one language, what each counts, and how much of them is needed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from functools import lru_cache

from hybridsearch.search.clauses import WHOLE, Words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.occurrences import enough, having
from hybridsearch.search.words.reading import Reading
from hybridsearch.search.words.word import Word
from hybridsearch.texts import stemming, text
from hybridsearch.texts.languages import is_cjk

MOST = 0.6
"""Share of a query's words that the index must know for the query to be surely meant."""
UNKNOWN = WHOLE + 1
"""What a word counts that no product had when the lexicon was read: one that has it now is found by it alone."""
INSTEAD = 0.8
"""What a word counts that stands for one that was typed, as a part of that one."""


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
    here = reading.of(part)
    found = tokens_of(here, language)[: text.QUERY_WORDS]
    tokens = [own_tokens for _, own_tokens in found]
    if not tokens:
        return None
    if lexicon is None or not lexicon.documents or not least:
        return Words.alike(language, tokens)
    sums = (sum(having(form, language, lexicon) for form in forms) for forms, _ in found)
    counts = [min(count, lexicon.documents) for count in sums]  # a product may have several of the forms
    if not any(counts):
        return Words(language, tuple(tokens), (UNKNOWN,) * len(tokens))
    idfs = [idf(count, lexicon.documents) if count else 0.0 for count in counts]
    whole = sum(idfs)
    tells = [max(1, round(WHOLE * part / whole)) if part else UNKNOWN for part in idfs]
    known = [(tells, count / lexicon.documents) for tells, count in zip(tells, counts, strict=True) if count]
    share = enough(lexicon) / lexicon.documents
    if is_cjk(language):  # the tokens of a run hold each other
        most = max((tells for tells, had in known if had >= share), default=0)
    else:
        most = most_for(share, tuple(known))
    needed = min(max(1, most, round(WHOLE * least)), sum(tells))
    return Words(language, tuple(tokens), tuple(tells), needed, tuple(factors(here, language, lexicon)))


def factors(words: Iterable[Word], language: str, lexicon: Lexicon) -> Iterator[tuple[str, float]]:
    """Yield what brings the score of each form of a word to that of the most frequent one, and below what was typed.

    A rare one is no better; Lucene's SynonymQuery too takes all of them for one term.
    """
    for word in words:
        forms = word.forms(language) if word.alike else ()
        counts = [min(having(form, language, lexicon), lexicon.documents) for form in forms]
        if not any(counts):
            continue
        common = idf(max(counts), lexicon.documents)
        for form in itertools.compress(forms, counts):
            own = sum(idf(lexicon.count(part, language), lexicon.documents) for part in form.split())
            factor = min(common / own, 1.0) * (1.0 if word.typed == form or word.typed not in forms else INSTEAD)
            if factor < 1:
                yield token_of(form, language), round(factor, 4)


@lru_cache(maxsize=8)  # most languages have as many products with a word
def most_for(share: float, words: tuple[tuple[int, float], ...]) -> int:
    """Return the most that words may have to tell together so that still a share of the products is expected to.

    Args:
        share: Of the products, in [0, 1].
        words: What each tells, and the share of the products that have it. They are taken for independent; those of one
            query rather come together, so that more products are found than expected.
    """
    chances = {0: 1.0}
    for tells, share_having in words:
        after = {told: chance * (1 - share_having) for told, chance in chances.items()}
        for told, chance in chances.items():
            after[told + tells] = after.get(told + tells, 0.0) + chance * share_having
        chances = after
    at_least = itertools.accumulate(
        sorted(chances.items(), reverse=True), lambda sum_, more: (more[0], sum_[1] + more[1])
    )
    return next((told for told, chance in at_least if chance >= share * (1 - 1e-9)), 0)


def tokens_of(words: Iterable[Word], language: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return for each word its forms and the tokens of these, without stop words unless there is nothing else.

    A run of Chinese or Japanese characters gives a word for each of its tokens, unless it stands for something else.
    """
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    for word in words:
        if text.is_run(word.typed) and not word.alike:
            found |= {(token,): (token,) for token in text.analyse(word.typed, language)}
        else:
            forms = word.forms(language)
            if not forms:
                continue
            found.setdefault(tuple(dict.fromkeys(filter(None, (token_of(form, language) for form in forms)))), forms)
    pairs = [(forms, tokens) for tokens, forms in found.items()]
    return [pair for pair in pairs if not text.stop_tokens(language).issuperset(pair[1])] or pairs


@lru_cache(maxsize=4096)  # the synonyms of a shop are the same for all searches
def token_of(form: str, language: str) -> str:
    """Return the token of a word, of several all of theirs with spaces between them."""
    if " " in form or text.is_run(form):
        tokens = text.sequence(form, language)
        telling = [token for token in tokens if token not in text.stop_tokens(language)]
        return " ".join(telling or tokens)
    return stemming.stem(form[: text.WORD_LIMIT], language)


def mostly_unknown(words: Words) -> bool:
    """Tell whether most words of a query are ones that no product has: it may mean nothing here."""
    return words.tells.count(UNKNOWN) > (1 - MOST) * len(words.tells)


def present(words: Words, share: float) -> Words:
    """Return the words of a query that products have, of which a share is needed whatever each tells."""
    pairs = zip(words.tokens, words.tells, strict=True)
    known = [tokens for tokens, tells in pairs if tells != UNKNOWN]
    return Words.alike(words.language, known or words.tokens, share, words.factors)


def idf(count: int, documents: int) -> float:
    """Return the inverse document frequency of BM25, as Lucene computes it."""
    return math.log(1 + (documents - count + 0.5) / (count + 0.5))
