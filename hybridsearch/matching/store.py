"""The offers on disk, and in memory only what tells which may be the same: their rare words."""

from __future__ import annotations

import functools
import heapq
import itertools
import pickle
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Self

from hybridsearch.matching.compare import Tells
from hybridsearch.matching.items import Item, is_told

RARE = 150
"""Offers that may share a word for it to say which are compared: a word of a thousand offers tells none apart."""
WORDS = 12
"""Of an offer, the rarest, that are looked at."""
NEIGHBOURS = 12
"""Offers that one is compared with, at most."""
KEPT = 20_000
"""Offers in memory."""

Place = int
"""Number of an offer, in the order of the catalogues."""


class Store:
    """Offers by their places, in a temporary database that nobody else reads."""

    def __init__(self) -> None:
        self.database = sqlite3.connect("", check_same_thread=False)
        self.database.execute("CREATE TABLE items (place INTEGER PRIMARY KEY, item BLOB)")
        self.size = 0
        self.numbers: dict[str, int] = {}
        self.counts = array("l")
        self.words = array("l")
        self.ends = array("l")
        self.at = functools.lru_cache(maxsize=KEPT)(self.read)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def add(self, item: Item) -> Place:
        """Keep an offer, and return its place."""
        self.database.execute("INSERT INTO items VALUES (?, ?)", (self.size, pickle.dumps(item)))
        for word in keys(item):
            number = self.numbers.setdefault(word, len(self.numbers))
            if number == len(self.counts):
                self.counts.append(0)
            self.counts[number] += 1
            self.words.append(number)
        self.ends.append(len(self.words))
        self.size += 1
        return self.size - 1

    def read(self, place: Place) -> Item:
        """Return the offer at a place."""
        found: Any = self.database.execute("SELECT item FROM items WHERE place = ?", (place,)).fetchone()
        item: Item = pickle.loads(found[0])
        return item

    def __iter__(self) -> Iterator[tuple[Place, Item]]:
        for place, packed in self.database.execute("SELECT place, item FROM items ORDER BY place"):
            yield place, pickle.loads(packed)

    @functools.cached_property
    def tells(self) -> Tells:
        """What each word tells, once all offers are there."""
        return Tells(self.size, self.count)

    def count(self, word: str) -> int:
        """Return how many offers have a word."""
        number = self.numbers.get(word)
        return 0 if number is None else self.counts[number]

    def of(self, place: Place) -> Sequence[int]:
        """Return the numbers of the words of an offer."""
        return self.words[self.ends[place - 1] if place else 0 : self.ends[place]]

    @functools.cached_property
    def postings(self) -> dict[int, array[int]]:
        """The offers that have a word, of the words that few have but more than one."""
        found: dict[int, array[int]] = {}
        for place in range(self.size):
            for word in self.of(place):
                if 1 < self.counts[word] <= RARE:
                    found.setdefault(word, array("l")).append(place)
        return found

    def neighbours(self, place: Place) -> list[Place]:
        """Return the offers that share the most with one, by what their rare words tell; never itself."""
        rare = sorted((word for word in self.of(place) if word in self.postings), key=self.counts.__getitem__)
        shared: defaultdict[Place, float] = defaultdict(float)
        for word in rare[:WORDS]:
            tells = 1 / self.counts[word] ** 0.5
            for other in self.postings[word]:
                shared[other] += tells
        shared.pop(place, None)
        return heapq.nlargest(NEIGHBOURS, shared, key=lambda other: (shared[other], -other))


def keys(item: Item) -> Iterator[str]:
    """Yield by what offers are found: the words of a title, and each two that follow each other, also as one."""
    if not is_told(item):
        return
    words = item.signs.words
    yield from words
    yield from item.signs.joined.difference(words)
    yield from dict.fromkeys(" ".join(sorted(pair)) for pair in itertools.pairwise(words) if "".join(pair).isalpha())
