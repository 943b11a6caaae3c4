"""Latency of the one request against what shops write by hand, and what the library itself costs.

    python -m benchmarks.search --url URL [--products FILE.jsonl.gz] [--queries FILE.jsonl.gz] [--small]

`planned` is the library's whole search but for the encoder, whose vectors are in memory. The others are bodies that are
ready before the clock starts, sent by the same client, with the answer left as it comes:

- `request`: the body of `planned`, which leaves what the server takes for it;
- `summed`: BM25 and kNN in one query, scores added, nothing rescored;
- `fused`: both as separate searches in one `_msearch`, 100 deep like the candidates of `planned`, then reciprocal
  rank fusion; `fused 10`: the same, but only as deep as the page;
- `keyword`: BM25 alone, with totals.

All take turns in random order, in several rounds; a ratio is the median over rounds, with the lowest and the highest.
With `--pid`, of a server on this machine, as many rounds measure its processor time, which other work changes less.
What the library itself takes is processor time too.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.catalogue import LANGUAGES, SEED, on_server, open_shop, report, versions, write_generated
from hybridsearch import HybridSearch
from hybridsearch.document import RESERVED
from hybridsearch.engines.elasticsearch.request.filters import Clause
from hybridsearch.engines.elasticsearch.request.matches import match_clause
from hybridsearch.engines.elasticsearch.request.page import to_page
from hybridsearch.engines.elasticsearch.request.request import knn, parameters, to_elasticsearch
from hybridsearch.engines.elasticsearch.transport.connection import JSON
from hybridsearch.learning.runs import DEPTH, fuse
from hybridsearch.search.clauses import Match, Words
from hybridsearch.search.plan import Plan

SIZE = 10
WARM_UP = 40
GENERATED = 20_000
SYSTEMS = ("planned", "request", "summed", "fused", "fused 10", "keyword")

Search = Callable[[], object]
Clock = Callable[[], float]

dumps = partial(orjson.dumps, option=orjson.OPT_SERIALIZE_NUMPY)


def read_queries(path: Path | None, products: Path, count: int) -> list[str]:
    """Return distinct queries of a file, or two to four adjacent words of titles."""
    chosen = random.Random(SEED)
    with gzip.open(path or products, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in (lines if path else itertools.islice(lines, 10 * count))]
    if path:
        return list(dict.fromkeys(row["query"] for row in rows))[:count]
    titles = [row["title"].split() for row in chosen.sample(rows, min(count, len(rows)))]
    starts = [chosen.randrange(max(1, len(title) - 3)) for title in titles]
    return [" ".join(title[start : start + chosen.randint(2, 4)]) for title, start in zip(titles, starts, strict=True)]


def by_hand(plan: Plan) -> tuple[Clause, Clause]:
    """Return the keyword clause and the vector clause of a plan as a shop writes them: with scores as they come."""
    assert plan.keyword
    (nearest,) = plan.neighbours
    clause = knn(nearest, [], shards=1, knn_has_k=True)["knn"]
    words = [Words.alike(words.language, words.tokens, 0.6) for words in plan.keyword.words]
    return match_clause(Match(plan.keyword.field, tuple(words))), {"knn": {**clause, "boost": 1.0}}


def body_of(query: Clause, size: int = SIZE) -> dict[str, Any]:
    """Return a search with totals and products."""
    return {"query": query, "size": size, "track_total_hits": True, "_source": {"excludes": [RESERVED]}}


def send(shop: HybridSearch, plan: Plan, body: Clause) -> Any:
    """Return the server's answer to a plan whose body is ready."""
    engine = on_server(shop)
    path = f"/{engine.alias}/_search"
    return engine.client.perform_request("POST", path, params=parameters(plan), headers=JSON, body=body).body


def searches(shop: HybridSearch, plan: Plan) -> dict[str, Search]:
    """Return each system's search for the query of a plan."""
    client, index = on_server(shop).client, on_server(shop).alias
    match, nearest = by_hand(plan)

    def fused(lines: Sequence[Any]) -> object:
        answers = client.msearch(index=index, searches=lines)["responses"]
        products = {hit["_id"]: hit for answer in answers for hit in answer["hits"]["hits"]}
        ids = fuse(*([hit["_id"] for hit in answer["hits"]["hits"]] for answer in answers))
        return [products[each] for each in ids[:SIZE]]

    def lines(size: int) -> list[bytes]:
        return [line for clause in (match, nearest) for line in (b"{}", dumps(body_of(clause, size)))]

    both = {"bool": {"should": [match, nearest]}}
    return {
        "planned": partial(shop.search, plan.query, size=SIZE),
        "request": partial(send, shop, plan, to_elasticsearch(plan)),
        "summed": partial(client.search, index=index, body=body_of(both)),
        "fused": partial(fused, lines(DEPTH)),
        "fused 10": partial(fused, lines(SIZE)),
        "keyword": partial(client.search, index=index, body=body_of(match)),
    }


def processor_of(pid: int) -> float:
    """Return the seconds of a processor that the threads of a process have had (Linux)."""
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # it ended meanwhile
            spent += int((thread / "schedstat").read_text(encoding="ascii").split()[0])
    return spent / 1e9


