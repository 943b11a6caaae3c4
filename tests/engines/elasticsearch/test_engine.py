"""The engine on a real server: `searches`, `generations` and their `mapping`, and an index that was there before."""

import time
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.errors import GateError, IndexMissing
from hybridsearch.schema import Schema
from tests.shops import FIELDS, PRODUCTS, settings, write_products
from tests.shops import shop as open_shop

SHOP_MAPPING = {
    "dynamic": "strict",
    "properties": {
        "title": {"type": "text", "analyzer": "shop_english"},
        "brand": {"type": "keyword"},
        "sku": {"type": "keyword"},
        "price": {"type": "float"},
        "note": {"type": "text"},
        "id": {"type": "keyword"},
    },
}
SHOP_SETTINGS = {"analysis": {"analyzer": {"shop_english": {"tokenizer": "standard", "filter": ["lowercase", "stop"]}}}}
OLD_QUERY: dict[str, Any] = {
    "bool": {"must": {"match": {"title": "the red coat"}}, "filter": {"range": {"price": {"lte": 130}}}}
}


def engine(url: str, index: str) -> dict[str, Any]:
    return {"url": url, "index": index, "replicas": 0}


@pytest.fixture
def shops_own_index(es_url: str, index: str) -> str:
    """An index that a shop built by itself, behind an alias."""
    with Elasticsearch(es_url) as client:
        name = f"{index}-v1"
        client.indices.create(index=name, mappings=SHOP_MAPPING, settings=SHOP_SETTINGS, aliases={index: {}})
        for row in PRODUCTS:
            client.index(index=name, id=str(row["id"]), document=row)
        client.indices.refresh(index=name)
    return index


def test_words_find_products_in_two_languages(tmp_path: Path, es_url: str, index: str) -> None:
    with open_shop(tmp_path, engine=engine(es_url, index)) as shop:
        assert [hit.id for hit in shop.search("red coats")] == ["3"]
        assert [hit.id for hit in shop.search("跑步鞋")] == ["5"]


def test_a_code_finds_its_product_however_it_is_typed(tmp_path: Path, es_url: str, index: str) -> None:
    with open_shop(tmp_path, engine=engine(es_url, index)) as shop:
        assert shop.search("ac 1002".replace(" ", "-")).hits[0].id == "2"
        assert next(iter(shop.search("AC1002").hits[0].signals)) == "code"


def test_a_second_rebuild_keeps_one_generation_to_go_back_to(tmp_path: Path, es_url: str, index: str) -> None:
    with open_shop(tmp_path, engine=engine(es_url, index)) as shop:
        shop.reindex()
        shop.reindex()
    with Elasticsearch(es_url) as client:
        assert len(client.indices.get(index=f"{index}-*")) == 2
        assert len(client.indices.get_alias(name=index)) == 1


def test_the_shops_old_queries_give_the_same_hits_after_a_rebuild(
    tmp_path: Path, es_url: str, shops_own_index: str
) -> None:
    with Elasticsearch(es_url) as client:
        before = client.search(index=shops_own_index, query=OLD_QUERY)["hits"]
        old = next(iter(client.indices.get_alias(name=shops_own_index)))
        writes = client.indices.stats(index=old)["indices"][old]["primaries"]["indexing"]["index_total"]
        catalog = {"index": shops_own_index}
        with open_shop(tmp_path, catalog=catalog, engine=engine(es_url, shops_own_index)) as shop:
            assert shop.search("red coat").hits[0].product == PRODUCTS[2]
        after = client.search(index=shops_own_index, query=OLD_QUERY, source_excludes="hybrid")["hits"]
        assert [(hit["_id"], hit["_score"], hit["_source"]) for hit in after["hits"]] == [
            (hit["_id"], hit["_score"], hit["_source"]) for hit in before["hits"]
        ]
        assert client.indices.stats(index=old)["indices"][old]["primaries"]["indexing"]["index_total"] == writes


def test_a_rebuild_from_our_own_index_carries_the_shops_mapping_on(
    tmp_path: Path, es_url: str, shops_own_index: str
) -> None:
    with open_shop(tmp_path, catalog={"index": shops_own_index}, engine=engine(es_url, shops_own_index)) as shop:
        assert shop.reindex().indexed == len(PRODUCTS)
    with Elasticsearch(es_url) as client:
        (live,) = client.indices.get(index=shops_own_index).values()
        assert live["mappings"]["properties"]["title"] == SHOP_MAPPING["properties"]["title"]  # type: ignore[index]


