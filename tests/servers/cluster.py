"""Several nodes of Elasticsearch that are one cluster, on this machine; each can be killed, and started again."""

import contextlib
import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.distribution import RELEASES, Release
from tests.servers.elasticsearch import PATIENCE, configure, free_ports, kill, launch


@dataclass(slots=True)
class Node:
    """One server of the cluster."""

    name: str
    url: str
    release: Release
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with the data that it has."""
        self.process = launch(self.release, self.folder)

    def kill(self) -> None:
        """Let it die without a word."""
        if self.process is not None:
            kill(self.process)
            self.process = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """All nodes, those that are down too."""

    nodes: list[Node] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """The addresses of all nodes."""
        return [node.url for node in self.nodes]

    def get(self, path: str) -> Any:
        """Return what the first node that runs says."""
        node = next(node for node in self.nodes if node.process)
        with urllib.request.urlopen(f"{node.url}{path}", timeout=70) as answer:
            return json.load(answer)

    def master(self) -> Node:
        """Return the node that decides for all."""
        (line,) = self.get("/_cat/master?format=json")
        return self.named(line["node"])

    def holding(self, index: str, *, primary: bool = True) -> list[Node]:
        """Return the nodes that have a shard of an index, as the primary or as a copy of it."""
        lines = self.get(f"/_cat/shards/{index}?format=json")
        return [
            self.named(line["node"]) for line in lines if line["prirep"] == ("p" if primary else "r") and line["node"]
        ]

    def named(self, name: str) -> Node:
        """Return the node of a name."""
        return next(node for node in self.nodes if node.name == name)

    def whole(self) -> None:
        """Start what is down, and wait until all nodes are there with every copy of what they hold."""
        down = [node for node in self.nodes if node.process is None]
        for node in down:
            node.start()
        wait(self, len(self.nodes))


@contextlib.contextmanager
def running(version: str, count: int = 3) -> Iterator[Cluster]:
    """Run a cluster of so many nodes for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="hybridsearch-es-", dir="/var/tmp") as scratch:
        cluster = Cluster(prepared(RELEASES[version], Path(scratch), count))
        try:
            cluster.whole()
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()


def prepared(release: Release, folder: Path, count: int) -> list[Node]:
    """Return nodes that are configured to find each other."""
    ports = free_ports(2 * count)
    names = [f"node-{number}" for number in range(count)]
    nodes = []
    for name, port, transport in zip(names, ports[:count], ports[count:], strict=True):
        node = Node(name, f"http://127.0.0.1:{port}", release, folder / name)
        node.folder.mkdir()
        configure(release, node.folder, settings(name, port, transport, names, ports[count:]), "256m")
        nodes.append(node)
    folder.chmod(0o755)
    return nodes


def settings(name: str, port: int, transport: int, names: Sequence[str], transports: Sequence[int]) -> str:
    """Return the settings of one of several nodes."""
    seeds = [f"127.0.0.1:{each}" for each in transports]
    return (
        f"cluster.name: three\nnode.name: {name}\nhttp.port: {port}\ntransport.port: {transport}\n"
        f"discovery.seed_hosts: {json.dumps(seeds)}\ncluster.initial_master_nodes: {json.dumps(list(names))}\n"
    )


def wait(cluster: Cluster, count: int) -> None:
    """Wait until so many nodes are there, with every copy of what they hold.

    Raises:
        RuntimeError: They do not come.
    """
    deadline = time.monotonic() + PATIENCE
    path = f"/_cluster/health?wait_for_nodes={count}&wait_for_no_initializing_shards=true&timeout=60s"
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if not cluster.get(path)["timed_out"] and cluster.master():
                return
        time.sleep(0.3)
    said = "\n".join((node.folder / "console.log").read_text(errors="replace")[-1500:] for node in cluster.nodes)
    raise RuntimeError(f"The cluster of {count} nodes did not start:\n{said}")
