"""Speed of the embedded engine on generated products; `benchmarks.peers` compares others on the same ones.

Run from the repository: python -m benchmarks.embedded [--small] [--products N] [--jsonl FILE]
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded import EmbeddedEngine
from hybridsearch.roles import Fields
from hybridsearch.schema import Leg, Schema
from hybridsearch.search.clauses import Codes, Condition, Cosine, Match, Neighbours, Number, Saturated
from hybridsearch.search.facets.counts import Facet
from hybridsearch.search.filters.conditions import Range, Terms
from hybridsearch.search.plan import Plan, Sort
from hybridsearch.values import Document, Vector

SEED = 20261121
VOCABULARY = 20_000
BATCH = 500
CLUSTERS = 200
TOP = 24
WARM_UP = 20
SCHEMA = Schema(Fields(title="title", codes=("sku",), facets=("brand",), numbers=("price",)))

WordsAndVector = tuple[list[str], Vector]
"""A query: its distinct words, and its vector."""


@dataclass(frozen=True, slots=True)
class Made:
    """Generated products: words as numbers by Zipf's law, vectors around cluster centres."""

    titles: NDArray[np.int64]
    texts: NDArray[np.int64]
    vectors: NDArray[np.float32]
    prices: NDArray[np.float64]

    @classmethod
    def of(cls, products: int, dims: int) -> Made:
        """Make products with vectors of these dimensions."""
        random = np.random.default_rng(SEED)
        words = (random.zipf(1.15, (products, 26)) - 1) % VOCABULARY
        centres = random.standard_normal((CLUSTERS, dims), np.float32)
        vectors = centres[random.integers(CLUSTERS, size=products)]
        vectors += 0.7 * random.standard_normal((products, dims), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return cls(words[:, :8], words, vectors, random.gamma(2, 30, products))

    def __len__(self) -> int:
        return len(self.titles)

    def documents(self) -> Iterator[Document]:
        """Yield the products as they are stored."""
        for number, (title, words) in enumerate(zip(self.titles, self.texts, strict=True)):
            names = [f"w{word}" for word in words]
            pairs = [f"{one}_{other}" for one, other in itertools.pairwise(names)]
            texts = {"title": names[: len(title)], "text": names, "pairs": pairs}
            yield Document(
                id=f"p{number}",
                row={"title": " ".join(names[:8]), "description": " ".join(names), "price": self.prices[number].item()},
                text={field: {"en": " ".join(tokens)} for field, tokens in texts.items()},
                codes=(f"sku{number}",),
                fields={
                    "facets": {"brand": (f"brand{words[0] % 40}",)},
                    "numbers": {"price": self.prices[number].item()},
                },
                vectors={"image": Vector(self.vectors[number])},
            )

    def sentences(self) -> list[str]:
        """Return the text of each product."""
        return [" ".join(f"w{word}" for word in words) for words in self.texts]

    def queries(self, count: int) -> Iterator[WordsAndVector]:
        """Yield one to four words of a product's text, and a vector near to another's."""
        random = np.random.default_rng(SEED + 1)
        for _ in range(count):
            words = random.choice(self.texts[random.integers(len(self))], random.integers(1, 5), replace=False)
            vector = self.vectors[random.integers(len(self))] + 0.02 * random.standard_normal(self.vectors.shape[1])
            yield list(dict.fromkeys(f"w{word}" for word in words)), Vector(vector / np.linalg.norm(vector))


def keyword_plan(words: Sequence[str]) -> Plan:
    """Return the plan of a query in words, with every signal of the shipped weights."""
    tokens = (("en", tuple(words)),)
    pairs = (("en", tuple(f"{one}_{other}" for one, other in itertools.pairwise(words))),)
    return Plan(
        "words",
        "benchmark",
        keyword=Match.alike("text", tokens, 0.6),
        signals=(
            Saturated("title", 0.3, Match.alike("title", tokens), 8),
            Saturated("text", 0.4, Match.alike("text", tokens), 8),
            *([Saturated("pairs", 0.15, Match.alike("pairs", pairs), 8)] if len(words) > 1 else []),
            Condition("all_words", 0.1, Match.alike("text", tokens, 1.0)),
            Condition("most_words", 0.05, Match.alike("text", tokens, 0.6)),
            Condition("code", 1.0, Codes((words[0],))),
            Number("number.price", 0.05, "price", 50),
        ),
        size=TOP,
    )


def hybrid_plan(words: Sequence[str], *vectors: Vector) -> Plan:
    """Return the plan of a query in words with vectors."""
    plan = keyword_plan(words)
    cosines = [Cosine(f"{number}.image", 0.5, "image", vector, 0.2, 0.9) for number, vector in enumerate(vectors)]
    neighbours = tuple(Neighbours("image", vector, 100, 200, 0.0) for vector in vectors)
    return replace(plan, neighbours=neighbours, signals=(*plan.signals, *cosines))


def timed(systems: Mapping[str, Sequence[Callable[[], object]]]) -> dict[str, dict[str, float]]:
    """Return p50 and p95 of each system in milliseconds, by the clock and of the processor, after a warm-up.

    Their calls take turns.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in systems}
    for turn in range(WARM_UP + max(map(len, systems.values()))):
        for name, calls in systems.items():
            started, worked = time.perf_counter(), time.process_time()
            calls[turn % len(calls)]()
            times[name].append((time.perf_counter() - started, time.process_time() - worked))
    figures: dict[str, dict[str, float]] = {}
    for name, each in times.items():
        (p50, cpu_p50), (p95, cpu_p95) = (
            np.percentile(np.array(each[WARM_UP:]) * 1000, (50, 95), axis=0).round(2).tolist()
        )
        figures[name] = {"p50_ms": p50, "p95_ms": p95, "cpu_p50_ms": cpu_p50, "cpu_p95_ms": cpu_p95}
    return figures


def peak_mb() -> float:
    """Return the largest memory that this process has had, file-backed pages included, in MB."""
    scale = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6, 0)


def measure_engine(made: Made, folder: Path, repeats: int) -> Iterator[dict[str, object]]:
    """Yield the figures of the embedded engine, from an empty folder on."""
    yield measure_writing(made, folder)
    queries = list(made.queries(repeats))
    started = time.perf_counter()
    engine = EmbeddedEngine(folder, "benchmark")
    engine.search(hybrid_plan(*queries[0]))
    yield {"what": "cold open and first search", "s": round(time.perf_counter() - started, 3)}
    calls: dict[str, list[Callable[[], object]]] = {
        name: [partial(engine.search, plan) for plan in plans] for name, plans in plans_by_name(queries).items()
    }
    with closing(EmbeddedEngine(folder, "benchmark", approximate=False)) as exact:
        calls["hybrid, every vector compared"] = [partial(exact.search, hybrid_plan(*query)) for query in queries]
        in_turns = timed(calls)
        yield {"what": "neighbours", "recall": round(recall(engine, exact, queries), 4)}
    # Afterwards, not in turns: the threads of a BLAS go on spinning for a while, at the cost of whoever comes next.
    product = {"matrix product alone": [partial(np.matmul, made.vectors, vector.array) for _, vector in queries]}
    for name, figures in {**in_turns, **timed(product)}.items():
        yield {"what": name, **figures}
    engine.close()
    yield measure_changes(made, folder, min(repeats, 20))


CHANGES = ("write", "search after it", "search in another process", "the next search")


def measure_changes(made: Made, folder: Path, repeats: int) -> dict[str, object]:
    """Return what single changes cost, and the first search after each, here and where others have the index open."""
    changed = [
        replace(document, id=f"changed{number % 7}")
        for number, document in enumerate(itertools.islice(made.documents(), repeats))
    ]
    plan = hybrid_plan(*next(iter(made.queries(1))))
    spent: list[list[tuple[float, float]]] = []
    with closing(EmbeddedEngine(folder, "benchmark")) as engine, closing(EmbeddedEngine(folder, "benchmark")) as other:
        for each in (engine, other):
            each.search(plan)
        for document in changed:
            searches = [partial(each.search, plan) for each in (engine, other, engine)]
            spent.append([spent_by(partial(engine.write, None, [document])), *map(spent_by, searches)])
    clock, processor = np.median(np.array(spent), axis=0).T * 1000
    return {
        "what": "single changes",
        "ms": dict(zip(CHANGES, clock.round(1).tolist(), strict=True)),
        "cpu_ms": dict(zip(CHANGES, processor.round(1).tolist(), strict=True)),
    }


def spent_by(step: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that a step takes, and those of the processor."""
    started, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - started, time.process_time() - processor


def recall(engine: EmbeddedEngine, exact: EmbeddedEngine, queries: Sequence[WordsAndVector]) -> float:
    """Return how many of the 100 nearest that another engine finds by comparing all this one finds."""
    plans = [
        Plan("photo", "", neighbours=(Neighbours("image", vector, 100, 200, -1.0),), size=100) for _, vector in queries
    ]
    found = [[{hit.id for hit in each.search(plan)} for plan in plans] for each in (engine, exact)]
    return sum(len(one & other) / len(other) for one, other in zip(*found, strict=True)) / len(plans)


def measure_writing(made: Made, folder: Path) -> dict[str, object]:
    """Return how long it takes to write all documents and to make them live, and what memory and disk that takes."""
    schema = replace(SCHEMA, legs=(Leg("image", made.vectors.shape[1], "generated"),))
    engine = EmbeddedEngine(folder, "benchmark")
    before = peak_mb()
    started = time.perf_counter()
    generation = engine.create(schema)
    writing = 0.0
    documents = made.documents()
    while batch := list(itertools.islice(documents, BATCH)):
        begun = time.perf_counter()
        engine.write(generation, batch)
        writing += time.perf_counter() - begun
    written = peak_mb()
    begun = time.perf_counter()
    engine.refresh(generation)
    compiling = time.perf_counter() - begun
    engine.promote(generation, schema)
    engine.close()
    return {
        "what": "write",
        "documents_per_s": round(len(made) / writing),
        "write_s": round(writing, 2),
        "compile_s": round(compiling, 2),
        "all_s": round(time.perf_counter() - started, 2),
        "peak_mb": {"before": before, "written": written, "compiled": peak_mb()},
        "disk_mb": round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6),
    }


