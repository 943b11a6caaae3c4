"""From links to groups: joined one by one, the surest first, unless that would join what is known to differ."""

from __future__ import annotations

from collections.abc import Iterable

from hybridsearch.matching.compare import other_states, ruled_out
from hybridsearch.matching.items import Item
from hybridsearch.matching.links import BY_GTIN, SAID, Link
from hybridsearch.matching.store import Place, Store

MOST = 500
"""Offers of one product."""


class Groups:
    """The groups that offers are in; at first each is alone."""

    def __init__(self, store: Store, apart: Iterable[tuple[Place, Place]] = ()) -> None:
        """Begin.

        Args:
            store: The offers.
            apart: Offers that a person said are different products.
        """
        self.store = store
        self.first: dict[Place, Place] = {}
        self.members: dict[Place, list[Place]] = {}
        self.apart = {pair for one, other in apart for pair in ((one, other), (other, one))}
        self.by: dict[Place, Link] = {}

    def of(self, place: Place) -> Place:
        """Return the first offer of the group that one is in."""
        return self.first.get(place, place)

    def all_of(self, place: Place) -> list[Place]:
        """Return the offers of the group that one is in."""
        return self.members.get(self.of(place), [place])

    def join(self, link: Link) -> str | None:
        """Join the groups of two offers, or return why they stay apart."""
        ours, theirs = self.all_of(link.one), self.all_of(link.other)
        if ours is theirs or self.of(link.one) == self.of(link.other):
            return None
        if why := self.objection(ours, theirs, link):
            return why
        for place in (link.one, link.other):
            self.by.setdefault(place, link)
        joined = sorted([*ours, *theirs])
        for first in (self.of(link.one), self.of(link.other)):
            self.members.pop(first, None)
        self.first.update(dict.fromkeys(joined, joined[0]))
        self.members[joined[0]] = joined
        return None

    def objection(self, ours: list[Place], theirs: list[Place], link: Link) -> str | None:
        """Return why two groups are different products, if it is known."""
        if any((one, other) in self.apart for one in ours for other in theirs):
            return "a person said that they differ"
        if link.strength == SAID:
            return None
        if len(ours) + len(theirs) > MOST:
            return f"there would be more than {MOST} offers"
        for one in map(self.store.at, ours):
            for other in map(self.store.at, theirs):
                if why := differ(one, other, link):
                    return f"'{one.title[:60]}' of {one.seller} and '{other.title[:60]}' of {other.seller}: {why}"
        return None


def differ(one: Item, other: Item, link: Link) -> str | None:
    """Return why two offers of a group to be are different products, if it is known."""
    if not one.gtins.isdisjoint(other.gtins):
        return next(other_states(one, other), None)
    if one.seller == other.seller:
        return "one seller has both"
    against = other_states(one, other) if link.strength == BY_GTIN else ruled_out(one, other)
    return next(against, None)