def test_a_shops_ingest_pipeline_does_not_run_again(tmp_path: Path, es_url: str, shops_own_index: str) -> None:
    with Elasticsearch(es_url) as client:
        client.indices.put_settings(index=shops_own_index, settings={"default_pipeline": "would-fail"})
        shop = HybridSearch.open(
            settings(tmp_path, catalog={"index": shops_own_index}, engine=engine(es_url, shops_own_index))
        )
        with shop:
            assert shop.reindex().rejected == 0
        (live,) = client.indices.get(index=shops_own_index).values()
        assert live["settings"]["index"]["default_pipeline"] == "would-fail"


def test_an_index_at_its_limit_of_fields_gets_room_for_ours_once(
    tmp_path: Path, es_url: str, shops_own_index: str
) -> None:
    with Elasticsearch(es_url) as client:
        limits = {"mapping.total_fields.limit": len(PRODUCTS[0]), "mapping.nested_fields.limit": 3}
        client.indices.put_settings(index=shops_own_index, settings=limits)
        with open_shop(tmp_path, catalog={"index": shops_own_index}, engine=engine(es_url, shops_own_index)) as shop:
            shop.reindex()
        (live,) = client.indices.get(index=shops_own_index).values()
        assert live["settings"]["index"]["mapping"]["total_fields"]["limit"] == str(len(PRODUCTS[0]) + 500)
        assert live["settings"]["index"]["mapping"]["nested_fields"]["limit"] == "4"


def test_an_index_of_the_aliass_name_is_not_touched_unless_allowed(tmp_path: Path, es_url: str, index: str) -> None:
    """Fault 36."""
    with Elasticsearch(es_url) as client:
        client.index(index=index, id="1", document=PRODUCTS[0], refresh=True)
        shop = HybridSearch.open(settings(tmp_path, engine=engine(es_url, index)))
        with shop, pytest.raises(GateError, match="--replace-index"):
            shop.reindex()
        assert client.count(index=index)["count"] == 1
        with HybridSearch.open(shop.settings, replace_index=True) as allowed:
            allowed.reindex()
        assert client.indices.exists_alias(name=index)


def test_an_index_that_took_the_name_during_a_rebuild_is_not_removed(tmp_path: Path, es_url: str, index: str) -> None:
    """Fault 36."""
    with HybridSearch.open(settings(tmp_path, engine=engine(es_url, index))) as shop, Elasticsearch(es_url) as client:
        schema = Schema(shop.settings.fields)
        generation = shop.engine.create(schema)
        client.index(index=index, id="1", document=PRODUCTS[0], refresh=True)
        with pytest.raises(GateError, match="--replace-index"):
            shop.engine.promote(generation, schema)
        assert client.count(index=index)["count"] == 1


def test_a_search_without_an_index_says_how_to_build_one(tmp_path: Path, es_url: str, index: str) -> None:
    shop = HybridSearch.open(settings(tmp_path, engine=engine(es_url, index)))
    with shop, pytest.raises(IndexMissing, match="hybridsearch reindex"):
        shop.search("red")


def test_an_index_that_is_not_ours_is_named_as_such(tmp_path: Path, es_url: str, shops_own_index: str) -> None:
    shop = HybridSearch.open(settings(tmp_path, engine=engine(es_url, shops_own_index)))
    with shop, pytest.raises(IndexMissing, match="not built by hybridsearch"):
        shop.search("red")


def test_products_with_bad_values_are_refused_and_the_others_are_indexed(
    tmp_path: Path, es_url: str, index: str
) -> None:
    bad: list[dict[str, Any]] = [
        {"id": "6", "title": "Free gift", "price": "free"},
        {"id": "7", "title": "x", "hybrid": {}},
        {"title": "no id"},
    ]
    lines = [*PRODUCTS, *bad, {**PRODUCTS[0], "title": "Red autumn dress"}]
    write_products(tmp_path / "products.jsonl", lines)
    with HybridSearch.open(settings(tmp_path, engine=engine(es_url, index))) as shop:
        report = shop.reindex()
        assert (report.indexed, report.rejected, report.duplicates) == (5, 3, 1)
        assert shop.search("autumn").hits[0].id == "1"
    assert report.rejects_file is not None
    assert len(report.rejects_file.read_text().splitlines()) == 3
    assert "'price' is 'free', expected a number" in {reject.reason for reject in report.rejects}


