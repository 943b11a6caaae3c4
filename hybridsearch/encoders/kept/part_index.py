"""Where the vectors of many parts lie: 16 bytes of memory for each, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Location = tuple[str, int]
"""A part, and a row in it."""
Heads = NDArray[np.uint64]
"""The first 8 bytes of keys, as numbers."""

FEW = 65_536
"""Keys that are kept apart, so that not all are sorted again for each new part; an eighth of all, if more."""


class PartIndex:
    """Location by key.

    A key is known by its first 8 bytes: of 10⁸ keys two share them in one of 3,700 catalogues, and the checksum of a
    vector, which counts its key, refuses the wrong one.

    Attributes:
        sizes: Rows by part, in the order in which parts were added.
    """

    def __init__(self) -> None:
        self.sizes: dict[str, int] = {}
        self._names: list[str] = []
        self._old, self._late = Places(), Places()
        self._new: list[Places] = []

    def add(self, name: str, heads: Heads) -> None:
        """Take in a part with the keys of its rows, see `heads`; a key that is known already stays where it is."""
        rows = np.arange(len(heads), dtype=np.uint64) | np.uint64(len(self._names) << 32)
        self._names.append(name)
        self.sizes[name] = len(heads)
        self._new.append(Places(heads, rows))

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Location]:
        """Return the locations of those keys that are known."""
        if self._new:
            self._late, self._new = together([self._late, *self._new]), []
            if len(self._late.heads) > max(FEW, len(self._old.heads) // 8):
                self._old, self._late = together([self._old, self._late]), Places()
        found = {**self._late.find(keys), **self._old.find(keys)}
        return {key: (self._names[where >> 32], where & 0xFFFFFFFF) for key, where in found.items()}


@dataclass(frozen=True, slots=True)
class Places:
    """Some keys.

    Attributes:
        heads: Their first 8 bytes, sorted; of equal ones the first that was added stands first.
        where: Number of the part, 32 bits, and row in it, 32 bits.
    """

    heads: Heads = field(default_factory=lambda: np.empty(0, np.uint64))
    where: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))

    def find(self, keys: Sequence[bytes]) -> dict[bytes, int]:
        """Return the places of those keys that are known."""
        if not len(self.heads) or not keys:
            return {}
        wanted = heads(keys)
        places = np.minimum(np.searchsorted(self.heads, wanted), len(self.heads) - 1)
        known = np.flatnonzero(self.heads[places] == wanted)
        return {keys[number]: int(self.where[places[number]]) for number in known.tolist()}


def together(some: Sequence[Places]) -> Places:
    """Return the keys of several, sorted."""
    every = np.concatenate([each.heads for each in some])
    order = np.argsort(every, kind="stable")
    return Places(every[order], np.concatenate([each.where for each in some])[order])


def heads(keys: Sequence[bytes]) -> Heads:
    """Return the first 8 bytes of each key as a number."""
    return np.frombuffer(b"".join(key[:8] for key in keys), ">u8").astype(np.uint64)


def heads_of_rows(keys: NDArray[np.uint8]) -> Heads:
    """Return the same for an array of keys, (keys, bytes of each)."""
    return np.ascontiguousarray(keys[:, :8]).view(">u8").ravel().astype(np.uint64)
