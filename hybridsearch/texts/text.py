"""Text analysis: from what people write to the tokens that both engines compare.

All of it happens here, and both engines only split at spaces. It is not left to servers: the Snowball filter of
Elasticsearch 8.16, that of 9.4 and the Python package stem up to 2 % of words differently, so that an upgrade would
silently change what matches (measured in docs/architecture.md).
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.resources
import itertools
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hybridsearch.texts.units import measures, with_measures

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
RUN_LIMIT = 100
"""Han characters that jieba is given at once: its time is quadratic in a run of one repeated character."""
MARKS_LIMIT = 30
"""Marks on one letter, as in Unicode's Stream-Safe Text: normalisation takes time quadratic in their number."""

CJK = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # marks and kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han characters
)
FIRST_OF_RUNS = "\u3005"
"""The first of these characters."""
_CJK_RUN = re.compile(f"[{CJK}]+")
_RUN = re.compile(f"[{CJK}]+|[^\\W_{CJK}]+(?:(?<=\\d)[.,](?=\\d)[^\\W_{CJK}]+)*")
# Possessive, and only from the start of a word: else the time is quadratic in a word that never ends. One of the two
# conditions on a dot holds, never both: else it is exponential in their number.
_COMPOUND = re.compile(f"(?<![^\\W_{CJK}])[^\\W_{CJK}]++(?:(?:[-/]|\\.(?!\\d)|(?<!\\d)\\.(?=\\d))[^\\W_{CJK}]++)++")
_PUNCTUATION = str.maketrans("", "", "-/.")
_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "ı": "i",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ŋ": "n",
        "ŧ": "t",
    }
)
"""Letters that people type in others, and that no normal form takes apart."""
_KANA = {katakana: katakana - 0x60 for katakana in range(0x30A1, 0x30F7)}
"""Katakana as hiragana: the same word is written in either."""
_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b")
_ELISION = re.compile(r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu)['’](?=\w)")
_MARKS = re.compile("[\u0300-\u036f]")
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
    text = lowered(text)
    pieces = _RUN.findall(text)
    if "," in text:
        pieces = [run.replace(",", ".") for run in pieces]
    joined = [word.translate(_PUNCTUATION) for word in _COMPOUND.findall(text) if is_written_together(word)]
    known = set(pieces)
    return (*pieces, *(word for word in dict.fromkeys([*joined, *measures(text)]) if word not in known))


def pieces(text: str) -> list[str]:
    """Return the words of a text in order, as `words` does, and no compound in one piece after them."""
    return [run.replace(",", ".") for run in _RUN.findall(lowered(text))]


def lowered(text: str) -> str:
    """Return a text in lower case, without what is no part of its words."""
    text = clean(text, PRODUCT_LIMIT).lower()
    if not text.isascii():
        # A mark that is left after NFKC has no letter to join: it would cut its word in two, as in "İ" in lower case.
        text = _MARKS.sub("", text)
    if "'" in text or "’" in text:
        text = _ELISION.sub(" ", _POSSESSIVE.sub("", text))
    return text


def is_run(word: str) -> bool:
    """Tell whether a word is a run of Chinese or Japanese characters, or a part of one."""
    return word >= FIRST_OF_RUNS and bool(_CJK_RUN.match(word))


def is_written_together(compound: str) -> bool:
    """Tell whether people write a compound as one word too: `WH-1000XM5`, `T-shirt`, not `black/white`."""
    return compound.replace("-", "").isalpha() or any(map(str.isdigit, compound))


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
    return with_measures(clean(text).lower())


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
    rest = _CJK_RUN.sub(" ", text) if cjk else text
    return texts | dict.fromkeys(latin, rest)


def is_cjk(language: str) -> bool:
    """Tell whether a language is written without spaces."""
    return bool(languages()[language]["tokens"] != "snowball")


@functools.cache
def languages() -> dict[str, dict[str, Any]]:
    """Return how each language is analysed, as mappings/languages.json says."""
    file = importlib.resources.files("hybridsearch.mappings") / "languages.json"
    by_language: dict[str, dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return by_language


@functools.cache
def analysis_version() -> str:
    """Return the versions that the tokens depend on; they are stored with an index."""
    versions = (f"{name} {importlib.metadata.version(name)}" for name in ("snowballstemmer", "jieba"))
    return ", ".join(["hybridsearch 3", *versions])


@functools.cache
def stop_words(of: tuple[str, ...]) -> frozenset[str]:
    """Return the stop words of some languages, as they are written."""
    return frozenset(word for language in of for word in languages()[language]["stopwords"])


@functools.cache
def stop_tokens(language: str) -> frozenset[str]:
    """Return the stop words of a language, as tokens."""
    return frozenset(token for word in stop_words((language,)) for token in analyse(word, language))


@functools.cache
def stop_forms(language: str) -> frozenset[str]:
    """Return the stop words of a language without accents."""
    return frozenset(map(unaccented, stop_words((language,))))


@functools.lru_cache(maxsize=50_000)  # some 15 MB; every code of a large catalogue is a word of its own
def stem(word: str, language: str) -> str:
    """Return the stem of a word in lower case, without accents: people leave them out, before they are stemmed too.

    Stop words stay as they are, and so does what would become one: `láser` is no form of `las`.
    """
    plain = unaccented(word) or word
    if plain in stop_forms(language):
        return plain
    stemmed = snowball(plain, language)
    return plain if stemmed in stop_forms(language) else stemmed


def snowball(plain: str, language: str) -> str:
    """Return the stem of a word without accents, as Snowball has it."""
    name = languages()[language].get("stemmer")
    # Without its accent a French participle has one ending more: cassée, cassee, casse.
    for _ in range(languages()[language].get("passes", 1) if name else 0):
        plain = stemmer(name).stemWord(plain) or plain
    return plain


def unaccented(word: str) -> str:
    """Return a word in lower case without accents and ligatures."""
    return word if word.isascii() else _MARKS.sub("", unicodedata.normalize("NFD", word)).translate(_LETTERS)


@functools.cache
def stemmer(name: str) -> Any:
    """Return the Snowball stemmer of this name."""
    import snowballstemmer

    return snowballstemmer.stemmer(name)


@functools.cache
def tokenizer(language: str) -> Callable[[str], Sequence[str]]:
    """Return what cuts a run of Chinese or Japanese characters in this language's field."""
    tokenizers: dict[str, Callable[[str], Sequence[str]]] = {"jieba": segment, "bigrams": bigrams, "snowball": list}
    return tokenizers[languages()[language]["tokens"]]


def smaller(run: str, language: str) -> list[str]:
    """Return what is smaller than a word in a run of Chinese or Japanese: pairs of adjacent characters, and each."""
    if len(run) == 1 or not is_cjk(language):
        return []
    return [*(bigrams(run) if tokenizer(language) is not bigrams else ()), *run]


def must_load(languages: Iterable[str]) -> bool:
    """Tell whether the first text in these languages takes a second or two: the cutter's dictionary is not read yet."""
    return any(tokenizer(language) is segment for language in languages) and not jieba_cut.cache_info().currsize


def bigrams(run: str) -> list[str]:
    """Return each two adjacent characters; a single character stays as it is."""
    return [run[i : i + 2] for i in range(len(run) - 1)] or [run]


@functools.lru_cache(maxsize=10_000)  # each field of a product that holds a run cuts it again
def segment(run: str) -> tuple[str, ...]:
    """Return the Chinese words of a run, long ones also in their parts, as jieba's search mode does."""
    chunks = (run[i : i + RUN_LIMIT] for i in range(0, len(run), RUN_LIMIT))
    return tuple(word for chunk in chunks for word in jieba_cut()(chunk))


@functools.cache
def jieba_cut() -> Callable[[str], Sequence[str]]:
    """Return the segmenter: rjieba where it is installed (the same words, 24 times faster), else jieba."""
    try:
        import rjieba
    except ImportError:
        pass
    else:
        return lambda text: list(rjieba.cut_for_search(text, True))
    import tempfile
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes from Python 3.12 on, pkg_resources before setuptools 82
        import jieba
    jieba.setLogLevel(60)
    with tempfile.TemporaryDirectory() as private:
        # jieba's cache has a fixed name in the shared temporary folder, where anyone could plant one.
        tokenizer = jieba.Tokenizer()
        tokenizer.tmp_dir = private
        tokenizer.initialize()
    cut: Callable[[str], Sequence[str]] = tokenizer.lcut_for_search
    return cut
