"""Raters: what a file of judgments holds, who gave it, and where they disagree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from hybridsearch.disk.paths import shown
from hybridsearch.errors import ConfigError
from hybridsearch.learning.judging.agreement import Agreement, agreement
from hybridsearch.learning.sources.formats import recognise, rows
from hybridsearch.learning.sources.grades import Grades, judgment
from hybridsearch.learning.sources.judgments import CountedRows
from hybridsearch.values import Reject

OF_CLICKS = ("sessions", "events")
"""Formats that hold no grades."""
MOST = 20
"""Disagreements that are told of, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Rater:
    """What a rater gave.

    Attributes:
        grades: How many.
        mean: Of these.
        above: Mean difference to what others gave the same products; None where nobody else judged them.
    """

    name: str
    grades: int
    mean: float
    above: float | None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A product that raters judged differently for a query: who gave it what."""

    query: str
    product: str
    grades: Mapping[str, float]

    @property
    def spread(self) -> float:
        """The largest grade less the smallest."""
        return max(self.grades.values()) - min(self.grades.values())


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file of judgments holds.

    Attributes:
        queries: That have a grade.
        products: Different ones.
        pairs: Of a query and a product that have a grade.
        grades: How often each was given, the smallest first.
        raters: By name; lines that name nobody are none of theirs.
        disagreements: The largest first, and how many there are.
    """

    queries: int
    products: int
    pairs: int
    grades: Mapping[float, int]
    raters: tuple[Rater, ...]
    agreement: Agreement
    disagreements: tuple[Disagreement, ...]
    disagreed: int


@dataclass(frozen=True, slots=True)
class Told:
    """A summary, with what was read for it: rows, repeated and changed ones, and those that cannot be used."""

    summary: Summary
    rows: int
    repeated: int
    changed: int
    refused: int
    first_refused: tuple[Reject, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `judgments --json` prints."""
        found, agreed = self.summary, self.summary.agreement
        total = sum(found.grades.values())
        return {
            "queries": found.queries,
            "products": found.products,
            "pairs": found.pairs,
            "grades": {f"{grade:g}": round(count / total, 4) for grade, count in found.grades.items()},
            "raters": [
                {"rater": each.name, "grades": each.grades, "mean": rounded(each.mean), "above": rounded(each.above)}
                for each in found.raters
            ],
            "agreement": {
                "alpha": rounded(agreed.alpha),
                "low": rounded(agreed.low),
                "high": rounded(agreed.high),
                "queries": agreed.queries,
                "products": agreed.products,
                "said": agreed.said,
            },
            "disagreed": found.disagreed,
            "disagreements": [
                {"query": each.query, "product_id": each.product, "grades": dict(each.grades)}
                for each in found.disagreements
            ],
            "rows": self.rows,
            "repeated": self.repeated,
            "changed": self.changed,
            "refused": self.refused,
        }


def rounded(value: float | None) -> float | None:
    """Return a figure with four places."""
    return None if value is None else round(value, 4)


def read(path: Path, *, topics: Path | None = None, most: int = MOST) -> Told:
    """Return what a file holds; rows that cannot be used are counted.

    Args:
        path: Of grades, in any format that `eval` reads.
        topics: The texts of the queries, for TREC qrels.
        most: Disagreements that are told of.

    Raises:
        CatalogError: A file cannot be read, or is not text in UTF-8.
        ConfigError: It is empty, in none of the formats, or of clicks.
    """
    file_format = recognise(path)
    if file_format in OF_CLICKS:
        raise ConfigError(
            f"{shown(path)} holds clicks, which nobody graded. For a log run: hybridsearch report {path.name}"
        )
    counted, grades = CountedRows(rows(path, file_format, topics)), Grades()
    for said in counted.parsed(judgment):
        grades.add(said)
    return Told(
        summary(grades, most),
        counted.count,
        grades.repeated,
        grades.changed,
        counted.refused,
        tuple(counted.first_refused),
    )


def summary(grades: Grades, most: int = MOST) -> Summary:
    """Return what grades say together."""
    pairs = [(key, product, given) for key, by in grades.given.items() for product, given in by.items() if given]
    named = [(key, product, of_raters(given)) for key, product, given in pairs]
    by_query: dict[object, list[list[float]]] = {}
    for key, _, given in named:
        by_query.setdefault(key, []).append(list(given.values()))
    differ = [
        Disagreement(grades.queries[key].text, product, given)
        for key, product, given in named
        if len(set(given.values())) > 1
    ]
    counts = Counter(grade for _, _, given in pairs for grade in given.values())
    return Summary(
        queries=len({key for key, _, _ in pairs}),
        products=len({product for _, product, _ in pairs}),
        pairs=len(pairs),
        grades=dict(sorted(counts.items())),
        raters=tuple(raters([given for _, _, given in named])),
        agreement=agreement(list(by_query.values())),
        disagreements=tuple(sorted(differ, key=lambda each: -each.spread)[:most]),
        disagreed=len(differ),
    )


def of_raters(given: Mapping[str | float, float]) -> dict[str, float]:
    """Return the grades of raters that have a name."""
    return {who: grade for who, grade in given.items() if isinstance(who, str)}


def raters(pairs: list[dict[str, float]]) -> Iterator[Rater]:
    """Yield each rater in the order of their names."""
    own: dict[str, list[float]] = {}
    above: dict[str, list[float]] = {}
    for given in pairs:
        total = sum(given.values())
        for name, grade in given.items():
            own.setdefault(name, []).append(grade)
            if len(given) > 1:
                above.setdefault(name, []).append(grade - (total - grade) / (len(given) - 1))
    for name, grades in sorted(own.items()):
        yield Rater(name, len(grades), fmean(grades), fmean(above[name]) if name in above else None)
