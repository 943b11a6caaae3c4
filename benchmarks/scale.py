"""Searches of a server as the catalogue grows: the same queries on each size.

    python -m benchmarks.scale --url URL [--products N …] [--dims D] [--shards S …] [--types T …] [--keep] [--small]

Products are those of `benchmarks/shaped.py`, of which a smaller catalogue is the beginning of a larger one. Every
index is filled as a rebuild does it, but for the cache of vectors, which are computed as they are needed. An index
that an earlier run kept is used again. The sizes take turns with each kind of search, in several rounds; a ratio is
the median over rounds, with the lowest and the highest. `work` is the time of processors that the server used,
which other programs change less.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from elasticsearch import Elasticsearch

from benchmarks.catalogue import SEED, on_server, report, versions
from benchmarks.search import milliseconds, spread
from benchmarks.shaped import FIELDS, SummedWords, products
from hybridsearch import HybridSearch, document
from hybridsearch.encoders.base import Encoder
from hybridsearch.encoders.by_leg import Encoders
from hybridsearch.encoders.calibration import calibration_from_queries
from hybridsearch.engines.elasticsearch import mapping
from hybridsearch.indexing.build import schema_of
from hybridsearch.indexing.spreads import spreads
from hybridsearch.query_sources import WORDS
from hybridsearch.runtime.batches import batches
from hybridsearch.schema import Schema
from hybridsearch.search.weights import prior
from hybridsearch.settings import Settings
from hybridsearch.values import Document, Product, Vector

LEG = "text"
SIZES, SMALL = (10_000, 100_000, 1_000_000), (300, 600)
BATCH, QUERIES, ROUNDS = 500, 60, 5
TYPES = ("int8_hnsw", "int4_hnsw", "bbq_hnsw")
FACETS = {"category": {}, "brand": {}, "price": {"bars": 10}, "variants.color": {}}
VARIANT = {"variants.color": ["colour 0", "colour 3"], "variants.size": ["M", "L"], "variants.price": {"lte": 90}}

Call = Callable[[], object]


class Summed(Encoders):
    """Every leg reads with summed words."""

    def __init__(self, settings: Settings, dims: int) -> None:
        super().__init__(settings)
        self.encoder = SummedWords(dims)

    def __getitem__(self, name: str) -> Encoder:
        self._leg(name)
        return self.encoder


@dataclass(frozen=True, slots=True)
class Setting:
    """One index: so many products in so many shards, with vectors of a kind."""

    products: int
    dims: int
    shards: int
    type: str

    @property
    def index(self) -> str:
        """What it is called."""
        return f"scale-{self.products}-{self.dims}-{self.shards}-{self.type.replace('_', '-')}"


def open_shop(setting: Setting, folder: Path, url: str) -> HybridSearch:
    """Return the shop of a setting."""
    named = prior().model_copy(update={"signals": {**prior().signals, f"words.{LEG}": 0.5}})
    (folder / "weights.json").write_text(named.model_dump_json(), encoding="utf-8")
    (folder / "products.jsonl").touch()
    data = {
        "catalog": {"path": "products.jsonl"},
        "fields": FIELDS,
        "engine": {"url": url, "index": setting.index, "replicas": 0, "shards": setting.shards, "timeout": 60},
        "vectors": [{"name": LEG, "encoder": SummedWords.name, "reads": ["title", "description"]}],
        "weights": {"path": "weights.json"},
    }
    settings = Settings.parse(data, folder=folder)
    shop = HybridSearch.open(settings)
    shop.encoders = Summed(settings, setting.dims)
    return shop


def documents(shop: HybridSearch, count: int, schema: Schema) -> Iterator[list[Document]]:
    """Yield the documents of the first products, in batches."""
    for rows in batches(products(count), BATCH):
        vectors = shop.encoders[LEG].encode_texts([f"{row['title']} {row['description']}" for row in rows])
        yield [
            document.build(Product(row["id"], row, f"row {row['id']}"), schema, {LEG: Vector(vector)})
            for row, vector in zip(rows, vectors, strict=True)
        ]


def fill(shop: HybridSearch, setting: Setting) -> float:
    """Fill an index and make it live; return the seconds that it took, the server's merging included."""
    started = time.perf_counter()
    engine, schema = on_server(shop), schema_of(shop.settings, shop.encoders)
    types = {**mapping.field_types()}
    types["vector"] = {**types["vector"], "index_options": {"type": setting.type}}
    with mock.patch.object(mapping, "field_types", return_value=types):
        generation = engine.create(schema)
    with ThreadPoolExecutor(1) as writer:
        writing = None
        for batch in documents(shop, setting.products, schema):
            if writing is not None:
                refused = writing.result().refused
                assert not refused, refused[0]
            writing = writer.submit(engine.write, generation, batch)
    finish(shop, generation, schema)
    return time.perf_counter() - started


def finish(shop: HybridSearch, generation: str, schema: Schema) -> None:
    """Make a filled index live, with its vectors calibrated as a rebuild does it."""
    encoder, engine = shop.encoders[LEG], on_server(shop)
    known = list(products(2_000))
    found = encoder.encode_texts([f"{row['title']} {row['description']}" for row in known])
    asked = encoder.encode_queries([" ".join(row["title"].split()[:4]) for row in known[::31]])
    own = np.equal.outer(np.arange(len(known))[::31], np.arange(len(known)))
    calibration = calibration_from_queries(asked @ found.T, own)
    legs = tuple(replace(leg, calibrations={**leg.calibrations, WORDS.name: calibration}) for leg in schema.legs)
    engine.refresh(generation)
    engine.promote(generation, replace(schema, legs=legs, spreads=spreads(engine, generation, schema.fields)))
    settled(engine.client, engine.alias)


