"""What `doctor` asks an Elasticsearch server."""

from __future__ import annotations

from elasticsearch import ApiError, Elasticsearch

from hybridsearch.engines.base import Check
from hybridsearch.engines.elasticsearch.aliases import chosen, several, way_out
from hybridsearch.engines.elasticsearch.transport.answers import read
from hybridsearch.engines.elasticsearch.transport.connection import client_version, explained, version_of
from hybridsearch.engines.elasticsearch.transport.shapes import COUNTED, HEALTH, INDICES, INFO, LICENCE
from hybridsearch.errors import HybridSearchError

LOSES_REPLICAS = ((9, 5, 0), (9, 5, 2))
"""Versions whose bulk items may miss the replicas under pressure."""


def checks(client: Elasticsearch, url: str, alias: str) -> list[Check]:
    """Return one line each for server, client, licence and index; an unreachable server gives one failure."""
    try:
        with explained(url, alias):
            info = client.info()
            return [server(info), client_match(info), licence(client), *index(client, alias)]
    except HybridSearchError as error:
        return [Check("server", "failure", str(error), "start the server or correct 'engine.url'")]


def server(info: object) -> Check:
    """Say which server answers, and whether its version should be avoided."""
    number = read(INFO, info)["version"]["number"]
    oldest, newest = LOSES_REPLICAS
    if oldest <= version_of(info)[:3] <= newest:
        return Check(
            "server", "warning", f"Elasticsearch {number} may lose replicas of bulk items", "upgrade the server"
        )
    return Check("server", "ok", f"Elasticsearch {number}")


def client_match(info: object) -> Check:
    """Say whether the Python client may talk to this server: an older major may, a newer one may not."""
    ours, servers = client_version(), read(INFO, info)["version"]["number"]
    if int(ours.split(".")[0]) > int(servers.split(".")[0]):
        return Check("client", "failure", f"client {ours}, server {servers}", 'pip install "elasticsearch>=8.19,<9"')
    return Check("client", "ok", f"client {ours} talks to server {servers}")


def licence(client: Elasticsearch) -> Check:
    """Say which licence is active; the free one is enough."""
    try:
        details = read(LICENCE, client.license.get())["license"]
    except ApiError as error:
        return Check(
            "licence", "warning", f"cannot be read ({error.meta.status})", "nothing: the basic licence is enough"
        )
    description = f"{details['type']}, {details['status']}"
    if details["status"] != "active":
        return Check("licence", "failure", description, "renew it, or start the basic licence")
    return Check("licence", "ok", description)


def index(client: Elasticsearch, alias: str) -> list[Check]:
    """Describe the state of the index behind the alias."""
    if not client.indices.exists(index=alias):
        return [Check("index", "failure", f"'{alias}' is missing", "hybridsearch reindex")]
    indices = read(INDICES, client.indices.get(index=alias))
    if len(indices) > 1:
        name, names = chosen(indices, alias), " and ".join(sorted(indices))
        found = several(alias, indices, name).replace("indices,", f"indices, {names},")
        return [Check("index", "failure", found, way_out(indices, name))]
    state = read(HEALTH, client.cluster.health(index=alias))["status"]
    count = read(COUNTED, client.count(index=alias))["count"]
    summary = f"'{alias}' is {state}, {count:,} products"
    if state == "red":
        return [Check("index", "failure", summary, "look at the cluster: a shard has no copy that works")]
    if state == "yellow":
        return [Check("index", "warning", summary, "add a node, or set 'engine.replicas = 0' on a single node")]
    return [Check("index", "ok", summary) if count else Check("index", "warning", summary, "hybridsearch reindex")]
