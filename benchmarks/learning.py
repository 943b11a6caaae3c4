"""What learned weights are worth: by the number of judgments, on labels that mean nothing, and from clicks.

    python -m benchmarks.learning curve    --config FILE --judgments judgments.jsonl.gz [--small]
    python -m benchmarks.learning shuffled --config FILE --judgments judgments.jsonl.gz [--runs 100] [--small]
    python -m benchmarks.learning clicks   --config FILE --judgments sessions.jsonl.gz [--digits 12] [--small]

`curve` takes the 1,200 queries with the most grades, sets 400 aside, and learns from 25 to 800 of the others, several
times where they are few. `shuffled` deals the grades of every query out at random, over all of its candidates and over
its judged products, and counts how often the gate refuses. `clicks` splits the sessions of each query into halves: it
learns from one with and without correction for the position, and measures on the other. The index must exist.
`--digits` is the length of the product ids, where sessions lack their leading zeros.
"""

import argparse
import gzip
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.learning.cross_validation import chosen, learn
from hybridsearch.learning.features import Features, build
from hybridsearch.learning.folds import folds
from hybridsearch.learning.gate import decide
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.prepared import prepare
from hybridsearch.learning.result_lists import ResultCache, ResultList
from hybridsearch.learning.runs import Runs, retrieve
from hybridsearch.learning.significance import compare
from hybridsearch.learning.sources.judgments import Judgments, read
from hybridsearch.learning.sources.queries import JudgedQuery
from hybridsearch.learning.tune import MANY, irrelevant
from hybridsearch.runtime.progress import silent

MOST = 1_200
ASIDE = 3
"""One in three queries is set aside."""
DRAWS = {25: 8, 50: 8, 100: 4, 200: 4, 400: 2, 800: 1}
"""How often so many queries are drawn."""
HALVES = 5
"""How often sessions are split."""
SMALL, FEW = 12, 3
"""Queries with --small, judged and clicked."""

Values = NDArray[np.float64]


def ask(config: Path, judgments: Judgments, folder: Path) -> tuple[Runs, Features, Values]:
    """Return the runs of judged queries, their features as `tune` uses them, and nDCG@10 of keywords for each."""
    with HybridSearch.open(config) as shop:
        weights, _ = shop.weights_for(shop.engine.schema())
        questions = prepare(shop, judgments, folder)
        with ResultCache(Home(shop.settings.home).candidates) as cache:
            runs = retrieve(shop, questions.asked, weights, cache, silent)
    numbers = {name: runs.features.middle(name) for name in runs.features.names if name.startswith("number.")}
    lists = zip(runs.rankings["keyword"], runs.asked, strict=True)
    keyword = np.array([ndcg(ids, query.judged.grades) for ids, query in lists])
    return runs, runs.features.saturated(numbers), keyword


def most_judged(path: Path, most: int) -> Judgments:
    """Return the queries with the most grades."""
    judgments = read(path)
    return replace(judgments, queries=tuple(sorted(judgments.answerable, key=lambda query: -len(query.grades))[:most]))


def curve(options: argparse.Namespace) -> None:
    """Print nDCG@10 on the queries aside under weights from more and more of the others."""
    judgments = most_judged(options.judgments, SMALL if options.small else MOST)
    runs, features, keyword = ask(options.config, judgments, options.judgments.parent)
    pool, aside = next(folds(features.groups, ASIDE, 0))
    test = features.take(aside)
    current = test.ndcg(runs.current)
    print(f"{len(aside)} queries aside: keywords {keyword[aside].mean():.4f}, current weights {current.mean():.4f}")
    for count, draws in {4: 1}.items() if options.small else DRAWS.items():
        values, activated = [], 0
        for seed in range(draws):
            drawn = np.random.default_rng(seed).permutation(pool)[:count]
            outcome = learn(features.take(drawn), runs.current)
            before = features.take(drawn).ndcg(runs.current)
            values.append(outcome.fitted.ndcg(test))
            activated += decide(outcome.held_out, before, keyword[drawn], features.kinds[drawn]).activate
        means = [float(value.mean()) for value in values]
        against = compare(np.mean(values, axis=0), current)
        print(
            f"{count:4} queries: nDCG@10 {np.mean(means):.4f} ({min(means):.4f} to {max(means):.4f} in {draws} draws), "
            f"against current {against.difference:+.4f} [{against.low:+.4f}, {against.high:+.4f}], "
            f"activated {activated} of {draws}",
            flush=True,
        )


def over_candidates(query: JudgedQuery, window: ResultList, random: np.random.Generator) -> JudgedQuery:
    """Deal the grades of a query out over its candidates."""
    ids = random.permutation(np.array(window.ids))[: len(query.grades)].tolist()
    return replace(query, grades=dict(zip(ids, query.grades.values(), strict=False)))


def over_judged(query: JudgedQuery, _: ResultList, random: np.random.Generator) -> JudgedQuery:
    """Deal the grades of a query out over its judged products: that these were judged remains true."""
    grades = random.permutation(list(query.grades.values())).tolist()
    return replace(query, grades=dict(zip(query.grades, grades, strict=True)))


