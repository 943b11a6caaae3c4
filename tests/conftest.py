"""Fixtures that every test may use: real servers, one per version and run."""

import _thread
import contextlib
import gc
import os
import signal
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from tests.servers import postgresql, whisper
from tests.servers.cluster import Cluster
from tests.servers.cluster import running as cluster_of
from tests.servers.elasticsearch import running
from tests.shops import Stop

VERSIONS = os.environ.get("HYBRIDSEARCH_TEST_ES_VERSIONS", "9.4.3 8.16.6").split()
REQUIRED = os.environ.get("HYBRIDSEARCH_REQUIRE_ES") == "1"
VOICE_REQUIRED = os.environ.get("HYBRIDSEARCH_REQUIRE_VOICE") == "1"
POSTGRES_REQUIRED = os.environ.get("HYBRIDSEARCH_REQUIRE_POSTGRES") == "1"
ELSEWHERE = os.environ.get("HYBRIDSEARCH_TEST_ES_URL")


def pytest_report_header() -> str:
    return f"elasticsearch: {ELSEWHERE or ', '.join(VERSIONS)}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that wait for a server, so that the others can run meanwhile.

    The embedded engine is the same beside every server, and a benchmark runs or does not: beside the first.
    """
    items[:] = [item for item in items if not is_repeated(item)]
    for item in items:
        if {"es_url", "cluster"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("server")


def pytest_collection_finish() -> None:
    """Leave what was imported, a million objects and more, out of every later search for garbage: it stays."""
    gc.freeze()


def is_repeated(item: pytest.Item) -> bool:
    """Tell whether a test is run beside another server for what does not depend on the server."""
    params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    if params.get("es_url") not in VERSIONS[1:]:
        return False
    embedded = any(value == "embedded" for value in params.values() if isinstance(value, str))
    return embedded or item.get_closest_marker("beside_one_server") is not None


@pytest.fixture(autouse=True)
def no_packaged_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `init` propose the same on every machine: without the encoder that a package brings."""
    monkeypatch.setattr("hybridsearch.encoders.models.hub.installed", lambda _: None)


@pytest.fixture(scope="session", params=["given"] if ELSEWHERE else VERSIONS)
def es_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a running Elasticsearch, of each version in turn."""
    if ELSEWHERE:
        yield ELSEWHERE
        return
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(running(request.param))
        except (OSError, RuntimeError) as error:
            if REQUIRED:
                raise
            pytest.skip(f"NO ELASTICSEARCH {request.param}: {error}")
        yield url


@pytest.fixture(scope="module")
def three_nodes() -> Iterator[Cluster]:
    """Three nodes of the newest Elasticsearch, which tests kill."""
    with contextlib.ExitStack() as stack:
        try:
            found = stack.enter_context(cluster_of(VERSIONS[0]))
        except (OSError, RuntimeError) as error:
            if REQUIRED:
                raise
            pytest.skip(f"NO CLUSTER OF ELASTICSEARCH {VERSIONS[0]}: {error}")
        yield found


@pytest.fixture
def cluster(three_nodes: Cluster) -> Cluster:
    """The same, all of them running."""
    three_nodes.whole()
    return three_nodes


@pytest.fixture
def index(es_url: str) -> Iterator[str]:
    """A name for an alias of this test alone; whatever it names, and its generations, are deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    with Elasticsearch(es_url) as client:
        if found := list(client.indices.get(index=f"{name}*", expand_wildcards="all")):
            client.indices.delete(index=found)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """A running PostgreSQL; whoever kills it starts another one."""
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(postgresql.running())
        except (OSError, RuntimeError) as error:
            if POSTGRES_REQUIRED:
                raise
            pytest.skip(f"NO POSTGRESQL: {error}")
        yield server


@pytest.fixture(scope="session")
def spoken() -> Path:
    """The folder of a real recogniser, Whisper base, where there is a voice for it too: `whisper.say`."""
    try:
        whisper.require_voice()
        return whisper.fetch()
    except (OSError, RuntimeError) as error:
        if VOICE_REQUIRED:
            raise
        pytest.skip(f"NO VOICE: {error}")


@pytest.fixture(params=["embedded", "elasticsearch"])
def engine(request: pytest.FixtureRequest, es_url: str, index: str) -> dict[str, Any]:
    """The [engine] section of either engine."""
    return {} if request.param == "embedded" else {"url": es_url, "index": index, "replicas": 0}


@pytest.fixture
def stop_after() -> Iterator[Stop]:
    """Stops the main thread after some seconds, as Ctrl-C does; but no lock that it waits for wakes by it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda seconds: threading.Timer(seconds, _thread.interrupt_main).start()
    signal.signal(signal.SIGINT, before)
