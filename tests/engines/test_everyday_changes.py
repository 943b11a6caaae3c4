"""Everyday changes do the same on both engines: what is counted, refused, stored and remembered."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from hybridsearch import HybridSearch
from hybridsearch.changes import START
from hybridsearch.errors import HybridSearchError
from tests.shops import FIELDS, PRODUCTS, shop, write_products

Step = Callable[[HybridSearch], Any]
ODD = UUID("12345678-1234-5678-1234-567812345678")
NEW = {"id": 17, "title": "Yellow scarf", "price": Decimal("12.50"), "sizes": {"M", "L"}, "v": 2}
STEPS: list[Step] = [
    lambda shop: shop.upsert(NEW),
    lambda shop: shop.upsert([{**PRODUCTS[0], "v": 2, "price": 1}, {**PRODUCTS[0], "v": 3, "price": 2}]),
    lambda shop: shop.upsert([{**PRODUCTS[1], "v": 2, "price": "free"}, {"title": "no id"}, {**PRODUCTS[2], "v": 2}]),
    lambda shop: shop.upsert([{**PRODUCTS[3], "v": 2, "note": float("nan")}, {"id": ODD, "title": "Odd one", "v": 1}]),
    lambda shop: shop.upsert({**PRODUCTS[0], "v": 1}),
    lambda shop: shop.upsert("17"),  # type: ignore[arg-type]
    lambda shop: shop.upsert([]),
    lambda shop: shop.get([17, "none", ODD, ""]),
    lambda shop: shop.delete("17"),
    lambda shop: shop.delete([17, "none", ODD]),
    lambda shop: shop.delete({"1": 1, "2": None, "3": 9}),
    lambda shop: shop.delete({"4": "soon"}),
    lambda shop: shop.delete(["5", None]),  # type: ignore[list-item]
    lambda shop: shop.delete([]),
    lambda shop: shop.upsert([{**PRODUCTS[1], "v": 1}, {**PRODUCTS[2], "v": 8}, {**NEW, "v": 4}]),
    lambda shop: shop.get(["1", "2", "3", "4", "5", "17", str(ODD)]),
    lambda shop: shop.reindex().indexed,
    lambda shop: shop.rollback().changes,
    lambda shop: shop.get(["1", "2", "3", "4", "5", "17", str(ODD)]),
]


@pytest.fixture(params=["without versions", "with versions"])
def fields(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {**FIELDS, **({"version": "v"} if request.param == "with versions" else {})}


@pytest.fixture
def shops(
    tmp_path: Path, es_url: str, index: str, fields: dict[str, Any]
) -> Iterator[tuple[HybridSearch, HybridSearch]]:
    for name in ("embedded", "server"):
        write_products(tmp_path / name / "products.jsonl", [{**row, "v": 1} for row in PRODUCTS])
    engine = {"url": es_url, "index": index, "replicas": 0}
    with (
        shop(tmp_path / "embedded", fields=fields) as embedded,
        shop(tmp_path / "server", fields=fields, engine=engine) as server,
    ):
        yield embedded, server


def outcome(step: Step, found: HybridSearch) -> Any:
    """Return what a step gave, or the error that it ended in, and all that is remembered after it."""
    try:
        given = step(found)
    except HybridSearchError as error:
        given = f"{type(error).__name__}: {error}"
    changes, _ = found.engine.changes.since(START)
    remembered = sorted((change.id, change.version, change.row) for change in changes)
    return given.to_json() if hasattr(given, "to_json") else given, remembered


def test_both_engines_do_the_same_with_everyday_changes(shops: tuple[HybridSearch, HybridSearch]) -> None:
    for number, step in enumerate(STEPS):
        ours, theirs = (outcome(step, found) for found in shops)
        assert ours == theirs, f"step {number}"
