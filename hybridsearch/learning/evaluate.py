"""From the rankings of the systems to measures, paired comparisons, and a plain verdict. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.measures import MEASURES
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.runs import Rankings
from hybridsearch.learning.significance import Comparison, bootstrap, compare, holm

MAIN = "nDCG@10"
"""The measure that comparisons, learning and the gate use."""
PAIRS = (
    ("current", "keyword"),
    ("current", "rrf"),
    ("current", "single"),
    ("current", "vector"),
    ("rrf", "keyword"),
    ("vector", "keyword"),
)
"""The comparisons that are reported."""
LEAST_SHOWN = 5
"""Queries that a part needs to be shown in a breakdown."""
DRAWS = 10_000
FEW = 25
"""Queries below which a set is called too small."""
JUDGED_GAP = 0.05
"""Difference of judged@10 from which unjudged products may decide which system is better."""

Values = Mapping[str, NDArray[np.float64]]
Comparisons = Mapping[tuple[str, str], Comparison]
"""Of MAIN, first system against second; p is adjusted for the number of comparisons (Holm)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the queries, and the mean of the main measure for each system."""

    by: str
    value: str
    queries: int
    systems: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `hybridsearch eval` reports.

    Attributes:
        queries: How many were measured.
        skipped: How many were not, by reason.
        systems: Mean of each measure, by system.
        intervals: 95 % interval of the main measure, by system.
        comparisons: Of the main measure, by pair of systems.
        breakdown: By kind of query, language, length, and number of judged products.
        notes: What was changed, left out, or makes the figures doubtful, as sentences.
        verdict: The conclusion, in a sentence or two.
        values: The main measure of each query, by system.
    """

    queries: int
    skipped: Mapping[str, int]
    systems: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, tuple[float, float]]
    comparisons: Comparisons
    breakdown: tuple[Part, ...]
    notes: tuple[str, ...]
    verdict: str
    values: Values = field(repr=False, compare=False)

    def counts(self) -> Iterator[str]:
        """Yield how many queries were measured, and how many were not for each reason, as sentences."""
        yield f"Queries measured: {self.queries:,}."
        yield from (f"Queries left out: {count:,}, {reason}." for reason, count in self.skipped.items())

    def to_json(self) -> dict[str, Any]:
        """Return the object that `eval --json` prints."""
        data = {
            attribute.name: getattr(self, attribute.name) for attribute in fields(self) if attribute.name != "values"
        }
        return {
            **data,
            "skipped": sum(self.skipped.values()),
            "skipped_because": self.skipped,
            "comparisons": [
                {"a": a, "b": b, "measure": MAIN, **asdict(comparison)}
                for (a, b), comparison in self.comparisons.items()
            ],
            "breakdown": [asdict(part) for part in self.breakdown],
        }


def evaluate(
    queries: Sequence[PreparedQuery], rankings: Rankings, *, skipped: Mapping[str, int], notes: Sequence[str] = ()
) -> Evaluation:
    """Measure what the systems answered.

    Args:
        queries: At least one.
        rankings: Product ids by system and query; `keyword` and `current` are among them.
        skipped: Queries that could not be asked, by reason.
        notes: Sentences for the report.
    """
    by_system = {system: measured(queries, lists) for system, lists in rankings.items()}
    systems = {
        system: {measure: float(values.mean()) for measure, values in by_measure.items()}
        for system, by_measure in by_system.items()
    }
    main = {system: by_measure[MAIN] for system, by_measure in by_system.items()}
    comparisons = compared(main, [pair for pair in PAIRS if set(pair) <= main.keys()])
    return Evaluation(
        queries=len(queries),
        skipped=skipped,
        systems=systems,
        intervals={system: mean_interval(values) for system, values in main.items()},
        comparisons=comparisons,
        breakdown=tuple(breakdown(queries, main)),
        notes=(*notes, *cautions(queries, systems)),
        verdict=verdict(comparisons, {system: means[MAIN] for system, means in systems.items()}, len(queries)),
        values=main,
    )


