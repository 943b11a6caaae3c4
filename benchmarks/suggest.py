"""Suggestions while somebody types: how long one keystroke takes.

    python -m benchmarks.suggest [--url URL] [--products N] [--languages en,de] [--rounds N] [--jsonl FILE] [--small]
    python -m benchmarks.suggest --config hybridsearch.toml --judgments JUDGMENTS [--show N]

The catalogue is that of `benchmarks.facets`, with categories that have names. Typed are the titles of products up to
any of their first 20 letters, so that the last word mostly is a beginning, every third of them with a letter left out;
all of them also under a filter. They take turns in random order, with a search for the same text beside each, each text
once a round; the first round warms up.

With judgments: the first half of the letters of their queries is typed, in a shop that is built already, and counted is
how many of them suggestions complete. A word is completed when a suggestion has it, in any form.
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

from benchmarks.catalogue import SEED, report, versions, vocabulary
from benchmarks.facets import FIELDS, catalogue
from benchmarks.search import milliseconds, read_queries
from hybridsearch import HybridSearch
from hybridsearch.settings import Settings
from hybridsearch.texts import stemming, text

PRODUCTS, TEXTS, ROUNDS = 100_000, 60, 5
SMALL = 300
LETTERS = 20
FILTER = {"in_stock": True}
MOST_QUERIES = 1_000


def named(products: int) -> Iterator[dict[str, Any]]:
    """Yield the products with categories that are called by words."""
    words = vocabulary()
    for product in catalogue(products):
        paths = [path.split(" > ") for path in product["category"]]
        names = [[words[100 * level + int(name.split()[1])].title() for level, name in enumerate(p)] for p in paths]
        yield {**product, "category": [" > ".join(path) for path in names]}


def typed(titles: Sequence[str], count: int) -> list[str]:
    """Return the beginnings of titles, of which every third has a letter left out."""
    chosen = random.Random(SEED)
    texts = [chosen.choice(titles)[: chosen.randint(1, LETTERS)] for _ in range(count)]
    return [each[:-2] + each[-1:] if place % 3 == 0 and len(each) > 5 else each for place, each in enumerate(texts)]


def open_shop(file: Path, folder: Path, url: str | None, languages: Sequence[str]) -> HybridSearch:
    """Return a shop without vectors."""
    engine = {"index": "bench-suggest", "folder": str(folder), "replicas": 0, "timeout": 60}
    data = {
        "catalog": {"path": str(file)},
        "fields": {**FIELDS, "languages": list(languages)},
        "engine": engine | ({"url": url} if url else {}),
    }
    return HybridSearch.open(Settings.parse(data, folder=folder))


def measure(shop: HybridSearch, texts: Sequence[str], filters: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    """Return the times of a keystroke and of a search for the same text, in turns, and how much is suggested."""
    first = milliseconds(shop.suggest)
    order, times = random.Random(SEED), []
    for number in range(rounds + 1):
        taken = [
            [milliseconds(partial(ask, each, filters=filters)) for ask in (shop.suggest, shop.search)]
            for each in order.sample(texts, len(texts))
        ]
        times += taken if number else []
    p50, p95 = np.percentile(np.array(times), (50, 95), axis=0)
    found = [shop.suggest(each, filters=filters) for each in texts]
    return {
        "first_ms": round(first, 1),
        "p50_ms": round(float(p50[0]), 2),
        "p95_ms": round(float(p95[0]), 2),
        "search_p50_ms": round(float(p50[1]), 2),
        "suggestions": round(float(np.mean([len(each) for each in found])), 2),
        "empty": sum(not each for each in found),
    }


def completed(shop: HybridSearch, queries: Sequence[str], show: int) -> dict[str, Any]:
    """Return the shares of queries whose word, and which as a whole, a suggestion has when half of it is typed."""
    word, whole, empty = 0, 0, 0
    for place, query in enumerate(queries):
        cut = max(1, len(query) // 2)
        half = query[: cut + query[:cut].endswith(" ")]  # of the next word at least a letter
        start = half.rfind(" ") + 1
        found = shop.suggest(half)
        has = [stems(each.text) for each in found]
        word += any(stems(query[start:].split(" ")[0]) <= each for each in has)
        whole += any(stems(query) <= each for each in has)
        empty += not found
        if place < show:
            print(f"{half} | {query}: {', '.join(f'{each.text} ({each.count})' for each in found)}")
    count = len(queries)
    return {"word": round(word / count, 3), "whole": round(whole / count, 3), "empty": round(empty / count, 3)}


def stems(written: str) -> set[str]:
    """Return the words of a text in whatever form."""
    return {stemming.stem(word, "en") for word in text.pieces(written)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a server; left out: the embedded engine")
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument("--languages", default="en")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--jsonl", type=Path)
    parser.add_argument("--small", action="store_true", help="a few hundred products: proves that it runs")
    parser.add_argument("--config", type=Path, help="of a shop that is built")
    parser.add_argument("--judgments", type=Path)
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print so many of the queries")
    options = parser.parse_args()
    if options.config:
        queries = sorted(set(read_queries(options.judgments, options.judgments, 10**6)))
        chosen = random.Random(SEED).sample(queries, min(MOST_QUERIES, len(queries)))
        with HybridSearch.open(options.config) as shop:
            line = {"what": "completed", "queries": len(chosen), **completed(shop, chosen, options.show)}
        report(line, options)
        return
    if options.small:
        options.products, options.rounds = SMALL, 1
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "products.jsonl.gz"
        titles = []
        with gzip.open(file, "wt", encoding="utf-8", compresslevel=1) as lines:
            for product in named(options.products):
                lines.write(f"{json.dumps(product)}\n")
                titles.append(product["title"])
        with open_shop(file, Path(folder), options.url, options.languages.split(",")) as shop:
            generation = shop.reindex().generation
            known = versions(shop) if options.url else {"date": f"{datetime.date.today()}", "server": "embedded"}
            for name, filters in {"": {}, "in stock": FILTER}.items():
                what = {"what": "suggest", "products": options.products, "languages": options.languages, "filter": name}
                texts = typed(titles, 5 if options.small else TEXTS)
                report({**what, **measure(shop, texts, filters, options.rounds), **known}, options)
            if options.url:
                shop.engine.discard(generation)


if __name__ == "__main__":
    main()
