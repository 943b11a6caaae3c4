"""The client that every request to a server goes through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar

from elastic_transport import SerializationError, TextApiResponse
from elasticsearch import Elasticsearch

from hybridsearch.engines.elasticsearch.waiting import Waiting

T = TypeVar("T")


class Client(Elasticsearch):
    """The client, but a page of text is never taken for an answer, and a patient one waits for a busy server."""

    waiting: Waiting | None = None

    def patient(self, waiting: Waiting | None) -> Self:
        """Return a client that repeats every request until the server can answer; with None, one that repeats none."""
        found = self.options()
        found.waiting = waiting
        return found

    def options(self, **named: Any) -> Self:
        """Return a client with other options, as patient as this one."""
        found = super().options(**named)
        found.waiting = self.waiting
        return found

    def repeat(self, ask: Callable[[], T]) -> T:
        """Ask for something as patiently as this client does."""
        return self.waiting.repeat(ask) if self.waiting else ask()

    def perform_request(self, *arguments: Any, **named: Any) -> Any:
        """Send a request.

        Raises:
            SerializationError: The answer is text: a proxy's page.
        """
        return self.repeat(partial(self._whole, *arguments, **named))

    def _whole(self, *arguments: Any, **named: Any) -> Any:
        answer = super().perform_request(*arguments, **named)
        if isinstance(answer, TextApiResponse):
            raise SerializationError(f"expected JSON, found {answer.meta.mimetype}")
        return answer
