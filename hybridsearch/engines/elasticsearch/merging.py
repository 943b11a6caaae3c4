"""Merging: few segments of a generation before it becomes live. A server goes on with a merge whoever asked for it."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NotRequired

from elasticsearch import ApiError
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from hybridsearch.engines.base import MergeProgress, Say
from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.client import Client
from hybridsearch.engines.elasticsearch.transport.shapes import Count
from hybridsearch.errors import EngineError, GateError

PAUSE = 1.0
"""Seconds between two looks at how far it is."""
IDLE = 30
"""Looks at a server that merges nothing until it is asked again, as others may stand before us in its queue,"""
TURNS = 20
"""and times that it is asked at most."""
FORBIDDEN, UNKNOWN = (401, 403), (400, 404, 405, 410)
MEGABYTE = 1_000_000


class Segments(TypedDict):  # noqa: D101 - the names of the fields are the server's
    count: Count


class Store(TypedDict):  # noqa: D101
    size_in_bytes: Count


class Merges(TypedDict):  # noqa: D101
    current: Count


class Routing(TypedDict):  # noqa: D101
    node: str | None


class Copy(TypedDict):  # noqa: D101
    routing: Routing
    segments: Segments
    store: Store
    merges: Merges


class Shards(TypedDict):  # noqa: D101
    shards: dict[str, list[Copy]]


class Stats(TypedDict):  # noqa: D101
    indices: dict[str, Shards]


class Free(TypedDict):  # noqa: D101
    available_in_bytes: Count


class FileSystem(TypedDict):  # noqa: D101
    total: NotRequired[Free]


class Node(TypedDict):  # noqa: D101
    name: NotRequired[str]
    fs: NotRequired[FileSystem]


class Nodes(TypedDict):  # noqa: D101
    nodes: dict[str, Node]


STATS, NODES = TypeAdapter(Stats), TypeAdapter(Nodes)


@dataclass(frozen=True, slots=True)
class Parts:
    """What an index consists of.

    Attributes:
        most: Segments of the shard that has most of them.
        segments: All.
        bytes: By node, on its disk.
        merging: Merges that go on.
    """

    most: int
    segments: int
    bytes: Counter[str]
    merging: int

    def are_few(self, most: int) -> bool:
        """Tell whether no shard has more segments, and none will soon have others."""
        return self.most <= most and not self.merging

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self.bytes.total()


def merge(
    client: Client,
    index: str,
    most: int,
    say: Say,
    progress: MergeProgress,
    *,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """Merge the shards of an index into so many segments at most, and return when that is done.

    The server goes on when this process is killed: another one waits for the same merge, or finds it done.

    Args:
        client: A patient one.
        index: Nobody writes to it meanwhile.
        most: Segments of each shard, 1 or more.
        say: Is told beforehand what it costs.
        progress: Is told how many megabytes are written, and of how many; where the graphs of vectors are made, at the
            end, nothing is.
        sleep: How it waits.

    Raises:
        GateError: A disk has too little room, or the server does not merge when it is asked.
        EngineError: Nothing becomes of it.
    """
    began = parts = parts_of(client, index)
    if not parts.are_few(most) and not parts.merging:
        require_room(parts, client, index, say)
        say(
            f"Merging {parts.segments} segments into {most} for each shard: {parts.size / MEGABYTE:,.0f} MB are "
            "written anew, which takes as much room beside them, and a core for some three minutes for each 1,000 MB."
        )
        progress(0, began.size // MEGABYTE)
    idle, asked = IDLE, 0
    while not parts.are_few(most):
        if parts.merging:
            written, idle = max(0, parts.size - began.size), 0
            progress(min(written, began.size) // MEGABYTE, began.size // MEGABYTE)
        elif idle < IDLE:
            idle += 1
            client.indices.refresh(index=index)  # segments that were merged are there until then
        elif asked < TURNS:
            idle, asked = 0, asked + 1
            ask(client, index, most)
        else:
            raise EngineError(
                f"'{index}' has {parts.most} segments in a shard, expected {most}, though its server was asked "
                f"{TURNS} times to merge them. Look into the server's log, or leave 'max_segments' out; then continue "
                "with: hybridsearch reindex"
            )
        sleep(PAUSE)
        parts = parts_of(client, index)


def ask(client: Client, index: str, most: int) -> None:
    """Ask the server to merge; it answers at once.

    Raises:
        GateError: It does not do so.
    """
    try:
        client.indices.forcemerge(index=index, max_num_segments=most, wait_for_completion=False)
    except ApiError as error:
        if error.meta.status not in (*FORBIDDEN, *UNKNOWN):
            raise
        raise GateError(
            f"The server does not merge '{index}' when it is asked ({error.meta.status}: {error.message}). The old "
            "index stays. Allow the key to 'maintenance' of it, or leave 'max_segments' out; then continue with: "
            "hybridsearch reindex"
        ) from error


def parts_of(client: Client, name: str) -> Parts:
    """Return what an index consists of."""
    answer = client.indices.stats(index=name, metric=["segments", "store", "merge"], level="shards")
    shards = (shard for index in read(STATS, answer)["indices"].values() for shard in index["shards"].values())
    copies = list(itertools.chain.from_iterable(shards))
    size: Counter[str] = Counter()
    for copy in copies:
        size[copy["routing"]["node"] or ""] += copy["store"]["size_in_bytes"]
    counts = [copy["segments"]["count"] for copy in copies]
    return Parts(max(counts, default=0), sum(counts), size, sum(copy["merges"]["current"] for copy in copies))


def require_room(parts: Parts, client: Client, index: str, say: Say) -> None:
    """Check that each disk has room for a second copy of what lies on it.

    Raises:
        GateError: One has not.
    """
    try:
        nodes = read(NODES, client.nodes.stats(metric="fs"))["nodes"]
    except ApiError as error:
        if error.meta.status not in FORBIDDEN:
            raise
        say("The key may not see how much room the server's disks have ('monitor'): it is not checked.")
        return
    for name, needed, free in short_of_room(parts, nodes):
        raise GateError(
            f"Merging '{index}' takes {needed / MEGABYTE:,.0f} MB more on the disk of node '{name}' for some minutes, "
            f"which has {free / MEGABYTE:,.0f} MB left. The old index stays. Make room, or leave 'max_segments' out; "
            "then continue with: hybridsearch reindex"
        )


def short_of_room(parts: Parts, nodes: dict[str, Node]) -> Iterator[tuple[str, int, int]]:
    """Yield the nodes whose disks have less room than is needed, with both in bytes; who says nothing has enough."""
    for key, needed in parts.bytes.items():
        node: Node = nodes.get(key, {})
        free = node.get("fs", {}).get("total")
        if free is not None and free["available_in_bytes"] < needed:
            yield node.get("name") or key, needed, free["available_in_bytes"]
