"""Copies of the shards of an index, which nodes of a cluster hold: what their state means. Pure decisions."""

from __future__ import annotations

from enum import Enum

from hybridsearch.engines.elasticsearch.transport.shapes import Completeness, Health, IndexStats

NODE_AWAY = frozenset(
    (
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "connect_transport_exception",
        "receive_timeout_transport_exception",
        "search_context_missing_exception",
    )
)
"""Why a shard failed whose node went away in the middle of a search: the next search asks another copy."""


class Copies(Enum):
    """Whether an index can be searched, and survives the loss of a node as far as the cluster has nodes for that."""

    READY = "ready"
    COMING = "some are being made"
    FEW = "there are nodes for more, of which none is being made yet"
    LOST = "a shard has none"


def possible(health: Health, shards: int, replicas: int) -> int:
    """Return how many copies of so many shards the nodes of a cluster can hold: no node holds two of one shard."""
    return shards * min(1 + replicas, max(1, health.get("number_of_data_nodes", 1)))


def copies(health: Health, shards: int, replicas: int) -> Copies:
    """Return what the health of an index that is to have so many replicas of its shards means."""
    if health.get("initializing_shards", 0):
        return Copies.COMING
    if health.get("active_primary_shards", shards) < shards:
        return Copies.LOST
    active = health.get("active_shards", shards)
    return Copies.READY if active >= possible(health, shards, replicas) else Copies.FEW


def is_lost(stats: IndexStats | None) -> bool:
    """Tell whether a shard of an index has no copy that works; of one without any the server has no statistics."""
    return stats is None or stats.get("health") == "red"


def lost_midway(answer: Completeness) -> bool:
    """Tell whether an answer lacks shards that other nodes hold copies of: a node died while it was asked."""
    shards = answer.get("_shards", {})
    return any(failure["reason"].get("type") in NODE_AWAY for failure in shards.get("failures", ()))
