"""Taste: how much what a person looked at may add to a score, chosen on sessions, and the gate that lets it pass.

Pure functions of what `histories` asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.features import Features
from hybridsearch.learning.folds import FEW, OUTER, REPEATS, Positions, folds
from hybridsearch.learning.gate import MIN_QUERIES, interval
from hybridsearch.learning.significance import Comparison, compare
from hybridsearch.search.weights import MOST_TASTE, Weights

Values = NDArray[np.float64]

BOUNDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, MOST_TASTE)
SHARES = (0.5, 0.25, 0.75, 0.0, 1.0)
NAMES = ("search", "taste by vectors", "taste by values")
BOTH = "both"
"""The kind of a search of which vectors and values tell a taste: only there they share the bound."""


class Strength(NamedTuple):
    """How much a taste counts, as `Weights.taste` and `Weights.taste_vectors` say it."""

    bound: float
    by_vectors: float

    @classmethod
    def of(cls, weights: Weights) -> Strength:
        """Return that of some weights."""
        return cls(weights.taste, weights.taste_vectors)

    def set_in(self, weights: Weights) -> Weights:
        """Return weights with it."""
        return weights.model_copy(update={"taste": self.bound, "taste_vectors": self.by_vectors})

    def __str__(self) -> str:
        return f"{self.bound:g} ({self.by_vectors:.0%} of it by vectors)" if self.bound else "0"


ByStrength = Mapping[Strength, Values]
"""nDCG@10 of each search by strength, that in use first."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Searches with a history, as they were answered.

    Attributes:
        features: Of each the products that were shown, with the three parts of their scores; in groups by session.
    """

    features: Features

    @property
    def count(self) -> int:
        """Number of sessions."""
        return len(np.unique(self.features.groups))

    def ndcg(self, strength: Strength) -> Values:
        """Return nDCG@10 of each search among the products that were shown."""
        bound, share = strength
        both = self.features.kinds == BOTH
        ones = np.ones(len(both))
        parts = ones, bound * np.where(both, share, 1.0), bound * np.where(both, 1 - share, 1.0)
        return self.features.ndcg(np.stack(parts, axis=1))

    def by_session(self, values: Values) -> Values:
        """Return one value for each session, whose mean is that of all clicks: what looks are rare at weighs more."""
        trust = self.features.trust.astype(np.float64)
        _, session = np.unique(self.features.groups, return_inverse=True)
        return np.asarray(np.bincount(session, values * trust) * self.count / trust.sum())


@dataclass(frozen=True, slots=True)
class WithHistory:
    """What histories change, measured on sessions, as `eval` reports it.

    Attributes:
        gain: Of nDCG@10 with the history over without it, over sessions.
    """

    sessions: int
    searches: int
    without: float
    with_history: float
    gain: Comparison

    def __str__(self) -> str:
        return (
            f"{self.searches:,} searches of {self.sessions:,} sessions that had done something before: nDCG@10 "
            f"{self.with_history:.3f} with that history, {self.without:.3f} without it, {interval(self.gain)}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        counts = {"sessions": self.sessions, "searches": self.searches}
        return {**counts, "without": self.without, "with": self.with_history, **asdict(self.gain)}


@dataclass(frozen=True, slots=True)
class TunedTaste:
    """What was learned of a taste.

    Attributes:
        activate: Whether the new strength is used.
        reason: One sentence with the numbers.
        strength: The new one, used or not.
        before: nDCG@10 under that in use.
        after: nDCG@10 of sessions under a strength that was chosen without them.
        without: nDCG@10 without histories.
        gain: Of `after` over `before`, over sessions; None with too few of them.
    """

    activate: bool
    reason: str
    strength: Strength
    sessions: int = 0
    searches: int = 0
    before: float | None = None
    after: float | None = None
    without: float | None = None
    gain: Comparison | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the object for programs; the caller adds whether it is used."""
        return {
            "reason": self.reason,
            "taste": self.strength.bound,
            "taste_vectors": self.strength.by_vectors,
            "sessions": self.sessions,
            "searches": self.searches,
            "without": self.without,
            "before": self.before,
            "after": self.after,
            **(asdict(self.gain) if self.gain else {}),
        }


