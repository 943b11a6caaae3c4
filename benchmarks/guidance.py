"""Searches with a shop's rules and synonyms, and with a person's history, against the same searches without them.

    python -m benchmarks.guidance [--url URL] [--products N] [--leg] [--small]

Of 1,000 rules ten are for each query: they pin, boost, bury and hide. Of 5,000 rules of synonyms one is for each word.
The history is 50 products; `another` is one that no search had before, as of a shopper who just came. All search one
index, and take turns in random order at each query. A ratio is the median of
those of pairs, and what is more the median of their differences: of the time, and of this process's processor time,
which other work on the machine changes less, and which on a server leaves out what that does.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.catalogue import SEED, vocabulary, write_generated
from hybridsearch import HybridSearch
from hybridsearch.settings import Settings
from hybridsearch.values import Page

RULES, SYNONYMS = 1_000, 5_000
APPLYING = 10
QUERIES, ROUNDS = 40, 5
HISTORY = 50
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
        ruled, alike = {"rules": {"path": "rules.toml"}}, {"synonyms": {"path": "synonyms.txt"}}
        tables: dict[str, dict[str, Any]] = {"plain": {}, "rules": ruled, "synonyms": alike, "both": ruled | alike}
        with ExitStack() as opened:
            shops = {
                name: opened.enter_context(open_shop(folder, options.url, more | vectors))
                for name, more in tables.items()
            }
            report = shops["plain"].reindex()
            compare(shops, report.generation, 1 if options.small else ROUNDS)
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


def compare(shops: dict[str, HybridSearch], generation: str, rounds: int) -> None:
    """Print how long a search takes, and how much longer each other than the plain one."""
    chosen, words = random.Random(SEED), vocabulary()
    queries = [f"{words[chosen.randrange(FREQUENT)]} {words[chosen.randrange(FREQUENT, 400)]}" for _ in range(QUERIES)]
    history = [str(7 * number) for number in range(HISTORY)]
    searches: dict[str, Callable[[str], Page]] = {name: shop.search for name, shop in shops.items()}
    searches["history"] = partial(shops["plain"].search, history=history)
    searches["another"] = lambda query: shops["plain"].search(query, history=others.pop())
    products = len(list(shops["plain"].engine.ids(generation)))
    others = [list(map(str, chosen.sample(range(products), HISTORY))) for _ in range((rounds + 1) * QUERIES)]
    applied = [len(shops["both"].search(query).rules) for query in queries]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in searches}
    for turn in range(rounds + 1):
        order = random.Random(turn)
        for query in queries:
            for name in order.sample(list(searches), len(searches)):
                spent = milliseconds(partial(searches[name], query))
                if turn:  # the first round warms up
                    times[name].append(spent)
    print(f"{statistics.median(applied):.0f} rules are for a query")
    for name, own in times.items():
        print(f"{name:9} {shown(own, times['plain'], 0)}; processor {shown(own, times['plain'], 1)}")


def shown(own: Sequence[tuple[float, float]], plain: Sequence[tuple[float, float]], which: int) -> str:
    """Return the median of some times, and beside those of the plain search their ratio and what is more."""
    pairs = [(each[which], beside[which]) for each, beside in zip(own, plain, strict=True)]
    ratio, more = (statistics.median(each) for each in zip(*((a / b, a - b) for a, b in pairs), strict=True))
    return f"{statistics.median(each for each, _ in pairs):.2f} ms, ratio {ratio:.2f}, {more:+.2f} ms"


def milliseconds(search: Callable[[], object]) -> tuple[float, float]:
    """Return how long a search takes, and how long of the processor."""
    started, used = time.perf_counter(), time.process_time()
    search()
    return (time.perf_counter() - started) * 1000, (time.process_time() - used) * 1000


if __name__ == "__main__":
    main()
