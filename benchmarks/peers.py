"""The embedded engine beside other engines in a process, on the same generated products, words and vectors.

Run from the repository, with whatever of lancedb, txtai, pymilvus[milvus-lite], and bm25s with hnswlib is installed:
python -m benchmarks.peers [--small] [--products N] [--dims N] [--only NAME …] [--minutes N] [--gb N] [--jsonl FILE]

Each system builds and searches in a process of its own. Queries take turns: the first of each system, then the second.
One that is not built within its time and memory is said to have failed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.embedded import TOP, WARM_UP, Made, WordsAndVector, hybrid_plan, measure_writing, peak_mb
from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.search.clauses import Neighbours
from hybridsearch.search.plan import Plan
from hybridsearch.values import Vector

NEAREST = 100
"""Neighbours of which recall is measured."""
FUSED = 200
"""Hits of each half that are fused where the system leaves that to its user."""
HALF_RANK = 60
"""Of reciprocal rank fusion."""
SAID = "said.txt"
THREADS = ("OMP_NUM_THREADS", "LANCE_CPU_THREADS", "RAYON_NUM_THREADS")
"""Variables that keep a system to one thread, as far as it heeds them."""


@dataclass(frozen=True, slots=True)
class System:
    """A system that has built its index.

    Attributes:
        hybrid: Returns the best products for words and a vector.
        nearest: Returns the numbers of the products nearest to a vector.
    """

    hybrid: Callable[[Sequence[str], Vector], object]
    nearest: Callable[[Vector], Sequence[int]]


def ours(made: Made, folder: Path) -> System:
    """Build an index of this library."""
    measure_writing(made, folder)
    engine = EmbeddedEngine(folder, "benchmark")

    def nearest(vector: Vector) -> list[int]:
        plan = Plan("photo", "", neighbours=(Neighbours("image", vector, NEAREST, FUSED, -1.0),), size=NEAREST)
        return [int(hit.id[1:]) for hit in engine.search(plan)]

    return System(lambda words, vector: engine.search(hybrid_plan(words, vector)), nearest)


def bm25s_and_hnswlib(made: Made, folder: Path) -> System:
    """Build an index of words and one of vectors, fused by reciprocal ranks."""
    import bm25s  # type: ignore[import-not-found]
    import hnswlib  # type: ignore[import-not-found, import-untyped, unused-ignore]

    words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    words.index([sentence.split() for sentence in made.sentences()], show_progress=False)
    words.save(str(folder / "words"))
    graph = hnswlib.Index(space="ip", dim=made.vectors.shape[1])
    graph.init_index(max_elements=len(made), ef_construction=200, M=16)
    graph.set_num_threads(1)
    graph.add_items(made.vectors, np.arange(len(made)))
    graph.set_ef(400)
    graph.save_index(str(folder / "graph"))

    def hybrid(query: Sequence[str], vector: Vector) -> list[int]:
        found, _ = words.retrieve([list(query)], k=FUSED, show_progress=False)
        return fused(found[0].tolist(), graph.knn_query(vector.array, FUSED)[0][0].tolist())

    return System(hybrid, lambda vector: graph.knn_query(vector.array, NEAREST)[0][0].tolist())


def fused(*lists: Sequence[int]) -> list[int]:
    """Return the best of several lists by the sum of 1 / (60 + rank)."""
    scores: dict[int, float] = {}
    for each in lists:
        for rank, number in enumerate(each, 1):
            scores[number] = scores.get(number, 0.0) + 1 / (HALF_RANK + rank)
    return sorted(scores, key=lambda number: -scores[number])[:TOP]


def txtai(made: Made, folder: Path) -> System:
    """Build a hybrid index of txtai with vectors that are ready, otherwise as it comes."""
    from txtai import Embeddings  # type: ignore[import-not-found]

    sentences = made.sentences()
    vectors = dict(zip(sentences, made.vectors, strict=True))
    query_vectors: dict[str, Any] = {}

    def transform(texts: Sequence[str]) -> Any:
        return np.array([query_vectors[each] if each in query_vectors else vectors[each] for each in texts])

    index = Embeddings(method="external", transform=transform, hybrid=True)
    index.index((number, sentence, None) for number, sentence in enumerate(sentences))
    index.save(str(folder / "txtai"))

    def hybrid(words: Sequence[str], vector: Vector) -> object:
        text = " ".join(words)
        query_vectors[text] = vector.array
        return index.search(text, TOP)

    def nearest(vector: Vector) -> list[int]:
        (found,) = index.ann.search(vector.array[np.newaxis], NEAREST)
        return [int(number) for number, _ in found]

    return System(hybrid, nearest)


def lancedb(made: Made, folder: Path) -> System:
    """Build a table of LanceDB with an index of words and one of vectors (graphs of 8 bits, read again exactly)."""
    import lancedb as lance  # type: ignore[import-not-found]
    import pyarrow as pa  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from lancedb.index import FTS, HnswSq  # type: ignore[import-not-found]

    vectors = pa.FixedSizeListArray.from_arrays(pa.array(made.vectors.ravel()), made.vectors.shape[1])
    rows = pa.table({"id": np.arange(len(made)), "text": made.sentences(), "vector": vectors})
    table = lance.connect(str(folder)).create_table("products", rows)
    plain = {"base_tokenizer": "whitespace", "stem": False, "remove_stop_words": False, "ascii_folding": False}
    table.create_index("text", config=FTS(**plain))
    table.create_index("vector", config=HnswSq(distance_type="dot"))

    def hybrid(words: Sequence[str], vector: Vector) -> object:
        query = table.search(query_type="hybrid").vector(vector.array).text(" ".join(words))
        return query.select(["id"]).limit(TOP).to_list()

    def nearest(vector: Vector) -> list[int]:
        query = table.search(vector.array).distance_type("dot").nprobes(20).refine_factor(2)
        return [row["id"] for row in query.select(["id"]).limit(NEAREST).to_list()]

    return System(hybrid, nearest)


def milvus_lite(made: Made, folder: Path) -> System:
    """Build a collection of Milvus Lite with BM25 over the words and its own choice of an index of vectors."""
    from pymilvus import (  # type: ignore[import-not-found]
        AnnSearchRequest,
        DataType,
        Function,
        FunctionType,
        MilvusClient,
        RRFRanker,
    )

    client = MilvusClient(str(folder / "milvus.db"))
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=1000, enable_analyzer=True)
    schema.add_field("words", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=made.vectors.shape[1])
    schema.add_function(Function("bm25", FunctionType.BM25, input_field_names=["text"], output_field_names=["words"]))
    indexes = client.prepare_index_params()
    indexes.add_index("words", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25")
    indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
    client.create_collection("products", schema=schema, index_params=indexes)
    sentences = made.sentences()
    for start in range(0, len(made), 5_000):
        numbers = range(start, min(start + 5_000, len(made)))
        rows = [{"id": each, "text": sentences[each], "vector": made.vectors[each].tolist()} for each in numbers]
        client.insert("products", rows)
    client.flush("products")
    client.load_collection("products")

    def hybrid(words: Sequence[str], vector: Vector) -> object:
        requests = [
            AnnSearchRequest([" ".join(words)], "words", {"metric_type": "BM25"}, limit=FUSED),
            AnnSearchRequest([vector.array.tolist()], "vector", {"metric_type": "IP"}, limit=FUSED),
        ]
        return client.hybrid_search("products", requests, RRFRanker(HALF_RANK), limit=TOP)

    def nearest(vector: Vector) -> list[int]:
        (found,) = client.search("products", [vector.array.tolist()], anns_field="vector", limit=NEAREST)
        return [hit["id"] for hit in found]

    return System(hybrid, nearest)


SYSTEMS: Mapping[str, tuple[Callable[[Made, Path], System], tuple[str, ...]]] = {
    "hybridsearch": (ours, ("hybridsearch",)),
    "bm25s + hnswlib": (bm25s_and_hnswlib, ("bm25s", "hnswlib")),
    "lancedb": (lancedb, ("lancedb",)),
    "txtai": (txtai, ("txtai",)),
    "milvus-lite": (milvus_lite, ("pymilvus", "milvus-lite")),
}


def serve(name: str, folder: Path, products: int, dims: int, repeats: int, gb: int) -> None:
    """Build a system, say what that took, and then answer one query for each line of standard input."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (gb << 30, gb << 30))  # of its own: mapped files are not counted
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a system prints is no answer
    made, before = Made.of(products, dims), peak_mb()
    queries = list(made.queries(repeats))
    started, processor = time.perf_counter(), time.process_time()
    system = SYSTEMS[name][0](made, folder)
    system.hybrid(*queries[0])
    built = {
        "build_s": round(time.perf_counter() - started, 1),
        "build_cpu_s": round(time.process_time() - processor, 1),
        "memory_mb": round(peak_mb() - before),
        "disk_mb": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6),
        "recall": round(recall(made, system, queries[:50]), 4),
    }
    del made  # all systems wait at once
    print(json.dumps(built), file=said)
    for line in sys.stdin:
        words, vector = queries[int(line) % len(queries)]
        begun, processor = time.perf_counter(), time.process_time()
        system.hybrid(words, vector)
        print(json.dumps([time.perf_counter() - begun, time.process_time() - processor]), file=said)


