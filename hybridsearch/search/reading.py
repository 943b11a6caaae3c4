"""Reading: from what a shopper typed to the words of this index that may be meant. A pure function of values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hybridsearch import text
from hybridsearch.search.clauses import WHOLE, Words
from hybridsearch.search.lexicon import Lexicon
from hybridsearch.search.synonyms import NONE, Alike, Synonyms

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
INSTEAD = 0.8
"""What a word counts that stands for one that was typed, as a part of that one."""
SPELLING = "spelling"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query.

    Attributes:
        typed: In lower case, or a run of Chinese or Japanese characters; of a term of several words all of these.
        others: Words of the index that it may stand for; the likeliest first.
        why: What they are to it, for people.
        alike: What it stands for besides, as the rules of the shop say.
    """

    typed: str
    others: tuple[str, ...] = ()
    why: str = ""
    alike: tuple[Alike, ...] = ()

    def forms(self, language: str) -> tuple[str, ...]:
        """Return what is searched for in the field of a language: words, or several in one text."""
        own = [each for each in self.alike if each.language in ("", language)]
        typed = () if any(each.replaces for each in own) else (self.typed, *self.others)
        forms = (*typed, *itertools.chain.from_iterable(each.forms for each in own))
        return (
            forms if text.is_cjk(language) else tuple(form for form in forms if not any(map(text.is_run, form.split())))
        )

    def crosses(self, language: str) -> bool:
        """Tell whether it stands for words that only the field of this language has, and is none for it itself."""
        if text.is_cjk(language) is text.is_run(self.typed):
            return False
        own = (form for each in self.alike if each.language in ("", language) for form in each.forms)
        return any(text.is_run(form) is text.is_cjk(language) for form in own)


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
        """Return the parts of a query by language, words that stand for some of another script in its fields too."""
        more = {language: [word.typed for word in self.words if word.crosses(language)] for language in languages}
        named = [language for language in languages if language in parts or more[language]]
        return {language: " ".join(filter(None, [parts.get(language, ""), *more[language]])) for language in named}

    def of(self, part: str) -> list[Word]:
        """Return the words that stand in a part of the query."""
        own = set(text.query_words(part))
        runs = [word for word in own if text.is_run(word)]
        here = (own.issuperset(word.typed.split()) or any(word.typed in run for run in runs) for word in self.words)
        return list(itertools.compress(self.words, here))

    @property
    def corrected(self) -> dict[str, str]:
        """What was typed, and the spelling of the index that it was also read in."""
        return {word.typed: word.others[0] for word in self.words if word.why == SPELLING}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was corrected, in sentences."""
        corrected = (word for word in self.words if word.why == SPELLING)
        return tuple(f"'{word.typed}' was also read as {', '.join(word.others)}" for word in corrected)


def read(typed: str, lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms = NONE) -> Reading:
    """Return what the words of a query may mean in an index.

    Args:
        typed: The query, as it is searched for.
        lexicon: The words of the index; None where they are not known.
        languages: Of the index.
        synonyms: The rules of the shop.
    """
    typed_words = [Word(word) for word in text.query_words(typed)]
    words = standing_for(typed_words, lexicon, languages, synonyms)
    if lexicon is None or not lexicon.documents:
        return Reading(tuple(words))
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


def standing_for(
    words: Sequence[Word], lexicon: Lexicon | None, languages: Sequence[str], synonyms: Synonyms
) -> list[Word]:
    """Return the words with what they stand for; of several terms that begin with a word the longest is meant.

    A term of several words is one that a product has whole, or what it stands for, unless no product has either.
    """
    if not synonyms.rules:
        return list(words)
    left = [part for word in words for part in (cut(word, synonyms) if text.is_run(word.typed) else [word])]
    read: list[Word] = []
    while left:
        for count in range(min(len(left), synonyms.longest), 0, -1):
            if alike := synonyms.of([word.typed for word in left[:count]], languages):
                term = Word(" ".join(word.typed for word in left[:count]), alike=alike)
                if count == 1 or lexicon is None or occurs(term, lexicon, languages):
                    read.append(term)
                    break
        else:
            count = 1
            read.append(left[0])
        del left[:count]
    return read


def occurs(term: Word, lexicon: Lexicon, languages: Sequence[str]) -> bool:
    """Tell whether a product may have a term, or what it stands for."""
    return any(having(form, language, lexicon) for language in languages for form in term.forms(language))


def cut(run: Word, synonyms: Synonyms) -> list[Word]:
    """Return a run of Chinese or Japanese characters in parts, those that rules name apart."""
    typed, parts, start, place = run.typed, [], 0, 0
    while place < len(typed):
        ends = range(min(len(typed), place + synonyms.longest_run), place, -1)
        end = next((end for end in ends if (text.unaccented(typed[place:end]),) in synonyms.rules), None)
        if end is not None:
            parts += [typed[start:place], typed[place:end]]
            start = end
        place = end or place + 1
    return [Word(part) for part in (*parts, typed[start:]) if part]


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
    if word.others or word.alike or len(typed) < SHORTEST or not typed.isalpha() or text.is_run(typed):
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
    """Return how many products have a word as it is spelled, or in another form.

    Of three letters that forms share one must be a word by itself, as `rot` is of `rotes`; less is left of too much.
    """
    if typed in lexicon.counts:
        return max(lexicon.count(typed, language) for language in languages)
    stems = {language: text.stem(typed, language) for language in languages}
    known = (
        language
        for language, stem in stems.items()
        if len(stem) >= SHORTEST_PART or (len(stem) >= SHORTEST and stem in lexicon.counts)
    )
    return max((lexicon.count(typed, language) for language in known), default=0)


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
    if text.is_cjk(language):  # the tokens of a run hold each other
        most = max((tells for tells, having in known if having >= share), default=0)
    else:
        most = most_for(share, known)
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
        for form, count in zip(forms, counts, strict=True):
            own = sum(idf(lexicon.count(part, language), lexicon.documents) for part in form.split())
            factor = min(common / own, 1.0) * (1.0 if word.typed == form or word.typed not in forms else INSTEAD)
            if count and factor < 1:
                yield token_of(form, language), round(factor, 4)


def having(form: str, language: str, lexicon: Lexicon) -> int:
    """Return how many products have a word, of several in one text at most."""
    words = text.sequence(form, language) if text.is_run(form) else form.split()
    return min((lexicon.count(word, language) for word in words), default=0)


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


def token_of(form: str, language: str) -> str:
    """Return the token of a word, of several all of theirs with spaces between them."""
    if " " in form or text.is_run(form):
        tokens = text.sequence(form, language)
        telling = [token for token in tokens if token not in text.stop_tokens(language)]
        return " ".join(telling or tokens)
    return text.stem(form[: text.WORD_LIMIT], language)


def mostly_unknown(words: Words) -> bool:
    """Tell whether most words of a query are ones that no product has: it may mean nothing here."""
    return words.tells.count(UNKNOWN) > (1 - MOST) * len(words.tells)


def present(words: Words, share: float) -> Words:
    """Return the words of a query that products have, of which a share is needed whatever each tells."""
    pairs = zip(words.tokens, words.tells, strict=True)
    known = [tokens for tokens, tells in pairs if tells != UNKNOWN]
    return replace(Words.alike(words.language, known or words.tokens, share), factors=words.factors)


def idf(count: int, documents: int) -> float:
    """Return the inverse document frequency of BM25, as Lucene computes it."""
    return math.log(1 + (documents - count + 0.5) / (count + 0.5))
