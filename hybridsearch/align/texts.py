"""What training says about pictures: titles and attribute values, drawn afresh each time, and who else they fit."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch import text
from hybridsearch.align.lexicon import Claim
from hybridsearch.align.pairs import Pair

WHOLE_TITLE = 0.6
"""How often a title is said as it is; else each word stays with a chance of one half."""
VALUES = (1, 1, 2, 2, 3)
"""How many attribute values a phrase has, drawn."""

Facts = frozenset[tuple[str, str]]
"""What is true of a product, or is said: pairs of a field, "" for the title, and a value, or a token of the title."""
Fits = NDArray[np.bool_]
"""Shape (pictures, texts)."""


class Said(NamedTuple):
    """A text, and the facts that it names: it fits every product of which all of them are true."""

    text: str
    facts: Facts


class Writer:
    """Writes texts about pairs of a catalogue in a language."""

    def __init__(self, pairs: Sequence[Pair], language: str) -> None:
        self.pairs = pairs
        self._language = language
        self._telling = entropies(pairs)

    def facts(self, place: int) -> Facts:
        """Return all that is known of a product."""
        pair = self.pairs[place]
        values = {(name, value) for name, values in pair.values.items() for value in values}
        return self._tokens(pair.title) | values

    def title(self, place: int, rng: random.Random) -> Said:
        """Return a product's title, or some of its words."""
        whole = self.pairs[place].title
        words = whole.split()
        if rng.random() >= WHOLE_TITLE:
            words = [word for word in words if rng.random() < 0.5] or words
        said = " ".join(words)
        return Said(said, self._tokens(said))

    def phrase(self, place: int, rng: random.Random) -> Said:
        """Return some attribute values in any order, telling fields more often; the title where there are none."""
        values = self.pairs[place].values
        if not values:
            return self.title(place, rng)
        names = weighted(list(values), [self._telling[name] for name in values], rng.choice(VALUES), rng)
        facts = [(name, rng.choice(values[name])) for name in names]
        return Said(" ".join(value for _, value in facts), frozenset(facts))

    def _tokens(self, said: str) -> Facts:
        return frozenset(("", token) for token in text.analyse(said, self._language))


def entropies(pairs: Sequence[Pair]) -> dict[str, float]:
    """Return how much each field tells, in nats: the season of four says less than the kind of a hundred."""
    counts: dict[str, Counter[str]] = {}
    for pair in pairs:
        for name, values in pair.values.items():
            counts.setdefault(name, Counter()).update(values)
    return {
        name: 0.1 + sum(-n / count.total() * math.log(n / count.total()) for n in count.values())
        for name, count in counts.items()
    }


def weighted(names: list[str], weights: list[float], count: int, rng: random.Random) -> list[str]:
    """Draw distinct names in random order, likelier ones first (Efraimidis and Spirakis, 2006)."""
    keys = {name: rng.random() ** (1 / weight) for name, weight in zip(names, weights, strict=True)}
    return sorted(names, key=lambda name: -keys[name])[:count]


def fits(known: Sequence[Facts], said: Sequence[Facts]) -> Fits:
    """Return which texts name nothing but facts of which pictures, shape (pictures, texts)."""
    number = {fact: place for place, fact in enumerate(frozenset().union(*said))}
    named, true = np.zeros((len(said), len(number)), np.float32), np.zeros((len(known), len(number)), np.float32)
    for row, facts in enumerate(said):
        named[row, [number[fact] for fact in facts]] = 1
    for row, facts in enumerate(known):
        true[row, [number[fact] for fact in facts if fact in number]] = 1
    found: Fits = true @ named.T == named.sum(axis=1)
    return found


def agree(known: Sequence[Claim], said: Sequence[Claim]) -> tuple[Fits, Fits]:
    """Return which texts fit which pictures and which cannot; neither where nobody knows, shape (pictures, texts) each.

    A text fits where it allows all that the picture may be, and cannot where it allows nothing of that on some axis.
    """
    match = np.ones((len(known), len(said)), dtype=np.bool_)
    clash = np.zeros_like(match)
    for axis in ("kinds", "colours", "patterns"):
        sides = [[getattr(claim, axis) for claim in claims] for claims in (known, said)]
        number = {value: place for place, value in enumerate(sorted(frozenset().union(*sides[0], *sides[1])))}
        true, allowed = (np.zeros((len(side), len(number)), dtype=np.float32) for side in sides)
        for table, side in zip((true, allowed), sides, strict=True):
            for row, values in enumerate(side):
                table[row, [number[value] for value in values]] = 1
        sure, asks = true.sum(axis=1, keepdims=True) > 0, allowed.sum(axis=1) > 0
        overlap = true @ allowed.T
        match &= ~asks | (sure & (overlap == true.sum(axis=1, keepdims=True)))
        clash |= asks & sure & (overlap == 0)
    return match, clash
