"""nDCG@10 of keywords, vectors, their fusion and the weights in use on a judged catalogue.

    python -m benchmarks.quality CATALOGUE_FOLDER --config hybridsearch.toml [--small]

The folder holds judgments.jsonl.gz (query, product_id, grade). The configuration says how the catalogue is indexed and
where; the index must exist. The figures are those of `hybridsearch eval`.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from hybridsearch import HybridSearch
from hybridsearch.learning import trial
from hybridsearch.learning.evaluate import MAIN, in_words
from hybridsearch.learning.sources import judgments

SMALL = 10
"""Queries that are asked with --small."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path, default=None)
    parser.add_argument("--small", action="store_true", help="ten queries: proves that it runs, not what it shows")
    options = parser.parse_args()
    judged = judgments.read(options.folder / "judgments.jsonl.gz")
    if options.small:
        judged = replace(judged, queries=judged.queries[:SMALL])
    with HybridSearch.open(options.config) as shop:
        found = trial.run(shop, judged, options.folder, lambda *_: None).evaluation
    print(f"{found.queries} queries, {sum(found.skipped.values())} left out because no product is relevant")
    for name, values in found.systems.items():
        low, high = found.intervals[name]
        print(f"{name:8} {MAIN} {values[MAIN]:.4f}   [{low:.4f}, {high:.4f}]")
    for (a, b), comparison in found.comparisons.items():
        print(f"{a} - {b}: {in_words(comparison)}")


if __name__ == "__main__":
    main()
