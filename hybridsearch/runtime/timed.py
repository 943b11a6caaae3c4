"""Connections of an HTTP client on which a request ends at the deadline, however slowly its answer comes.

A timeout for each read alone never ends a head, or a body, that arrives one byte at a time.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2
import httpx2

from hybridsearch.runtime import deadline


def timed(client: httpx2.Client) -> httpx2.Client:
    """Return the client, with connections that keep to the deadline, also those by way of a proxy."""
    transports: list[Any] = [client._transport, *client._mounts.values()]  # it takes no connections from outside
    for transport in filter(None, transports):
        transport._pool._network_backend = TimedBackend(transport._pool._network_backend)
    return client


def limited(timeout: float | None) -> float | None:
    """Return a timeout that is no longer than the time that is left.

    Raises:
        httpcore2.ReadTimeout: None is left.
    """
    seconds = min(float("inf") if timeout is None else timeout, deadline.left())
    if seconds <= 0:
        raise httpcore2.ReadTimeout("timed out")
    return None if seconds == float("inf") else seconds


class TimedBackend(httpcore2.NetworkBackend):
    """Opens connections that keep to the deadline."""

    def __init__(self, backend: httpcore2.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to a host."""
        return TimedStream(
            self._backend.connect_tcp(host, port, limited(timeout), local_address, socket_options=socket_options)
        )


class TimedStream(httpcore2.NetworkStream):
    """A connection on which every operation ends at the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived, at most `max_bytes`."""
        return self._stream.read(max_bytes, limited(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of the buffer."""
        self._stream.write(buffer, limited(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Return the connection with TLS on top."""
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, limited(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Return a property of the connection; the pool asks whether the server has closed it."""
        return self._stream.get_extra_info(info)
