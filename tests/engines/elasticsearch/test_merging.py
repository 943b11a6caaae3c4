"""Merging: one segment for each shard before a generation becomes live, also after a kill, if there is room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError, Elasticsearch

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch import merging
from hybridsearch.engines.elasticsearch.merging import Node, Parts, merge, short_of_room
from hybridsearch.errors import ConfigError, EngineError, GateError
from hybridsearch.indexing import fill
from hybridsearch.indexing.fill import Options
from tests.shops import quietly, settings, shop, write_products

ROWS = [{"id": str(number), "title": f"hat {number}"} for number in range(600)]


def segments(client: Elasticsearch, index: str) -> list[int]:
    """Return how many segments each shard has."""
    (found,) = client.indices.stats(index=index, metric="segments", level="shards")["indices"].values()
    return [copy["segments"]["count"] for shard in found["shards"].values() for copy in shard]


def scattered(client: Elasticsearch, index: str) -> Any:
    """Let every batch that a run writes become a segment of its own."""

    def reach(point: str) -> None:
        if point == "chunk.saved":
            client.indices.refresh(index=f"{index}-2*")

    return mock.patch.object(fill, "reach", reach)


def test_a_rebuild_merges_before_the_swap_and_goes_on_with_a_merge_that_was_interrupted(
    tmp_path: Path, es_url: str, index: str
) -> None:
    write_products(tmp_path / "products.jsonl", ROWS)
    engine = {"url": es_url, "index": index, "replicas": 0, "max_segments": 1}
    said: list[str] = []

    def stopping(stage: str, *_: object) -> None:
        if stage == "merging":
            raise KeyboardInterrupt

    with (
        HybridSearch.open(settings(tmp_path, engine=engine)) as found,
        Elasticsearch(es_url) as client,
        scattered(client, index),
    ):
        with pytest.raises(KeyboardInterrupt):
            found.reindex(stopping, Options(say=said.append))
        (unfinished,) = found.engine.generations()
        assert (unfinished.state, segments(client, unfinished.name) > [1]) == ("unfinished", True)
        assert any(sentence.startswith("Merging ") and " MB are written anew" in sentence for sentence in said)
        stages: list[str] = []
        report = found.reindex(lambda stage, *_: stages.append(stage), quietly())
        assert (report.indexed, report.resumed) == (600, 600)
        assert stages.index("merging") < stages.index("promoting")
        assert segments(client, report.generation) == [1]
        assert found.search("hat 7", size=1)[0].id == "7"


def test_each_shard_is_merged_and_what_is_merged_already_is_left_alone(tmp_path: Path, es_url: str, index: str) -> None:
    write_products(tmp_path / "products.jsonl", ROWS)
    engine = {"url": es_url, "index": index, "replicas": 0, "shards": 2}
    said: list[str] = []
    with (
        HybridSearch.open(settings(tmp_path, engine=engine)) as found,
        Elasticsearch(es_url) as client,
        scattered(client, index),
    ):
        generation = found.reindex(options=Options(max_segments=2, say=said.append)).generation
        assert max(segments(client, generation)) <= 2
        found.engine.merge(generation, 1, said.append, lambda *_: None)  # type: ignore[attr-defined]
        assert segments(client, generation) == [1, 1]
        said.clear()
        found.engine.merge(generation, 1, said.append, lambda *_: None)  # type: ignore[attr-defined]
        assert said == []


def test_an_engine_without_segments_refuses_before_it_begins(tmp_path: Path) -> None:
    with shop(tmp_path) as embedded, pytest.raises(ConfigError, match="this engine has no segments to merge"):
        embedded.reindex(options=Options(max_segments=1))


@pytest.mark.parametrize("wanted", [0, -1, "2", 1.5])
def test_less_than_one_segment_is_refused(tmp_path: Path, wanted: Any) -> None:
    with shop(tmp_path) as embedded, pytest.raises(ConfigError, match="expected 1 or more"):
        embedded.reindex(options=Options(max_segments=wanted))


def test_a_disk_needs_room_for_a_second_copy_of_what_lies_on_it() -> None:
    parts = Parts(5, 9, Counter(a=700, b=300, c=300), 0)
    nodes: dict[str, Node] = {
        "a": {"name": "one", "fs": {"total": {"available_in_bytes": 699}}},
        "b": {"fs": {"total": {"available_in_bytes": 300}}},
        "c": {"name": "unknown"},
    }
    assert list(short_of_room(parts, nodes)) == [("one", 700, 699)]


class Server:
    """A stand-in for a client, whose server has five segments and never merges them.

    Args:
        free: Bytes on its disk; None: it does not say.
        refusal: What it answers with when it is asked to merge.
    """

    def __init__(self, free: int | None, refusal: int = 0) -> None:
        self.free, self.refusal, self.asked = free, refusal, 0
        self.indices = self.nodes = self

    def stats(self, *, metric: object, **_: object) -> Mapping[str, Any]:
        if metric == "fs":
            if self.free is None:
                raise refused(403)
            return {"nodes": {"n": {"name": "one", "fs": {"total": {"available_in_bytes": self.free}}}}}
        copy = {
            "routing": {"node": "n"},
            "segments": {"count": 5},
            "store": {"size_in_bytes": 2_000_000},
            "merges": {"current": 0},
        }
        return {"indices": {"i": {"shards": {"0": [copy]}}}}

    def refresh(self, **_: object) -> None:
        pass

    def forcemerge(self, **_: object) -> None:
        self.asked += 1
        if self.refusal:
            raise refused(self.refusal)


def refused(status: int) -> ApiError:
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "localhost", 9200))
    return ApiError("refused", meta, {"error": "refused"})


def run(server: Any, said: list[str] | None = None) -> None:
    merge(server, "i", 1, (said if said is not None else []).append, lambda *_: None, sleep=lambda _: None)


def test_nothing_is_merged_where_there_is_no_room_and_the_message_says_how_much_is_needed() -> None:
    server = Server(free=1_000_000)
    with pytest.raises(GateError, match=r"takes 2 MB more on the disk of node 'one' .* has 1 MB left"):
        run(server)
    assert server.asked == 0


@pytest.mark.parametrize("status", [403, 410])
def test_a_server_that_does_not_merge_when_it_is_asked_is_named(status: int) -> None:
    with pytest.raises(GateError, match=rf"does not merge 'i' when it is asked \({status}"):
        run(Server(free=10**9, refusal=status))


def test_where_nothing_becomes_of_it_the_run_ends_and_room_that_is_not_shown_is_not_checked() -> None:
    server = Server(free=None)
    said: list[str] = []
    with pytest.raises(EngineError, match="asked 20 times to merge"):
        run(server, said)
    assert server.asked == merging.TURNS
    assert said[0] == "The key may not see how much room the server's disks have ('monitor'): it is not checked."