def shuffled(options: argparse.Namespace) -> None:
    """Print how often the gate refuses what was learned from grades that mean nothing."""
    judgments = most_judged(options.judgments, SMALL if options.small else options.queries)
    runs, features, _ = ask(options.config, judgments, options.judgments.parent)
    for deal in (over_candidates, over_judged):
        refused = 0
        for seed in range(options.first, options.first + options.runs):
            random = np.random.default_rng(seed)
            pairs = zip(runs.asked, runs.candidates, strict=True)
            queries = [deal(query.judged, window, random) for query, window in pairs]
            usable = np.array([place for place, query in enumerate(queries) if query.answerable])
            dealt = regraded(runs, features, queries).take(usable)
            keyword = np.array([ndcg(runs.rankings["keyword"][at], queries[at].grades) for at in usable])
            before, inside = dealt.ndcg(runs.current), dealt.among_judged().ndcg(runs.current)
            outcome = learn(dealt, runs.current, seed=seed)
            judged = (outcome.among_judged, inside) if irrelevant(queries) >= MANY else None
            decision = decide(outcome.held_out, before, keyword, dealt.kinds, judged)
            refused += not decision.activate
            print(f"{deal.__name__} seed {seed}: {decision.reason}", flush=True)
        print(f"{deal.__name__}: {refused} of {options.runs} refused, {len(features)} queries", flush=True)


def sessions(path: Path, digits: int) -> list[dict[str, Any]]:
    """Return the rows of a file of sessions, with the ids of products as the catalogue has them."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows:
        row |= {name: [product.zfill(digits) for product in row[name]] for name in ("shown", "clicked")}
    return rows


def judged(rows: Sequence[dict[str, Any]], corrected: bool = True) -> Judgments:
    """Return what sessions amount to."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sessions.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return read(path, corrected=corrected)


def half(rows: Sequence[dict[str, Any]], seed: int) -> Iterator[list[dict[str, Any]]]:
    """Yield half of the sessions of each query, and the other half."""
    by_query: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for place in np.random.default_rng(seed).permutation(len(rows)):
        by_query[rows[place]["query"]].append(rows[place])
    for part in (0, 1):
        yield [row for own in by_query.values() for row in own[part::2]]


def regraded(runs: Runs, features: Features, queries: Sequence[JudgedQuery]) -> Features:
    """Return the features with other grades for the same queries, in their order."""
    again = build(features.names, runs.candidates, queries, features.kinds.tolist())
    return replace(again, values=features.values)


def matched(runs: Runs, judgments: Judgments) -> list[JudgedQuery]:
    """Return what judgments say of the queries that were asked, in their order."""
    by_key = {query.key: query for query in judgments.queries}
    return [by_key[query.judged.key] for query in runs.asked]


def clicks(options: argparse.Namespace) -> None:
    """Print nDCG@10 on held-out sessions of weights from clicks, with and without correction for their position."""
    rows = sessions(options.judgments, options.digits)
    if options.small:
        few = sorted({row["query"] for row in rows})[:FEW]
        rows = [row for row in rows if row["query"] in few]
    runs, features, _ = ask(options.config, judged(rows), options.judgments.parent)
    known: dict[tuple[str, str], list[Values]] = defaultdict(list)
    for seed in range(1 if options.small else HALVES):
        taught, asked = half(rows, seed)
        tests = {
            name: regraded(runs, features, matched(runs, judged(asked, name == "corrected")))
            for name in ("corrected", "plain")
        }
        for name in ("corrected", "plain"):
            train = regraded(runs, features, matched(runs, judged(taught, name == "corrected")))
            same = chosen(train, runs.current, seed)
            for measure, test in tests.items():
                known["same queries", f"{name}, measured {measure}"].append(same.ndcg(test))
                known["same queries", f"current, measured {measure}"].append(test.ndcg(runs.current))
            values = {measure: np.zeros(len(test)) for measure, test in tests.items()}
            for train_fold, test_fold in folds(train.groups, len(train), seed):
                weights = chosen(train.take(train_fold), runs.current, seed)
                for measure, test in tests.items():
                    values[measure][test_fold] = weights.ndcg(test.take(test_fold))
            for measure, value in values.items():
                known["other queries", f"{name}, measured {measure}"].append(value)
    for (which, what), lists in known.items():
        print(f"{which}: {what}: nDCG@10 {np.mean(lists):.4f}")
    for which in ("same queries", "other queries"):
        for measure in ("corrected", "plain"):
            pair = [np.mean(known[which, f"{name}, measured {measure}"], axis=0) for name in ("corrected", "plain")]
            print(f"{which}: corrected - plain, measured {measure}: {compare(*pair)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["curve", "shuffled", "clicks"])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--judgments", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=100, help="of 'shuffled'")
    parser.add_argument("--first", type=int, default=0, help="seed of the first run of 'shuffled'")
    parser.add_argument("--queries", type=int, default=800, help="of 'shuffled': those with the most grades")
    parser.add_argument("--digits", type=int, default=0, help="of the product ids in 'clicks'")
    parser.add_argument("--small", action="store_true", help="a dozen queries: proves that it runs")
    options = parser.parse_args()
    if options.small:
        options.runs = 1
    {"curve": curve, "shuffled": shuffled, "clicks": clicks}[options.what](options)


if __name__ == "__main__":
    main()
