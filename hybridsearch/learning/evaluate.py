"""What the answers of the systems are worth: measures, paired comparisons, and a plain verdict. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.learning.measures import MEASURES
from hybridsearch.learning.prepared import PreparedQuery
from hybridsearch.learning.runs import Rankings
from hybridsearch.learning.significance import Comparison, bootstrap, compare, holm

MAIN = "nDCG@10"
"""The measure that is compared, learned and judged by."""
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
"""Queries that a part of a breakdown has at least."""
DRAWS = 10_000
FEW = 25
"""Queries below which a set is called too small."""
UNEVEN = 0.05
"""Difference of judged@10 from which unjudged products may decide who is ahead."""

Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Compared:
    """One system against another, over the same queries; p is adjusted for the number of comparisons (Holm)."""

    a: str
    b: str
    measure: str
    difference: float
    low: float
    high: float
    p: float

    @property
    def sign(self) -> int:
        """1 if a is better for sure, -1 if b is, 0 if these queries cannot tell."""
        return Comparison(self.difference, self.low, self.high, self.p).sign

    def __str__(self) -> str:
        return f"{self.difference:+.3f} [{self.low:+.3f}, {self.high:+.3f}], adjusted p {self.p:.3f}"


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
        comparisons: Of the main measure.
        breakdown: By kind of query, language, length, and number of judged products.
        notes: What was changed, left out, or makes the figures doubtful, as sentences.
        verdict: What it all means, in a sentence or two.
        values: The main measure of each query, by system.
    """

    queries: int
    skipped: Mapping[str, int]
    systems: Mapping[str, Mapping[str, float]]
    intervals: Mapping[str, tuple[float, float]]
    comparisons: tuple[Compared, ...]
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
        data = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "values"}
        return {
            **data,
            "skipped": sum(self.skipped.values()),
            "skipped_because": self.skipped,
            "comparisons": [asdict(each) for each in self.comparisons],
            "breakdown": [asdict(each) for each in self.breakdown],
        }


def evaluate(
    asked: Sequence[PreparedQuery], rankings: Rankings, *, skipped: Mapping[str, int], notes: Sequence[str] = ()
) -> Evaluation:
    """Measure what the systems answered.

    Args:
        asked: The queries; at least one.
        rankings: Product ids by system and query; `keyword` and `current` are among them.
        skipped: Queries that could not be asked, by reason.
        notes: Sentences for the report.
    """
    table = {name: measured(asked, lists) for name, lists in rankings.items()}
    systems = {name: {measure: float(each.mean()) for measure, each in found.items()} for name, found in table.items()}
    main = {name: found[MAIN] for name, found in table.items()}
    comparisons = compared(main, [pair for pair in PAIRS if set(pair) <= main.keys()])
    return Evaluation(
        queries=len(asked),
        skipped=skipped,
        systems=systems,
        intervals={name: interval(values) for name, values in main.items()},
        comparisons=comparisons,
        breakdown=tuple(breakdown(asked, main)),
        notes=(*notes, *cautions(asked, systems)),
        verdict=verdict(comparisons, {name: found[MAIN] for name, found in systems.items()}, len(asked)),
        values=main,
    )


