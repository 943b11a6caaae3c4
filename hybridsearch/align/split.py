"""Which products are trained on, and which only serve to measure: no title and no picture is in two parts."""

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
"""More products would only make measuring slower, and training worse."""


@dataclass(frozen=True, slots=True)
class Split:
    """Positions of pairs, each in one part."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]


def title_key(title: str, language: str) -> str:
    """Return what near-duplicate titles share: their stems in alphabetical order, without those with digits."""
    tokens = set(text.sequence(title, language))
    return " ".join(sorted({token for token in tokens if not any(map(str.isdigit, token))} or tokens))


def split(pairs: Sequence[Pair], language: str, seed: int) -> Split:
    """Hold a fifth of the products out for measuring, and another tenth for validation.

    Products with the same title, or the same picture, stay together. The same seed gives the same parts; a product
    that is added or removed moves few others.
    """
    groups = sorted(
        linked_groups(pairs, language), key=lambda group: pseudo_random(seed, min(pairs[row].id for row in group))
    )
    sizes = {
        "held_out": min(HELD_OUT * len(pairs), MOST_HELD_OUT),
        "validation": min(VALIDATION * len(pairs), MOST_VALIDATION),
    }
    parts: dict[str, list[int]] = {"held_out": [], "validation": [], "train": []}
    for group in groups:
        part = next((name for name, size in sizes.items() if len(parts[name]) + len(group) <= size), "train")
        parts[part] += group
    return Split(**{name: tuple(sorted(positions)) for name, positions in parts.items()})


def linked_groups(pairs: Sequence[Pair], language: str) -> list[list[int]]:
    """Return the positions of pairs in groups that share titles or pictures, directly or through other pairs."""
    parent = list(range(len(pairs)))

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = position = parent[parent[position]]
        return position

    first: dict[tuple[str, str], int] = {}
    for position, pair in enumerate(pairs):
        for key in (("title", title_key(pair.title, language)), ("picture", pair.digest)):
            parent[root(position)] = root(first.setdefault(key, position))
    groups: dict[int, list[int]] = defaultdict(list)
    for position in range(len(pairs)):
        groups[root(position)].append(position)
    return list(groups.values())


def pseudo_random(seed: int, name: str) -> bytes:
    """Return bytes that serve as a random number, the same on every machine."""
    return hashlib.blake2b(f"{seed} {name}".encode(errors="replace"), digest_size=8).digest()
