"""A taste from `columns` is the one that the products themselves give, `traits` by traits, and reads none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.engines.embedded.compiled import layers
from hybridsearch.engines.embedded.stored.records import Record
from hybridsearch.engines.embedded.stored.store import Store
from hybridsearch.search.person.history import read_history
from hybridsearch.search.person.taste import taste_of
from hybridsearch.search.person.traits import Columns, Traits, traits_of
from tests.shops import settings, write_products

FIELDS: dict[str, Any] = {
    "title": "title",
    "facets": ["brand", "tags", "kind"],
    "numbers": ["price"],
    "languages": ["en"],
    "formats": {"kind": {"levels": ">"}},
}
PRODUCTS: list[dict[str, Any]] = [
    {"id": "1", "title": "Red coat", "brand": "Acme", "tags": ["warm", "new"], "kind": "Clothes > Coats", "price": 20},
    {"id": "2", "title": "Blue coat", "brand": "Acme", "tags": "warm", "kind": "Clothes > Coats", "price": "22.50"},
    {"id": "3", "title": "Xylophone", "kind": "Music"},
    {"id": "4", "title": "Shirt", "brand": "Zeta", "tags": [], "kind": ["Clothes > Shirts", "Clothes"], "price": 19},
    {"id": "5", "title": ""},
]
HISTORY = ["1", "gone", "2", "3", "4", "5"]


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HybridSearch]:
    monkeypatch.setattr(layers, "LEAST", 0)
    monkeypatch.setattr(layers, "SHARE", 0)
    write_products(tmp_path / "products.jsonl", PRODUCTS)
    legs = [{"name": "titles", "encoder": "starter", "reads": ["title"]}]
    with HybridSearch.open(settings(tmp_path, fields=FIELDS, vectors=legs)) as shop:
        shop.reindex()
        yield shop


def plain(traits: Traits) -> tuple[Any, ...]:
    """Return traits as values that can be compared: the order of the values of a product means nothing."""
    values = {name: [set(each) for each in own] for name, own in traits.values.items()}
    return values, traits.prices, {leg: (list(places), rows.tolist()) for leg, (places, rows) in traits.vectors.items()}


def test_columns_say_what_the_products_do_and_after_a_change_too(one: HybridSearch) -> None:
    history = read_history(HISTORY)
    for change in (None, {"id": "2", "brand": "Zeta", "price": 30}, {"id": "3", "tags": ["new"], "kind": "A > B > C"}):
        if change:
            one.update([change])
        found, schema = one.engine.indexed(history.ids), one.engine.schema()
        assert isinstance(found, Columns)
        ids = [key for key in history.ids if key in found]
        assert (ids, len(found), sorted(found)) == (["5", "4", "3", "2", "1"], 5, ["1", "2", "3", "4", "5"])
        assert plain(traits_of(found, ids, history, schema)) == plain(traits_of(dict(found), ids, history, schema))
        columns, read = (taste_of(history, each, schema) for each in (found, dict(found)))
        assert [(each.name, each.clause, each.tells) for each in columns.liked] == [
            (each.name, each.clause, each.tells) for each in read.liked
        ]
        assert [each.name for each in columns.seen] == [each.name for each in read.seen]


def test_of_a_history_only_the_product_that_a_hit_names_is_read(
    one: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[int] = []
    read = Store.read

    def counted(store: Store, numbers: Sequence[int]) -> list[Record]:
        reads.append(len(numbers))
        return read(store, numbers)

    monkeypatch.setattr(Store, "read", counted)
    plan = one.plan("coat", history=HISTORY)
    assert reads == []
    page = one.engine.search(plan)
    named = {hit.looked_at for hit in page} - {""}
    assert named
    assert reads == [len(page.hits), *[1] * len(named)]


def test_a_change_is_in_the_next_taste(one: HybridSearch) -> None:
    liked = ["taste brand: Acme" in [each.name for each in one.plan("coat", history=["1", "2"]).signals]]
    one.update([{"id": "2", "brand": "Zeta"}])
    liked.append("taste brand: Acme" in [each.name for each in one.plan("coat", history=["1", "2"]).signals])
    assert liked == [True, False]