def milliseconds(call: Search, clock: Clock = time.perf_counter) -> float:
    started = clock()
    call()
    return (clock() - started) * 1000


def measure(
    calls: Sequence[Mapping[str, Search]], seed: int, clock: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Return the time of each query in each system, in milliseconds; for each query the systems take turns."""
    order = random.Random(seed)
    times: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for by_system in calls:
        for name in order.sample(SYSTEMS, len(SYSTEMS)):
            times[name].append(milliseconds(by_system[name], clock))
    return times


def own_steps(shop: HybridSearch, plan: Plan) -> dict[str, Search]:
    """Return the steps of a search that the library takes itself, on a real answer."""
    body = to_elasticsearch(plan)
    answer = send(shop, plan, body)
    return {
        "plan": partial(shop.plan, plan.query, size=SIZE),
        "body": partial(to_elasticsearch, plan),
        "write": partial(dumps, body),
        "read": partial(orjson.loads, dumps(answer)),
        "page": partial(to_page, plan, answer),
    }


def spread(values: Sequence[float]) -> list[float]:
    """Return the median, the lowest and the highest."""
    return [round(float(value), 3) for value in (np.median(values), min(values), max(values))]


def ratios(times: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    """Return what our systems take as a multiple of each of the others."""
    p50 = {name: [float(np.median(each[name])) for each in times] for name in SYSTEMS}
    return {
        f"{ours} / {theirs}": spread(np.divide(p50[ours], p50[theirs]).tolist())
        for ours in SYSTEMS[:2]
        for theirs in SYSTEMS[2:]
    }


def of_server(calls: Sequence[Mapping[str, Search]], rounds: int, pid: int) -> dict[str, Any]:
    """Return the processor time of the server."""
    times = [measure(calls, seed, partial(processor_of, pid)) for seed in range(rounds)]
    p50 = {name: round(float(np.median([value for each in times for value in each[name]])), 2) for name in SYSTEMS}
    return {"server_p50_ms": p50, "server_ratios": ratios(times)}


def run(shop: HybridSearch, queries: Sequence[str], rounds: int, pid: int | None = None) -> dict[str, Any]:
    """Return the figures of an index that is ready."""
    plans = [plan for query in queries if (plan := shop.plan(query, size=SIZE)).kind == "words"]
    calls = [searches(shop, plan) for plan in plans]
    for by_system in itertools.islice(itertools.cycle(calls), WARM_UP):
        for call in by_system.values():
            call()
    times = [measure(calls, seed) for seed in range(rounds)]
    everything = {name: [value for each in times for value in each[name]] for name in SYSTEMS}
    steps = [own_steps(shop, plan) for plan in plans]
    own = [
        {name: milliseconds(step, time.thread_time) for name, step in each.items()}
        for _ in range(rounds)
        for each in steps
    ]
    return {
        "queries": len(plans),
        "rounds": rounds,
        "p50_ms": {name: round(float(np.median(values)), 2) for name, values in everything.items()},
        "p95_ms": {name: round(float(np.percentile(values, 95)), 2) for name, values in everything.items()},
        "ratios": ratios(times),
        **(of_server(calls, rounds, pid) if pid else {}),
        "own_p50_ms": round(float(np.median([sum(each.values()) for each in own])), 3),
        "own_p95_ms": round(float(np.percentile([sum(each.values()) for each in own], 95)), 3),
        "own_steps_ms": {name: round(float(np.median([each[name] for each in own])), 3) for name in own[0]},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--products", type=Path, help="JSON lines with icecat's fields; left out: generated")
    parser.add_argument("--queries", type=Path, help="JSON lines with a 'query'; left out: words of titles")
    parser.add_argument("--encoder", default="", help="a model folder; left out: hashed words, which mean nothing")
    parser.add_argument("--folder", type=Path, help="keeps the vectors for the next run; left out: a temporary one")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pid", type=int, help="of the server, on this machine: measures its processor time too")
    parser.add_argument("--small", action="store_true", help="400 products, 30 queries, 2 rounds: proves that it runs")
    parser.add_argument("--jsonl", type=Path, help="append the figures to this file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        products = 400 if options.small else GENERATED
        path = options.products or write_generated(Path(temporary) / "products.jsonl.gz", products)
        queries = read_queries(options.queries, path, 30 if options.small else 200)
        for languages in (LANGUAGES[:1], LANGUAGES):
            index = f"hybridsearch-benchmark-{time.time_ns()}"
            with open_shop(path, folder, index, url=options.url, languages=languages, encoder=options.encoder) as shop:
                made = shop.reindex()
                try:
                    figures = run(shop, queries, 2 if options.small else options.rounds, options.pid)
                finally:
                    shop.engine.discard(made.generation)
                what = {"what": "search", "products": made.indexed, "languages": len(languages)}
                encoder = "hashed words" if options.encoder == "" else Path(options.encoder).name
                report({**what, "vectors": encoder, **figures, **versions(shop)}, options)


if __name__ == "__main__":
    main()
