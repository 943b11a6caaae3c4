"""The client's connections: a process does not share them with another, and no answer outlasts or outgrows its limits.

The libraries below limit each read. A server that sends a byte from time to time, in the head of an answer or in its
body, would never exceed that.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import urllib3
from elastic_transport import (
    ConnectionError,
    ConnectionTimeout,
    HttpHeaders,
    NodeConfig,
    TlsError,
    TransportError,
    Urllib3HttpNode,
)
from elastic_transport._node import NodeApiResponse
from elastic_transport.client_utils import DEFAULT
from urllib3.exceptions import EmptyPoolError, NewConnectionError

from hybridsearch.engines.elasticsearch.transport.sizes import AnswerTooLong, most_bytes, require_few_values, too_long
from hybridsearch.redaction import redacted
from hybridsearch.runtime import deadline

SHORTEST = 0.001
"""Seconds; a timeout of 0 has a meaning of its own."""


MALFORMED = (ValueError, ArithmeticError, LookupError, MemoryError)
"""What the libraries below raise, besides errors of their own, about lengths and headers that are none."""


READ_HEADERS = ("content-type", "retry-after", "warning", "x-elastic-product")
"""Of an answer; the others are dropped."""


class OutOfTime(TransportError):  # noqa: N818 - reads as the state that it names
    """The search's time is over; no node is to blame, and no other one is asked."""


class Unreachable(ConnectionError):  # noqa: N818
    """Nobody listens at the address, or the host's name is unknown."""


class OwnNode(Urllib3HttpNode):
    """A node whose connections belong to one process: two processes on one socket would read each other's answers.

    A request takes no longer than its timeout in all, and no longer than the search that it belongs to may take. Only
    resolving the name of a host is not limited.
    """

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._process = os.getpid()
        self.pool.ConnectionCls = timed(self.pool.ConnectionCls)
        self.pool.urlopen = partial(in_all, self.pool.urlopen)  # type: ignore[method-assign]

    def perform_request(
        self, method: str, target: str, body: Any = None, headers: Any = None, request_timeout: Any = DEFAULT
    ) -> NodeApiResponse:
        """Send a request; the first one of a forked process opens connections of its own."""
        if self._process != os.getpid():
            OwnNode.__init__(self, self.config)
        until: Any = Until(time.monotonic() + seconds_for(self.config, request_timeout))
        try:
            answer = super().perform_request(method, target, body, headers, until)
        except ConnectionError as error:
            raise_plainer(error, NewConnectionError)
            raise
        except MALFORMED as error:
            raise ConnectionError(f"an answer that is no HTTP ({type(error).__name__})", errors=(error,)) from error
        return readable(answer)


def in_all(send: Callable[..., Any], *arguments: Any, timeout: Until, **options: Any) -> Any:
    """Send a request that waits no longer for a free connection than for its answer.

    An answer that is compressed unasked could unpack to any size: it is not unpacked, and is no JSON.
    """
    return send(*arguments, timeout=timeout, pool_timeout=timeout.total, decode_content=False, **options)


def seconds_for(config: NodeConfig, timeout: Any) -> float:
    """Return how long a request may take.

    Raises:
        OutOfTime: No time is left.
    """
    limit = config.request_timeout if timeout is DEFAULT else timeout
    seconds = min(float("inf") if limit is None else limit, deadline.left())
    if seconds <= 0:
        raise OutOfTime("the time for the search is over")
    return seconds


def readable(answer: NodeApiResponse) -> NodeApiResponse:
    """Return an answer with nothing in its headers that was sent to the server, such as a key.

    Raises:
        AnswerTooLong: It cannot be parsed in time.
    """
    require_few_values(answer.body)
    headers = {name: redacted(value) for name, value in answer.meta.headers.items() if name.lower() in READ_HEADERS}
    return NodeApiResponse(replace(answer.meta, headers=HttpHeaders(headers)), answer.body)


def raise_plainer(error: ConnectionError, refusal: type[Exception]) -> None:
    """Raise the error that is meant by one of the connection, where there is a plainer one.

    Args:
        error: The client's.
        refusal: What the library below raises where no connection can be opened.
    """
    cause = error.errors[0] if error.errors else None
    if isinstance(cause, AnswerTooLong):
        raise cause
    if isinstance(cause, EmptyPoolError):
        raise ConnectionTimeout("no connection was free in time", errors=(cause,)) from cause
    if isinstance(cause, refusal) and not isinstance(error, TlsError):
        raise Unreachable(error.message, errors=(cause,)) from cause


class Until(urllib3.Timeout):
    """A timeout for all of a request, waiting for a free connection included: a copy has the time that is left.

    Args:
        end: On the monotonic clock.
    """

    def __init__(self, end: float) -> None:
        left = end - time.monotonic()
        super().__init__(total=max(left, SHORTEST) if left < float("inf") else None)
        self._end_at = end

    def clone(self) -> Until:
        """Return a copy, which the pool makes when it waits for a connection, and again when it has one."""
        return Until(self._end_at)


@cache
def timed(connection: Any) -> Any:
    """Return the class of a connection whose answers have to come as a whole within its timeout."""

    class Timed(connection):  # type: ignore[misc]
        response_class = TimedResponse

        def _new_conn(self) -> socket.socket:
            end = time.monotonic() + self.timeout if self.timeout else None
            opened: socket.socket = super()._new_conn()
            if end is not None:  # the handshake of TLS has what is left
                opened.settimeout(max(end - time.monotonic(), SHORTEST))
            return opened

    return Timed


class TimedResponse(http.client.HTTPResponse):
    """An answer that has to come within the timeout that its socket has when it begins, and within its size."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = Bounded(Limited(self.fp.detach(), sock))


class Bounded(io.BufferedReader):
    """A buffer of what a socket receives; nobody reads what it says is to come before it is known to be possible."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read so many bytes, or all there are.

        Raises:
            AnswerTooLong: More than any answer may have are said to come.
            http.client.HTTPException: Fewer than none are.
        """
        if size is not None and size > most_bytes():
            raise too_long()
        if size is not None and size < -1:
            raise http.client.HTTPException(f"a chunk of {size} bytes")
        return super().read(size)


class Limited(io.RawIOBase):
    """What a socket receives, up to a time and a number of bytes."""

    def __init__(self, received: Any, sock: socket.socket) -> None:
        super().__init__()
        self._received, self._socket = received, sock
        timeout = sock.gettimeout()
        self._end = None if timeout is None else time.monotonic() + timeout
        self._bytes = most_bytes()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive what has come.

        Raises:
            TimeoutError: Nothing came in the time that was left.
            AnswerTooLong: There is no end to it.
        """
        if self._end is not None:
            seconds = self._end - time.monotonic()
            if seconds <= 0:
                raise TimeoutError("timed out")
            self._socket.settimeout(seconds)
        count: int | None = self._received.readinto(buffer)
        self._bytes -= count or 0
        if self._bytes < 0:
            raise too_long()
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._received.close()
        super().close()
