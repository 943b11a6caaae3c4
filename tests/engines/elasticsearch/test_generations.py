"""What somebody else does to the indices of a shop while they are built: templates, aliases, pipelines, deletions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from elasticsearch import Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.errors import EngineError, GateError
from hybridsearch.indexing import reindex
from tests.shops import PRODUCTS, quietly, settings

Act = Callable[[Elasticsearch, str, str], object]


@contextmanager
def opened(folder: Path, es_url: str, index: str) -> Iterator[tuple[HybridSearch, Elasticsearch]]:
    """Open a shop on a server, with a client beside it."""
    with (
        HybridSearch.open(settings(folder, engine={"url": es_url, "index": index, "replicas": 0})) as shop,
        Elasticsearch(es_url) as client,
    ):
        yield shop, client


@contextmanager
def template(client: Elasticsearch, index: str, **content: Any) -> Iterator[None]:
    """Keep a template for the generations of an index."""
    client.indices.put_index_template(name=f"{index}-template", index_patterns=[f"{index}-2*"], template=content)
    try:
        yield
    finally:
        client.indices.delete_index_template(name=f"{index}-template")


def test_a_template_that_gives_new_indices_the_alias_changes_nothing(tmp_path: Path, es_url: str, index: str) -> None:
    with opened(tmp_path, es_url, index) as (shop, client), template(client, index, aliases={index: {}}):
        for _ in range(3):
            assert shop.reindex(options=quietly()).indexed == len(PRODUCTS)
            assert shop.search("red").total == 2
        assert [generation.state for generation in shop.engine.generations()] == ["kept", "live"]


@pytest.mark.parametrize(
    "content",
    [{"mappings": {"_source": {"enabled": False}}}, {"mappings": {"_routing": {"required": True}}}],
    ids=["no source", "a routing"],
)
def test_a_template_with_which_nothing_works_is_named(
    tmp_path: Path, es_url: str, index: str, content: dict[str, Any]
) -> None:
    with opened(tmp_path, es_url, index) as (shop, client):
        shop.reindex(options=quietly())
        with template(client, index, **content), pytest.raises(EngineError, match=rf"template .*Exclude '{index}-\*'"):
            shop.reindex(options=quietly())
        assert [generation.state for generation in shop.engine.generations()] == ["live"]


def put_alias(client: Elasticsearch, index: str, generation: str) -> object:
    return client.indices.put_alias(index=generation, name=index)


def move_alias(client: Elasticsearch, index: str, generation: str) -> object:
    actions: list[dict[str, Any]] = [
        {"remove": {"index": "*", "alias": index}},
        {"add": {"index": generation, "alias": index}},
    ]
    return client.indices.update_aliases(actions=actions)


@pytest.mark.parametrize("act", [put_alias, move_alias])
@pytest.mark.parametrize("point", ["run.begun", "run.replayed", "run.checked"])
def test_an_index_to_which_somebody_moved_the_alias_is_filled_and_checked_all_the_same(
    tmp_path: Path, es_url: str, index: str, act: Act, point: str
) -> None:
    """Attack: an index that nobody filled went live, in silence."""
    with opened(tmp_path, es_url, index) as (shop, client):
        shop.reindex(options=quietly())

        def reach(reached: str) -> None:
            if reached == point:
                act(client, index, shop.engine.generations()[-1].name)

        with mock.patch.object(reindex, "reach", reach):
            assert shop.reindex(options=quietly()).indexed == len(PRODUCTS)
        assert shop.search("red").total == 2
        live = shop.engine.generations()[-1]
        assert live.state == "live"
        assert list(client.indices.get(index=live.name)[live.name]["aliases"]) == [index]
        assert list(client.indices.get_alias(name=index)) == [live.name]


def test_an_index_that_was_emptied_after_it_was_checked_does_not_go_live(
    tmp_path: Path, es_url: str, index: str
) -> None:
    with opened(tmp_path, es_url, index) as (shop, client):
        shop.reindex(options=quietly())

        def reach(reached: str) -> None:
            if reached == "run.checked":
                newest = shop.engine.generations()[-1].name
                client.delete_by_query(index=newest, query={"match_all": {}}, refresh=True, conflicts="proceed")

        with mock.patch.object(reindex, "reach", reach), pytest.raises(GateError, match="was emptied after"):
            shop.reindex(options=quietly())
        assert shop.search("red").total == 2
        assert shop.reindex(options=quietly(restart=True)).indexed == len(PRODUCTS)


def test_a_new_index_has_no_pipeline_whatever_a_template_says(tmp_path: Path, es_url: str, index: str) -> None:
    """Attack: a change that was acknowledged, and that a pipeline of the server had dropped or altered."""
    pipeline = {"index": {"final_pipeline": f"{index}-drops"}}
    with opened(tmp_path, es_url, index) as (shop, client), template(client, index, settings=pipeline):
        assert shop.reindex(options=quietly()).indexed == len(PRODUCTS)
        assert shop.upsert([{**PRODUCTS[0], "price": 1}]).written == 1
        for settings_of in client.indices.get_settings(index=f"{index}-*").values():
            assert settings_of["settings"]["index"]["final_pipeline"] == "_none"
