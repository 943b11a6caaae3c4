"""What an encoder knows of a catalogue: how often some words of a product tell it from another product."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.texts.languages import CJK
from hybridsearch.texts.text import is_run
from hybridsearch.values import Vectors

LEAST_WORDS = 6
"""Words below which a text is not halved: halves of three or four words say nothing about each other."""
MOST_WORDS = 32
"""Words that are looked at: of a long description every half would tell whose it is."""
FEWEST = 64
"""Products below which nothing is measured: of 64 the share is known to about 0.02."""
SAME = 1e-6
"""Difference of two cosines that is none: the order in which an encoder adds decides it."""

_WORD = re.compile(f"[{CJK}]{{1,2}}|[^\\s{CJK}]+")
"""In Chinese and Japanese, which have no spaces, two characters stand for a word."""


def words(text: str) -> list[str]:
    """Return what stands for the words of a text, as they are written, at most MOST_WORDS."""
    return _WORD.findall(text)[:MOST_WORDS]


def together(words: Sequence[str]) -> str:
    """Return words as a text."""
    return " ".join("".join(word if is_run(word) else f" {word} " for word in words).split())


def halves(text: str) -> tuple[str, str]:
    """Return the words 1, 3, 5... and the words 2, 4, 6... of a text, as texts."""
    found = words(text)
    return together(found[::2]), together(found[1::2])


def part(text: str) -> str:
    """Return every second word of a text, as a query that was made of it; a text of one word is all of it."""
    return halves(text)[0]


def is_long(text: str) -> bool:
    """Tell whether a text is long enough to be halved."""
    return len(words(text)) >= LEAST_WORDS


def most(answers: Sequence[bool]) -> bool:
    """Tell whether at least half of the answers are yes."""
    return sum(answers) * 2 >= len(answers)


def trials(titles: Sequence[str], texts: Sequence[str]) -> list[tuple[str, str]]:
    """Return for each product the words that are asked for, and other words of it, in which it is to be recognised.

    They are the halves of its title; where most titles are short, the title and the texts; where most products have
    none, the halves of the texts. What is too short is empty.

    Args:
        titles: Of each product, in whatever language.
        texts: What each product says besides.
    """
    if most([is_long(title) for title in titles]):
        return [halves(title) if is_long(title) else ("", "") for title in titles]
    if most([bool(title) for title in titles]):
        rests = [together(words(text)) if is_long(text) else "" for text in texts]
        return list(zip(titles, rests, strict=True))
    return [halves(text) if is_long(text) else ("", "") for text in texts]


def told_apart(
    encoder: Encoder, cache: EncodeCache, asked_and_held: Sequence[tuple[str, str]], pictures: Vectors | None
) -> float | None:
    """Return how often what is asked for is nearer to its own product than to another one; 0.5 is chance.

    Args:
        encoder: Encodes the words.
        cache: Keeps their vectors: the next rebuild loads no model for them.
        asked_and_held: Of each product, from `trials`; of products for which the same is asked one counts.
        pictures: The vector of each product, (products, dims). None for a leg that reads text: its vectors would hold
            what is asked for, so other words stand for the product.

    Returns:
        The share, in [0, 1]; None where too few products have words for it.
    """
    pairs = enumerate(asked_and_held)
    usable = {asked: place for place, (asked, held) in pairs if asked and (held or pictures is not None)}
    places = list(usable.values())
    if len(places) < FEWEST:
        return None
    if pictures is None:
        products = cache.texts(encoder, [asked_and_held[place][1] for place in places]).vectors
    else:
        products = pictures[places]
    cosines = cache.queries(encoder, list(usable)).vectors @ products.T
    lead = cosines.diagonal()[:, None] - cosines
    won = np.where(np.abs(lead) <= SAME, 0.5, lead > 0)
    return float(won[~np.eye(len(places), dtype=bool)].mean())
