"""Searches of a catalogue whose products have five variants, against the same searches where each product is one.

    python -m benchmarks.variants [--url URL [--pid PID]] [--products N] [--small]

Both catalogues have the same titles, without vectors; colour, size and price are fields of the product in one, of each
of its variants in the other. The searches take turns in random order; a ratio is the median over rounds of that of the
median times, with the lowest and the highest. Of five variants one fits more often than the only one: how many products
each search finds is said too, and where `alike` is, the plain products are filtered so widely that it finds as many.
A page that was browsed before may be remembered; `anew` has other colours and another price each time. Times are those
of the processor: of this process, or of the server whose PID is given; of a server without one by the clock.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.catalogue import SEED, vocabulary
from benchmarks.search import processor_of
from hybridsearch import HybridSearch
from hybridsearch.settings import Settings

VARIANTS = 5
COLORS = [f"colour{number}" for number in range(20)]
SIZES = ["XS", "S", "M", "L", "XL"]
QUERIES = 40
ROUNDS = 5

Clock = Callable[[], float]
"""Returns seconds."""

PLAIN, NESTED = "", "variants."
ASKED = (
    "words",
    "filters",
    "filters and facets",
    "facets",
    "in order of price",
    "browse",
    "browse anew",
    "browse anew, alike",
    "browse by price anew",
)
"""What is asked; `browse` is without words."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a server; left out: the embedded engine")
    parser.add_argument("--pid", type=int, help="of the server, on this machine: its processor time is measured")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--small", action="store_true", help="300 products: proves that it runs")
    options = parser.parse_args()
    products = 300 if options.small else options.products
    with tempfile.TemporaryDirectory() as name:
        plain, nested = (build(Path(name), products, prefix, options.url) for prefix in (PLAIN, NESTED))
        clock = partial(processor_of, options.pid) if options.pid else time.perf_counter
        with plain, nested:
            for asked in ASKED:
                compare(
                    asked, plain, nested, 1 if options.small else ROUNDS, clock if options.url else time.process_time
                )
            for shop in (plain, nested):
                for generation in shop.engine.generations() if options.url else ():
                    shop.engine.discard(generation.name)


def build(folder: Path, products: int, prefix: str, url: str | None) -> HybridSearch:
    """Return the shop of a catalogue, whose fields of variants have a prefix, or are fields of the products."""
    index = f"benchmark-{'variants' if prefix else 'plain'}"
    path = folder / f"{index}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows(products, bool(prefix)))
    fields = {
        "title": "title",
        "facets": ["brand", f"{prefix}color", f"{prefix}size"],
        "numbers": [f"{prefix}price"],
    }
    engine = {"index": index, "replicas": 0, "timeout": 60} | ({"url": url} if url else {})
    shop = HybridSearch.open(
        Settings.parse({"catalog": {"path": str(path)}, "fields": fields, "engine": engine}, folder=folder)
    )
    shop.reindex()
    return shop


def rows(products: int, nested: bool) -> Any:
    """Yield products with titles of six words by Zipf's law."""
    words, chosen = np.array(vocabulary()), np.random.default_rng(SEED)
    for number in range(products):
        title = " ".join(words[(chosen.zipf(1.15, 6) - 1) % len(words)].tolist())
        variants = [
            {
                "color": COLORS[chosen.integers(len(COLORS))],
                "size": SIZES[chosen.integers(len(SIZES))],
                "price": round(float(chosen.gamma(2, 30)), 2),
            }
            for _ in range(VARIANTS)
        ]
        row = {"id": str(number), "title": title, "brand": f"brand{chosen.integers(200)}"}
        yield row | ({"variants": variants} if nested else variants[0])


def queries() -> list[str]:
    """Return pairs of words, some of them frequent."""
    words, chosen = vocabulary(), random.Random(SEED)
    return [f"{words[chosen.randrange(30)]} {words[chosen.randrange(400)]}" for _ in range(QUERIES)]


def arguments(asked: str, prefix: str, price: float = 90, colors: Sequence[str] = COLORS) -> dict[str, Any]:
    """Return what is asked besides the words, of the first of some colours; 90 is more than most cost."""
    wide = "alike" in asked and prefix == PLAIN
    filters = {
        f"{prefix}color": list(colors[: 12 if wide else 4]),
        f"{prefix}size": ["S", "M", "L"] if wide else ["M", "L"],
        f"{prefix}price": {"lte": price},
    }
    facets = {"brand": {}, f"{prefix}color": {}, f"{prefix}size": {}, f"{prefix}price": {"ranges": [20, 50, 100]}}
    order = {"sort": f"{prefix}price:asc"}
    asks: dict[str, dict[str, Any]] = {
        "words": {},
        "filters": {"filters": filters},
        "filters and facets": {"filters": filters, "facets": facets},
        "facets": {"facets": facets},
        "in order of price": {"filters": filters, **order},
        "browse": {"filters": filters, "facets": facets, **order},
        "browse by price anew": {"filters": {f"{prefix}price": {"lte": price}}, "facets": facets, **order},
    }
    return asks.get(asked, asks["browse"])


def compare(asked: str, plain: HybridSearch, nested: HybridSearch, rounds: int, clock: Clock) -> None:
    """Print how long a search takes with and without variants, and how many products each finds."""
    texts = [""] * QUERIES if asked.startswith("browse") else queries()
    shops = {PLAIN: plain, NESTED: nested}
    found: dict[str, int] = {}
    ratios, medians = [], []
    for turn in range(rounds + 1):
        times, found = measure(texts, asked, shops, turn, clock)
        if turn or rounds == 1:  # the first round warms up
            medians.append(times)
            ratios.append(times[NESTED] / max(times[PLAIN], 1e-9))
    per_product = statistics.median(ratios) * found[PLAIN] / max(found[NESTED], 1)
    print(
        f"{asked:26} plain {statistics.median(each[PLAIN] for each in medians):7.2f} ms, "
        f"variants {statistics.median(each[NESTED] for each in medians):7.2f} ms, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), "
        f"{per_product:.2f} for each product found ({found[PLAIN]:,} and {found[NESTED]:,})",
        flush=True,
    )


def measure(
    texts: Sequence[str], asked: str, shops: Mapping[str, HybridSearch], seed: int, clock: Clock
) -> tuple[dict[str, float], dict[str, int]]:
    """Return the median time of each shop in milliseconds, and how many products it finds on average."""
    chosen = random.Random(seed)
    times: dict[str, list[float]] = {prefix: [] for prefix in shops}
    found: dict[str, list[int]] = {prefix: [] for prefix in shops}
    for place, text in enumerate(texts):
        turn = (ASKED.index(asked) * 100 + seed) * len(texts) + place  # no other search has its price
        anew = "anew" in asked
        price, colors = (90 + turn / 10_000, chosen.sample(COLORS, len(COLORS))) if anew else (90, COLORS)
        for prefix in chosen.sample(list(shops), len(shops)):
            asks = arguments(asked, prefix, price, colors)
            started = clock()
            page = shops[prefix].search(text, **asks)
            times[prefix].append((clock() - started) * 1000)
            found[prefix].append(page.total)
    return (
        {prefix: statistics.median(each) for prefix, each in times.items()},
        {prefix: round(statistics.mean(each)) for prefix, each in found.items()},
    )


if __name__ == "__main__":
    main()
