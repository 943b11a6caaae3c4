"""What a log costs: a line while a shopper waits, and reading one of any size.

    python -m benchmarks.log [--answers N] [--url URL] [--small]

A generated log is read in a process of its own for each reader, which says how much processor time and memory
that took. `half` is the first half of the same log: where memory does not grow with it the two are nearly the same.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hybridsearch import HybridSearch, Page
from hybridsearch.events.report import report
from hybridsearch.events.source import of_file
from hybridsearch.learning.arms import compare
from hybridsearch.learning.sources.judgments import read
from hybridsearch.settings import Settings
from hybridsearch.values import Hit

QUERIES, PRODUCTS, SHOWN, SHOPPERS = 5_000, 20_000, 10, 50_000
READERS: dict[str, Callable[[Path], object]] = {
    "report": lambda path: report(of_file(path)),
    "tune": read,
    "compare": lambda path: compare(of_file(path)),
}
CALLS = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--answers", type=int, default=300_000)
    parser.add_argument("--url", help="of a server: writes to an index too")
    parser.add_argument("--small", action="store_true", help="2,000 answers: proves that it runs")
    parser.add_argument("--read", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read:
        measure(options.read[0], Path(options.read[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = 50 if options.small else CALLS
        print(json.dumps({"what": "log a page with a click", "where": "file"} | logged(folder, calls, {}, "path")))
        if options.url:
            engine = {"url": options.url, "index": "benchmark-log", "replicas": 0}
            print(
                json.dumps(
                    {"what": "log a page with a click", "where": "index"} | logged(folder, calls, engine, "index")
                )
            )
        count = 2_000 if options.small else options.answers
        for part, answers in (("half", count // 2), ("whole", count)):
            path = folder / f"{part}.jsonl"
            write(path, answers)
            for reader in READERS:
                command = [sys.executable, "-m", "benchmarks.log", "--read", reader, str(path)]
                said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                print(json.dumps({"what": "read", "log": part, "MB": round(path.stat().st_size / 1e6), **said}))


def logged(folder: Path, calls: int, engine: dict[str, object], place: str) -> dict[str, float]:
    """Return how long calls of `shop.log` take, in milliseconds."""
    told = {"catalog": {"path": "products.jsonl"}, "engine": engine, "log": {place: "benchmark-log-events"}}
    page = Page("red coat", tuple(Hit(str(number), 1.0, {}, {}) for number in range(SHOWN)), 100, query_id="q" * 22)
    took = []
    with HybridSearch.open(Settings.parse(told, folder=folder)) as shop:
        for number in range(calls):
            started = time.perf_counter()
            assert shop.log(page, "3", session=number)
            took.append((time.perf_counter() - started) * 1000)
        if place == "index":
            shop.engine.client.indices.delete(index="benchmark-log-events")  # type: ignore[attr-defined]
    return {"p50_ms": round(statistics.median(took), 3), "p99_ms": round(statistics.quantiles(took, n=100)[98], 3)}


def write(path: Path, answers: int) -> None:
    """Write a log: queries and products as they come in a shop, some often, most seldom; three in ten are clicked."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for number in range(answers):
            query = int(QUERIES * chance.random() ** 3)
            first = (query * 37) % PRODUCTS
            shown = [str((first + chance.randrange(30)) % PRODUCTS) for _ in range(SHOWN)]
            shopper, name = f"{chance.randrange(SHOPPERS):032x}", f"{number:022x}"
            line = {
                "query_id": name,
                "timestamp": 1_700_000_000_000 + number * 100,
                "session_id": shopper,
                "user_query": f"things of kind {query}",
                "query_response_object_ids": list(dict.fromkeys(shown)),
                "query_attributes": {"total": 30, "arm": "ab"[int(shopper, 16) % 2]},
            }
            file.write(json.dumps(line) + "\n")
            if chance.random() < 0.3:
                about = {"object": {"object_id": chance.choice(shown)}}
                click = {
                    "action_name": "click_through",
                    "query_id": name,
                    "session_id": shopper,
                    "event_attributes": about,
                }
                file.write(json.dumps(click) + "\n")


def measure(reader: str, path: Path) -> None:
    """Read a log, and print what that took."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    READERS[reader](path)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"reader": reader, "seconds": round(seconds, 1), "memory_MB": round((peak - before) / 1024)}))


if __name__ == "__main__":
    main()
