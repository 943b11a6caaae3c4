"""Everyday changes: what a backend may hand over, what is refused, and that nothing is ever half done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import pytest
from elasticsearch import Elasticsearch
from pydantic import BaseModel

from hybridsearch import HybridSearch
from hybridsearch.changes import START, Change
from hybridsearch.engines.base import live_of
from hybridsearch.errors import CatalogError, EncoderError, QueryError
from hybridsearch.indexing.build import Builder
from hybridsearch.settings import Settings
from hybridsearch.values import Row
from tests.shops import FIELDS, Run, runner, shop, write_products

NUMBER = UUID("12345678-1234-5678-1234-567812345678")
HATS = [{"id": key, "title": f"Red hat n{key}", "price": 5} for key in ("1", "4", "7", "17", str(NUMBER))]


@pytest.fixture
def hats(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    """Five hats without versions, which are indexed."""
    write_products(tmp_path / "products.jsonl", HATS)
    with shop(tmp_path, engine=engine) as my_shop:
        yield my_shop


@pytest.fixture
def dated(tmp_path: Path, engine: dict[str, Any]) -> Iterator[HybridSearch]:
    """Five hats with versions, which are indexed."""
    write_products(tmp_path / "products.jsonl", [{**hat, "at": "2026-11-21T09:00:00Z"} for hat in HATS])
    with shop(tmp_path, engine=engine, fields={**FIELDS, "version": "at"}) as my_shop:
        yield my_shop


def stored(my_shop: HybridSearch) -> dict[str, Row]:
    """Return all that is live."""
    live = live_of(my_shop.engine.generations())
    assert live is not None
    my_shop.engine.refresh(live.name)
    ids = list(my_shop.engine.ids(live.name))
    return {key: document.row for key, document in my_shop.engine.stored(live.name, ids).items()}


def logged(my_shop: HybridSearch) -> dict[str, Change]:
    """Return what the log of changes remembers."""
    return {change.id: change for change in my_shop.engine.changes.since(START)[0]}


@pytest.mark.beside_one_server
def test_one_id_names_one_product(hats: HybridSearch) -> None:
    for ids in ("17", 17, ["17"], (key for key in ["17"]), {"17": None}, np.array([17])):
        assert set(hats.get("17")) == set(hats.get([17])) == {"17"}
        done = hats.delete(ids)
        assert (done.written, done.missing, done.older, done.rejects) == (1, 0, 0, ()), ids
        assert set(stored(hats)) == {"1", "4", "7", str(NUMBER)}
        assert hats.upsert(HATS[3]).written == 1


@pytest.mark.beside_one_server
def test_several_ids_of_several_types_name_several_products(hats: HybridSearch) -> None:
    assert set(hats.get([17, "4", NUMBER, "none"])) == {"17", "4", str(NUMBER)}
    assert hats.delete([17, "4", NUMBER]).written == 3
    assert set(stored(hats)) == {"1", "7"}


@pytest.mark.beside_one_server
def test_no_ids_are_no_products(hats: HybridSearch) -> None:
    assert hats.get([]) == {}
    assert hats.delete([]).to_json() == {"written": 0, "older": 0, "missing": 0, "encoded": 0, "rejects": []}
    assert logged(hats) == {}


@pytest.mark.beside_one_server
def test_what_names_no_products_is_refused_and_nothing_is_done(hats: HybridSearch) -> None:
    given: list[Any] = [None, b"17", ["17", None], ["17", True], HATS, ["17", "x" * 513], ["17", ""], ["17", "\ud800"]]
    for ids in given:
        with pytest.raises(QueryError, match="expected"):
            hats.delete(ids)
    with pytest.raises(QueryError, match="Found None among the ids"):
        hats.get(["17", None])  # type: ignore[list-item]
    assert set(hats.get(["", " ", "x" * 513, "\ud800", "none", "17"])) == {"17"}
    assert (len(stored(hats)), logged(hats)) == (5, {})


@pytest.mark.beside_one_server
def test_a_version_of_a_removal_needs_a_field_of_versions(hats: HybridSearch) -> None:
    for ids in ({"17": 3}, HATS[3]):
        with pytest.raises(QueryError) as refused:
            hats.delete(ids)
        (key, version), *_ = ids.items()
        assert str(refused.value) == (
            f"Found the version {version!r} of the removal of '{key}', but the configuration names no field of "
            "versions. Give ids alone, or name one in 'fields.version'."
        )
    assert (len(stored(hats)), logged(hats)) == (5, {})


@pytest.mark.beside_one_server
def test_a_product_that_is_not_there_is_not_counted_and_its_removal_is_remembered(hats: HybridSearch) -> None:
    done = hats.delete(["17", "none", "nothing"])
    assert (done.written, done.missing) == (1, 2)
    assert hats.delete("17").missing == 1
    assert set(logged(hats)) == {"17", "none", "nothing"}


@pytest.mark.beside_one_server
def test_a_removal_without_a_version_has_that_of_the_product(dated: HybridSearch) -> None:
    assert dated.delete({"17": None, "4": datetime(2026, 11, 21, 10, tzinfo=UTC)}).written == 2
    late = [{**HATS[1], "at": "2026-11-21T09:30:00Z"}, {**HATS[3], "at": "2026-11-21T09:00:00Z"}]
    assert dated.upsert(late).older == 2
    assert dated.upsert({**HATS[3], "at": "2026-11-21T09:00:01Z"}).written == 1
    assert dated.delete({"1": "2026-11-21T08:00:00Z"}).older == 1
    assert set(stored(dated)) == {"1", "7", "17", str(NUMBER)}


@pytest.mark.beside_one_server
def test_a_version_that_is_none_is_refused_and_nothing_is_removed(dated: HybridSearch) -> None:
    with pytest.raises(QueryError) as refused:
        dated.delete({"17": None, "4": "soon"})
    assert str(refused.value) == (
        "The removal of '4' has no version: 'at' is 'soon', expected a whole number or a date as 2026-11-21T09:30:00Z. "
        "Nothing was done; correct it and try again."
    )
    assert (len(stored(dated)), logged(dated)) == (5, {})


@dataclass
class Data:
    id: int
    title: str
    price: Decimal


class Model(BaseModel):
    id: UUID
    title: str
    price: Decimal


@pytest.mark.beside_one_server
def test_one_product_is_one_product(hats: HybridSearch) -> None:
    arguments: list[Any] = [{**HATS[3], "price": 0}, Data(17, "Red hat", Decimal(1)), [Data(17, "Red hat", Decimal(2))]]
    for price, row in enumerate(arguments):
        assert hats.upsert(row).written == 1
        assert hats.get("17")["17"]["price"] == price
    assert len(stored(hats)) == 5


@pytest.mark.beside_one_server
def test_a_model_of_pydantic_is_a_product(hats: HybridSearch) -> None:
    assert hats.upsert(Model(id=NUMBER, title="Blue hat", price=Decimal("9.50"))).written == 1
    assert hats.get(NUMBER) == {str(NUMBER): {"id": str(NUMBER), "title": "Blue hat", "price": 9.5}}


@pytest.mark.beside_one_server
def test_values_of_python_are_stored_as_a_catalogue_would_have_them(hats: HybridSearch) -> None:
    row = {
        "id": np.int64(17),
        "title": "Blue hat",
        "price": Decimal("19.90"),
        "released": date(2026, 11, 21),
        "changed": datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        "maker": NUMBER,
        "sizes": {"S", "M", "L"},
        "box": (np.float32(1.1), np.float64(2.5), np.bool_(True)),
        "stock": {1: 5},
        "parts": [Data(1, "brim", Decimal(2))],
    }
    expected = {
        "id": 17,
        "title": "Blue hat",
        "price": 19.9,
        "released": "2026-11-21",
        "changed": "2026-11-21T09:30:00+00:00",
        "maker": str(NUMBER),
        "sizes": ["L", "M", "S"],
        "box": [1.1, 2.5, True],
        "stock": {"1": 5},
        "parts": [{"id": 1, "title": "brim", "price": 2}],
    }
    assert hats.upsert(row).written == 1
    assert stored(hats)["17"] == expected
    assert logged(hats)["17"].row == expected
    assert [hit.id for hit in hats.search("blue hat", filters={"price": {"gte": 19, "lte": 20}})] == ["17"]


@pytest.mark.beside_one_server
def test_what_is_no_product_is_refused_and_nothing_is_written(hats: HybridSearch) -> None:
    given: list[Any] = ["text", b"text", None, 17]
    for products in given:
        with pytest.raises(CatalogError, match=r"expected products\. Give one product, such as \{'id': '17'"):
            hats.upsert(products)
    assert (len(stored(hats)), logged(hats)) == (5, {})


@pytest.mark.beside_one_server
def test_a_product_that_cannot_be_stored_is_a_reject_and_costs_no_other(hats: HybridSearch) -> None:
    bad: list[Any] = [
        {"id": "20", "title": "Blue hat", "price": float("nan")},
        {"id": "21", "title": "Blue hat", "photo": b"\xff\xd8"},
        {"id": "22", "title": "Blue hat", "price": "free"},
        {"title": "Blue hat"},
        "Blue hat",
        None,
        ["id", "23"],
    ]
    page = hats.search("hat", size=1)
    done = hats.upsert([*bad, page[0], {**HATS[3], "price": 7}])
    assert done.written == 1
    assert [reject.reason for reject in done.rejects] == [
        "holds nan, expected finite numbers",
        "holds bytes b'\\xff\\xd8', expected text, numbers, lists and objects",
        "'id' is missing or empty, expected an id",
        "found str 'Blue hat', expected an object of fields",
        "found NoneType 'None', expected an object of fields",
        "found list \"['id', '23']\", expected an object of fields",
        "found a hit, expected a product: give its 'product'",
        "'price' is 'free', expected a number",
    ]
    json.dumps(done.to_json())
    assert stored(hats) == {**{str(hat["id"]): hat for hat in HATS}, "17": {**HATS[3], "price": 7}}
    assert set(logged(hats)) == {"17"}


@pytest.mark.beside_one_server
def test_what_cannot_be_encoded_at_all_is_not_remembered_either(
    hats: HybridSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise EncoderError("out of order")

    monkeypatch.setattr(Builder, "build", fail)
    with pytest.raises(EncoderError):
        hats.upsert(HATS[0])
    assert logged(hats) == {}


@pytest.fixture(params=[False, True], ids=["without versions", "with versions"])
def strict(request: pytest.FixtureRequest, tmp_path: Path, es_url: str, index: str) -> Iterator[HybridSearch]:
    """A shop on a server that refuses a field called `a..b`."""
    write_products(tmp_path / "products.jsonl", [{**hat, "v": 1} for hat in HATS])
    fields = {**FIELDS, **({"version": "v"} if request.param else {})}
    with shop(tmp_path, engine={"url": es_url, "index": index, "replicas": 0}, fields=fields) as my_shop:
        yield my_shop


def test_what_only_the_server_refuses_leaves_what_was_known_before(strict: HybridSearch) -> None:
    good, bad = {**HATS[0], "v": 2, "price": 6}, {**HATS[0], "v": 3, "a..b": "no"}
    strict.upsert(good)
    strict.delete(["7"])
    before = logged(strict)
    done = strict.upsert([bad, {**HATS[2], "v": 3, "a..b": "no"}, {**HATS[1], "v": 3, "a..b": "no"}])
    assert (done.written, done.older, len(done.rejects)) == (0, 0, 3)
    assert "field name cannot contain only whitespace" in done.rejects[0].reason
    assert logged(strict) == before
    assert stored(strict)["1"] == good
    assert strict.upsert({**bad, "a..b": "no"}).written == 0
    corrected = {**HATS[1], "v": 3, "price": 8}
    assert strict.upsert(corrected).written == 1
    assert logged(strict) == {**before, "4": Change("4", corrected, logged(strict)["4"].version)}


def test_what_was_refused_does_not_come_again_when_one_goes_back(strict: HybridSearch) -> None:
    strict.reindex()
    good = {**HATS[0], "v": 2, "price": 6}
    strict.upsert([good, {**HATS[2], "v": 3, "a..b": "no"}])
    strict.upsert({**HATS[0], "v": 3, "a..b": "no"})
    done = strict.rollback()
    assert (done.changes, done.missing) == (1, "")
    assert stored(strict)["1"] == good


def test_a_change_that_an_earlier_generation_cannot_hold_is_named_when_one_goes_back(
    tmp_path: Path, engine: dict[str, Any]
) -> None:
    write_products(tmp_path / "products.jsonl", HATS)
    with shop(tmp_path, engine=engine):
        pass
    with shop(tmp_path, engine=engine, fields={**FIELDS, "numbers": []}) as my_shop:
        assert my_shop.upsert([{**HATS[0], "price": "free"}, {**HATS[1], "price": 6}]).written == 2
        done = my_shop.rollback()
    assert (done.changes, done.missing) == (
        1,
        "1 changes that came in since are not in it, such as change of 1: 'price' is 'free', expected a number",
    )


class Own(NamedTuple):
    """A shop whose products live in an index of its own."""

    shop: HybridSearch
    client: Elasticsearch
    name: str
    run: Run


@pytest.fixture
def own(
    tmp_path: Path, es_url: str, index: str, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Iterator[Own]:
    """The hats as `init` and `reindex` make a shop of an index."""
    name = f"{index}-own"
    with Elasticsearch(es_url) as client:
        client.indices.create(
            index=name,
            settings={"number_of_replicas": 0},
            mappings={"properties": {"title": {"type": "text"}, "price": {"type": "float"}}},
        )
        for hat in HATS:
            client.index(index=name, id=str(hat["id"]), document={"title": hat["title"], "price": hat["price"]})
        client.indices.refresh(index=name)
        run = runner(tmp_path, monkeypatch, capfdbinary)
        assert run("init", f"{es_url}/{name}")[0] == 0
        assert run("reindex")[0] == 0
        with HybridSearch.open(tmp_path / "hybridsearch.toml") as my_shop:
            yield Own(my_shop, client, name, run)


def test_a_product_of_an_index_is_named_by_its_id_there(own: Own) -> None:
    assert own.shop.settings.fields.id == "_id"
    done = own.shop.upsert(
        [{"_id": "17", "title": "Green hat", "price": Decimal("6.5")}, {"_id": 99, "title": "Green cap", "price": 7}]
    )
    assert (done.written, done.rejects) == (2, ())
    own.client.indices.refresh(index=own.shop.settings.engine.index)
    assert {hit.id for hit in own.shop.search("green")} == {"17", "99"}
    assert own.shop.get(["17", 99]) == {
        "17": {"title": "Green hat", "price": 6.5},
        "99": {"title": "Green cap", "price": 7},
    }
    done = own.shop.delete("17")
    assert (done.written, done.missing) == (1, 0)
    own.client.indices.refresh(index=own.shop.settings.engine.index)
    assert {hit.id for hit in own.shop.search("green")} == {"99"}


def test_changes_of_an_index_survive_going_back(own: Own) -> None:
    assert own.run("reindex")[0] == 0
    own.shop.upsert([{"_id": "17", "title": "Green hat", "price": 6.5}])
    own.shop.delete(["4"])
    code, out, _ = own.run("rollback", "--json")
    assert (code, json.loads(out)["changes"]) == (0, 2)
    rows = stored(own.shop)
    assert set(rows) == {"1", "7", "17", str(NUMBER)}
    assert rows["17"] == {"title": "Green hat", "price": 6.5}


def test_a_product_of_an_index_without_its_id_there_is_a_reject(own: Own) -> None:
    done = own.shop.upsert([{"title": "Green hat"}, {"id": "17", "title": "Green hat"}])
    assert done.written == 0
    assert [reject.reason for reject in done.rejects] == [
        "'_id' is missing, expected the id of the document, as in {'_id': '17', …}"
    ] * 2
    assert logged(own.shop) == {}


def test_a_product_that_the_mapping_of_an_index_refuses_is_a_reject_and_not_remembered(own: Own) -> None:
    done = own.shop.upsert([{"_id": "17", "title": "Green hat", "price": {"from": 5}}, {"_id": "4", "title": "Cap"}])
    assert (done.written, len(done.rejects)) == (1, 1)
    assert set(logged(own.shop)) == {"4"}


def test_the_rejects_of_an_index_are_tried_again(own: Own) -> None:
    own.client.index(index=own.name, id="30", document={"title": "Odd hat", "hybrid": 1}, refresh=True)
    code, *_ = own.run("reindex")
    assert code == 1
    own.client.index(index=own.name, id="30", document={"title": "Odd hat"}, refresh=True)
    assert own.run("reindex", "--retry-rejects")[0] == 0
    assert own.shop.get("30") == {"30": {"title": "Odd hat"}}


def test_an_index_whose_rows_hold_their_ids_is_changed_by_them_or_by_its_own(own: Own, tmp_path: Path) -> None:
    """As docs/configuration.md shows: without 'fields.id' the ids of an index are still those of its documents."""
    fields = own.shop.settings.fields.model_copy(update={"id": "id"})
    with HybridSearch.open(own.shop.settings.model_copy(update={"fields": fields})) as my_shop:
        done = my_shop.upsert([{"id": "17", "title": "Green hat"}, {"_id": "4", "id": "other", "title": "Green cap"}])
        assert done.written == 2
        assert my_shop.get(["17", "4"]) == {
            "17": {"id": "17", "title": "Green hat"},
            "4": {"id": "other", "title": "Green cap"},
        }


def test_a_file_may_call_its_ids_as_an_index_does(tmp_path: Path) -> None:
    """A MongoDB export; on the embedded engine the field is one as any other."""
    write_products(tmp_path / "products.jsonl", [{"_id": "17", "title": "Red hat"}])
    with HybridSearch.open(
        Settings.parse(
            {"catalog": {"path": "products.jsonl"}, "fields": {"id": "_id", "title": "title"}}, folder=tmp_path
        )
    ) as my_shop:
        my_shop.reindex()
        assert my_shop.upsert({"_id": "17", "title": "Blue hat"}).written == 1
        assert my_shop.get("17") == {"17": {"_id": "17", "title": "Blue hat"}}
