"""What the state of the copies of shards means, and what a search does about a node that dies in the middle of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridSearch
from hybridsearch.engines.elasticsearch.copies import NODE_AWAY, Copies, copies, is_lost, lost_midway
from hybridsearch.engines.elasticsearch.transport.shapes import Health
from tests.engines.elasticsearch.test_connection import NO_HITS, at_search
from tests.servers.fake import Received, Reply, serving
from tests.shops import settings


@pytest.mark.parametrize(
    ("nodes", "primaries", "active", "being_made", "state"),
    [
        (1, 3, 3, 0, Copies.READY),  # there is no node for a replica
        (2, 3, 6, 0, Copies.READY),
        (3, 3, 6, 0, Copies.READY),
        (3, 3, 3, 2, Copies.COMING),
        (3, 3, 5, 0, Copies.FEW),
        (3, 2, 4, 1, Copies.COMING),
        (3, 2, 4, 0, Copies.LOST),
        (2, 0, 0, 0, Copies.LOST),
    ],
)
def test_three_shards_with_a_replica_are_waited_for_as_long_as_there_are_nodes_for_more_copies(
    nodes: int, primaries: int, active: int, being_made: int, state: Copies
) -> None:
    health: Health = {
        "status": "any",
        "number_of_data_nodes": nodes,
        "active_primary_shards": primaries,
        "active_shards": active,
        "initializing_shards": being_made,
    }
    assert copies(health, 3, 1) is state


def test_an_index_is_lost_when_a_shard_is_and_the_server_has_no_statistics_when_all_are() -> None:
    assert [is_lost({"health": health, "primaries": {}}) for health in ("green", "yellow", "red")] == [
        False,
        False,
        True,
    ]
    assert is_lost(None)
    assert not is_lost({"primaries": {}})  # a server that does not say


def lacking(kind: str) -> dict[str, Any]:
    failures = [{"shard": 1, "node": "gone", "reason": {"type": kind, "reason": "no reason"}}]
    return {"_shards": {"total": 2, "failed": 1, "failures": failures}, "hits": {"total": {"value": 0}, "hits": []}}


@pytest.mark.parametrize("kind", [*sorted(NODE_AWAY), "no_shard_available_action_exception"])
def test_only_where_a_node_went_away_do_others_have_what_is_missing(kind: str) -> None:
    assert lost_midway(lacking(kind)) == (kind in NODE_AWAY)  # type: ignore[arg-type]


def replies(tmp_path: Path, *answers: Reply) -> tuple[tuple[str, ...], int]:
    """Search a server that answers so in turn; return what the page says that it lacks, and how often it was asked."""
    left, asked = list(answers), 0

    def script(received: Received) -> Reply:
        nonlocal asked
        reply = at_search(left[0])(received)
        if reply is left[0]:
            asked += 1
            left[1:] and left.pop(0)
        return reply

    with serving(script) as fake, HybridSearch.open(settings(tmp_path, engine={"url": fake.url})) as shop:
        return shop.search("red").degraded, asked


def test_a_search_during_which_a_node_dies_is_asked_again_of_those_that_have_its_copies(tmp_path: Path) -> None:
    died = Reply(lacking("node_disconnected_exception"))
    assert replies(tmp_path, died, NO_HITS) == ((), 2)


def test_it_is_asked_again_once_and_what_is_still_missing_is_said(tmp_path: Path) -> None:
    died = Reply(lacking("node_disconnected_exception"))
    assert replies(tmp_path, died) == (("1 of 2 shards failed",), 2)


def test_a_shard_that_is_lost_for_good_costs_no_second_request(tmp_path: Path) -> None:
    assert replies(tmp_path, Reply(lacking("no_shard_available_action_exception"))) == (("1 of 2 shards failed",), 1)
