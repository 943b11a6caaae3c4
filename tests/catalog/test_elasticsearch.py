"""An existing index as a catalogue, read from real servers page by page (`engines/elasticsearch/paging.py`)."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hybridsearch.catalog import elasticsearch as source_module
from hybridsearch.catalog import open_source
from hybridsearch.catalog.elasticsearch import ElasticsearchIndex, read_hit
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.errors import CatalogError, ConfigError, EngineError
from hybridsearch.sections import Catalog
from hybridsearch.values import Product, Reject


@pytest.fixture
def client(es_url: str) -> Iterator[Client]:
    with closing(Client(es_url, request_timeout=60)) as client:
        yield client


def fill(client: Client, index: str, rows: dict[str, dict[str, Any]], **body: Any) -> None:
    client.indices.create(index=index, settings={"number_of_shards": 2, "number_of_replicas": 0}, **body)
    actions: list[dict[str, Any]] = []
    for name, row in rows.items():
        actions += [{"index": {"_id": name, "routing": row.get("shop")}}, row]
    assert not client.bulk(index=index, operations=actions, refresh=True)["errors"]


def test_every_document_comes_once_and_in_the_same_order_each_time(
    client: Client, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PAGE", 7)
    rows = {str(number): {"title": f"product {number}"} for number in range(100)}
    fill(client, index, rows)
    source = open_source(Catalog(index=index), client=client)
    products = list(source.read())
    assert {product.id: product.row for product in products} == rows
    assert len(products) == source.count() == 100
    assert products == list(source.read())


def test_id_and_routing_are_carried_over(client: Client, index: str) -> None:
    fill(client, index, {"a": {"shop": "berlin"}, "b": {"title": "red"}})
    products = sorted(open_source(Catalog(index=index), client=client).read(), key=lambda product: str(product.id))
    assert products == [
        Product("a", {"shop": "berlin"}, index, routing="berlin"),
        Product("b", {"title": "red"}, index),
    ]


def test_vectors_of_the_shop_are_read_and_ours_are_not(client: Client, index: str) -> None:
    properties = {
        "look": {"type": "dense_vector", "dims": 2},
        "hybrid": {"properties": {"vectors": {"type": "dense_vector", "dims": 2}}},
    }
    fill(
        client,
        index,
        {"a": {"look": [1.0, 2.0], "hybrid": {"vectors": [3.0, 4.0]}}},
        mappings={"properties": properties},
    )
    assert [product.row for product in ElasticsearchIndex(client, index).read()] == [{"look": [1.0, 2.0]}]


def test_own_field_that_is_called_hybrid_is_read(client: Client, index: str) -> None:
    fill(client, index, {"a": {"hybrid": True}})
    assert [product.row for product in ElasticsearchIndex(client, index).read()] == [{"hybrid": True}]


def test_types_are_named_by_dotted_names(client: Client, index: str) -> None:
    properties = {"title": {"type": "text"}, "attrs": {"properties": {"color": {"type": "keyword"}}}}
    fill(client, index, {"a": {"title": "red"}}, mappings={"properties": properties})
    assert ElasticsearchIndex(client, index).types() == {"title": "text", "attrs.color": "keyword"}


def test_point_in_time_is_closed_at_the_end_when_left_early_and_after_an_error(
    client: Client, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "PAGE", 1)
    fill(client, index, {str(number): {"title": "red"} for number in range(9)})
    closed: list[str] = []
    close = Client.close_point_in_time

    def noted(self: Client, *, id: str) -> Any:  # noqa: A002 - the client's name
        closed.append(id)
        return close(self, id=id)

    monkeypatch.setattr(Client, "close_point_in_time", noted)
    source = ElasticsearchIndex(client, index)
    list(source.read())
    reading = source.read()
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    monkeypatch.setattr(source_module, "read_hit", lambda hit: {}[hit["_id"]])
    with pytest.raises(KeyError):
        list(source.read())
    assert len(closed) == 3


def test_index_without_source_is_refused(client: Client, index: str) -> None:
    fill(client, index, {"a": {"title": "red"}}, mappings={"_source": {"enabled": False}})
    with pytest.raises(CatalogError, match=r"does not store '_source'.* Set 'catalog.path'"):
        list(ElasticsearchIndex(client, index).read())


def test_missing_index_is_named_with_what_to_do(client: Client, index: str) -> None:
    with pytest.raises(CatalogError, match=rf"Index '{index}' is missing. Set 'catalog.index'"):
        next(ElasticsearchIndex(client, index).read())


def test_server_that_is_down_is_one_clear_error() -> None:
    with closing(Client("http://127.0.0.1:9", max_retries=0)) as client, pytest.raises(EngineError, match="refused"):
        next(ElasticsearchIndex(client, "shop").read())


def test_index_without_a_server_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"Set 'engine.url'"):
        open_source(Catalog(index="shop"))


def test_document_that_cannot_be_stored_is_a_reject() -> None:
    reject = read_hit({"_index": "shop", "_id": "a", "_source": {"price": float("inf")}, "sort": [3]})
    assert reject == Reject("shop", "a", "read", "holds inf, expected finite numbers", {"price": float("inf")})