def recall(made: Made, system: System, queries: Sequence[WordsAndVector]) -> float:
    """Return how many of the nearest products a system finds, against all compared."""
    shares = []
    for _, vector in queries:
        exact = np.argpartition(made.vectors @ vector.array, -NEAREST)[-NEAREST:]
        shares.append(len(set(exact.tolist()) & set(system.nearest(vector))) / NEAREST)
    return float(np.mean(shares))


@contextmanager
def served(name: str, options: argparse.Namespace) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Start a process that serves a system, and end it; what it prints about itself goes to a file in its folder."""
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / SAID, "w", encoding="utf-8") as said:
        numbers = [str(number) for number in (options.products, options.dims, options.repeats, options.gb)]
        index = Path(folder) / "index"
        index.mkdir()
        command = [sys.executable, "-m", "benchmarks.peers", "--serve", name, str(index), *numbers]
        environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process:
            try:
                yield process, Path(said.name)
            finally:
                process.kill()


def measure(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield the figures of each system that is installed."""
    with ExitStack() as stack:
        running: dict[str, subprocess.Popen[str]] = {}
        built: dict[str, dict[str, object]] = {}
        for name in [each for each in SYSTEMS if not options.only or each in options.only]:
            versions = installed(name)
            if versions is None:
                print(f"{name}: skipped, it is not installed", file=sys.stderr)
                continue
            process, said = stack.enter_context(
                served(name, options)
            )  # one after the other: they do not build in turns
            line, minutes = first_line(process, options.minutes)
            if not line:
                last = said.read_text("utf-8").splitlines()[-1:]
                yield {"what": name, "versions": versions, "failed_after_minutes": minutes, "said": last}
                continue
            running[name], built[name] = process, {"versions": versions, **json.loads(line)}
            print(f"{name}: built", file=sys.stderr)
        times: dict[str, list[list[float]]] = {name: [] for name in running}
        for turn in range(WARM_UP + options.repeats):
            for name, process in running.items():
                times[name].append(ask(process, turn))
    for name, figures in built.items():
        clock, processor = np.array(times[name][WARM_UP:]).T * 1000
        p50, p95 = np.percentile(clock, (50, 95))
        yield {
            "what": name,
            "p50_ms": round(float(p50), 2),
            "p95_ms": round(float(p95), 2),
            "cpu_ms": round(float(np.median(processor)), 2),
            **figures,
        }


