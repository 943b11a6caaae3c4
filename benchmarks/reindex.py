"""Speed of a reindex against a bare loop of `client.bulk`, and against the bare encoder, and the memory that one takes.

    python -m benchmarks.reindex --url URL [--products FILE.jsonl.gz] [--small]

With the vectors already in the encode cache, both write the same bodies to the same mapping, and are timed from an
empty index to a searchable one, in turns; `journal` is the share of the reindex that went into its journal. With an
encoder, the first products are also indexed with an empty cache, in turns with the encoder alone on the same texts, in
the same batches, and with the encoder beside a bare loop that writes ready bodies meanwhile, which is the least that a
rebuild can take where the server shares the machine. Memory is the peak of a process of its own that indexes generated
products by words alone; without a URL only memory is measured, on the embedded engine, and `workers`: the filling of an
index whose engine only counts what it would send, in turns with each number of processes, every vector known. There
`parent` and `others` are the processor time of this process and of its workers, in microseconds a product.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.catalogue import LEG, on_server, open_shop, report, versions, write_generated
from hybridsearch import HybridSearch, document
from hybridsearch.disk.home import Home
from hybridsearch.encoders.kept.cache import EncodeCache
from hybridsearch.engines.base import Written
from hybridsearch.engines.elasticsearch.bulk import Item, to_item
from hybridsearch.errors import EngineError
from hybridsearch.indexing.build import schema_of, source_of
from hybridsearch.indexing.fill import BATCH, Options
from hybridsearch.indexing.journal import Journal, Position
from hybridsearch.indexing.tally import Tally
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Schema
from hybridsearch.values import Document, Product, Vector

GENERATED = 20_000
SIZES = (50_000, 500_000)


def ready(shop: HybridSearch, schema: Schema) -> Iterator[list[bytes]]:
    """Yield bulk requests as large as the library's: action and body of each product in turn."""
    (leg,) = schema.legs
    with EncodeCache(Home(shop.settings.home).vectors) as cache:
        for batch in batches(source_of(shop.settings).read(), BATCH):
            products = [each for each in batch if isinstance(each, Product)]
            texts = [document.leg_text(product.row, leg) for product in products]
            vectors = cache.texts(shop.encoders[LEG], texts).vectors
            built = (
                document.build(product, schema, {LEG: Vector(vector)})
                for product, vector in zip(products, vectors, strict=True)
            )
            items = [item for each in built if isinstance(item := to_item(each), Item)]
            yield [line for item in items for line in item.lines]


def bare(shop: HybridSearch, schema: Schema, requests: Sequence[Sequence[Any]]) -> str:
    """Write ready requests to a new generation, make it searchable, and return its name."""
    engine = on_server(shop)
    generation = engine.create(schema)
    client = engine.client.options(request_timeout=300)
    for lines in requests:
        answer = client.bulk(index=generation, operations=lines)
        assert not answer["errors"]
    client.indices.refresh(index=generation)
    return generation


def seconds(shop: HybridSearch, fill: Callable[[], str]) -> float:
    """Return how long a generation took, and remove it."""
    started = time.perf_counter()
    generation = fill()
    taken = time.perf_counter() - started
    shop.engine.discard(generation)
    return taken


def speed(shop: HybridSearch, rounds: int) -> dict[str, Any]:
    """Return products a second of both, and the median over rounds of their ratio, with the lowest and the highest."""
    first = shop.reindex()  # fills the encode cache, and warms the server
    shop.engine.discard(first.generation)
    schema = schema_of(shop.settings, shop.encoders)
    requests = list(ready(shop, schema))
    assert sum(map(len, requests)) == 2 * first.indexed
    ours, theirs, journal = [], [], []
    for _ in range(rounds):
        with timed_journal() as lines:
            ours.append(seconds(shop, lambda: shop.reindex().generation))
        journal.append(sum(lines) / ours[-1])
        theirs.append(seconds(shop, lambda: bare(shop, schema, requests)))
    ratios = np.divide(theirs, ours)
    return {
        "products": first.indexed,
        "rounds": rounds,
        "reindex_per_s": round(first.indexed / float(np.median(ours))),
        "bare_per_s": round(first.indexed / float(np.median(theirs))),
        "ratio": spread(ratios),
        "journal": spread(journal),
    }


@contextmanager
def timed_journal() -> Iterator[list[float]]:
    """Yield a list that gets the seconds of each line of the journal."""
    advance, found = Journal.advance, list[float]()

    def timed(journal: Journal, position: Position) -> None:
        started = time.perf_counter()
        advance(journal, position)
        found.append(time.perf_counter() - started)

    with mock.patch.object(Journal, "advance", timed):
        yield found


def encoding(shop: HybridSearch, rounds: int) -> dict[str, Any]:
    """Return products a second of a reindex with everything to encode, of the encoder alone, and their ratio.

    `least` is the ratio to the encoder with the bare loop beside it.
    """
    schema = schema_of(shop.settings, shop.encoders)
    (leg,) = schema.legs
    encoder = shop.encoders[LEG]
    rows = [each.row for each in source_of(shop.settings).read() if isinstance(each, Product)]
    texts = [text for row in rows if (text := document.leg_text(row, leg))]
    encoder.encode_texts(texts[:BATCH])

    def alone() -> None:
        for some in batches(texts, BATCH):
            encoder.encode_texts(list(dict.fromkeys(some)))

    def beside() -> str:
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(bare, shop, schema, requests)
            alone()
            return writing.result()

    ours, theirs, both = [], [], []
    for _ in range(rounds):
        Home(shop.settings.home).vectors.unlink(missing_ok=True)
        ours.append(seconds(shop, lambda: shop.reindex().generation))
        started = time.perf_counter()
        alone()
        theirs.append(time.perf_counter() - started)
        requests = list(ready(shop, schema))
        both.append(seconds(shop, beside))
    return {
        "products": len(rows),
        "rounds": rounds,
        "reindex_per_s": round(len(rows) / float(np.median(ours)), 1),
        "encoder_per_s": round(len(rows) / float(np.median(theirs)), 1),
        "ratio": spread(np.divide(theirs, ours)),
        "least": spread(np.divide(both, ours)),
    }


