"""Which two offers are one product: by their codes, by what a person said, and by what is likely and has no rival."""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.matching.compare import levels, other_states, ruled_out
from hybridsearch.matching.items import Item, is_told
from hybridsearch.matching.model import Model, probability
from hybridsearch.matching.store import Place, Store
from hybridsearch.runtime.progress import Progress

OWN = 3
"""Offers of one seller that may bear one code, such as a new and a used one; what more of them bear is no code."""
LOOKED_AT = 200
"""Offers with one code by which it is judged."""
FIRST = 20
"""Of them, those that each other one is compared with, until nothing speaks against one."""


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """Two offers that may be one product.

    Attributes:
        strength: What is surer comes first: 0 what a person said, 1 a GTIN, 2 a part number, 3 what is likely.
        odds: Logarithm of the odds, with its sign turned, so that the likelier comes first.
    """

    strength: int
    odds: float
    one: Place
    other: Place
    because: str = ""

    @property
    def score(self) -> float:
        """Probability that they are."""
        return round(probability(-self.odds), 4)


CERTAIN = -math.inf
SAID, BY_GTIN, BY_PART, LIKELY = range(4)
OF_PART = -math.log(0.995 / 0.005)
"""Odds of a part number and brand that agree; sellers make mistakes."""
OF_GTIN = -math.log(0.999 / 0.001)


class Codes:
    """The offers by their codes."""

    def __init__(self) -> None:
        self.gtins: defaultdict[str, list[Place]] = defaultdict(list)
        self.parts: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)

    def add(self, place: Place, item: Item) -> None:
        """Note the codes of an offer."""
        for code in item.gtins:
            self.gtins[code].append(place)
        if item.part and item.brand:
            self.parts[item.brand, item.part].append(place)

    def links(self, store: Store, doubtful: list[Link]) -> Iterator[Link]:
        """Yield links by codes; what speaks against one makes it doubtful."""
        for code, places in self.gtins.items():
            yield from self.of_one(places, store, doubtful, BY_GTIN, OF_GTIN, f"same GTIN {code.lstrip('0')}")
        for (_, part), places in self.parts.items():
            yield from self.of_one(places, store, doubtful, BY_PART, OF_PART, f"same brand and part number {part}")

    def of_one(
        self, places: Sequence[Place], store: Store, doubtful: list[Link], strength: int, odds: float, why: str
    ) -> Iterator[Link]:
        """Yield links between offers with one code, unless it is one that everybody has."""
        if len(places) < 2 or is_everybodys(places, store):
            return
        for row, other in enumerate(places[1:], 1):
            against: list[str] = []
            for one in places[: min(row, FIRST)]:
                against = objections(store.at(one), store.at(other), strength)
                if not against:
                    yield Link(strength, odds, one, other, why)
                    break
            else:
                doubtful.append(Link(strength, odds, places[0], other, f"{why}, but {', '.join(against[:2])}"))

    def ignored(self, store: Store) -> list[str]:
        """Return the GTINs that everybody has."""
        return sorted(code for code, places in self.gtins.items() if len(places) > 1 and is_everybodys(places, store))


def is_everybodys(places: Sequence[Place], store: Store) -> bool:
    """Tell whether more offers of one seller bear a code than can be one product, under different titles."""
    titles: defaultdict[str, set[str]] = defaultdict(set)
    for place in places[:LOOKED_AT]:
        item = store.at(place)
        titles[item.seller].add(item.title)
    return any(len(those) > OWN for those in titles.values())


def objections(one: Item, other: Item, strength: int) -> list[str]:
    """Return why two offers with one code are not one product all the same."""
    gtins = strength == BY_PART and one.gtins and other.gtins and one.gtins.isdisjoint(other.gtins)
    return [*other_states(one, other), *(["other GTINs"] if gtins else [])]


@dataclass(frozen=True, slots=True)
class Likely:
    """What may be one product by what two offers say.

    Attributes:
        sure: Links that have no rival.
        doubtful: Links for a person to look at.
    """

    sure: tuple[Link, ...]
    doubtful: tuple[Link, ...]


def candidates(
    store: Store, model: Model, progress: Progress
) -> Iterator[tuple[Place, Place, float, Mapping[str, str]]]:
    """Yield pairs of offers of two sellers that nothing rules out, with the logarithm of their odds and why."""
    near_to: list[array[int]] = []
    for place in range(store.size):
        near_to.append(array("l", store.neighbours(place)))
        if place % 1000 == 0:
            progress("comparing", place, store.size)
        one = store.at(place)
        if not is_told(one):
            continue
        for near in near_to[place]:
            if near < place and place in near_to[near]:
                continue  # it was met from the other side
            other = store.at(near)
            if one.seller == other.seller or next(ruled_out(one, other), None):
                continue
            found = levels(one, other, store.tells)
            yield place, near, model.odds(found), found


def likely(store: Store, model: Model, progress: Progress) -> Likely:
    """Return the pairs that are likely, and those that are doubtful.

    A pair is sure if it is likely enough, and neither offer has another one of the same seller that comes near: two
    offers that are as near as each other cannot be told apart by what they say.
    """
    found: dict[tuple[Place, Place], tuple[float, Mapping[str, str]]] = {}
    least = math.log(model.review / (1 - model.review)) - model.lead
    for one, other, odds, how in candidates(store, model, progress):
        if odds >= least:
            found[min(one, other), max(one, other)] = odds, how
    rivals = Rivals(store, ((pair, odds) for pair, (odds, _) in found.items()))
    sure, doubtful = [], []
    for (one, other), (odds, how) in found.items():
        rival = rivals.above(one, other, odds - model.lead)
        chance = probability(odds)
        if chance < model.review:
            continue
        why = model.because(how)
        if chance >= model.match and rival is None:
            sure.append(Link(LIKELY, -odds, one, other, why))
        elif rivals.leads(one, other, odds):
            beside = f"; '{store.at(rival).title[:60]}' is as near" if rival is not None else ""
            doubtful.append(Link(LIKELY, -odds, one, other, f"{why}{beside}"))
    return Likely(tuple(sure), tuple(doubtful))


class Rivals:
    """For each offer the two of each other seller that come nearest to it."""

    def __init__(self, store: Store, pairs: Iterable[tuple[tuple[Place, Place], float]]) -> None:
        self.store = store
        self.best: defaultdict[tuple[Place, str], list[tuple[float, Place]]] = defaultdict(list)
        for (one, other), odds in pairs:
            for place, near in ((one, other), (other, one)):
                kept = self.best[place, store.at(near).seller]
                kept.append((odds, near))
                kept.sort(reverse=True)
                del kept[2:]

    def of(self, place: Place, near: Place) -> list[tuple[float, Place]]:
        """Return what comes nearest to an offer, of the seller of another one, without that."""
        return [each for each in self.best[place, self.store.at(near).seller] if each[1] != near]

    def above(self, one: Place, other: Place, odds: float) -> Place | None:
        """Return what is as near to one of two offers as the other one is, if anything."""
        found = [*self.of(one, other), *self.of(other, one)]
        return next((place for own, place in found if own > odds), None)

    def leads(self, one: Place, other: Place, odds: float) -> bool:
        """Tell whether nothing is nearer to either of two offers than the other one."""
        return self.above(one, other, odds) is None
