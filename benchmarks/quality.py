"""nDCG@10 of keywords, vectors, reciprocal rank fusion and the default weights on a judged catalogue.

    python -m benchmarks.quality CATALOGUE_FOLDER --config hybridsearch.toml [--small]

The folder holds judgments.jsonl.gz (query, product_id, grade). The configuration says how the catalogue is indexed and
where; the index must exist. Every search runs on the full index, through the engine.
"""

import argparse
import gzip
import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hybridsearch import HybridSearch, planner
from hybridsearch.planner import Query
from hybridsearch.weights import Weights, prior

DEPTH = 10
FUSED = 100
"""Hits of each list that reciprocal rank fusion sees."""
RRF_K = 60
"""Cormack, Clarke and Büttcher, 2009."""

Judgments = Mapping[str, Mapping[str, float]]

SYSTEMS = {
    "keyword": Weights(signals={"text": 1.0}, share=0.0),
    "vector": Weights(signals={"words.*": 1.0}, floors={"words": -1.0}),
    "default": prior(),
}


def read_judgments(path: Path) -> tuple[Judgments, int]:
    """Return grades by query and product, and how many queries have no relevant product and are left out."""
    grades: dict[str, dict[str, float]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            grades[row["query"]][str(row["product_id"])] = float(row["grade"])
    relevant = {query: found for query, found in grades.items() if max(found.values()) > 0}
    return relevant, len(grades) - len(relevant)


def ndcg(ids: Sequence[str], grades: Mapping[str, float], depth: int = DEPTH) -> float:
    """Return nDCG with gain 2^grade - 1 and discount log2(rank + 1); products without a grade count as irrelevant."""
    best = sorted(grades.values(), reverse=True)
    return dcg([grades.get(each, 0.0) for each in ids[:depth]]) / dcg(best[:depth])


def dcg(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def fuse(*lists: Sequence[str]) -> list[str]:
    """Return the reciprocal rank fusion of ranked lists; ties keep the order of the first."""
    scores: dict[str, float] = defaultdict(float)
    for ids in lists:
        for rank, each in enumerate(ids, 1):
            scores[each] += 1 / (RRF_K + rank)
    return sorted(scores, key=lambda each: -scores[each])


def search(shop: HybridSearch, query: str, weights: Weights, size: int) -> list[str]:
    """Return the ids of the first hits with other weights than the shop's."""
    schema = shop.engine.schema()
    keyword_only = not any(name.startswith("words") for name in weights.signals)
    words = {} if keyword_only else {leg.name: shop.encoders.words(leg.name, query) for leg in schema.legs}
    plan = planner.plan(Query(query, size=size), schema, weights, words=words)
    return [hit.id for hit in shop.engine.search(plan)]


def measure(shop: HybridSearch, judgments: Judgments) -> dict[str, list[float]]:
    """Return nDCG@10 of each system for each query, in the order of the judgments."""
    found: dict[str, list[float]] = defaultdict(list)
    for query, grades in judgments.items():
        lists = {name: search(shop, query, weights, FUSED) for name, weights in SYSTEMS.items()}
        lists["rrf"] = fuse(lists["keyword"], lists["vector"])
        for name, ids in lists.items():
            found[name].append(ndcg(ids, grades))
    return found


def interval(differences: Sequence[float], draws: int = 10_000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a mean of paired differences."""
    values = np.array(differences)
    rows = np.random.default_rng(0).integers(0, len(values), (draws, len(values)))
    low, high = np.percentile(values[rows].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path, default=None)
    parser.add_argument("--small", action="store_true", help="ten queries: proves that it runs, not what it shows")
    options = parser.parse_args()
    judgments, skipped = read_judgments(options.folder / "judgments.jsonl.gz")
    if options.small:
        judgments = dict(list(judgments.items())[:10])
    with HybridSearch.open(options.config) as shop:
        found = measure(shop, judgments)
    print(f"{len(judgments)} queries, {skipped} left out because no product is relevant")
    for name, values in found.items():
        low, high = interval(np.subtract(values, found["keyword"]).tolist())
        print(f"{name:8} nDCG@10 {np.mean(values):.4f}   against keyword [{low:+.4f}, {high:+.4f}]")


if __name__ == "__main__":
    main()
