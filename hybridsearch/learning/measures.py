"""Measures of a ranking: pure functions of product ids, best first and without repeats, and the grades of a query.

Grades: 0 is irrelevant, larger is better; a product without one is unjudged and counts as irrelevant. A query without a
relevant product has no value: leave it out.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice

Grades = Mapping[str, float]
Measure = Callable[[Sequence[str], Grades], float]
"""From a ranking and grades to a value in [0, 1]; higher is better."""


def ndcg(ids: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Return the discounted gain of the first k over that of the best order of all judged products.

    Source: Järvelin and Kekäläinen, 2002, with the gain 2**grade - 1 of Burges et al., 2005.

    Raises:
        ValueError: No product is relevant.
    """
    relevant(grades)
    gained = discounted(grades.get(product, 0.0) for product in ids[:k])
    return gained / discounted(heapq.nlargest(k, grades.values()))


def discounted(grades: Iterable[float]) -> float:
    """Return the sum of (2**grade - 1) / log2(rank + 1) for grades in order of rank."""
    return math.fsum((2 ** max(grade, 0.0) - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def average_precision(ids: Sequence[str], grades: Grades) -> float:
    """Return the mean, over all relevant products, of the precision at their ranks; 0 for one that is not found.

    Raises:
        ValueError: No product is relevant.
    """
    ranks = [rank for rank, product in enumerate(ids, 1) if grades.get(product, 0) > 0]
    return math.fsum(count / rank for count, rank in enumerate(ranks, 1)) / relevant(grades)


def reciprocal_rank(ids: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Return 1 / rank of the first relevant product, or 0 when none is among the first k."""
    return next((1 / rank for rank, product in enumerate(islice(ids, k), 1) if grades.get(product, 0) > 0), 0.0)


def recall(ids: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Return the share of the relevant products that the first k hold.

    Raises:
        ValueError: No product is relevant.
    """
    return relevant_hits(ids, grades, k) / relevant(grades)


def precision(ids: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Return how many of the first k are relevant, over k, also where the ranking is shorter."""
    return relevant_hits(ids, grades, k) / k


def judged(ids: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Return the share of the first k that has a grade: how far the other measures can be trusted.

    Of a shorter ranking, the share of all of it; 1 for an empty one, which holds nothing unjudged.
    """
    first = ids[:k]
    return sum(product in grades for product in first) / len(first) if first else 1.0


def condensed(ids: Sequence[str], grades: Grades) -> list[str]:
    """Return the ranking without its unjudged products (Sakai, 2007): fair to a system that was not judged."""
    return [product for product in ids if product in grades]


def relevant_hits(ids: Sequence[str], grades: Grades, k: int) -> int:
    """Return how many of the first k are relevant."""
    return sum(grades.get(product, 0) > 0 for product in ids[:k])


def relevant(grades: Grades) -> int:
    """Return how many products are relevant.

    Raises:
        ValueError: None is.
    """
    count = sum(grade > 0 for grade in grades.values())
    if not count:
        raise ValueError("no product is relevant, so the query has no value; leave it out")
    return count


def condensed_ndcg(ids: Sequence[str], grades: Grades, k: int = 10) -> float:
    """Return the nDCG of the ranking without its unjudged products."""
    return ndcg(condensed(ids, grades), grades, k)


MEASURES: dict[str, Measure] = {
    "nDCG@10": ndcg,
    "condensed nDCG@10": condensed_ndcg,
    "MAP": average_precision,
    "MRR@10": reciprocal_rank,
    "P@10": precision,
    "recall@10": recall,
    "recall@100": partial(recall, k=100),
    "judged@10": judged,
}
"""What reports show. MAP and recall@100 need rankings of 100 products or more to tell systems apart."""
