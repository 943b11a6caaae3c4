"""What diverse pages show, and what they cost: nDCG@10, and how many values of a facet are among ten hits.

    python -m benchmarks.diversity --config FILE --judgments judgments.jsonl.gz --facet brand [--small]

For each share that the score counts, from 1 (the order of the scores) on; time is that of a page of ten beside a plain
one.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hybridsearch import HybridSearch, Page
from hybridsearch.inputs.rows import field, strings
from hybridsearch.learning.measures import ndcg
from hybridsearch.learning.sources import judgments
from hybridsearch.search import diversity

SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=None)
    parser.add_argument("--judgments", type=Path, required=True)
    parser.add_argument("--facet", required=True)
    parser.add_argument("--small", action="store_true", help="five queries: proves that it runs")
    options = parser.parse_args()
    judged = [query for query in judgments.read(options.judgments).queries if query.answerable and query.text]
    judged = judged[:5] if options.small else judged
    with HybridSearch.open(options.config) as shop:
        plain, seconds = timed(shop, [query.text for query in judged], diverse=False)
        for share in SHARES:
            diversity.RELEVANCE = share
            pages, diverse = timed(shop, [query.text for query in judged], diverse=True)
            pairs = zip(pages, judged, strict=True)
            quality = np.mean([ndcg([hit.id for hit in page], query.grades) for page, query in pairs])
            shown, before = values(pages, options.facet), values(plain, options.facet)
            told = f"values of {options.facet} {shown:.2f} (plain {before:.2f})"
            print(f"score {share:.1f}: nDCG@10 {quality:.3f}, {told}, time {diverse / seconds:.2f} of a plain page")


def timed(shop: HybridSearch, queries: Sequence[str], *, diverse: bool) -> tuple[list[Page], float]:
    """Return the first pages, and the median of their times in seconds."""
    shop.search(queries[0], diverse=diverse)
    pages, seconds = [], []
    for query in queries:
        started = time.perf_counter()
        pages.append(shop.search(query, diverse=diverse))
        seconds.append(time.perf_counter() - started)
    return pages, float(np.median(seconds))


def values(pages: Sequence[Page], facet: str) -> float:
    """Return how many values of a facet are on a page, the mean."""
    found = ({value for hit in page for value in strings(field(hit.product, facet))} for page in pages)
    return float(np.mean(list(map(len, found))))


if __name__ == "__main__":
    main()