def measured(asked: Sequence[PreparedQuery], lists: Sequence[Sequence[str]]) -> Values:
    """Return the value of every measure for each query."""
    return {
        name: np.array([measure(ids, each.judged.grades) for ids, each in zip(lists, asked, strict=True)])
        for name, measure in MEASURES.items()
    }


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % interval of the mean over queries, by the percentile bootstrap."""
    low, high = np.percentile(bootstrap(values, DRAWS, np.random.default_rng(0)), [2.5, 97.5])
    return float(low), float(high)


def compared(values: Values, pairs: Sequence[tuple[str, str]]) -> tuple[Compared, ...]:
    """Compare systems pair by pair, with p values adjusted for the number of pairs."""
    found = [compare(values[a], values[b], draws=DRAWS) for a, b in pairs]
    adjusted = holm([each.p for each in found])
    return tuple(
        Compared(a, b, MAIN, each.difference, each.low, each.high, p)
        for (a, b), each, p in zip(pairs, found, adjusted, strict=True)
    )


def breakdown(asked: Sequence[PreparedQuery], main: Values) -> Iterator[Part]:
    """Yield the means over parts of the queries; parts of fewer than LEAST_SHOWN queries are left out."""
    for by, label in LABELS.items():
        labels = np.array([label(each) for each in asked])
        for value in sorted(set(labels.tolist()), key=in_order):
            here = labels == value
            if here.sum() >= LEAST_SHOWN:
                systems = {name: float(values[here].mean()) for name, values in main.items()}
                yield Part(by, value, int(here.sum()), systems)


def in_order(label: str) -> tuple[int, str]:
    """Return what puts labels in order: by the number that they start with, if any."""
    first = label.split()[0]
    return int(first) if first.isdecimal() else 0, label


def length(each: PreparedQuery) -> str:
    """Return how long a query is."""
    count = len(each.query.typed.split())
    return "no words" if not count else "1 word" if count == 1 else f"{count} words" if count < 4 else "4 words or more"


def depth(each: PreparedQuery) -> str:
    """Return how many products of a query were judged."""
    count = len(each.judged.grades)
    return "1 to 4" if count < 5 else "5 to 9" if count < 10 else "10 to 19" if count < 20 else "20 or more"


LABELS: Mapping[str, Callable[[PreparedQuery], str]] = {
    "kind": lambda each: each.kind,
    "language": lambda each: each.judged.locale or "not given",
    "length": length,
    "judged products": depth,
}


def cautions(asked: Sequence[PreparedQuery], systems: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Yield why the figures may mislead."""
    if len({grade for each in asked for grade in each.judged.grades.values()}) == 1:
        yield (
            "All grades are equal: nobody said what is irrelevant, so every product without a grade counts as that. "
            "Grade some products 0, and good ones higher than fair ones."
        )
    ours, theirs = systems["current"], systems["keyword"]
    share, other = ours["judged@10"], theirs["judged@10"]
    unlucky = "current" if share < other else "keyword"
    if abs(share - other) >= UNEVEN:
        yield (
            f"Of the first 10 products {share:.0%} are judged for 'current', {other:.0%} for 'keyword'. What is not "
            f"judged counts as irrelevant, to the disadvantage of '{unlucky}'. Without "
            f"unjudged products, condensed {MAIN} is {ours[f'condensed {MAIN}']:.3f} against "
            f"{theirs[f'condensed {MAIN}']:.3f}. Judging the products in doubt settles it."
        )


def verdict(comparisons: Sequence[Compared], means: Mapping[str, float], queries: int) -> str:
    """Say in plain words whether the weights in use are worth having."""
    found = {(each.a, each.b): each for each in comparisons}
    against = found["current", "keyword"]
    numbers = f"{MAIN} {means['current']:.3f} against {means['keyword']:.3f}, difference {against}"
    if against.sign < 0:
        said = f"Keywords alone are better than the weights in use: {numbers}."
    elif against.sign > 0:
        said = f"The weights in use are better than keywords alone: {numbers}."
    elif queries < FEW:
        said = f"Too few queries to tell the weights in use from keywords alone: {queries}; {numbers}."
    else:
        said = f"These {queries:,} queries cannot tell the weights in use from keywords alone: {numbers}."
    best = max(means, key=lambda name: means[name])
    if (rival := found.get(("current", best))) and rival.sign < 0:
        said += f" '{best}' is better than the weights in use: {means[best]:.3f}." if best != "keyword" else ""
    if any(each.sign < 0 for each in comparisons if each.a == "current"):
        said += " Learn better weights with: hybridsearch tune"
    return said
