"""How long the page and the JSON API take, by real HTTP against a real `hybridsearch serve`, alone and with many users.

    python -m benchmarks.web [--products N] [--rounds N] [--users N] [--seconds S] [--jsonl FILE] [--small]

The sample catalogue with its pictures in a vector leg, then generated products by keywords, each on the embedded engine
and served by a process of its own. A round trip is one request on a connection that is kept, until the last byte is
there: the whole page, the part of it that a script asks for, and `/api/search`. Users ask for these in turn, each on a
connection of its own, with a pause of a second on average between two requests, and then without any. Clients and
server share the machine. With `--small` nothing is encoded, and texts are
read as English.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import http.client
import itertools
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from benchmarks.catalogue import SEED, report, write_generated
from hybridsearch import HybridSearch, sample

PRODUCTS, ROUNDS, USERS, SECONDS = 100_000, 5, 50, 60.0
SMALL = 200
QUERIES = 40
PAUSE = 1.0
"""Seconds between two requests of a user, on average."""
SAMPLE = Path(sample.__file__).parent
FIELDS = {
    "sample": 'title = "title"\ntext = ["description", "brand"]\ncodes = ["sku", "ean"]\n'
    'facets = ["brand", "category", "color", "locale"]\nnumbers = ["price", "rating"]\nimage = "image"',
    "generated": 'title = "title"\ntext = ["short_description"]\ncodes = ["name", "ean"]\nfacets = ["supplier"]\n'
    'numbers = ["price"]',
}
WHOLE = """languages = ["en", "de", "fr", "es", "ja", "zh"]
[[vectors]]
name = "image"
encoder = "starter"
reads = "image"
"""
"""What the sample has besides."""
KINDS: dict[str, tuple[str, dict[str, str]]] = {
    "page": ("/", {}),
    "part": ("/", {"HX-Request": "true"}),
    "api": ("/api/search", {}),
}
"""Path and headers of each kind of request."""


def configured(folder: Path, catalogue: Path, fields: str, more: str = "") -> Path:
    """Return the configuration of a shop whose index has been built; its page refuses nobody who asks often."""
    config = folder / "hybridsearch.toml"
    tables = f'[catalog]\npath = "{catalogue}"\n[fields]\n{fields}\n{more}\n[web]\nrate = 100000\n'
    config.write_text(tables, encoding="utf-8")
    with HybridSearch.open(config) as shop:
        shop.reindex()
    return config


@contextmanager
def served(config: Path) -> Iterator[tuple[str, int]]:
    """Yield where a server listens, in a process of its own, that has answered a first search."""
    command = [sys.executable, "-m", "hybridsearch", "serve", "--port", "0", "-c", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield "127.0.0.1", int(server.stdout.readline().split()[4].strip("/").rpartition(":")[2])
        finally:
            server.send_signal(signal.SIGINT)


def asked(connection: http.client.HTTPConnection, kind: str, query: str) -> float:
    """Return the seconds that a round trip takes.

    Raises:
        OSError: The answer is none of a search.
    """
    path, headers = KINDS[kind]
    began = time.perf_counter()
    connection.request("GET", f"{path}?{urlencode({'q': query})}", headers=headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise OSError(answer.status)
    return time.perf_counter() - began


def alone(where: tuple[str, int], queries: Sequence[str], rounds: int) -> dict[str, Any]:
    """Return the round trips of one client, kinds in turn, after a warm-up."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with closing(http.client.HTTPConnection(*where)) as connection:
        for number, query in itertools.product(range(rounds + 1), queries):
            for kind in KINDS:
                seconds = asked(connection, kind, query)
                times[kind] += [seconds] * (number > 0)
    return {kind: milliseconds(each) for kind, each in times.items()}


def together(
    where: tuple[str, int], queries: Sequence[str], users: int, seconds: float, pause: float
) -> dict[str, Any]:
    """Return the round trips of many users at once, and how many requests failed."""
    times: list[float] = []
    failed: list[str] = []
    until = time.monotonic() + seconds

    def use(number: int) -> None:
        chance, kinds = random.Random(number), itertools.cycle(KINDS)
        with closing(http.client.HTTPConnection(*where, timeout=60)) as connection:
            while time.monotonic() < until:
                time.sleep(chance.uniform(0, 2 * pause))
                try:
                    times.append(asked(connection, next(kinds), chance.choice(queries)))
                except (OSError, http.client.HTTPException) as error:
                    failed.append(repr(error))
                    connection.close()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "users": users,
        "pause_s": pause,
        "requests": len(times),
        "a_second": round(len(times) / seconds, 1),
        "errors": len(failed),
        "first_error": next(iter(failed), ""),
        **milliseconds(times),
    }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50 and p95."""
    p50, p95 = np.percentile(np.array(seconds) * 1000, (50, 95))
    return {"p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1)}


def titles(path: Path) -> list[str]:
    """Return two words of some titles, as people search for them."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in itertools.islice(file, 2_000)]
    return [" ".join(row["title"].split()[2:4]) for row in random.Random(SEED).sample(rows, min(QUERIES, len(rows)))]


def judged() -> list[str]:
    """Return the judged queries of the sample."""
    lines = (SAMPLE / "judgments.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return list(dict.fromkeys(line.split("\t")[0] for line in lines))[:QUERIES]


def measure(name: str, config: Path, queries: Sequence[str], products: int, options: argparse.Namespace) -> None:
    """Report what a shop takes."""
    facts = {"benchmark": "web", "catalogue": name, "products": products, "python": platform.python_version()}
    facts["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    with served(config) as where:
        before = os.getloadavg()[0]
        report({**facts, "load": round(before, 1), "alone": alone(where, queries, options.rounds)}, options)
        for pause in (PAUSE, 0.0):
            found = together(where, queries, options.users, options.seconds, pause)
            report({**facts, "load": round(before, 1), "together": found}, options)


def main() -> None:
    """Measure both catalogues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--jsonl", type=Path)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    if options.small:
        options.products, options.rounds, options.users, options.seconds = SMALL, 1, 5, 0.5
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary) / name for name in FIELDS}
        for folder in folders.values():
            folder.mkdir()
        more = "" if options.small else WHOLE
        config = configured(folders["sample"], SAMPLE / "products.jsonl", FIELDS["sample"], more)
        measure("sample", config, judged(), 509, options)
        catalogue = write_generated(folders["generated"] / "products.jsonl.gz", options.products)
        config = configured(folders["generated"], catalogue, FIELDS["generated"])
        measure("generated", config, titles(catalogue), options.products, options)


if __name__ == "__main__":
    main()
