"""Whether a difference is real: paired comparison of two systems over the same queries; a share against a half."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, lgamma, log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

CELLS = 2**21
"""Numbers that are drawn at a time, so that memory does not grow with the queries."""
LEVEL = 0.05
"""The p value below which a difference counts."""
NARROWEST = 2_000
"""Shoppers at which an interval that always holds is the narrowest, compared with that of a test of one look."""
ROUNDING = 1e-12
"""Share of the sum of all differences by which two orders of summation may differ."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much better a system is than another.

    Attributes:
        difference: Mean over the queries of the first minus the second; above 0 the first is better.
        low: Lower end of the 95 % interval of the difference.
        high: Upper end.
        p: Chance, in (0, 1], of a difference at least as large in either direction if the two were alike.
    """

    difference: float
    low: float
    high: float
    p: float

    @property
    def sign(self) -> int:
        """1 if the first is surely better, -1 if the second is, 0 if these queries cannot tell.

        The interval alone is too narrow over a handful of queries; p is not, so both must agree.
        """
        return (self.p < LEVEL) * ((self.low > 0) - (self.high < 0))


def compare(a: ArrayLike, b: ArrayLike, *, draws: int = 10_000, seed: int = 0) -> Comparison:
    """Compare the values of two systems, query by query.

    The interval is the percentile bootstrap over queries, p the permutation test that flips the signs of differences,
    with the observed one counted among the draws (Phipson and Smyth, 2010), so that p is never 0.

    Args:
        a: A value for each query.
        b: Values of the other system for the same queries, in the same order.
        draws: Samples for the interval, and for p.
        seed: The same seed gives the same answer.

    Raises:
        ValueError: There are no queries, their numbers differ, or a value is not finite.
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if first.ndim != 1 or first.shape != second.shape or not len(first):
        raise ValueError(f"found values of shapes {first.shape} and {second.shape}, expected one for each query")
    differences = first - second
    if not np.isfinite(differences).all():
        raise ValueError("a value is not finite; leave out queries that have none")
    random = np.random.default_rng(seed)
    low, high = np.percentile(bootstrap(differences, draws, random), [2.5, 97.5])
    return Comparison(float(differences.mean()), float(low), float(high), sign_flip(differences, draws, random))


def bootstrap(differences: Floats, draws: int, random: np.random.Generator) -> Floats:
    """Return the mean of each of many samples of the queries, drawn with replacement."""
    count = len(differences)
    return np.concatenate(
        [differences[random.integers(0, count, (rows, count))].mean(axis=1) for rows in chunks(draws, count)]
    )


def sign_flip(differences: Floats, draws: int, random: np.random.Generator) -> float:
    """Return the two-sided p: how often random signs give a sum at least as far from 0 as the observed one."""
    total, count = differences.sum(), len(differences)
    observed = abs(total) - ROUNDING * np.abs(differences).sum()
    extreme = 0
    for rows in chunks(draws, count):
        positive = random.integers(0, 2, (rows, count), dtype=np.bool_) @ differences
        extreme += int(np.count_nonzero(np.abs(2 * positive - total) >= observed))
    return (extreme + 1) / (draws + 1)


def chunks(draws: int, count: int) -> Iterator[int]:
    """Yield how many draws over `count` queries to make at a time."""
    size = max(1, CELLS // count)
    for start in range(0, draws, size):
        yield min(size, draws - start)


def holm(ps: Sequence[float]) -> list[float]:
    """Return the p values of several comparisons, adjusted for their number, in the order given (Holm, 1979)."""
    adjusted, largest = [0.0] * len(ps), 0.0
    for rank, position in enumerate(sorted(range(len(ps)), key=lambda position: ps[position])):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[position]))
        adjusted[position] = largest
    return adjusted


def log_chances(total: int, chance: float) -> Floats:
    """Return the logarithm of the chance of each number of successes, from 0 to `total` (binomial)."""
    ways = [lgamma(total + 1) - lgamma(k + 1) - lgamma(total - k + 1) for k in range(total + 1)]
    successes = np.arange(total + 1)
    return np.asarray(np.array(ways) + successes * log(chance) + (total - successes) * log(1 - chance), np.float64)


def exact_interval(wins: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Clopper and Pearson, 1934): each end leaves 2.5 % beyond."""
    if not total:
        return 0.0, 1.0
    low = 0.0 if wins == 0 else bisected(lambda share: at_least(wins, total, share) < LEVEL / 2)
    high = 1.0 if wins == total else bisected(lambda share: 1 - at_least(wins + 1, total, share) >= LEVEL / 2)
    return low, high


def at_least(wins: int, total: int, share: float) -> float:
    """Return the chance of so many successes, or more."""
    return float(np.exp(log_chances(total, share)[wins:]).sum())


def bisected(below: Callable[[float], bool]) -> float:
    """Return the share in (0, 1) up to which something holds."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


def sign_test(wins: int, total: int) -> float:
    """Return the two-sided p of a share if both sides were as likely."""
    return min(1.0, 2 * at_least(max(wins, total - wins), total, 0.5)) if total else 1.0


def anytime_interval(wins: int, total: int) -> tuple[float, float]:
    """Return an interval of a share that holds at every look at once with 95 %, however often somebody looks.

    Those shares are left out that all shares together, each as likely, explain 20 times worse than what was seen: the
    mixture sequential ratio test (Robbins, 1970; Johari, Pekelis and Walsh, 2015), exact by Ville's inequality.
    """
    losses = total - wins
    mixed = lgamma(wins + 1) + lgamma(losses + 1) - lgamma(total + 2)

    def ruled_out(share: float) -> bool:
        likely = wins * log(share) + losses * log(1 - share)
        return mixed - likely > -log(LEVEL)

    if not total:
        return 0.0, 1.0
    middle = wins / total
    low = bisected(lambda share: share < middle and ruled_out(share)) if wins else 0.0
    high = bisected(lambda share: share <= middle or not ruled_out(share)) if losses else 1.0
    return low, high


def anytime_half(error: float, count: int) -> float:
    """Return the half of an interval of a mean that holds at every look at once with 95 %, where there are many.

    It is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2024), equation 11.

    Args:
        error: The standard error of the mean.
        count: Of what the mean was taken over.
    """
    if not count:
        return inf
    spread = count * (-2 * log(LEVEL) + log(1 - 2 * log(LEVEL))) / NARROWEST
    return error * sqrt(2 * (spread + 1) / spread * log(sqrt(spread + 1) / LEVEL))
