"""Searches with a shop's rules and synonyms, against the same searches without them.

    python -m benchmarks.guidance [--url URL] [--products N] [--leg] [--small]

Of 1,000 rules ten are for each query: they pin, boost, bury and hide. Of 5,000 rules of synonyms one is for each word.
The two shops search one index and take turns in random order; a ratio is the median over rounds of that of the median
times, with the lowest and the highest.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.catalogue import SEED, vocabulary, write_generated
from benchmarks.search import milliseconds
from hybridsearch import HybridSearch
from hybridsearch.settings import Settings

RULES, SYNONYMS = 1_000, 5_000
APPLYING = 10
QUERIES, ROUNDS = 40, 5
FREQUENT = 30
"""Words that the queries are made of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a server; left out: the embedded engine")
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument(
        "--leg", action="store_true", help="with vectors of titles by the starter, as most shops have some"
    )
    parser.add_argument("--small", action="store_true", help="300 products, one round: proves that it runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_generated(folder / "products.jsonl.gz", 300 if options.small else options.products)
        (folder / "rules.toml").write_text(rules(), encoding="utf-8")
        (folder / "synonyms.txt").write_text(synonyms(), encoding="utf-8")
        vectors = {"vectors": [{"name": "titles", "encoder": "starter", "reads": ["title"]}]} if options.leg else {}
        guided = {"rules": {"path": "rules.toml"}, "synonyms": {"path": "synonyms.txt"}}
        shops = {
            name: open_shop(folder, options.url, more | vectors) for name, more in (("plain", {}), ("guided", guided))
        }
        with shops["plain"], shops["guided"]:
            report = shops["plain"].reindex()
            compare(shops, 1 if options.small else ROUNDS)
            if options.url:
                shops["plain"].engine.discard(report.generation)


def open_shop(folder: Path, url: str | None, more: Mapping[str, Any]) -> HybridSearch:
    """Return a shop of generated products, with more tables in its configuration."""
    fields = {"title": "title", "text": ["short_description"], "facets": ["supplier"], "numbers": ["price"]}
    engine = {"index": "benchmark-guidance", "replicas": 0, "timeout": 60} | ({"url": url} if url else {})
    tables = {"catalog": {"path": "products.jsonl.gz"}, "fields": fields, "engine": engine, **more}
    return HybridSearch.open(Settings.parse(tables, folder=folder))


def rules() -> str:
    """Return a file of rules, of which ten are for a query with one of the frequent words."""
    chosen, words = random.Random(SEED), vocabulary()
    lines = []
    for number in range(RULES):
        word = words[number % FREQUENT] if number < APPLYING * FREQUENT else words[FREQUENT + number]
        pins = [str(chosen.randrange(300)) for _ in range(2)]
        then = (
            f'then.pin = ["{pins[0]}", "{pins[1]}"]',
            f'then.boost = [{{ filters = {{ supplier = "Supplier {number % 200}" }} }}]',
            "then.bury = [{ filters = { price = { gt = 100 } } }]",
            f'then.hide = ["{pins[1]}"]',
        )[number // FREQUENT % 4]
        lines.append(f'[[rule]]\nname = "rule {number}"\nwhen.contains = "{word}"\n{then}\n')
    return "".join(lines)


def synonyms() -> str:
    """Return a file of synonyms, one line for each word."""
    words = vocabulary()
    return "".join(f"{words[place]}, {words[-place - 1]}, {words[-place - 2]} x\n" for place in range(SYNONYMS))


def compare(shops: dict[str, HybridSearch], rounds: int) -> None:
    """Print how long a search takes in both shops."""
    chosen, words = random.Random(SEED), vocabulary()
    queries = [f"{words[chosen.randrange(FREQUENT)]} {words[chosen.randrange(FREQUENT, 400)]}" for _ in range(QUERIES)]
    applied = [len(shops["guided"].search(query).rules) for query in queries]
    medians: list[dict[str, float]] = []
    for turn in range(rounds + 1):
        order = random.Random(turn)
        times: dict[str, list[float]] = {name: [] for name in shops}
        for query in queries:
            for name in order.sample(list(shops), len(shops)):
                times[name].append(milliseconds(partial(shops[name].search, query)))
        if turn:  # the first round warms up
            medians.append({name: statistics.median(each) for name, each in times.items()})
    ratios = [each["guided"] / each["plain"] for each in medians]
    plain, guided = (statistics.median(each[name] for each in medians) for name in ("plain", "guided"))
    print(
        f"plain {plain:.2f} ms, guided by {statistics.median(applied):.0f} rules {guided:.2f} ms, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
