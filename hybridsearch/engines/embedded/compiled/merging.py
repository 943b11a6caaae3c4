"""Merging: the postings of runs of documents become those of all documents, a stretch of terms at a time.

Each run has its own terms, in order, and numbers its documents behind those of the run before. So the documents of a
term are those of the first run, then of the next: nothing is sorted but terms, and no more is in memory than a stretch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.arrays.postings import Inverted, Ordinals
from hybridsearch.engines.embedded.arrays.spool import Spool, Stored

TERMS = 1 << 17
"""Terms of a stretch, of all runs together;"""
POSTINGS = 1 << 20
"""and their documents, unless one term alone has more."""


class Run(Protocol):
    """The postings of documents that follow each other."""

    @property
    def size(self) -> int:
        """How many terms there are."""
        ...

    def get(self, part: str, start: int, end: int) -> NDArray[Any]:
        """Return what lies in `terms`, `bounds` or `starts` (see `Postings`) from one place to another."""
        ...

    def stretch(self, terms: list[bytes], starts: NDArray[np.int64]) -> Stretch:
        """Return terms that follow each other with their documents; one that no document has any more is left out."""
        ...

    def texts(self) -> tuple[Ordinals, NDArray[np.int32]]:
        """Return the documents that have terms, and how many each has."""
        ...


@dataclass(frozen=True, slots=True)
class Kept:
    """The postings of one run in a spool: see `Inverted`."""

    spool: Spool
    terms: Stored
    bounds: Stored
    starts: Stored
    docs: Stored
    counts: Stored
    holders: Stored
    lengths: Stored

    @classmethod
    def of(cls, inverted: Inverted, spool: Spool) -> Kept:
        """Put postings into a spool."""
        parts = {name: spool.put(values) for name, values in inverted.arrays.items()}
        counts, lengths = inverted.counts.astype(np.int32), inverted.lengths.astype(np.int32)
        return cls(
            spool, **parts, counts=spool.put(counts), holders=spool.put(inverted.holders), lengths=spool.put(lengths)
        )

    @property
    def size(self) -> int:
        """See `Run`."""
        return self.starts.size - 1

    def get(self, part: str, start: int, end: int) -> NDArray[Any]:
        """See `Run`."""
        return self.spool.get(getattr(self, part), start, end)

    def stretch(self, terms: list[bytes], starts: NDArray[np.int64]) -> Stretch:
        """See `Run`."""
        docs, counts = (self.get(part, int(starts[0]), int(starts[-1])) for part in ("docs", "counts"))
        return Stretch(terms, np.diff(starts), docs, counts)

    def texts(self) -> tuple[Ordinals, NDArray[np.int32]]:
        """See `Run`."""
        return self.spool.get(self.holders), self.spool.get(self.lengths)


class Stretch(NamedTuple):
    """Terms that follow each other, with their documents.

    Attributes:
        terms: In order, as UTF-8.
        having: How many documents each has.
        docs: The documents, term by term, ascending in each.
        counts: How often the term occurs in the document, parallel to `docs`.
    """

    terms: Sequence[bytes]
    having: NDArray[np.int64]
    docs: Ordinals
    counts: NDArray[np.int32]


@dataclass(slots=True)
class Cursor:
    """How far the terms of one run have been merged; what was read of them already waits."""

    run: Run
    at: int = 0
    terms: list[bytes] = field(default_factory=list)
    starts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))

    @property
    def is_at_end(self) -> bool:
        """Whether all terms that are left have been read."""
        return self.at + len(self.terms) == self.run.size

    def read(self, terms: int, postings: int) -> None:
        """Read the next terms, not more than both numbers allow, but one at least where one is left."""
        if self.terms or self.is_at_end:
            return
        starts = self.run.get("starts", self.at, self.at + terms + 1)
        end = max(int(np.searchsorted(starts, starts[0] + postings, side="right")) - 1, 1)
        bounds = self.run.get("bounds", self.at, self.at + end + 1).tolist()
        text = self.run.get("terms", bounds[0], bounds[-1]).tobytes()
        self.terms = [text[one - bounds[0] : other - bounds[0]] for one, other in pairwise(bounds)]
        self.starts = starts[: end + 1]

    def take(self, last: bytes) -> Stretch:
        """Return the terms up to one, and go behind them."""
        end = bisect_right(self.terms, last)
        taken, self.terms = self.terms[:end], self.terms[end:]
        starts, self.starts = self.starts[: end + 1], self.starts[end:]
        self.at += end
        return self.run.stretch(taken, starts)


def merged(runs: Sequence[Run]) -> Iterator[Stretch]:
    """Yield the postings of all runs together, a stretch at a time."""
    cursors = [Cursor(run) for run in runs]
    while True:
        for cursor in cursors:
            cursor.read(max(TERMS // len(runs), 1), POSTINGS // len(runs))
        cursors = [cursor for cursor in cursors if cursor.terms]
        if not cursors:
            return
        # Behind the last term that was read of a run, that run may have one that comes before those of others.
        last = min(cursor.terms[-1] for cursor in cursors)
        yield joined([cursor.take(last) for cursor in cursors])


def joined(stretches: Sequence[Stretch]) -> Stretch:
    """Return stretches of different runs, in their order, as one."""
    if len(stretches) == 1:
        return stretches[0]
    terms = sorted(set().union(*(stretch.terms for stretch in stretches)))
    number = dict(zip(terms, range(len(terms)), strict=True))
    places = [np.fromiter(map(number.__getitem__, each.terms), np.int32, len(each.terms)) for each in stretches]
    of_term = np.concatenate(
        [np.repeat(*both) for both in zip(places, (each.having for each in stretches), strict=True)]
    )
    order = np.argsort(of_term, kind="stable")
    return Stretch(
        terms,
        np.bincount(of_term, minlength=len(terms)),
        np.concatenate([each.docs for each in stretches])[order],
        np.concatenate([each.counts for each in stretches])[order],
    )
