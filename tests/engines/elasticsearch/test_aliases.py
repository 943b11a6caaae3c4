"""An alias that somebody put on two indices: one of them is searched, `doctor` says so, and any swap mends it.

Also: an index that somebody blocked (`blocks.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch.aliases import chosen
from hybridsearch.errors import EngineError
from tests.shops import PRODUCTS, quietly, settings

OURS: dict[str, Any] = {"_meta": {"hybridsearch": {}}}


def index(mappings: dict[str, Any], **alias: Any) -> Any:
    return {"mappings": mappings, "settings": {"index": {}}, "aliases": {"products": alias}}


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ({"a": index(OURS)}, "a"),
        ({"products-20261101": index(OURS), "products-20261102": index(OURS)}, "products-20261102"),
        ({"a": index(OURS, is_write_index=True), "b": index(OURS, is_write_index=False)}, "a"),
        ({"a": index(OURS), "b": index({}, is_write_index=True)}, "a"),
        ({"a": index({}), "b": index({})}, "b"),
    ],
    ids=["one", "the newest", "the one that is written to", "ours", "none of ours"],
)
def test_of_several_indices_one_is_chosen_by_a_rule(indices: dict[str, Any], expected: str) -> None:
    """Attack: an alias on two indices."""
    assert chosen(indices, "products") == expected


@contextmanager
def doubled(folder: Path, es_url: str, name: str) -> Iterator[tuple[HybridSearch, Elasticsearch, list[str]]]:
    """Open a shop whose alias leads to both of its generations; the older one has products that the newer has not."""
    section = {"url": es_url, "index": name, "replicas": 0}
    with HybridSearch.open(settings(folder, engine=section)) as shop, Elasticsearch(es_url) as client:
        for _ in range(2):
            shop.reindex(options=quietly())
        both = [generation.name for generation in shop.engine.generations()]
        client.indices.put_alias(index=both[0], name=name)
    with HybridSearch.open(settings(folder, engine=section)) as shop, Elasticsearch(es_url) as client:
        yield shop, client, both


def test_no_product_comes_twice_and_it_is_said(tmp_path: Path, es_url: str, index: str) -> None:
    """Attack: an alias on two indices."""
    with doubled(tmp_path, es_url, index) as (shop, _, both):
        page = shop.search("red winter coat", facets=["brand"])
        assert sorted(hit.id for hit in page) == ["2", "3"]
        assert (page.total, page.facets["brand"]) == (2, {"Acme": 1, "Borealis": 1})
        assert page.degraded == (
            f"'{index}' names 2 indices, of which '{both[1]}' is searched; the way out is in: hybridsearch doctor",
        )
        assert shop.engine.request(shop.plan("red")).path == f"/{both[1]}/_search"
        assert list(shop.get(["1"])) == ["1"]
        line = next(check for check in shop.engine.check() if check.name == "index")
        assert (line.state, line.found) == (
            "failure",
            f"'{index}' names 2 indices, {both[0]} and {both[1]}, of which '{both[1]}' is searched",
        )
        assert line.next_step == f"hybridsearch reindex, or: hybridsearch rollback --to {both[0]}"
        with pytest.raises(
            EngineError, match=r"names 2 indices.* Changes would go to none of them\. Run: hybridsearch "
        ):
            shop.upsert(PRODUCTS[0])


def test_a_rollback_mends_it_and_so_does_a_rebuild(tmp_path: Path, es_url: str, index: str) -> None:
    """Attack: an alias on two indices."""
    with doubled(tmp_path, es_url, index) as (shop, client, both):
        shop.rollback()
        assert list(client.indices.get_alias(name=index)) == [both[0]]
        assert shop.search("red").degraded == ()
        assert shop.upsert(PRODUCTS[0]).rejects == ()
        client.indices.put_alias(index=both[1], name=index)
        report = shop.reindex(options=quietly())
        assert list(client.indices.get_alias(name=index)) == [report.generation]
        assert shop.search("red").degraded == ()


def test_a_block_is_named_with_the_way_out(tmp_path: Path, es_url: str, index: str) -> None:
    """Attack: an index with a block."""
    section = {"url": es_url, "index": index, "replicas": 0}
    with HybridSearch.open(settings(tmp_path, engine=section)) as shop, Elasticsearch(es_url) as client:
        shop.reindex(options=quietly())
        for block in ("read", "read_only", "write", "read_only_allow_delete"):
            setting = f"index.blocks.{block}"
            client.indices.put_settings(index=index, settings={setting: True})
            with pytest.raises(EngineError) as refused:
                shop.search("red") if block == "read" else shop.upsert(PRODUCTS[0])
            assert block == "read" or shop.search("red").total
            client.indices.put_settings(index=index, settings={setting: None})
            message = str(refused.value)
            assert f"it has the block '{setting}'; " in message
            assert f'remove it with: PUT /{index}/_settings {{"{setting}": null}}' in message
            assert ("free space" in message) == (block == "read_only_allow_delete")
        assert shop.upsert(PRODUCTS[0]).rejects == ()
