"""Tune: from judgments to weights that may be used. Steps: ask, learn, decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch._version import __version__
from hybridsearch.disk.home import Home
from hybridsearch.learning import histories
from hybridsearch.learning.cross_validation import Fitted, Learned, learn
from hybridsearch.learning.curve import Gain, learning_curve
from hybridsearch.learning.features import Features
from hybridsearch.learning.gate import Decision, decide
from hybridsearch.learning.learned_weights import to_weights
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.prepared import LeftOut
from hybridsearch.learning.runs import Runs, vector_of
from hybridsearch.learning.sources.judgments import Judgments
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.learning.taste import Strength, TunedTaste, tune_taste
from hybridsearch.learning.trial import Asked, ask
from hybridsearch.query_sources import QUERY_SOURCES
from hybridsearch.running import telling
from hybridsearch.runtime.progress import Progress
from hybridsearch.schema import Schema
from hybridsearch.search.weights import Weights, prior
from hybridsearch.shop.shop import Shop

MANY = 0.2
"""Smallest share of irrelevant grades with which the gate also compares among judged products only."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The result of `hybridsearch tune`.

    Attributes:
        decision: Of the gate.
        weights: The new weights, used or not.
        before: nDCG@10 of the current weights.
        after: nDCG@10 of the new weights, on held-out queries.
        keyword: nDCG@10 of keywords only.
        queries: Number of queries learned from.
        skipped: Number of skipped queries by reason.
        notes: What was changed or ignored, as sentences.
        runs: Of all systems.
        held_out: nDCG@10 of each query under weights that were learned without it.
        taste: What was learned of a person's taste; None where the judgments tell of no sessions.
        used: What the file of the weights is to become; None where nothing changes.
        curve: What weights gain that are learned from fewer queries; empty where that was not asked for.
        left_out: The queries that were not asked.
        start: The current weights.
    """

    decision: Decision
    weights: Weights
    before: float
    after: float
    keyword: float
    queries: int
    skipped: dict[str, int]
    notes: tuple[str, ...]
    runs: Runs
    held_out: NDArray[np.float64]
    taste: TunedTaste | None = None
    used: Weights | None = None
    curve: tuple[Gain, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    start: Weights = field(default_factory=prior)

    def to_json(self, *, shadow: bool = False) -> dict[str, Any]:
        """Return the object that `tune --json` prints, of a run that is to use nothing with `shadow`."""
        against = self.decision.current
        return {
            "activated": self.decision.activate and not shadow,
            "reason": self.decision.reason,
            "before": self.before,
            "after": self.after,
            "keyword": self.keyword,
            "difference": against.difference,
            "low": against.low,
            "high": against.high,
            "p": against.p,
            "against_keyword": asdict(self.decision.keyword),
            "worse": list(self.decision.worse),
            "queries": self.queries,
            "skipped": self.skipped,
            "notes": list(self.notes),
            "curve": [point.to_json() for point in self.curve],
            "weights": self.weights.model_dump(mode="json", exclude_defaults=True),
            "taste": self.taste and {"activated": self.taste.activate and not shadow, **self.taste.to_json()},
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """nDCG@10 of each query, (queries,).

    Attributes:
        keyword: Of keywords only.
        before: Of the current weights.
        after: Of weights that were learned without the query.
        among_judged: After and before among judged products only; None if too few of them are irrelevant.
    """

    keyword: NDArray[np.float64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    among_judged: tuple[NDArray[np.float64], NDArray[np.float64]] | None


def tune(
    shop: Shop, judgments: Judgments, folder: Path, *, seed: int = 0, curve: bool = False, progress: Progress
) -> Tuned:
    """Learn weights from judgments, and from sessions how much a taste counts; decide whether they may be used.

    Nothing is activated.

    Args:
        shop: Its index is asked; learning starts from its current weights.
        judgments: What to learn from.
        folder: Where relative paths of photos start.
        seed: Of the folds.
        curve: Whether to learn from some of the queries too, see `Tuned.curve`; it takes a third more time.
        progress: Called after every answer and every fit.

    Raises:
        ConfigError: No query can be learned from.
        EngineError: The engine cannot be reached, or gave only partial answers; the answers until then are kept.
        EncoderError: An encoder cannot be loaded, or is not the one that the index was built with.
    """
    with telling(Home(shop.settings.home).tuning, progress) as tell:
        tuned = _tune(shop, judgments, folder, seed, curve, tell)
        tell.ended({**tuned.to_json(), "weights": None})
    return tuned


def _tune(shop: Shop, judgments: Judgments, folder: Path, seed: int, curve: bool, progress: Progress) -> Tuned:
    schema, asked = shop.engine.schema(), ask(shop, judgments, folder, progress)
    tuned = learn_weights(schema, asked, seed, progress, curve=curve)
    signals = tuned.weights if tuned.decision.activate else None
    if not judgments.personal:
        return replace(tuned, used=signals)
    base = shop.weightings.fitting(signals, schema) if signals else asked.weights
    sessions = histories.ask(shop, judgments, base, folder, progress)
    taste = tune_taste(sessions, Strength.of(base), seed)
    if not taste.activate:
        return replace(tuned, used=signals, taste=taste)
    used = tasted(signals or shop.weightings.learned(schema), taste)
    return replace(tuned, weights=tasted(tuned.weights, taste), used=used, taste=taste)


def tasted(weights: Weights, taste: TunedTaste) -> Weights:
    """Return weights with what was learned of a taste."""
    found = {"date": now(), "library": __version__, **taste.to_json()}
    return taste.strength.set_in(weights).model_copy(update={"learned": {**weights.learned, "taste": found}})


def learn_weights(schema: Schema, asked: Asked, seed: int, progress: Progress, *, curve: bool = False) -> Tuned:
    """Learn weights from the runs, and let the gate decide; the arguments are those of `tune`."""
    start, runs = asked.weights, asked.runs
    free = [name for name in runs.features.names if name.startswith("number.") and name not in runs.features.written]
    numbers = {name: runs.features.middle(name) for name in free}
    # A price of 30 and a rating of 4 have no saturation constant in common.
    features = runs.features.saturated(numbers)
    outcome = learn(features, runs.current, seed=seed, progress=progress)
    scores = held_out_scores(runs, start, outcome)
    decision = decide(scores.after, scores.before, scores.keyword, runs.features.kinds, scores.among_judged)
    points = (
        learning_curve(features, runs.current, scores.before, scores.after, seed=seed, progress=progress)
        if curve
        else ()
    )
    halves = {name: start.half(name) * change for name, change in numbers.items()}
    weights = to_weights(outcome.fitted, features, start, schema, halves)
    return Tuned(
        decision=decision,
        weights=weights.model_copy(update={"learned": evidence(schema, runs, scores, decision, outcome.fitted)}),
        before=float(scores.before.mean()),
        after=float(scores.after.mean()),
        keyword=float(scores.keyword.mean()),
        queries=len(runs.asked),
        skipped=asked.skipped,
        notes=asked.notes,
        runs=runs,
        held_out=scores.after,
        curve=points,
        left_out=asked.left_out,
        start=start,
    )


def held_out_scores(runs: Runs, start: Weights, outcome: Learned) -> Scores:
    """Return what the gate compares."""
    current = current_by_query(start, runs.features)
    lists = zip(runs.rankings["keyword"], runs.asked, strict=True)
    keyword = np.array([ndcg(ids, query.judged.grades) for ids, query in lists])
    judged_only = irrelevant([query.judged for query in runs.asked]) >= MANY
    before_among_judged = runs.features.among_judged().ndcg(current)
    return Scores(
        keyword=keyword,
        before=runs.features.ndcg(current),
        after=outcome.held_out,
        among_judged=(outcome.among_judged, before_among_judged) if judged_only else None,
    )


def evidence(schema: Schema, runs: Runs, scores: Scores, decision: Decision, fitted: Fitted) -> dict[str, Any]:
    """Return what the weights file says about how its weights were learned."""
    return {
        "queries": len(runs.asked),
        "judgments": sum(len(query.judged.grades) for query in runs.asked),
        "nDCG@10": {
            "keyword": round(float(scores.keyword.mean()), 4),
            "before": round(float(scores.before.mean()), 4),
            "after": round(float(scores.after.mean()), 4),
        },
        "gain": {name: round(value, 4) for name, value in asdict(decision.current).items()},
        "gain over keywords": {name: round(value, 4) for name, value in asdict(decision.keyword).items()},
        "recipe": asdict(fitted.recipe),
        "calibration": {
            leg.name: {source: asdict(leg.calibration(source)) for source in QUERY_SOURCES} for leg in schema.legs
        },
        "date": now(),
        "library": __version__,
    }


def now() -> str:
    """Return the time in UTC, for the weights file."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def irrelevant(queries: Sequence[JudgedQuery]) -> float:
    """Return the share of the judgments that call a product irrelevant."""
    grades = [grade for query in queries for grade in query.grades.values()]
    return sum(grade <= 0 for grade in grades) / max(1, len(grades))


def current_by_query(weights: Weights, features: Features) -> NDArray[np.float64]:
    """Return the current weights of each query, (queries, signals)."""
    kinds = features.kinds.tolist()
    rows = {kind: vector_of(weights.of(kind), features.names) for kind in set(kinds)}
    return np.array([rows[kind] for kind in kinds], np.float64).reshape(-1, len(features.names))
