"""Two set-ups over the same judged queries: which wins where, and whether the mean difference is real."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hybridsearch.learning.significance import Comparison, compare


@dataclass(frozen=True, slots=True)
class Pair:
    """The main measure of one query under both set-ups; `number` is its place among the judged queries, from 0."""

    number: int
    left: float
    right: float

    @property
    def gain(self) -> float:
        """How much better the right one is."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Paired:
    """What the judged queries say of two set-ups.

    Attributes:
        pairs: The largest gain of the right one first, ties in the order of the queries.
        skipped: Number of queries that were left out, by reason.
        comparison: The right one against the left one; None where no query was measured.
    """

    pairs: tuple[Pair, ...]
    skipped: Mapping[str, int]
    comparison: Comparison | None

    @property
    def wins(self) -> int:
        """Queries that the right one answers better."""
        return sum(pair.gain > 0 for pair in self.pairs)

    @property
    def losses(self) -> int:
        """Queries that the left one answers better."""
        return sum(pair.gain < 0 for pair in self.pairs)

    @property
    def ties(self) -> int:
        """Queries that both answer as well."""
        return len(self.pairs) - self.wins - self.losses

    @property
    def means(self) -> tuple[float, float]:
        """The mean of the left one, and of the right one; 0 where no query was measured."""
        count = max(1, len(self.pairs))
        return sum(pair.left for pair in self.pairs) / count, sum(pair.right for pair in self.pairs) / count


def paired(left: Mapping[int, float], right: Mapping[int, float], skipped: Mapping[str, int]) -> Paired:
    """Return what two set-ups reach, over the queries that both answered.

    Args:
        left: The main measure by the number of the query.
        right: The same of the other set-up.
        skipped: Number of queries that were left out, by reason.
    """
    pairs = sorted(
        (Pair(number, left[number], right[number]) for number in left.keys() & right.keys()),
        key=lambda pair: (-pair.gain, pair.number),
    )
    found = compare([pair.right for pair in pairs], [pair.left for pair in pairs]) if pairs else None
    return Paired(tuple(pairs), dict(skipped), found)
