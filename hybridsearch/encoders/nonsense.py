"""Nonsense: how near an encoder puts words without a meaning to the products of a catalogue."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

import numpy as np

from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.encoders.knowledge import words
from hybridsearch.runtime.batches import batches
from hybridsearch.texts.text import is_run
from hybridsearch.values import Vectors

SHORTEST = 4
"""Letters of a word that is shuffled: those of a shorter one often make another word."""
LEAST = 8
"""Such queries below which nothing is measured."""
AT_ONCE = 4
"""Texts that are encoded at once: an encoder without room for more has had its products in smaller batches, too."""
USUAL = 90
"""Percentile, over them, of the cosine to the nearest product."""


def noise(encoder: Encoder, cache: EncodeCache, titles: Sequence[str], products: Vectors) -> float | None:
    """Return the cosine that only one in ten queries without a meaning exceeds with its nearest product.

    Args:
        encoder: Encodes the queries.
        cache: Keeps their vectors: the next rebuild loads no model for them.
        titles: The queries are made of their letters, so that they look like words of the catalogue.
        products: (products, dims).

    Returns:
        None where the titles have too few words for it.
    """
    queries = list(dict.fromkeys(shuffled(titles)))
    if len(queries) < LEAST:
        return None
    cosines = np.concatenate([cache.queries(encoder, some).vectors @ products.T for some in batches(queries, AT_ONCE)])
    return float(np.percentile(cosines.max(axis=1), USUAL))


def shuffled(titles: Sequence[str]) -> Iterator[str]:
    """Yield a query of each title, always the same: one or two of its words, the letters of each in another order.

    In Chinese and Japanese a character has a meaning of its own, and those of one word have one in any order: they are
    drawn from all titles, each as likely as any other.
    """
    runs = (word for title in titles for word in words(title) if is_run(word))
    characters = "".join(dict.fromkeys(itertools.chain.from_iterable(runs)))
    for number, title in enumerate(titles):
        chance = random.Random(title)
        found = words(title)
        if any(map(is_run, found)):
            yield "".join(chance.sample(characters, min(2 + number % 4, len(characters))))
        elif long := [word.lower() for word in found if word.isalpha() and len(word) >= SHORTEST]:
            yield " ".join(mixed(word, chance) for word in chance.sample(long, min(1 + number % 2, len(long))))


def mixed(word: str, chance: random.Random) -> str:
    """Return the letters of a word in another order."""
    return "".join(chance.sample(word, len(word)))
