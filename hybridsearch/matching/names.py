"""What groups are called: as they were before, else by their smallest offer, whatever the order of the catalogues."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from hybridsearch.matching.review import Name
from hybridsearch.matching.store import Place


def names(groups: Mapping[Name, Place], before: Mapping[Name, str]) -> dict[Place, str]:
    """Return the name of each group; no two have the same.

    A name from before goes to the group that has most of its offers now; a group that has offers of several takes the
    name of most of them. Where as many are, what comes first in the alphabet does.

    Args:
        groups: The group of each offer, by catalogue and id.
        before: What the group of an offer was called, where it was in one.
    """
    smallest: dict[Place, str] = {}
    shared: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for offer, group in groups.items():
        own = ":".join(offer)
        smallest[group] = min(smallest.get(group, own), own)
        if offer in before:
            shared[group][before[offer]] += 1
    claims = (
        (-count, name, smallest[group], group) for group, counts in shared.items() for name, count in counts.items()
    )
    found: dict[Place, str] = {}
    taken: set[str] = set()
    for _, name, _, group in sorted(claims):
        if group not in found and name not in taken:
            found[group] = name
            taken.add(name)
    for own, group in sorted((own, group) for group, own in smallest.items() if group not in found):
        found[group] = next(name for name in numbered(own) if name not in taken)
        taken.add(found[group])
    return found


def numbered(name: str) -> Iterable[str]:
    """Yield a name, and others like it for when a group from before has it."""
    return itertools.chain([name], (f"{name}~{number}" for number in itertools.count(2)))
