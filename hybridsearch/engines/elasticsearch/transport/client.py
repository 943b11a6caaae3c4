"""The client that every request to a server goes through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar

from elastic_transport import SerializationError, TextApiResponse
from elasticsearch import Elasticsearch

from hybridsearch.engines.elasticsearch.transport.waiting import Waiting

T = TypeVar("T")


class Client(Elasticsearch):
    """The client, but a page of text is never taken for an answer, and a patient client waits for a busy server."""

    waiting: Waiting | None = None

    def patient(self, waiting: Waiting | None) -> Self:
        """Return a client that repeats every request until the server can answer; with None, one that repeats none."""
        client = self.options()
        client.waiting = waiting
        return client

    def options(self, **options: Any) -> Self:
        """Return a client with other options, as patient as this one."""
        client = super().options(**options)
        client.waiting = self.waiting
        return client

    def repeat(self, send: Callable[[], T]) -> T:
        """Send a request as patiently as this client does."""
        return self.waiting.repeat(send) if self.waiting else send()

    def perform_request(self, *arguments: Any, **options: Any) -> Any:
        """Send a request.

        Raises:
            SerializationError: The answer is text: a page of a proxy.
        """
        return self.repeat(partial(self._perform_once, *arguments, **options))

    def _perform_once(self, *arguments: Any, **options: Any) -> Any:
        answer = super().perform_request(*arguments, **options)
        if isinstance(answer, TextApiResponse):
            raise SerializationError(f"expected JSON, found {answer.meta.mimetype}")
        return answer