def settled(client: Elasticsearch, index: str) -> None:
    """Wait until the server has merged what it wants to merge."""
    while client.indices.stats(index=index, metric="merge")["_all"]["total"]["merges"]["current"]:
        time.sleep(1)


def size_of(shop: HybridSearch, index: str) -> dict[str, Any]:
    """Return what an index takes, in MB, and the heap that is used at this moment."""
    client = on_server(shop).client
    stats = client.indices.stats(index=index, metric=["store", "segments", "dense_vector"])["_all"]["total"]
    heap = [node["jvm"]["mem"]["heap_used_in_bytes"] for node in client.nodes.stats(metric="jvm")["nodes"].values()]
    apart = {name.split("_")[1]: size for name, size in stats["dense_vector"].get("off_heap", {}).items() if size}
    return {
        "index_MB": round(stats["store"]["size_in_bytes"] / 1e6),
        "segments": stats["segments"]["count"],
        "vectors_MB": {name: round(size / 1e6, 1) for name, size in apart.items() if name != "size"},
        "heap_MB": round(sum(heap) / 1e6),
    }


def kinds(shop: HybridSearch, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Call]]:
    """Return each kind of call, for each of some products: by two to four words of its title."""
    chosen = random.Random(SEED)
    starts = [chosen.randrange(4) for _ in rows]
    texts = [
        " ".join(row["title"].split()[start : start + chosen.randint(2, 4)])
        for row, start in zip(rows, starts, strict=True)
    ]
    begun = [text[: max(3, len(text) - chosen.randrange(4))] for text in texts]
    search = partial(shop.search, size=24)
    return {
        "hybrid": [partial(search, text) for text in texts],
        "facets": [partial(search, text, facets=FACETS) for text in texts],
        "variants": [partial(search, text, filters=VARIANT) for text in texts],
        "suggestions": [partial(shop.suggest, text) for text in begun],
        "similar": [partial(shop.similar, row["id"]) for row in rows],
    }


def busy(shop: HybridSearch) -> float:
    """Return the milliseconds of a processor that the nodes of the server have used."""
    nodes = on_server(shop).client.nodes.stats(metric="process")["nodes"].values()
    return float(sum(node["process"]["cpu"]["total_in_millis"] for node in nodes))


@dataclass(slots=True)
class Taken:
    """What the calls of one kind took in one setting: milliseconds of each, and those of a processor, by round."""

    times: list[list[float]] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    def measure(self, shop: HybridSearch, calls: Sequence[Call]) -> None:
        """Call all of them once, one after the other."""
        before = busy(shop)
        self.times.append([milliseconds(call) for call in calls])
        self.work.append((busy(shop) - before) / len(calls))

    def p50s(self) -> list[float]:
        """Return the median of each round."""
        return [float(np.median(some)) for some in self.times]

    def to_first(self, first: Taken) -> dict[str, Any]:
        """Return the figures, with what they are to those of the first setting, round by round."""
        everything = list(itertools.chain.from_iterable(self.times))
        return {
            "p50_ms": round(float(np.median(everything)), 2),
            "p95_ms": round(float(np.percentile(everything, 95)), 2),
            "work_ms": round(float(np.median(self.work)), 2),
            "p50_to_first": spread(np.divide(self.p50s(), first.p50s()).tolist()),
            "work_to_first": spread((np.array(self.work) / np.maximum(first.work, 0.01)).tolist()),
        }


def measure(shops: Mapping[Setting, HybridSearch], queries: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Yield the figures of each kind of call in each setting; the settings take turns in random order."""
    first, *_ = shops
    rows = random.Random(SEED).sample(list(products(min(each.products for each in shops))), queries)
    calls = {setting: kinds(shop, rows) for setting, shop in shops.items()}
    taken = {(kind, setting): Taken() for kind in calls[first] for setting in shops}
    order = random.Random(SEED)
    for turn in range(rounds + 1):
        for kind in calls[first]:
            for setting in order.sample(list(shops), len(shops)):
                taken[kind, setting].measure(shops[setting], calls[setting][kind])
        if turn == 0 and rounds > 1:  # the first round warms up
            taken = {key: Taken() for key in taken}
    for (kind, setting), each in taken.items():
        yield {"what": f"scale: {kind}", "index": setting.index, **each.to_first(taken[kind, first])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--products", type=int, nargs="+", default=SIZES)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--shards", type=int, nargs="+", default=[1])
    parser.add_argument("--types", nargs="+", default=TYPES[:1], help=f"of the vectors: {', '.join(TYPES)}")
    parser.add_argument("--keep", action="store_true", help="leave the indices for the next run")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--jsonl", type=Path)
    parser.add_argument("--small", action="store_true", help="a few hundred products: proves that it runs")
    options = parser.parse_args()
    queries = QUERIES
    if options.small:
        options.products, options.dims, options.rounds, queries = SMALL, 16, 1, 4
    settings = [
        Setting(count, options.dims, shards, kind)
        for kind in options.types for shards in options.shards for count in options.products
    ]  # fmt: skip
    shops: dict[Setting, HybridSearch] = {}
    with tempfile.TemporaryDirectory() as name:
        for setting in settings:
            folder = Path(name) / setting.index
            folder.mkdir()
            shops[setting] = shop = open_shop(setting, folder, options.url)
            if not shop.engine.generations():
                report({"what": "scale: filling", "index": setting.index, "s": round(fill(shop, setting), 1)}, options)
            report({"what": "scale: size", "index": setting.index, **size_of(shop, setting.index)}, options)
        for line in measure(shops, queries, options.rounds):
            report({**line, **versions(shop)}, options)
        for shop in shops.values():
            for generation in () if options.keep else shop.engine.generations():
                shop.engine.discard(generation.name)
            shop.close()


if __name__ == "__main__":
    main()