def with_history(found: Sessions, weights: Weights) -> WithHistory | None:
    """Return what histories change under some weights; None without any session."""
    if not found.count:
        return None
    own, plain = (
        found.by_session(found.ndcg(Strength(bound, weights.taste_vectors))) for bound in (weights.taste, 0.0)
    )
    means = float(plain.mean()), float(own.mean())
    return WithHistory(found.count, len(found.features), *means, compare(own, plain))


def tune_taste(found: Sessions, start: Strength, seed: int = 0) -> TunedTaste:
    """Choose how much a taste counts, and decide by sessions that it was not chosen on whether that may be used."""
    if found.count < MIN_QUERIES:
        reason = (
            f"Only {found.count} sessions searched after they had looked at something; at least {MIN_QUERIES} must."
        )
        return TunedTaste(False, reason, start, found.count, len(found.features))
    values = {each: found.ndcg(each) for each in strengths(start, any(found.features.kinds == BOTH))}
    nothing = values[Strength(0.0, start.by_vectors)]
    after, before, without = map(
        found.by_session, (held_out(values, start, found.features, seed), values[start], nothing)
    )
    everywhere = np.arange(len(found.features))
    strength = chosen(values, start, found.features, everywhere)
    return decide(strength, start, after, before, without, len(found.features))


def decide(
    strength: Strength, start: Strength, after: Values, before: Values, without: Values, searches: int
) -> TunedTaste:
    """Let a new strength pass if it surely gains over that in use and, unless it is 0, over no history at all.

    Args:
        strength: The new one.
        start: That in use.
        after: Of each session nDCG@10 under a strength that was chosen without it.
        before: The same under that in use.
        without: The same without histories.
        searches: How many there are in the sessions.
    """
    to_before, to_without = compare(after, before), compare(after, without)
    means = f"nDCG@10 {after.mean():.4f} on held-out sessions"
    if strength == start:
        reason = f"A taste of {start}, which is in use, is the best one for these {len(after):,} sessions."
    elif to_before.low <= 0:
        reason = f"{means} is not surely better than {before.mean():.4f} of the taste in use: {interval(to_before)}."
    elif strength.bound and to_without.low <= 0:
        reason = f"{means} is not surely better than {without.mean():.4f} without histories: {interval(to_without)}."
    else:
        reason = f"{means} against {before.mean():.4f} of the taste in use, {interval(to_before)}."
    return TunedTaste(
        activate=strength != start and to_before.low > 0 and (not strength.bound or to_without.low > 0),
        reason=reason,
        strength=strength,
        sessions=len(after),
        searches=searches,
        before=float(before.mean()),
        after=float(after.mean()),
        without=float(without.mean()),
        gain=to_before,
    )


def strengths(start: Strength, shared: bool) -> list[Strength]:
    """Return the strengths that are tried, that in use first: of equally good ones the first is taken.

    Args:
        start: That in use.
        shared: Whether vectors and values share the bound anywhere.
    """
    bounds = dict.fromkeys([start.bound, 0.0, *BOUNDS])
    shares = dict.fromkeys([start.by_vectors, *(SHARES if shared else ())])
    return [Strength(bound, share) for bound in bounds for share in shares]


def chosen(values: ByStrength, start: Strength, features: Features, searches: Positions) -> Strength:
    """Return the strength that is the best for some searches: first the bound, then what of it is for vectors."""
    trust = features.trust[searches].astype(np.float64)

    def score(strength: Strength) -> float:
        return float(values[strength][searches] @ trust)

    bound = max((each for each in values if each.by_vectors == start.by_vectors), key=score).bound
    return max((each for each in values if each.bound == bound), key=score)


def held_out(values: ByStrength, start: Strength, features: Features, seed: int) -> Values:
    """Return nDCG@10 of each search under the strength that is the best for the sessions of other folds."""
    found = np.zeros(len(features))
    repeats = REPEATS if len(features) < FEW else 1
    for split in range(seed, seed + repeats):
        for train, test in folds(features.groups, OUTER, split):
            found[test] += values[chosen(values, start, features, train)][test] / repeats
    return found
