"""How values of filters are written in an index in another case: asked for once in some minutes, and remembered.

To look for them takes a server a time that grows with the index, and a shop filters by the same few values all day.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hybridsearch.search.filters.conditions import Terms

FRESH = 600.0
"""Seconds for which they are remembered."""
MOST = 10_000
"""Values that are remembered."""


class Spellings:
    """What one index was seen to hold."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], tuple[float, tuple[str, ...]]] = {}
        self._index = ""

    def unknown(self, index: str, compared: Iterable[Terms]) -> tuple[Terms, ...]:
        """Return the filters with those of their values that must be asked for; another index is another matter."""
        if index != self._index:
            self._index, self._known = index, {}
        oldest = time.monotonic() - FRESH
        left = (
            replace(terms, values=tuple(value for value in terms.values if self._seen(terms, value)[0] < oldest))
            for terms in compared
        )
        return tuple(terms for terms in left if terms.values)

    def remember(self, asked: Iterable[Terms], found: Iterable[Sequence[str]]) -> None:
        """Remember what the index holds of some filters."""
        now = time.monotonic()
        if len(self._known) > MOST:
            self._known = {}
        for terms, written in zip(asked, found, strict=True):
            for value in map(str, terms.values):
                alike = tuple(each for each in written if each.casefold() == value.casefold())
                self._known[terms.role, terms.field, value] = now, alike

    def written(self, terms: Terms) -> tuple[str, ...]:
        """Return the values of the index that are equal to one of a filter but for upper and lower case."""
        return tuple(written for value in terms.values for written in self._seen(terms, value)[1])

    def _seen(self, terms: Terms, value: object) -> tuple[float, tuple[str, ...]]:
        return self._known.get((terms.role, terms.field, str(value)), (-math.inf, ()))
