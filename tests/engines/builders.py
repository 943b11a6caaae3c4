"""One catalogue on both engines, for tests of what they answer alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hybridsearch import HybridSearch
from tests.shops import lend_vectors, quietly, settings, write_products


@contextmanager
def on_both_engines(
    folder: Path, es_url: str, products: Sequence[Mapping[str, Any]], **changes: Any
) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    """Yield the shop of some products, all of which are indexed, on the embedded engine and on a server.

    Args:
        folder: Its name is part of the index's.
        es_url: Address of the server.
        products: Rows of the catalogue.
        changes: Of the settings.
    """
    write_products(folder / "products.jsonl", products)
    lend_vectors(folder, repr((changes.get("catalog"), changes.get("vectors"))))
    engine = {"url": es_url, "index": f"test-{folder.name}", "replicas": 0}
    with (
        HybridSearch.open(settings(folder, **changes)) as ours,
        HybridSearch.open(settings(folder, engine=engine, **changes)) as theirs,
    ):
        reports = [shop.reindex(options=quietly()) for shop in (ours, theirs)]
        assert [report.rejected for report in reports] == [0, 0]
        yield ours, theirs
        theirs.engine.discard(reports[1].generation)