def plans_by_name(queries: Sequence[WordsAndVector]) -> dict[str, list[Plan]]:
    """Return the plans that are timed, by what they show."""
    brand, cheap = Terms("brand", ("brand3",)), Range("price", lte=40)
    keyword = [keyword_plan(words) for words, _ in queries]
    return {
        "keyword": keyword,
        "keyword, one word of most products": [keyword_plan((f"w{number % 8}",)) for number in range(len(queries))],
        "keyword, in order of price": [replace(plan, sort=(Sort("price"),)) for plan in keyword],
        "hybrid": [hybrid_plan(*query) for query in queries],
        "hybrid, facet": [replace(hybrid_plan(*query), facets=(Facet("brand"),)) for query in queries],
        "hybrid, filter of 2 %": [replace(hybrid_plan(*query), filters=(brand,)) for query in queries],
        "hybrid, filter of 40 %": [replace(hybrid_plan(*query), filters=(cheap,)) for query in queries],
        "photo and words (3 vectors)": [
            hybrid_plan(words, vector, queries[number - 1][1], queries[number - 2][1])
            for number, (words, vector) in enumerate(queries)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="5,000 products and few repeats: under 20 s")
    parser.add_argument("--products", type=int, default=50_000)
    parser.add_argument("--dims", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    if options.small:
        options.products, options.repeats = 5_000, 50
    made = Made.of(options.products, options.dims)
    run = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "products": options.products,
        "dims": options.dims,
    }
    lines: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for line in measure_engine(made, Path(folder), options.repeats):
            lines.append({**line, **run})
            print(json.dumps(line), flush=True)
    if options.jsonl:
        with options.jsonl.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in lines)


if __name__ == "__main__":
    main()
