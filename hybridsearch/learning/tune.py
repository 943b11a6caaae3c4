"""Tune: from judgments to weights that may be used. The line: ask, learn, decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch._version import __version__
from hybridsearch.disk.home import Home
from hybridsearch.disk.lock import FileLock
from hybridsearch.learning.cross_validation import Fitted, learn
from hybridsearch.learning.features import Features
from hybridsearch.learning.gate import Decision, decide
from hybridsearch.learning.judgments import Judgments
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.queries import JudgedQuery
from hybridsearch.learning.runs import Answers, vector_of
from hybridsearch.learning.trial import Gathered, ask
from hybridsearch.progress import Progress
from hybridsearch.query_sources import QUERY_SOURCES
from hybridsearch.schema import Schema
from hybridsearch.search.signals import saturated_names
from hybridsearch.search.weights import Weights
from hybridsearch.settings import Settings
from hybridsearch.shop import Shop

MANY = 0.2
"""Share of the judgments that say irrelevant, from which on the judged products alone tell weights apart."""
DIGITS = 5
"""Decimals of a weight in the file."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What `hybridsearch tune` found.

    Attributes:
        decision: Of the gate.
        weights: The new weights, used or not.
        before: nDCG@10 of the current weights.
        after: The same of the new ones, on queries that they never saw.
        keyword: The same of keywords alone.
        queries: How many were learned from.
        skipped: How many were not, by reason.
        notes: What was changed or passed over on the way, as sentences.
        answers: What was asked and answered.
        held_out: nDCG@10 of each query under weights that were learned without it.
    """

    decision: Decision
    weights: Weights
    before: float
    after: float
    keyword: float
    queries: int
    skipped: dict[str, int]
    notes: tuple[str, ...]
    answers: Answers
    held_out: NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `tune --json` prints; whether the weights are used is for the caller to say."""
        against = self.decision.current
        return {
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
            "weights": self.weights.model_dump(mode="json", exclude_defaults=True),
        }


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Keep other runs of this shop from learning, or from changing the weights file, at the same time.

    Raises:
        EngineError: Another run does so already.
    """
    with FileLock(Home(settings.home).tune_lock, "tuning in"):
        yield


def tune(shop: Shop, judgments: Judgments, folder: Path, *, seed: int = 0, progress: Progress) -> Tuned:
    """Learn weights from judgments, and decide whether they may be used. Nothing is activated.

    Args:
        shop: Its index answers, its current weights are the start.
        judgments: What to learn from.
        folder: Where relative paths of photos start.
        seed: Of the folds.
        progress: Is told how far it is.

    Raises:
        ConfigError: No query can be learned from.
        EngineError: The engine cannot be reached, or gave no whole answer; what was answered until then is kept.
        EncoderError: An encoder cannot be loaded, or is not the one that the index was built with.
    """
    return learned(shop.engine.schema(), ask(shop, judgments, folder, progress), seed, progress)


def learned(schema: Schema, gathered: Gathered, seed: int, progress: Progress) -> Tuned:
    """Learn from what was answered."""
    start, found = gathered.weights, gathered.answers
    numbers = {name: found.table.middle(name) for name in found.table.names if name.startswith("number.")}
    table = found.table.saturated(numbers)  # a price of 30 and a rating of 4 have no saturation constant in common
    outcome = learn(table, found.current, seed=seed, progress=progress)
    current = current_by_query(start, found.table)
    before = found.table.ndcg(current)
    keyword = np.array(
        [ndcg(ids, each.judged.grades) for ids, each in zip(found.rankings["keyword"], found.asked, strict=True)]
    )
    inside = found.table.among_judged().ndcg(current)
    told_apart = irrelevant([each.judged for each in found.asked]) >= MANY
    among_judged = (outcome.among_judged, inside) if told_apart else None
    decision = decide(outcome.held_out, before, keyword, found.table.kinds, among_judged)
    halves = {name: start.half(name) * change for name, change in numbers.items()}
    weights = to_weights(outcome.fitted, table, start, schema, halves)
    evidence = {
        "queries": len(found.asked),
        "judgments": sum(len(each.judged.grades) for each in found.asked),
        "nDCG@10": {
            "keyword": round(float(keyword.mean()), 4),
            "before": round(float(before.mean()), 4),
            "after": round(float(outcome.held_out.mean()), 4),
        },
        "gain": {name: round(value, 4) for name, value in asdict(decision.current).items()},
        "gain over keywords": {name: round(value, 4) for name, value in asdict(decision.keyword).items()},
        "recipe": asdict(outcome.fitted.recipe),
        "calibration": {
            leg.name: {source: asdict(leg.calibration(source)) for source in QUERY_SOURCES} for leg in schema.legs
        },
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "library": __version__,
    }
    return Tuned(
        decision=decision,
        weights=weights.model_copy(update={"learned": evidence}),
        before=float(before.mean()),
        after=float(outcome.held_out.mean()),
        keyword=float(keyword.mean()),
        queries=len(found.asked),
        skipped=gathered.skipped,
        notes=gathered.notes,
        answers=found,
        held_out=outcome.held_out,
    )


def irrelevant(queries: Sequence[JudgedQuery]) -> float:
    """Return the share of the judgments that call a product irrelevant."""
    grades = [grade for query in queries for grade in query.grades.values()]
    return sum(grade <= 0 for grade in grades) / max(1, len(grades))


def current_by_query(weights: Weights, table: Features) -> NDArray[np.float64]:
    """Return the weights that each query is answered with today, (queries, signals)."""
    kinds = table.kinds.tolist()
    rows = {kind: vector_of(weights.of(kind), table.names) for kind in set(kinds)}
    return np.array([rows[kind] for kind in kinds], np.float64).reshape(-1, len(table.names))


def to_weights(fitted: Fitted, table: Features, start: Weights, schema: Schema, halves: dict[str, float]) -> Weights:
    """Return what was learned as weights for this index."""

    def named(values: NDArray[np.float64]) -> dict[str, float]:
        rounded = {name: round(float(value), DIGITS) for name, value in zip(table.names, values, strict=True)}
        return {name: value for name, value in rounded.items() if value > 0}

    changed = {name: start.half(name) * fitted.recipe.saturation for name in saturated_names()}
    used = {name: half for name, half in halves.items() if fitted.recipe.numbers}
    return Weights(
        signals=named(fitted.shared),
        saturation={"*": start.half("*"), **{name: round(half, DIGITS) for name, half in {**changed, **used}.items()}},
        floors=start.floors,
        share=start.share,
        kinds={kind: full(named(values), table.names) for kind, values in fitted.by_kind.items()},
        encoders={leg.name: leg.fingerprint for leg in schema.legs},
    )


def full(weights: dict[str, float], names: Sequence[str]) -> dict[str, float]:
    """Return weights that name every signal: what a kind leaves out would be taken from the shared ones."""
    return {name: weights.get(name, 0.0) for name in names}
