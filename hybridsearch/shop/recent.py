"""Products that were read from the index a moment ago: a shopper who looks on has the same history again and again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from hybridsearch.search.person.traits import Columns
from hybridsearch.values import Indexed

FRESH = 60.0
"""Seconds for which a product is remembered as it was read."""
MOST = 1_000
"""Products that are remembered: with 512 dims some 5 MB."""


class Recent:
    """The products, for all threads and event loops; what one of them forgets another one reads again."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, Indexed]] = {}

    def known(self, ids: Iterable[str]) -> dict[str, Indexed]:
        """Return those of some products that are remembered, by id."""
        if not self._found:
            return {}
        since = time.monotonic() - FRESH
        own = ((key, self._found.get(key)) for key in ids)
        return {key: entry[1] for key, entry in own if entry is not None and entry[0] > since}

    def joined(self, known: Mapping[str, Indexed], read: Mapping[str, Indexed]) -> Mapping[str, Indexed]:
        """Return products that were remembered and those that were read, which are then; columns are read anew."""
        if isinstance(read, Columns):
            return {**known, **read} if known else read
        if len(self._found) + len(read) > MOST:
            self._found = {}
        now = time.monotonic()
        self._found |= {key: (now, product) for key, product in read.items()}
        return {**known, **read}
