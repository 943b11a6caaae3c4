"""Text analysis: from what people write to the tokens that both engines compare.

All of it happens here, and both engines only split at spaces. It is not left to servers: the Snowball filter of
Elasticsearch 8.16, that of 9.4 and the Python package stem up to 2 % of words differently, so that an upgrade would
silently change what matches (measured in docs/architecture.md).
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from hybridsearch.texts.cutting import smaller, tokenizer
from hybridsearch.texts.languages import CJK, is_cjk, stop_words
from hybridsearch.texts.stemming import MARKS, stem, unaccented
from hybridsearch.texts.together import others
from hybridsearch.texts.units import in_latin, measures, plain_amounts, with_measures

FIELD_LIMIT = 20_000
"""Characters of one field that are analysed; the rest of a longer text is not searched."""
PRODUCT_LIMIT = 200_000
"""The same for all fields of a product together: a long description must not displace the brand that follows it."""
MARKUP_LIMIT = 5 * FIELD_LIMIT
"""The same before markup is taken out of it."""
QUERY_LIMIT = 256
QUERY_WORDS = 32
QUERY_GRAMS = 64
ALL = "all"
"""Stands for the language of a field that is the same in all of them."""
WORD_LIMIT = 64
"""Characters of one word; far below the 255 at which Elasticsearch cuts tokens in two."""
MARKS_LIMIT = 30
"""Marks on one letter, as in Unicode's Stream-Safe Text: normalisation takes time quadratic in their number."""

FIRST_OF_RUNS = "\u3005"
"""The first of the characters of Chinese and Japanese."""
_CJK_RUN = re.compile(f"[{CJK}]+")
_RUN = re.compile(f"[{CJK}]+|[^\\W_{CJK}]+(?:(?<=\\d)[.,](?=\\d)[^\\W_{CJK}]+)*")
_KANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
"""Katakana as hiragana: the same word is written in either."""
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’](?=\w)")
_VULGAR = re.compile("(?<=\\d)[\u00bc-\u00be\u2153-\u215e]")
"""Fractions of one sign behind a number: in NFKC `1½` would begin with `11`."""
_STACKED = re.compile(r"[^\x00-\x7f\w\s]{31,}+")
_COMPOSED_MARKS = "\u0f73\u0f75\u0f81"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


def clean(text: str, limit: int = FIELD_LIMIT) -> str:
    """Return the text in NFKC, at most `limit` characters, without control, direction and surrogate characters."""
    text = text[:limit]
    if text.isascii():  # most texts, and there is nothing to do but to join the lines of several fields
        joined = " ".join(filter(None, text.split("\n")))
        if joined.isprintable():
            return joined.strip()
    return _CONTROL.sub(" ", normal(text)[:limit]).strip()


def normal(text: str) -> str:
    """Return the text in NFKC; of more than MARKS_LIMIT marks on one letter the rest is left out."""
    if len(text) > MARKS_LIMIT:
        # The marks of half-width kana, which count as letters, in the form that they get anyway.
        text = _STACKED.sub(unstacked, text.replace("\uff9e", "\u3099").replace("\uff9f", "\u309a"))
    if not text.isascii():
        text = _VULGAR.sub(r" \g<0>", text)
    return unicodedata.normalize("NFKC", text)


def spelled(query: str) -> str:
    """Return the text of a query in the form that is compared: upper case, spaces and letter forms do not matter."""
    return " ".join(normal(normal(query).casefold()).split())


def unstacked(run: re.Match[str]) -> str:
    """Return a run of marks and symbols in which no more than MARKS_LIMIT marks follow each other."""
    kept: list[str] = []
    height = 0
    for sign in run[0]:
        height = height + 1 if unicodedata.combining(sign) or sign in _COMPOSED_MARKS else 0
        if height <= MARKS_LIMIT:
            kept.append(sign)
    return "".join(kept)


def words(text: str) -> list[str]:
    """Return the words of a text in order, in lower case; a run of Chinese or Japanese characters is one word.

    `3.5mm` is one word, and never `35mm`. A compound with a digit, such as `WH-1000XM5`, is also given in one piece,
    after the others: shoppers type it either way.
    """
    return list(split(text))


@functools.lru_cache(maxsize=8)
def split(text: str) -> tuple[str, ...]:
    """Return the words of a text, cached: the field of each language, and each step of a plan, needs them again."""
    text = plain_amounts(lowered(text))
    pieces = _RUN.findall(text)
    if "," in text:
        pieces = [run.replace(",", ".") for run in pieces]
    known = set(pieces)
    return (*pieces, *(word for word in dict.fromkeys([*others(text), *measures(text)]) if word not in known))


def pieces(text: str) -> list[str]:
    """Return the words of a text in order, as `words` does, and no compound in one piece after them."""
    return [run.replace(",", ".") for run in _RUN.findall(lowered(text))]


