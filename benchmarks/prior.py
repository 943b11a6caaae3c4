"""Derive the weights that ship, and say what they are worth on every set, also where they do not come from.

    python -m benchmarks.prior NAME=CONFIG=JUDGMENTS[=IRRELEVANT] ... [--small]

Each set is an indexed catalogue with its judgments, and the grade that means irrelevant, 0 if left out; of a large set
the 800 queries with the most grades are taken. Every set has the same say. Weights are fitted on all sets but one and
measured on that one; how far they may move from the weights that ship now is what does best so. The last line are the
weights from all sets.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch import HybridSearch
from hybridsearch.disk.home import Home
from hybridsearch.learning.features import Features
from hybridsearch.learning.fit import Weighting, fit
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.prepared import prepare
from hybridsearch.learning.result_lists import ResultCache
from hybridsearch.learning.runs import retrieve
from hybridsearch.learning.significance import compare
from hybridsearch.learning.sources.judgments import read
from hybridsearch.runtime.progress import silent
from hybridsearch.search.weights import prior

SIGNALS = ("title", "text", "pairs", "all_words", "most_words", "code", "words.*")
"""Those that ship with a weight; `grams` is left to `tune`, since a request takes longer with it."""
STRENGTHS = (3.0, 1.0, 0.3, 0.1, 0.03)
MOST = 800


@dataclass(frozen=True, slots=True)
class Judged:
    """A set: its table over SIGNALS, and nDCG@10 of keywords alone for each query."""

    name: str
    table: Features
    keyword: NDArray[np.float64]


def judged(name: str, config: Path, judgments: Path, irrelevant: float, most: int) -> Judged:
    """Ask a shop the queries of its set."""
    all_judgments = read(judgments, irrelevant=irrelevant)
    queries = sorted(all_judgments.answerable, key=lambda query: -len(query.grades))[:most]
    with HybridSearch.open(config) as shop:
        questions = prepare(shop, replace(all_judgments, queries=tuple(queries)), judgments.parent)
        with ResultCache(Home(shop.settings.home).candidates) as cache:
            runs = retrieve(shop, questions.asked, prior(), cache, silent)
    lists = zip(runs.rankings["keyword"], runs.asked, strict=True)
    keyword = np.array([ndcg(ids, each.judged.grades) for ids, each in lists])
    return Judged(name, general(runs.features), keyword)


def general(table: Features) -> Features:
    """Return the table over SIGNALS: the first leg's cosine to the words stands for that of any leg."""
    values = np.zeros((*table.values.shape[:2], len(SIGNALS)), np.float32)
    for place, name in enumerate(SIGNALS):
        source = next((at for at, own in enumerate(table.names) if own.startswith(name.removesuffix("*"))), None)
        if source is not None:
            values[..., place] = table.values[..., source]
    return replace(table, names=SIGNALS, values=values)


def together(sets: Sequence[Judged]) -> Features:
    """Return one table of several sets in which each counts the same."""
    widest = max(each.table.values.shape[1] for each in sets)

    def wide(part: NDArray[Any]) -> NDArray[Any]:
        return np.pad(part, [(0, 0), (0, widest - part.shape[1]), *[(0, 0)] * (part.ndim - 2)])

    tables = [each.table for each in sets]
    return Features(
        names=SIGNALS,
        values=np.concatenate([wide(table.values) for table in tables]),
        present=np.concatenate([wide(table.present) for table in tables]),
        judged=np.concatenate([wide(table.judged) for table in tables]),
        gains=np.concatenate([wide(table.gains) for table in tables]),
        ideal=np.concatenate([table.ideal for table in tables]),
        trust=np.concatenate([np.full(len(table), 1 / len(table), np.float32) for table in tables]),
        kinds=np.concatenate([table.kinds for table in tables]),
        groups=np.arange(sum(map(len, tables))),
    )


def left_out(sets: Sequence[Judged], start: Weighting, strength: float) -> list[float]:
    """Return, for each set, nDCG@10 under weights from the other sets."""
    found = []
    for each in sets:
        others = [other for other in sets if other is not each]
        found.append(float(each.table.ndcg(fit(together(others), start, strength, judged_only=False)).mean()))
    return found


def show(label: str, sets: Sequence[Judged], weights: Weighting) -> None:
    for each in sets:
        values = each.table.ndcg(weights)
        against = compare(values, each.keyword)
        print(
            f"{label:9} {each.name:10} {len(values):4} queries  keyword {each.keyword.mean():.4f}  "
            f"weights {values.mean():.4f}  {against.difference:+.4f} [{against.low:+.4f}, {against.high:+.4f}]"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", metavar="NAME=CONFIG=JUDGMENTS[=IRRELEVANT]")
    parser.add_argument("--small", action="store_true", help="ten queries of each: proves that it runs")
    options = parser.parse_args()
    sets = [
        judged(name, Path(config), Path(judgments), float(next(iter(rest), 0)), 10 if options.small else MOST)
        for name, config, judgments, *rest in (each.split("=") for each in options.sets)
    ]
    start = np.array([prior().weight(name) for name in SIGNALS])
    show("shipped", sets, start)
    if len(sets) > 1:
        scores = {strength: left_out(sets, start, strength) for strength in STRENGTHS}
        for strength, found in scores.items():
            print(f"left out  strength {strength:<5}", *(f"{x.name} {v:.4f}" for x, v in zip(sets, found, strict=True)))
        best = max(scores, key=lambda strength: float(np.mean(scores[strength])))
        weights = fit(together(sets), start, best, judged_only=False)
        show("derived", sets, weights)
        print(f"strength {best}:", {name: round(float(value), 3) for name, value in zip(SIGNALS, weights, strict=True)})


if __name__ == "__main__":
    main()
