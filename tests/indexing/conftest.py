"""Shops whose index is built, and of which tests change products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from tests.killable import product, settings_of, shop_of
from tests.shops import write_products


@pytest.fixture
def versioned(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    """A shop of ten products with versions, which is indexed."""
    write_products(tmp_path / "products.jsonl", [product(number, 10) for number in range(10)])
    with shop_of(settings_of(tmp_path, **engine)) as found:
        found.reindex()
        yield found
