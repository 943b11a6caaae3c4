"""Baskets: counted right, whatever the order of the rows, and read back; the page of it is made in `together`."""

from __future__ import annotations

import gzip
import itertools
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.errors import CatalogError, ConfigError
from hybridsearch.learning.sources import baskets


def write_orders(path: Path, orders: dict[str, list[str]]) -> Path:
    rows = [{"order_id": order, "product_id": product} for order, products in orders.items() for product in products]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def learned(folder: Path, orders: dict[str, list[str]]) -> Path:
    found = baskets.read(write_orders(folder / "orders.jsonl", orders))
    baskets.write(folder / "baskets.db", found, baskets.pairs_of(found))
    return folder / "baskets.db"


def test_what_shares_many_baskets_belongs_together_and_chance_does_not(tmp_path: Path) -> None:
    """Tea is in 8 baskets, milk in 6, both in 5: 5 / sqrt(48) x 5 / 15. Rum shares 2 with tea, which are too few."""
    orders = {str(n): ["tea", "milk"] for n in range(5)}
    orders |= {"a": ["tea", "rum"], "b": ["tea", "rum"], "c": ["tea"], "d": ["milk"]}
    path = learned(tmp_path, orders)
    (pair,) = baskets.bought_with(path, "tea")
    assert (pair.id, pair.baskets) == ("milk", 5)
    assert pair.score == pytest.approx(5 / math.sqrt(48) * 5 / 15)
    assert baskets.bought_with(path, "milk")[0].score == pair.score
    assert baskets.bought_with(path, "rum") == baskets.bought_with(path, "gone") == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=8), min_size=1, max_size=30), st.randoms())
def test_pairs_are_those_that_plain_python_counts(tmp_path_factory: Any, orders: list[list[str]], random: Any) -> None:
    """Rows of an order need not lie beside each other, and a product that is in it twice counts once."""
    rows = [(str(n), product) for n, products in enumerate(orders) for product in products]
    random.shuffle(rows)
    found = baskets.Orders()
    for order, product in rows:
        found.add(order, (product,))
    pairs = baskets.pairs_of(found)
    names = list(found.products)
    counted = {
        frozenset((names[one], names[other])): count
        for one, other, count in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.shared.tolist(), strict=True)
    }
    expected = Counter(
        frozenset(pair) for products in orders for pair in itertools.combinations(sorted(set(products)), 2)
    )
    assert counted == {pair: count for pair, count in expected.items() if count >= baskets.FEWEST}


def test_a_dealers_basket_says_nothing(tmp_path: Path) -> None:
    large = [str(n) for n in range(baskets.LARGEST + 1)]
    found = baskets.read(write_orders(tmp_path / "o.jsonl", {str(n): large for n in range(5)}))
    pairs = baskets.pairs_of(found)
    assert (pairs.large, len(pairs.first)) == (5, 0)


@pytest.mark.parametrize(
    "content",
    [
        b"order_id,product_id\n1,a\n1,b\n2,a\n2,b\n3,b\n3,a\n",
        b'{"products": ["a", "b"]}\n' * 3,
        gzip.compress(b'{"products": ["a", "b"]}\n' * 3),
        b'\xef\xbb\xbf{"order_id": 7, "product_id": "a"}\n{"order_id": 7, "product_id": "b"}\n'
        + b'{"products": ["b", "a"]}\n' * 2,
    ],
)  # fmt: skip
def test_tables_lines_and_whole_baskets_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "orders"
    path.write_bytes(content)
    found = baskets.read(path)
    assert baskets.pairs_of(found).shared.tolist() == [3]
    assert not found.skipped


def test_other_names_of_fields_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("bill;item\n" + "".join(f"{n};{item}\n" for n in range(4) for item in "ab"))
    found = baskets.read(path, order="bill", product="item")
    assert baskets.pairs_of(found).shared.tolist() == [4]


def test_rows_that_cannot_be_used_are_counted_and_cost_no_other(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    path.write_bytes(b'{"products": ["a", "b"]}\n[1]\n{"order_id": "1"}\n{"products": ["a", \n{"products": []}\n\xff\n')
    found = baskets.read(path)
    assert found.skipped.total() == 5
    assert found.first.startswith("orders.jsonl:2: it is no object")
    assert len(found.rows) == 2


@pytest.mark.parametrize("content", [b"", b"\n", b"a,b\n1,2\n", b'{"x": 1}\n'])
def test_a_file_without_any_order_is_refused_with_what_is_expected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"No row of .* can be used"):
        baskets.read(path)


def test_a_file_that_is_missing_or_damaged_says_what_makes_it(tmp_path: Path) -> None:
    for content in (None, b"", b"no database"):
        if content is not None:
            (tmp_path / "baskets.db").write_bytes(content)
        with pytest.raises(ConfigError, match="hybridsearch learn-baskets ORDERS"):
            baskets.bought_with(tmp_path / "baskets.db", "17")
    with pytest.raises(CatalogError):
        baskets.read(tmp_path / "gone.csv")


def test_a_file_in_another_encoding_is_to_be_saved_as_utf_8(tmp_path: Path) -> None:
    """A setting of the catalogue would not help."""
    (tmp_path / "orders.csv").write_bytes(b"order_id,product_id\n" + "1,Größe\n".encode("cp1252") * 50)
    with pytest.raises(CatalogError, match=r"not UTF-8, the first is line 2; save it as UTF-8") as refused:
        baskets.read(tmp_path / "orders.csv")
    assert "catalog.encoding" not in str(refused.value)