def test_a_product_that_the_server_refuses_costs_no_other_product(tmp_path: Path, es_url: str, index: str) -> None:
    plain = [{"id": str(number), "title": "hat"} for number in range(600)]
    write_products(tmp_path / "products.jsonl", [{"id": "bad", "title": "hat", "a..b": 1}, *plain])
    with HybridSearch.open(settings(tmp_path, engine=engine(es_url, index))) as shop:
        report = shop.reindex()
    assert (report.indexed, report.rejected) == (600, 1)
    assert report.rejects[0].stage == "write"


def test_facet_fields_with_dots_are_counted_and_filtered(tmp_path: Path, es_url: str, index: str) -> None:
    write_products(
        tmp_path / "products.jsonl",
        [{"id": str(i), "title": "hat", "attrs": {"color": c}} for i, c in enumerate("rrg")],
    )
    fields = {**FIELDS, "facets": ["attrs.color"]}
    with open_shop(tmp_path, fields=fields, engine=engine(es_url, index)) as shop:
        page = shop.search("hat", facets=["attrs.color"], filters={"attrs.color": "r"})
        assert (page.total, page.facets) == (2, {"attrs.color": {"r": 2, "g": 1}})


def test_a_shops_own_queries_read_our_dates(tmp_path: Path, es_url: str, index: str) -> None:
    """The second is 2,025 milliseconds after 1970 began, which must not pass for the year 2025."""
    days = ["2025-06-01", "1970-01-01T00:00:02.025Z", "1812-12-24"]
    write_products(tmp_path / "products.jsonl", [{"id": day[:4], "title": "hat", "released": day} for day in days])
    fields = {"title": "title", "dates": ["released"]}
    with open_shop(tmp_path, fields=fields, engine=engine(es_url, index)), Elasticsearch(es_url) as client:
        path = "hybrid.dates.released"
        recent = client.search(index=index, query={"range": {path: {"gte": "2025-01-01"}}})
        assert [hit["_id"] for hit in recent["hits"]["hits"]] == ["2025"]
        shown = client.search(index=index, docvalue_fields=[{"field": path, "format": "strict_date_time"}], sort=[path])
        assert [hit["fields"][path] for hit in shown["hits"]["hits"]] == [
            ["1812-12-24T00:00:00.000Z"],
            ["1970-01-01T00:00:02.025Z"],
            ["2025-06-01T00:00:00.000Z"],
        ]


def test_doctor_says_that_a_replica_has_no_place_on_a_single_node(tmp_path: Path, es_url: str, index: str) -> None:
    """Fault 19, on a real server."""
    with open_shop(tmp_path, engine={**engine(es_url, index), "replicas": 1}) as shop:
        (check,) = (check for check in shop.engine.check() if check.name == "index")
        assert (check.state, check.found) == ("warning", f"'{index}' is yellow, 5 products")
        assert shop.search("red").total == 2


def until_red(client: Elasticsearch, index: str) -> None:
    """Wait until a server says that it has no copy of an index, which it may not know at once."""
    deadline = time.monotonic() + 20
    while client.cluster.health(index=index)["status"] != "red":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_live_index_that_lost_its_shard_is_repaired_by_a_rebuild(tmp_path: Path, es_url: str, index: str) -> None:
    """Fault 19: nothing is read from it, so that a rebuild need not be forced."""
    with open_shop(tmp_path, engine=engine(es_url, index)) as shop, Elasticsearch(es_url) as client:
        live = next(iter(client.indices.get_alias(name=index)))
        client.indices.put_settings(index=live, settings={"routing.allocation.require._name": "nowhere"})
        client.indices.close(index=live, wait_for_active_shards=0)
        client.indices.open(index=live, wait_for_active_shards=0)
        until_red(client, live)
        assert shop.reindex().indexed == len(PRODUCTS)
        assert shop.search("red").total == 2
