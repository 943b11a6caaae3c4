"""The gate: new weights are used only if held-out queries prove them better. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.significance import Comparison, compare

MIN_QUERIES = 20
"""Queries below which nothing is activated: the interval of so few says little about other queries."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether new weights are used, and why.

    Attributes:
        reason: One sentence with the numbers.
        current: New against current weights.
        keyword: New weights against keywords alone.
        worse: Kinds of queries that lose, as clauses.
        among_judged: New against current weights, with products without a grade left out of the rankings; None where
            that would show nothing.
    """

    activate: bool
    reason: str
    current: Comparison
    keyword: Comparison
    worse: tuple[str, ...] = ()
    among_judged: Comparison | None = None


def decide(
    held_out: Values,
    current: Values,
    keyword: Values,
    kinds: NDArray[np.str_],
    among_judged: tuple[Values, Values] | None = None,
) -> Decision:
    """Compare new weights with the current ones and with keywords.

    Args:
        held_out: nDCG@10 of each query under weights that were learned without it.
        current: The same under the current weights.
        keyword: The same for keywords alone.
        kinds: What sort of query each is.
        among_judged: The first two, with products without a grade left out of the rankings. Give it where the judges
            called many products irrelevant: then the gain must show among judged products too, or the weights may only
            have learned which products were judged.
    """
    to_current, to_keyword = compare(held_out, current), compare(held_out, keyword)
    worse = tuple(losing_kinds(held_out, current, kinds))
    judged_only = compare(*among_judged) if among_judged else None
    means = f"nDCG@10 {held_out.mean():.4f} on held-out queries"
    unsure = f"{means} is not surely better than"
    if len(held_out) < MIN_QUERIES:
        reason = (
            f"{len(held_out)} queries are too few to prove anything; {MIN_QUERIES} are needed, 200 or more advised."
        )
    elif to_current.low <= 0:
        reason = f"{unsure} {current.mean():.4f} of the current weights: {interval(to_current)}."
    elif to_keyword.low <= 0:
        reason = f"{unsure} {keyword.mean():.4f} of keywords alone: {interval(to_keyword)}."
    elif judged_only and judged_only.low <= 0:
        reason = (
            f"{means} is better than {current.mean():.4f}, but among the judged products alone not surely: "
            f"{interval(judged_only)}. The weights may have learned no more than which products were judged."
        )
    elif worse:
        reason = f"{means} is better than {current.mean():.4f}, but not for all: {worse[0]}."
    else:
        reason = (
            f"{means} against {current.mean():.4f} of the current weights, {interval(to_current)}, "
            f"and {keyword.mean():.4f} of keywords alone, {interval(to_keyword)}."
        )
        return Decision(True, reason, to_current, to_keyword, (), judged_only)
    return Decision(False, reason, to_current, to_keyword, worse, judged_only)


def losing_kinds(held_out: Values, current: Values, kinds: NDArray[np.str_]) -> Iterator[str]:
    """Yield a clause for each kind of query that the new weights surely harm."""
    names, counts = np.unique(kinds, return_counts=True)
    for name in names[counts >= MIN_QUERIES] if len(names) > 1 else ():
        of_kind = kinds == name
        comparison = compare(held_out[of_kind], current[of_kind])
        if comparison.high < 0:
            yield f"{int(of_kind.sum())} queries of kind '{name}' lose {interval(comparison)}"


def interval(comparison: Comparison) -> str:
    """Return a difference with its interval in words."""
    return f"{comparison.difference:+.4f}, 95 % interval [{comparison.low:+.4f}, {comparison.high:+.4f}]"
