"""What the vector legs add to pages as they are served: nDCG@10 and MRR@10 of keywords alone and of the weights in use.

    python -m benchmarks.served --config FILE --judgments judgments.jsonl.gz [--irrelevant 1] [--most 800] [--small]

Both are asked as a shop asks: with the proof, what is needed of a query's words, and spelling. The queries are those
with a relevant product, by the locale that their judgments name, with a paired 95 % interval of the difference.
"""

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np

from hybridsearch import HybridSearch
from hybridsearch.learning.measures import ndcg, reciprocal_rank
from hybridsearch.learning.significance import compare
from hybridsearch.learning.sources.judgments import read
from hybridsearch.query_sources import WORDS
from hybridsearch.search.planner import Query
from hybridsearch.shop.shop import lexicon_of

SMALL = 10
"""Queries that are asked with --small."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=None)
    parser.add_argument("--judgments", type=Path, required=True)
    parser.add_argument("--irrelevant", type=float, default=0.0, help="the grade that means irrelevant")
    parser.add_argument("--most", type=int, default=None, help="only so many queries, those with the most grades")
    parser.add_argument("--small", action="store_true", help="ten queries: proves that it runs, not what it shows")
    options = parser.parse_args()
    judged = [query for query in read(options.judgments, irrelevant=options.irrelevant).answerable if query.text]
    if options.most:
        judged = sorted(judged, key=lambda query: -len(query.grades))[: options.most]
    found: dict[str, list[list[float]]] = defaultdict(list)
    with HybridSearch.open(options.config) as shop:
        schema = shop.engine.schema()
        lexicon, systems = lexicon_of(shop.engine), (replace(schema, legs=()), schema)
        for leg in schema.legs:
            print(f"{leg.name}: {leg.calibration(WORDS.name)}")
        for query in judged[: SMALL if options.small else None]:
            plans = [shop.plan_query(system, Query(query.text), lexicon=lexicon) for system in systems]
            ids = [[hit.id for hit in shop.engine.search(plan)] for plan in plans]
            values = [measure(each, query.grades) for each in ids for measure in (ndcg, reciprocal_rank)]
            for part in {"all", query.locale or "all"}:
                found[part].append(values)
    for part, rows in sorted(found.items()):
        values_of = np.array(rows).T
        against = compare(values_of[2], values_of[0])
        before, before_first, now, now_first = values_of.mean(axis=1)
        print(
            f"{part:6} {len(rows):5} queries  nDCG@10 {before:.4f} -> {now:.4f} "
            f"({against.difference:+.4f} [{against.low:+.4f}, {against.high:+.4f}])  "
            f"MRR@10 {before_first:.4f} -> {now_first:.4f}"
        )


if __name__ == "__main__":
    main()