def lowered(text: str) -> str:
    """Return a text in lower case, without what is no part of its words."""
    text = clean(text, PRODUCT_LIMIT).lower()
    if not text.isascii():
        # A mark that is left after NFKC has no letter to join: it would cut its word in two, as in "İ" in lower case.
        text = MARKS.sub("", text)
    if "'" in text or "’" in text:
        text = _ELISION.sub(" ", _POSSESSIVE.sub("", text))
    return text


def is_run(word: str) -> bool:
    """Tell whether a word is a run of Chinese or Japanese characters, or a part of one."""
    return word >= FIRST_OF_RUNS and bool(_CJK_RUN.match(word))


def analyse(text: str, language: str) -> list[str]:
    """Return the tokens that the index keeps for a text in one language, in order.

    A run of Chinese or Japanese characters gives its words, its pairs of adjacent characters and its characters: so a
    query finds a title that is cut otherwise, and what has the whole word scores the highest.
    """
    return tokens_of(text, language, lambda run: [*tokenizer(language)(run), *smaller(run, language)])


def sequence(text: str, language: str) -> list[str]:
    """Return the tokens of a text of which each follows the one before: runs are cut once, into words or pairs.

    In a language that is written with spaces they are those of `analyse`.
    """
    return tokens_of(text, language, tokenizer(language))


def tokens_of(text: str, language: str, cut: Callable[[str], Sequence[str]]) -> list[str]:
    """Return the tokens of a text, with a function that cuts runs of Chinese or Japanese characters."""
    words = split(text)
    if max(words, default="") < FIRST_OF_RUNS:  # no other loop runs as often
        return [stem(word[:WORD_LIMIT], language) for word in words]
    tokens: list[str] = []
    for word in words:
        if is_run(word):
            tokens += cut(folded(word))
        else:
            tokens.append(stem(word[:WORD_LIMIT], language))
    return tokens


def folded(run: str) -> str:
    """Return a run of Chinese or Japanese characters in hiragana, of the same length."""
    return run.translate(_KANA)


@functools.lru_cache(maxsize=8)
def query_words(text: str) -> tuple[str, ...]:
    """Return the words of a query; a number and its unit are one, which the index has however they are written."""
    return split(as_typed(text))


def as_typed(text: str) -> str:
    """Return a query in lower case, with each measure as one word."""
    return with_measures(plain_amounts(clean(text).lower()))


def analyse_query(text: str, language: str) -> list[str]:
    """Return the distinct tokens of a query, without stop words unless there is nothing else."""
    tokens = list(dict.fromkeys(analyse(as_typed(text), language)))
    return [token for token in tokens if token not in stop_tokens(language)] or tokens


def lexical(text: str, languages: Iterable[str]) -> list[str]:
    """Return the distinct words of a text as people write them, of runs of Chinese or Japanese all tokens."""
    cutting = [language for language in languages if is_cjk(language)]
    found: dict[str, None] = {}
    for word in dict.fromkeys(split(text)):
        if is_run(word):
            found |= dict.fromkeys(token for language in cutting for token in analyse(word, language))
        else:
            found[word[:WORD_LIMIT]] = None
    return list(found)


def pairs(tokens: Sequence[str]) -> list[str]:
    """Return adjacent tokens joined: ["red", "dress"] gives ["red_dress"]. No token holds an underscore."""
    return list(map("_".join, itertools.pairwise(tokens)))


def grams(text: str) -> list[str]:
    """Return each three adjacent letters of the words, their ends marked: "red" gives ["^re", "red", "ed$"].

    They meet across typos, endings and compounds. Runs of Chinese or Japanese have none: their tokens are as short.
    """
    marked = (f"^{unaccented(word[:WORD_LIMIT])}$" for word in split(text) if not _CJK_RUN.match(word))
    return [word[start : start + 3] for word in marked for start in range(len(word) - 2)]


def code(text: str) -> str:
    """Return a product code as it is compared: letters and digits alone, in lower case."""
    return "".join(filter(str.isalnum, clean(text, WORD_LIMIT).lower()))


def fields_by_language(text: str, languages: Iterable[str]) -> dict[str, str]:
    """Return what each language's field keeps of a text.

    Chinese and Japanese fields keep the whole of a text that has their characters. The others keep what is left of it
    without them, so that no language is guessed and none is lost: "Nike 跑步鞋" is whole in `zh`, and "Nike" in `en`.
    """
    languages = list(languages)
    cjk = [language for language in languages if is_cjk(language)]
    latin = [language for language in languages if not is_cjk(language)]
    has_cjk = bool(_CJK_RUN.search(text))
    texts = {language: text for language in cjk if has_cjk or not latin}
    rest = _CJK_RUN.sub(" ", in_latin(normal(text))) if cjk else text
    return texts | dict.fromkeys(latin, rest)


@functools.cache
def stop_tokens(language: str) -> frozenset[str]:
    """Return the stop words of a language, as tokens."""
    return frozenset(token for word in stop_words((language,)) for token in analyse(word, language))
