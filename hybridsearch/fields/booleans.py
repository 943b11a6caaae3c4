"""Booleans: what is so or not, such as whether a product is in stock, in the words of any of the six languages."""

from __future__ import annotations

from typing import Any

from hybridsearch.fields.base import FieldKind, first
from hybridsearch.texts import stemming, text

TRUE = "true t yes y on 1 1.0 1.0000 wahr ja j vrai oui verdadero si 真 是 有 はい ✓ ✔ ☑ ○ ◯ 〇"
FALSE = "false f no n off 0 0.0 0.0000 falsch nein faux non falso 假 否 无 無 偽 いいえ ✗ ✘ ☒ × ✕ ✖"
WORDS = {**dict.fromkeys(TRUE.split(), True), **dict.fromkeys(FALSE.split(), False)}
"""Every word that is understood, in lower case and without accents; numbers are words too."""
LONGEST = 64
"""Characters that are read of one; more than any word has."""


def read(value: Any) -> bool | None:
    """Return a truth value of a row; None when there is none.

    Raises:
        ValueError: It is none of the words, or a number other than 1 and 0.
    """
    return first(value, truth)


def values(value: Any) -> tuple[str | float, ...]:
    """Return the distinct truth values that a filter asks for.

    Raises:
        ValueError: One of them is none.
    """
    asked = (read(part) for part in (value if isinstance(value, list | tuple) else [value]))
    return tuple(dict.fromkeys(part for part in asked if part is not None))


def truth(value: Any) -> bool:
    """Return what a word, a number or a truth value says.

    Raises:
        ValueError: It says neither true nor false.
    """
    word = (
        stemming.unaccented(text.clean(str(value), LONGEST).casefold()) if isinstance(value, str | int | float) else ""
    )
    if word not in WORDS:
        raise ValueError("expected true or false")
    return WORDS[word]


def label(number: float) -> str:
    """Return how a truth value is called where products are counted by it."""
    return "true" if number else "false"


KIND = FieldKind(
    role="booleans",
    name="boolean",
    expected="true or false",
    shape="true or false",
    read=read,
    values=values,
    label=label,
)
