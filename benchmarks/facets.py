"""What facets cost beside the same search without them, on the embedded engine or on a server.

    python -m benchmarks.facets [--url URL] [--products N] [--rounds N] [--jsonl FILE] [--small]

Generated products with a tree of 12 x 8 x 6 categories, of which a fifth have two, 5,000 brands, most of them rare, a
price, a date and a truth value. Searches are by words, and through the half of the shop that is in stock. All kinds
take turns in random order; a ratio is the median over rounds, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import json
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.catalogue import SEED, generated, report, versions, vocabulary
from benchmarks.search import milliseconds, read_queries, spread
from hybridsearch import HybridSearch
from hybridsearch.settings import Settings

PRODUCTS, QUERIES, ROUNDS = 100_000, 40, 5
SMALL = 300
BRANDS, TREE = 5_000, (12, 8, 6)
FIELDS = {
    "title": "title",
    "text": ["short_description"],
    "facets": ["category", "brand"],
    "numbers": ["price"],
    "dates": ["released"],
    "booleans": ["in_stock"],
    "formats": {"category": {"levels": ">"}},
}
KINDS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "100 of 5,000 brands": {"brand": {}},
    "brands that contain 'ba'": {"brand": {"containing": "ba"}},
    "first level of the tree": {"category": {}},
    "below a node": {"category": {"below": "Level 3"}},
    "price alone": {"price": {}},
    "price in 5 ranges": {"price": {"ranges": [10, 25, 50, 100]}},
    "price in 10 bars": {"price": {"bars": 10}},
    "months": {"released": {"by": "month"}},
    "a page of them": {"brand": {"size": 20}, "category": {}, "price": {"bars": 10}, "released": {}, "in_stock": {}},
}
"""Facets by what they are called."""


def catalogue(products: int) -> Iterator[dict[str, Any]]:
    """Yield generated products with what shoppers choose by."""
    chance = np.random.default_rng(SEED)
    words = vocabulary()
    names = [f"{words[number].title()} {words[-number - 1]}" for number in range(BRANDS)]
    first_day = datetime.date(2015, 1, 1)
    for product in generated(products):
        paths = [path(chance) for _ in range(1 + (chance.random() < 0.2))]
        yield {
            **product,
            "category": paths,
            "brand": names[int(chance.zipf(1.2) - 1) % BRANDS],
            "released": (first_day + datetime.timedelta(int(chance.integers(3_650)))).isoformat(),
            "in_stock": bool(chance.random() < 0.5),
        }


def path(chance: np.random.Generator) -> str:
    """Return a path of the tree."""
    names = [f"Level {chance.integers(size)}" for size in TREE]
    return " > ".join(names)


def open_shop(file: Path, folder: Path, url: str | None) -> HybridSearch:
    """Return a shop without vectors."""
    engine = {"index": "bench-facets", "folder": str(folder), "replicas": 0, "timeout": 60}
    data = {"catalog": {"path": str(file)}, "fields": FIELDS, "engine": engine | ({"url": url} if url else {})}
    return HybridSearch.open(Settings.parse(data, folder=folder))


def measure(shop: HybridSearch, queries: Sequence[Mapping[str, Any]], rounds: int) -> dict[str, Any]:
    """Return for each kind of facet its p50 and what it is to that of the search without facets."""
    order = random.Random(SEED)
    by_round: list[dict[str, float]] = []
    for _ in range(rounds + 1):
        turns = [(kind, query) for kind in KINDS for query in queries]
        order.shuffle(turns)
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for kind, query in turns:
            times[kind].append(milliseconds(partial(shop.search, **query, facets=KINDS[kind])))
        by_round.append({kind: float(np.median(taken)) for kind, taken in times.items()})
    del by_round[0]  # it warms up
    return {
        "found": int(np.median([shop.search(**query, size=0).total for query in queries])),
        "p50_ms": {kind: round(float(np.median([each[kind] for each in by_round])), 2) for kind in KINDS},
        "ratios": {kind: spread([each[kind] / each["nothing"] for each in by_round]) for kind in KINDS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a server; left out: the embedded engine")
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--jsonl", type=Path)
    parser.add_argument("--small", action="store_true", help="a few hundred products: proves that it runs")
    options = parser.parse_args()
    if options.small:
        options.products, options.rounds = SMALL, 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "products.jsonl.gz"
        with gzip.open(file, "wt", encoding="utf-8", compresslevel=1) as lines:
            lines.writelines(f"{json.dumps(product)}\n" for product in catalogue(options.products))
        words = read_queries(None, file, 5 if options.small else QUERIES)
        with open_shop(file, Path(folder), options.url) as shop:
            generation = shop.reindex().generation
            known = versions(shop) if options.url else {"date": f"{datetime.date.today()}", "server": "embedded"}
            kinds: dict[str, list[dict[str, Any]]] = {
                "words": [{"text": text} for text in words],
                "in stock": [{"filters": {"in_stock": True}}] * len(words),
            }
            for name, queries in kinds.items():
                what = {"what": "facets", "products": options.products, "search": name}
                report({**what, **measure(shop, queries, options.rounds), **known}, options)
            if options.url:
                shop.engine.discard(generation)


if __name__ == "__main__":
    main()
