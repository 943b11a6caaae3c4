"""The texts that training pairs with pictures: titles and attribute values, drawn at random, and what else they fit."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.align.lexicon import Claim
from hybridsearch.align.pairs import Pair
from hybridsearch.texts import text

WHOLE_TITLE = 0.6
"""How often a title is used as it is; otherwise each word is kept with a probability of one half."""
VALUES = (1, 1, 2, 2, 3)
"""How many attribute values a phrase has, drawn at random from these."""

Facts = frozenset[tuple[str, str]]
"""What is true of a product, or what a text states: pairs of field and value; "" is the field of the title's tokens."""
Fits = NDArray[np.bool_]
"""Shape (pictures, texts)."""


class Statement(NamedTuple):
    """A text, and the facts that it states: it fits every product for which all of them are true."""

    text: str
    facts: Facts


class Writer:
    """Writes texts about the pairs of a catalogue."""

    def __init__(self, pairs: Sequence[Pair], language: str) -> None:
        self.pairs = pairs
        self._language = language
        self._entropies = entropies(pairs)

    def facts(self, position: int) -> Facts:
        """Return everything that is known about a product."""
        pair = self.pairs[position]
        values = {(name, value) for name, values in pair.values.items() for value in values}
        return self._tokens(pair.title) | values

    def title(self, position: int, rng: random.Random) -> Statement:
        """Return a product's title, or some of its words."""
        words = self.pairs[position].title.split()
        if rng.random() >= WHOLE_TITLE:
            words = [word for word in words if rng.random() < 0.5] or words
        title = " ".join(words)
        return Statement(title, self._tokens(title))

    def phrase(self, position: int, rng: random.Random) -> Statement:
        """Return some attribute values in any order, informative fields more often; the title when there are none."""
        values = self.pairs[position].values
        if not values:
            return self.title(position, rng)
        names = weighted_sample(list(values), [self._entropies[name] for name in values], rng.choice(VALUES), rng)
        facts = [(name, rng.choice(values[name])) for name in names]
        return Statement(" ".join(value for _, value in facts), frozenset(facts))

    def _tokens(self, title: str) -> Facts:
        return frozenset(("", token) for token in text.sequence(title, self._language))


def entropies(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return how informative each field is, in nats: one of four seasons says less than one of a hundred kinds."""
    counts: dict[str, Counter[str]] = {}
    for pair in pairs:
        for name, values in pair.values.items():
            counts.setdefault(name, Counter()).update(values)
    return {
        name: 0.1 + sum(-n / count.total() * math.log(n / count.total()) for n in count.values())
        for name, count in counts.items()
    }


def weighted_sample(names: list[str], weights: list[float], count: int, rng: random.Random) -> list[str]:
    """Draw distinct names in random order, those with more weight more often (Efraimidis and Spirakis, 2006)."""
    keys = {name: rng.random() ** (1 / weight) for name, weight in zip(names, weights, strict=True)}
    return sorted(names, key=lambda name: -keys[name])[:count]


def fits(known: Sequence[Facts], stated: Sequence[Facts]) -> Fits:
    """Return which texts state only facts that are true of which pictures, shape (pictures, texts)."""
    column = {fact: number for number, fact in enumerate(frozenset().union(*stated))}
    by_text, true = np.zeros((len(stated), len(column)), np.float32), np.zeros((len(known), len(column)), np.float32)
    for row, facts in enumerate(stated):
        by_text[row, [column[fact] for fact in facts]] = 1
    for row, facts in enumerate(known):
        true[row, [column[fact] for fact in facts if fact in column]] = 1
    all_true: Fits = true @ by_text.T == by_text.sum(axis=1)
    return all_true


def agree(known: Sequence[Claim], stated: Sequence[Claim]) -> tuple[Fits, Fits]:
    """Return which texts fit which pictures and which cannot; neither if unknown, shape (pictures, texts) each.

    A text fits when it allows everything that the picture may be, and cannot when on some axis it allows none of it.
    """
    match = np.ones((len(known), len(stated)), dtype=np.bool_)
    clash = np.zeros_like(match)
    for axis in ("kinds", "colours", "patterns"):
        sides = [[getattr(claim, axis) for claim in claims] for claims in (known, stated)]
        column = {value: number for number, value in enumerate(sorted(frozenset().union(*sides[0], *sides[1])))}
        true, allowed = (np.zeros((len(side), len(column)), dtype=np.float32) for side in sides)
        for table, side in zip((true, allowed), sides, strict=True):
            for row, values in enumerate(side):
                table[row, [column[value] for value in values]] = 1
        is_known, is_stated = true.sum(axis=1, keepdims=True) > 0, allowed.sum(axis=1) > 0
        overlap = true @ allowed.T
        match &= ~is_stated | (is_known & (overlap == true.sum(axis=1, keepdims=True)))
        clash |= is_stated & is_known & (overlap == 0)
    return match, clash
