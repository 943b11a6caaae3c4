"""A sample of the products, spread over all of a catalogue: a number that follows from each id, on any engine the same.

The number is the hash that Java gives a text, times an odd number that spreads what is alike, of which 24 bits are
kept; so a server works it out by itself, and no index holds it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BITS = 24
SPREADING = 0x9E3779B1
"""2^32 divided by the golden ratio: ids that follow each other come to lie far apart."""
SPARE = 0.97
"""Of as many as are wanted, how many are expected: a sample varies by its square root."""


def numbers(ids: Sequence[str]) -> NDArray[np.uint32]:
    """Return the number of each id, in [0, 2^24)."""
    encoded = [key.encode("utf-16-le", "surrogatepass") for key in ids]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded)) // 2
    units, starts = np.frombuffer(b"".join(encoded), "<u2"), np.cumsum(lengths) - lengths
    hashes = np.zeros(len(ids), np.uint32)
    for place in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > place)
        hashes[longer] = hashes[longer] * np.uint32(31) + units[starts[longer] + place]
    return hashes * np.uint32(SPREADING) >> np.uint32(32 - BITS)


def below(wanted: int, documents: int) -> int | None:
    """Return the number below which about so many of the products lie; None where there are no more than these."""
    return None if documents <= wanted else int(2**BITS * SPARE * wanted / documents)
