"""Which products are trained on, and which are only ever asked about: no title and no picture is on both sides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from hybridsearch import text
from hybridsearch.align.pairs import Pair

HELD_OUT = 0.2
VALIDATION = 0.1
MOST_HELD_OUT, MOST_VALIDATION = 5_000, 2_000
"""More would only make the looks longer, and training poorer."""


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of pairs, each in one part."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]


def title_key(title: str, language: str) -> str:
    """Return a title as near-duplicates share it: its stems in alphabetical order, those with digits left out."""
    tokens = set(text.analyse(title, language))
    return " ".join(sorted({token for token in tokens if not any(map(str.isdigit, token))} or tokens))


def split(pairs: Sequence[Pair], language: str, seed: int) -> Split:
    """Hold a fifth of the products out, and a further tenth back to stop training by.

    Products with one title, or with one picture, stay together. The same seed gives the same parts; a product that
    comes or goes moves few others.
    """
    groups = sorted(together(pairs, language), key=lambda group: draw(seed, min(pairs[place].id for place in group)))
    wanted = {
        "held_out": min(HELD_OUT * len(pairs), MOST_HELD_OUT),
        "validation": min(VALIDATION * len(pairs), MOST_VALIDATION),
    }
    parts: dict[str, list[int]] = {"held_out": [], "validation": [], "train": []}
    for group in groups:
        part = next((name for name, size in wanted.items() if len(parts[name]) + len(group) <= size), "train")
        parts[part] += group
    return Split(**{name: tuple(sorted(places)) for name, places in parts.items()})


def together(pairs: Sequence[Pair], language: str) -> list[list[int]]:
    """Return the positions of pairs in groups that share titles or pictures, directly or through others."""
    parent = list(range(len(pairs)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = place = parent[parent[place]]
        return place

    first: dict[tuple[str, str], int] = {}
    for place, pair in enumerate(pairs):
        for mark in (("title", title_key(pair.title, language)), ("picture", pair.digest)):
            parent[root(place)] = root(first.setdefault(mark, place))
    groups: dict[int, list[int]] = defaultdict(list)
    for place in range(len(pairs)):
        groups[root(place)].append(place)
    return list(groups.values())


def draw(seed: int, name: str) -> bytes:
    """Return what stands for a random number, the same on every machine."""
    return hashlib.blake2b(f"{seed} {name}".encode(errors="replace"), digest_size=8).digest()
