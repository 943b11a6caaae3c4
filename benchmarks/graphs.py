"""What neighbours cost and miss in each kind of index of vectors that a server has: recall, memory, time.

    python -m benchmarks.graphs --url URL [--products N …] [--dims D …] [--types T …] [--jsonl FILE] [--small]

Each index holds the vectors of `benchmarks/shaped.py` alone. Recall is how many of the 100 products that are
nearest to a query's vector, all compared in NumPy, are among the 100 that the server finds, and how many of the first
10. The library compares whole vectors afterwards: what is missed is lost, and the order of the rest is exact. All kinds
take turns.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from elasticsearch import Elasticsearch

from benchmarks.catalogue import SEED, report
from benchmarks.scale import settled
from benchmarks.shaped import SummedWords, products
from hybridsearch.engines.elasticsearch.mapping import field_types
from hybridsearch.runtime.batches import batches
from hybridsearch.values import Vectors

K = 100
ASKED = ((100, None), (200, None), (400, None), (200, 2.0), (200, 3.0), (200, 5.0), (200, 10.0))
"""How many vectors are looked at, and of how many times as many neighbours as are wanted whole vectors are compared."""
TYPES = ("int8_hnsw", "int4_hnsw", "bbq_hnsw", "hnsw")
BATCH, QUERIES = 1_000, 100
FIELD = "vector"


def texts(count: int) -> Iterator[str]:
    """Yield what is encoded of each product."""
    return (f"{row['title']} {row['description']}" for row in products(count))


def queries(count: int, number: int) -> list[str]:
    """Return the beginnings of some titles."""
    rows = random.Random(SEED).sample(list(products(min(count, 10_000))), number)
    return [" ".join(row["title"].split()[:4]) for row in rows]


def encoded(encoder: SummedWords, count: int) -> Vectors:
    """Return the vectors of products, (products, dims)."""
    return np.concatenate([encoder.encode_texts(some) for some in batches(texts(count), BATCH)])


def fill(client: Elasticsearch, index: str, kind: str, vectors: Vectors) -> float:
    """Make an index of vectors; return the seconds that it took, merging included."""
    started = time.perf_counter()
    mapped = {**field_types()["vector"], "index_options": {"type": kind}, "dims": vectors.shape[1]}
    client.indices.create(
        index=index,
        mappings={"dynamic": False, "properties": {FIELD: mapped}},
        settings={"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": -1},
    )

    def send(start: int) -> None:
        lines: list[Any] = []
        for place, vector in enumerate(vectors[start : start + BATCH], start):
            body = orjson.dumps({FIELD: vector}, option=orjson.OPT_SERIALIZE_NUMPY)
            lines += [orjson.dumps({"index": {"_id": str(place)}}), body]
        assert not client.bulk(index=index, operations=lines)["errors"]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(send, range(0, len(vectors), BATCH)))
    client.indices.refresh(index=index)
    settled(client, index)
    return time.perf_counter() - started


def memory(client: Elasticsearch, index: str) -> dict[str, Any]:
    """Return the bytes for each vector that a server wants in memory, outside of its heap, and on the disk."""
    stats = client.indices.stats(index=index, metric=["store", "segments", "dense_vector"])["_all"]["total"]
    found = stats.get("dense_vector", {})
    count = max(1, found.get("value_count", 0))
    apart = {name.split("_")[1]: size / count for name, size in found.get("off_heap", {}).items() if size}
    return {
        "segments": stats["segments"]["count"],
        "disk_bytes": round(stats["store"]["size_in_bytes"] / count),
        "memory_bytes": {name: round(size, 1) for name, size in apart.items() if name != "size"},
    }


def nearest(client: Elasticsearch, index: str, vector: Any, explored: int, oversample: float | None) -> list[str]:
    """Return the ids of the neighbours that a server finds, the nearest first."""
    clause = {"field": FIELD, "query_vector": vector, "k": K, "num_candidates": explored}
    again = {"rescore_vector": {"oversample": oversample}} if oversample else {}
    hits = client.search(index=index, query={"knn": clause | again}, size=K, source=False)["hits"]["hits"]
    return [hit["_id"] for hit in hits]


def measure(client: Elasticsearch, indices: Sequence[str], vectors: Vectors, asked: Vectors) -> dict[str, Any]:
    """Return by index and what was asked for how much of the truth was found, and the time that it took."""
    truth = [[str(place) for place in np.argsort(-(vectors @ vector))[:K].tolist()] for vector in asked]
    rows: dict[str, Any] = {index: {} for index in indices}
    for explored, oversample in ASKED:
        found: dict[str, list[tuple[float, float, float]]] = {index: [] for index in indices}
        for vector, best in zip(asked, truth, strict=True):
            for index in random.sample(indices, len(indices)):
                started = time.perf_counter()
                ids = set(nearest(client, index, vector, explored, oversample))
                took = (time.perf_counter() - started) * 1000
                found[index].append(
                    (len(ids.intersection(best)) / len(best), len(ids.intersection(best[:10])) / 10, took)
                )
        for index in indices:
            of_all, of_ten, took = np.array(found[index]).T
            rows[index][f"{explored}" + (f" x{oversample:g}" if oversample else "")] = {
                "of_100": round(float(np.mean(of_all)), 4),
                "of_10": round(float(np.mean(of_ten)), 4),
                "p50_ms": round(float(np.median(took)), 2),
            }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--products", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--dims", type=int, nargs="+", default=[128, 384])
    parser.add_argument("--types", nargs="+", default=TYPES)
    parser.add_argument("--jsonl", type=Path)
    parser.add_argument("--small", action="store_true", help="a few hundred products: proves that it runs")
    options = parser.parse_args()
    number = QUERIES
    if options.small:
        options.products, options.dims, number = [400], [64], 5
    with Elasticsearch(options.url, request_timeout=120) as client:
        server = client.info()["version"]["number"]
        for dims in options.dims:
            encoder = SummedWords(dims)
            for count in options.products:
                vectors = encoded(encoder, count)
                asked = encoder.encode_queries(queries(count, number))
                indices = [f"graphs-{kind.replace('_', '-')}" for kind in options.types]
                filled = {}
                for index, kind in zip(indices, options.types, strict=True):
                    client.indices.delete(index=index, ignore_unavailable=True)
                    filled[index] = fill(client, index, kind, vectors)
                rows = measure(client, indices, vectors, asked)
                for index, kind in zip(indices, options.types, strict=True):
                    what = {"what": "graphs", "products": count, "dims": dims, "type": kind, "server": server}
                    figures = {**memory(client, index), "fill_s": round(filled[index], 1), "explored": rows[index]}
                    report({**what, **figures}, options)
                    client.indices.delete(index=index)


if __name__ == "__main__":
    main()