def measured(queries: Sequence[PreparedQuery], lists: Sequence[Sequence[str]]) -> Values:
    """Return the value of every measure for each query."""
    return {
        name: np.array([measure(ids, query.judged.grades) for ids, query in zip(lists, queries, strict=True)])
        for name, measure in MEASURES.items()
    }


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of the mean over queries, by the percentile bootstrap."""
    low, high = np.percentile(bootstrap(values, DRAWS, np.random.default_rng(0)), [2.5, 97.5])
    return float(low), float(high)


def compared(values: Values, pairs: Sequence[tuple[str, str]]) -> Comparisons:
    """Compare systems pair by pair, with p values adjusted for the number of pairs."""
    comparisons = [compare(values[a], values[b], draws=DRAWS) for a, b in pairs]
    adjusted = holm([comparison.p for comparison in comparisons])
    return {pair: replace(comparison, p=p) for pair, comparison, p in zip(pairs, comparisons, adjusted, strict=True)}


def in_words(comparison: Comparison) -> str:
    """Return an adjusted comparison in one line."""
    return (
        f"{comparison.difference:+.3f} [{comparison.low:+.3f}, {comparison.high:+.3f}], adjusted p {comparison.p:.3f}"
    )


def breakdown(queries: Sequence[PreparedQuery], main: Values) -> Iterator[Part]:
    """Yield the means over parts of the queries; parts of fewer than LEAST_SHOWN queries are left out."""
    for by, label in LABELS.items():
        labels = np.array([label(query) for query in queries])
        for value in sorted(set(labels.tolist()), key=sort_key):
            in_part = labels == value
            if in_part.sum() >= LEAST_SHOWN:
                systems = {system: float(values[in_part].mean()) for system, values in main.items()}
                yield Part(by, value, int(in_part.sum()), systems)


def sort_key(label: str) -> tuple[int, str]:
    """Return what puts labels in order: the number that they start with, if any."""
    first = label.split()[0]
    return int(first) if first.isdecimal() else 0, label


def length(query: PreparedQuery) -> str:
    """Return how long a query is."""
    count = len(query.query.typed.split())
    return "no words" if not count else "1 word" if count == 1 else f"{count} words" if count < 4 else "4 words or more"


def depth(query: PreparedQuery) -> str:
    """Return how many products of a query were judged."""
    count = len(query.judged.grades)
    return "1 to 4" if count < 5 else "5 to 9" if count < 10 else "10 to 19" if count < 20 else "20 or more"


LABELS: Mapping[str, Callable[[PreparedQuery], str]] = {
    "kind": lambda query: query.kind,
    "language": lambda query: query.judged.locale or "not given",
    "length": length,
    "judged products": depth,
}


def cautions(queries: Sequence[PreparedQuery], systems: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield why the figures may mislead."""
    if len({grade for query in queries for grade in query.judged.grades.values()}) == 1:
        yield (
            "All grades are equal: nobody said what is irrelevant, so every product without a grade counts as that. "
            "Grade some products 0, and good ones higher than fair ones."
        )
    current, keyword = systems["current"], systems["keyword"]
    judged_current, judged_keyword = current["judged@10"], keyword["judged@10"]
    less_judged = "current" if judged_current < judged_keyword else "keyword"
    if abs(judged_current - judged_keyword) >= JUDGED_GAP:
        yield (
            f"Of the first 10 products {judged_current:.0%} are judged for 'current', {judged_keyword:.0%} for "
            f"'keyword'. Unjudged products count as irrelevant, to the disadvantage of '{less_judged}'. Without them, "
            f"condensed {MAIN} is {current[f'condensed {MAIN}']:.3f} against {keyword[f'condensed {MAIN}']:.3f}. "
            "Judge the products in doubt to find out."
        )


def verdict(comparisons: Comparisons, means: Mapping[str, float], queries: int) -> str:
    """Say in plain words whether the weights in use are better than keywords."""
    to_keyword = comparisons["current", "keyword"]
    numbers = f"{MAIN} {means['current']:.3f} against {means['keyword']:.3f}, difference {in_words(to_keyword)}"
    if to_keyword.sign < 0:
        text = f"Keywords alone are better than the weights in use: {numbers}."
    elif to_keyword.sign > 0:
        text = f"The weights in use are better than keywords alone: {numbers}."
    elif queries < FEW:
        text = f"Too few queries to tell the weights in use from keywords alone: {queries}; {numbers}."
    else:
        text = f"These {queries:,} queries cannot tell the weights in use from keywords alone: {numbers}."
    best = max(means, key=lambda name: means[name])
    if (to_best := comparisons.get(("current", best))) and to_best.sign < 0 and best != "keyword":
        text += f" '{best}' is better than the weights in use: {means[best]:.3f}."
    if any(comparison.sign < 0 for (a, _), comparison in comparisons.items() if a == "current"):
        text += " Learn better weights with: hybridsearch tune"
    return text
