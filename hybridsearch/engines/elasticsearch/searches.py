"""Searches on a server: plans become requests, answers become pages."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, AsyncElasticsearch

from hybridsearch.engines.base import Request
from hybridsearch.engines.elasticsearch.client import Client
from hybridsearch.engines.elasticsearch.connection import JSON, connect_async, explained, json_of, version_of
from hybridsearch.engines.elasticsearch.fallback import fallback_plans
from hybridsearch.engines.elasticsearch.mapping import read_schema
from hybridsearch.engines.elasticsearch.request import to_elasticsearch, to_page, to_request
from hybridsearch.errors import IndexMissing
from hybridsearch.schema import Schema
from hybridsearch.search.plan import Plan
from hybridsearch.settings import EngineSection
from hybridsearch.values import Page

FRESH = 5.0
"""Seconds for which the schema of the live index is believed before it is read again: a swap may have happened."""
KNN_HAS_K = (8, 15)


@dataclass(frozen=True, slots=True)
class Described:
    """What a search has to know about an index."""

    schema: Schema
    shards: int
    read_at: float


class Searches:
    """Runs plans; remembers the server's version, and for a moment how the live index is built.

    Where a generation may be None, the live one is meant. The client is given with each call: a patient one for a run.
    """

    def __init__(self, section: EngineSection, folder: Path) -> None:
        self.section, self.alias = section, section.index
        self.url = " or ".join(section.urls)
        self._folder = folder
        self._async_client: AsyncElasticsearch | None = None
        self._version: tuple[int, ...] = ()
        self._live: Described | None = None

    def run(self, client: Client, plan: Plan, generation: str | None) -> Page:
        """Run a plan; where the server fails on one half of it, the other half answers."""
        started = time.perf_counter()
        with explained(self.url, self.alias):
            try:
                page = self._ask(client, plan, generation)
            except ApiError as error:
                for fallback in fallback_plans(plan, error):
                    with suppress(ApiError):
                        page = self._ask(client, fallback, generation)
                        break
                else:
                    raise
        return took(page, started)

    async def run_async(self, client: Client, plan: Plan) -> Page:
        """Run a plan on the live index without blocking the event loop; what is read about it goes by `client`."""
        started = time.perf_counter()
        with explained(self.url, self.alias):
            try:
                page = await self._ask_async(client, plan)
            except ApiError as error:
                for fallback in fallback_plans(plan, error):
                    with suppress(ApiError):
                        page = await self._ask_async(client, fallback)
                        break
                else:
                    raise
        return took(page, started)

    def version(self, client: Client) -> tuple[int, ...]:
        """Return the server's version."""
        if not self._version:
            with explained(self.url, self.alias):
                self._version = version_of(json_of(client.info()))
        return self._version

    def described(self, client: Client, generation: str | None = None) -> Described:
        """Return how an index is built.

        Raises:
            IndexMissing: There is none, or it is not ours.
        """
        self.version(client)  # a server that is too old, or none at all, is told apart from a missing index
        if generation is not None:
            return self._read(client, generation)
        if self._live is None or time.monotonic() - self._live.read_at > FRESH:
            self._live = self._read(client, self.alias)
        return self._live

    def forget(self) -> None:
        """Forget the live index: another one took its place."""
        self._live = None

    async def close(self) -> None:
        """Let go of the connections of `run_async`."""
        if self._async_client is not None:
            await self._async_client.close()

    def _ask(self, client: Client, plan: Plan, generation: str | None) -> Page:
        return to_page(plan, json_of(client.perform_request(**sendable(self.request(client, plan, generation)))))

    async def _ask_async(self, client: Client, plan: Plan) -> Page:
        request = await asyncio.to_thread(self.request, client, plan)
        if self._async_client is None:
            self._async_client = connect_async(self.section, self._folder)
        return to_page(plan, json_of(await self._async_client.perform_request(**sendable(request))))

    def request(self, client: Client, plan: Plan, generation: str | None = None) -> Request:
        """Return the request that runs a plan on this server."""
        index = self.described(client, generation)
        body = to_elasticsearch(plan, shards=index.shards, knn_has_k=self.version(client) >= KNN_HAS_K)
        return to_request(plan, generation or self.alias, body)

    def _read(self, client: Client, index: str) -> Described:
        with explained(self.url, index):
            name, found = next(iter(json_of(client.indices.get(index=index)).items()))
        schema = read_schema(found["mappings"], name)
        if schema is None:
            raise IndexMissing(
                f"Index '{index}' at {self.url} was not built by hybridsearch. "
                "Build one beside it with another 'engine.index' and: hybridsearch reindex"
            )
        return Described(schema, int(found["settings"]["index"]["number_of_shards"]), time.monotonic())


def sendable(request: Request) -> dict[str, Any]:
    """Return the arguments with which a client sends a request."""
    return {
        "method": request.method,
        "path": request.path,
        "params": request.parameters,
        "headers": JSON,
        "body": request.body,
    }


def took(page: Page, started: float) -> Page:
    """Return a page with the time since the search began."""
    return replace(page, took_ms=(time.perf_counter() - started) * 1000)
