"""What is trained on, and what only serves to measure: nothing is in one part that is nearly the same in another."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from hybridsearch.align.pairs import Pair
from hybridsearch.texts import text

FEWEST = 200
"""With fewer, a fifth is too few to measure on."""
HELD_OUT = 0.2
VALIDATION = 0.1
MOST_HELD_OUT, MOST_VALIDATION = 5_000, 2_000
"""More would only make measuring slower, and training worse."""


@dataclass(frozen=True, slots=True)
class Split:
    """Positions, each in one part."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]


def title_key(title: str, language: str) -> str:
    """Return what near-duplicate titles share: their stems in alphabetical order, without those with digits."""
    tokens = set(text.sequence(title, language))
    return " ".join(sorted({token for token in tokens if not any(map(str.isdigit, token))} or tokens))


def split(ids: Sequence[str], groups: Sequence[Sequence[int]], seed: int) -> Split:
    """Hold a fifth out for measuring, and another tenth for validation.

    The same seed gives the same parts; a product that is added or removed moves few others.

    Args:
        ids: Of what is split: products, or queries.
        groups: Positions that must stay together, from `linked_groups`.
        seed: Decides the parts.
    """
    order = sorted(groups, key=lambda group: pseudo_random(seed, min(ids[position] for position in group)))
    sizes = {
        "held_out": min(HELD_OUT * len(ids), MOST_HELD_OUT),
        "validation": min(VALIDATION * len(ids), MOST_VALIDATION),
    }
    parts: dict[str, list[int]] = {"held_out": [], "validation": [], "train": []}
    for group in order:
        part = next((name for name, size in sizes.items() if len(parts[name]) + len(group) <= size), "train")
        parts[part] += group
    return Split(**{name: tuple(sorted(positions)) for name, positions in parts.items()})


def pair_keys(pairs: Sequence[Pair], language: str) -> list[tuple[Hashable, ...]]:
    """Return what is equal for products that must stay together: near-duplicate titles, and pictures."""
    return [(("title", title_key(pair.title, language)), ("picture", pair.digest)) for pair in pairs]


def linked_groups(keys: Sequence[Sequence[Hashable]]) -> list[list[int]]:
    """Return positions in groups that share a key, directly or through others."""
    parent = list(range(len(keys)))

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = position = parent[parent[position]]
        return position

    first: dict[Hashable, int] = {}
    for position, own in enumerate(keys):
        for key in own:
            parent[root(position)] = root(first.setdefault(key, position))
    groups: dict[int, list[int]] = defaultdict(list)
    for position in range(len(keys)):
        groups[root(position)].append(position)
    return list(groups.values())


def pseudo_random(seed: int, name: str) -> bytes:
    """Return bytes that serve as a random number, the same on every machine."""
    return hashlib.blake2b(f"{seed} {name}".encode(errors="replace"), digest_size=8).digest()