def spread(ratios: Any) -> list[float]:
    """Return the median, the lowest and the highest."""
    return [round(float(value), 4) for value in (np.median(ratios), min(ratios), max(ratios))]


def workers(path: Path, folder: Path, numbers: Sequence[int], rounds: int) -> Iterator[dict[str, Any]]:
    """Yield for each number of processes the products a second of a run that makes bodies and sends none.

    By the clock, and for each second of a core.
    """
    with open_shop(path, folder, "workers", url=None, encoder="") as shop:
        engine, indexed = shop.engine, shop.reindex().indexed  # fills the encode cache
        found: dict[int, list[tuple[float, float, float]]] = {number: [] for number in numbers}
        counting = mock.patch.object(type(engine), "write", only_bodies)
        for _ in range(rounds):
            for number in numbers:
                with counting, suppress(Filled), mock.patch.object(Tally, "reached", filled):
                    before = (time.perf_counter(), time.process_time(), of_children())
                    shop.reindex(options=Options(restart=True, workers=number))
                after = (time.perf_counter(), time.process_time(), of_children())
                found[number].append((after[0] - before[0], after[1] - before[1], after[2] - before[2]))
        for number, times in found.items():
            clock, parent, others = np.median(np.array(times), axis=0) / indexed
            yield {
                "workers": number,
                "products": indexed,
                "rounds": rounds,
                "per_s": round(1 / clock),
                "per_core_s": round(1 / (parent + others)),
                "parent": round(1e6 * parent),
                "others": round(1e6 * others),
            }


class Filled(Exception):  # noqa: N818
    """All products are with the engine."""


def filled(*_: object) -> None:
    """End a run."""
    raise Filled


def only_bodies(_: Any, __: str | None, documents: Sequence[Document]) -> Written:
    """Make what a server would be sent, and send nothing."""
    for each in documents:
        to_item(each)
    return Written()


def of_children() -> float:
    """Return the processor time of the processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory(products: int, url: str | None) -> dict[str, Any]:
    """Return the peak memory of this process before and after a reindex by words alone, in MB."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = write_generated(folder / "products.jsonl.gz", products)
        with open_shop(path, folder, f"hybridsearch-benchmark-{time.time_ns()}", url=url, encoder=None) as shop:
            with suppress(EngineError):
                shop.search("warm")
            before = peak_mb()
            made = shop.reindex()
            if url:
                shop.engine.discard(made.generation)
    return {
        "products": made.indexed,
        "engine": "elasticsearch" if url else "embedded",
        "before_mb": before,
        "peak_mb": peak_mb(),
        "per_s": round(made.indexed / made.seconds),
    }


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    return round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6, 1
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="left out: memory on the embedded engine alone")
    parser.add_argument("--products", type=Path, help="JSON lines with icecat's fields; left out: generated")
    parser.add_argument("--encoder", default="", help="a model folder; left out: hashed words, which mean nothing")
    parser.add_argument("--folder", type=Path, help="keeps the vectors for the next run; left out: a temporary one")
    parser.add_argument("--generate", type=int, default=GENERATED, help="products to generate")
    parser.add_argument("--encode", type=int, default=1_000, help="products to encode; 0 leaves that out")
    parser.add_argument("--rounds", type=int, default=5, help="0 leaves the speed out")
    parser.add_argument(
        "--sizes", type=int, nargs="*", default=SIZES, help="products whose memory is measured; may be empty"
    )
    parser.add_argument("--workers", type=int, nargs="*", default=(1, 2, 3), help="processes that are compared")
    parser.add_argument("--small", action="store_true", help="600 products, 2 rounds: proves that it runs")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    if options.small:
        options.workers = (1, 2)
        options.rounds, options.sizes, options.generate, options.encode = 2, (300, 600), 600, 100
    for size in options.sizes:
        # A process of its own, and a fresh one: the peak of a process never falls.
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            report({"what": "memory", **process.submit(memory, size, options.url).result()}, options)
    if not options.rounds:
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = options.products or write_generated(Path(temporary) / "products.jsonl.gz", options.generate)
        for line in workers(path, Path(temporary), options.workers, options.rounds):
            report({"what": "workers", **line}, options)
    if not options.url:
        return
    with tempfile.TemporaryDirectory() as temporary:
        path = options.products or write_generated(Path(temporary) / "products.jsonl.gz", options.generate)
        folder, index = options.folder or Path(temporary), f"hybridsearch-benchmark-{time.time_ns()}"
        with open_shop(path, folder, index, url=options.url, encoder=options.encoder) as shop:
            report({"what": "reindex", **speed(shop, options.rounds), **versions(shop)}, options)
        if options.encoder and options.encode:
            first = Path(temporary) / "first.jsonl"
            with gzip.open(path, "rt", encoding="utf-8") as lines, first.open("w", encoding="utf-8") as out:
                out.writelines(islice(lines, options.encode))
            with open_shop(first, Path(temporary), f"{index}-first", url=options.url, encoder=options.encoder) as shop:
                report({"what": "encode", **encoding(shop, options.rounds), **versions(shop)}, options)


if __name__ == "__main__":
    main()
