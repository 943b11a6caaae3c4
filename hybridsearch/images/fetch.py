"""Fetching pictures from the untrusted addresses of a catalogue."""

from __future__ import annotations

import ssl
from collections.abc import Collection, Iterable
from functools import cache
from typing import Self

import httpcore2
import httpx2

from hybridsearch import redaction
from hybridsearch.errors import ImageError
from hybridsearch.images.addresses import Address, is_internal, is_public, resolve
from hybridsearch.images.limits import FETCH_SECONDS, MAX_BYTES
from hybridsearch.runtime.deadline import within
from hybridsearch.runtime.timed import TimedBackend, limited

MAX_REDIRECTS = 5
CONNECT_SECONDS = 5.0
HEADERS = (
    ("User-Agent", "hybridsearch"),
    ("Accept-Encoding", "identity"),  # a compressed body could expand to any size
)
ACCEPTED = {"picture": "image/avif,image/webp,image/*;q=0.9", "video": "video/mp4,video/webm,video/*;q=0.9"}


@cache
def trusted() -> ssl.SSLContext:
    """Return what checks the certificates of servers; reading all authorities takes 20 ms, so it is made once."""
    return httpx2.create_ssl_context(trust_env=False)


class Fetcher:
    """Fetches pictures, or videos, over HTTP(S) from public addresses only; any thread may call it.

    Proxies of the environment are not used: a proxy would resolve the names, and bypass the check of addresses.

    Args:
        allow_private: Whether internal addresses are allowed too (except link-local ones).
        ports: The allowed ports.
        max_bytes: The largest body, in bytes.
        seconds: Limit for one file, redirects included. Only resolving a name can take longer.
        noun: What it fetches, for sentences.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        ports: Collection[int] = (80, 443),
        max_bytes: int = MAX_BYTES,
        seconds: float = FETCH_SECONDS,
        noun: str = "picture",
    ) -> None:
        self.ports = ports
        self.max_bytes = max_bytes
        self.seconds = seconds
        self._noun = noun
        self._pool = httpcore2.ConnectionPool(
            ssl_context=trusted(),
            keepalive_expiry=15.0,
            network_backend=Guard(allow_private=allow_private, noun=noun),
        )

    def __call__(self, url: str) -> bytes:
        """Return the body that a URL leads to.

        Raises:
            ImageError: The URL or an address behind it is refused, or the server sent no body within the limits.
        """
        target = self._check(url)
        with within(self.seconds):
            for _ in range(MAX_REDIRECTS + 1):
                body_or_redirect = self._get(target)
                if isinstance(body_or_redirect, bytes):
                    return body_or_redirect
                target = self._check(body_or_redirect)
        raise ImageError(f"{redacted(target)} is behind more than {MAX_REDIRECTS} redirects. Name the final address.")

    def close(self) -> None:
        """Close the connections that stay open between pictures."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, text: str) -> httpx2.URL:
        """Return the parsed URL; refuse one that must not be fetched, whatever its host resolves to."""
        try:
            url = httpx2.URL(text)
        except (httpx2.InvalidURL, ValueError) as error:
            if "@" in text:  # any part of what is before it may be a password, also in the parser's words
                rest = text.rpartition("@")[2][:200]
                raise ImageError(f"'…@{rest}' is not a URL and carries a user name; write it without one.") from None
            shown = repr(redaction.redacted(text)[:200])
            raise ImageError(f"{shown} is not a URL: {error}. Correct it in the catalogue.") from error
        if url.scheme not in ("http", "https") or not url.host:
            raise ImageError(f"{redacted(url)} is refused: expected http:// or https:// and a host.")
        if url.userinfo:
            raise ImageError(f"{redacted(url.copy_with(userinfo=b''))} carries a user name; write it without one.")
        if port_of(url) not in self.ports:
            allowed = ", ".join(map(str, self.ports))
            raise ImageError(
                f"{redacted(url)} names port {port_of(url)}; {self._noun}s are fetched from {allowed} alone."
            )
        return url

    def _get(self, url: httpx2.URL) -> bytes | str:
        """Return the body, or the address of a redirect."""
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        headers = [("Host", url.netloc.decode("ascii")), ("Accept", ACCEPTED[self._noun]), *HEADERS]
        try:
            extensions = {"timeout": {"pool": limited(None)}}
            with self._pool.stream("GET", target, headers=headers, extensions=extensions) as response:
                return self._read(url, response)
        except httpcore2.TimeoutException as error:
            raise ImageError(
                f"{redacted(url)} did not arrive within {self.seconds:g} s. "
                f"Check the server, or use a smaller {self._noun}."
            ) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, ValueError) as error:
            address = redacted(url)
            raise ImageError(f"{address} cannot be fetched: {error}. Check the address and the server.") from error

    def _read(self, url: httpx2.URL, response: httpcore2.Response) -> bytes | str:
        headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        if response.status in (301, 302, 303, 307, 308) and "location" in headers:
            return follow(url, headers["location"])
        if response.status != 200:
            raise ImageError(f"{redacted(url)} answered {response.status}, expected 200. Correct the link.")
        if headers.get("content-encoding", "identity") != "identity":
            raise ImageError(f"{redacted(url)} sent a compressed body, although only a plain one was asked for.")
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > self.max_bytes:
                raise ImageError(f"{redacted(url)} has more than {self.max_bytes:,} bytes. Use a smaller {self._noun}.")
        return bytes(body)


class Guard(httpcore2.NetworkBackend):
    """Resolves a name once, checks every address behind it, and connects to one of exactly these.

    When a name is resolved a second time to connect, a hostile name server could answer with another address.
    """

    def __init__(self, *, allow_private: bool, noun: str = "picture") -> None:
        self._allow_private = allow_private
        self._noun = noun
        self._sockets = TimedBackend(httpcore2.SyncBackend())

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of the host that answers; refuse the host if any address is not allowed."""
        del timeout, local_address  # the deadline decides; the system chooses the route
        try:
            addresses = resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name '{host}' has no address") from error
        refused = next((address for address in addresses if not self._allows(address)), None)
        if refused:
            raise ImageError(
                f"'{host}' leads to {refused}, which is not a public address. Host the {self._noun} elsewhere."
            )
        failure: Exception = httpcore2.ConnectError(f"the name '{host}' has no address")
        for address in addresses:
            try:
                return self._sockets.connect_tcp(str(address), port, CONNECT_SECONDS, socket_options=socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def _allows(self, address: Address) -> bool:
        return is_public(address) or (self._allow_private and is_internal(address))


def follow(url: httpx2.URL, location: str) -> str:
    """Return the absolute address that a redirect names."""
    try:
        return str(url.join(location))
    except (httpx2.InvalidURL, ValueError) as error:
        raise ImageError(f"{redacted(url)} redirects to no URL: {error}. Correct the link.") from error


def port_of(url: httpx2.URL) -> int:
    """Return the port of a URL, explicit or by its scheme."""
    return url.port or (443 if url.scheme == "https" else 80)


def redacted(url: httpx2.URL) -> str:
    """Return a URL for a message: without the query, which may hold signatures or keys, and at most 200 characters."""
    return f"'{redaction.redacted(str(url.copy_with(query=None, fragment=None)))[:200]}'"