def first_line(process: subprocess.Popen[str], minutes: float) -> tuple[str, float]:
    """Return what a process says first, empty where it ends before or is ended, and the minutes until then."""
    assert process.stdout is not None
    started, timer = time.perf_counter(), threading.Timer(60 * minutes, process.kill)
    timer.start()
    line = process.stdout.readline()
    timer.cancel()
    return line, round((time.perf_counter() - started) / 60, 1)


def ask(process: subprocess.Popen[str], turn: int) -> list[float]:
    """Return the seconds, and those of the processor, that a system takes for one query."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{turn}\n")
    process.stdin.flush()
    seconds: list[float] = json.loads(process.stdout.readline())
    return seconds


def installed(name: str) -> str | None:
    """Return the versions of what a system needs; None where something is missing."""
    try:
        return " ".join(f"{each} {importlib.metadata.version(each)}" for each in SYSTEMS[name][1])
    except importlib.metadata.PackageNotFoundError:
        return "this repository" if name == "hybridsearch" else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="2,000 products of 32 dims and few repeats")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--dims", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--only", nargs="*", choices=SYSTEMS, help="these systems alone")
    parser.add_argument("--minutes", type=float, default=20, help="that a system has to build its index")
    parser.add_argument("--gb", type=int, default=10, help="of memory that a system may take")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    parser.add_argument("--serve", nargs=6, metavar=("NAME", "FOLDER", "PRODUCTS", "DIMS", "REPEATS", "GB"))
    options = parser.parse_args()
    if options.serve:
        name, folder, *numbers = options.serve
        serve(name, Path(folder), *map(int, numbers))
        return
    if options.small:
        options.products, options.dims, options.repeats = 2_000, 32, 20
    run = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
        "products": options.products,
        "dims": options.dims,
    }
    for line in measure(options):
        print(json.dumps(line), flush=True)
        if options.jsonl:
            with options.jsonl.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps({**line, **run})}\n")


if __name__ == "__main__":
    main()
