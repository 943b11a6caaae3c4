"""What is on page 1 in the order of a field, against page 1 by score.

    python -m benchmarks.sorting --config FILE --judgments judgments.jsonl.gz --sort price:asc [--small]

For each `cut_off`: the share of page 1 that the judgments call relevant, the same of the judged products alone, the
share of all relevant products that are found, and how many products there are.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hybridsearch import HybridSearch, Page
from hybridsearch.learning.sources import judgments
from hybridsearch.learning.sources.queries import JudgedQuery

CUT_OFFS = (0.0, 0.4, 0.5, 0.6, 0.65, 0.7, 0.8)
ALL = 1_000
"""Products in which relevant ones are looked for."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=None)
    parser.add_argument("--judgments", type=Path, required=True)
    parser.add_argument("--sort", default="price:asc")
    parser.add_argument("--small", action="store_true", help="five queries: proves that it runs")
    options = parser.parse_args()
    judged = [query for query in judgments.read(options.judgments).queries if query.answerable and query.text]
    judged = judged[:5] if options.small else judged
    with HybridSearch.open(options.config) as shop:
        weights, _ = shop.weights_for(shop.engine.schema())
        show("by score", judged, [shop.search(query.text, size=ALL) for query in judged])
        for cut_off in CUT_OFFS:
            used = weights.model_copy(update={"cut_off": cut_off})
            plans = [shop.plan(query.text, sort=options.sort, size=ALL, weights=used) for query in judged]
            show(f"cut-off {cut_off}", judged, list(map(shop.engine.search, plans)))


def show(system: str, judged: Sequence[JudgedQuery], pages: Sequence[Page]) -> None:
    """Print what the pages of a system hold."""
    rows = [measure([hit.id for hit in page], query) for page, query in zip(pages, judged, strict=True) if page.total]
    relevant, of_judged, recall = np.nanmean(rows, axis=0)
    print(
        f"{system:12} relevant {relevant:.3f}, of the judged {of_judged:.3f}, recall {recall:.3f}, "
        f"products {np.median([page.total for page in pages]):.0f}"
    )


def measure(ids: Sequence[str], query: JudgedQuery) -> tuple[float, float, float]:
    """Return the relevant share of page 1, that of the first ten judged products, and recall."""
    relevant = {name for name, grade in query.grades.items() if grade > 0}
    known = [name for name in ids if name in query.grades][:10]
    return (
        len(relevant & set(ids[:10])) / len(ids[:10]),
        len(relevant & set(known)) / len(known) if known else np.nan,
        len(relevant & set(ids)) / len(relevant),
    )


if __name__ == "__main__":
    main()
