"""Languages whose fields tell of a query what that of another one tells already. A pure function of values.

An English word looks alike to most stemmers, so that the fields of several languages hold tokens for it that are found
in the same products, as often, in texts of the same length: their scores are equal.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.words.lexicon import Lexicon
from hybridsearch.search.words.reading import Reading
from hybridsearch.texts import text
from hybridsearch.texts.languages import is_cjk


def repeated(
    keyword: Match | None, parts: Mapping[str, str], reading: Reading, lexicon: Lexicon | None
) -> frozenset[str]:
    """Return the languages that give each product the same score for a query's words as one before them.

    Only what ranks may pass them over: a product that came since, with another form of a word, is to be found at once.

    Args:
        keyword: The words in each language; None for a query without any.
        parts: Of the query, by language.
        reading: The query.
        lexicon: The words of the index; where they are not known, or not all of them, no language is passed over.
    """
    if keyword is None or lexicon is None or not lexicon.whole:
        return frozenset()
    seen: set[Hashable] = set()
    found = set()
    for words in keyword.words:
        if is_cjk(words.language):
            continue
        told = found_by(words, parts[words.language], reading, lexicon)
        if told in seen:
            found.add(words.language)
        seen.add(told)
    return frozenset(found)


def found_by(words: Words, part: str, reading: Reading, lexicon: Lexicon) -> Hashable:
    """Return all that the scores of a part of a query in the field of a language follow from."""
    language = words.language
    forms = (form for word in reading.of(part) for form in word.forms(language))
    asked = dict.fromkeys([*text.words(part), *(word for form in forms for word in form.split())])
    same = tuple(lexicon.forms(word, language) for word in asked if not text.is_run(word))
    return same, words.tells, words.needed, tuple(factor for _, factor in words.factors)
