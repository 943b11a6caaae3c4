"""Which languages a catalogue is written in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from hybridsearch.propose.columns import Column
from hybridsearch.sections import Language
from hybridsearch.texts.languages import analyses, is_cjk

LOCALES = ("locale", "lang", "language", "sprache", "langue", "idioma")
COUNTRIES = {"us": "en", "uk": "en", "gb": "en", "jp": "ja", "cn": "zh", "tw": "zh", "at": "de", "mx": "es"}
LETTERS = {"de": set("äöüß"), "fr": set("çèêëîœù"), "es": set("ñ¿¡")}
"""Letters that tell a language as well as one of its stop words does."""
KANA = re.compile("[\u3041-\u30fa]")
HAN = re.compile("[\u4e00-\u9fff].*[\u4e00-\u9fff]", re.S)
WORD = re.compile(r"\w\w+|à")
"""A word that may tell a language; single letters are sizes, grades and ports (I/O)."""

NOISE = 0.03
"""Share of the texts below which a language is taken for names and loan words."""
LATIN = re.compile("[a-z]{2}", re.IGNORECASE)
READ = 300
"""Characters of a text that its language is told from."""


def guess_languages(sampled: Sequence[Column], spoken: Sequence[Column]) -> tuple[tuple[str, ...], str]:
    """Return the languages of a catalogue, the most frequent first, and the reason.

    A field that names the language decides; otherwise the scripts, stop words and letters of the texts.
    """
    for column in sampled:
        seen = Counter(filter(None, map(named_language, column.texts)))
        if column.says(LOCALES) is not None and seen.total() > len(column.texts) / 2:
            return frequent(seen), f"as '{column.name}' says: {shares(seen)}"
    texts = [value[:READ] for column in spoken for value in column.texts]
    seen = Counter(filter(None, map(language_of, texts)))
    if seen["zh"] < seen["ja"] / 4:
        del seen["zh"]  # short Japanese texts without kana
    if not seen:
        return ("en",), "no text has a telling word; assumed"
    said = f"by telling words and letters: {shares(seen)}"
    latin = sum(language_of(value) is None and LATIN.search(value) is not None for value in texts)
    if all(map(is_cjk, frequent(seen))) and latin >= NOISE * len(texts):
        return ("en", *frequent(seen)), f"{said}; Latin letters without a telling word are taken for English"
    return frequent(seen), said


def frequent(seen: Counter[str]) -> tuple[str, ...]:
    """Return the languages that are more than noise."""
    return tuple(language for language, count in seen.most_common() if count >= NOISE * seen.total())


def shares(seen: Counter[str]) -> str:
    """Return the share of each language, in words."""
    return ", ".join(
        f"{language} {count / seen.total():.0%}" for language, count in seen.most_common() if count * 200 > seen.total()
    )


def named_language(locale: str) -> str | None:
    """Return the language that a locale such as `de-AT`, `jp` or `us` stands for."""
    parts = locale.strip().lower().replace("_", "-").split("-")
    return next((name for part in parts if (name := COUNTRIES.get(part, part)) in get_args(Language)), None)


def language_of(value: str) -> str | None:
    """Return the language of a text, or None when it does not tell, or tells two."""
    if KANA.search(value):
        return "ja"
    if HAN.search(value):
        return "zh"
    words = set(WORD.findall(value.lower()))
    letters = set(value.lower())
    latin = (name for name in get_args(Language) if not is_cjk(name))
    scores = {
        name: len(words.intersection(analyses()[name]["stopwords"])) + bool(letters & LETTERS.get(name, set()))
        for name in latin
    }
    top = max(scores.values())
    winners = [name for name, score in scores.items() if score == top]
    return winners[0] if top and len(winners) == 1 else None
